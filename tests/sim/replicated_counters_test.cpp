// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <vector>

#include <coterie/crdt/flag.hpp>

#include "crdt/specifications/counters.hpp"
#include "crdt/specifications/flags.hpp"
#include "sim/scenarios/naive_values.hpp"
#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/registers.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replicated_value;

namespace {

std::vector<test::planted> mistakes() {
    return {{"a state replaced and not merged", replicated_value<test::replaced_sum_case>{},
             replicated_value<test::g_case>{}, 1}};
}

}  // namespace

TEMPLATE_TEST_CASE("replicated counters and flags converge, and are what they were specified to be",
                   "", test::g_case, test::pn_case, test::bounded_case,
                   (test::flag_case<crdt::ew_flag<>, true>),
                   (test::flag_case<crdt::dw_flag<>, false>)) {
    test::check_holds(replicated_value<TestType>{}, 25);
}

TEST_CASE("a mistake with replicated counters is found") { test::check_caught(mistakes()); }

TEST_CASE("a mistake with replicated counters: a sweep", "[.sweep]") {
    test::check_sweep(mistakes());
}
