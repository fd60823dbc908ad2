// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/shiviz.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/seed.hpp"
#include "trace/hostile_trace.hpp"
#include "trace/story_trace.hpp"
#include "trace/toy_run.hpp"

using namespace coterie;
using trace::trace_kind;

namespace {

/// One event, as ShiViz reads it.
struct entry {
    std::string host, text;
    std::map<std::string, std::uint64_t> clock;
};

/// Reads a log by ShiViz's regular expression, and holds it to ShiViz's rules: a host's own counter goes 1, 2,
/// 3, and no clock is ahead of a host.
std::vector<entry> read(const std::string& log) {
    const std::regex pattern("(\\S*) (\\{.*\\})\n(.*)\n");
    std::vector<entry> entries;
    std::map<std::string, std::uint64_t> last;
    std::size_t end = 0;
    for (std::sregex_iterator i(log.begin(), log.end(), pattern), none; i != none; ++i) {
        REQUIRE(static_cast<std::size_t>(i->position()) == end);
        end += static_cast<std::size_t>(i->length());
        entry e{(*i)[1], (*i)[3], nlohmann::json::parse((*i)[2].str())};
        REQUIRE_FALSE(e.host.empty());
        REQUIRE(e.clock.at(e.host) == ++last[e.host]);
        for (const auto& [host, count] : e.clock) REQUIRE(count <= last[host]);
        entries.push_back(e);
    }
    REQUIRE(end == log.size());
    return entries;
}

}  // namespace

TEST_CASE("A small run for ShiViz") {
    trace::trace t;
    t.name_node(0, "n1");
    t.name_node(1, "n2");
    t.record({}, trace_kind::start, 0, trace::no_node, 0, "");
    t.record({}, trace_kind::send, 0, 1, 1, "ping");
    t.record({}, trace_kind::send, 0, 1, 2, "pong");
    t.record({}, trace_kind::receive, 1, 0, 1, "ping");
    t.record({}, trace_kind::lose, 0, 1, 1, "ping");
    t.record({}, trace_kind::lose, 0, 1, 2, "pong");
    t.record({}, trace_kind::fault, trace::no_node, trace::no_node, 0, "split");
    t.record({}, trace_kind::fault, trace::no_node, trace::no_node, 0, "heal");
    CHECK(to_shiviz(t) ==
          "n1 {\"n1\":1}\n0.000 s start\n"
          "n1 {\"n1\":2}\n0.000 s to n2 #1 ping (a copy is lost)\n"
          "n1 {\"n1\":3}\n0.000 s to n2 #2 pong (lost)\n"
          "n2 {\"n2\":1, \"n1\":2}\n0.000 s from n1 #1 ping\n"
          "world {\"world\":1}\n0.000 s fault: split\n"
          "world {\"world\":2}\n0.000 s fault: heal\n");
}

TEST_CASE("The log of a short run for ShiViz is the one that was read") {
    CHECK(test::is_golden(to_shiviz(test::story_trace()), "trace.shiviz.log"));
}

TEST_CASE("ShiViz sees the causal order that the trace has") {
    test::toy_run run(test::seed(), 4);
    run.steps(300);
    const auto entries = read(to_shiviz(run.trace));
    const trace::trace_clocks clocks(run.trace);
    std::vector<std::size_t> event_of;  // by entry
    for (std::size_t i = 0; i < run.trace.size(); ++i) {
        if (clocks.is_local(i)) event_of.push_back(i);
    }
    REQUIRE(entries.size() == event_of.size());
    std::size_t differences = 0;
    for (std::size_t a = 0; a < entries.size(); ++a) {
        for (std::size_t b = 0; b < entries.size(); ++b) {
            const auto seen = entries[b].clock.find(entries[a].host);
            const bool before = a != b && seen != entries[b].clock.end() &&
                                seen->second >= entries[a].clock.at(entries[a].host);
            if (before != clocks.happened_before(event_of[a], event_of[b])) ++differences;
        }
    }
    CHECK(differences == 0);
}

TEST_CASE("Hostile names and texts stay in their places") {
    const trace::trace t = test::hostile_trace();
    const auto entries = read(to_shiviz(t));
    CHECK(entries.size() == t.size() - 1);  // all but the lost one
    std::set<std::string> hosts;
    for (const entry& e : entries) hosts.insert(e.host);
    CHECK(hosts == std::set<std::string>{"a_<b>_&_\"c\"", "two\\nlines_\xEF\xBF\xBD", "{\"x\":1}",
                                         "{\"x\":1}.3", "world", "world.5"});
    CHECK(entries[5].text ==
          "0.001 s to two\\nlines_\xEF\xBF\xBD #1 </title><script>alert(1)</script>");
}

TEST_CASE("White space of any kind leaves the name of a host") {
    trace::trace t;
    t.name_node(0,
                "a b\xC2\xA0"
                "c\xE3\x80\x80"
                "d\te\xE1\x9A\x80"
                "f\xE2\x80\x83g\xE2\x80\xAFh\xE2\x81\x9Fi");
    t.record({}, trace_kind::start, 0, trace::no_node, 0, "");
    CHECK(to_shiviz(t) == "a_b_c_d\\te_f_g_h_i {\"a_b_c_d\\\\te_f_g_h_i\":1}\n0.000 s start\n");
}
