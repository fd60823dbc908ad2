// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arrows of a space-time diagram, one for each message and each copy of it. For the headers beside it.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include <coterie/core/printable.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace::detail {

/// Draws the head of an arrow that points in a direction of length 1.
inline void draw_head(diagram_canvas& canvas, point tip, point d) {
    constexpr double length = 8, half = 3.2;
    const point base{tip.x - d.x * length, tip.y - d.y * length};
    canvas.svg("<path class=\"a\" d=\"M", tip.x, " ", tip.y, "L", base.x - d.y * half, " ",
               base.y + d.x * half, "L", base.x + d.y * half, " ", base.y - d.x * half, "Z\"/>");
}

/// Draws the arrows.
class diagram_arrows {
public:
    explicit diagram_arrows(diagram_canvas& canvas) noexcept : canvas_(canvas) {}

    void draw() {
        for (const message_arrow& a : canvas_.at.arrows) draw_arrow(a);
    }

    /// On the middle of an arrow or near it, where there are few enough to be read.
    void draw_labels() {
        if (canvas_.at.arrows.size() > 120) return;
        const std::size_t most_lines = canvas_.at.arrows.size() > 60 ? 1 : 2;
        for (const message_arrow& a : canvas_.at.arrows) {
            const std::string text = clipped(canvas_.source[a.send].text, 22);
            if (text.empty() || a.is(message_arrow::kind::copy)) continue;
            const auto best = canvas_.space.take_best(places_on(a, text_width(text)), most_lines);
            if (best.has_value()) canvas_.write_label(*best, "lm", text);
        }
    }

private:
    void draw_arrow(const message_arrow& a) {
        const point d = direction(a);
        const bool has_head = !a.is(message_arrow::kind::lost) && !a.is(message_arrow::kind::open);
        const double short_of = has_head ? 9 : 0;
        const point tip{a.to.x - d.x * 3, a.to.y - d.y * 3};
        const point end{a.to.x - d.x * short_of, a.to.y - d.y * short_of};
        canvas_.svg("<g class=\"m c", canvas_.color(sender(a)), kind_class(a.what), "\">");
        write_title(a);
        for (const std::string_view kind : {"hit", ""}) {
            canvas_.svg("<path", kind.empty() ? "" : " class=\"hit\"", " d=\"M", a.from.x, " ",
                        a.from.y);
            if (a.to_itself) {
                const double high = a.from.y - canvas_.at.gap * 0.5;
                canvas_.svg("C", a.from.x - 4, " ", high, " ", a.to.x + 4, " ", high, " ");
            } else {
                canvas_.svg("L");
            }
            canvas_.svg(end.x, " ", end.y, "\"/>");
        }
        if (has_head) draw_head(canvas_, tip, d);
        if (a.is(message_arrow::kind::lost)) {
            canvas_.draw_cross("x", a.to, 4);
            canvas_.space.add(box::around(a.to, 5, 5));
        }
        canvas_.svg("</g>\n");
        if (!a.to_itself) canvas_.space.add(segment{a.from, a.to});
    }

    static std::string_view kind_class(message_arrow::kind k) noexcept {
        switch (k) {
            case message_arrow::kind::copy: return " copy";
            case message_arrow::kind::lost: return " lost";
            case message_arrow::kind::open:
            case message_arrow::kind::unsent: return " open";
            case message_arrow::kind::received: break;
        }
        return "";
    }

    [[nodiscard]] node_id sender(const message_arrow& a) const {
        const trace_event e = canvas_.source[a.send];
        return e.kind == trace_kind::send ? e.node : e.peer;
    }
    [[nodiscard]] node_id receiver(const message_arrow& a) const {
        const trace_event e = canvas_.source[a.send];
        return e.kind == trace_kind::send ? e.peer : e.node;
    }

    void write_title(const message_arrow& a) {
        using enum message_arrow::kind;
        const trace_event s = canvas_.source[a.send], e = canvas_.source[a.end];
        canvas_.svg("<title>", svg_text(canvas_.source.name(sender(a))), " \xE2\x86\x92 ",
                    svg_text(canvas_.source.name(receiver(a))), "  ",
                    svg_text(canvas_.deed_text(a.send)), "\n");
        if (!a.is(unsent)) canvas_.svg("sent at ", svg_text(time_text(s.at)));
        if (a.is(open)) canvas_.svg(", still under way at the end");
        if (a.is(unsent)) canvas_.svg("received at ", svg_text(time_text(e.at)), ", sent before");
        if (a.is(lost)) canvas_.svg(", lost at ", svg_text(time_text(e.at)));
        if (a.is(received) || a.is(copy))
            canvas_.svg(a.is(copy) ? ", once more received at " : ", received at ",
                        svg_text(time_text(e.at)), " after ", svg_text(duration_text(e.at - s.at)));
        canvas_.svg("</title>");
    }

    static point direction(const message_arrow& a) noexcept {
        if (a.to_itself) return {0, 1};
        const double dx = a.to.x - a.from.x, dy = a.to.y - a.from.y;
        const double length = std::max(1.0, std::sqrt(dx * dx + dy * dy));
        return {dx / length, dy / length};
    }

    static std::array<box, 9> places_on(const message_arrow& a, double width) {
        std::array<box, 9> places{};
        std::size_t i = 0;
        for (const double t : {0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8}) {
            const point p{a.from.x + (a.to.x - a.from.x) * t, a.from.y + (a.to.y - a.from.y) * t};
            places[i++] = box::around(p, width / 2, diagram_canvas::label_height / 2);
        }
        return places;
    }

    diagram_canvas& canvas_;
};

}  // namespace coterie::inline v0::trace::detail
