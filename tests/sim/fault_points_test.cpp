// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/fault_points.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

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
