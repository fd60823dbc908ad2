// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/clock.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>

#include "core/child.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::basic_manual_clock;
using coterie::coarse_clock;
using coterie::manual_clock;
using coterie::manual_steady_clock;
using coterie::monotonic_clock;
using coterie::steady_clock;
using coterie::steady_time;
using coterie::system_clock;
using coterie::wall_clock;
using coterie::wall_time;
using coterie::test::broken_precondition;

namespace {

constexpr wall_time wall(std::chrono::nanoseconds since_epoch) { return wall_time(since_epoch); }
constexpr steady_time steady(std::chrono::nanoseconds d) { return steady_time(d); }

template <class Clock>
concept steps_back = requires(Clock& clock, typename Clock::duration d) { clock.step_back(d); };

// A user's clocks, good and bad.
struct milliseconds_clock {
    std::chrono::sys_time<std::chrono::milliseconds> now();
};
struct days_clock {
    std::chrono::sys_days now() const;
};
struct floating_clock {
    std::chrono::sys_time<std::chrono::duration<double>> now();
};
struct counting_clock {
    std::int64_t now();
};
struct duration_clock {
    std::chrono::nanoseconds now();
};
struct local_clock {
    std::chrono::local_time<std::chrono::nanoseconds> now();
};
struct coarse_steady_clock {
    std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds> now();
};
struct no_clock {};

// What a part of the library looks like that holds a clock.
template <wall_clock Clock = system_clock>
class stamper {
public:
    stamper() = default;
    explicit stamper(Clock clock) : clock_(std::forward<Clock>(clock)) {}
    auto stamp() { return clock_.now(); }

private:
    [[no_unique_address]] Clock clock_{};
    std::uint32_t number_ = 0;
};

}  // namespace

TEST_CASE("wall clocks and steady clocks are different things") {
    STATIC_REQUIRE(wall_clock<system_clock>);
    STATIC_REQUIRE(wall_clock<coarse_clock>);
    STATIC_REQUIRE(coterie::coarse_wall_clock<coarse_clock>);
    STATIC_REQUIRE(coterie::coarse_wall_clock<coarse_clock&>);
    STATIC_REQUIRE_FALSE(coterie::coarse_wall_clock<coterie::system_clock>);
    STATIC_REQUIRE_FALSE(coterie::coarse_wall_clock<coterie::manual_clock>);
    STATIC_REQUIRE(wall_clock<manual_clock>);
    STATIC_REQUIRE(wall_clock<std::chrono::system_clock>);
    STATIC_REQUIRE(monotonic_clock<steady_clock>);
    STATIC_REQUIRE(monotonic_clock<manual_steady_clock>);

    STATIC_REQUIRE_FALSE(wall_clock<steady_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<manual_steady_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<std::chrono::steady_clock>);
    STATIC_REQUIRE_FALSE(monotonic_clock<system_clock>);
    STATIC_REQUIRE_FALSE(monotonic_clock<coarse_clock>);
    STATIC_REQUIRE_FALSE(monotonic_clock<manual_clock>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<steady_time, wall_time>);
    STATIC_REQUIRE_FALSE(std::equality_comparable_with<steady_time, wall_time>);
}

TEST_CASE("a reference to a clock is a clock, unless reading it needs more than it allows") {
    STATIC_REQUIRE(wall_clock<system_clock&>);
    STATIC_REQUIRE(wall_clock<const system_clock&>);
    STATIC_REQUIRE(wall_clock<manual_clock&>);
    STATIC_REQUIRE(monotonic_clock<manual_steady_clock&>);
    STATIC_REQUIRE_FALSE(wall_clock<const manual_clock&>);
    STATIC_REQUIRE_FALSE(monotonic_clock<const manual_steady_clock&>);
}

TEST_CASE("a user's clock may have any integral resolution, and must give a time") {
    STATIC_REQUIRE(wall_clock<milliseconds_clock>);
    STATIC_REQUIRE(wall_clock<days_clock>);
    STATIC_REQUIRE(
        wall_clock<basic_manual_clock<std::chrono::sys_time<std::chrono::milliseconds>>>);
    STATIC_REQUIRE_FALSE(wall_clock<floating_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<counting_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<duration_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<local_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<no_clock>);
    STATIC_REQUIRE_FALSE(wall_clock<int>);
    STATIC_REQUIRE_FALSE(monotonic_clock<coarse_steady_clock>);
    STATIC_REQUIRE_FALSE(monotonic_clock<no_clock>);
}

