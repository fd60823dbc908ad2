// SPDX-License-Identifier: BSL-1.0
#pragma once

// A small replicated store through a script of faults. Each node holds a set that takes writes anywhere and
// gossips (an or_set), and a register of which a majority must answer; clients write to both on the first node
// and on the last.

#include <chrono>
#include <cstdint>
#include <string>

#include <coterie/sim/fault_script.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace examples {

/// A partition down the middle, both sides writing, healing; and a node that crashes.
inline constexpr const char* example_fault_script =
    R"(# What comes after # is a comment. The end: five seconds after the last fault.
at 3s     partition n1 n2 | n3 n4 n5   # the network breaks
at 8s     heal
at 10s    crash n3
at 12s    restart n3
at 13s    links loss 30%
from 15s  calm                         # all is well again
)";

/// What is played.
struct partition_options {
    std::uint64_t seed = 1;
    coterie::trace::node_id nodes = 5;
    coterie::sim::fault_script faults;
};

/// For how long: until all faults are over, and five seconds more.
[[nodiscard]] std::chrono::nanoseconds length_of(const partition_options& options);

/// Plays it. Returns: the report. Requires: at least two nodes.
[[nodiscard]] std::string play_partition(const partition_options& options,
                                         coterie::trace::trace* recorder = nullptr);

}  // namespace examples
