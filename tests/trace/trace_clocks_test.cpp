// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/trace_clocks.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/causality/vector_clock.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"
#include "trace/toy_run.hpp"

using namespace coterie;
using trace::trace_kind;

namespace {

/// Which event can have caused which, by following all paths.
std::vector<std::vector<bool>> reachable(const test::toy_run& run) {
    const std::size_t n = run.trace.size();
    std::vector<std::vector<bool>> before(n, std::vector<bool>(n));  // before[b][a]: a before b
    std::vector<std::vector<std::size_t>> causes(n);
    for (const auto& [a, b] : run.edges) causes[b].push_back(a);
    for (std::size_t b = 0; b < n; ++b) {
        for (const std::size_t a : causes[b]) {
            before[b][a] = true;
            for (std::size_t x = 0; x < n; ++x) {
                if (before[a][x]) before[b][x] = true;
            }
        }
    }
    return before;
}

}  // namespace

TEST_CASE("happened_before is reachability along lanes and messages") {
    const auto seed = test::seed();
    const auto nodes = static_cast<trace::node_id>(GENERATE(1, 2, 3, 5, 9));
    const test::toy_faults faults =
        GENERATE(test::toy_faults{}, test::toy_faults{0, 0, 0}, test::toy_faults{50, 60, 20});
    test::toy_run run(seed, nodes, faults);
    run.steps(400);
    const trace::trace_clocks clocks(run.trace);
    const auto before = reachable(run);
    std::size_t differences = 0;
    for (std::size_t a = 0; a < run.trace.size(); ++a) {
        for (std::size_t b = 0; b < run.trace.size(); ++b) {
            if (clocks.happened_before(a, b) != before[b][a]) ++differences;
            const auto expected = a == b         ? std::partial_ordering::equivalent
                                  : before[b][a] ? std::partial_ordering::less
                                  : before[a][b] ? std::partial_ordering::greater
                                                 : std::partial_ordering::unordered;
            if (clocks.compare(a, b) != expected) ++differences;
        }
    }
    CHECK(differences == 0);
}

TEST_CASE("Counters are those that vector clocks on the nodes would have") {
    test::toy_run run(test::seed(), 4);
    run.steps(1500);
    const trace::trace_clocks clocks(run.trace);
    using clock = causality::vector_clock<trace::node_id>;
    std::vector<clock> of_node(4), of_message(run.trace.size() + 1);
    std::size_t receives = 0;
    for (std::size_t i = 0; i < run.trace.size(); ++i) {
        const trace::trace_event e = run.trace[i];
        if (e.kind == trace_kind::lose) continue;
        if (e.kind == trace_kind::receive) of_node[e.node].merge(of_message[e.message]);
        REQUIRE(of_node[e.node].increment(e.node).has_value());
        if (e.kind == trace_kind::send) of_message[e.message] = of_node[e.node];
        for (trace::node_id n = 0; n < 4; ++n)
            REQUIRE(clocks.counter(i, n) == of_node[e.node].at(n));
        receives += e.kind == trace_kind::receive ? 1 : 0;
    }
    CHECK(receives > 100);
}

TEST_CASE("What the network loses follows its send, and nothing follows it") {
    trace::trace t;
    const steady_time now{};
    t.record(now, trace_kind::send, 0, 1, 1, "");                             // 0
    t.record(now, trace_kind::note, 0, trace::no_node, 0, "");                // 1
    t.record(now, trace_kind::lose, 0, 1, 1, "");                             // 2
    t.record(now, trace_kind::fault, trace::no_node, trace::no_node, 0, "");  // 3
    t.record(now, trace_kind::fault, 1, trace::no_node, 0, "");               // 4
    t.record(now, trace_kind::send, 0, 1, 2, "");                             // 5
    t.record(now, trace_kind::receive, 1, 0, 2, "");                          // 6
    const trace::trace_clocks clocks(t);
    CHECK(clocks.happened_before(0, 2));
    CHECK_FALSE(clocks.happened_before(1, 2));
    CHECK_FALSE(clocks.is_local(2));
    CHECK_FALSE(clocks.is_local(3));
    CHECK(clocks.is_local(4));
    for (std::size_t i = 0; i < t.size(); ++i) {
        CHECK_FALSE(clocks.happened_before(2, i));
        CHECK_FALSE(clocks.happened_before(3, i));
        CHECK_FALSE(clocks.happened_before(i, 3));
    }
    CHECK(clocks.happened_before(4, 6));
    CHECK(clocks.happened_before(0, 6));
    CHECK(clocks.counter(6, 0) == 3);
    CHECK(clocks.counter(6, 1) == 2);
}

TEST_CASE("A receive without its send, and one before its send, are events like others") {
    trace::trace t;
    t.record({}, trace_kind::receive, 1, 0, 7, "");
    t.record({}, trace_kind::receive, 1, 0, 8, "");
    t.record({}, trace_kind::send, 0, 1, 8, "");
    t.record({}, trace_kind::lose, 0, 1, 9, "");
    const trace::trace_clocks clocks(t);
    CHECK(clocks.counter(0, 1) == 1);
    CHECK(clocks.counter(1, 0) == 0);
    CHECK(clocks.compare(1, 2) == std::partial_ordering::unordered);
    CHECK(clocks.counter(2, 1) == 0);
    CHECK(clocks.counter(3, 0) == 0);
}

TEST_CASE("Clocks of a trace that dropped events start anew") {
    test::toy_run run(test::seed(), 3, {}, {.keep = 100});
    run.steps(2000);
    const trace::trace_clocks clocks(run.trace);
    std::vector<std::uint32_t> count(3);
    for (std::size_t i = 0; i < run.trace.size(); ++i) {
        if (!clocks.is_local(i)) continue;
        const trace::node_id n = run.trace[i].node;
        REQUIRE(clocks.counter(i, n) == ++count[n]);
    }
}
