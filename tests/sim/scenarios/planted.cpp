// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/planted.hpp"

#include <cstdint>
#include <cstdio>
#include <vector>

#include <coterie/sim/scenario_setup.hpp>

#include "sim/scenarios/seeds.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

namespace coterie::test {

void check_caught(const std::vector<planted>& mistakes) {
    for (const planted& p : mistakes) {
        const sim::scenario_result right = p.right.run(p.right.setup(p.seed), nullptr);
        const sim::scenario_result wrong = p.wrong.run(p.wrong.setup(p.seed), nullptr);
        CAPTURE(p.what, p.seed, right.failure, wrong.failure);
        CHECK(right.passed);
        CHECK(is_caught(wrong));
        CHECK_FALSE(wrong.failure.empty());
    }
}

void check_sweep(const std::vector<planted>& mistakes) {
    const std::uint64_t count = seeds_or(10'000);
    for (const planted& p : mistakes) {
        std::uint64_t first = 0;
        std::uint64_t kills = 0;
        for (std::uint64_t seed = 1; seed <= count; ++seed) {
            if (!is_caught(p.wrong.run(p.wrong.setup(seed), nullptr))) continue;
            if (++kills == 1) first = seed;
        }
        std::printf("%-45s first %5llu, %5llu of %llu\n", p.what,
                    static_cast<unsigned long long>(first), static_cast<unsigned long long>(kills),
                    static_cast<unsigned long long>(count));
        std::fflush(stdout);
        CHECK(first == p.seed);
    }
}

}  // namespace coterie::test
