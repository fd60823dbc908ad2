// SPDX-License-Identifier: BSL-1.0

// Optimizing strategies, searching for systems, and asking whether 64 nodes hold a quorum. The references are
// enumeration with a dense program, which the tests hold the results to, and a bit count.

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/search.hpp>
#include <coterie/quorum/strategy.hpp>

#include "../../tests/quorum/reference.hpp"
#include "support/measure.hpp"

namespace {

using namespace coterie;
using bench::at_most;
using bench::measure;
using quorum::expression;
using quorum::quorum_system;

expression majority_of(unsigned n) {
    return quorum::majority(quorum::numbered_nodes("n", n)).value();
}

void measure_load(const char* name, const bench::beside& floor, const expression& reads) {
    measure(name, floor, [system = quorum_system::from_reads(reads)](benchmark::State& state) {
        double gap = 0;
        for (auto _ : state) {
            const auto plan = quorum::optimize(system, quorum::objective::load, {});
            benchmark::DoNotOptimize(plan);
            gap = plan.has_value() ? plan->gap : 1;
        }
        if (gap > 1e-9) state.SkipWithError("no certificate");
    });
}

void measure_reference(const char* name, const expression& reads) {
    measure(name, {}, [system = quorum_system::from_reads(reads)](benchmark::State& state) {
        for (auto _ : state)
            benchmark::DoNotOptimize(reference::optimum(system, quorum::objective::load, {}));
    });
}

/// The five nodes of the case study of Whittaker et al. 2021, by load, where any one may fail.
quorum::search_goal case_study() {
    using std::chrono::seconds;
    quorum::search_goal goal;
    goal.work.reads = {{0.9, 10}, {0.8, 20}, {0.7, 100}, {0.6, 100}, {0.5, 100},
                       {0.4, 60}, {0.3, 30}, {0.2, 30},  {0.1, 20}};
    goal.work.nodes = {{4000, 2000, seconds(1)},
                       {2000, 1000, seconds(1)},
                       {4000, 2000, seconds(3)},
                       {2000, 1000, seconds(4)},
                       {4000, 2000, seconds(5)}};
    goal.resilience = 1;
    return goal;
}

void search_all(benchmark::State& state, const quorum::search_goal& goal) {
    std::size_t looked_at = 0;
    for (auto _ : state) {
        auto search = quorum::search::start({"a", "b", "c", "d", "e"}, goal);
        while (search->step()) {
        }
        benchmark::DoNotOptimize(search->best());
        looked_at += search->looked_at();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(looked_at));
}

/// Sets of 64 nodes, of which about half are up.
std::vector<std::uint64_t> random_words() {
    rng random(1, "words");
    std::vector<std::uint64_t> words(1024);
    for (auto& word : words) word = random();
    return words;
}

template <class Ask>
void measure_ask(const char* name, const bench::beside& floor, Ask ask) {
    measure(name, floor, [words = random_words(), ask](benchmark::State& state) {
        std::size_t next = 0;
        for (auto _ : state) benchmark::DoNotOptimize(ask(words[next++ % words.size()]));
    });
}

bool count_flags(std::uint64_t word) {
    bool flags[64];
    for (unsigned i = 0; i < 64; ++i) flags[i] = (word >> i & 1) != 0;
    benchmark::DoNotOptimize(flags);
    unsigned count = 0;
    for (const bool flag : flags) count += flag ? 1 : 0;
    return count >= 33;
}

void measure_is_quorum(const char* name, const char* floor, const expression& e) {
    measure_ask(name, floor,
                [e](std::uint64_t word) { return e.is_quorum(quorum::node_set(word)); });
}

[[maybe_unused]] const bool registered = [] {
    const auto nodes = [](unsigned n) { return quorum::numbered_nodes("n", n); };
    measure_reference("reference_load_majority_9", majority_of(9));
    measure_load("load_majority_9", at_most("reference_load_majority_9", 0.01), majority_of(9));
    measure_reference("reference_load_majority_13", majority_of(13));
    measure_load("load_majority_13", "reference_load_majority_13", majority_of(13));
    measure_load("load_majority_101", at_most("load_majority_9", 2000), majority_of(101));
    measure_load("load_grid_6x6", "load_majority_9", quorum::grid(nodes(36), 6).value());
    measure_load("load_hierarchy_81", "load_majority_9", quorum::hierarchy(nodes(81)).value());

    measure("search_5_nodes_by_load", {},
            [](benchmark::State& state) { search_all(state, case_study()); });
    measure("search_5_nodes_by_load_one_may_fail", {}, [](benchmark::State& state) {
        auto goal = case_study();
        goal.within.resilience = 1;
        search_all(state, goal);
    });
    measure("search_5_nodes_by_latency", {}, [](benchmark::State& state) {
        auto goal = case_study();
        goal.what = quorum::objective::latency;
        goal.within.load = 1.0 / 2000;
        search_all(state, goal);
    });

    measure_ask("bit_count_64", {}, [](std::uint64_t word) { return std::popcount(word) >= 33; });
    measure_ask("flags_64", "bit_count_64", count_flags);
    measure_is_quorum("is_quorum_majority_64", "bit_count_64", majority_of(64));
    measure_is_quorum("is_quorum_grid_8x8", "bit_count_64", quorum::grid(nodes(64), 8).value());
    measure_is_quorum("is_quorum_hierarchy_27", "bit_count_64",
                      quorum::hierarchy(nodes(27)).value());
    return true;
}();

}  // namespace
