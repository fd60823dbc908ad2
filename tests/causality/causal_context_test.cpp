// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/causal_context.hpp>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>

#include "core/child.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::causality_errc;
using coterie::causality::max_counter;

namespace {

template <class Replica>
Replica name(std::uint64_t n) {
    if constexpr (std::same_as<Replica, std::string>) {
        return std::string(n, 'r');
    } else if constexpr (std::same_as<Replica, std::uint64_t>) {
        return n;
    } else {
        return {n / 2, n % 2};
    }
}

/// A context and the same set, dot by dot.
template <class Replica>
struct both {
    causality::causal_context<Replica> context;
    std::set<causality::dot<Replica>> plain;
};

template <class Replica>
void check_same(const both<Replica>& x) {
    // The ranges are the dots, in order, and as long as they can be.
    std::vector<causality::dot_range<Replica>> ranges;
    x.context.for_each_range([&](const auto& r) { ranges.push_back(r); });
    std::set<causality::dot<Replica>> found;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        for (std::uint64_t c = ranges[i].first; c <= ranges[i].last; ++c)
            found.insert({ranges[i].replica, c});
        if (i == 0) continue;
        const auto& before = ranges[i - 1];
        REQUIRE((before.replica < ranges[i].replica ||
                 (before.replica == ranges[i].replica && before.last + 1 < ranges[i].first)));
    }
    REQUIRE(found == x.plain);
    for (std::uint64_t n = 0; n < 5; ++n) {
        const auto r = name<Replica>(n);
        // The vector goes up to the first gap.
        std::uint64_t contiguous = 0, last = 0, all = 0;
        while (x.plain.contains({r, contiguous + 1})) ++contiguous;
        REQUIRE(x.context.contiguous().at(r) == contiguous);
        for (std::uint64_t c = 0; c < 40; ++c) {
            const bool is_in = x.plain.contains({r, c});
            REQUIRE(x.context.contains({r, c}) == is_in);
            if (is_in) last = c;
            all += is_in ? 1 : 0;
        }
        REQUIRE(x.context.next(r).value() == causality::dot<Replica>{r, last + 1});
        for (const auto& range : x.context.cloud_of(r)) contiguous += range.last - range.first + 1;
        REQUIRE(contiguous == all);
    }
    REQUIRE(x.context.empty() == x.plain.empty());
    const auto bytes = encode(x.context);
    const auto back = decode<causality::causal_context<Replica>>(bytes);
    REQUIRE(back == x.context);
    REQUIRE(encode(*back) == bytes);
}

template <class Replica>
both<Replica> any(std::mt19937_64& random) {
    both<Replica> x;
    const std::uint64_t most = 1 + random() % 30;
    for (std::uint64_t n = random() % 40; n > 0; --n) {
        const auto r = name<Replica>(random() % 5);
        const std::uint64_t first = 1 + random() % most,
                            more = random() % 4 == 0 ? random() % 6 : 0;
        x.context.insert_range({r, first, first + more});
        for (std::uint64_t c = first; c <= first + more; ++c) x.plain.insert({r, c});
    }
    return x;
}

template <class Replica>
void check_algebra() {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 1000; ++round) {
        const auto a = any<Replica>(random), b = any<Replica>(random), c = any<Replica>(random);
        check_same(a);
        both<Replica> joined = a;
        joined.context.merge(b.context);
        joined.plain.insert(b.plain.begin(), b.plain.end());
        check_same(joined);
        auto other_way = b.context;
        other_way.merge(a.context);
        REQUIRE(other_way == joined.context);
        other_way.merge(joined.context);
        REQUIRE(other_way == joined.context);
        auto left = joined.context, right = b.context, last = a.context;
        left.merge(c.context);
        right.merge(c.context);
        last.merge(right);
        REQUIRE(last == left);

        both<Replica> rest{a.context.without(b.context), {}};
        std::ranges::set_difference(a.plain, b.plain, std::inserter(rest.plain, rest.plain.end()));
        check_same(rest);

        const bool in_b = std::ranges::includes(b.plain, a.plain);
        const bool in_a = std::ranges::includes(a.plain, b.plain);
        REQUIRE(b.context.includes(a.context) == in_b);
        const auto order =
            in_b ? (in_a ? std::partial_ordering::equivalent : std::partial_ordering::less)
                 : (in_a ? std::partial_ordering::greater : std::partial_ordering::unordered);
        REQUIRE((a.context <=> b.context) == order);
        REQUIRE((a.context == b.context) == (a.plain == b.plain));
        REQUIRE(joined.context.includes(a.context));

        both<Replica> without = a;
        const auto gone = name<Replica>(random() % 5);
        without.context.forget(gone);
        std::erase_if(without.plain, [&](const auto& d) { return d.replica == gone; });
        check_same(without);
    }
}

constexpr causality::replica_id r{1, 0};

}  // namespace

TEST_CASE("a causal context is a set of dots") {
    check_algebra<causality::replica_id>();
    check_algebra<std::uint64_t>();
    check_algebra<std::string>();
}

