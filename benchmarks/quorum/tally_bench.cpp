// SPDX-License-Identifier: BSL-1.0

// One answer among 64 nodes. The floor is a bit count; a loop over 64 flags stands beside it.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>

#include "support/measure.hpp"

namespace {

using namespace coterie::quorum;

constexpr node_set nodes = node_set::all(64);

[[gnu::noinline]] int bit_count(std::uint64_t word) { return std::popcount(word); }

struct flags {
    std::array<bool, 64> answered{};

    [[gnu::noinline]] bool answer(std::size_t node) {
        answered[node] = true;
        int count = 0;
        for (const bool a : answered) count += a ? 1 : 0;
        return count > 32;
    }
};

template <class Rule>
void measure_answers(const char* name, const Rule& rule) {
    bench::measure(name, "bit_count", [rule](benchmark::State& state) {
        tally t(rule, nodes);
        unsigned node = 0;
        for (auto _ : state) {
            benchmark::DoNotOptimize(t.answered(node++ % 64));
            if (node % 64 == 0) t = tally(rule, nodes);
        }
    });
}

[[maybe_unused]] const bool registered = [] {
    bench::measure("bit_count", {}, [](benchmark::State& state) {
        std::uint64_t word = 0;
        for (auto _ : state) benchmark::DoNotOptimize(bit_count(++word));
    });
    bench::measure("loop_over_64_flags", "bit_count", [](benchmark::State& state) {
        flags f;
        std::size_t node = 0;
        for (auto _ : state) benchmark::DoNotOptimize(f.answer(node++ % 64));
    });
    static std::array<std::uint32_t, 64> weights;
    weights.fill(3);
    measure_answers("tally_answer_majority", majority_of(nodes));
    measure_answers("tally_answer_joint", both_of{majority_of(nodes), count_of{20, nodes}});
    measure_answers("tally_answer_weighted", weight_of{97, weights});
    return true;
}();

}  // namespace
