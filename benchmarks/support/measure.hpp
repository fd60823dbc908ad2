// SPDX-License-Identifier: BSL-1.0
#pragma once

// Registers benchmarks by name, each beside the floor that it is measured against in the same run.

#include <string>

#include <benchmark/benchmark.h>

namespace bench {

/// Registers `run(state)`; `floor` names another benchmark of the same program, or is empty.
template <class Run>
void measure(const char* name, const char* floor, Run run) {
    benchmark::RegisterBenchmark(name, [run, floor](benchmark::State& state) mutable {
        run(state);
        if (*floor != '\0') state.SetLabel(std::string("floor=") + floor);
    });
}

/// Times `call()` again and again, and keeps what it returns from being optimised away.
template <class Call>
void measure_call(const char* name, const char* floor, Call call) {
    measure(name, floor, [call](benchmark::State& state) mutable {
        for (auto _ : state) {
            benchmark::DoNotOptimize(call());
            benchmark::ClobberMemory();
        }
    });
}

}  // namespace bench
