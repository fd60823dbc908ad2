// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/trace.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"
#include "trace/toy_run.hpp"

using namespace coterie;
using trace::trace_kind;

namespace {

steady_time at(std::int64_t ns) { return steady_time(std::chrono::nanoseconds(ns)); }

/// A trace of a hundred events that never changes.
trace::trace known_trace() {
    trace::trace t;
    t.name_node(0, "alpha");
    t.name_node(1, "beta");
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto node = static_cast<trace::node_id>(i % 2);
        t.record(at(static_cast<std::int64_t>(i * i)),
                 i % 4 < 2 ? trace_kind::send : trace_kind::note, node, 1 - node, i,
                 std::string(i % 20, 'x'));
    }
    return t;
}

}  // namespace

TEST_CASE("A trace gives back what was recorded") {
    trace::trace t;
    CHECK(t.empty());
    CHECK(t.nodes() == 0);
    CHECK(t.begin() == t.end());

    t.name_node(0, "alpha");
    t.record(at(5), trace_kind::send, 0, 2, 17, "prepare(3)");
    t.record(at(6), trace_kind::fault, trace::no_node, trace::no_node, 0, "the network splits");
    t.record(at(7), trace_kind::receive, 2, 0, 17, "");
    t.record(at(7), trace_kind::note, 1, trace::no_node, 0, "idle");

    CHECK(t.size() == 4);
    CHECK(t.dropped() == 0);
    CHECK(t.nodes() == 3);
    CHECK(t.name(0) == "alpha");
    CHECK(t.name(2) == "n2");

    CHECK(t[0].at == at(5));
    CHECK(t[0].kind == trace_kind::send);
    CHECK(t[0].node == 0);
    CHECK(t[0].peer == 2);
    CHECK(t[0].message == 17);
    CHECK(t[0].text == "prepare(3)");
    CHECK(t[1].node == trace::no_node);
    CHECK(t[1].text == "the network splits");
    CHECK(t[2].text.empty());
    CHECK(t[3].text == "idle");

    std::vector<std::string> texts;
    for (const trace::trace_event& e : t) texts.emplace_back(e.text);
    CHECK(texts == std::vector<std::string>{"prepare(3)", "the network splits", "", "idle"});
}

TEST_CASE("Each kind of event has a name of its own") {
    std::vector<std::string> names;
    for (int k = 0; k < 10; ++k) names.emplace_back(describe(static_cast<trace_kind>(k)));
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    CHECK(describe(trace_kind::lose) == std::string("lose"));
    CHECK(describe(static_cast<trace_kind>(10)) == std::string("unknown kind of event"));
}

TEST_CASE("A trace keeps the last events and counts the others") {
    const std::size_t keep = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{1000},
                                      std::size_t{1024}, std::size_t{1025}, std::size_t{5000});
    trace::trace t({.keep = keep});
    for (std::uint64_t i = 0; i < 4100; ++i) {
        t.record(at(static_cast<std::int64_t>(i)), trace_kind::note, 0, trace::no_node, i,
                 std::to_string(i));
        REQUIRE(t.size() == std::min<std::size_t>(i + 1, keep));
        REQUIRE(t.dropped() == i + 1 - t.size());
        REQUIRE(t[0].text == std::to_string(t.dropped()));
        REQUIRE(t[t.size() - 1].text == std::to_string(i));
    }
    std::uint64_t expected = t.dropped();
    for (const trace::trace_event& e : t) {
        REQUIRE(e.message == expected);
        REQUIRE(e.text == std::to_string(expected));
        ++expected;
    }
    CHECK(expected == 4100);
}

