// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/seen_of.hpp>

#include <cstddef>
#include <cstdint>
#include <random>

#include <coterie/causality/causal_context.hpp>
#include <coterie/crdt/block_mask.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

TEST_CASE("what was seen of a replica is told block by block") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 40; ++round) {
        causality::causal_context<std::uint64_t> context;
        if (round % 2 == 0) context.insert_range({2, 1, 1 + random() % 1200});
        for (std::uint64_t ranges = random() % 20; ranges > 0; --ranges) {
            const std::uint64_t first = 1 + random() % 2000;
            context.insert_range({1 + random() % 3, first, first + random() % 90});
        }
        for (const std::uint64_t replica : {1U, 2U, 3U, 4U}) {
            const crdt::detail::seen_of<std::uint64_t> seen(context, replica);
            std::size_t wrong = 0;
            for (std::uint64_t number = 0; number < 5; ++number) {
                const crdt::detail::block_mask mask = seen.block(number);
                for (std::size_t slot = 0; slot < crdt::detail::block_dots; ++slot) {
                    const std::uint64_t counter = crdt::detail::counter_of(number, slot);
                    if (mask.test(slot) != context.contains({replica, counter})) ++wrong;
                }
            }
            REQUIRE(wrong == 0);
        }
    }
}
