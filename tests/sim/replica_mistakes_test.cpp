// SPDX-License-Identifier: BSL-1.0

// Classic mistakes with replicated values, and the seed that killed each.

#include <cstdint>
#include <string>

#include "crdt/specifications.hpp"
#include "sim/planted.hpp"
#include "sim/scenarios/naive_values.hpp"
#include "sim/scenarios/registers.hpp"
#include "sim/scenarios/replicated_value.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::replica_mistakes;
using test::replicated_value;

namespace {

using words = test::or_set_case<std::string>;

constexpr test::setup small{.nodes = 4, .operations = 60, .faults = 15};

constexpr test::planted<replica_mistakes> with_names[] = {
    {replica_mistakes::id_reused, "a replica id reused after a loss of state", 4},
    {replica_mistakes::session_reused, "a session reused after a loss of state", 14},
};

/// Calls `f(right, wrong, name, killer)` for each mistake in a value of one's own.
template <class F>
void for_each_naive_value(F f) {
    f(replicated_value<words>{}, replicated_value<test::set_without_context_case>{},
      "a dropped causal context", 1);
    f(replicated_value<test::g_case>{}, replicated_value<test::replaced_sum_case>{},
      "a state replaced and not merged", 1);
    f(replicated_value<test::lww_case>{}, replicated_value<test::register_without_tie_break_case>{},
      "the last write without a tie-break", 1);
    f(replicated_value<test::stamped_register_case<true>>{},
      replicated_value<test::stamped_register_case<false>>{}, "the last write by wall clock alone",
      1);
}

}  // namespace

TEST_CASE("mistakes with replicas are found") {
    for (const auto& p : with_names) test::check_killed(replicated_value<words>{}, small, p);
    for_each_naive_value(
        [](const auto& right, const auto& wrong, const char* name, std::uint64_t killer) {
            test::check_killed(right, wrong, small, name, killer);
        });
}

TEST_CASE("mistakes with replicas: a sweep", "[.sweep]") {
    for (const auto& p : with_names) test::sweep(replicated_value<words>{}, small, p);
    for_each_naive_value([](const auto&, const auto& wrong, const char* name, std::uint64_t) {
        test::sweep(wrong, small, name);
    });
}
