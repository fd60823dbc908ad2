// SPDX-License-Identifier: BSL-1.0
#pragma once

// A scenario of this folder as explore (sim/explore.hpp) takes it: its faults are a script, which can be printed and
// shrunk.

#include <chrono>
#include <cstdint>

#include <coterie/core/random.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/scenario.hpp"

namespace coterie::test {

template <class Scenario>
struct explorable {
    Scenario scenario;
    sim::nemesis_profile rough{.duration = std::chrono::seconds(20)};
    std::uint32_t nodes = 4;
    std::uint32_t operations = 200;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return {seed, nodes, operations,
                sim::draw_script(rough, sim::node_names(nodes), rng(seed, "faults"))};
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const {
        return scenario.run({.seed = s.seed,
                             .nodes = s.nodes,
                             .operations = static_cast<std::uint32_t>(s.operations),
                             .script = &s.faults},
                            recorder);
    }
};

}  // namespace coterie::test
