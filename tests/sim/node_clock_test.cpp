// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/node_clock.hpp>

#include <chrono>
#include <cstdint>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using sim::drift;
using sim::node_clock;
using sim::ppm;
using std::chrono::nanoseconds;

namespace {

constexpr wall_time start(std::chrono::seconds(1'767'225'600));
constexpr steady_time zero{};

constexpr steady_time after(nanoseconds d) { return zero + d; }

}  // namespace

TEST_CASE("a clock that is right shows the world's time") {
    const node_clock clock(start, after(10h));
    CHECK(clock.steady(zero) == after(10h));
    CHECK(clock.steady(after(1h)) == after(11h));
    CHECK(clock.wall(after(1h)) == start + 1h);
}

TEST_CASE("drift, a step, a stop") {
    node_clock clock(start, after(10h));
    clock.set_drift(zero, ppm(200));
    CHECK(clock.steady(after(1000s)) == after(10h + 1000s + 200ms));
    CHECK(clock.wall(after(1000s)) == start + 1000s + 200ms);
    clock.step(-2s);
    CHECK(clock.steady(after(1000s)) == after(10h + 1000s + 200ms));
    CHECK(clock.wall(after(1000s)) == start + 998s + 200ms);
    clock.freeze(after(1000s));
    CHECK(clock.steady(after(2000s)) == after(10h + 1000s + 200ms));
    CHECK(clock.wall(after(2000s)) == start + 998s + 200ms);
    CHECK(clock.true_time(after(10h + 1001s)) == steady_time::max());
    clock.unfreeze(after(2000s));
    CHECK(clock.wall(after(3000s)) == start + 1998s + 400ms);
    clock.set_drift(after(3000s), ppm(-400));
    CHECK(clock.wall(after(4000s)) == start + 2998s);
}

TEST_CASE("the steady clock never goes back, and its inverse is exact") {
    rng random(test::seed(), "clock");
    for (int round = 0; round < 2000; ++round) {
        node_clock clock(start, after(nanoseconds(uniform_below(random, 1'000'000'000'000))));
        nanoseconds now(uniform_below(random, 1'000'000'000'000'000));
        clock.set_drift(after(now), {uniform_between(random, std::int64_t{-499'999'999},
                                                     std::int64_t{499'999'999})});
        steady_time last = clock.steady(after(now));
        for (int i = 0; i < 20; ++i) {
            const auto longest = uniform_below(random, 2) == 0 ? 5 : 3'000'000'000;
            now += nanoseconds(uniform_below(random, static_cast<std::uint64_t>(longest)));
            const steady_time reading = clock.steady(after(now));
            REQUIRE(reading >= last);
            last = reading;
            // The first true time that shows so much: there it does, and before it does not.
            const steady_time wanted =
                reading + nanoseconds(1 + uniform_below(random, 2'000'000'000));
            const steady_time when = clock.true_time(wanted);
            REQUIRE(clock.steady(when) >= wanted);
            REQUIRE(clock.steady(when - 1ns) < wanted);
        }
    }
}

TEST_CASE("what is too far in the future is the end of time, not before") {
    node_clock clock(start, after(1h));
    CHECK(clock.true_time(steady_time::max()) > after(std::chrono::hours(24 * 365 * 200)));
    clock.set_drift(zero, ppm(-400'000));
    CHECK(clock.true_time(steady_time::max()) == steady_time::max());
    CHECK(clock.true_time(zero) == zero);
}

TEST_CASE("a disciplined clock stays within what NTP promises") {
    rng random(test::seed(), "ntp");
    const sim::ntp_discipline how;
    node_clock clock(start, after(1h));
    clock.set_drift(zero, ppm(80));
    clock.step(90ms);
    nanoseconds now(0);
    const auto error = [&] { return clock.wall(after(now)) - (start + now); };
    for (int poll = 0; poll < 500; ++poll) {
        const nanoseconds noise(
            uniform_between(random, -how.precision.count(), how.precision.count()));
        clock.correct(after(now), error() + noise, how);
        now += how.interval;
        // What drifts in an interval, and what was read wrongly.
        if (poll > 20) REQUIRE(std::chrono::abs(error()) <= 80us * 64 + how.precision);
    }
    // A large error is stepped at once, and slewed no further.
    clock.step(10s);
    clock.correct(after(now), error(), how);
    CHECK(error() == 0s);
}
