// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/host.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/protocol.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/world.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using sim::node;
using trace::node_id;

namespace {

/// What may be said of a number: a promise that only greater ones will be made.
struct promise_message {
    std::uint64_t number;
    bool is_answer;
};

/// Promises never to go back: it must have a number on disk before it answers with it.
struct promiser {
    using address = node_id;
    using message = promise_message;
    using error = std::string;
    using output = protocol_output<address, message, std::uint64_t, std::uint64_t>;

    std::uint64_t promised = 0;
    persist_token token = 0;
    persist_token known_durable = 0;
    bool asks = false;
    std::uint64_t asked = 0;
    std::optional<steady_time> due = std::nullopt;
    int calls = 0;

    void start(steady_time now, output&) {
        if (asks) due = now + 5ms;
    }
    std::expected<void, error> receive(address from, const message& m, steady_time, output& out) {
        ++calls;
        if (m.is_answer) {
            out.events.push_back(m.number);
            return {};
        }
        if (m.number <= promised) return std::unexpected("old");
        promised = m.number;
        out.records.push_back({++token, promised});
        out.messages.push_back({from, {promised, true}});
        return {};
    }
    void tick(steady_time now, output& out) {
        if (!due || now < *due) return;
        due = now + 5ms;
        out.messages.push_back({0, {++asked, false}});
    }
    void persisted(persist_token t, steady_time, output&) { known_durable = t; }
    [[nodiscard]] std::optional<steady_time> next_deadline() const { return due; }
};

/// Nothing to persist, no deadline: says back what it hears.
struct echo {
    using address = node_id;
    using message = int;
    using error = int;
    using output = protocol_output<address, int, int>;

    int heard = 0;

    void start(steady_time, output& out) { out.events.push_back(-1); }
    std::expected<void, error> receive(address from, int m, steady_time, output& out) {
        heard += m;
        if (m > 0) out.messages.push_back({from, m - 1});
        out.events.push_back(m);
        return {};
    }
    void tick(steady_time, output&) {}
    [[nodiscard]] static std::optional<steady_time> next_deadline() { return {}; }
};

static_assert(persistent_protocol<promiser>);
static_assert(protocol<echo> && !persistent_protocol<echo>);

}  // namespace

TEST_CASE("a promise that was heard is on disk, whatever crashes") {
    std::size_t restarts = 0;
    for (std::uint64_t round = 0; round < 200; ++round) {
        sim::world world(test::seed() + round);
        sim::network<promise_message> net(world);
        world.links().set_profile({.loss = 0.05, .duplication = 0.1});
        std::vector<sim::journal<std::uint64_t>> logs(2);
        using host = sim::host<promiser>;
        const auto make = [](bool asks) {
            return [asks](node&, std::span<const std::uint64_t> found) {
                return promiser{.promised = found.empty() ? 0 : found.back(), .asks = asks};
            };
        };
        auto serving = make(false);
        auto asking = make(true);
        const auto server = world.add<host>("server", net, logs[0], serving);
        world.at(server).disk().set_profile({.sync = sim::latency::uniform(0ms, 3ms)});
        const auto client = world.add<host>("client", net, logs[1], asking);
        std::uint64_t heard = 0;
        world.program<host>(client)->on_event([&](std::uint64_t n) { heard = std::max(heard, n); });
        rng random = world.random("test");
        for (int i = 0; i < 50; ++i) {
            world.run_for(std::chrono::microseconds(uniform_below(random, 20'000)));
            // Synced before the answer left.
            const auto durable = logs[0].records().first(logs[0].synced());
            REQUIRE((heard == 0 || (!durable.empty() && durable.back() >= heard)));
            const promiser& p = world.program<host>(server)->protocol();
            REQUIRE(p.known_durable <= p.token);
            if (bernoulli(random, 0.3)) {
                world.restart(server);
                ++restarts;
                REQUIRE(world.program<host>(server)->protocol().promised >= heard);
            }
        }
        REQUIRE(heard > 20);
    }
    CHECK(restarts > 1000);
}

TEST_CASE("nothing is given to a protocol while it waits for the disk") {
    sim::world world(test::seed());
    sim::network<promise_message> net(world);
    world.links().set_profile({.delay = sim::latency::constant(1ms)});
    sim::journal<std::uint64_t> log;
    auto make = [](node&, std::span<const std::uint64_t>) { return promiser{}; };
    const auto server = world.add<sim::host<promiser>>("server", net, log, make);
    world.at(server).disk().set_profile({.sync = sim::latency::constant(10ms)});
    const auto client = world.add("client", [](node&) {});
    for (const std::uint64_t n : {1U, 2U, 3U}) net.send(world.at(client), server, {n, false});
    const promiser& p = world.program<sim::host<promiser>>(server)->protocol();
    world.run_for(5ms);
    CHECK(p.calls == 1);
    CHECK(log.records().size() == 1);
    CHECK(log.synced() == 0);
    world.run_for(7ms);
    CHECK(p.calls == 2);
    CHECK(p.known_durable == 1);
    world.run_for(1s);
    CHECK(p.calls == 3);
    CHECK(p.known_durable == 3);
    CHECK(log.synced() == 3);
}

TEST_CASE("a sync that fails crashes the node, and nothing beside it is sent") {
    sim::world world(test::seed());
    sim::network<promise_message> net(world);
    sim::journal<std::uint64_t> log;
    auto make = [](node&, std::span<const std::uint64_t>) { return promiser{}; };
    const auto server = world.add<sim::host<promiser>>("server", net, log, make);
    world.at(server).disk().set_profile({.failure = 1, .survival = 0});
    int answers = 0;
    const auto client = world.add("client", [&](node& self) {
        net.on_message(self, [&](node_id, const promise_message&) { ++answers; });
    });
    net.send(world.at(client), server, {1, false});
    world.run_for(1s);
    CHECK(world.at(server).state() == sim::node_state::down);
    CHECK(answers == 0);
    world.at(server).disk().set_profile({.survival = 0});
    world.restart(server);
    CHECK(log.records().empty());
    net.send(world.at(client), server, {1, false});
    world.run_for(1s);
    CHECK(answers == 1);
}

TEST_CASE("a protocol without a disk: messages, events, calls from outside") {
    sim::world world(test::seed());
    sim::network<int> net(world);
    auto make = [](node&) { return echo{}; };
    using host = sim::host<echo>;
    const auto a = world.add<host>("a", net, make);
    const auto b = world.add<host>("b", net, make);
    std::vector<int> events;
    world.program<host>(b)->on_event([&](int e) { events.push_back(e); });
    world.on<host>(a, [&](host& h) {
        h.call([b](echo&, steady_time, echo::output& out) { out.messages.push_back({b, 4}); });
    });
    world.run_for(1s);
    CHECK(events == std::vector{4, 2, 0});
    CHECK(world.program<host>(a)->protocol().heard == 4);
}

TEST_CASE("a journal keeps what is synced, and of the rest a beginning") {
    rng random(test::seed(), "journal");
    bool some = false;
    for (int round = 0; round < 200; ++round) {
        sim::journal<int> log;
        log.append(1);
        log.sync();
        log.append(2);
        log.append(3);
        log.crash(random, 0.5);
        const auto left = log.records();
        REQUIRE(log.synced() == left.size());
        const std::vector<int> all{1, 2, 3};
        REQUIRE(!left.empty());
        REQUIRE(std::ranges::equal(left, std::span(all).first(left.size())));
        some |= left.size() == 2;
        log.crash(random, 0);
        REQUIRE(log.records().size() == left.size());
    }
    CHECK(some);
}
