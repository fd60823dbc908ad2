// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/task.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using sim::node;
using sim::node_state;
using std::chrono::nanoseconds;

namespace {

steady_time at(nanoseconds d) { return steady_time(d); }

/// Lives and dies with its node, and counts both.
struct counted {
    int& born;
    int& alive;

    counted(node&, int& b, int& a) : born(b), alive(a) {
        ++born;
        ++alive;
    }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --alive; }
};

}  // namespace

TEST_CASE("the clock objects of a node are core's clocks") {
    sim::world world(1);
    const auto n = world.add("n", [](node&) {});
    static_assert(monotonic_clock<decltype(world.at(n).steady_clock())>);
    static_assert(wall_clock<decltype(world.at(n).wall_clock())>);
    world.run_for(5s);
    CHECK(world.at(n).wall_clock().now() == world.wall_now());
    CHECK(world.at(n).steady_clock().now() == world.at(n).now());
    CHECK(world.wall_now() == std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 5s);
}

TEST_CASE("timers fire when the node's clock says so, in order, and can be taken back") {
    sim::world world(test::seed());
    std::vector<int> fired;
    sim::timer_id third;
    const auto n = world.add("n", [&](node& self) {
        self.after(2s, [&] { fired.push_back(2); });
        self.after(1s, [&] { fired.push_back(1); });
        third = self.after(3s, [&] { fired.push_back(3); });
        self.after(2s, [&] { fired.push_back(22); });
        self.after(-5s, [&] { fired.push_back(0); });
    });
    world.run_for(0s);
    CHECK(fired == std::vector{0});
    world.run_for(1s - 1ns);
    CHECK(fired == std::vector{0});
    world.run_for(1ns);
    CHECK(fired == std::vector{0, 1});
    world.at(n).cancel(third);
    world.at(n).cancel(third);
    world.run_for(1h);
    CHECK(fired == std::vector{0, 1, 2, 22});
    CHECK(world.now() == at(1h + 1s));
    CHECK_FALSE(world.step());
}

