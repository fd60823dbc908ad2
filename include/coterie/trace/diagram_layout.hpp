// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a space-time diagram shows, and where: lanes, places of times, arrows. How it looks is in the headers
// beside it whose names begin with diagram_; space_time_diagram.hpp is the header to include.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/bits.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>
#include <coterie/trace/trace_window.hpp>

namespace coterie::inline v0::trace {

/// How a trace is drawn.
struct diagram_options {
    // NOLINTNEXTLINE(readability-redundant-member-init): for designated initialisers
    std::string title = {};
    trace_window part = {};
    /// Beyond these, messages and notes are thinned out; starts, crashes, pauses and faults never are.
    std::size_t max_events = 2000;
};

namespace detail {

inline constexpr double letter = 6.2;  // the width of a character of 11 pixels, about

inline double text_width(std::string_view text) {
    return static_cast<double>(columns(text)) * letter;
}

/// Which events of a trace are drawn, and on which lanes.
class diagram_choice {
public:
    diagram_choice(const trace& t, const trace_window& part, std::size_t most)
        : lane_of_(t.nodes(), none) {
        for (node_id n = 0; n < t.nodes(); ++n) {
            if (!part.shows(n)) continue;
            lane_of_[n] = lanes.size();
            lanes.push_back(n);
        }
        std::size_t ordinary = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
            if (!part.shows(t[i])) continue;
            events.push_back(i);
            if (is_ordinary(t[i].kind)) ++ordinary;
        }
        in_part = events.size();
        if (in_part > most) thin_out(t, ordinary, most);
    }

    [[nodiscard]] bool has_lane(node_id n) const noexcept {
        return n < lane_of_.size() && lane_of_[n] != none;
    }
    /// Which lane that is, from the top. Requires: has_lane(n).
    [[nodiscard]] std::size_t lane(node_id n) const noexcept { return lane_of_[n]; }

    std::vector<node_id> lanes;
    std::vector<std::size_t> events;  ///< their indices
    std::size_t in_part = 0;          ///< how many there would be
    std::uint64_t stride = 1;         ///< about one message and note of so many is drawn

private:
    static constexpr std::size_t none = ~std::size_t{0};

    static bool is_ordinary(trace_kind kind) noexcept {
        return is_of_message(kind) || kind == trace_kind::note;
    }

    /// All events of a message stay or go together, whatever the pattern in which messages are numbered.
    void thin_out(const trace& t, std::size_t ordinary, std::size_t most) {
        const std::size_t others = in_part - ordinary;
        const std::size_t room = std::max(most / 4 + 1, most - std::min(most, others));
        stride = (ordinary + room - 1) / room;
        const auto goes = [&](std::size_t i) {
            const trace_event e = t[i];
            const std::uint64_t number = is_of_message(e.kind) ? e.message : i;
            return is_ordinary(e.kind) && v0::detail::mix64(number) % stride != 0;
        };
        events.erase(std::remove_if(events.begin(), events.end(), goes), events.end());
    }

    std::vector<std::size_t> lane_of_;
};

/// A message on its way, or a copy of it.
struct message_arrow {
    enum class kind : std::uint8_t {
        received,
        copy,
        lost,
        open,
        unsent
    };

    kind what;
    std::size_t send;  ///< its event; of one whose send is not shown, the receive
    std::size_t end;   ///< the receive or loss; of one still under way, the send
    point from, to;
    bool to_itself = false;

    [[nodiscard]] bool is(kind k) const noexcept { return what == k; }
};

/// The network in pieces, for some time.
struct division {
    const network_state* state;
    steady_time until;
    double left, right;
};

/// Where everything stands, in pixels.
class diagram_layout {
public:
    static constexpr double strip_top = 64, row_height = 24;

    diagram_layout(const trace& t, const diagram_options& options)
        : choice(t, options.part, options.max_events),
          trace_(t),
          part_(options.part),
          sends_(t),
          axis(times(), usual_latency(), widths()),
          gap(choice.lanes.size() <= 6 ? 72 : 58),
          left(left_margin()),
          right(left + std::max(least_width, axis.width() + 2 * inset)) {
        find_divisions();
        has_world_row = std::any_of(choice.events.begin(), choice.events.end(),
                                    [&t](std::size_t i) { return t[i].node == no_node; });
        find_arrows();
    }

    [[nodiscard]] double x(steady_time t) const noexcept { return left + inset + axis.x(t); }
    [[nodiscard]] double world_y() const noexcept {
        return strip_top + (divisions.empty() ? 0 : row_height) + row_height / 2;
    }
    [[nodiscard]] double top() const noexcept {
        return strip_top + (divisions.empty() ? 0 : row_height) + (has_world_row ? row_height : 0) +
               8;
    }
    [[nodiscard]] double bottom() const noexcept {
        return top() + gap * static_cast<double>(choice.lanes.size());
    }
    [[nodiscard]] double lane_y(std::size_t lane) const noexcept {
        return top() + gap * (static_cast<double>(lane) + 0.5);
    }
    /// Where an event of a node that has a lane, or of the world, stands.
    [[nodiscard]] point place(const trace_event& e) const noexcept {
        return {x(e.at), e.node == no_node ? world_y() : lane_y(choice.lane(e.node))};
    }

    diagram_choice choice;

private:
    static constexpr double least_width = 700, inset = 18, stub = 24;

