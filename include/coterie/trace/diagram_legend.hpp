// SPDX-License-Identifier: BSL-1.0
#pragma once

// The legend of a space-time diagram, of what occurs in it. For the headers beside it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <coterie/trace/diagram_arrows.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_lanes.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/diagram_marks.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace::detail {

/// Draws the legend, below the lanes.
class diagram_legend {
public:
    explicit diagram_legend(diagram_canvas& canvas) noexcept : canvas_(canvas) {}

    /// Where it ends.
    [[nodiscard]] double bottom() const {
        return top() + 20 * for_each_item([](const legend_item&, point) {}) + 8;
    }

    void draw() {
        for_each_item([this](const legend_item& item, point p) {
            (this->*item.draw)(p);
            canvas_.svg("<text class=\"dim\" x=\"", p.x + 18, "\" y=\"", p.y + 4, "\">", item.name,
                        "</text>\n");
        });
    }

private:
    struct legend_item {
        std::string_view name;
        bool occurs;
        void (diagram_legend::*draw)(point p);
    };

    [[nodiscard]] double top() const noexcept {
        return canvas_.at.bottom() + (canvas_.at.axis.skips().empty() ? 52 : 68);
    }

    /// Calls `use(item, place)` for each item that occurs; returns how many rows they take.
    template <class Use>
    double for_each_item(Use use) const {
        point p{36, top()};
        double rows = 0;
        for (const legend_item& item : items()) {
            if (!item.occurs) continue;
            const double width = 52 + text_width(item.name);
            if (rows == 0) rows = 1;
            if (p.x + width > canvas_.at.right && p.x > 36) {
                p = {36, p.y + 20};
                ++rows;
            }
            use(item, p);
            p.x += width;
        }
        return rows;
    }

    [[nodiscard]] std::array<legend_item, 11> items() const {
        using enum message_arrow::kind;
        const bool has_starts = has_event(trace_kind::start) || has_event(trace_kind::restart);
        return {
            {{"message", has_arrow(received), &diagram_legend::legend_message},
             {"second copy", has_arrow(copy), &diagram_legend::legend_copy},
             {"lost", has_arrow(lost), &diagram_legend::legend_lost},
             {"not seen to its end", has_arrow(open) || has_arrow(unsent),
              &diagram_legend::legend_open},
             {"start", has_starts, &diagram_legend::legend_sign<trace_kind::start>},
             {"crash", has_event(trace_kind::crash),
              &diagram_legend::legend_sign<trace_kind::crash>},
             {"paused", has_event(trace_kind::pause), &diagram_legend::legend_pause},
             {"note", has_event(trace_kind::note), &diagram_legend::legend_sign<trace_kind::note>},
             {"fault", has_event(trace_kind::fault),
              &diagram_legend::legend_sign<trace_kind::fault>},
             {"partition", !canvas_.at.divisions.empty(), &diagram_legend::legend_wall},
             {"nothing happens", !canvas_.at.axis.skips().empty(), &diagram_legend::legend_skip}}};
    }

    [[nodiscard]] bool has_arrow(message_arrow::kind k) const {
        return std::any_of(canvas_.at.arrows.begin(), canvas_.at.arrows.end(),
                           [k](const message_arrow& a) { return a.is(k); });
    }
    [[nodiscard]] bool has_event(trace_kind k) const {
        return std::any_of(canvas_.at.choice.events.begin(), canvas_.at.choice.events.end(),
                           [this, k](std::size_t i) { return canvas_.source[i].kind == k; });
    }

    void legend_line(std::string_view kind, point p) {
        canvas_.svg("<path class=\"", kind, "\" d=\"M", p.x - 12, " ", p.y, "H", p.x + 6, "\"/>");
    }
    void legend_arrow(std::string_view kind, point p) {
        canvas_.svg("<g class=\"m c0", kind, "\">");
        legend_line("", p);
        draw_head(canvas_, {p.x + 12, p.y}, {1, 0});
        canvas_.svg("</g>");
    }
    void legend_message(point p) { legend_arrow("", p); }
    void legend_copy(point p) { legend_arrow(" copy", p); }
    void legend_open(point p) { legend_arrow(" open", p); }
    void legend_lost(point p) {
        canvas_.svg("<g class=\"m c0 lost\">");
        legend_line("", p);
        canvas_.draw_cross("x", {p.x + 8, p.y}, 4);
        canvas_.svg("</g>");
    }
    template <trace_kind Kind>
    void legend_sign(point p) {
        canvas_.svg("<g class=\"c0\">");
        draw_sign(canvas_, Kind, p);
        canvas_.svg("</g>");
    }
    void legend_pause(point p) { draw_stretch(canvas_, lane_state::paused, p.x - 8, p.x + 8, p.y); }
    void legend_wall(point p) {
        canvas_.svg("<rect class=\"wall\" x=\"", p.x - 12, "\" y=\"", p.y - 2.5,
                    "\" width=\"24\" height=\"5\" rx=\"2.5\"/>");
    }
    void legend_skip(point p) {
        canvas_.svg("<rect class=\"skip\" x=\"", p.x - 10, "\" y=\"", p.y - 7,
                    "\" width=\"20\" height=\"14\" rx=\"3\"/>");
    }

    diagram_canvas& canvas_;
};

}  // namespace coterie::inline v0::trace::detail
