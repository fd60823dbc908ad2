// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/time_axis.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using namespace std::chrono_literals;
using trace::detail::time_axis;

namespace {

steady_time at(std::chrono::nanoseconds t) { return steady_time(t); }

std::vector<std::string> labels(const time_axis& axis) {
    std::vector<std::string> labels;
    for (const auto& tick : axis.ticks()) labels.push_back(tick.label);
    return labels;
}

}  // namespace

TEST_CASE("Without long gaps the scale is the same everywhere") {
    std::vector<steady_time> times;
    for (int i = 0; i <= 40; ++i) times.push_back(at(i * 5ms));
    const time_axis axis(times, 10ms, {.least = 100, .most = 5000});
    CHECK(axis.skips().empty());
    CHECK(axis.length(10ms) == Approx(56));
    CHECK(axis.width() == Approx(200 * 5.6));
    CHECK(axis.x(at(100ms)) == Approx(560));
    CHECK(axis.x(at(101ms)) == Approx(565.6));
    CHECK(axis.x(at(-1s)) == 0);
    CHECK(axis.x(at(1h)) == axis.width());
    CHECK(labels(axis) == std::vector<std::string>{"0 ms", "20 ms", "40 ms", "60 ms", "80 ms",
                                                   "100 ms", "120 ms", "140 ms", "160 ms", "180 ms",
                                                   "200 ms"});
}

TEST_CASE("A long gap is cut short, and what follows is as wide as before") {
    const time_axis axis({at(0ms), at(10ms), at(20ms), at(5s), at(5010ms), at(5020ms)}, 10ms,
                         {.least = 50, .most = 5000});
    REQUIRE(axis.skips().size() == 1);
    CHECK(axis.skips()[0].length == 4980ms);
    CHECK(axis.skips()[0].from == Approx(112));
    CHECK(axis.skips()[0].until == Approx(222));
    CHECK(axis.x(at(5010ms)) - axis.x(at(5s)) == Approx(56));
    CHECK(labels(axis) == std::vector<std::string>{"0.00 s", "0.02 s", "5.00 s", "5.02 s"});
}

TEST_CASE("One time is enough, and extreme ones are none too many") {
    const time_axis one({at(3s)}, 1ms, {});
    CHECK(one.width() == 0);
    CHECK(one.x(at(3s)) == 0);
    CHECK(labels(one) == std::vector<std::string>{"3.000 s"});

    const time_axis all({steady_time::min(), at(0s), steady_time::max()}, 1ns, {});
    CHECK(all.x(steady_time::min()) == 0);
    CHECK(all.x(at(0s)) == Approx(all.width() / 2));
    CHECK_FALSE(all.ticks().empty());
    CHECK(time_axis({at(0s), at(1ns)}, 0ns, {}).ticks().size() == 2);
}

TEST_CASE("Any times give an axis that is monotone, within its bounds, and has readable ticks") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 300; ++round) {
        const auto pick = [&random](std::uint64_t below) {
            return static_cast<std::int64_t>(random() % below);
        };
        std::vector<steady_time> times;
        std::int64_t now = pick(1'000'000'000'000);
        const auto step = std::uint64_t{1} << (3 + random() % 36);
        for (std::size_t n = 20 + random() % 200; n > 0; --n) {
            now += random() % 10 == 0 ? pick(step * 100) : pick(step);
            times.push_back(at(std::chrono::nanoseconds(now)));
        }
        const time_axis axis(times, std::chrono::nanoseconds(pick(step)),
                             {.least = 600, .most = 3000});
        REQUIRE(axis.width() <= 3000.5);
        REQUIRE((axis.width() >= 599.5 || times.front() == times.back()));
        for (std::size_t i = 1; i < times.size(); ++i) {
            REQUIRE(axis.x(times[i]) >= axis.x(times[i - 1]));
            const auto middle = times[i - 1] + (times[i] - times[i - 1]) / 2;
            REQUIRE(axis.x(middle) >= axis.x(times[i - 1]) - 1e-6);
            REQUIRE(axis.x(middle) <= axis.x(times[i]) + 1e-6);
        }
        const auto ticks = axis.ticks();
        REQUIRE_FALSE(ticks.empty());
        REQUIRE(ticks.size() < 200);
        for (std::size_t i = 1; i < ticks.size(); ++i) {
            REQUIRE(ticks[i].x - ticks[i - 1].x > 6 * 4);
            REQUIRE(ticks[i].label != ticks[i - 1].label);
        }
    }
}

TEST_CASE("A time is written in a unit that fits") {
    const auto text = [](std::chrono::nanoseconds t, std::chrono::nanoseconds like,
                         std::int64_t step) {
        std::string out;
        trace::detail::append_time(out, t, like, step);
        return out;
    };
    CHECK(text(95ms, 95ms, 1'000'000) == "95 ms");
    CHECK(text(95'500us, 95ms, 100'000) == "95.5 ms");
    CHECK(text(12'340ms, 12s, 10'000'000) == "12.34 s");
    CHECK(text(0ms, 12s, 1'000'000'000) == "0 s");
    CHECK(text(999us, 999us, 1000) == "999 µs");
    CHECK(text(12ns, 12ns, 1) == "12 ns");
    CHECK(text(-1500ms, -2s, 100'000'000) == "-1.5 s");
}
