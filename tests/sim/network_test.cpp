// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/network.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using sim::latency;
using sim::node;
using trace::node_id;

namespace {

steady_time at(std::chrono::nanoseconds d) { return steady_time(d); }

struct arrival {
    node_id from;
    int message;
    steady_time when;

    friend bool operator==(const arrival&, const arrival&) = default;
    friend std::ostream& operator<<(std::ostream& out, const arrival& a) {
        return out << a.from << ": " << a.message << " at " << a.when.time_since_epoch().count();
    }
};

/// Two nodes, the second of which keeps what it gets.
struct pair_of_nodes {
    sim::world world;
    sim::network<int> net{world};
    std::vector<arrival> got;
    node_id a;
    node_id b;

    explicit pair_of_nodes(std::uint64_t seed = test::seed()) : world(seed) {
        a = world.add("a", [](node&) {});
        b = world.add("b", [this](node& self) {
            net.on_message(self,
                           [this](node_id from, int m) { got.push_back({from, m, world.now()}); });
        });
    }
    void send(int m) { net.send(world.at(a), b, m); }
    [[nodiscard]] std::vector<int> messages() const {
        std::vector<int> all;
        for (const arrival& g : got) all.push_back(g.message);
        return all;
    }
};

/// A message with a codec, which accepts even numbers only.
struct even {
    std::uint64_t value;
};

}  // namespace

template <>
struct coterie::codec<even> {
    static void encode(writer& w, const even& e) { w.fixed(e.value); }
    static std::expected<even, decode_error> decode(reader& r) {
        const even e{r.fixed<std::uint64_t>()};
        if (e.value % 2 != 0) r.fail(decode_errc::invalid_value);
        return r.result(e);
    }
};

TEST_CASE("a message takes its link's time") {
    pair_of_nodes nodes;
    nodes.world.links().set_profile({.delay = latency::constant(3ms)});
    nodes.send(7);
    CHECK(nodes.net.in_flight() == 1);
    nodes.world.run_for(1s);
    CHECK(nodes.got == std::vector{arrival{nodes.a, 7, at(3ms)}});
    CHECK(nodes.net.in_flight() == 0);
}

TEST_CASE("a node's message to itself takes no time, whatever the links do") {
    pair_of_nodes nodes;
    nodes.world.links().set_profile({.delay = latency::constant(3ms), .loss = 1});
    nodes.world.partition({{nodes.a}, {nodes.b}});
    nodes.net.send(nodes.world.at(nodes.b), nodes.b, 1);
    nodes.world.run_for(0s);
    CHECK(nodes.messages() == std::vector{1});
}

TEST_CASE("loss and duplication have their probabilities") {
    pair_of_nodes nodes;
    nodes.world.links().set_profile({.loss = 0.2, .duplication = 0.3});
    constexpr int sent = 20'000;
    for (int i = 0; i < sent; ++i) nodes.send(i);
    nodes.world.run_for(1s);
    std::map<int, int> copies;
    for (const arrival& g : nodes.got) ++copies[g.message];
    const auto error = [](double p) { return 5 * std::sqrt(sent * p * (1 - p)); };
    CHECK(static_cast<double>(copies.size()) == Approx(sent * 0.8).margin(error(0.2)));
    const auto twice = std::ranges::count_if(copies, [](const auto& c) { return c.second == 2; });
    CHECK(static_cast<double>(twice) == Approx(sent * 0.24).margin(error(0.24)));
    CHECK(std::ranges::all_of(copies, [](const auto& c) { return c.second <= 2; }));
}

TEST_CASE("messages overtake each other, but not on a link that keeps their order") {
    pair_of_nodes nodes;
    for (const bool in_order : {false, true}) {
        nodes.got.clear();
        nodes.world.links().set_profile(
            {.delay = latency::uniform(0ms, 10ms), .in_order = in_order});
        for (int i = 0; i < 100; ++i) nodes.send(i);
        nodes.world.run_for(1s);
        CHECK(nodes.got.size() == 100);
        CHECK(std::ranges::is_sorted(nodes.messages()) == in_order);
    }
}

TEST_CASE("a link of so many bytes a second sends one message after the other") {
    pair_of_nodes nodes;
    nodes.world.links().set_profile({.delay = latency::constant(1ms), .bytes_per_second = 1000});
    for (int i = 0; i < 3; ++i) nodes.send(i);
    nodes.world.run_for(1s);
    nodes.send(3);
    nodes.world.run_for(1s);
    CHECK(nodes.got == std::vector{arrival{nodes.a, 0, at(2ms)}, arrival{nodes.a, 1, at(3ms)},
                                   arrival{nodes.a, 2, at(4ms)}, arrival{nodes.a, 3, at(1002ms)}});
}

