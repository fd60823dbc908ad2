// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/dotted_version_vector_set.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/wire.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::causality_errc;
using coterie::causality::max_counter;

namespace {

using siblings = causality::dotted_version_vector_set<int, std::uint64_t>;
using context = siblings::context_type;

std::set<int> sorted(const siblings& s) {
    const auto all = s.values();
    REQUIRE(all.size() == s.size());
    return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("a write replaces what its client has read, and nothing else") {
    // Clients and servers; every write knows which writes its client had read.
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 300; ++round) {
        constexpr std::size_t servers = 3;
        struct write {
            int value;
            std::set<int> read;  // all writes that it replaces, and those that they replaced
        };
        struct client {
            context seen;
            std::set<int> read;
        };
        std::array<siblings, servers> stores;
        std::array<std::set<int>, servers> known{};
        std::array<client, 3> clients{};
        std::vector<write> writes;
        const auto check = [&](std::size_t i) {
            std::set<int> wanted;
            for (const int v : known[i]) {
                const bool is_replaced = std::ranges::any_of(known[i], [&](int other) {
                    return writes[static_cast<std::size_t>(other)].read.contains(v);
                });
                if (!is_replaced) wanted.insert(v);
            }
            REQUIRE(sorted(stores[i]) == wanted);
        };
        for (int step = 0; step < 60; ++step) {
            const std::size_t i = random() % servers, j = random() % servers;
            client& c = clients[random() % clients.size()];
            switch (random() % 3) {
                case 0:
                    c.seen = stores[i].context();
                    c.read = known[i];
                    break;
                case 1: {
                    const int v = static_cast<int>(writes.size());
                    writes.push_back({v, c.read});
                    REQUIRE(stores[i].put(c.seen, v, i).has_value());
                    // What the context says was seen is seen here, whether it had arrived or not.
                    known[i].insert(c.read.begin(), c.read.end());
                    known[i].insert(v);
                    break;
                }
                default: {
                    siblings joined = stores[i];
                    joined.merge(stores[j]);
                    siblings other_way = stores[j];
                    other_way.merge(stores[i]);
                    REQUIRE(joined == other_way);
                    const auto order = stores[i] <=> stores[j];
                    REQUIRE((order <= 0) == (joined == stores[j]));
                    REQUIRE((order >= 0) == (joined == stores[i]));
                    stores[i].merge(stores[j]);
                    REQUIRE(stores[i] == joined);
                    stores[i].merge(stores[j]);
                    REQUIRE(stores[i] == joined);
                    known[i].insert(known[j].begin(), known[j].end());
                }
            }
            check(i);
            REQUIRE(decode<siblings>(encode(stores[i])) == stores[i]);
        }
        siblings left = stores[0], right = stores[1], last = stores[0];
        left.merge(stores[1]);
        left.merge(stores[2]);
        right.merge(stores[2]);
        last.merge(right);
        REQUIRE(left == last);
    }
}

TEST_CASE("two clients who write in turn leave two siblings, not twenty (dvv-sibling-explosion)") {
    siblings s;
    context a, b;
    REQUIRE(s.put({}, 0, 1).has_value());
    a = b = s.context();
    for (int round = 1; round <= 10; ++round) {
        // Each reply is the new context alone, without the other's value.
        REQUIRE(s.put(a, 100 + round, 1).has_value());
        a = s.context();
        REQUIRE(s.put(b, 200 + round, 1).has_value());
        b = s.context();
        CHECK(s.size() == 2);
    }
    CHECK(s.context().at(1) == 21);
    CHECK(s.values() == std::vector<int>{210, 110});
}

TEST_CASE("a remove takes away what was read") {
    siblings s;
    (void)s.put({}, 1, 1);
    const auto read = s.context();
    (void)s.put({}, 2, 1);
    s.remove(read);
    CHECK(s.values() == std::vector<int>{2});
    s.remove(s.context());
    CHECK(s.empty());
    CHECK(s.context().at(1) == 2);
}

TEST_CASE("a server that has counted to the end says so, and does not change") {
    siblings s;
    context all;
    all.raise(1, max_counter);
    (void)s.put({}, 1, 1);
    const auto before = s;
    CHECK(s.put(all, 2, 1) == std::unexpected(causality_errc::counter_exhausted));
    CHECK(s == before);
    CHECK(s.put(all, 2, 2).has_value());
    CHECK(s.values() == std::vector<int>{2});
}

TEST_CASE("hostile bytes of siblings") {
    causality::dotted_version_vector_set<std::string, std::uint8_t> s;
    (void)s.put({}, "a", 1);
    (void)s.put({}, "bc", 1);
    (void)s.put({}, "", 2);
    using type = decltype(s);
    const auto bytes = encode(s);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(decode<type>(std::span(bytes).first(size)).has_value());
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            auto changed = bytes;
            changed[at] = static_cast<std::byte>(value);
            const auto back = decode<type>(changed);
            if (back.has_value()) CHECK(encode(*back) == changed);
        }
    }
}
