// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/trace_text.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/seed.hpp"
#include "trace/hostile_trace.hpp"
#include "trace/story_trace.hpp"
#include "trace/toy_run.hpp"

using namespace coterie;
using namespace std::chrono_literals;
using trace::trace_kind;

namespace {

steady_time at(std::chrono::nanoseconds t) { return steady_time(t); }

trace::trace small_run() {
    trace::trace t;
    t.name_node(0, "n1");
    t.name_node(1, "node2");
    t.record(at(0ms), trace_kind::start, 0, trace::no_node, 0, "");
    t.record(at(1200ms), trace_kind::send, 0, 1, 17, "prepare(3)");
    t.record(at(1204ms), trace_kind::lose, 0, 2, 18, "");
    t.record(at(1250ms), trace_kind::receive, 1, 0, 17, "prepare(3)");
    t.record(at(12'300ms), trace_kind::fault, trace::no_node, trace::no_node, 0, "n1 | node2");
    t.record(at(12'301ms), trace_kind::note, 1, trace::no_node, 0, "elected");
    t.record(at(12'302ms), trace_kind::crash, 1, trace::no_node, 0, "disk full");
    return t;
}

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("A trace reads like a log") {
    CHECK(to_text(small_run()) ==
          "   0.000 s  n1              start\n"
          "   1.200 s  n1    -> node2  #17 prepare(3)\n"
          "   1.204 s  n1    -x n2     #18\n"
          "   1.250 s  node2 <- n1     #17 prepare(3)\n"
          "  12.300 s                  fault: n1 | node2\n"
          "  12.301 s  node2           elected\n"
          "  12.302 s  node2           crash: disk full\n");
    CHECK(to_text(trace::trace()).empty());
}

TEST_CASE("The log of a short run is the one that was read") {
    CHECK(test::is_golden(to_text(test::story_trace()), "trace.log"));
}

TEST_CASE("A part of a trace is as wide as it needs to be") {
    const trace::trace t = small_run();
    CHECK(to_text(t, {.from = at(1200ms), .until = at(1204ms)}) ==
          "  1.200 s  n1    -> node2  #17 prepare(3)\n"
          "  1.204 s  n1    -x n2     #18\n");
    CHECK(to_text(t, {.from = at(12'300ms), .until = at(12'301ms)}) ==
          "  12.300 s         fault: n1 | node2\n"
          "  12.301 s  node2  elected\n");
    CHECK(to_text(t, {.until = at(1250ms), .nodes = {1}}) ==
          "  1.250 s  node2 <- n1     #17 prepare(3)\n");
    CHECK(to_text(t, {.from = at(2s), .nodes = {0}}) == "  12.300 s    fault: n1 | node2\n");
}

TEST_CASE("Times are exact, in as few places as all of them need") {
    trace::trace t;
    t.record(at(1us), trace_kind::note, 0, trace::no_node, 0, "a");
    CHECK(to_text(t) == "  0.000001 s  n0  a\n");
    t.record(at(1001ns), trace_kind::note, 0, trace::no_node, 0, "b");
    CHECK(to_text(t) == "  0.000001000 s  n0  a\n  0.000001001 s  n0  b\n");
}

TEST_CASE("A log says what it lacks") {
    trace::trace t({.keep = 1});
    t.record(at(0s), trace_kind::note, 0, trace::no_node, 0, "a");
    CHECK(to_text(t) == "  0.000 s  n0  a\n");
    t.record(at(1s), trace_kind::note, 0, trace::no_node, 0, "b");
    CHECK(to_text(t) == "  (events before these, not kept: 1)\n  1.000 s  n0  b\n");
}

TEST_CASE("Each event is a line, whatever is in it") {
    const trace::trace hostile = test::hostile_trace();
    CHECK(lines(to_text(hostile)) == hostile.size());
    CHECK(to_text(hostile).find('\x1B') == std::string::npos);
    test::toy_run run(test::seed(), 5);
    run.steps(500);
    CHECK(lines(to_text(run.trace)) == run.trace.size());
}
