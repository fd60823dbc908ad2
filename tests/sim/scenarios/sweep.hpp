// SPDX-License-Identifier: BSL-1.0
#pragma once

// How tests try a scenario: with a few seeds, or with as many as COTERIE_TEST_SEEDS says.

#include <cstdint>

#include <coterie/sim/scenario_setup.hpp>

#include "sim/scenarios/any_scenario.hpp"

namespace coterie::test {

/// The scenario passes with all of the first seeds, and one in 64 of them gives the same run twice.
void check_holds(const any_scenario& s, std::uint64_t seeds);

/// With each of the first seeds, the run is the same twice.
void check_same_twice(const any_scenario& s, std::uint64_t seeds);

/// Whether a run failed, and went on in the calm.
[[nodiscard]] bool is_caught(const sim::scenario_result& r);

/// The first seed, up to that one, with which the scenario is caught; or 0.
[[nodiscard]] std::uint64_t first_caught(const any_scenario& s, std::uint64_t most);

}  // namespace coterie::test
