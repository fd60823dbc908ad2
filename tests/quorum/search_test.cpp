// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <coterie/quorum/analysis.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/search.hpp>
#include <coterie/quorum/strategy.hpp>

#include "support/catch.hpp"

namespace {

using namespace coterie;
using quorum::objective;
using quorum::search;
using quorum::search_errc;
using quorum::search_goal;
using names = std::vector<std::string>;

names first(std::size_t count) {
    const names all = {"a", "b", "c", "d", "e"};
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// For each set of nodes whether it holds a quorum.
std::vector<bool> truth_table(const quorum::expression& e) {
    std::vector<bool> table;
    for (std::uint64_t word = 0; word < std::uint64_t{1} << e.node_count(); ++word)
        table.push_back(e.is_quorum(quorum::node_set(word)));
    return table;
}

/// Five nodes of the case study of Whittaker et al. 2021, section 6.
search_goal case_study() {
    search_goal goal;
    goal.work.reads = {{0.9, 10}, {0.8, 20}, {0.7, 100}, {0.6, 100}, {0.5, 100},
                       {0.4, 60}, {0.3, 30}, {0.2, 30},  {0.1, 20}};
    using std::chrono::seconds;
    goal.work.nodes = {{4000, 2000, seconds(1)},
                       {2000, 1000, seconds(1)},
                       {4000, 2000, seconds(3)},
                       {2000, 1000, seconds(4)},
                       {4000, 2000, seconds(5)}};
    goal.resilience = 1;
    return goal;
}

search::found run(const search_goal& goal, const names& nodes) {
    auto looking = search::start(nodes, goal);
    REQUIRE(looking.has_value());
    while (looking->step()) {
    }
    CHECK(looking->looked_at() == looking->size());
    REQUIRE(looking->best().has_value());
    return *looking->best();
}

}  // namespace

TEST_CASE("every canonical expression is listed, and none twice") {
    const std::size_t counts[] = {1, 2, 9, 74, 885};
    for (std::size_t n = 1; n <= 5; ++n) {
        const auto all = quorum::canonical_expressions(first(n));
        CHECK(all.size() == counts[n - 1]);
        std::set<std::vector<bool>> tables;
        for (const auto& e : all) {
            tables.insert(truth_table(e));
            const auto leaves = std::ranges::count_if(e.elements(), &quorum::element::is_node);
            CHECK(static_cast<std::size_t>(leaves) == n);
            CHECK(e.names() == first(n));
        }
        CHECK(tables.size() == all.size());
        CHECK(std::ranges::is_sorted(
            all, {}, [](const quorum::expression& e) { return e.elements().size(); }));
        // The dual of each is listed too.
        for (const auto& e : all) CHECK(tables.contains(truth_table(e.dual())));
    }
}

TEST_CASE("the best system of the case study, by load") {
    const auto best = run(case_study(), first(5));
    CHECK(best.best.cost.capacity == Approx(5005.185294657728).epsilon(1e-6));
    CHECK(best.best.gap <= 1e-9);
    CHECK(quorum::resilience(best.system).value() >= 1);
}

TEST_CASE("the best system of the case study, by load where any node may fail") {
    search_goal goal = case_study();
    goal.within.resilience = 1;
    // Published with six digits.
    CHECK(run(goal, first(5)).best.cost.capacity == Approx(3012.03).epsilon(0).margin(0.005));
}

TEST_CASE("the best system of the case study, by latency under a limit of load") {
    search_goal goal = case_study();
    goal.what = objective::latency;
    goal.within.load = 1.0 / 2000;
    const auto best = run(goal, first(5));
    CHECK(best.best.cost.latency.count() == Approx(1.476595).epsilon(1e-6));
    CHECK(best.best.cost.load <= 1.0 / 2000 * (1 + 1e-9));
}

TEST_CASE("the paper's four nodes") {
    using std::chrono::seconds;
    search_goal goal;
    goal.what = objective::latency;
    goal.work.reads = {{1.0}};
    goal.work.nodes = {{200, 100, seconds(4)},
                       {200, 100, seconds(4)},
                       {100, 50, seconds(1)},
                       {100, 50, seconds(1)}};
    goal.within.load = 1.0 / 150;
    goal.within.network_load = 2;
    const auto best = run(goal, first(4));
    CHECK(best.best.cost.latency.count() == Approx(1).epsilon(1e-6));
}

TEST_CASE("no listed system is better than the one found") {
    search_goal goal = case_study();
    goal.work.nodes.resize(3);
    goal.resilience = 0;
    const auto best = run(goal, first(3));
    for (const auto& e : quorum::canonical_expressions(first(3))) {
        const auto plan =
            quorum::optimize(quorum::quorum_system::from_reads(e), goal.what, goal.work);
        REQUIRE(plan.has_value());
        CHECK(plan->cost.load >= best.best.cost.load * (1 - 1e-8));
    }
}

TEST_CASE("a search can be stopped, and has the best so far") {
    auto looking = search::start(first(5), case_study());
    REQUIRE(looking.has_value());
    CHECK(looking->size() == 1370);
    double least = 1e9;
    while (looking->looked_at() < 300) {
        CHECK(looking->step());
        if (!looking->best().has_value()) continue;
        CHECK(looking->best()->best.cost.load <= least);
        least = looking->best()->best.cost.load;
    }
    CHECK(least < 1e9);
}

TEST_CASE("what no system can keep leaves the search without a best") {
    auto looking = search::start(first(3), {.work = {}, .resilience = 3});
    REQUIRE(looking.has_value());
    while (looking->step()) {
    }
    CHECK_FALSE(looking->best().has_value());
    CHECK_FALSE(looking->step());
}

TEST_CASE("a search that makes no sense does not start") {
    CHECK(search::start({}, {}).error() == search_errc::no_nodes);
    CHECK(search::start({"a", "b", "c", "d", "e", "f"}, {}).error() == search_errc::too_many_nodes);
    CHECK(search::start({"a", "b", "a"}, {}).error() == search_errc::repeated_name);
    CHECK(search::start({"a"}, case_study()).error() == search_errc::invalid_workload);
    CHECK(std::string(describe(search_errc::no_nodes)) == "no nodes to search over");
}
