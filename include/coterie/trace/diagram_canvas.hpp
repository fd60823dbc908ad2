// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all parts of a space-time diagram draw on and with: where everything stands, what room is taken, and the
// words and signs that several of them need. For the headers beside it; a part takes a canvas and draws.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/time_text.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_text.hpp>

namespace coterie::inline v0::trace::detail {

/// "1.204 s".
[[nodiscard]] inline std::string time_text(steady_time t) {
    std::string text;
    append_seconds(text, t.time_since_epoch(), places_for(t));
    return text + " s";
}

/// "1.2 ms": two digits of it.
[[nodiscard]] inline std::string duration_text(std::chrono::nanoseconds d) {
    std::int64_t step = 1;
    while (step <= d.count() / 100) step *= 10;
    std::string text;
    append_time(text, d, d, step);
    return text;
}

/// A diagram that is being drawn.
struct diagram_canvas {
    svg_writer svg;
    const trace& source;
    const diagram_options& options;
    diagram_layout at;
    label_space space;

    diagram_canvas(std::string& out, const trace& t, const diagram_options& how)
        : svg(out),
          source(t),
          options(how),
          at(t, how),
          space({at.left - 14, diagram_layout::strip_top, at.right + 4, at.bottom() + 6}) {}

    /// The class of the colour of a node.
    [[nodiscard]] std::uint64_t color(node_id n) const noexcept { return at.choice.lane(n) % 12; }

    /// What an event says: "#17 prepare(3)".
    [[nodiscard]] std::string deed_text(std::size_t event) const {
        std::string text;
        append_deed(text, source[event]);
        return text;
    }

    void draw_cross(std::string_view kind, point p, double r) {
        svg("<path class=\"", kind, "\" d=\"M", p.x - r, " ", p.y - r, "L", p.x + r, " ", p.y + r,
            "M", p.x - r, " ", p.y + r, "L", p.x + r, " ", p.y - r, "\"/>");
    }

    // Labels.

    static constexpr double label_height = 13;

    void write_label(const box& b, std::string_view style, std::string_view text) {
        svg("<text class=\"l ", style, "\" x=\"", b.left, "\" y=\"", b.bottom - 3, "\">",
            svg_text(text), "</text>\n");
    }

    /// Right and left of a mark: above and below its lane, or level with it in the row of the world.
    [[nodiscard]] std::array<box, 4> places_beside(point p, double width) const {
        const bool is_on_lane = p.y > at.top();
        const double above = is_on_lane ? -14 : 0, below = is_on_lane ? 14 : 0;
        const double away = is_on_lane ? 4 : 10;
        std::array<box, 4> places{};
        std::size_t i = 0;
        for (const double y : {p.y + above, p.y + below}) {
            for (const double left : {p.x + away, p.x - away - width})
                places[i++] = {left, y - label_height / 2, left + width, y + label_height / 2};
        }
        return places;
    }
};

}  // namespace coterie::inline v0::trace::detail
