// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/block_mask.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using crdt::detail::block_dots;
using crdt::detail::block_mask;

namespace {

using slots = std::set<std::size_t>;

block_mask mask_of(const slots& wanted) {
    block_mask mask;
    for (const std::size_t slot : wanted) mask.set(slot);
    return mask;
}

/// Asks a mask everything that it tells, and holds it against the set.
void check_equal(const block_mask& mask, const slots& wanted) {
    slots walked;
    bool is_in_order = true;
    mask.for_each([&](std::size_t slot) {
        is_in_order = is_in_order && (walked.empty() || *walked.rbegin() < slot);
        walked.insert(slot);
    });
    REQUIRE(walked == wanted);
    REQUIRE(is_in_order);
    REQUIRE(mask == mask_of(wanted));
    REQUIRE(mask.any() == !wanted.empty());
    REQUIRE(mask.count() == wanted.size());
    if (!wanted.empty()) REQUIRE(mask.last() == *wanted.rbegin());
    std::size_t before = 0, wrong = 0;
    for (std::size_t slot = 0; slot < block_dots; ++slot) {
        if (mask.rank(slot) != before || mask.test(slot) != wanted.contains(slot)) ++wrong;
        before += wanted.count(slot);
    }
    REQUIRE(wrong == 0);
}

slots random_slots(std::mt19937_64& random) {
    const std::uint64_t one_in = std::uint64_t{1} << random() % 9;  // from all to a few
    slots some;
    for (std::size_t slot = 0; slot < block_dots; ++slot) {
        if (random() % one_in == 0) some.insert(slot);
    }
    return some;
}

}  // namespace

TEST_CASE("a counter has a block and a slot, and these have the counter") {
    using namespace crdt::detail;
    CHECK(block_number(1) == 0);
    CHECK(slot_of(1) == 0);
    CHECK(block_number(512) == 0);
    CHECK(slot_of(512) == 511);
    CHECK(block_number(513) == 1);
    CHECK(slot_of(513) == 0);
    for (const std::uint64_t counter : {1U, 2U, 511U, 512U, 513U, 1024U, 1025U, 4294967295U}) {
        CHECK(counter_of(block_number(counter), slot_of(counter)) == counter);
    }
}

TEST_CASE("a block_mask is a set of slots") {
    std::mt19937_64 random(test::seed());
    check_equal(block_mask(), {});
    for (int round = 0; round < 50; ++round) {
        const slots a = random_slots(random), b = random_slots(random);
        check_equal(mask_of(a), a);
        REQUIRE((mask_of(a) == mask_of(b)) == (a == b));

        slots both = a, either = a, neither;
        std::erase_if(both, [&b](std::size_t slot) { return !b.contains(slot); });
        either.insert(b.begin(), b.end());
        for (std::size_t slot = 0; slot < block_dots; ++slot) {
            if (!either.contains(slot)) neither.insert(slot);
        }
        check_equal(mask_of(a) & mask_of(b), both);
        check_equal(mask_of(a) | mask_of(b), either);
        check_equal(~(mask_of(a) | mask_of(b)), neither);

        slots fewer = a;
        block_mask mask = mask_of(a);
        for (const std::size_t slot : b) {
            fewer.erase(slot);
            mask.reset(slot);
        }
        check_equal(mask, fewer);
    }
}

TEST_CASE("set_range sets the slots between two, wherever words end") {
    for (const std::size_t first : {0U, 1U, 62U, 63U, 64U, 65U, 127U, 200U, 448U, 511U}) {
        for (const std::size_t last : {0U, 1U, 63U, 64U, 127U, 128U, 300U, 447U, 510U, 511U}) {
            if (last < first) continue;
            CAPTURE(first, last);
            slots wanted = {7, 500};  // what was there stays
            block_mask mask = mask_of(wanted);
            mask.set_range(first, last);
            for (std::size_t slot = first; slot <= last; ++slot) wanted.insert(slot);
            check_equal(mask, wanted);
        }
    }
}

TEST_CASE("slots_between cuts a range of counters to a block") {
    const std::uint64_t largest = ~std::uint64_t{0};
    for (const std::uint64_t number : {0U, 1U, 2U}) {
        for (const std::uint64_t first : {1U, 2U, 512U, 513U, 700U, 1024U, 1025U, 2000U}) {
            for (const std::uint64_t last : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{511},
                                             std::uint64_t{513}, std::uint64_t{1536}, largest}) {
                if (last != 0 && last < first) continue;  // 0: nothing was seen
                CAPTURE(number, first, last);
                slots wanted;
                for (std::size_t slot = 0; slot < block_dots; ++slot) {
                    const std::uint64_t counter = crdt::detail::counter_of(number, slot);
                    if (first <= counter && counter <= last) wanted.insert(slot);
                }
                check_equal(crdt::detail::slots_between(number, first, last), wanted);
            }
        }
    }
}