TEST_CASE("a cut loses what is sent and what is on its way, one way only") {
    pair_of_nodes nodes;
    int back = 0;
    nodes.net.on_message(nodes.world.at(nodes.a), [&](node_id, int) { ++back; });
    nodes.world.links().set_profile({.delay = latency::constant(10ms)});
    nodes.send(1);
    nodes.world.run_for(5ms);
    nodes.world.cut(nodes.a, nodes.b);
    nodes.send(2);
    nodes.net.send(nodes.world.at(nodes.b), nodes.a, 3);
    nodes.world.run_for(1s);
    CHECK(nodes.got.empty());
    CHECK(back == 1);
    nodes.world.heal();
    nodes.send(4);
    nodes.world.run_for(1s);
    CHECK(nodes.messages() == std::vector{4});
}

TEST_CASE("what is held comes when it is released") {
    pair_of_nodes nodes;
    nodes.world.links().set_profile({.delay = latency::constant(10ms)});
    nodes.send(1);
    nodes.world.hold(nodes.a, nodes.b);
    nodes.world.run_for(1s);
    nodes.send(2);
    nodes.world.run_for(1s);
    CHECK(nodes.got.empty());
    CHECK(nodes.net.in_flight() == 2);
    nodes.world.release(nodes.a, nodes.b);
    nodes.world.run_for(0s);
    CHECK(nodes.messages() == std::vector{1, 2});
    nodes.world.hold(nodes.a, nodes.b);
    nodes.send(3);
    nodes.world.run_for(1s);
    nodes.world.heal();
    nodes.world.run_for(0s);
    CHECK(nodes.messages() == std::vector{1, 2, 3});
    CHECK(nodes.net.in_flight() == 0);
}

TEST_CASE("what was held on a link that is cut is lost") {
    pair_of_nodes nodes;
    nodes.world.hold(nodes.a, nodes.b);
    nodes.send(1);
    nodes.world.run_for(1s);
    nodes.world.cut(nodes.a, nodes.b);
    nodes.world.heal();
    nodes.world.run_for(1s);
    // The cut came first, but what is held stands before the link: it comes when all is healed.
    CHECK(nodes.messages() == std::vector{1});
}

TEST_CASE("a paused node gets its messages when it goes on; one that is down, never") {
    pair_of_nodes nodes;
    nodes.world.pause(nodes.b);
    nodes.send(1);
    nodes.world.run_for(1s);
    CHECK(nodes.got.empty());
    nodes.world.resume(nodes.b);
    nodes.world.run_for(0s);
    CHECK(nodes.messages() == std::vector{1});
    nodes.world.crash(nodes.b);
    nodes.send(2);
    nodes.world.run_for(1s);
    nodes.world.restart(nodes.b);
    nodes.world.run_for(1s);
    CHECK(nodes.messages() == std::vector{1});
    // What waited for a paused node is lost with it.
    nodes.world.pause(nodes.b);
    nodes.send(3);
    nodes.world.run_for(1s);
    nodes.world.crash(nodes.b);
    nodes.world.restart(nodes.b);
    nodes.world.run_for(1s);
    CHECK(nodes.messages() == std::vector{1});
    // What is on its way when the node comes up again is for the new one: a datagram.
    nodes.world.links().set_profile({.delay = latency::constant(1s)});
    nodes.send(4);
    nodes.world.restart(nodes.b);
    nodes.world.run_for(2s);
    CHECK(nodes.messages() == std::vector{1, 4});
    CHECK(nodes.net.in_flight() == 0);
}

TEST_CASE("what is sent to a node that is not there yet is lost") {
    sim::world world(test::seed());
    sim::network<int> net(world);
    int got = 0;
    const auto hear = [&](node& self) { net.on_message(self, [&](node_id, int) { ++got; }); };
    world.add("a", [&](node& self) {
        hear(self);
        net.send(self, 1, 1);
    });
    world.add("b", hear);
    world.run_for(1s);
    CHECK(got == 0);
    CHECK(net.in_flight() == 0);
    net.send(world.at(0), 1, 2);
    world.run_for(1s);
    CHECK(got == 1);
}

TEST_CASE("what a crashed node sends does not leave it") {
    pair_of_nodes nodes;
    nodes.world.at(nodes.a).after(1s, [&] {
        nodes.send(1);
        nodes.world.crash(nodes.a);
        nodes.send(2);
    });
    nodes.world.run_for(10s);
    nodes.send(3);
    nodes.world.run_for(10s);
    CHECK(nodes.messages() == std::vector{1});
}

TEST_CASE("a handler may be replaced, and may crash its node, while it runs") {
    sim::world world(test::seed());
    sim::network<int> net(world);
    world.links().set_profile({.in_order = true});
    std::vector<std::string> seen;
    const auto b = world.add("b", [&](node& self) {
        net.on_message(self, [&](node_id, int m) {
            seen.push_back("first " + std::to_string(m));
            if (m == 2) world.restart(self.id());
            if (m == 1)
                net.on_message(self, [&](node_id, int n) {
                    seen.push_back("second " + std::to_string(n));
                    if (n == 3) world.restart(self.id());
                });
        });
    });
    const auto a = world.add("a", [](node&) {});
    for (const int m : {1, 3, 2, 4}) {
        net.send(world.at(a), b, m);
        world.run_for(1s);
    }
    CHECK(seen == std::vector<std::string>{"first 1", "second 3", "first 2", "first 4"});
}