TEST_CASE("The memory of a bounded trace does not grow") {
    trace::trace t({.keep = 10'000});
    const auto record = [&t](int how_many) {
        for (int i = 0; i < how_many; ++i)
            t.record(at(i), trace_kind::note, 0, trace::no_node, 0, "twenty bytes of text");
    };
    record(20'000);
    const std::size_t before = t.heap_bytes();
    record(200'000);
    CHECK(t.heap_bytes() <= before);
    CHECK(before < 12 * 1024 * (32 + 2 * 20 + 10));
}

TEST_CASE("An event takes less than a hundred bytes") {
    trace::trace t;
    for (int i = 0; i < 100'000; ++i)
        t.record(at(i), trace_kind::send, 0, 1, 17, "append(term 3, 1234)");
    CHECK(t.heap_bytes() < 100'000 * 60);
    CHECK(t.heap_bytes() >= 100'000 * (32 + 20));
}

TEST_CASE("A trace that keeps nothing still hashes") {
    trace::trace kept, not_kept({.keep = 0});
    for (trace::trace* t : {&kept, &not_kept}) {
        t->record(at(1), trace_kind::start, 0, trace::no_node, 0, "");
        t->record(at(2), trace_kind::note, 0, trace::no_node, 0, "here");
    }
    CHECK(not_kept.empty());
    CHECK(not_kept.dropped() == 2);
    CHECK(not_kept.heap_bytes() < 100);
    CHECK(not_kept.hash() == kept.hash());
}

TEST_CASE("Long texts are cut between characters") {
    trace::trace t({.max_text = 5});
    const auto kept = [&t](std::string_view text) {
        t.record(at(0), trace_kind::note, 0, trace::no_node, 0, text);
        return t[t.size() - 1].text;
    };
    CHECK(kept("12345") == "12345");
    CHECK(kept("123456") == "12345");
    CHECK(kept("1234é") == "1234");
    CHECK(kept("123é") == "123é");
    CHECK(kept("123é5") == "123é");
    CHECK(kept("\x80\x80\x80\x80\x80\x80\x80").empty());
    CHECK(kept("after") == "after");
}

TEST_CASE("The hash of a trace is the same on every machine") {
    CHECK(known_trace().hash() == 7571034379546689950U);
}

TEST_CASE("The hash of a trace is of all that is recorded") {
    struct recorded {
        std::int64_t when = 1;
        trace_kind kind = trace_kind::send;
        trace::node_id node = 1, peer = 2;
        trace::message_number message = 3;
        std::string text = "abcdefgh1";
    };
    const auto hash = [](const recorded& r) {
        trace::trace t;
        t.record(at(r.when), r.kind, r.node, r.peer, r.message, r.text);
        return t.hash();
    };
    const std::vector<recorded> all = {
        {},
        {.when = 2},
        {.when = -1},
        {.kind = trace_kind::lose},
        {.node = 2, .peer = 1},
        {.node = 3},
        {.peer = 3},
        {.message = 1},
        {.text = ""},
        {.text = "abcdefgh"},
        {.text = "abcdefgh2"},
        {.text = "1abcdefgh"},
        {.text = std::string("abcdefgh1\0", 10)},
        {.text = "abcdefgh1abcdefgh1"},
    };
    std::vector<std::uint64_t> hashes{trace::trace().hash()};
    for (const recorded& r : all) hashes.push_back(hash(r));
    trace::trace named, other_name, whole, divided, cut, cut_back;
    named.name_node(1, "a");
    other_name.name_node(1, "b");
    whole.separate(at(1), std::array<std::uint32_t, 2>{0, 0});
    divided.separate(at(1), std::array<std::uint32_t, 2>{0, 1});
    cut.separate(at(1), {}, std::array{trace::blocked_link{0, 1}});
    cut_back.separate(at(1), {}, std::array{trace::blocked_link{1, 0}});
    for (const trace::trace* t : {&named, &other_name, &whole, &divided, &cut, &cut_back})
        hashes.push_back(t->hash());
    std::sort(hashes.begin(), hashes.end());
    CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("The hash of a trace knows the order of events, and runs repeat") {
    const auto of_two = [](std::string_view first, std::string_view second) {
        trace::trace t;
        t.record(at(0), trace_kind::note, 0, trace::no_node, 0, first);
        t.record(at(0), trace_kind::note, 0, trace::no_node, 0, second);
        return t.hash();
    };
    CHECK(of_two("a", "b") != of_two("b", "a"));
    CHECK(of_two("a", "b") != of_two("ab", ""));

    const auto seed = test::seed();
    test::toy_run one(seed, 4), again(seed, 4), other(seed + 1, 4);
    for (test::toy_run* run : {&one, &again, &other}) run->steps(500);
    CHECK(one.trace.hash() == again.trace.hash());
    CHECK(one.trace.hash() != other.trace.hash());
}

TEST_CASE("A trace says how the network was divided") {
    trace::trace t({.keep = 3});
    CHECK(t.network().empty());
    t.separate(at(1), std::array<std::uint32_t, 3>{0, 1, 1});
    t.separate(at(2), std::array<std::uint32_t, 3>{4, 4, 4}, std::array{trace::blocked_link{0, 2}});
    t.separate(at(3), std::array<std::uint32_t, 3>{4, 4, 4});
    REQUIRE(t.network().size() == 3);
    CHECK(t.network()[0].group(0) != t.network()[0].group(1));
    CHECK(t.network()[0].group(1) == t.network()[0].group(2));
    CHECK(t.network()[0].group(3) == t.network()[0].group(0));
    CHECK_FALSE(t.network()[0].is_whole());
    CHECK_FALSE(t.network()[1].is_whole());
    CHECK(t.network()[1].blocked == std::vector<trace::blocked_link>{{0, 2}});
    CHECK(t.network()[2].is_whole());
    t.separate(at(4), {});
    REQUIRE(t.network().size() == 3);
    CHECK(t.network()[0].at == at(2));
    CHECK(t.network()[2].is_whole());
}
