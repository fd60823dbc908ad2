// SPDX-License-Identifier: BSL-1.0
#pragma once

// A run that is short enough to be drawn whole and has everything in it: five nodes elect a leader, a
// partition leaves it alone with one other, the three elect another one.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/trace/trace.hpp>

namespace coterie::test {

/// Events written down in any order, and recorded in the order of their times.
class script {
public:
    using ms = std::chrono::duration<double, std::milli>;

    void event(double when, trace::trace_kind kind, trace::node_id node, std::string_view text = "",
               trace::node_id peer = trace::no_node, trace::message_number message = 0) {
        events_.push_back({time(when), kind, node, peer, message, text});
    }
    void message(double when, double arrives, trace::node_id from, trace::node_id to,
                 std::string_view text) {
        event(when, trace::trace_kind::send, from, text, to, ++messages_);
        event(arrives, trace::trace_kind::receive, to, text, from, messages_);
    }
    void lost(double when, double until, trace::node_id from, trace::node_id to,
              std::string_view text) {
        event(when, trace::trace_kind::send, from, text, to, ++messages_);
        event(until, trace::trace_kind::lose, from, text, to, messages_);
    }
    /// The last message arrives once more.
    void again(double arrives) {
        const trace::trace_event last = events_.back();
        event(arrives, last.kind, last.node, last.text, last.peer, last.message);
    }

    void play(trace::trace& t) {
        std::stable_sort(events_.begin(), events_.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
        for (const trace::trace_event& e : events_)
            t.record(e.at, e.kind, e.node, e.peer, e.message, e.text);
    }

    static steady_time time(double when) {
        return steady_time(std::chrono::round<std::chrono::microseconds>(ms(when)));
    }

private:
    std::vector<trace::trace_event> events_;
    trace::message_number messages_ = 0;
};

inline trace::trace story_trace() {
    using enum trace::trace_kind;
    script s;
    for (trace::node_id n = 0; n < 5; ++n) s.event(0, start, n);
    s.event(12, note, 0, "candidate, term 1");
    s.message(13, 21.5, 0, 1, "vote? 1");
    s.message(13, 24, 0, 2, "vote? 1");
    s.message(13, 26.5, 0, 3, "vote? 1");
    s.message(13, 29, 0, 4, "vote? 1");
    s.again(38);
    s.message(24.5, 32.5, 1, 0, "yes");
    s.message(27, 36, 2, 0, "yes");
    s.event(36, note, 0, "leader of term 1");
    s.event(50, fault, trace::no_node, "partition n1 n2 | n3 n4 n5");
    s.message(52, 60, 0, 1, "x = 1");
    for (trace::node_id n = 2; n < 5; ++n) s.lost(52, 52, 0, n, "x = 1");
    s.message(62, 70, 1, 0, "ok");
    s.event(95, pause, 1, "collects garbage");
    s.event(120, resume, 1);
    s.event(300, note, 3, "candidate, term 2");
    s.message(301, 309, 3, 2, "vote? 2");
    s.message(301, 310, 3, 4, "vote? 2");
    s.lost(301, 301, 3, 0, "vote? 2");
    s.message(312, 320, 2, 3, "yes");
    s.message(313, 322, 4, 3, "yes");
    s.event(323, note, 3, "leader of term 2");
    s.message(328, 336, 3, 2, "x = 2");
    s.lost(328, 338, 3, 4, "x = 2");
    s.event(330, crash, 4);
    s.event(345, fault, 1, "clock jumps by 2 s");
    s.event(360, fault, trace::no_node, "heal, but for n2 to n4");
    s.event(366, restart, 4);
    s.message(370, 379, 3, 0, "x = 2");
    s.message(370, 382, 3, 1, "x = 2");
    s.message(370, 378, 3, 4, "x = 2");
    s.event(381, note, 0, "steps down");
    trace::trace t;
    for (trace::node_id n = 0; n < 5; ++n)
        t.name_node(n, std::string("n").append(std::to_string(n + 1)));
    s.play(t);
    t.separate(script::time(50), std::array<std::uint32_t, 5>{0, 0, 1, 1, 1});
    t.separate(script::time(360), {}, std::array{trace::blocked_link{1, 3}});
    t.separate(script::time(375), {});
    return t;
}

}  // namespace coterie::test
