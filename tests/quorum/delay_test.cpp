// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/delay.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;
using namespace std::chrono_literals;

namespace {

constexpr mixture disk{
    .weight = .38, .first = pareto{delay(1.05), 1.51}, .second = exponential{.183}};

constexpr double drawn_by_the_compiler() {
    coterie::rng random(7);
    return disk(random).count();
}
static_assert(drawn_by_the_compiler() > 0);
static_assert(delay_distribution<constant_delay> && delay_distribution<empirical>);
static_assert(constant_delay{2ms}.cdf(2ms) == 1 && constant_delay{2ms}.cdf(delay(1.99)) == 0);

/// The largest distance between the share of drawn delays up to t and the probability of it, in units of what
/// chance makes it: above 2.2 once in ten thousand runs or so (Kolmogorov).
template <class D>
double distance_of_draws(const D& d, coterie::rng& random) {
    const std::size_t count = 20'000;
    std::vector<delay> drawn(count);
    for (delay& x : drawn) x = d(random);
    std::sort(drawn.begin(), drawn.end());
    double distance = 0;
    for (std::size_t i = 0; i < count; ++i) {
        // Where many are equal, the share is that of the last.
        if (i + 1 < count && drawn[i + 1] == drawn[i]) continue;
        const double share = static_cast<double>(i + 1) / static_cast<double>(count);
        distance = std::max(distance, std::abs(share - d.cdf(drawn[i])));
    }
    return distance * std::sqrt(static_cast<double>(count));
}

}  // namespace

TEST_CASE("draws follow their distribution") {
    coterie::rng random(coterie::test::seed());
    CHECK(distance_of_draws(exponential{.183}, random) < 3);
    CHECK(distance_of_draws(exponential{4}, random) < 3);
    CHECK(distance_of_draws(pareto{delay(.235), 10}, random) < 3);
    CHECK(distance_of_draws(pareto{3ms, 1.1}, random) < 3);
    CHECK(distance_of_draws(disk, random) < 3);
    CHECK(distance_of_draws(mixture{.2, constant_delay{1ms}, disk}, random) < 3);
    CHECK(distance_of_draws(empirical::from({5ms, 1ms, 2ms, 2ms}).value(), random) < 3);
    CHECK(constant_delay{7ms}(random) == 7ms);
}

TEST_CASE("probabilities are those of the formulas") {
    CHECK(exponential{.5}.cdf(2ms) == Approx(1 - std::exp(-1.0)));
    CHECK(exponential{.5}.cdf(0ms) == 0);
    CHECK(exponential{.5}.cdf(-1ms) == 0);
    CHECK(pareto{2ms, 3}.cdf(4ms) == Approx(1 - 1.0 / 8));
    CHECK(pareto{2ms, 3}.cdf(2ms) == 0);
    CHECK(pareto{2ms, 3}.cdf(1ms) == 0);
    CHECK(disk.cdf(10ms) == Approx(.38 * (1 - std::pow(.105, 1.51)) + .62 * (1 - std::exp(-1.83))));
    CHECK(mixture{0, constant_delay{1ms}, constant_delay{2ms}}.cdf(1ms) == 0);
    for (const delay endless : {delay::max(), delay(std::numeric_limits<double>::infinity())}) {
        CHECK(exponential{.5}.cdf(endless) == 1);
        CHECK(pareto{2ms, 3}.cdf(endless) == 1);
    }
}

TEST_CASE("a seed draws the same delays everywhere") {
    coterie::rng random(42);
    CHECK(exponential{.183}(random).count() == 0x1.2668a95312721p+3);
    CHECK(pareto{delay(1.05), 1.51}(random).count() == 0x1.5a9e731381ae6p+0);
    CHECK(disk(random).count() == 0x1.a6634b67debccp+2);
}

TEST_CASE("measured delays are sorted, counted and refused") {
    const auto d = empirical::from({5ms, delay(0.25), 2ms, 2ms, delay(-0.0), 70000ms}).value();
    CHECK(std::is_sorted(d.samples().begin(), d.samples().end()));
    CHECK(d.samples().size() == 6);
    CHECK(d.cdf(-1ms) == 0);
    CHECK(d.cdf(0ms) == Approx(1.0 / 6));
    CHECK(d.cdf(delay(1.9)) == Approx(2.0 / 6));
    CHECK(d.cdf(2ms) == Approx(4.0 / 6));
    CHECK(d.cdf(70000ms) == 1);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    CHECK(empirical::from({}).error() == delay_errc::no_samples);
    for (const double bad : {-1e-9, infinity, -infinity, none})
        CHECK(empirical::from({1ms, delay(bad)}).error() == delay_errc::not_a_delay);
    CHECK(describe(delay_errc::no_samples) == std::string("no measured delays"));
    CHECK(describe(delay_errc::not_a_delay) ==
          std::string("a measured delay is negative or no number"));
}

TEST_CASE("delays are sorted as std::sort does it") {
    coterie::rng random(coterie::test::seed());
    for (int round = 0; round < 300; ++round) {
        std::vector<delay> delays(coterie::uniform_below(random, 1000));
        for (delay& d : delays)
            d = round % 3 == 0 ? delay(coterie::uniform_between(random, 0, 9)) : disk(random);
        auto expected = delays;
        std::sort(expected.begin(), expected.end());
        detail::sort_delays(delays);
        REQUIRE(delays == expected);
    }
}