TEST_CASE("dots come in any order, and the first need not be the first (dson#32)") {
    causality::causal_context<> c;
    c.insert({r, 3});
    CHECK(c.contiguous().at(r) == 0);
    CHECK(c.cloud() == std::vector<causality::dot_range<>>{{r, 3, 3}});
    c.insert({r, 1});
    CHECK(c.contiguous().at(r) == 1);
    CHECK(c.cloud().size() == 1);
    c.insert({r, 2});
    CHECK(c.contiguous().at(r) == 3);
    CHECK(c.cloud().empty());
}

TEST_CASE("a context has just the first events of a replica, or gaps, or more") {
    causality::causal_context<std::uint64_t> c;
    CHECK(c.has_just(1, 0));
    CHECK_FALSE(c.has_just(1, 1));
    c.insert_range({1, 1, 3});
    CHECK(c.has_just(1, 3));
    CHECK_FALSE(c.has_just(1, 2));
    CHECK_FALSE(c.has_just(1, 4));
    CHECK(c.has_just(2, 0));
    c.insert({1, 5});
    CHECK_FALSE(c.has_just(1, 3));
    c.insert({2, 2});
    CHECK_FALSE(c.has_just(2, 0));
}

TEST_CASE("the last dot of all has no next one") {
    causality::causal_context<> c;
    c.insert({r, max_counter});
    CHECK(c.contains({r, max_counter}));
    CHECK(c.next(r) == std::unexpected(causality_errc::counter_exhausted));
    CHECK(c.next({2, 0}).value() == causality::dot<>{{2, 0}, 1});
    c.insert_range({r, 1, max_counter - 1});
    CHECK(c.contiguous().at(r) == max_counter);
    CHECK(c.cloud().empty());
    causality::causal_context<> all;
    all.insert_range({r, 1, max_counter});
    CHECK(c == all);
    CHECK(all.without(c).empty());
}

TEST_CASE("no dot has the number zero, or one that is too large") {
    const auto insert = [](std::uint64_t first, std::uint64_t last) {
        return test::broken_precondition([=] {
            causality::causal_context<> c;
            c.insert_range({r, first, last});
        });
    };
    const std::string broken = "r.first >= 1 && r.first <= r.last && r.last <= max_counter";
    CHECK(insert(1, 1) == "(not aborted) ");
    CHECK(insert(0, 1) == broken);
    CHECK(insert(2, 1) == broken);
    CHECK(insert(1, max_counter + 1) == broken);
}

TEST_CASE("bytes of a causal context, and what is none") {
    using context = causality::causal_context<std::uint8_t>;
    context c;
    c.insert_range({1, 1, 5});
    c.insert_range({1, 8, 9});
    c.insert({2, 3});
    const auto bytes_of = [](std::initializer_list<int> values) {
        std::vector<std::byte> bytes;
        for (const int v : values) bytes.push_back(static_cast<std::byte>(v));
        return bytes;
    };
    // One replica, 1, with 5; two ranges: of 1 at a distance of 3 and one more, of 2 at 3 and no more.
    CHECK(encode(c) == bytes_of({1, 1, 5, 2, 1, 3, 1, 2, 3, 0}));
    const auto said = [&](std::initializer_list<int> values) {
        const auto back = decode<context>(bytes_of(values));
        return back.has_value() ? std::string("decoded") : to_string(back.error().code);
    };
    const std::string invalid = "invalid value", limit = "limit exceeded";
    CHECK(said({1, 1, 5, 2, 1, 3, 1, 2, 3, 0}) == "decoded");
    CHECK(said({2, 1, 1, 5, 6, 0}) == invalid);        // one replica twice
    CHECK(said({2, 2, 1, 5, 6, 0}) == invalid);        // not in order
    CHECK(said({1, 1, 0, 0}) == invalid);              // a counter of zero
    CHECK(said({1, 1, 5, 1, 1, 1, 0}) == invalid);     // continues the vector
    CHECK(said({0, 1, 2, 1, 0}) == invalid);           // so does this, from zero
    CHECK(said({0, 2, 1, 2, 0, 1, 1, 0}) == invalid);  // continues the range before
    CHECK(said({0, 2, 2, 2, 0, 1, 2, 0}) == invalid);  // not in order
    CHECK(said({1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0}) == limit);
    CHECK(said({0, 1, 1, 2, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}) == limit);
    CHECK(said({0, 1, 1, 2, 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}) == "decoded");
    CHECK(said({100, 1}) == "input ends inside a value");
    CHECK(said({0, 0, 0}) == "bytes left over after the value");
}

TEST_CASE("bytes that were cut or changed are an error, or another context") {
    std::mt19937_64 random(test::seed());
    using context = causality::causal_context<std::uint8_t>;
    for (int round = 0; round < 50; ++round) {
        context c;
        for (int n = 0; n < 12; ++n)
            c.insert({static_cast<std::uint8_t>(random() % 3), 1 + random() % 12});
        const auto bytes = encode(c);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            REQUIRE_FALSE(decode<context>(std::span(bytes).first(size)).has_value());
        }
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (int value = 0; value < 256; ++value) {
                auto changed = bytes;
                changed[at] = static_cast<std::byte>(value);
                const auto back = decode<context>(changed);
                if (back.has_value()) REQUIRE(encode(*back) == changed);
            }
        }
    }
}
