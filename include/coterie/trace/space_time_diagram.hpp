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

#include <cstdint>
#include <string>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/trace/diagram_arrows.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_divisions.hpp>
#include <coterie/trace/diagram_lanes.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/diagram_legend.hpp>
#include <coterie/trace/diagram_marks.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/trace.hpp>

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

/// What stands under the title: how much there is, and how much of it is drawn.
[[nodiscard]] inline std::string summary(const diagram_canvas& canvas) {
    std::string text;
    const auto count = [&text](std::uint64_t n, const char* what) {
        if (!text.empty()) text += ", ";
        v0::detail::append_decimal(text, n);
        text += what;
        if (n != 1) text += 's';
    };
    count(canvas.at.choice.lanes.size(), " node");
    count(canvas.at.choice.in_part, " event");
    if (canvas.at.choice.stride > 1) {
        text += "; drawn: about one message and note of ";
        v0::detail::append_decimal(text, canvas.at.choice.stride);
    }
    if (canvas.source.dropped() > 0) count(canvas.source.dropped(), " earlier one");
    if (canvas.source.dropped() > 0) text += " not kept";
    return text;
}

/// Begins the file.
inline void open_diagram(diagram_canvas& canvas, double height) {
    const double width = canvas.at.right + 24;
    canvas.svg("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
               "\" viewBox=\"0 0 ", width, " ", height, "\">\n", diagram_style,
               "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n<text class=\"h\" x=\"20\" "
               "y=\"30\">",
               svg_text(canvas.options.title.empty() ? "Space-time diagram" : canvas.options.title),
               "</text>\n<text class=\"dim\" x=\"20\" y=\"49\">", svg_text(summary(canvas)),
               "</text>\n");
}

/// Draws times below the lanes, and what is cut short.
inline void draw_axis(diagram_canvas& canvas) {
    const double top = canvas.at.top(), bottom = canvas.at.bottom();
    const double start = canvas.at.x(steady_time::min());
    for (const axis_skip& s : canvas.at.axis.skips()) {
        canvas.svg("<g><title>", svg_text(duration_text(s.length)),
                   " in which nothing happens, cut short</title><rect class=\"skip\" x=\"",
                   start + s.from + 5, "\" y=\"", top, "\" width=\"", s.until - s.from - 10,
                   "\" height=\"", bottom - top + 6,
                   "\" rx=\"4\"/><text class=\"dim\" "
                   "text-anchor=\"middle\" font-style=\"italic\" x=\"",
                   start + (s.from + s.until) / 2, "\" y=\"", bottom + 36, "\">+",
                   svg_text(duration_text(s.length)), "</text></g>\n");
    }
    for (const axis_tick& t : canvas.at.axis.ticks()) {
        const double x = start + t.x;
        canvas.svg("<path class=\"grid\" d=\"M", x, " ", top, "V", bottom + 6,
                   "\"/><text class=\"dim\" text-anchor=\"middle\" x=\"", x, "\" y=\"", bottom + 20,
                   "\">", svg_text(t.label), "</text>\n");
    }
}

/// Draws everything, from the back to the front.
inline void draw_diagram(diagram_canvas& canvas) {
    diagram_lanes lanes(canvas);
    diagram_arrows arrows(canvas);
    diagram_marks marks(canvas);
    diagram_legend legend(canvas);
    open_diagram(canvas, legend.bottom());
    diagram_divisions(canvas).draw();
    draw_axis(canvas);
    lanes.draw();
    arrows.draw();
    marks.draw();
    // Labels, the ones that matter more first.
    marks.draw_labels();
    arrows.draw_labels();
    lanes.repeat_names();
    legend.draw();
    canvas.svg("</svg>\n");
}

}  // namespace detail

inline void append_svg(std::string& out, const trace& t, const diagram_options& options) {
    detail::diagram_canvas canvas(out, t, options);
    detail::draw_diagram(canvas);
}

}  // namespace coterie::inline v0::trace
