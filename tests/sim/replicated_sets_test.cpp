// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/replicated_value.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "crdt/specifications/g_set.hpp"
#include "crdt/specifications/or_map.hpp"
#include "crdt/specifications/or_set.hpp"
#include "crdt/specifications/rw_set.hpp"
#include "sim/scenarios/naive_values.hpp"
#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replica_mistakes;
using test::replicated_value;

namespace {

std::vector<test::planted> mistakes() {
    using words = replicated_value<test::or_set_case<std::string>>;
    const auto with = [](replica_mistakes m, const char* what, std::uint64_t seed) {
        return test::planted{what, words{.mistake = m}, words{}, seed};
    };
    return {
        with(replica_mistakes::id_reused, "a replica id reused after a loss of state", 4),
        with(replica_mistakes::session_reused, "a session reused after a loss of state", 14),
        {"a dropped causal context", replicated_value<test::set_without_context_case>{}, words{},
         1},
    };
}

}  // namespace

TEMPLATE_TEST_CASE("replicated sets and maps converge, and are what they were specified to be", "",
                   test::g_set_case, test::two_phase_case, test::or_set_case<std::string>,
                   test::rw_set_case, test::or_map_case, test::or_map_of_largest_case) {
    test::check_holds(replicated_value<TestType>{}, 25);
}

TEST_CASE("mistakes with replicated sets are found") { test::check_caught(mistakes()); }

TEST_CASE("mistakes with replicated sets: a sweep", "[.sweep]") { test::check_sweep(mistakes()); }
