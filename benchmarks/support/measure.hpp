// SPDX-License-Identifier: BSL-1.0
#pragma once

// Registers benchmarks by name, each beside the floor that it is measured against in the same run.

#include <string>

#include <benchmark/benchmark.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace bench {

/// Has the program keep what it frees, so that what is measured is not the system's zeroing of fresh pages.
inline void keep_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

/// What a benchmark is measured against: another one of the same program, and how many times that it is to
/// cost at most. tools/bench_table.py reads it from the label.
struct beside {
    beside() = default;
    beside(const char*
               floor) {  // NOLINT(google-explicit-constructor): the name alone is the usual case
        if (*floor != '\0') label = std::string("floor=") + floor;
    }

    std::string label;
};

/// Beside a floor, with the ratio that is the target.
inline beside at_most(const char* floor, double ratio) {
    beside b(floor);
    b.label += " at_most=" + std::to_string(ratio);
    return b;
}

/// For what is counted and not timed: the least that the counter "percent" is to say.
inline beside at_least_percent(double percent) {
    beside b;
    b.label = "at_least_percent=" + std::to_string(percent);
    return b;
}

/// Registers `run(state)`, to be repeated as often as it takes to be measured, or `iterations` times.
template <class Run>
void measure(const char* name, const beside& floor, Run run, int iterations = 0) {
    auto* const registered =
        benchmark::RegisterBenchmark(name, [run, floor](benchmark::State& state) mutable {
            run(state);
            state.SetLabel(floor.label);
        });
    if (iterations > 0) registered->Iterations(iterations);
}

/// Times `call()` again and again, and keeps what it returns from being optimised away.
template <class Call>
void measure_call(const char* name, const beside& floor, Call call) {
    measure(name, floor, [call](benchmark::State& state) mutable {
        for (auto _ : state) {
            benchmark::DoNotOptimize(call());
            benchmark::ClobberMemory();
        }
    });
}

}  // namespace bench
