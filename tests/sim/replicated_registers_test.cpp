// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <vector>

#include <coterie/crdt/extreme_register.hpp>

#include "crdt/specifications/lww_map.hpp"
#include "crdt/specifications/mv_register.hpp"
#include "crdt/specifications/registers.hpp"
#include "sim/scenarios/naive_values.hpp"
#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/registers.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replicated_value;

namespace {

std::vector<test::planted> mistakes() {
    return {
        {"the last write without a tie-break",
         replicated_value<test::register_without_tie_break_case>{},
         replicated_value<test::lww_case>{}, 1},
        {"the last write by wall clock alone",
         replicated_value<test::stamped_register_case<false>>{},
         replicated_value<test::stamped_register_case<true>>{}, 1},
    };
}

}  // namespace

TEMPLATE_TEST_CASE("replicated registers converge, and are what they were specified to be", "",
                   test::mv_case, test::lww_case, test::stamped_register_case<true>,
                   (test::extreme_case<crdt::max_register<int>, true>),
                   (test::extreme_case<crdt::min_register<int>, false>), test::lww_map_case) {
    test::check_holds(replicated_value<TestType>{}, 25);
}

TEST_CASE("mistakes with replicated registers are found") { test::check_caught(mistakes()); }

TEST_CASE("mistakes with replicated registers: a sweep", "[.sweep]") {
    test::check_sweep(mistakes());
}
