// SPDX-License-Identifier: BSL-1.0
#pragma once

// The nodes of a run are numbers, so that what is known of them is an array.

#include <cstdint>

namespace coterie::inline v0::trace {

/// The number of a node: dense, from 0.
using node_id = std::uint32_t;

/// No node, where what happens happens to the whole world.
inline constexpr node_id no_node = ~node_id{0};

}  // namespace coterie::inline v0::trace
