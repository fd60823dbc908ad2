// SPDX-License-Identifier: BSL-1.0
#pragma once

// A trace as a space-time diagram: a lane for each node, time from left to right, an arrow for each message.
// What is lost ends in a cross, a second copy is dashed, partitions are shaded; everything says more under
// the pointer. One SVG file without scripts, that follows the reader's choice of light or dark.
//
//   std::ofstream("run.svg") << trace::to_svg(trace, {.title = "Split brain, seed 4711"});
//   trace::to_svg(trace, {.part = {.from = t, .until = t + 2s}});
//
// Stretches in which nothing happens are cut short and marked. Where there are more events than `max_events`,
// messages and notes are thinned out evenly, and the diagram says so.
// Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/time_text.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>
#include <coterie/trace/trace_text.hpp>
#include <coterie/trace/trace_window.hpp>

namespace coterie::inline v0::trace {

/// Appends a diagram of a trace. Complexity: n log n in the events of the trace.
void append_svg(std::string& out, const trace& t, const diagram_options& options = {});

/// A diagram of a trace.
[[nodiscard]] inline std::string to_svg(const trace& t, const diagram_options& options = {}) {
    std::string out;
    append_svg(out, t, options);
    return out;
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline constexpr std::string_view diagram_style = R"(<style>
svg{font:11px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.bg{fill:#fff}.dim{fill:#59636e}.grid{stroke:#d8dee4}.h{font-size:16px;font-weight:600}
.name{font-size:13px;font-weight:600;fill:currentColor}
.lane{stroke:#8c959f;stroke-width:2}.down{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:1 6;stroke-linecap:round}
.pause{stroke:#bf8700;stroke-width:9;stroke-linecap:round;opacity:.4}
.skip{fill:#6e7781;opacity:.08}.gap{stroke:#fff;stroke-width:4;stroke-dasharray:3 4}
.m{fill:none;stroke:currentColor;stroke-width:1.4}.m .a{fill:currentColor;stroke:none}
.copy{stroke-dasharray:5 3}.open{stroke-dasharray:1.5 3;opacity:.7}.lost{opacity:.75}
.x{stroke:#cf222e;stroke-width:2;stroke-dasharray:none;stroke-linecap:round}.hit{stroke:#000;stroke-width:9;opacity:0}
.m:hover{stroke-width:3}.dot{fill:currentColor}.note{fill:#fff;stroke:currentColor;stroke-width:2}
.up{fill:#fff;stroke:#1a7f37;stroke-width:2}.dead{fill:none;stroke:#cf222e;stroke-width:2.5;stroke-linecap:round}
.fault{fill:#bc4c00}.when{stroke:#bc4c00;stroke-dasharray:2 4;opacity:.6}
.l{paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}.lm{fill:#424a53}.lf{fill:#953800}.again{fill:currentColor;font-weight:600}
.bar{fill:#cf222e;fill-opacity:.12;stroke:#cf222e;stroke-opacity:.45}.barl{fill:#a40e26}
.wall{fill:#cf222e;opacity:.4}.half{fill:#cf222e;opacity:.16}
.g0{fill:#54aeff;opacity:.13}.g1{fill:#e3a008;opacity:.14}.g2{fill:#4ac26b;opacity:.14}.g3{fill:#c297ff;opacity:.15}
.c0{color:#0969da}.c1{color:#bc4c00}.c2{color:#1a7f37}.c3{color:#8250df}.c4{color:#bf3989}.c5{color:#1b7c83}
.c6{color:#9a6700}.c7{color:#57606a}.c8{color:#0a3069}.c9{color:#7d4e00}.c10{color:#116329}.c11{color:#953800}
@media (prefers-color-scheme:dark){
svg{fill:#e6edf3}.bg{fill:#0d1117}.dim{fill:#9198a1}.grid{stroke:#262c34}.lane{stroke:#656c76}.down{stroke:#f85149}
.gap{stroke:#0d1117}.x,.dead{stroke:#f85149}.note,.up{fill:#0d1117}.up{stroke:#3fb950}.fault{fill:#f0883e}.when{stroke:#f0883e}
.l{stroke:#0d1117}.lm{fill:#b7bdc8}.lf{fill:#ffa657}.bar{fill:#f85149;fill-opacity:.16;stroke:#f85149}.barl{fill:#ff9492}
.wall,.half{fill:#f85149}.pause{stroke:#d29922}
.c0{color:#58a6ff}.c1{color:#f0883e}.c2{color:#3fb950}.c3{color:#bc8cff}.c4{color:#f778ba}.c5{color:#39c5cf}
.c6{color:#d29922}.c7{color:#9198a1}.c8{color:#a5d6ff}.c9{color:#e3b341}.c10{color:#7ee787}.c11{color:#ffa198}}
</style>
)";

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

/// Draws one diagram.
class diagram {
public:
    diagram(std::string& out, const trace& t, const diagram_options& options)
        : svg_(out),
          trace_(t),
          options_(options),
          at_(t, options),
          clocks_(t),
          space_({at_.left - 14, diagram_layout::strip_top, at_.right + 4, at_.bottom() + 6}) {}

    void draw() {
        open();
        draw_divisions();
        draw_axis();
        for (const node_id n : at_.choice.lanes) draw_lane(n);
        for (const message_arrow& a : at_.arrows) draw_arrow(a);
        for (const std::size_t i : at_.choice.events) draw_mark(i);
        for (const std::size_t i : at_.choice.events) label_mark(i);
        label_arrows();
        repeat_names();
        draw_legend();
        svg_("</svg>\n");
    }

private:
    // Words.

    [[nodiscard]] std::string time_text(steady_time t) const {
        std::string text;
        append_seconds(text, t.time_since_epoch(), places_for(t));
        return text + " s";
    }

    static std::string duration_text(std::chrono::nanoseconds d) {
        std::int64_t step = 1;
        while (step <= d.count() / 100) step *= 10;
        std::string text;
        append_time(text, d, d, step);
        return text;
    }

    [[nodiscard]] std::string deed_text(std::size_t event) const {
        std::string text;
        append_deed(text, trace_[event]);
        return text;
    }

    /// The groups of the lanes, in the order in which they come.
    [[nodiscard]] std::vector<std::uint32_t> groups(const network_state& s) const {
        std::vector<std::uint32_t> groups;
        for (const node_id n : at_.choice.lanes) {
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
            for (const node_id n : at_.choice.lanes) {
                if (s.group(n) != group) continue;
                if (!text.empty()) text.push_back(' ');
                text.append(trace_.name(n));
            }
        }
        for (const blocked_link& l : s.blocked) {
            text.append(text.empty() ? "not " : ", not ").append(trace_.name(l.from));
            text.append(" \xE2\x86\x92 ").append(trace_.name(l.to));
        }
        return text;
    }

    /// What an event is, and what its node knows of.
    void write_title(std::size_t event) {
        const trace_event e = trace_[event];
        svg_("<title>", svg_text(time_text(e.at)), "  ");
        if (e.node != no_node) svg_(svg_text(trace_.name(e.node)), " ");
        if (is_of_message(e.kind))
            svg_(e.kind == trace_kind::receive ? "from " : "to ", svg_text(trace_.name(e.peer)),
                 " ");
        svg_(svg_text(deed_text(event)));
        if (clocks_.is_local(event)) {
            svg_("\nclock");
            for (node_id n = 0; n < trace_.nodes(); ++n) {
                const std::uint64_t count = clocks_.counter(event, n);
                if (count > 0) svg_(" ", svg_text(trace_.name(n)), ":", count);
            }
        }
        svg_("</title>");
    }

    // From the back to the front.

    void open() {
        const double width = at_.right + 24, height = legend_y() + 20 * legend_rows() + 8;
        svg_("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
             "\" viewBox=\"0 0 ", width, " ", height, "\">\n", diagram_style,
             "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n<text class=\"h\" x=\"20\" "
             "y=\"30\">",
             svg_text(options_.title.empty() ? "Space-time diagram" : options_.title),
             "</text>\n<text class=\"dim\" x=\"20\" y=\"49\">", svg_text(summary()), "</text>\n");
    }

    [[nodiscard]] std::string summary() const {
        std::string text;
        const auto count = [&text](std::uint64_t n, const char* what) {
            if (!text.empty()) text += ", ";
            v0::detail::append_decimal(text, n);
            text += what;
            if (n != 1) text += 's';
        };
        count(at_.choice.lanes.size(), " node");
        count(at_.choice.in_part, " event");
        if (at_.choice.stride > 1) {
            text += "; drawn: about one message and note of ";
            v0::detail::append_decimal(text, at_.choice.stride);
        }
        if (trace_.dropped() > 0) count(trace_.dropped(), " earlier one");
        if (trace_.dropped() > 0) text += " not kept";
        return text;
    }

    void draw_divisions() {
        for (const division& d : at_.divisions) {
            svg_("<g><title>", svg_text(division_text(*d.state)), "\nfrom ",
                 svg_text(time_text(d.state->at)));
            if (d.until != steady_time::max()) svg_(" until ", svg_text(time_text(d.until)));
            svg_("</title>\n");
            draw_groups(d);
            draw_bar(d);
            svg_("</g>\n");
        }
    }

    void draw_bar(const division& d) {
        const double width = d.right - d.left, y = diagram_layout::strip_top;
        svg_("<rect class=\"bar\" x=\"", d.left, "\" y=\"", y, "\" width=\"", width,
             "\" height=\"18\" rx=\"4\"/>");
        const auto room = static_cast<std::size_t>(std::max(0.0, (width - 10) / letter));
        if (room >= 5)
            svg_("<text class=\"barl\" x=\"", d.left + 6, "\" y=\"", y + 13, "\">",
                 svg_text(clipped(division_text(*d.state), room)), "</text>");
        svg_("\n");
    }

    /// The background of each run of lanes in one group, and a wall between two groups.
    void draw_groups(const division& d) {
        const auto& lanes = at_.choice.lanes;
        const auto group = [&](std::size_t lane) { return d.state->group(lanes[lane]); };
        const std::vector<std::uint32_t> all = groups(*d.state);
        for (std::size_t first = 0, next = 0; first < lanes.size(); first = next) {
            while (next < lanes.size() && group(next) == group(first)) ++next;
            const auto number = std::find(all.begin(), all.end(), group(first)) - all.begin();
            if (all.size() > 1)
                draw_band(d, static_cast<std::uint64_t>(number) % 4,
                          at_.lane_y(first) - at_.gap / 2,
                          at_.gap * static_cast<double>(next - first));
            if (next < lanes.size()) draw_wall(d, "wall", at_.lane_y(next) - at_.gap / 2);
        }
        for (std::size_t lane = 0; lane + 1 < lanes.size(); ++lane) {
            if (group(lane) == group(lane + 1) && is_crossed(d, lane))
                draw_wall(d, "half", at_.lane_y(lane) + at_.gap / 2);
        }
    }

    /// Whether a blocked link crosses the gap below a lane.
    [[nodiscard]] bool is_crossed(const division& d, std::size_t lane) const {
        return std::any_of(
            d.state->blocked.begin(), d.state->blocked.end(), [&](const blocked_link& l) {
                if (!at_.choice.has_lane(l.from) || !at_.choice.has_lane(l.to)) return false;
                const auto [a, b] = std::minmax({at_.choice.lane(l.from), at_.choice.lane(l.to)});
                return a <= lane && lane < b;
            });
    }

    void draw_band(const division& d, std::uint64_t tint, double y, double height) {
        svg_("<rect class=\"g", tint, "\" x=\"", d.left, "\" y=\"", y, "\" width=\"",
             d.right - d.left, "\" height=\"", height, "\"/>\n");
    }
    void draw_wall(const division& d, std::string_view kind, double y) {
        svg_("<rect class=\"", kind, "\" x=\"", d.left, "\" y=\"", y - 2.5, "\" width=\"",
             d.right - d.left, "\" height=\"5\" rx=\"2.5\"/>\n");
    }

    void draw_axis() {
        const double top = at_.top(), bottom = at_.bottom();
        const double start = at_.x(steady_time::min());
        for (const axis_skip& s : at_.axis.skips()) {
            svg_("<g><title>", svg_text(duration_text(s.length)),
                 " in which nothing happens, cut short</title><rect class=\"skip\" x=\"",
                 start + s.from + 5, "\" y=\"", top, "\" width=\"", s.until - s.from - 10,
                 "\" height=\"", bottom - top + 6,
                 "\" rx=\"4\"/><text class=\"dim\" "
                 "text-anchor=\"middle\" font-style=\"italic\" x=\"",
                 start + (s.from + s.until) / 2, "\" y=\"", bottom + 36, "\">+",
                 svg_text(duration_text(s.length)), "</text></g>\n");
        }
        for (const axis_tick& t : at_.axis.ticks()) {
            const double x = start + t.x;
            svg_("<path class=\"grid\" d=\"M", x, " ", top, "V", bottom + 6,
                 "\"/><text class=\"dim\" text-anchor=\"middle\" x=\"", x, "\" y=\"", bottom + 20,
                 "\">", svg_text(t.label), "</text>\n");
        }
    }

    /// The class of the colour of a node.
    [[nodiscard]] std::uint64_t color(node_id n) const noexcept { return at_.choice.lane(n) % 12; }

    void draw_lane(node_id n) {
        const double y = at_.lane_y(at_.choice.lane(n));
        svg_("<g class=\"c", color(n), "\"><text class=\"name\" text-anchor=\"end\" x=\"", at_.left,
             "\" y=\"", y + 4.5, "\">", svg_text(clipped(trace_.name(n), 16)), "<title>",
             svg_text(trace_.name(n)), "</title></text>");
        lane_state state = first_state(n);
        double since = at_.left + 8;
        for (const trace_event& e : trace_) {
            if (e.at > options_.part.until) break;
            if (e.node != n || after(e.kind, state) == state) continue;
            const double x = std::max(since, at_.x(e.at));
            if (e.at >= options_.part.from) {
                draw_stretch(state, since, x, y);
                since = x;
            }
            state = after(e.kind, state);
        }
        draw_stretch(state, since, at_.right, y);
        svg_("</g>\n");
        space_.add(segment{{at_.left, y}, {at_.right, y}});
        const double start = at_.x(steady_time::min());
        for (const axis_skip& s : at_.axis.skips())
            svg_("<path class=\"gap\" d=\"M", start + s.from + 8, " ", y, "H", start + s.until - 8,
                 "\"/>\n");
    }

    /// A node whose start is in the trace was not there before.
    [[nodiscard]] lane_state first_state(node_id n) const {
        for (const trace_event& e : trace_) {
            if (e.node == n && e.kind != trace_kind::lose)
                return e.kind == trace_kind::start ? lane_state::absent : lane_state::up;
        }
        return lane_state::up;
    }

    void draw_stretch(lane_state state, double from, double to, double y) {
        if (state == lane_state::absent || from >= to) return;
        const auto line = [&](std::string_view kind) {
            svg_("<path class=\"", kind, "\" d=\"M", from, " ", y, "H", to, "\"/>");
        };
        if (state == lane_state::paused) line("pause");
        line(state == lane_state::down ? "down" : "lane");
    }

    // Messages.

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
        const trace_event e = trace_[a.send];
        return e.kind == trace_kind::send ? e.node : e.peer;
    }
    [[nodiscard]] node_id receiver(const message_arrow& a) const {
        const trace_event e = trace_[a.send];
        return e.kind == trace_kind::send ? e.peer : e.node;
    }

    void write_title(const message_arrow& a) {
        using enum message_arrow::kind;
        const trace_event s = trace_[a.send], e = trace_[a.end];
        svg_("<title>", svg_text(trace_.name(sender(a))), " \xE2\x86\x92 ",
             svg_text(trace_.name(receiver(a))), "  ", svg_text(deed_text(a.send)), "\n");
        if (!a.is(unsent)) svg_("sent at ", svg_text(time_text(s.at)));
        if (a.is(open)) svg_(", still under way at the end");
        if (a.is(unsent)) svg_("received at ", svg_text(time_text(e.at)), ", sent before");
        if (a.is(lost)) svg_(", lost at ", svg_text(time_text(e.at)));
        if (a.is(received) || a.is(copy))
            svg_(a.is(copy) ? ", once more received at " : ", received at ",
                 svg_text(time_text(e.at)), " after ", svg_text(duration_text(e.at - s.at)));
        svg_("</title>");
    }

    void draw_arrow(const message_arrow& a) {
        const point d = direction(a);
        const bool has_head = !a.is(message_arrow::kind::lost) && !a.is(message_arrow::kind::open);
        const double short_of = has_head ? 9 : 0;
        const point tip{a.to.x - d.x * 3, a.to.y - d.y * 3};
        const point end{a.to.x - d.x * short_of, a.to.y - d.y * short_of};
        svg_("<g class=\"m c", color(sender(a)), kind_class(a.what), "\">");
        write_title(a);
        for (const std::string_view kind : {"hit", ""}) {
            svg_("<path", kind.empty() ? "" : " class=\"hit\"", " d=\"M", a.from.x, " ", a.from.y);
            if (a.to_itself) {
                const double high = a.from.y - at_.gap * 0.5;
                svg_("C", a.from.x - 4, " ", high, " ", a.to.x + 4, " ", high, " ");
            } else {
                svg_("L");
            }
            svg_(end.x, " ", end.y, "\"/>");
        }
        if (has_head) draw_head(tip, d);
        if (a.is(message_arrow::kind::lost)) {
            draw_cross("x", a.to, 4);
            space_.add(box::around(a.to, 5, 5));
        }
        svg_("</g>\n");
        if (!a.to_itself) space_.add(segment{a.from, a.to});
    }

    static point direction(const message_arrow& a) noexcept {
        if (a.to_itself) return {0, 1};
        const double dx = a.to.x - a.from.x, dy = a.to.y - a.from.y;
        const double length = std::max(1.0, std::sqrt(dx * dx + dy * dy));
        return {dx / length, dy / length};
    }

    void draw_head(point tip, point d) {
        constexpr double length = 8, half = 3.2;
        const point base{tip.x - d.x * length, tip.y - d.y * length};
        svg_("<path class=\"a\" d=\"M", tip.x, " ", tip.y, "L", base.x - d.y * half, " ",
             base.y + d.x * half, "L", base.x + d.y * half, " ", base.y - d.x * half, "Z\"/>");
    }

    void draw_cross(std::string_view kind, point p, double r) {
        svg_("<path class=\"", kind, "\" d=\"M", p.x - r, " ", p.y - r, "L", p.x + r, " ", p.y + r,
             "M", p.x - r, " ", p.y + r, "L", p.x + r, " ", p.y - r, "\"/>");
    }

    // Events.

    void draw_mark(std::size_t event) {
        const trace_event e = trace_[event];
        if (e.kind == trace_kind::lose || e.kind == trace_kind::resume) return;
        const point p = at_.place(e);
        if (e.node == no_node) {
            svg_("<path class=\"when\" d=\"M", p.x, " ", p.y, "V", at_.bottom(), "\"/>");
            svg_("<g>");
        } else {
            svg_("<g class=\"c", color(e.node), "\">");
        }
        write_title(event);
        draw_sign(e.kind, p);
        svg_("</g>\n");
        const double r = is_of_message(e.kind) ? 3 : 7;
        space_.add(box::around(p, r, r));
    }

    void draw_sign(trace_kind kind, point p) {
        const auto circle = [&](std::string_view style, double r) {
            svg_("<circle class=\"", style, "\" cx=\"", p.x, "\" cy=\"", p.y, "\" r=\"", r, "\"/>");
        };
        switch (kind) {
            case trace_kind::start:
            case trace_kind::restart: circle("up", 5); break;
            case trace_kind::note: circle("note", 4.5); break;
            case trace_kind::crash: draw_cross("dead", p, 6); break;
            case trace_kind::pause: circle("dot", 3); break;
            case trace_kind::fault:
                svg_("<path class=\"fault\" d=\"M", p.x - 6, " ", p.y, "L", p.x, " ", p.y - 6, "L",
                     p.x + 6, " ", p.y, "L", p.x, " ", p.y + 6, "Z\"/>");
                break;
            default: circle("dot", 2.4); break;
        }
    }

    // Labels, the ones that matter more first.

    static constexpr double label_height = 13;

    void write_label(const box& b, std::string_view style, std::string_view text) {
        svg_("<text class=\"l ", style, "\" x=\"", b.left, "\" y=\"", b.bottom - 3, "\">",
             svg_text(text), "</text>\n");
    }

    /// Whether a fault is a change of the network, which has a label of its own.
    [[nodiscard]] bool is_division(const trace_event& e) const {
        return e.node == no_node &&
               std::any_of(at_.divisions.begin(), at_.divisions.end(),
                           [&e](const division& d) { return d.state->at == e.at; });
    }

    void label_mark(std::size_t event) {
        const trace_event e = trace_[event];
        if (is_of_message(e.kind) || e.kind == trace_kind::start || e.kind == trace_kind::resume ||
            is_division(e))
            return;
        const bool is_fault = e.kind == trace_kind::fault;
        const std::string text = clipped(is_fault ? e.text : deed_text(event), 30);
        const point p = at_.place(e);
        const auto best = space_.take_best(places_beside(p, text_width(text)), 2);
        if (!best.has_value()) return;
        std::string style = is_fault || e.kind == trace_kind::crash ? "lf" : "lm";
        write_label(*best, style, text);
    }

    /// Right and left of a mark: above and below its lane, or level with it in the row of the world.
    [[nodiscard]] std::array<box, 4> places_beside(point p, double width) const {
        const bool is_on_lane = p.y > at_.top();
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

    /// On the middle of an arrow or near it, where there are few enough to be read.
    void label_arrows() {
        if (at_.arrows.size() > 120) return;
        const std::size_t most_lines = at_.arrows.size() > 60 ? 1 : 2;
        for (const message_arrow& a : at_.arrows) {
            const std::string text = clipped(trace_[a.send].text, 22);
            if (text.empty() || a.is(message_arrow::kind::copy)) continue;
            const auto best = space_.take_best(places_on(a, text_width(text)), most_lines);
            if (best.has_value()) write_label(*best, "lm", text);
        }
    }

    static std::array<box, 9> places_on(const message_arrow& a, double width) {
        std::array<box, 9> places{};
        std::size_t i = 0;
        for (const double t : {0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8}) {
            const point p{a.from.x + (a.to.x - a.from.x) * t, a.from.y + (a.to.y - a.from.y) * t};
            places[i++] = box::around(p, width / 2, label_height / 2);
        }
        return places;
    }

    /// Names again within a wide diagram, so that one need not go back to the left.
    void repeat_names() {
        constexpr double distance = 1100;
        for (const node_id n : at_.choice.lanes) {
            const std::string name = clipped(trace_.name(n), 16);
            const double y = at_.lane_y(at_.choice.lane(n));
            for (double x = at_.left + distance; x < at_.right - distance / 3; x += distance) {
                const auto best = space_.take_best(places_beside({x, y}, text_width(name)), 3);
                if (!best.has_value()) continue;
                svg_("<g class=\"c", color(n), "\">");
                write_label(*best, "again", name);
                svg_("</g>");
            }
        }
    }

    // The legend, of what occurs.

    struct legend_item {
        std::string_view name;
        bool occurs;
        void (diagram::*draw)(point p);
    };

    [[nodiscard]] bool has_arrow(message_arrow::kind k) const {
        return std::any_of(at_.arrows.begin(), at_.arrows.end(),
                           [k](const message_arrow& a) { return a.is(k); });
    }
    [[nodiscard]] bool has_event(trace_kind k) const {
        return std::any_of(at_.choice.events.begin(), at_.choice.events.end(),
                           [this, k](std::size_t i) { return trace_[i].kind == k; });
    }

    [[nodiscard]] std::array<legend_item, 11> legend() const {
        using enum message_arrow::kind;
        const bool has_starts = has_event(trace_kind::start) || has_event(trace_kind::restart);
        return {
            {{"message", has_arrow(received), &diagram::legend_message},
             {"second copy", has_arrow(copy), &diagram::legend_copy},
             {"lost", has_arrow(lost), &diagram::legend_lost},
             {"not seen to its end", has_arrow(open) || has_arrow(unsent), &diagram::legend_open},
             {"start", has_starts, &diagram::legend_sign<trace_kind::start>},
             {"crash", has_event(trace_kind::crash), &diagram::legend_sign<trace_kind::crash>},
             {"paused", has_event(trace_kind::pause), &diagram::legend_pause},
             {"note", has_event(trace_kind::note), &diagram::legend_sign<trace_kind::note>},
             {"fault", has_event(trace_kind::fault), &diagram::legend_sign<trace_kind::fault>},
             {"partition", !at_.divisions.empty(), &diagram::legend_wall},
             {"nothing happens", !at_.axis.skips().empty(), &diagram::legend_skip}}};
    }

    void legend_line(std::string_view kind, point p) {
        svg_("<path class=\"", kind, "\" d=\"M", p.x - 12, " ", p.y, "H", p.x + 6, "\"/>");
    }
    void legend_arrow(std::string_view kind, point p) {
        svg_("<g class=\"m c0", kind, "\">");
        legend_line("", p);
        draw_head({p.x + 12, p.y}, {1, 0});
        svg_("</g>");
    }
    void legend_message(point p) { legend_arrow("", p); }
    void legend_copy(point p) { legend_arrow(" copy", p); }
    void legend_open(point p) { legend_arrow(" open", p); }
    void legend_lost(point p) {
        svg_("<g class=\"m c0 lost\">");
        legend_line("", p);
        draw_cross("x", {p.x + 8, p.y}, 4);
        svg_("</g>");
    }
    template <trace_kind Kind>
    void legend_sign(point p) {
        svg_("<g class=\"c0\">");
        draw_sign(Kind, p);
        svg_("</g>");
    }
    void legend_pause(point p) { draw_stretch(lane_state::paused, p.x - 8, p.x + 8, p.y); }
    void legend_wall(point p) {
        svg_("<rect class=\"wall\" x=\"", p.x - 12, "\" y=\"", p.y - 2.5,
             "\" width=\"24\" height=\"5\" rx=\"2.5\"/>");
    }
    void legend_skip(point p) {
        svg_("<rect class=\"skip\" x=\"", p.x - 10, "\" y=\"", p.y - 7,
             "\" width=\"20\" height=\"14\" rx=\"3\"/>");
    }

    [[nodiscard]] double legend_y() const noexcept {
        return at_.bottom() + (at_.axis.skips().empty() ? 52 : 68);
    }

    /// Calls `use(item, place)` for each item that occurs; returns how many rows they take.
    template <class Use>
    double for_each_item(Use use) const {
        point p{36, legend_y()};
        double rows = 0;
        for (const legend_item& item : legend()) {
            if (!item.occurs) continue;
            const double width = 52 + text_width(item.name);
            if (rows == 0) rows = 1;
            if (p.x + width > at_.right && p.x > 36) {
                p = {36, p.y + 20};
                ++rows;
            }
            use(item, p);
            p.x += width;
        }
        return rows;
    }

    [[nodiscard]] double legend_rows() const {
        return for_each_item([](const legend_item&, point) {});
    }

    void draw_legend() {
        for_each_item([this](const legend_item& item, point p) {
            (this->*item.draw)(p);
            svg_("<text class=\"dim\" x=\"", p.x + 18, "\" y=\"", p.y + 4, "\">", item.name,
                 "</text>\n");
        });
    }

    svg_writer svg_;
    const trace& trace_;
    const diagram_options& options_;
    diagram_layout at_;
    trace_clocks clocks_;
    label_space space_;
};

}  // namespace detail

inline void append_svg(std::string& out, const trace& t, const diagram_options& options) {
    detail::diagram(out, t, options).draw();
}

}  // namespace coterie::inline v0::trace
