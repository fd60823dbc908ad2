// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a system and its strategy are shown: as a table, as JSON, as a drawing.

#include <string>

#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/strategy.hpp>

namespace quorum_tool {

/// A system, its best strategy, and what for.
struct solution {
    const coterie::quorum::quorum_system& system;
    const coterie::quorum::workload& work;
    const coterie::quorum::plan& best;
};

[[nodiscard]] std::string to_table(const solution& s);
[[nodiscard]] std::string to_json(const solution& s);

/// An SVG of load against the fraction of reads: of this strategy, and of the best for each fraction.
[[nodiscard]] std::string draw_load(const solution& s);

}  // namespace quorum_tool
