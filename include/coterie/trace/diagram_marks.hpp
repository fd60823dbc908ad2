// SPDX-License-Identifier: BSL-1.0
#pragma once

// The marks of a space-time diagram: one for each event, on its lane, or above them if it is of the whole world.
// For the headers beside it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <coterie/core/printable.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>

namespace coterie::inline v0::trace::detail {

/// Draws the sign of a kind of event.
inline void draw_sign(diagram_canvas& canvas, trace_kind kind, point p) {
    const auto circle = [&](std::string_view style, double r) {
        canvas.svg("<circle class=\"", style, "\" cx=\"", p.x, "\" cy=\"", p.y, "\" r=\"", r,
                   "\"/>");
    };
    switch (kind) {
        case trace_kind::start:
        case trace_kind::restart: circle("up", 5); break;
        case trace_kind::note: circle("note", 4.5); break;
        case trace_kind::crash: canvas.draw_cross("dead", p, 6); break;
        case trace_kind::pause: circle("dot", 3); break;
        case trace_kind::fault:
            canvas.svg("<path class=\"fault\" d=\"M", p.x - 6, " ", p.y, "L", p.x, " ", p.y - 6,
                       "L", p.x + 6, " ", p.y, "L", p.x, " ", p.y + 6, "Z\"/>");
            break;
        default: circle("dot", 2.4); break;
    }
}

/// Draws the marks.
class diagram_marks {
public:
    explicit diagram_marks(diagram_canvas& canvas) : canvas_(canvas), clocks_(canvas.source) {}

    void draw() {
        for (const std::size_t i : canvas_.at.choice.events) draw_mark(i);
    }

    /// Beside the marks, where there is room.
    void draw_labels() {
        for (const std::size_t i : canvas_.at.choice.events) label_mark(i);
    }

private:
    void draw_mark(std::size_t event) {
        const trace_event e = canvas_.source[event];
        if (e.kind == trace_kind::lose || e.kind == trace_kind::resume) return;
        const point p = canvas_.at.place(e);
        if (e.node == no_node) {
            canvas_.svg("<path class=\"when\" d=\"M", p.x, " ", p.y, "V", canvas_.at.bottom(),
                        "\"/>");
            canvas_.svg("<g>");
        } else {
            canvas_.svg("<g class=\"c", canvas_.color(e.node), "\">");
        }
        write_title(event);
        draw_sign(canvas_, e.kind, p);
        canvas_.svg("</g>\n");
        const double r = is_of_message(e.kind) ? 3 : 7;
        canvas_.space.add(box::around(p, r, r));
    }

    /// What an event is, and what its node knows of.
    void write_title(std::size_t event) {
        const trace_event e = canvas_.source[event];
        canvas_.svg("<title>", svg_text(time_text(e.at)), "  ");
        if (e.node != no_node) canvas_.svg(svg_text(canvas_.source.name(e.node)), " ");
        if (is_of_message(e.kind))
            canvas_.svg(e.kind == trace_kind::receive ? "from " : "to ",
                        svg_text(canvas_.source.name(e.peer)), " ");
        canvas_.svg(svg_text(canvas_.deed_text(event)));
        if (clocks_.is_local(event)) {
            canvas_.svg("\nclock");
            for (node_id n = 0; n < canvas_.source.nodes(); ++n) {
                const std::uint64_t count = clocks_.counter(event, n);
                if (count > 0) canvas_.svg(" ", svg_text(canvas_.source.name(n)), ":", count);
            }
        }
        canvas_.svg("</title>");
    }

    void label_mark(std::size_t event) {
        const trace_event e = canvas_.source[event];
        if (is_of_message(e.kind) || e.kind == trace_kind::start || e.kind == trace_kind::resume ||
            is_division(e))
            return;
        const bool is_fault = e.kind == trace_kind::fault;
        const std::string text = clipped(is_fault ? e.text : canvas_.deed_text(event), 30);
        const point p = canvas_.at.place(e);
        const auto best = canvas_.space.take_best(canvas_.places_beside(p, text_width(text)), 2);
        if (!best.has_value()) return;
        std::string style = is_fault || e.kind == trace_kind::crash ? "lf" : "lm";
        canvas_.write_label(*best, style, text);
    }

    /// Whether a fault is a change of the network, which has a label of its own.
    [[nodiscard]] bool is_division(const trace_event& e) const {
        return e.node == no_node &&
               std::any_of(canvas_.at.divisions.begin(), canvas_.at.divisions.end(),
                           [&e](const division& d) { return d.state->at == e.at; });
    }

    diagram_canvas& canvas_;
    trace_clocks clocks_;
};

}  // namespace coterie::inline v0::trace::detail
