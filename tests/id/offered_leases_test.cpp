// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/offered_leases.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <utility>

#include <coterie/id/lease.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::id::worker_lease;
using coterie::id::detail::offered_leases;

namespace {

constexpr worker_lease lease(std::uint64_t worker, std::uint64_t token = 0) {
    return {.worker = worker, .fencing_token = token};
}

}  // namespace

TEST_CASE("a process takes what it likes, and its child nothing of that") {
    offered_leases some;
    CHECK(some.offer(lease(3, 5)));
    CHECK(some.offer(lease(3, 4)));
    CHECK(some.offer(lease(3, 5)));
    some.inherit();
    CHECK_FALSE(some.offer(lease(3, 5)));
    CHECK_FALSE(some.offer(lease(3, 4)));
    CHECK(some.offer(lease(3, 6)));
    CHECK(some.offer(lease(4, 0)));
    CHECK_FALSE(some.offer(lease(3, 5)));
    CHECK(some.offer(lease(3, 6)));
    some.inherit();
    CHECK_FALSE(some.offer(lease(3, 6)));
    CHECK_FALSE(some.offer(lease(4, 0)));
}

TEST_CASE("a list that was full refuses every worker id that is not on it, in a child") {
    offered_leases some;
    for (std::uint64_t w = 0; w < offered_leases::most_workers; ++w) CHECK(some.offer(lease(w)));
    offered_leases full = some;
    CHECK(full.offer(lease(100)));
    CHECK(full.offer(lease(100)));
    CHECK(full.offer(lease(101)));
    full.inherit();
    CHECK_FALSE(full.offer(lease(100, 9)));
    CHECK_FALSE(full.offer(lease(200, 9)));
    CHECK_FALSE(full.offer(lease(0)));
    CHECK(full.offer(lease(0, 1)));
    // One that was just full knows all.
    some.inherit();
    CHECK(some.offer(lease(100)));
    some.inherit();
    CHECK_FALSE(some.offer(lease(100, 9)));
}

TEST_CASE("no lease of a parent is taken, whatever was offered in which order") {
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 2000; ++round) {
        offered_leases some;
        std::set<std::pair<std::uint64_t, std::uint64_t>> mine, parents;
        const std::uint64_t workers = 1 + random() % 16;
        bool is_right = true;
        for (int i = 0; i < 60; ++i) {
            if (random() % 16 == 0) {
                some.inherit();
                parents.insert(mine.begin(), mine.end());
            }
            const std::pair one(random() % workers, random() % 4);
            const bool is_taken = some.offer(lease(one.first, one.second));
            if (is_taken) mine.insert(one);
            is_right = is_right && !(is_taken && parents.contains(one));
            // What the parents had nothing of is not refused as long as the list has room.
            const auto at = parents.lower_bound({one.first, 0});
            const bool is_new = at == parents.end() || at->first != one.first;
            if (is_new && workers <= offered_leases::most_workers) is_right = is_right && is_taken;
        }
        REQUIRE(is_right);
    }
}
