// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/lww_map.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/lww_map.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::test::lww_map_case;

namespace {

using settings = crdt::lww_map<std::string, std::string, std::int64_t>;
using numbers = crdt::lww_map<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

TEST_CASE("an lww_map has of each key the last assignment") {
    test::check_specification<lww_map_case>(80, 100);
}

TEST_CASE("chunks are a map, for maps of any size") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 10; ++round) {
        numbers x, y;
        std::map<std::uint64_t, std::pair<std::uint64_t, std::optional<std::uint64_t>>> plain_x,
            plain_y;
        const std::uint64_t range = round % 2 == 0 ? 5000 : 100;
        std::uint64_t now = 0;
        for (int step = 0; step < 8000; ++step) {
            auto& m = random() % 2 == 0 ? x : y;
            auto& plain = &m == &x ? plain_x : plain_y;
            const std::uint64_t key =
                round % 3 == 0 ? static_cast<std::uint64_t>(step) % range : random() % range;
            const std::uint64_t t = ++now;
            if (random() % 5 == 0) {
                (void)m.remove(1, t, key);
                plain[key] = {t, std::nullopt};
            } else {
                (void)m.assign(1, t, key, t);
                plain[key] = {t, t};
            }
            if (step % 2000 == 1999) {
                x.merge(y);
                for (const auto& [k, v] : plain_y) {
                    auto& mine = plain_x[k];
                    if (mine.first < v.first) mine = v;
                }
            }
        }
        for (std::uint64_t key = 0; key < range + 5; ++key) {
            const auto at = plain_x.find(key);
            const bool is_there = at != plain_x.end() && at->second.second.has_value();
            REQUIRE(x.contains(key) == is_there);
            if (is_there) REQUIRE(*x.find(key) == *at->second.second);
        }
        REQUIRE(x.rows() == plain_x.size());
        REQUIRE(decode<numbers>(encode(x)) == x);
        numbers other_way = y;
        other_way.merge(x);
        REQUIRE(other_way == x);
        REQUIRE(y <= x);
        numbers by_news = y;
        by_news.merge(x.delta_since(y));
        REQUIRE(by_news == x);
    }
}

TEST_CASE("removes are forgotten when everybody has seen them, and not before") {
    settings x;
    (void)x.assign(a, 1, "kept", "v");
    (void)x.assign(a, 1, "gone", "v");
    (void)x.remove(b, 2, "gone");
    (void)x.remove(b, 9, "later");
    CHECK(x.rows() == 3);
    x.forget_removes_before(2);
    CHECK(x.rows() == 3);
    x.forget_removes_before(5);
    CHECK(x.rows() == 2);
    CHECK(x.size() == 1);
    CHECK(x.contains("kept"));
    // Whoever had not seen the remove brings the key back.
    (void)x.assign(a, 1, "gone", "v");
    CHECK(x.contains("gone"));
}

TEST_CASE("hostile bytes of lww_maps") {
    settings x;
    (void)x.assign(a, -1, "a", "b");
    (void)x.remove(b, 2, "c");
    (void)x.assign(b, 300, "", "value");
    test::check_hostile_bytes(x);
}

TEST_CASE("an lww_map that was moved from is empty") {
    numbers full;
    for (std::uint64_t key = 0; key < 2000; ++key) (void)full.assign(1, 1, key, key);
    const numbers kept = full;
    numbers there = std::move(full);
    CHECK(there == kept);
    CHECK(full == numbers());  // NOLINT(bugprone-use-after-move): that is what is tested
    CHECK(full.rows() == 0);
    CHECK(full.empty());
    CHECK_FALSE(full == kept);
    numbers& same = there;
    there = std::move(same);
    std::size_t left = 0;
    there.for_each([&left](std::uint64_t, std::uint64_t) { ++left; });
    CHECK(left == there.size());
}
