// SPDX-License-Identifier: BSL-1.0
//
// The small parts of a world: the queue of events, delays, links.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/fault_points.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/sim/links.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using std::chrono::nanoseconds;

namespace {

steady_time at(nanoseconds d) { return steady_time(d); }

}  // namespace

TEST_CASE("events come in order of time, and in the order in which they were asked for") {
    rng random(test::seed(), "queue");
    sim::event_queue<int> queue;
    std::multimap<steady_time, int> reference;
    for (int round = 0; round < 20'000; ++round) {
        if (reference.empty() || bernoulli(random, 0.55)) {
            const steady_time when = at(nanoseconds(uniform_below(random, 50)));
            queue.push(when, round);
            reference.emplace(when, round);
        } else {
            REQUIRE(queue.next_time() == reference.begin()->first);
            const auto next = queue.pop();
            REQUIRE(next.at == reference.begin()->first);
            REQUIRE(next.what == reference.begin()->second);
            reference.erase(reference.begin());
        }
        if (round % 1000 == 999) {
            const auto unwanted = [&](int x) { return x % 7 == round / 1000 % 7; };
            queue.erase_if(unwanted);
            std::erase_if(reference, [&](const auto& e) { return unwanted(e.second); });
        }
        REQUIRE(queue.size() == reference.size());
    }
    for (const auto& [when, what] : reference) REQUIRE(queue.pop().what == what);
    CHECK(queue.empty());
}

TEST_CASE("delays keep to their bounds and have their means") {
    rng random(test::seed(), "latency");
    constexpr int draws = 100'000;
    const auto mean_of = [&](const sim::latency& l, nanoseconds low, nanoseconds high) {
        double sum = 0;
        for (int i = 0; i < draws; ++i) {
            const nanoseconds d = l.draw(random);
            if (d < low || d > high) FAIL("a delay of " << d.count());
            sum += static_cast<double>(d.count());
        }
        return sum / draws;
    };
    CHECK(mean_of(sim::latency::constant(3ms), 3ms, 3ms) == 3e6);
    CHECK(mean_of(sim::latency(), 0ns, 0ns) == 0);
    CHECK(mean_of(sim::latency::uniform(1ms, 3ms), 1ms, 3ms) == Approx(2e6).epsilon(0.01));
    // The mean of n exponential draws is off by mean/sqrt(n); five of these are allowed.
    const double margin = 5 / std::sqrt(draws);
    CHECK(mean_of(sim::latency::exponential(1ms, 2ms), 1ms, 1h) ==
          Approx(3e6).margin(2e6 * margin));
    CHECK(mean_of(sim::latency::constant(1ms).with_tail(0.1, 20ms), 1ms, 1h) ==
          Approx(3e6).margin(20e6 * margin));
}

TEST_CASE("an exponential draw exceeds x with probability exp(-x)") {
    rng random(test::seed(), "exponential");
    constexpr int draws = 200'000;
    std::vector<nanoseconds> drawn(draws);
    for (auto& d : drawn) d = sim::draw_exponential(random, 1s);
    for (const double x : {0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0}) {
        const auto beyond = std::ranges::count_if(
            drawn, [&](nanoseconds d) { return static_cast<double>(d.count()) > x * 1e9; });
        const double p = std::exp(-x);
        const double error = std::sqrt(p * (1 - p) / draws);
        CHECK(static_cast<double>(beyond) / draws == Approx(p).margin(5 * error));
    }
    CHECK(sim::draw_exponential(random, 0s) == 0s);
}

TEST_CASE("links: one way, by pair, by group") {
    sim::links all;
    all.set_node_count(3);
    using state = sim::links::state;
    const sim::link_profile slow{.delay = sim::latency::constant(200ms)};
    const sim::link_profile lossy{.loss = 0.5};
    all.set_profile(0, 1, slow);
    CHECK(all.profile(0, 1) == slow);
    CHECK(all.profile(1, 0) == sim::link_profile{});
    all.set_state(1, 2, state::cut);
    all.set_state(2, 0, state::held);
    all.set_node_count(5);
    CHECK(all.profile(0, 1) == slow);
    CHECK(all.state_of(1, 2) == state::cut);
    CHECK(all.state_of(2, 1) == state::open);
    CHECK(all.state_of(2, 0) == state::held);
    CHECK(all.state_of(4, 3) == state::open);
    all.set_profile(lossy);
    CHECK(all.profile(0, 1) == lossy);

    all.partition({{0, 1}, {3}});
    for (trace::node_id from = 0; from < 5; ++from)
        for (trace::node_id to = 0; to < 5; ++to) {
            const auto group = [](trace::node_id n) { return n <= 1 ? 0 : n == 3 ? 1 : 2; };
            CHECK((all.state_of(from, to) == state::open) == (group(from) == group(to)));
        }
    all.heal();
    CHECK(all.state_of(0, 4) == state::open);
    CHECK(all.profile(0, 4) == lossy);
}

TEST_CASE("fault points: each has its own stream, some are alive, silence is silence") {
    const rng seed(test::seed(), "points");
    sim::fault_points alone(seed);
    sim::fault_points together(seed);
    // Which points are alive and when they fire does not depend on what else is asked; but the stream of
    // a new name may not depend on the order either.
    std::vector<bool> first;
    std::vector<bool> second;
    for (int i = 0; i < 1000; ++i) {
        first.push_back(alone.fires("a"));
        (void)together.fires("b");
        second.push_back(together.fires("a"));
    }
    CHECK(first == second);

    int alive = 0;
    sim::fault_points many(seed, 0.25, 1);
    for (int i = 0; i < 2000; ++i) alive += many.fires(std::to_string(i)) ? 1 : 0;
    CHECK(alive == Approx(500).margin(5 * std::sqrt(2000 * 0.25 * 0.75)));

    sim::fault_points set(seed, 0);
    CHECK(!set.fires("x"));
    set.set("x", 1);
    CHECK(set.fires("x"));
    CHECK(set.asked("x") == 2);
    CHECK(set.fired("x") == 1);
    CHECK(set.asked("never") == 0);
    set.silence();
    CHECK(!set.fires("x"));
    static_assert(!sim::no_fault_points::fires("x"));
    static_assert(sim::fault_point_source<sim::fault_points&>);
}