TEST_CASE("a timer follows its node's clock: drift, stop, and going on") {
    sim::world world(test::seed());
    const auto n = world.add("n", [](node&) {});
    steady_time fired{};
    const auto arm = [&](nanoseconds d) {
        fired = {};
        world.at(n).after(d, [&] { fired = world.now(); });
    };
    arm(1000s);
    world.set_drift(n, sim::ppm(100'000));
    world.run_for(1000s);
    // 10 % too fast: after 909.09 s it shows 1000.
    CHECK((fired - at(0s)).count() == Approx(1000e9 / 1.1).epsilon(1e-9));

    world.set_drift(n, {});
    arm(10s);
    const steady_time begun = world.now();
    world.run_for(5s);
    world.freeze_clock(n);
    world.run_for(100s);
    CHECK(fired == steady_time{});
    world.thaw_clock(n);
    world.run_for(100s);
    CHECK(fired == begun + 110s);

    // A clock that is slowed down after the timer was set.
    arm(10s);
    const steady_time again = world.now();
    world.set_drift(n, sim::ppm(-200'000));
    world.run_for(100s);
    CHECK((fired - again).count() == Approx(12.5e9).epsilon(1e-9));
}

TEST_CASE("a step moves the wall clock, and no timer") {
    sim::world world(test::seed());
    const auto n = world.add("n", [](node&) {});
    bool fired = false;
    world.at(n).after(10s, [&] { fired = true; });
    world.step_clock(n, -1h);
    CHECK(world.at(n).wall_now() == world.wall_now() - 1h);
    world.step_clock(n, 3h);
    world.run_for(9s);
    CHECK_FALSE(fired);
    world.run_for(1s);
    CHECK(fired);
}

TEST_CASE("a disciplined clock comes near the truth; the second discipline ends the first") {
    sim::world world(test::seed());
    const auto n = world.add("n", [](node&) {});
    world.set_drift(n, sim::ppm(100));
    world.step_clock(n, 3s);
    world.discipline_clock(n);
    world.discipline_clock(n, {.interval = 16s, .precision = 1ms});
    for (int i = 0; i < 100; ++i) {
        world.run_for(60s);
        if (i > 5)
            REQUIRE(std::chrono::abs(world.at(n).wall_now() - world.wall_now()) <=
                    1ms + 100us * 16);
    }
    CHECK(world.events() < 500);
}

TEST_CASE("a crash ends the program and its timers; a restart makes a new one") {
    int born = 0;
    int alive = 0;
    sim::world world(test::seed());
    const auto n = world.add<counted>("n", born, alive);
    CHECK(world.program<counted>(n) != nullptr);
    CHECK(world.at(n).incarnation() == 1);
    bool fired = false;
    const auto timer = world.at(n).after(1s, [&] { fired = true; });
    world.crash(n);
    world.crash(n);
    CHECK(alive == 0);
    CHECK(world.at(n).state() == node_state::down);
    CHECK(world.program<counted>(n) == nullptr);
    CHECK_FALSE(world.on<counted>(n, [](counted&) {}));
    world.at(n).after(0s, [&] { fired = true; });
    world.run_for(10s);
    world.restart(n);
    CHECK(born == 2);
    CHECK(alive == 1);
    CHECK(world.at(n).incarnation() == 2);
    // What was a timer's name is no other timer's.
    bool second = false;
    world.at(n).after(1s, [&] { second = true; });
    world.at(n).cancel(timer);
    world.run_for(10s);
    CHECK_FALSE(fired);
    CHECK(second);
    world.restart(n);
    CHECK(born == 3);
    CHECK(alive == 1);
}

TEST_CASE("a node may crash or restart itself: at the end of what it is doing") {
    sim::world world(test::seed());
    int started = 0;
    std::vector<std::string> seen;
    const auto n = world.add("n", [&](node& self) {
        if (++started > 3) return;
        self.after(1s, [&, number = started] {
            seen.push_back("before " + std::to_string(number));
            self.world().restart(self.id());
            self.after(0s, [&] { seen.emplace_back("never"); });
            seen.push_back("after " + std::to_string(number));
        });
    });
    world.run_for(10s);
    CHECK(started == 4);
    CHECK(seen == std::vector<std::string>{"before 1", "after 1", "before 2", "after 2", "before 3",
                                           "after 3"});
    CHECK(world.at(n).state() == node_state::up);
    CHECK(world.at(n).incarnation() == 4);
}

TEST_CASE("a program that crashes while it starts is started, and down") {
    struct stillborn : counted {
        stillborn(node& self, int& b, int& a) : counted(self, b, a) {
            self.world().crash(self.id());
        }
    };
    int born = 0;
    int alive = 0;
    sim::world world(test::seed());
    const auto n = world.add<stillborn>("n", born, alive);
    CHECK(born == 1);
    CHECK(alive == 0);
    CHECK(world.at(n).state() == node_state::down);
}

TEST_CASE("a paused node does nothing, then everything that is due") {
    sim::world world(test::seed());
    std::vector<steady_time> fired;
    const auto n = world.add("n", [&](node& self) {
        for (const auto d : {1s, 2s, 3s}) self.after(d, [&] { fired.push_back(world.now()); });
    });
    world.pause(n);
    world.pause(n);
    CHECK(world.at(n).state() == node_state::paused);
    world.run_for(2500ms);
    CHECK(fired.empty());
    world.resume(n);
    world.resume(n);
    world.run_for(10s);
    CHECK(fired == std::vector{at(2500ms), at(2500ms), at(3s)});
    // A crash ends a pause.
    world.pause(n);
    world.restart(n);
    CHECK(world.at(n).state() == node_state::up);
    world.run_for(1s);
    CHECK(fired.size() == 4);
}

TEST_CASE("a coroutine sleeps, and dies with its node where it waits") {
    int born = 0;
    int alive = 0;
    sim::world world(test::seed());
    std::vector<steady_time> woken;
    const auto n = world.add("n", [&](node& self) -> sim::task<> {
        const counted in_the_frame(self, born, alive);
        for (;;) {
            co_await self.sleep(1s);
            woken.push_back(world.now());
        }
    });
    world.run_for(2500ms);
    CHECK(woken == std::vector{at(1s), at(2s)});
    world.crash(n);
    CHECK(alive == 0);
    world.run_for(10s);
    CHECK(woken.size() == 2);
    world.restart(n);
    world.run_for(1s);
    CHECK(woken.back() == at(13500ms));
    CHECK(born == 2);
}

TEST_CASE("tasks await tasks, and get what they return") {
    sim::world world(test::seed());
    const auto twice = [](node& self, int x) -> sim::task<int> {
        if (x < 0) co_return 0;
        co_await self.sleep(1s);
        co_return 2 * x;
    };
    std::vector<int> results;
    world.add("n", [&](node& self) -> sim::task<> {
        results.push_back(co_await twice(self, -1));
        results.push_back(co_await twice(self, 3));
        auto a = twice(self, 10);
        auto b = twice(self, 20);
        results.push_back(co_await a + co_await b);
    });
    world.run_for(2s);
    CHECK(results == std::vector{0, 6, 60});
}

TEST_CASE("a sync takes time, and what a crash comes before is not answered") {
    sim::world world(test::seed());
    int answers = 0;
    const auto n = world.add("n", [](node&) {});
    node& self = world.at(n);
    self.disk().set_profile({.sync = sim::latency::constant(5ms), .survival = 0});
    const std::byte one{1};
    const auto write = [&] {
        (void)self.disk().append("f", {&one, 1});
        self.sync("f",
                  [&](std::expected<void, sim::disk_errc> done) { answers += done ? 1 : 100; });
    };
    write();
    world.run_for(5ms - 1ns);
    CHECK(answers == 0);
    world.run_for(1ns);
    CHECK(answers == 1);
    write();
    world.run_for(4ms);
    world.restart(n);
    world.run_for(1s);
    CHECK(answers == 1);
    CHECK(self.disk().read("f").size() == 1);
}

TEST_CASE("a sync covers what was written before it, and nothing later") {
    sim::world world(test::seed());
    const auto n = world.add("n", [](node&) {});
    node& self = world.at(n);
    self.disk().set_profile({.sync = sim::latency::constant(5ms), .survival = 0, .tearing = 0});
    const std::byte one{1};
    (void)self.disk().append("f", {&one, 1});
    self.sync("f", [](std::expected<void, sim::disk_errc>) {});
    (void)self.disk().append("f", {&one, 1});
    world.run_for(1s);
    CHECK(self.disk().read("f").size() == 2);
    world.restart(n);
    CHECK(self.disk().read("f").size() == 1);
}

TEST_CASE("run_until a condition: as soon as it holds, or at the limit") {
    sim::world world(test::seed());
    int ticks = 0;
    world.add("n", [&](node& self) -> sim::task<> {
        for (;; ++ticks) co_await self.sleep(1s);
    });
    CHECK(world.run_until([&] { return ticks == 3; }, 1min));
    CHECK(world.now() == at(3s));
    CHECK_FALSE(world.run_until([&] { return ticks == 100; }, 10s));
    CHECK(world.now() == at(13s));
    CHECK(ticks == 13);
}

TEST_CASE("what the world is asked to do at a time, it does then, and in order") {
    sim::world world(test::seed());
    std::vector<int> done;
    world.at(at(2s), [&] { done.push_back(2); });
    world.after(1s, [&] {
        done.push_back(1);
        world.at(at(0s), [&] { done.push_back(11); });
    });
    world.at(at(2s), [&] { done.push_back(3); });
    world.run_for(2s);
    CHECK(done == std::vector{1, 11, 2, 3});
}

TEST_CASE("many timers, most of them taken back, do not pile up") {
    sim::world world(test::seed());
    std::size_t fired = 0;
    // Each request sets a time-out of an hour and takes it back soon after.
    const auto n = world.add("n", [&](node& self) -> sim::task<> {
        for (int i = 0; i < 20'000; ++i) {
            const auto timeout = self.after(1h, [&] { ++fired; });
            co_await self.sleep(1ms);
            self.cancel(timeout);
        }
    });
    world.run_for(1min);
    CHECK(fired == 0);
    CHECK(world.events() < 20'100);
    (void)n;
}

TEST_CASE("timers against a simple model, under drift, stops, pauses and crashes") {
    for (std::uint64_t round = 0; round < 50; ++round) {
        sim::world world(test::seed() + round);
        rng random = world.random("test");
        const auto n = world.add("n", [](node&) {});
        node& self = world.at(n);
        struct pending {
            steady_time due;
            int number;
            sim::timer_id id;
        };
        std::vector<pending> model;
        std::vector<int> fired;
        int next = 0;
        for (int i = 0; i < 300; ++i) {
            switch (uniform_below(random, 12)) {
                case 0:
                    world.set_drift(n, sim::ppm(uniform_between(random, -400'000, 400'000)));
                    break;
                case 1: world.freeze_clock(n); break;
                case 2: world.thaw_clock(n); break;
                case 3: world.pause(n); break;
                case 4: world.resume(n); break;
                case 5:
                    if (bernoulli(random, 0.2)) {
                        world.restart(n);
                        model.clear();
                    }
                    break;
                case 6:
                    if (!model.empty()) {
                        const auto which = uniform_below(random, model.size());
                        self.cancel(model[which].id);
                        model.erase(model.begin() + static_cast<std::ptrdiff_t>(which));
                    }
                    break;
                case 7:
                case 8:
                    if (self.state() == node_state::up) {
                        const nanoseconds d(uniform_below(random, 5'000'000'000));
                        const int number = next++;
                        const auto id =
                            self.after(d, [&fired, number] { fired.push_back(number); });
                        model.push_back({self.now() + d, number, id});
                    }
                    break;
                default: {
                    world.run_for(nanoseconds(uniform_below(random, 1'000'000'000)));
                    std::vector<int> expected;
                    if (self.state() == node_state::up) {
                        std::ranges::sort(
                            model, {}, [](const pending& p) { return std::pair(p.due, p.number); });
                        for (const pending& p : model)
                            if (p.due <= self.now()) expected.push_back(p.number);
                        std::erase_if(model, [&](const pending& p) { return p.due <= self.now(); });
                    }
                    INFO("round " << round << " step " << i);
                    REQUIRE(fired == expected);
                    fired.clear();
                }
            }
        }
    }
}

TEST_CASE("streams of randomness do not shift each other, and nodes have their own") {
    sim::world world(7);
    auto a = world.random("a");
    auto again = world.random("a");
    auto b = world.random("b");
    CHECK(a() == again());
    CHECK(a() != b());
    std::vector<std::uint64_t> drawn;
    for (const char* name : {"x", "y"})
        world.add(name, [&](node& self) { drawn.push_back(self.random()()); });
    CHECK(drawn[0] != drawn[1]);
    sim::world other(7);
    std::vector<std::uint64_t> first;
    other.add("x", [&](node& self) { first.push_back(self.random()()); });
    CHECK(first[0] == drawn[0]);
}

TEST_CASE("nodes are found by name") {
    sim::world world(1);
    const auto b = [&] {
        world.add("a", [](node&) {});
        return world.add("b", [](node&) {});
    }();
    CHECK(world.find("b") == b);
    CHECK_FALSE(world.find("c"));
    CHECK(world.node_count() == 2);
}
