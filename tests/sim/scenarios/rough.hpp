// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rough weather that the scenarios of this folder go through: short, for runs of a few hundred
// milliseconds, so that many of them can be tried.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/check/verdict.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::test {

/// Faults for so long.
[[nodiscard]] inline sim::nemesis_profile rough_for(std::chrono::nanoseconds duration) {
    using namespace std::chrono_literals;
    return {.duration = duration,
            .calm = 2s,
            .between = 60ms,
            .lasting = 100ms,
            .weights = {.crash = 6, .disk_slow = 4},
            .delay = 30ms,
            .step = 500ms,
            .sync = 60ms,
            .disk_failing = sim::percent(10),
            .minority_down = false};
}

/// A network that loses, doubles and reorders, each seed another.
[[nodiscard]] inline sim::link_profile any_links(const sim::world& w) {
    using namespace std::chrono_literals;
    rng random = w.random("links");
    return {
        .delay = sim::latency::exponential(200us, 1ms).with_tail(0.1 * uniform_real(random), 30ms),
        .loss = bernoulli(random, 0.5) ? 0.1 * uniform_real(random) : 0,
        .duplication = bernoulli(random, 0.5) ? 0.1 * uniform_real(random) : 0};
}

/// What came of a run: it must have gone on in the calm, and what is claimed must hold.
[[nodiscard]] inline sim::scenario_result judged(const sim::world& w, bool has_gone_on,
                                                 std::string_view claim, const check::verdict& v) {
    sim::scenario_result r{.passed = has_gone_on && v, .hash = w.hash(), .events = w.events()};
    if (!has_gone_on)
        r.failure = "no progress in the calm";
    else if (!v)
        r.failure = std::string(claim) + ": " + v.reason;
    return r;
}

/// Names prefix1, prefix2, and so on.
inline void append_names(std::vector<std::string>& names, std::string_view prefix, unsigned count) {
    for (unsigned i = 1; i <= count; ++i) names.push_back(std::string(prefix) + std::to_string(i));
}

}  // namespace coterie::test