TEST_CASE("a production clock takes no bytes, and a manual one is shared by reference") {
    STATIC_REQUIRE(sizeof(stamper<>) == sizeof(std::uint32_t));
    STATIC_REQUIRE(sizeof(stamper<coarse_clock>) == sizeof(std::uint32_t));
    stamper in_production;
    CHECK(in_production.stamp() > wall(0ns));

    manual_clock clock(wall(5s));
    stamper<manual_clock&> in_a_test(clock);
    CHECK(in_a_test.stamp() == wall(5s));
    clock.set(wall(9s));
    CHECK(in_a_test.stamp() == wall(9s));
}

TEST_CASE("the machine's clocks are the standard library's") {
    for (int i = 0; i < 1000; ++i) {
        const auto before = std::chrono::steady_clock::now();
        const steady_time read = steady_clock::now();
        const auto after = std::chrono::steady_clock::now();
        REQUIRE(before <= read);
        REQUIRE(read <= after);
    }
    // 2020 and 2100: whoever runs this test has a clock that is set.
    CHECK(system_clock::now() > wall(std::chrono::seconds(1'577'836'800)));
    CHECK(system_clock::now() < wall(std::chrono::seconds(4'102'444'800)));
}

TEST_CASE(
    "the coarse clock is never ahead, follows the precise one tick by tick, and stays near it") {
    const auto resolution = coarse_clock::resolution();
    REQUIRE(resolution > 0ns);
    CHECK(resolution <= 20ms);
    // The ticks of a busy virtual machine come late, so no single read need be near. But over several
    // ticks some read comes just after one. A step of the wall clock during the test may break a single
    // pair of reads, but not two.
    int ahead = 0;
    int ticks = 0;
    auto least_lag = std::chrono::nanoseconds::max();
    wall_time last = coarse_clock::now();
    for (const auto give_up = steady_clock::now() + 60s;
         ticks < 10 && steady_clock::now() < give_up;) {
        const wall_time before = system_clock::now();
        const wall_time coarse = coarse_clock::now();
        if (coarse_clock::precise_now() < coarse) ++ahead;
        const wall_time after = system_clock::now();
        if (coarse > after) ++ahead;
        if (before - coarse < least_lag) least_lag = before - coarse;
        if (coarse != last) ++ticks;
        last = coarse;
    }
    CHECK(ahead <= 1);
    CHECK(ticks == 10);
    CHECK(least_lag <= resolution);
}

TEST_CASE("a manual clock starts at the epoch, or where it is told to") {
    CHECK(manual_clock().now() == wall(0ns));
    CHECK(manual_clock(wall(-3s)).now() == wall(-3s));
    CHECK(manual_steady_clock(steady(7ns)).now() == steady(7ns));
    STATIC_REQUIRE_FALSE(manual_clock::is_steady);
    STATIC_REQUIRE(manual_steady_clock::is_steady);
}

TEST_CASE("a manual clock stands still until it is told otherwise") {
    manual_clock clock(wall(100ns));
    CHECK(clock.now() == wall(100ns));
    CHECK(clock.now() == wall(100ns));
    clock.advance(5ns);
    CHECK(clock.now() == wall(105ns));
    clock.advance(0ns);
    CHECK(clock.now() == wall(105ns));
    clock.step_back(50ns);
    CHECK(clock.now() == wall(55ns));
    clock.step_back(100ns);
    CHECK(clock.now() == wall(-45ns));
    clock.set(wall(1h));
    CHECK(clock.now() == wall(1h));
    clock.set(wall(1min));
    CHECK(clock.now() == wall(1min));
}

TEST_CASE("a running manual clock moves with every read, until it is frozen") {
    manual_clock clock;
    clock.run(3ns);
    CHECK(clock.now() == wall(0ns));
    CHECK(clock.now() == wall(3ns));
    CHECK(clock.now() == wall(6ns));
    clock.step_back(100ns);
    CHECK(clock.now() == wall(-91ns));
    clock.run(1ns);
    CHECK(clock.now() == wall(-88ns));
    CHECK(clock.now() == wall(-87ns));
    clock.freeze();
    CHECK(clock.now() == wall(-86ns));
    CHECK(clock.now() == wall(-86ns));
    clock.run(0ns);
    CHECK(clock.now() == wall(-86ns));
    CHECK(clock.now() == wall(-86ns));
}

TEST_CASE("a manual clock works in constant expressions") {
    STATIC_REQUIRE([] {
        manual_clock clock(wall(10s));
        clock.advance(5s);
        clock.step_back(1s);
        clock.run(1s);
        (void)clock.now();
        return clock.now() == wall(15s);
    }());
}

TEST_CASE("advance_to moves a clock on, and never back") {
    manual_clock wall_clock_in_hand(wall(10ns));
    wall_clock_in_hand.advance_to(wall(15ns));
    CHECK(wall_clock_in_hand.now() == wall(15ns));
    wall_clock_in_hand.advance_to(wall(15ns));
    wall_clock_in_hand.advance_to(wall(14ns));
    wall_clock_in_hand.advance_to(wall_time::min());
    CHECK(wall_clock_in_hand.now() == wall(15ns));
    wall_clock_in_hand.advance_to(wall_time::max());
    CHECK(wall_clock_in_hand.now() == wall_time::max());

    manual_steady_clock steady_clock_in_hand;
    steady_clock_in_hand.run(10ns);
    CHECK(steady_clock_in_hand.now() == steady(0ns));
    steady_clock_in_hand.advance_to(steady(5ns));
    CHECK(steady_clock_in_hand.now() == steady(10ns));
    steady_clock_in_hand.advance_to(steady(50ns));
    CHECK(steady_clock_in_hand.now() == steady(50ns));
}

TEST_CASE("only a wall clock steps back") {
    STATIC_REQUIRE(steps_back<manual_clock>);
    STATIC_REQUIRE_FALSE(steps_back<manual_steady_clock>);
    manual_steady_clock clock(steady(10ns));
    clock.set(steady(10ns));
    clock.set(steady(11ns));
    CHECK(clock.now() == steady(11ns));
    CHECK(broken_precondition([] {
              manual_steady_clock backward(steady(10ns));
              backward.set(steady(9ns));
          }) == "t >= now_");
    CHECK(broken_precondition([] {
              manual_steady_clock running(steady(10ns));
              running.run(5ns);
              (void)running.now();
              running.set(steady(14ns));
          }) == "t >= now_");
}

TEST_CASE("a manual clock reaches both ends of its time, and goes no further") {
    manual_clock clock(wall_time::max() - 5ns);
    clock.advance(5ns);
    CHECK(clock.now() == wall_time::max());
    clock.advance(0ns);
    clock.set(wall_time::min() + 5ns);
    clock.step_back(5ns);
    CHECK(clock.now() == wall_time::min());
    clock.step_back(0ns);
    clock.advance(std::chrono::nanoseconds::max());
    CHECK(clock.now() == wall(-1ns));

    CHECK(broken_precondition([] { manual_clock(wall_time::max()).advance(1ns); }) ==
          "now_ <= TimePoint::max() - d");
    CHECK(broken_precondition([] {
              manual_clock(wall(1ns)).advance(std::chrono::nanoseconds::max());
          }) == "now_ <= TimePoint::max() - d");
    CHECK(broken_precondition([] { manual_clock(wall_time::min()).step_back(1ns); }) ==
          "now_ >= TimePoint::min() + d");
    CHECK(broken_precondition([] {
              manual_clock(wall(-2ns)).step_back(std::chrono::nanoseconds::max());
          }) == "now_ >= TimePoint::min() + d");
}

TEST_CASE("negative durations are broken preconditions of a manual clock") {
    CHECK(broken_precondition([] { manual_clock().advance(-1ns); }) == "d >= duration::zero()");
    CHECK(broken_precondition([] { manual_clock().step_back(-1ns); }) == "d >= duration::zero()");
    CHECK(broken_precondition([] { manual_clock().run(-1ns); }) == "per_read >= duration::zero()");
    CHECK(broken_precondition([] { manual_steady_clock().advance(-1ns); }) ==
          "d >= duration::zero()");
}

TEST_CASE("a manual clock of milliseconds goes beyond the year 2262") {
    using std::chrono::milliseconds;
    basic_manual_clock<std::chrono::sys_time<milliseconds>> clock;
    constexpr milliseconds last_of_48_bits((std::int64_t{1} << 48) - 1);
    clock.set(std::chrono::sys_time<milliseconds>(last_of_48_bits));
    clock.advance(1ms);
    CHECK(clock.now().time_since_epoch().count() == std::int64_t{1} << 48);
    STATIC_REQUIRE(steps_back<decltype(clock)>);
}

TEST_CASE("a running manual clock stops at the last time that it can say") {
    using coterie::wall_time;
    coterie::manual_clock clock(wall_time::max() - std::chrono::nanoseconds(3));
    clock.run(std::chrono::nanoseconds(2));
    CHECK(clock.now() == wall_time::max() - std::chrono::nanoseconds(3));
    CHECK(clock.now() == wall_time::max() - std::chrono::nanoseconds(1));
    CHECK(clock.now() == wall_time::max());
    CHECK(clock.now() == wall_time::max());
}
