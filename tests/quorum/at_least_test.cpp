// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/at_least.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/node_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::quorum::node_set;
using coterie::quorum::probability_of_at_least;

static_assert(probability_of_at_least(0, 0, 0.5) == 1);
static_assert(probability_of_at_least(1, 0, 0.5) == 0);
static_assert(probability_of_at_least(2, 2, 0.5) == 0.25);
static_assert(probability_of_at_least(1, 2, 0.5) == 0.75);

namespace {

/// The sum over all outcomes.
double by_enumeration(unsigned k, const std::vector<double>& events) {
    double sum = 0;
    for (std::uint64_t word = 0; word < std::uint64_t{1} << events.size(); ++word) {
        const node_set happened(word);
        if (happened.size() < k) continue;
        double p = 1;
        for (std::size_t i = 0; i < events.size(); ++i)
            p *= happened.contains(static_cast<unsigned>(i)) ? events[i] : 1 - events[i];
        sum += p;
    }
    return sum;
}

}  // namespace

TEST_CASE("the probability of at least k events is the sum over outcomes") {
    coterie::rng random(coterie::test::seed());
    for (int round = 0; round < 200; ++round) {
        std::vector<double> events(coterie::uniform_below(random, 9));
        for (double& p : events) p = coterie::uniform_real(random);
        for (unsigned k = 0; k <= events.size() + 1; ++k) {
            const double expected = by_enumeration(k, events);
            REQUIRE(probability_of_at_least(k, events) == Approx(expected).epsilon(1e-12));
            const auto n = static_cast<unsigned>(events.size());
            const std::vector<double> equal(n, 0.3);
            REQUIRE(probability_of_at_least(k, n, 0.3) ==
                    Approx(by_enumeration(k, equal)).epsilon(1e-12));
        }
    }
}

TEST_CASE("published availabilities of majorities") {
    CHECK(probability_of_at_least(2, 3, .9) == Approx(.972).epsilon(1e-12));
    CHECK(probability_of_at_least(2, 3, .99) == Approx(.999702).epsilon(1e-12));
    CHECK(probability_of_at_least(3, 5, .9) == Approx(.99144).epsilon(1e-12));
    CHECK(probability_of_at_least(3, 5, .99) == Approx(.999990149).epsilon(1e-9));
    CHECK(probability_of_at_least(4, 7, .9) == Approx(.997272).epsilon(1e-12));
}

TEST_CASE("small probabilities keep their digits") {
    CHECK(probability_of_at_least(3, 3, 1e-9) == Approx(1e-27).epsilon(1e-12));
    CHECK(probability_of_at_least(2, 3, 1e-9) == Approx(3e-18).epsilon(1e-8));
}
