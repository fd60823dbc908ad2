// SPDX-License-Identifier: BSL-1.0
#pragma once

// The network in pieces, behind the lanes of a space-time diagram: a bar that says which, a tint for each group,
// and walls between them. For the headers beside it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace::detail {

/// Draws for how long the network was in pieces, and in which.
class diagram_divisions {
public:
    explicit diagram_divisions(diagram_canvas& canvas) noexcept : canvas_(canvas) {}

    void draw() {
        for (const division& d : canvas_.at.divisions) {
            canvas_.svg("<g><title>", svg_text(division_text(*d.state)), "\nfrom ",
                        svg_text(time_text(d.state->at)));
            if (d.until != steady_time::max()) canvas_.svg(" until ", svg_text(time_text(d.until)));
            canvas_.svg("</title>\n");
            draw_groups(d);
            draw_bar(d);
            canvas_.svg("</g>\n");
        }
    }

private:
    /// The groups of the lanes, in the order in which they come.
    [[nodiscard]] std::vector<std::uint32_t> groups(const network_state& s) const {
        std::vector<std::uint32_t> groups;
        for (const node_id n : canvas_.at.choice.lanes) {
            if (std::find(groups.begin(), groups.end(), s.group(n)) == groups.end())
                groups.push_back(s.group(n));
        }
        return groups;
    }

    /// "n1 n2 | n3", and what is cut besides.
    [[nodiscard]] std::string division_text(const network_state& s) const {
        std::string text;
        const std::vector<std::uint32_t> all = groups(s);
        for (const std::uint32_t group : all) {
            if (all.size() == 1) break;
            if (!text.empty()) text.append(" |");
            for (const node_id n : canvas_.at.choice.lanes) {
                if (s.group(n) != group) continue;
                if (!text.empty()) text.push_back(' ');
                text.append(canvas_.source.name(n));
            }
        }
        for (const blocked_link& l : s.blocked) {
            text.append(text.empty() ? "not " : ", not ").append(canvas_.source.name(l.from));
            text.append(" \xE2\x86\x92 ").append(canvas_.source.name(l.to));
        }
        return text;
    }

    void draw_bar(const division& d) {
        const double width = d.right - d.left, y = diagram_layout::strip_top;
        canvas_.svg("<rect class=\"bar\" x=\"", d.left, "\" y=\"", y, "\" width=\"", width,
                    "\" height=\"18\" rx=\"4\"/>");
        const auto room = static_cast<std::size_t>(std::max(0.0, (width - 10) / letter));
        if (room >= 5)
            canvas_.svg("<text class=\"barl\" x=\"", d.left + 6, "\" y=\"", y + 13, "\">",
                        svg_text(clipped(division_text(*d.state), room)), "</text>");
        canvas_.svg("\n");
    }

    /// The background of each run of lanes in one group, and a wall between two groups.
    void draw_groups(const division& d) {
        const auto& lanes = canvas_.at.choice.lanes;
        const auto group = [&](std::size_t lane) { return d.state->group(lanes[lane]); };
        const std::vector<std::uint32_t> all = groups(*d.state);
        for (std::size_t first = 0, next = 0; first < lanes.size(); first = next) {
            while (next < lanes.size() && group(next) == group(first)) ++next;
            const auto number = std::find(all.begin(), all.end(), group(first)) - all.begin();
            if (all.size() > 1)
                draw_band(d, static_cast<std::uint64_t>(number) % 4,
                          canvas_.at.lane_y(first) - canvas_.at.gap / 2,
                          canvas_.at.gap * static_cast<double>(next - first));
            if (next < lanes.size())
                draw_wall(d, "wall", canvas_.at.lane_y(next) - canvas_.at.gap / 2);
        }
        for (std::size_t lane = 0; lane + 1 < lanes.size(); ++lane) {
            if (group(lane) == group(lane + 1) && is_crossed(d, lane))
                draw_wall(d, "half", canvas_.at.lane_y(lane) + canvas_.at.gap / 2);
        }
    }

    /// Whether a blocked link crosses the gap below a lane.
    [[nodiscard]] bool is_crossed(const division& d, std::size_t lane) const {
        return std::any_of(
            d.state->blocked.begin(), d.state->blocked.end(), [&](const blocked_link& l) {
                if (!canvas_.at.choice.has_lane(l.from) || !canvas_.at.choice.has_lane(l.to))
                    return false;
                const auto [a, b] =
                    std::minmax({canvas_.at.choice.lane(l.from), canvas_.at.choice.lane(l.to)});
                return a <= lane && lane < b;
            });
    }

    void draw_band(const division& d, std::uint64_t tint, double y, double height) {
        canvas_.svg("<rect class=\"g", tint, "\" x=\"", d.left, "\" y=\"", y, "\" width=\"",
                    d.right - d.left, "\" height=\"", height, "\"/>\n");
    }
    void draw_wall(const division& d, std::string_view kind, double y) {
        canvas_.svg("<rect class=\"", kind, "\" x=\"", d.left, "\" y=\"", y - 2.5, "\" width=\"",
                    d.right - d.left, "\" height=\"5\" rx=\"2.5\"/>\n");
    }

    diagram_canvas& canvas_;
};

}  // namespace coterie::inline v0::trace::detail
