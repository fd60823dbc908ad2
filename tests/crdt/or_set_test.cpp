// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/or_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/lattice.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/or_set.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::max_counter;
using coterie::causality::replica_id;
using coterie::crdt::crdt_errc;
using coterie::test::elements;
using coterie::test::or_set_case;

namespace {

using words = crdt::or_set<std::string>;
using numbers = crdt::or_set<std::uint64_t, std::uint64_t>;

/// The set as a map of dots: what the columns and bitmaps must amount to, for sets of any size.
struct plain_set {
    using dot = std::pair<std::uint64_t, std::uint64_t>;
    std::map<dot, std::uint64_t> alive;
    std::set<dot> seen;

    plain_set add(std::uint64_t r, std::uint64_t x) {
        std::uint64_t counter = 0;
        for (auto d = seen.lower_bound({r, 0}); d != seen.end() && d->first == r; ++d)
            counter = d->second;
        plain_set delta = remove(x);
        for (plain_set* s : {this, &delta}) {
            s->alive[{r, counter + 1}] = x;
            s->seen.insert({r, counter + 1});
        }
        return delta;
    }
    plain_set remove(std::uint64_t x) {
        plain_set delta;
        std::erase_if(alive, [&](const auto& row) {
            if (row.second == x) delta.seen.insert(row.first);
            return row.second == x;
        });
        return delta;
    }
    void merge(const plain_set& other) {
        std::erase_if(alive, [&](const auto& row) {
            return other.seen.contains(row.first) && !other.alive.contains(row.first);
        });
        for (const auto& [d, x] : other.alive) {
            if (!seen.contains(d)) alive[d] = x;
        }
        seen.insert(other.seen.begin(), other.seen.end());
    }
    [[nodiscard]] std::set<std::uint64_t> elements() const {
        std::set<std::uint64_t> all;
        for (const auto& [d, x] : alive) all.insert(x);
        return all;
    }
};

constexpr replica_id a{1, 1}, b{2, 1}, c{3, 1};

}  // namespace

TEST_CASE("an or_set has what was added and not removed by who saw that") {
    test::check_specification<or_set_case<std::uint64_t, std::uint64_t>>(60, 120);
    test::check_specification<or_set_case<std::string>>(30, 120);
}

TEST_CASE("columns and bitmaps are a map of dots, for sets of any size") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 60; ++round) {
        const std::size_t replicas = 2 + random() % 3;
        const std::uint64_t range = std::array<std::uint64_t, 3>{8, 200, 3000}[random() % 3];
        std::vector<numbers> sets(replicas);
        std::vector<plain_set> plain(replicas);
        std::vector<std::pair<numbers, plain_set>> deltas;
        const int steps = round % 6 == 0 ? 3000 : 400;
        for (int step = 0; step < steps; ++step) {
            const std::size_t i = random() % replicas, j = random() % replicas;
            const std::uint64_t x = random() % range, r = 10 * i + 1;
            switch (random() % 10) {
                case 0:
                case 1: deltas.emplace_back(sets[i].remove(r, x), plain[i].remove(x)); break;
                case 2:
                    if (random() % 8 != 0) break;
                    sets[i].merge(sets[j]);
                    plain[i].merge(plain[j]);
                    break;
                case 3:
                    if (deltas.empty())
                        break;
                    else {
                        const auto& [delta, plain_delta] = deltas[random() % deltas.size()];
                        sets[i].merge(delta);
                        plain[i].merge(plain_delta);
                    }
                    break;
                case 4:
                    if (random() % 8 == 0) {
                        const auto news = sets[j].delta_since(sets[i]);
                        sets[i].merge(news);
                        plain[i].merge(plain[j]);
                    }
                    break;
                default: deltas.emplace_back(sets[i].add(r, x).value(), plain[i].add(r, x));
            }
            if (step % 10 != 0) continue;
            const auto wanted = plain[i].elements();
            REQUIRE(sets[i].size() == wanted.size());
            REQUIRE(sets[i].contains(x) == wanted.contains(x));
            if (step % 100 == 0) REQUIRE(elements(sets[i]) == wanted);
        }
        for (std::size_t i = 0; i < replicas; ++i) {
            const auto bytes = encode(sets[i]);
            const auto back = decode<numbers>(bytes);
            REQUIRE(back.has_value());
            REQUIRE(*back == sets[i]);
            REQUIRE(elements(*back) == plain[i].elements());
            REQUIRE(encode(*back) == bytes);
        }
    }
}

TEST_CASE("of an add and a remove that do not know of each other, the add wins") {
    words x, y;
    x.merge(y);
    (void)x.add(a, "apples");
    y.merge(x);
    x.remove(a, "apples");
    (void)y.add(b, "apples");
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    CHECK(x.contains("apples"));
}

