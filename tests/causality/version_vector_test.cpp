// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/version_vector.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/vector_clock.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::causality_errc;
using coterie::causality::max_counter;
using coterie::causality::replica_id;

namespace {

template <class Replica>
Replica name(std::uint64_t n) {
    if constexpr (std::same_as<Replica, std::string>) {
        return std::to_string(n);
    } else if constexpr (std::same_as<Replica, std::uint64_t>) {
        return n;
    } else {
        return {n / 4, n % 4};
    }
}

/// A vector and the same map.
template <class Replica>
struct both {
    causality::version_vector<Replica> vector;
    std::map<Replica, std::uint64_t> plain;

    void raise(const Replica& r, std::uint64_t counter) {
        vector.raise(r, counter);
        if (counter != 0) plain[r] = std::max(plain[r], counter);
    }
};

template <class Replica>
void check_same(const both<Replica>& x) {
    REQUIRE(x.vector.size() == x.plain.size());
    std::size_t i = 0;
    for (const auto& [r, counter] : x.plain) {
        REQUIRE(x.vector.replicas()[i] == r);
        REQUIRE(x.vector.counters()[i++] == counter);
        REQUIRE(x.vector.at(r) == counter);
        REQUIRE(x.vector.contains({r, counter}));
        REQUIRE_FALSE(x.vector.contains({r, counter + 1}));
    }
    REQUIRE(decode<causality::version_vector<Replica>>(encode(x.vector)) == x.vector);
}

template <class Replica>
void check_algebra() {
    std::mt19937_64 random(test::seed());
    // Up to 100 replicas: three blocks of 32 lanes and a rest. Often with the same ones on both sides, and
    // equal but for a place or two, so that each order comes up.
    const auto any = [&random](std::uint64_t replicas, bool has_all) {
        both<Replica> x;
        for (std::uint64_t n = 0; n < replicas; ++n) {
            if (has_all || random() % 4 != 0) x.raise(name<Replica>(n), 5 + random() % 2);
        }
        return x;
    };
    for (int round = 0; round < 1000; ++round) {
        const std::uint64_t replicas = random() % 100;
        const bool has_all = random() % 2 == 0;
        auto a = any(replicas, has_all);
        auto b = random() % 3 == 0 ? any(replicas, has_all) : a;
        for (auto* x : {&a, &b}) {
            for (std::uint64_t n = random() % 3; n > 0; --n) {
                x->raise(name<Replica>(random() % (replicas + 1)), random() % 9);
            }
        }
        check_same(a);
        const auto within = [](const both<Replica>& x, const both<Replica>& y) {
            return std::ranges::all_of(x.plain, [&](const auto& e) {
                const auto at = y.plain.find(e.first);
                return at != y.plain.end() && e.second <= at->second;
            });
        };
        const bool less = within(a, b), greater = within(b, a);
        const auto order =
            less ? (greater ? std::partial_ordering::equivalent : std::partial_ordering::less)
                 : (greater ? std::partial_ordering::greater : std::partial_ordering::unordered);
        REQUIRE((a.vector <=> b.vector) == order);
        REQUIRE((a.vector == b.vector) == (a.plain == b.plain));
        using clock = causality::vector_clock<Replica>;
        REQUIRE((clock(a.vector) <=> clock(b.vector)) == order);

        both<Replica> joined = a;
        joined.vector.merge(b.vector);
        for (const auto& [r, counter] : b.plain)
            joined.plain[r] = std::max(joined.plain[r], counter);
        check_same(joined);
        auto other_way = b.vector;
        other_way.merge(a.vector);
        REQUIRE(other_way == joined.vector);
        REQUIRE(a.vector <= joined.vector);

        const auto gone = name<Replica>(random() % (replicas + 1));
        a.vector.forget(gone);
        a.plain.erase(gone);
        check_same(a);
    }
}

constexpr replica_id r{1, 0}, s{2, 7};

}  // namespace

TEST_CASE("a version vector is a map of counters") {
    check_algebra<replica_id>();
    check_algebra<std::uint64_t>();
    check_algebra<std::string>();
}

TEST_CASE("a vector clock stamps events so that stamps compare as events are caused") {
    std::mt19937_64 random(test::seed());
    struct event {
        causality::vector_clock<std::uint64_t> stamp;
        std::vector<bool> past = std::vector<bool>(60);
    };
    for (int round = 0; round < 100; ++round) {
        std::vector<event> events;
        std::array<event, 4> now{};
        while (events.size() < 60) {
            const std::size_t i = random() % now.size();
            if (!events.empty() && random() % 2 == 0) {
                const event& from = events[random() % events.size()];
                now[i].stamp.merge(from.stamp);
                for (std::size_t e = 0; e < 60; ++e)
                    now[i].past[e] = now[i].past[e] || from.past[e];
            }
            const auto dot = now[i].stamp.increment(i);
            REQUIRE(dot.has_value());
            REQUIRE(dot->replica == i);
            REQUIRE(now[i].stamp.at(i) == dot->counter);
            REQUIRE(now[i].stamp.contains(*dot));
            now[i].past[events.size()] = true;
            events.push_back(now[i]);
        }
        for (std::size_t x = 0; x < events.size(); ++x) {
            for (std::size_t y = 0; y < x; ++y) {
                REQUIRE((events[y].stamp <=> events[x].stamp) ==
                        (events[x].past[y] ? std::partial_ordering::less
                                           : std::partial_ordering::unordered));
            }
        }
    }
}

TEST_CASE("a vector clock that has counted to the end says so, and does not change") {
    causality::version_vector<> events;
    events.raise(r, max_counter - 1);
    causality::vector_clock<> clock(events);
    CHECK(clock.increment(r).value() == causality::dot<>{r, max_counter});
    const auto before = clock;
    CHECK(clock.increment(r) == std::unexpected(causality_errc::counter_exhausted));
    CHECK(clock == before);
    CHECK(clock.increment(s).has_value());
    CHECK(std::string(describe(causality_errc::counter_exhausted)) ==
          "counter of the replica is exhausted");
}

TEST_CASE("names of replicas and of events") {
    STATIC_REQUIRE(causality::replica_name<replica_id>);
    STATIC_REQUIRE(causality::replica_name<std::string>);
    STATIC_REQUIRE_FALSE(causality::replica_name<std::map<int, int>>);
    CHECK(to_string(s) == "2.7");
    CHECK(to_string(causality::dot<>{s, 9}) == "2.7:9");
    CHECK(r < s);
    CHECK(replica_id{1, 2} < replica_id{2, 0});
    CHECK(std::hash<replica_id>()(r) != std::hash<replica_id>()({0, 1}));
    CHECK(std::hash<causality::dot<>>()({r, 1}) != std::hash<causality::dot<>>()({r, 2}));
    CHECK(replica_id::from_bytes(s.bytes()) == s);
    CHECK(decode<replica_id>(encode(s)) == s);
    CHECK(encode(s).size() == 16);
}

TEST_CASE("bytes of a vector clock are those of its events") {
    causality::vector_clock<std::uint8_t> clock;
    (void)clock.increment(3);
    (void)clock.increment(3);
    (void)clock.increment(1);
    const auto bytes = encode(clock);
    CHECK(bytes == encode(clock.events()));
    CHECK(bytes ==
          std::vector{std::byte{2}, std::byte{1}, std::byte{3}, std::byte{1}, std::byte{2}});
    CHECK(decode<causality::vector_clock<std::uint8_t>>(bytes) == clock);
}
