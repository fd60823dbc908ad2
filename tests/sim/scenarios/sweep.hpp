// SPDX-License-Identifier: BSL-1.0
#pragma once

// How tests try a scenario: with a few seeds, or with as many as COTERIE_TEST_SEEDS says.

#include <cstdint>
#include <string>

#include <coterie/sim/explore.hpp>
#include <coterie/sim/scenario_setup.hpp>

#include "sim/scenarios/seeds.hpp"
#include "support/catch.hpp"

namespace coterie::test {

/// The scenario passes with all of the first seeds.
template <sim::scenario S>
void check_holds(const S& s, std::uint64_t seeds) {
    const sim::exploration found =
        sim::explore(s, {.first = 1, .count = seeds_or(seeds)}, {.threads = 1, .report = nullptr});
    if (!found.failure) return;
    std::string setup;
    found.failure->shrunk.setup.append_to(setup);
    FAIL_CHECK(found.failure->result.failure << "\nseed " << found.failure->setup.seed
                                             << ", which shrinks to\n"
                                             << setup);
}

/// The first seed, up to that one, with which the scenario fails in a run that goes on in the calm; or 0.
template <sim::scenario S>
[[nodiscard]] std::uint64_t first_caught(const S& s, std::uint64_t most) {
    for (std::uint64_t seed = 1; seed <= most; ++seed) {
        const sim::scenario_result r = s.run(s.setup(seed), nullptr);
        if (!r.passed && r.failure != "no progress in the calm") return seed;
    }
    return 0;
}

}  // namespace coterie::test
