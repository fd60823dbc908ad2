// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/latency.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using std::chrono::nanoseconds;

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