TEST_CASE("coroutines receive: at once, later, or not in time") {
    sim::world world(test::seed());
    sim::network<int> net(world);
    world.links().set_profile({.delay = latency::constant(1ms), .in_order = true});
    std::vector<int> seen;
    const auto b = world.add("b", [&](node& self) -> sim::task<> {
        co_await self.sleep(10ms);
        for (;;) {
            const auto got = co_await net.receive(self, 5ms);
            seen.push_back(got ? got->message : -1);
            if (seen.size() == 5) break;
        }
        for (;;) seen.push_back((co_await net.receive(self)).message);
    });
    const auto a = world.add("a", [](node&) {});
    net.send(world.at(a), b, 1);
    net.send(world.at(a), b, 2);
    world.run_for(17ms);
    CHECK(seen == std::vector{1, 2, -1});
    net.send(world.at(a), b, 3);
    world.run_for(9ms);
    CHECK(seen == std::vector{1, 2, -1, 3, -1});
    net.send(world.at(a), b, 4);
    world.run_for(1s);
    CHECK(seen.back() == 4);
    // It waits: a crash takes it away, and the message is for the next one.
    world.crash(b);
    world.run_for(1s);
    world.restart(b);
    seen.clear();
    net.send(world.at(a), b, 5);
    world.run_for(1s);
    CHECK(seen.front() == 5);
}

TEST_CASE("handlers get what waited for them, and a mailbox has an end") {
    sim::world world(test::seed());
    sim::network<int> net(world);
    const auto b = world.add("b", [](node&) {});
    const auto a = world.add("a", [](node&) {});
    constexpr auto limit = static_cast<int>(sim::network<int>::mailbox_limit);
    for (int i = 0; i < limit + 10; ++i) net.send(world.at(a), b, i);
    world.run_for(1s);
    int seen = 0;
    net.on_message(world.at(b), [&](node_id, int) { ++seen; });
    CHECK(seen == limit);
}

TEST_CASE("corruption: one bit of bytes; of coded messages what the decoder lets through") {
    sim::world world(test::seed());
    sim::network<std::string> texts(world, "texts");
    sim::network<even> coded(world, "coded");
    sim::network<double> numbers(world, "numbers");
    std::vector<std::string> got;
    std::vector<std::uint64_t> values;
    int others = 0;
    const auto b = world.add("b", [&](node& self) {
        texts.on_message(self, [&](node_id, const std::string& s) { got.push_back(s); });
        coded.on_message(self, [&](node_id, const even& e) { values.push_back(e.value); });
        numbers.on_message(self, [&](node_id, double) { ++others; });
    });
    const auto a = world.add("a", [](node&) {});
    world.links().set_profile({.corruption = 1});
    constexpr int sent = 2000;
    for (int i = 0; i < sent; ++i) {
        texts.send(world.at(a), b, std::string(4, '\0'));
        coded.send(world.at(a), b, {0});
        numbers.send(world.at(a), b, 1.5);
    }
    world.run_for(1s);
    CHECK(others == 0);
    REQUIRE(got.size() == sent);
    for (const std::string& s : got) {
        int bits = 0;
        for (const char c : s) bits += std::popcount(static_cast<unsigned char>(c));
        REQUIRE(bits == 1);
    }
    for (const std::uint64_t v : values) REQUIRE((std::popcount(v) == 1 && v != 1));
    CHECK(static_cast<double>(values.size()) ==
          Approx(sent * 63.0 / 64).margin(5 * std::sqrt(sent * 63.0 / 64 / 64)));
}

TEST_CASE("networks of one world share its links and not its randomness") {
    const auto arrivals = [](bool with_second) {
        pair_of_nodes nodes(42);
        sim::network<char> second(nodes.world, "second");
        nodes.world.links().set_profile({.loss = 0.3});
        for (int i = 0; i < 100; ++i) {
            nodes.send(i);
            if (with_second) second.send(nodes.world.at(nodes.a), nodes.b, 'x');
        }
        nodes.world.run_for(1s);
        return nodes.got;
    };
    CHECK(arrivals(false) == arrivals(true));
}

TEST_CASE("a run is its seed: the same hash, and another for another") {
    const auto run = [](std::uint64_t seed, bool with_note) {
        pair_of_nodes nodes(seed);
        nodes.world.links().set_profile({.loss = 0.1, .duplication = 0.1});
        for (int i = 0; i < 100; ++i) nodes.send(i);
        nodes.world.run_for(1s);
        if (with_note) nodes.world.at(nodes.a).note("done");
        return nodes.world.hash();
    };
    CHECK(run(1, false) == run(1, false));
    CHECK(run(1, false) != run(2, false));
    CHECK(run(1, false) != run(1, true));
    // The same on every machine, with every compiler and at every level of optimization.
    CHECK(run(1, false) == 0x4E75AE15AACBC2E3U);
}
