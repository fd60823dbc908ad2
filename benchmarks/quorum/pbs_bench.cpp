// SPDX-License-Identifier: BSL-1.0

// A hundred thousand writes and reads with three replicas on disks. The floor draws the same delays and adds
// them up.

#include <array>
#include <cstddef>

#include <coterie/core/random.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/pbs.hpp>

#include "support/measure.hpp"

namespace {

using namespace coterie::quorum;

constexpr std::size_t trials = 100'000;
constexpr mixture ssd{.9122, pareto{delay(.235), 10}, exponential{1.66}};
constexpr mixture disk{.38, pareto{delay(1.05), 1.51}, exponential{.183}};
constexpr wars model{disk, ssd, ssd, ssd};

staleness run(const nrw& c) {
    coterie::rng random(1);
    return simulate(c, model, trials, random);
}

delay draw_only() {
    coterie::rng random(1);
    delay sum{};
    std::array<replica_delays, 3> replicas{};
    for (std::size_t i = 0; i < trials; ++i) {
        model.draw(random, replicas);
        for (const auto& r : replicas) sum += r.write + r.acknowledge + r.read + r.respond;
    }
    return sum;
}

double whole_curve() {
    const staleness seen = run({3, 1, 1});
    double sum = 0;
    for (int t = 0; t < 1000; ++t) sum += seen.consistency(delay(t * .1)).value;
    return sum;
}

[[maybe_unused]] const bool registered = [] {
    bench::measure_call("draw_delays_100k", {}, draw_only);
    bench::measure_call("simulate_100k_n3_r1_w1", bench::at_most("draw_delays_100k", 3),
                        [] { return run({3, 1, 1}); });
    bench::measure_call("simulate_100k_n3_r2_w2", bench::at_most("draw_delays_100k", 3),
                        [] { return run({3, 2, 2}); });
    bench::measure_call("simulate_100k_and_1000_points_of_the_curve",
                        bench::at_most("simulate_100k_n3_r1_w1", 1.1), whole_curve);
    return true;
}();

}  // namespace
