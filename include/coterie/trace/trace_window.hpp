// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which part of a trace is shown: from when until when, and of which nodes.
//
//   trace::to_text(trace, {.from = t, .until = t + 2s, .nodes = {0, 3}});

#include <algorithm>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace {

/// A part of a trace; by default, all of it.
struct trace_window {
    steady_time from = steady_time::min();
    steady_time until = steady_time::max();  ///< inclusive
    // NOLINTNEXTLINE(readability-redundant-member-init): for designated initialisers
    std::vector<node_id> nodes = {};  ///< none: all of them

    /// Whether events of a node are shown.
    [[nodiscard]] bool shows(node_id n) const noexcept {
        return nodes.empty() || std::find(nodes.begin(), nodes.end(), n) != nodes.end();
    }

    /// Whether an event is shown: in time, and of a node that is, or of the whole world.
    [[nodiscard]] bool shows(const trace_event& e) const noexcept {
        return e.at >= from && e.at <= until && (e.node == no_node || shows(e.node));
    }
};

}  // namespace coterie::inline v0::trace