TEST_CASE("an element that both have may still have to go (rust-crdt, orswot: SUBTLE)") {
    words x, y, z;
    (void)x.add(a, "x");
    y.merge(x);
    (void)y.add(b, "x");
    (void)x.add(a, "x");
    z.merge(x);
    z.merge(y);
    z.remove(c, "x");
    x.merge(z);
    y.merge(z);
    x.merge(y);
    y.merge(x);
    CHECK(x.empty());
    CHECK(y.empty());
    CHECK(x == y);
    CHECK(x == z);
}

TEST_CASE(
    "of two states with equal contexts neither is the newer one by that (riak_dt#78, #79, #82)") {
    words x, y;
    (void)x.add(a, "x");
    y.merge(x);
    y.remove(b, "x");
    REQUIRE(x.context() == y.context());
    CHECK(x != y);
    CHECK(x <= y);
    CHECK_FALSE(y <= x);
    words other_way = y;
    other_way.merge(x);
    x.merge(y);
    CHECK(x.empty());
    CHECK(other_way.empty());
}

TEST_CASE(
    "what claims to be more than there is, or what cannot be, is refused at once (origofs#144)") {
    using small = crdt::or_set<std::uint8_t, std::uint8_t>;
    const auto error = [](std::initializer_list<int> bytes) {
        std::vector<std::byte> input;
        for (const int v : bytes) input.push_back(static_cast<std::byte>(v));
        const auto s = decode<small>(input);
        REQUIRE_FALSE(s.has_value());
        CHECK(s.error().offset <= input.size());
        return s.error().code;
    };
    // Context: replica 7 with 2 events, no cloud. Table: a column of replica 7, runs, one: dots 1 and 2; 8 and 9.
    const auto sound = decode<small>(std::vector<std::byte>{
        std::byte{1}, std::byte{7}, std::byte{2}, std::byte{0}, std::byte{1}, std::byte{7},
        std::byte{0}, std::byte{1}, std::byte{0}, std::byte{1}, std::byte{8}, std::byte{9}});
    REQUIRE(sound.has_value());
    CHECK(sound->size() == 2);
    // 2^62 replicas, rows or dots, in a dozen bytes.
    CHECK(error({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F}) ==
          decode_errc::limit_exceeded);
    CHECK(error({1, 7, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F}) == decode_errc::limit_exceeded);
    CHECK(error({1, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F, 0, 1, 7, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF,
                 0x1F}) == decode_errc::truncated);
    // A counter of zero; replicas out of order, and one twice; a dot that the context has not seen; values
    // that are missing; a byte too many.
    CHECK(error({1, 7, 0, 0, 0}) == decode_errc::invalid_value);
    CHECK(error({2, 7, 6, 1, 1, 0, 0}) == decode_errc::invalid_value);
    CHECK(error({2, 7, 7, 1, 1, 0, 0}) == decode_errc::invalid_value);
    CHECK(error({1, 7, 1, 0, 1, 7, 0, 1, 0, 1, 8, 9}) == decode_errc::invalid_value);
    CHECK(error({1, 7, 2, 0, 1, 7, 0, 1, 0, 1, 8}) == decode_errc::truncated);
    CHECK(error({1, 7, 2, 0, 1, 7, 0, 1, 0, 1, 8, 9, 0}) == decode_errc::trailing_bytes);
}

TEST_CASE(
    "a remove by what was read elsewhere works before the add arrives (orswot-deferred-remove)") {
    words there, here;
    (void)there.add(a, "z");
    (void)there.add(a, "kept");
    const auto read = there.observed("z");
    const auto delta = here.remove_observed(read);
    CHECK(here.empty());
    here.merge(there);
    CHECK_FALSE(here.contains("z"));
    CHECK(here.contains("kept"));
    there.merge(delta);
    CHECK(there == here);
}

TEST_CASE("an observed remove leaves what was added since") {
    words there, here;
    (void)there.add(a, "z");
    const auto read = there.observed("z");
    (void)there.add(b, "z");
    here.merge(there);
    here.remove_observed(read);
    CHECK(here.contains("z"));
}

TEST_CASE("a gap in the deltas is no remove (akka#22188)") {
    words x, y, z;
    const auto first = x.add(a, "x").value();
    z.merge(first);
    const auto second = x.add(a, "y").value();
    y.merge(second);
    CHECK(elements(y) == std::set<std::string>{"y"});
    z.merge(y);
    CHECK(elements(z) == std::set<std::string>{"x", "y"});
    y.merge(first);
    CHECK(y == x);
}

