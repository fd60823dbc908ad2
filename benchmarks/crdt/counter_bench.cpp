// SPDX-License-Identifier: BSL-1.0

// Merging counters of 32 replicas. The floor is a loop over two arrays.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/g_counter.hpp>

#include "support/measure.hpp"

namespace {

constexpr std::size_t replicas = 32;

[[gnu::noinline]] void merge_arrays(std::uint64_t* mine, const std::uint64_t* theirs) {
    for (std::size_t i = 0; i < replicas; ++i) mine[i] = std::max(mine[i], theirs[i]);
}

[[maybe_unused]] const bool registered = [] {
    bench::measure("merge_two_arrays_32", {}, [](benchmark::State& state) {
        std::array<std::uint64_t, replicas> a{}, b{};
        for (std::size_t i = 0; i < replicas; ++i) b[i] = i;
        for (auto _ : state) {
            merge_arrays(a.data(), b.data());
            benchmark::DoNotOptimize(a.data());
            benchmark::ClobberMemory();
        }
    });
    bench::measure("g_counter_merge_32", bench::at_most("merge_two_arrays_32", 2),
                   [](benchmark::State& state) {
                       coterie::crdt::g_counter<std::uint64_t> a, b;
                       for (std::size_t i = 0; i < replicas; ++i) {
                           (void)a.increment(i, i);
                           (void)a.increment(i, 1);
                           (void)b.increment(i, 2 + i);
                       }
                       for (auto _ : state) {
                           a.merge(b);
                           benchmark::ClobberMemory();
                       }
                   });
    return true;
}();

}  // namespace
