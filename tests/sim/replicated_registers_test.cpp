// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <coterie/crdt/extreme_register.hpp>

#include "crdt/specifications.hpp"
#include "sim/planted.hpp"
#include "sim/scenarios/registers.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replicated_value;

namespace {

constexpr test::setup small{.nodes = 4, .operations = 60, .faults = 15};

}  // namespace

TEMPLATE_TEST_CASE("replicated registers converge, and are what they were specified to be", "",
                   test::mv_case, test::lww_case, test::stamped_register_case<true>,
                   (test::extreme_case<crdt::max_register<int>, true>),
                   (test::extreme_case<crdt::min_register<int>, false>), test::lww_map_case) {
    test::check_passes(replicated_value<TestType>{}, small, 25);
}
