// SPDX-License-Identifier: BSL-1.0

// Hybrid timestamps beside a read of the clock that they are made of.

#include <ctime>

#include <coterie/causality/hybrid_logical_clock.hpp>

#include "support/measure.hpp"

namespace {

using bench::at_most;

[[maybe_unused]] const bool registered = [] {
    bench::measure_call("clock_gettime_realtime", {}, [t = timespec()]() mutable {
        ::clock_gettime(CLOCK_REALTIME, &t);
        return t;
    });
    bench::measure("hybrid_logical_clock_now", at_most("clock_gettime_realtime", 1.15),
                   [](benchmark::State& state) {
                       coterie::causality::hybrid_logical_clock clock;
                       for (auto _ : state) benchmark::DoNotOptimize(clock.now());
                   });
    bench::measure("atomic_hybrid_logical_clock_now", at_most("clock_gettime_realtime", 1.15),
                   [](benchmark::State& state) {
                       coterie::causality::atomic_hybrid_logical_clock clock;
                       for (auto _ : state) benchmark::DoNotOptimize(clock.now());
                   });
    return true;
}();

}  // namespace
