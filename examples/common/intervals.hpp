// SPDX-License-Identifier: BSL-1.0
#pragma once

// Draws what clients did side by side in time: in a terminal, and as SVG.

#include <cstdint>
#include <string>
#include <vector>

namespace examples {

/// Something that a client did, from one time to another.
struct interval {
    std::uint64_t client;
    std::int64_t begin, end;
    std::string text;
    bool is_blamed = false;  // to be pointed out
};

/// A line for each, in the order in which they began. Only the order of times counts, not what lies between.
[[nodiscard]] std::string draw_intervals(std::vector<interval> intervals);

/// A picture below a title.
struct picture {
    std::string title, subtitle;
    std::vector<interval> intervals;
};

/// One SVG of all pictures, one below another, with a lane for each client.
[[nodiscard]] std::string draw_svg(const std::vector<picture>& pictures);

}  // namespace examples
