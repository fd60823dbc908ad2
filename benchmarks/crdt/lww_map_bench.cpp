// SPDX-License-Identifier: BSL-1.0

// A map of a million rows, merged with another one of which half the keys are the same. The floor is a merge
// of two sorted vectors of the same rows. Both reuse memory that the process has, so that the system's zeroing
// of fresh pages is not what is measured.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/crdt/lww_map.hpp>

#include "support/measure.hpp"

namespace {

using map = coterie::crdt::lww_map<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
constexpr std::size_t million = 1'000'000;

/// Keys of which every two maps have half in common.
std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> two_key_sets() {
    coterie::rng random(1, "keys");
    std::vector<std::uint64_t> all(million + million / 2);
    for (auto& key : all) key = random();
    return {{all.begin(), all.begin() + million}, {all.begin() + million / 2, all.end()}};
}

map map_of(const std::vector<std::uint64_t>& keys, std::uint64_t writer) {
    map m;
    for (const auto key : keys) (void)m.assign(writer, key % 1000, key, key);
    return m;
}

std::vector<map::row> rows_of(std::vector<std::uint64_t> keys, std::uint64_t writer) {
    std::ranges::sort(keys);
    std::vector<map::row> rows;
    for (const auto key : keys) rows.push_back({key, key % 1000, writer, key});
    return rows;
}

[[maybe_unused]] const bool registered = [] {
    bench::keep_memory();
    bench::measure("merge_sorted_1e6_rows", {}, [](benchmark::State& state) {
        const auto [some, others] = two_key_sets();
        const auto a = rows_of(some, 1), b = rows_of(others, 2);
        std::vector<map::row> out;
        out.reserve(a.size() + b.size());  // once: fresh memory costs more than the merge
        for (auto _ : state) {
            out.clear();
            auto x = a.begin();
            auto y = b.begin();
            while (x != a.end() && y != b.end()) {
                if (x->key < y->key) {
                    out.push_back(*x++);
                } else if (y->key < x->key) {
                    out.push_back(*y++);
                } else {
                    out.push_back(x->timestamp < y->timestamp ? *y : *x);
                    ++x;
                    ++y;
                }
            }
            out.insert(out.end(), x, a.end());
            out.insert(out.end(), y, b.end());
            benchmark::DoNotOptimize(out.data());
            benchmark::ClobberMemory();
        }
    });
    bench::measure("lww_map_merge_1e6", bench::at_most("merge_sorted_1e6_rows", 3),
                   [](benchmark::State& state) {
                       const auto [some, others] = two_key_sets();
                       const map a = map_of(some, 1), b = map_of(others, 2);
                       for (auto _ : state) {
                           state.PauseTiming();
                           map copy = a;
                           state.ResumeTiming();
                           copy.merge(b);
                           benchmark::ClobberMemory();
                           state.PauseTiming();
                           copy = map();
                           state.ResumeTiming();
                       }
                   });
    return true;
}();

}  // namespace
