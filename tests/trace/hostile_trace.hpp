// SPDX-License-Identifier: BSL-1.0
#pragma once

// A small run with names and texts that try to break what prints them.

#include <chrono>

#include <coterie/trace/trace.hpp>

namespace coterie::test {

inline trace::trace hostile_trace() {
    using trace::trace_kind;
    const auto at = [](int ms) { return steady_time(std::chrono::milliseconds(ms)); };
    trace::trace t;
    t.name_node(0, "a <b> & \"c\"");
    t.name_node(1, "two\nlines \xFF");
    t.name_node(2, "{\"x\":1}");
    t.name_node(3, "{\"x\":1}");
    t.name_node(4, "world");
    for (trace::node_id n = 0; n < 5; ++n)
        t.record(at(0), trace_kind::start, n, trace::no_node, 0, "");
    t.record(at(1), trace_kind::send, 0, 1, 1, "</title><script>alert(1)</script>");
    t.record(at(2), trace_kind::receive, 1, 0, 1, "]]>\r\n{\"b\":2}\n");
    t.record(at(3), trace_kind::note, 2, trace::no_node, 0,
             "\xC3\x28 \x1B[31m \xE2\x80\xA8 --> \\");
    t.record(at(4), trace_kind::note, 3, trace::no_node, 0, "仮名 🙂");
    t.record(at(5), trace_kind::fault, trace::no_node, trace::no_node, 0, "'\"&<>");
    t.record(at(6), trace_kind::send, 4, 3, 2, "");
    t.record(at(7), trace_kind::lose, 4, 3, 2, "\n\n");
    return t;
}

}  // namespace coterie::test
