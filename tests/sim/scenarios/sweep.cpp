// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/sweep.hpp"

#include <cstdint>
#include <string>

#include <coterie/core/text.hpp>
#include <coterie/sim/explore.hpp>
#include <coterie/sim/scenario_setup.hpp>

#include "sim/scenarios/any_scenario.hpp"
#include "sim/scenarios/seeds.hpp"
#include "support/catch.hpp"

namespace coterie::test {

namespace {

void check_same_twice_with(const any_scenario& s, std::uint64_t seed) {
    const auto checked = sim::check_determinism(s, seed);
    INFO("seed " << seed << ": " << (checked ? std::string() : to_string(checked.error())));
    CHECK(checked.has_value());
}

}  // namespace

void check_holds(const any_scenario& s, std::uint64_t seeds) {
    const std::uint64_t count = seeds_or(seeds);
    const sim::exploration found =
        sim::explore(s, {.first = 1, .count = count}, {.threads = 1, .report = nullptr});
    if (found.failure)
        FAIL_CHECK(found.failure->result.failure << "\nseed " << found.failure->setup.seed
                                                 << ", which shrinks to\n"
                                                 << to_string(found.failure->shrunk.setup));
    for (std::uint64_t seed = 1; seed <= count; seed += 64) check_same_twice_with(s, seed);
}

void check_same_twice(const any_scenario& s, std::uint64_t seeds) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) check_same_twice_with(s, seed);
}

bool is_caught(const sim::scenario_result& r) {
    return !r.passed && r.failure != "no progress in the calm";
}

std::uint64_t first_caught(const any_scenario& s, std::uint64_t most) {
    for (std::uint64_t seed = 1; seed <= most; ++seed)
        if (is_caught(s.run(s.setup(seed), nullptr))) return seed;
    return 0;
}

}  // namespace coterie::test
