// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/space_time_diagram.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/seed.hpp"
#include "trace/hostile_trace.hpp"
#include "trace/story_trace.hpp"
#include "trace/toy_run.hpp"

using namespace coterie;
using namespace std::chrono_literals;
using trace::trace_kind;
using kind = trace::detail::message_arrow::kind;

namespace {

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
}

/// The texts of an SVG file, by the element that they are in; fails where the file is not well formed.
std::multimap<std::string, std::string> read_xml(const std::string& xml) {
    static const std::regex open(
        "^<([a-z]+)((?: [a-zA-Z:-]+=\"[^\"<&]*(?:&(?:amp|lt|gt|quot);[^\"<&]*)*\")*)(/?)>");
    static const std::regex text("^[^<&]*(?:&(?:amp|lt|gt|quot);[^<&]*)*");
    std::multimap<std::string, std::string> texts;
    std::vector<std::string> inside;
    std::size_t at = 0;
    while (at < xml.size()) {
        std::smatch m;
        const auto rest = xml.begin() + static_cast<std::ptrdiff_t>(at);
        if (xml.compare(at, 2, "</") == 0) {
            const std::size_t end = xml.find('>', at);
            REQUIRE_FALSE(inside.empty());
            REQUIRE(xml.substr(at + 2, end - at - 2) == inside.back());
            inside.pop_back();
            at = end + 1;
        } else if (xml[at] == '<') {
            const bool is_element = std::regex_search(rest, xml.end(), m, open);
            REQUIRE(is_element);
            if (m[3].length() == 0) inside.push_back(m[1]);
            at += static_cast<std::size_t>(m.length());
        } else {
            std::regex_search(rest, xml.end(), m, text);
            REQUIRE(m.length() > 0);
            if (!inside.empty()) texts.emplace(inside.back(), m.str());
            at += static_cast<std::size_t>(m.length());
            if (inside.empty()) REQUIRE(m.str() == "\n");
        }
    }
    REQUIRE(inside.empty());
    return texts;
}

bool has_text(const std::multimap<std::string, std::string>& texts, const std::string& element,
              std::string_view part) {
    const auto [first, last] = texts.equal_range(element);
    return std::any_of(first, last,
                       [part](const auto& t) { return t.second.find(part) != t.second.npos; });
}

/// The rectangles of all labels that are not on a line of their own.
std::vector<trace::detail::box> label_boxes(const std::string& svg) {
    static const std::regex label(
        "<text class=\"l [a-z]+\" x=\"([0-9.-]+)\" y=\"([0-9.-]+)\">([^<]*)</text>");
    std::vector<trace::detail::box> boxes;
    for (std::sregex_iterator i(svg.begin(), svg.end(), label), none; i != none; ++i) {
        const double x = std::stod((*i)[1]), y = std::stod((*i)[2]);
        boxes.push_back({x, y - 10, x + trace::detail::text_width((*i)[3].str()), y + 3});
    }
    return boxes;
}

std::map<kind, std::size_t> arrows_by_kind(const trace::detail::diagram_layout& layout) {
    std::map<kind, std::size_t> n;
    for (const auto& a : layout.arrows) ++n[a.what];
    return n;
}

}  // namespace

TEST_CASE("The diagram of a short run is the one that was looked at") {
    CHECK(test::is_golden(to_svg(test::story_trace(), {.title = "Two leaders, of different terms"}),
                          "space_time_diagram.svg"));
}

TEST_CASE("A diagram shows what there is") {
    const auto texts = read_xml(to_svg(test::story_trace()));
    CHECK(has_text(texts, "text", "5 nodes, 60 events"));
    for (const char* label :
         {"n1", "candidate, term 1", "leader of term 2", "pause: collects garbage", "crash",
          "restart", "clock jumps by 2 s", "n1 n2 | n3 n4 n5", "not n2 → n4", "steps down", "ok",
          "60 ms", "+180 ms", "second copy", "partition"})
        CHECK(has_text(texts, "text", label));
    for (const char* title :
         {"n1 n2 | n3 n4 n5\nfrom 0.050 s until 0.360 s",
          "n1 → n2  #1 vote? 1\nsent at 0.013 s, received at 0.021500 s after 8.5 ms",
          "n1 → n5  #4 vote? 1\nsent at 0.013 s, once more received at 0.038 s after 25 ms",
          "n4 → n5  #18 x = 2\nsent at 0.328 s, lost at 0.338 s",
          "0.381 s  n1 steps down\nclock n1:16 n2:5 n3:5 n4:12 n5:5",
          "0.360 s  fault: heal, but for n2 to n4"})
        CHECK(has_text(texts, "title", title));
    CHECK_FALSE(has_text(texts, "text", "not seen to its end"));
    CHECK(has_text(read_xml(to_svg(trace::trace())), "text", "0 nodes, 0 events"));
}