TEST_CASE(
    "a reused replica id deletes what is unrelated; it is found, and another incarnation prevents "
    "it") {
    words x, copy;
    (void)x.add(a, "p");
    (void)x.add(a, "q");
    copy.merge(x);
    // The replica loses its state and goes on under its old name (riak_kv#679).
    words reborn;
    (void)reborn.add(a, "r");
    const auto reused = copy.find_reused_dot(reborn);
    REQUIRE(reused.has_value());
    CHECK(*reused == causality::dot<>{a, 1});
    CHECK(reborn.find_reused_dot(copy) == reused);
    words merged = copy;
    merged.merge(reborn);
    CHECK(merged.size() < 3);
    // Under a name of its own nothing is lost.
    words renamed;
    (void)renamed.add({a.id, a.incarnation + 1}, "r");
    CHECK_FALSE(copy.find_reused_dot(renamed).has_value());
    copy.merge(renamed);
    CHECK(elements(copy) == std::set<std::string>{"p", "q", "r"});
}

TEST_CASE("copies share nothing") {
    words x;
    (void)x.add(a, "x");
    words copy = x;
    (void)copy.add(b, "y");
    CHECK(x.size() == 1);
    CHECK(x.context().contiguous().at(b) == 0);
    CHECK(x.context() != copy.context());
}

TEST_CASE("dots run out with an error, and nothing changes") {
    causality::causal_context<> all;
    all.insert_range({a, 1, max_counter});
    words x;
    (void)x.add(b, "x");
    x.remove_observed(all);
    const words before = x;
    CHECK(x.add(a, "x") == std::unexpected(crdt_errc::dots_exhausted));
    CHECK(x == before);
    CHECK(x.add(b, "y").has_value());
}

TEST_CASE("a set has an index from 65 elements on, and none again when it is cleared") {
    numbers x;
    for (std::uint64_t i = 0; i < 64; ++i) (void)x.add(1, i);
    const auto small = x.heap_bytes();
    (void)x.add(1, 64);
    CHECK(x.heap_bytes() > small + 64 * 8);
    for (std::uint64_t i = 0; i < 65; ++i) CHECK(x.contains(i));
    CHECK_FALSE(x.contains(65));
    x.clear(1);
    CHECK(x.empty());
    CHECK(x.begin() == x.end());
    CHECK(x.heap_bytes() < 65 * 8);
}

TEST_CASE("a million elements take 25 bytes each with the index, and 8.3 on the wire") {
    numbers x;
    std::mt19937_64 random(test::seed());
    constexpr std::size_t million = 1'000'000;
    for (std::size_t i = 0; i < million; ++i) (void)x.add(1, random());
    CHECK(x.size() == million);
    CHECK(static_cast<double>(x.heap_bytes()) / million <= 25);
    CHECK(static_cast<double>(encode(x).size()) / million <= 8.3);
}

TEST_CASE("bytes of an or_set") {
    words x;
    (void)x.add({1, 2}, "ab");
    x.remove({1, 2}, "ab");
    (void)x.add({1, 2}, "c");
    // The context: one replica of 16 bytes, its counter 2, no cloud. The table: one column of that replica,
    // runs, one of them, at distance 1 and of length 1; "c".
    std::vector<std::byte> wanted;
    const auto put = [&](std::initializer_list<int> bytes) {
        for (const int v : bytes) wanted.push_back(static_cast<std::byte>(v));
    };
    put({1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0});
    put({1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 0, 1, 'c'});
    CHECK(encode(x) == wanted);
}

TEST_CASE("hostile bytes of or_sets") {
    words x;
    for (const char* word : {"a", "bc", "", "def"}) (void)x.add(a, word);
    (void)x.add(b, "a");
    x.remove(a, "bc");
    test::check_hostile_bytes(x);
    test::check_hostile_bytes(x.add(c, "delta").value());
    // With a bitmap.
    numbers y;
    for (std::uint64_t i = 0; i < 40; ++i) (void)y.add(1, i);
    for (std::uint64_t i = 0; i < 40; i += 2) y.remove(1, i);
    test::check_hostile_bytes(y);
}

TEST_CASE("an or_set that was moved from is empty, and can be used again") {
    for (const std::uint64_t size : {3U, 3000U}) {
        numbers full;
        for (std::uint64_t x = 0; x < size; ++x) (void)full.add(1, x);
        const numbers kept = full;
        numbers there = std::move(full);
        CHECK(there == kept);
        CHECK(full.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
        CHECK(full.begin() == full.end());
        CHECK_FALSE(full.contains(1));
        full = numbers();
        for (std::uint64_t x = 0; x < size; ++x) (void)full.add(1, x);
        CHECK(full == kept);
        there = std::move(full);
        CHECK(there == kept);
        CHECK_FALSE(full == kept);  // NOLINT(bugprone-use-after-move)
    }
}
