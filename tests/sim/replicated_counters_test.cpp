// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <coterie/crdt/flag.hpp>

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

TEMPLATE_TEST_CASE("replicated counters and flags converge, and are what they were specified to be",
                   "", test::g_case, test::pn_case, test::bounded_case,
                   (test::flag_case<crdt::ew_flag<>, true>),
                   (test::flag_case<crdt::dw_flag<>, false>)) {
    test::check_passes(replicated_value<TestType>{}, small, 25);
}
