// SPDX-License-Identifier: BSL-1.0

// What an event of a simulated world costs: five nodes that send to each other without end. The floor is
// a push and a pop of a std::priority_queue that holds as many events.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "support/measure.hpp"

namespace {

namespace sim = coterie::sim;
namespace trace = coterie::trace;
using namespace std::chrono_literals;

constexpr std::size_t in_flight = 5;

struct scheduled {
    std::int64_t at;
    std::uint64_t sequence;
    std::uint64_t what[2];

    friend bool operator<(const scheduled& a, const scheduled& b) {
        return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
};

/// A small message.
struct ball {
    std::uint64_t hops;
    std::uint64_t payload;
};

/// Throws every ball on to the next node.
class player {
public:
    player(sim::node& self, sim::network<ball>& net) : self_(self), net_(net) {
        net.on_message(self, [this](trace::node_id, const ball& b) {
            net_.send(self_, (self_.id() + 1) % self_.world().node_count(),
                      {b.hops + 1, b.payload});
        });
    }
    player(const player&) = delete;
    player& operator=(const player&) = delete;

private:
    sim::node& self_;
    sim::network<ball>& net_;
};

/// A world of five players, with a ball for each.
struct court {
    sim::world world{1};
    sim::network<ball> net{world};

    explicit court(const sim::link_profile& links = {}) {
        world.links().set_profile(links);
        for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) world.add<player>(name, net);
        for (trace::node_id n = 0; n < in_flight; ++n) net.send(world.at(n), (n + 1) % 5, {0, n});
    }
};

void count_events(benchmark::State& state) {
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void run(benchmark::State& state, court& c) {
    for (auto _ : state) c.world.step();
    count_events(state);
}

/// Calls with a time-out, one after the other, in coroutines.
sim::task<> caller(sim::node& self, sim::network<ball>& net) {
    for (std::uint64_t i = 0;; ++i) {
        net.send(self, 0, {i, i});
        benchmark::DoNotOptimize(co_await net.receive(self, 100ms));
    }
}

/// A number that all five nodes keep, and each asks a majority to keep: twenty times a second.
struct offer {
    std::uint64_t number;
    bool is_answer;
};

class keeper {
public:
    keeper(sim::node& self, sim::network<offer>& net, std::uint64_t& done)
        : self_(self), net_(net), done_(done) {
        net.on_message(self, [this](trace::node_id from, const offer& o) { take(from, o); });
        self.after(50ms, [this] { ask(); });
    }
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;

private:
    void ask() {
        ++number_;
        answers_ = 0;
        for (trace::node_id to = 0; to < 5; ++to) net_.send(self_, to, {number_, false});
        self_.after(50ms, [this] { ask(); });
    }
    void take(trace::node_id from, const offer& o) {
        if (!o.is_answer) return net_.send(self_, from, {o.number, true});
        if (o.number == number_ && ++answers_ == 3) ++done_;
    }

    sim::node& self_;
    sim::network<offer>& net_;
    std::uint64_t& done_;
    std::uint64_t number_ = 0;
    int answers_ = 0;
};

/// Five nodes, a hundred operations a second for a minute, with losses and a partition.
std::uint64_t run_minute(std::uint64_t seed) {
    sim::world world(seed);
    sim::network<offer> net(world);
    std::uint64_t done = 0;
    world.links().set_profile({.loss = 0.01, .duplication = 0.01});
    for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) world.add<keeper>(name, net, done);
    world.at(coterie::steady_time(20s), [&] { world.partition({{0, 1}}); });
    world.at(coterie::steady_time(40s), [&] { world.heal(); });
    world.run_for(60s);
    return done;
}

[[maybe_unused]] const bool registered = [] {
    bench::keep_memory();
    bench::measure("priority_queue_push_pop", {}, [](benchmark::State& state) {
        std::priority_queue<scheduled> queue;
        coterie::rng random(1);
        const auto later = [&](std::int64_t at) {
            return at + static_cast<std::int64_t>(coterie::uniform_below(random, 600'000));
        };
        for (std::uint64_t i = 0; i < in_flight; ++i) queue.push({later(0), i, {i, i}});
        std::uint64_t sequence = in_flight;
        for (auto _ : state) {
            const scheduled next = queue.top();
            queue.pop();
            queue.push({later(next.at), sequence++, {next.what[0] + 1, next.what[1]}});
        }
    });
    const auto floor = bench::at_most("priority_queue_push_pop", 5);
    bench::measure("delivered_message", floor, [](benchmark::State& state) {
        court c;
        run(state, c);
    });
    bench::measure("delivered_or_lost_message", floor, [](benchmark::State& state) {
        court c({.loss = 1e-9, .duplication = 1e-9, .in_order = true});
        run(state, c);
    });
    bench::measure("traced_message", "priority_queue_push_pop", [](benchmark::State& state) {
        court c;
        trace::trace trace({.keep = 1'000'000});
        c.world.record_to(&trace);
        run(state, c);
    });
    bench::measure("timer", floor, [](benchmark::State& state) {
        sim::world world(1);
        for (const char* name : {"n1", "n2", "n3", "n4", "n5"})
            world.add(name, [](sim::node& self) -> sim::task<> {
                for (;;) co_await self.sleep(1ms);
            });
        for (auto _ : state) world.step();
        count_events(state);
    });
    bench::measure(
        "coroutine_call_with_timeout", "priority_queue_push_pop", [](benchmark::State& state) {
            sim::world world(1);
            sim::network<ball> net(world);
            world.add("server", [&net](sim::node& self) {
                net.on_message(
                    self, [&](trace::node_id from, const ball& b) { net.send(self, from, b); });
            });
            for (const char* name : {"a", "b", "c", "d"})
                world.add(name, [&net](sim::node& self) { return caller(self, net); });
            for (auto _ : state) world.step();
            count_events(state);
        });
    bench::measure(
        "hundred_seeds_of_a_minute", {},
        [](benchmark::State& state) {
            for (auto _ : state)
                for (std::uint64_t seed = 1; seed <= 100; ++seed)
                    benchmark::DoNotOptimize(run_minute(seed));
        },
        1);
    return true;
}();

}  // namespace
