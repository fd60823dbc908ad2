// SPDX-License-Identifier: BSL-1.0
#pragma once

// A trace as a log for ShiViz, which draws it in a browser and searches it for patterns of communication.
//
//   std::ofstream("run.log") << trace::to_shiviz(trace);
//
// Open https://bestchai.bitbucket.io/shiviz/, choose the file, and give it this regular expression:
//
//   (?<host>\S*) (?<clock>{.*})\n(?<event>.*)
//
// Hosts are the nodes, and `world` for faults of the whole world. White space in a name becomes `_`; of two
// nodes with one name the second gets its number. What is lost is said at its send.
// Source: Beschastnikh, Wang, Brun and Ernst, "Debugging Distributed Systems", CACM 59(8), 2016.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/time_text.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>
#include <coterie/trace/trace_text.hpp>

namespace coterie::inline v0::trace {

/// Appends the log of a trace for ShiViz. Complexity: linear, times the number of nodes.
void append_shiviz(std::string& out, const trace& t);

/// The log of a trace for ShiViz.
[[nodiscard]] inline std::string to_shiviz(const trace& t) {
    std::string out;
    append_shiviz(out, t);
    return out;
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What a regular expression of JavaScript takes for white space, of what append_printable lets through.
constexpr bool is_space(char32_t c) noexcept {
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/// A name without white space that none of `taken` has.
inline std::string host_name(std::string_view name, std::uint64_t number,
                             const std::vector<std::string>& taken) {
    std::string host;
    for_each_printable(name, [&host](char32_t code, std::string_view bytes) {
        host.append(is_space(code) ? "_" : bytes);
    });
    while (std::find(taken.begin(), taken.end(), host) != taken.end()) {
        host.push_back('.');
        v0::detail::append_decimal(host, number);
    }
    return host;
}

/// The writer of one log.
class shiviz_log {
public:
    shiviz_log(std::string& out, const trace& t) : out_(out), trace_(t), clocks_(t) {
        for (node_id n = 0; n < t.nodes(); ++n) hosts_.push_back(host_name(t.name(n), n, hosts_));
        hosts_.push_back(host_name("world", t.nodes(), hosts_));
    }

    void append_all() {
        const std::vector<fate> fate_of = fates();
        std::uint32_t of_world = 0;
        for (std::size_t i = 0; i < trace_.size(); ++i) {
            const trace_event e = trace_[i];
            if (e.kind == trace_kind::lose) continue;
            if (e.node == no_node) {
                open_clock(hosts_.back(), ++of_world);
            } else {
                append_clock(e.node, i);
            }
            out_.append("}\n");
            append_deed_of(e);
            if (fate_of[i].is_lost)
                out_.append(fate_of[i].is_received ? " (a copy is lost)" : " (lost)");
            out_.push_back('\n');
        }
    }

private:
    /// What became of the copies of a message.
    struct fate {
        bool is_lost = false;
        bool is_received = false;
    };

    /// By the index of a send.
    [[nodiscard]] std::vector<fate> fates() const {
        const trace_sends sends(trace_);
        std::vector<fate> fates(trace_.size());
        for (const trace_event& e : trace_) {
            if (!is_of_message(e.kind)) continue;
            const std::size_t send = sends.find(e.message);
            if (send == trace_sends::none) continue;
            fates[send].is_lost |= e.kind == trace_kind::lose;
            fates[send].is_received |= e.kind == trace_kind::receive;
        }
        return fates;
    }

    /// `n2 {"n2":4, "n1":17`: the host, and all counters that are not zero.
    void append_clock(node_id node, std::size_t event) {
        open_clock(hosts_[node], clocks_.counter(event, node));
        for (node_id n = 0; n < trace_.nodes(); ++n) {
            const std::uint32_t count = clocks_.counter(event, n);
            if (n == node || count == 0) continue;
            out_.append(", ");
            append_counter(hosts_[n], count);
        }
    }

    void open_clock(std::string_view host, std::uint32_t count) {
        out_.append(host).append(" {");
        append_counter(host, count);
    }

    void append_counter(std::string_view host, std::uint32_t count) {
        append_json(out_, host);
        out_.push_back(':');
        v0::detail::append_decimal(out_, count);
    }

    void append_deed_of(const trace_event& e) {
        append_seconds(out_, e.at.time_since_epoch(), places_for(e.at));
        out_.append(" s ");
        if (is_of_message(e.kind)) {
            out_.append(e.kind == trace_kind::send ? "to " : "from ");
            out_.append(hosts_[e.peer]).push_back(' ');
        }
        append_deed(out_, e);
    }

    std::string& out_;
    const trace& trace_;
    trace_clocks clocks_;
    std::vector<std::string> hosts_;
};

}  // namespace detail

inline void append_shiviz(std::string& out, const trace& t) {
    detail::shiviz_log(out, t).append_all();
}

}  // namespace coterie::inline v0::trace