    const trace& trace_;
    const trace_window& part_;
    trace_sends sends_;

public:
    time_axis axis;
    double gap;  ///< from lane to lane
    double left, right;
    bool has_world_row = false;
    std::vector<division> divisions;
    std::vector<message_arrow> arrows;

private:
    [[nodiscard]] bool is_in_part(steady_time t) const noexcept {
        return t >= part_.from && t <= part_.until;
    }

    [[nodiscard]] std::vector<steady_time> times() const {
        std::vector<steady_time> times;
        times.reserve(choice.events.size());
        for (const std::size_t i : choice.events) times.push_back(trace_[i].at);
        for (const network_state& s : trace_.network()) {
            if (is_in_part(s.at)) times.push_back(s.at);
        }
        if (times.empty()) times.emplace_back();
        return times;
    }

    /// The median time that a message takes.
    [[nodiscard]] std::chrono::nanoseconds usual_latency() const {
        std::vector<std::chrono::nanoseconds> all;
        for (const std::size_t i : choice.events) {
            const trace_event e = trace_[i];
            const std::size_t send = e.kind == trace_kind::receive ? sends_.find(e.message) : i;
            if (send < i && trace_[send].at < e.at) all.push_back(e.at - trace_[send].at);
        }
        if (all.empty()) return std::chrono::milliseconds(1);
        const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
        std::nth_element(all.begin(), middle, all.end());
        return *middle;
    }

    /// So wide that the events of a lane are not in each other's way, within reason.
    [[nodiscard]] axis_width widths() const {
        const auto lanes = std::max<std::size_t>(1, choice.lanes.size());
        const double needed =
            static_cast<double>(choice.events.size()) / static_cast<double>(lanes) * 14;
        return {.least = std::max(least_width - 2 * inset, std::min(needed, 5000.0)),
                .most = std::clamp(needed * 2, 1200.0, 8000.0)};
    }

    [[nodiscard]] double left_margin() const {
        double widest = 0;
        for (const node_id n : choice.lanes)
            widest = std::max(widest, text_width(clipped(trace_.name(n), 16)) * 1.3);
        return 20 + widest + 14;
    }

    void find_divisions() {
        const auto& states = trace_.network();
        for (std::size_t i = 0; i < states.size(); ++i) {
            const bool is_last = i + 1 == states.size();
            const steady_time until = is_last ? steady_time::max() : states[i + 1].at;
            const bool is_shown = until > part_.from && states[i].at <= part_.until;
            const double from = x(states[i].at), to = is_last ? right : x(until);
            if (!states[i].is_whole() && is_shown && from < to)
                divisions.push_back({&states[i], until, from, to});
        }
    }

    void find_arrows() {
        std::vector<bool> has_end(trace_.size()), is_received(trace_.size());
        for (const std::size_t i : choice.events) {
            const trace_event e = trace_[i];
            if (!is_of_message(e.kind) || e.kind == trace_kind::send) continue;
            const std::size_t send = sends_.find(e.message);
            const bool is_sent = send < i && part_.shows(trace_[send]);
            if (is_sent) has_end[send] = true;
            if (!choice.has_lane(e.peer)) continue;
            if (e.kind == trace_kind::lose) {
                if (is_sent) add_lost(send, i);
            } else if (is_sent) {
                add_received(send, i, is_received[send]);
                is_received[send] = true;
            } else {
                add_unsent(i);
            }
        }
        for (const std::size_t i : choice.events) {
            const trace_event e = trace_[i];
            if (e.kind == trace_kind::send && !has_end[i] && choice.has_lane(e.peer)) add_open(i);
        }
    }

    void add_received(std::size_t send, std::size_t end, bool is_copy) {
        using enum message_arrow::kind;
        const trace_event e = trace_[end];
        arrows.push_back({is_copy ? copy : received, send, end, place(trace_[send]), place(e),
                          e.node == e.peer});
    }

    /// What is lost at once ends beside its sender, what is lost later before its receiver.
    void add_lost(std::size_t send, std::size_t end) {
        const trace_event s = trace_[send], e = trace_[end];
        const point from = place(s);
        const double goal = lane_y(choice.lane(e.peer));
        const bool is_on_its_way = s.at < e.at && e.node != e.peer;
        const point to =
            is_on_its_way ? point{std::max(x(e.at), stub_end(s).x), goal - towards(s) * gap * 0.4}
                          : stub_end(s);
        arrows.push_back({message_arrow::kind::lost, send, end, from, to});
    }

    void add_open(std::size_t send) {
        const trace_event s = trace_[send];
        arrows.push_back({message_arrow::kind::open, send, send, place(s), stub_end(s)});
    }

    void add_unsent(std::size_t end) {
        const trace_event e = trace_[end];
        const point to = place(e);
        const point from{2 * to.x - stub_end(e).x, stub_end(e).y};
        arrows.push_back({message_arrow::kind::unsent, end, end, from, to});
    }

    /// From the lane of an event to that of its peer: down is 1, up is -1.
    [[nodiscard]] double towards(const trace_event& e) const noexcept {
        return choice.lane(e.peer) > choice.lane(e.node) ? 1 : -1;
    }
    /// Between this lane and the next; the further away the peer is, the steeper and longer, so that what was
    /// sent to several peers at once can be told apart.
    [[nodiscard]] point stub_end(const trace_event& e) const noexcept {
        const point p = place(e);
        const double lanes = std::max(1.0, std::abs(lane_y(choice.lane(e.peer)) - p.y) / gap);
        const double part = std::min(0.88, 0.25 + 0.17 * lanes);
        return {p.x + stub * 2 / (1 + lanes), p.y + towards(e) * gap * part};
    }
};

}  // namespace detail

}  // namespace coterie::inline v0::trace