TEST_CASE("Hostile names and texts stay texts") {
    const std::string svg = to_svg(test::hostile_trace(), {.title = "<b>&\"\n\xFF"});
    const auto texts = read_xml(svg);
    CHECK(has_text(texts, "text", "&lt;b&gt;&amp;&quot;\\n\xEF\xBF\xBD"));
    CHECK(has_text(texts, "title", "a &lt;b&gt; &amp; &quot;c&quot;"));
    CHECK(has_text(texts, "title", "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    CHECK(svg.find("<script") == svg.npos);
    CHECK(svg.find('\x1B') == svg.npos);
}

TEST_CASE("Each message has its arrow, and arrows never go back in time") {
    const auto nodes = static_cast<trace::node_id>(GENERATE(1, 3, 12));
    test::toy_run run(test::seed(), nodes, {20, 20, 5});
    run.steps(400);
    const trace::detail::diagram_layout layout(run.trace, {.max_events = 100'000});

    std::map<kind, std::size_t> expected;
    std::set<trace::message_number> received, ended;
    std::size_t sends = 0;
    for (const trace::trace_event& e : run.trace) {
        if (e.kind == trace_kind::receive)
            ++expected[received.insert(e.message).second ? kind::received : kind::copy];
        if (e.kind == trace_kind::lose) ++expected[kind::lost];
        if (e.kind == trace_kind::send) ++sends;
        if (e.kind == trace_kind::receive || e.kind == trace_kind::lose) ended.insert(e.message);
    }
    if (sends > ended.size()) expected[kind::open] = sends - ended.size();
    CHECK(arrows_by_kind(layout) == expected);

    for (const auto& a : layout.arrows) {
        REQUIRE(a.from.x <= a.to.x);
        REQUIRE(a.from.x >= layout.left);
        REQUIRE(a.to.y > layout.top() - layout.gap);
        REQUIRE(a.to.y < layout.bottom());
        if (a.is(kind::received)) {
            const trace::trace_event s = run.trace[a.send], e = run.trace[a.end];
            REQUIRE(s.message == e.message);
            REQUIRE(a.from.x == layout.x(s.at));
            REQUIRE(a.to.x == layout.x(e.at));
            REQUIRE(a.from.y == layout.lane_y(s.node));
            REQUIRE(a.to.y == layout.lane_y(e.node));
        }
    }
    read_xml(to_svg(run.trace, {.max_events = 100'000}));
}

TEST_CASE("Labels do not overlap") {
    const auto nodes = static_cast<trace::node_id>(GENERATE(2, 5, 12));
    test::toy_run run(test::seed(), nodes, {10, 5, 3});
    run.steps(GENERATE(20U, 150U, 600U));
    const auto boxes = label_boxes(to_svg(run.trace));
    CHECK(boxes.size() > 3);
    std::size_t overlaps = 0;
    for (std::size_t a = 0; a < boxes.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            trace::detail::box smaller = boxes[a];  // by what rounding to tenths may have moved it
            smaller.left += 0.2;
            smaller.right -= 0.2;
            smaller.top += 0.2;
            smaller.bottom -= 0.2;
            overlaps += smaller.meets(boxes[b]) ? 1U : 0U;
        }
    }
    CHECK(overlaps == 0);
}

TEST_CASE("Too many events are thinned out, and the diagram says so") {
    test::toy_run run(test::seed(), 5, {10, 10, 1});
    run.steps(5000);
    const std::size_t states = static_cast<std::size_t>(
        std::count_if(run.trace.begin(), run.trace.end(), [](const trace::trace_event& e) {
            return e.kind == trace_kind::crash || e.kind == trace_kind::restart;
        }));
    const trace::detail::diagram_choice choice(run.trace, {}, 1000);
    CHECK(choice.in_part == run.trace.size());
    CHECK(choice.stride > 3);
    CHECK(choice.events.size() < 1400);
    CHECK(choice.events.size() > 500);

    std::size_t drawn_states = 0;
    std::map<trace::message_number, std::size_t> drawn, all;
    for (const std::size_t i : choice.events) {
        const trace::trace_event e = run.trace[i];
        if (is_of_message(e.kind)) ++drawn[e.message];
        if (e.kind == trace_kind::crash || e.kind == trace_kind::restart) ++drawn_states;
    }
    for (const trace::trace_event& e : run.trace) {
        if (is_of_message(e.kind)) ++all[e.message];
    }
    CHECK(drawn_states == states);
    for (const auto& [message, events] : drawn)
        REQUIRE(all[message] == events);  // all of a message, or none

    const std::string svg = to_svg(run.trace, {.max_events = 1000});
    CHECK(svg.find("; drawn: about one message and note of " + std::to_string(choice.stride)) !=
          svg.npos);
    CHECK(svg.size() < 1'000'000);
    CHECK(to_svg(run.trace, {.max_events = 100'000}).find("; drawn") == svg.npos);
    read_xml(to_svg(run.trace, {.max_events = 0}));
}

TEST_CASE("A part of a trace has arrows that come from before it and go beyond it") {
    trace::trace t;
    const auto at = [](int s) { return steady_time(std::chrono::seconds(s)); };
    t.record(at(1), trace_kind::send, 0, 1, 1, "early");
    t.record(at(2), trace_kind::send, 0, 1, 2, "inside");
    t.record(at(3), trace_kind::receive, 1, 0, 1, "early");
    t.record(at(4), trace_kind::receive, 1, 0, 2, "inside");
    t.record(at(4), trace_kind::lose, 0, 1, 7, "unknown");
    t.record(at(5), trace_kind::send, 1, 2, 3, "late");
    t.record(at(6), trace_kind::receive, 2, 1, 3, "late");
    const auto kinds = [&t](const trace::trace_window& part) {
        return arrows_by_kind(trace::detail::diagram_layout(t, {.part = part}));
    };
    CHECK(kinds({}) == std::map<kind, std::size_t>{{kind::received, 3}});
    CHECK(kinds({.from = at(2), .until = at(5)}) ==
          std::map<kind, std::size_t>{{kind::received, 1}, {kind::unsent, 1}, {kind::open, 1}});
    CHECK(kinds({.nodes = {0, 1}}) == std::map<kind, std::size_t>{{kind::received, 2}});
    CHECK(kinds({.nodes = {2}}).empty());
    const auto texts = read_xml(to_svg(t, {.part = {.from = at(2), .until = at(5)}}));
    CHECK(has_text(texts, "title", "n0 → n1  #1 early\nreceived at 3.000 s, sent before"));
    CHECK(
        has_text(texts, "title", "n1 → n2  #3 late\nsent at 5.000 s, still under way at the end"));
}

TEST_CASE("Lanes show what a node is doing") {
    trace::trace t;
    const auto at = [](int s) { return steady_time(std::chrono::seconds(s)); };
    const auto drawn = [&t](const trace::trace_window& part = {}) {
        const std::string svg = to_svg(t, {.part = part});
        return std::array{count(svg, "class=\"lane\""), count(svg, "class=\"down\""),
                          count(svg, "class=\"pause\"")};
    };
    t.record(at(0), trace_kind::start, 0, trace::no_node, 0, "");
    t.record(at(1), trace_kind::note, 0, trace::no_node, 0, "");
    CHECK(drawn() == std::array<std::size_t, 3>{1, 0, 0});
    t.record(at(2), trace_kind::crash, 0, trace::no_node, 0, "");
    t.record(at(3), trace_kind::restart, 0, trace::no_node, 0, "");
    CHECK(drawn() == std::array<std::size_t, 3>{2, 1, 0});
    CHECK(drawn({.from = at(3)}) == std::array<std::size_t, 3>{1, 0 + 1, 0});
    t.record(at(4), trace_kind::pause, 0, trace::no_node, 0, "");
    t.record(at(5), trace_kind::resume, 0, trace::no_node, 0, "");
    // The bar of a pause is behind the lane, once more in the legend.
    CHECK(drawn() == std::array<std::size_t, 3>{4 + 1, 1, 1 + 1});
    CHECK(drawn({.until = at(2)}) == std::array<std::size_t, 3>{1, 1, 0});
}

TEST_CASE("Partitions are shaded in the part that is shown, with a wall between groups") {
    trace::trace t;
    const auto at = [](int s) { return steady_time(std::chrono::seconds(s)); };
    for (int i = 0; i < 10; ++i)
        t.record(at(i), trace_kind::note, static_cast<trace::node_id>(i % 4), trace::no_node, 0,
                 "");
    const auto counts = [&t](const trace::trace_window& part = {}) {
        const std::string svg = to_svg(t, {.part = part});
        // One wall is in the legend.
        return std::array{count(svg, "class=\"bar\""), count(svg, "class=\"wall\""),
                          count(svg, "class=\"half\""), count(svg, "class=\"g0\""),
                          count(svg, "class=\"g1\"")};
    };
    using numbers = std::array<std::size_t, 5>;
    CHECK(counts() == numbers{0, 0, 0, 0, 0});
    t.separate(at(2), std::array<std::uint32_t, 4>{0, 7, 0, 0});
    t.separate(at(4), std::array<std::uint32_t, 4>{1, 1, 1, 1});
    CHECK(counts() == numbers{1, 1 + 2, 0, 2, 1});
    t.separate(at(6), {}, std::array{trace::blocked_link{3, 1}});
    CHECK(counts() == numbers{2, 1 + 2, 2, 2, 1});
    CHECK(counts({.until = at(1)}) == numbers{0, 0, 0, 0, 0});
    CHECK(counts({.from = at(3), .until = at(5)}) == numbers{1, 1 + 2, 0, 2, 1});
    CHECK(counts({.from = at(4), .until = at(5)}) == numbers{0, 0, 0, 0, 0});
    CHECK(counts({.from = at(7)}) == numbers{1, 1, 2, 0, 0});
    CHECK(counts({.nodes = {0, 1, 2}}) == numbers{2, 1 + 2, 0, 2, 1});
}
