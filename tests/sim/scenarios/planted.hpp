// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mistake planted in a scenario, and the seed by which it was found. Tests replay the seed; those that are tagged
// [.sweep] find it again.

#include <cstdint>
#include <vector>

#include "sim/scenarios/any_scenario.hpp"

namespace coterie::test {

struct planted {
    const char* what;
    any_scenario wrong;
    /// The same without the mistake.
    any_scenario right;
    /// The first that finds it.
    std::uint64_t seed;
};

/// Each mistake is caught with its seed, and nothing is wrong with that seed without the mistake.
void check_caught(const std::vector<planted>& mistakes);

/// Each mistake is caught by its seed first, among 10,000 or as many as COTERIE_TEST_SEEDS says. Prints how many of
/// them catch it.
void check_sweep(const std::vector<planted>& mistakes);

}  // namespace coterie::test
