// SPDX-License-Identifier: BSL-1.0
#pragma once

// A trace as a log, one event a line:
//
//   std::puts(trace::to_text(trace).c_str());
//
//     1.200 s  n1        elected
//     1.200 s  n1 -> n2  #17 prepare(3)
//     1.204 s  n1 -x n3  #18 prepare(3)
//     1.250 s  n2 <- n1  #17 prepare(3)
//     1.300 s            fault: n1 n2 | n3
//
// `->` is sent, `<-` received, `-x` lost. Each event is on one line, whatever is in its text.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/time_text.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_window.hpp>

namespace coterie::inline v0::trace {

/// Appends the log of a trace, or of a part of it. Complexity: linear.
void append_text(std::string& out, const trace& t, const trace_window& part = {});

/// The log of a trace, or of a part of it.
[[nodiscard]] inline std::string to_text(const trace& t, const trace_window& part = {}) {
    std::string out;
    append_text(out, t, part);
    return out;
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What an event says beside who, when and to whom: "#17 prepare(3)", "crash", "elected".
inline void append_deed(std::string& out, const trace_event& e) {
    if (is_of_message(e.kind)) {
        out.push_back('#');
        v0::detail::append_decimal(out, e.message);
    } else if (e.kind != trace_kind::note) {
        out.append(describe(e.kind));
        if (!e.text.empty()) out.push_back(':');
    }
    if (e.text.empty()) return;
    if (e.kind != trace_kind::note) out.push_back(' ');
    append_printable(out, e.text);
}

/// How many decimal places show a time exactly: 3, 6 or 9.
constexpr unsigned places_for(steady_time t) noexcept {
    const auto ns = t.time_since_epoch().count();
    return ns % 1'000'000 == 0 ? 3 : ns % 1000 == 0 ? 6 : 9;
}

/// How wide the columns of a log are.
struct log_columns {
    unsigned places = 3;
    std::size_t time = 0;
    std::size_t name = 0;
    bool has_peers = false;

    log_columns(const trace& t, const trace_window& part) {
        std::string seconds;
        for (const trace_event& e : t) {
            if (!part.shows(e)) continue;
            places = std::max(places, places_for(e.at));
            seconds.clear();
            append_seconds(seconds, e.at.time_since_epoch(), 0);
            time = std::max(time, seconds.size());
            if (e.node != no_node) name = std::max(name, columns(t.name(e.node)));
            if (!is_of_message(e.kind)) continue;
            has_peers = true;
            name = std::max(name, columns(t.name(e.peer)));
        }
        time += 1 + places;
    }
};

constexpr std::string_view arrow(trace_kind kind) noexcept {
    if (kind == trace_kind::send) return " -> ";
    if (kind == trace_kind::receive) return " <- ";
    return kind == trace_kind::lose ? " -x " : "    ";
}

inline void append_line(std::string& out, const trace& t, const trace_event& e,
                        const log_columns& widths) {
    std::string seconds;
    append_seconds(seconds, e.at.time_since_epoch(), widths.places);
    out.append(2 + widths.time - std::min(widths.time, seconds.size()), ' ');
    out.append(seconds).append(" s  ");
    const std::size_t who = out.size();
    if (e.node != no_node) append_printable(out, t.name(e.node));
    pad_to(out, who, widths.name);
    if (widths.has_peers) out.append(arrow(e.kind));
    if (is_of_message(e.kind)) append_printable(out, t.name(e.peer));
    pad_to(out, who, widths.has_peers ? 2 * widths.name + 4 : widths.name);
    out.append("  ");
    append_deed(out, e);
    out.push_back('\n');
}

}  // namespace detail

inline void append_text(std::string& out, const trace& t, const trace_window& part) {
    const detail::log_columns widths(t, part);
    if (t.dropped() > 0) {
        out.append("  (events before these, not kept: ");
        v0::detail::append_decimal(out, t.dropped());
        out.append(")\n");
    }
    for (const trace_event& e : t) {
        if (part.shows(e)) detail::append_line(out, t, e, widths);
    }
}

}  // namespace coterie::inline v0::trace
