// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/answer_time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/delay.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;
using namespace std::chrono_literals;

namespace {

constexpr std::array three{constant_delay{1ms}, constant_delay{5ms}, constant_delay{9ms}};
static_assert(answer_time(2, std::span(three), .5) == 5ms);
static_assert(answered_by(2, std::span(three), delay(4.9)) == 0);
static_assert(answered_by(2, std::span(three), 5ms) == 1);

/// The r-th smallest of one sample of each node, for every choice of samples, in ascending order.
std::vector<delay> all_outcomes(unsigned r, const std::vector<empirical>& nodes) {
    std::vector<std::vector<delay>> choices{{}};
    for (const auto& node : nodes) {
        std::vector<std::vector<delay>> longer;
        for (const auto& c : choices) {
            for (const delay d : node.samples()) {
                longer.push_back(c);
                longer.back().push_back(d);
            }
        }
        choices = longer;
    }
    std::vector<delay> outcomes;
    for (auto& c : choices) {
        std::sort(c.begin(), c.end());
        outcomes.push_back(c[r - 1]);
    }
    std::sort(outcomes.begin(), outcomes.end());
    return outcomes;
}

}  // namespace

TEST_CASE("the r-th answer of measured nodes, against all outcomes") {
    coterie::rng random(coterie::test::seed());
    for (int round = 0; round < 50; ++round) {
        std::vector<empirical> nodes;
        for (std::size_t i = 0, n = 1 + coterie::uniform_below(random, 4); i < n; ++i) {
            std::vector<delay> samples(1 + coterie::uniform_below(random, 5));
            for (delay& d : samples) d = delay(coterie::uniform_between(random, 0, 20) * .1);
            nodes.push_back(empirical::from(samples).value());
        }
        const std::span<const empirical> all(nodes);
        for (unsigned r = 1; r <= nodes.size(); ++r) {
            const auto outcomes = all_outcomes(r, nodes);
            const auto count = static_cast<double>(outcomes.size());
            for (std::size_t i = 0; i < outcomes.size(); ++i) {
                // The quantile at exactly this outcome's share, and a little below.
                const double share = static_cast<double>(i + 1) / count;
                if (i + 1 < outcomes.size()) REQUIRE(answer_time(r, all, share) == outcomes[i]);
                REQUIRE(answer_time(r, all, share - .5 / count) == outcomes[i]);
                const auto there = std::upper_bound(outcomes.begin(), outcomes.end(), outcomes[i]);
                REQUIRE(answered_by(r, all, outcomes[i]) ==
                        Approx(static_cast<double>(there - outcomes.begin()) / count));
            }
        }
    }
}

TEST_CASE("the first and the last of equal exponential nodes, by their formulas") {
    // The smallest of n is exponential with n times the rate; all have answered with F(t)^n.
    const exponential each{.25};
    for (unsigned n = 1; n <= 9; ++n) {
        for (const double q : {.001, .5, .99, .999}) {
            CHECK(answer_time(1, n, each, q).count() ==
                  Approx(-std::log(1 - q) / (.25 * n)).epsilon(1e-8));
            CHECK(answer_time(n, n, each, q).count() ==
                  Approx(-std::log(1 - std::pow(q, 1.0 / n)) / .25).epsilon(1e-8));
        }
    }
    CHECK(answered_by(2, 3, each, 4ms) ==
          Approx(3 * std::pow(1 - std::exp(-1), 2) * std::exp(-1) + std::pow(1 - std::exp(-1), 3)));
}

TEST_CASE("more answers than nodes never come") {
    CHECK(answer_time(4, std::span(three), .5) == delay(std::numeric_limits<double>::infinity()));
    CHECK(answer_time(2, 1, exponential{1}, .5) == delay(std::numeric_limits<double>::infinity()));
}
