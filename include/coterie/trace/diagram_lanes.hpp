// SPDX-License-Identifier: BSL-1.0
#pragma once

// The lanes of a space-time diagram: names of nodes, and when each was up, down and paused. For the headers
// beside it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace::detail {

/// What a node is doing.
enum class lane_state : std::uint8_t {
    absent,
    up,
    down,
    paused
};

constexpr lane_state after(trace_kind kind, lane_state before) noexcept {
    switch (kind) {
        case trace_kind::start:
        case trace_kind::restart:
        case trace_kind::resume: return lane_state::up;
        case trace_kind::crash: return lane_state::down;
        case trace_kind::pause: return lane_state::paused;
        default: return before;
    }
}

/// Draws a part of a lane.
inline void draw_stretch(diagram_canvas& canvas, lane_state state, double from, double to,
                         double y) {
    if (state == lane_state::absent || from >= to) return;
    const auto line = [&](std::string_view kind) {
        canvas.svg("<path class=\"", kind, "\" d=\"M", from, " ", y, "H", to, "\"/>");
    };
    if (state == lane_state::paused) line("pause");
    line(state == lane_state::down ? "down" : "lane");
}

/// Draws the lanes.
class diagram_lanes {
public:
    explicit diagram_lanes(diagram_canvas& canvas) noexcept : canvas_(canvas) {}

    void draw() {
        for (const node_id n : canvas_.at.choice.lanes) draw_lane(n);
    }

    /// Names again within a wide diagram, so that one need not go back to the left.
    void repeat_names() {
        constexpr double distance = 1100;
        for (const node_id n : canvas_.at.choice.lanes) {
            const std::string name = clipped(canvas_.source.name(n), 16);
            const double y = canvas_.at.lane_y(canvas_.at.choice.lane(n));
            for (double x = canvas_.at.left + distance; x < canvas_.at.right - distance / 3;
                 x += distance) {
                const auto best =
                    canvas_.space.take_best(canvas_.places_beside({x, y}, text_width(name)), 3);
                if (!best.has_value()) continue;
                canvas_.svg("<g class=\"c", canvas_.color(n), "\">");
                canvas_.write_label(*best, "again", name);
                canvas_.svg("</g>");
            }
        }
    }

private:
    void draw_lane(node_id n) {
        const double y = canvas_.at.lane_y(canvas_.at.choice.lane(n));
        canvas_.svg("<g class=\"c", canvas_.color(n),
                    "\"><text class=\"name\" text-anchor=\"end\" x=\"", canvas_.at.left, "\" y=\"",
                    y + 4.5, "\">", svg_text(clipped(canvas_.source.name(n), 16)), "<title>",
                    svg_text(canvas_.source.name(n)), "</title></text>");
        lane_state state = first_state(n);
        double since = canvas_.at.left + 8;
        for (const trace_event& e : canvas_.source) {
            if (e.at > canvas_.options.part.until) break;
            if (e.node != n || after(e.kind, state) == state) continue;
            const double x = std::max(since, canvas_.at.x(e.at));
            if (e.at >= canvas_.options.part.from) {
                draw_stretch(canvas_, state, since, x, y);
                since = x;
            }
            state = after(e.kind, state);
        }
        draw_stretch(canvas_, state, since, canvas_.at.right, y);
        canvas_.svg("</g>\n");
        canvas_.space.add(segment{{canvas_.at.left, y}, {canvas_.at.right, y}});
        const double start = canvas_.at.x(steady_time::min());
        for (const axis_skip& s : canvas_.at.axis.skips())
            canvas_.svg("<path class=\"gap\" d=\"M", start + s.from + 8, " ", y, "H",
                        start + s.until - 8, "\"/>\n");
    }

    /// A node whose start is in the trace was not there before.
    [[nodiscard]] lane_state first_state(node_id n) const {
        for (const trace_event& e : canvas_.source) {
            if (e.node == n && e.kind != trace_kind::lose)
                return e.kind == trace_kind::start ? lane_state::absent : lane_state::up;
        }
        return lane_state::up;
    }

    diagram_canvas& canvas_;
};

}  // namespace coterie::inline v0::trace::detail
