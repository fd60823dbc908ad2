// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/sleeper.hpp>

#include <chrono>

#include "core/child.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::blocking_sleeper;
using coterie::manual_clock;
using coterie::manual_sleeper;
using coterie::manual_steady_clock;
using coterie::sleeper;
using coterie::steady_clock;
using coterie::steady_time;
using coterie::system_clock;
using coterie::wall_time;
using coterie::test::broken_precondition;

namespace {

struct returns_nothing {
    void sleep_until(steady_time);
    bool sleep_for(std::chrono::nanoseconds);
};
struct returns_number {
    int sleep_until(steady_time);
    bool sleep_for(std::chrono::nanoseconds);
};
struct knows_no_while {
    bool sleep_until(steady_time);
};

}  // namespace

TEST_CASE("a sleeper waits for the kinds of time that it says") {
    STATIC_REQUIRE(sleeper<blocking_sleeper>);
    STATIC_REQUIRE(sleeper<blocking_sleeper&>);
    STATIC_REQUIRE(sleeper<blocking_sleeper, wall_time>);
    STATIC_REQUIRE(sleeper<manual_sleeper<manual_steady_clock>>);
    STATIC_REQUIRE(sleeper<manual_sleeper<manual_steady_clock>&>);
    STATIC_REQUIRE(sleeper<manual_sleeper<manual_clock>, wall_time>);

    STATIC_REQUIRE_FALSE(sleeper<manual_sleeper<manual_clock>>);
    STATIC_REQUIRE_FALSE(sleeper<manual_sleeper<manual_steady_clock>, wall_time>);
    STATIC_REQUIRE_FALSE(sleeper<const manual_sleeper<manual_steady_clock>&>);
    STATIC_REQUIRE_FALSE(sleeper<returns_nothing>);
    STATIC_REQUIRE_FALSE(sleeper<returns_number>);
    STATIC_REQUIRE_FALSE(sleeper<knows_no_while>);
    STATIC_REQUIRE_FALSE(sleeper<int>);
}

TEST_CASE("a manual sleeper moves its clock to the time, to the nanosecond") {
    manual_steady_clock clock(steady_time(10ns));
    manual_sleeper sleep(clock);
    CHECK(sleep.sleeps() == 0);
    CHECK(sleep.sleep_until(steady_time(1h)));
    CHECK(clock.now() == steady_time(1h));
    CHECK(sleep.sleeps() == 1);
    CHECK(sleep.sleep_until(steady_time(1h + 1ns)));
    CHECK(clock.now() == steady_time(1h + 1ns));
    CHECK(sleep.sleeps() == 2);
}

TEST_CASE("a manual sleeper leaves a clock alone that is past the time") {
    manual_clock clock(wall_time(10s));
    manual_sleeper sleep(clock);
    CHECK(sleep.sleep_until(wall_time(9s)));
    CHECK(clock.now() == wall_time(10s));
    CHECK(sleep.sleep_until(wall_time(10s)));
    CHECK(clock.now() == wall_time(10s));
    CHECK(sleep.sleep_until(wall_time::min()));
    CHECK(clock.now() == wall_time(10s));
    CHECK(sleep.sleeps() == 3);
}

TEST_CASE("a manual sleeper never moves a running clock back") {
    manual_clock wall;
    wall.run(10ns);
    CHECK(wall.now() == wall_time(0ns));
    manual_sleeper sleep(wall);
    CHECK(sleep.sleep_until(wall_time(5ns)));
    wall.freeze();
    CHECK(wall.now() == wall_time(10ns));

    // A steady clock would abort the program instead.
    CHECK(broken_precondition([] {
              manual_steady_clock steady;
              steady.run(10ns);
              manual_sleeper sleep_steadily(steady);
              (void)sleep_steadily.sleep_until(steady_time(5ns));
          }) == "(not aborted) ");
}

TEST_CASE("a manual sleeper moves its clock on by a while, never less and never back") {
    manual_steady_clock clock(steady_time(10ns));
    manual_sleeper sleep(clock);
    CHECK(sleep.sleep_for(5ns));
    CHECK(clock.now() == steady_time(15ns));
    CHECK(sleep.sleep_for(0ns));
    CHECK(sleep.sleep_for(-1h));
    CHECK(clock.now() == steady_time(15ns));
    CHECK(sleep.sleeps() == 3);

    coterie::basic_manual_clock<std::chrono::sys_time<std::chrono::milliseconds>> coarser;
    manual_sleeper sleep_coarsely(coarser);
    CHECK(sleep_coarsely.sleep_for(1ns));
    CHECK(coarser.now().time_since_epoch() == 1ms);
    CHECK(sleep_coarsely.sleep_for(2ms));
    CHECK(coarser.now().time_since_epoch() == 3ms);

    sleep.cancel();
    CHECK_FALSE(sleep.sleep_for(1s));
    CHECK(clock.now() == steady_time(15ns));
}

TEST_CASE("a blocking sleeper sleeps for as long as it is told, or not at all") {
    blocking_sleeper sleep;
    for (const auto wait : {1ns, 1'000'000ns, 20'000'000ns}) {
        const steady_time begin = steady_clock::now();
        CHECK(sleep.sleep_for(wait));
        CHECK(steady_clock::now() >= begin + wait);
    }
    CHECK(sleep.sleep_for(0ns));
    CHECK(sleep.sleep_for(-1h));
    CHECK(sleep.sleep_for(std::chrono::nanoseconds::min()));
}

TEST_CASE("a cancelled manual sleeper returns false for ever, counts nothing and moves nothing") {
    manual_steady_clock clock;
    manual_sleeper sleep(clock);
    CHECK(sleep.sleep_until(steady_time(1s)));
    sleep.cancel();
    CHECK_FALSE(sleep.sleep_until(steady_time(2s)));
    CHECK_FALSE(sleep.sleep_until(steady_time(0s)));
    CHECK(clock.now() == steady_time(1s));
    CHECK(sleep.sleeps() == 1);
}

TEST_CASE("a manual sleeper works in constant expressions") {
    STATIC_REQUIRE([] {
        manual_steady_clock clock;
        manual_sleeper sleep(clock);
        return sleep.sleep_until(steady_time(3s)) && clock.now() == steady_time(3s);
    }());
}

TEST_CASE("a blocking sleeper returns true at once for times that have passed") {
    blocking_sleeper sleep;
    CHECK(sleep.sleep_until(steady_time::min()));
    CHECK(sleep.sleep_until(steady_clock::now()));
    CHECK(sleep.sleep_until(wall_time::min()));
    CHECK(sleep.sleep_until(wall_time(0s)));
    CHECK(sleep.sleep_until(system_clock::now()));
}

TEST_CASE("a blocking sleeper does not return before the time") {
    blocking_sleeper sleep;
    for (const auto wait : {1ns, 1000ns, 1'000'000ns, 20'000'000ns}) {
        const steady_time until = steady_clock::now() + wait;
        CHECK(sleep.sleep_until(until));
        CHECK(steady_clock::now() >= until);
    }
    const wall_time until = system_clock::now() + 5ms;
    CHECK(sleep.sleep_until(until));
    CHECK(system_clock::now() >= until);
}

TEST_CASE("a blocking sleeper waits on across its own slices of a second") {
    blocking_sleeper sleep;
    const steady_time until = steady_clock::now() + 1100ms;
    CHECK(sleep.sleep_until(until));
    CHECK(steady_clock::now() >= until);
}
