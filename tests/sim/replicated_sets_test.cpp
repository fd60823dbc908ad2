// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <string>

#include "crdt/specifications.hpp"
#include "sim/planted.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replicated_value;

namespace {

constexpr test::setup small{.nodes = 4, .operations = 60, .faults = 15};

}  // namespace

TEMPLATE_TEST_CASE("replicated sets and maps converge, and are what they were specified to be", "",
                   test::g_set_case, test::two_phase_case, test::or_set_case<std::string>,
                   test::rw_set_case, test::or_map_case, test::or_map_of_largest_case) {
    test::check_passes(replicated_value<TestType>{}, small, 25);
}
