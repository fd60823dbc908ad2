// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/strategy.hpp>

#include "quorum/random_expression.hpp"
#include "quorum/reference.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using quorum::expression;
using quorum::limits;
using quorum::mean_time;
using quorum::node_set;
using quorum::objective;
using quorum::optimize_errc;
using quorum::quorum_system;
using quorum::workload;

const expression a("a"), b("b"), c("c"), d("d"), e("e"), f("f");

quorum_system majority_of(unsigned n) {
    return quorum_system::from_reads(quorum::majority(quorum::numbered_nodes("n", n)).value());
}

/// Of a few sizes, so that ties are common, or of any.
workload random_workload(rng& random, unsigned nodes) {
    workload work;
    work.reads.clear();
    const auto shares = uniform_between(random, 1, 3);
    for (int i = 0; i < shares; ++i)
        work.reads.push_back({static_cast<double>(uniform_below(random, 5)) / 4,
                              1 + static_cast<double>(uniform_below(random, 3))});
    if (bernoulli(random, 0.2)) return work;
    const bool round = bernoulli(random, 0.5);
    const double unit = bernoulli(random, 0.3) ? 1e4 : bernoulli(random, 0.3) ? 1e-3 : 1;
    const auto capacity = [&] {
        const auto whole = static_cast<double>(uniform_between(random, 1, 4));
        return unit * (round ? whole : whole + uniform_real(random));
    };
    for (unsigned node = 0; node < nodes; ++node)
        work.nodes.push_back(
            {capacity(), capacity(), std::chrono::milliseconds(uniform_below(random, 4))});
    return work;
}

/// Limits on what is not the goal, often such as can just be kept, or just not.
limits random_limits(rng& random, const quorum_system& system, const workload& work, objective goal,
                     unsigned failures) {
    limits within{.resilience = failures};
    const auto near_least = [&](objective what) -> std::optional<double> {
        if (what == goal || bernoulli(random, 0.5)) return {};
        const auto least = reference::optimum(system, what, work, {.resilience = failures});
        // Below a picosecond it is zero, but for rounding.
        if (!least.has_value() || *least < 1e-12) return {};
        const double factors[] = {0.9, 1, 1.1, 1.5};
        return *least * factors[uniform_below(random, 4)];
    };
    within.load = near_least(objective::load);
    within.network_load = near_least(objective::network_load);
    if (const auto latency = near_least(objective::latency)) within.latency = mean_time(*latency);
    return within;
}

bool keeps(const quorum::measures& cost, const limits& within) {
    const auto below = [](double value, double limit) { return value <= limit * (1 + 1e-9); };
    return (!within.load || below(cost.load, *within.load)) &&
           (!within.network_load || below(cost.network_load, *within.network_load)) &&
           (!within.latency || below(cost.latency.count(), within.latency->count()));
}

bool all_quorums(const std::vector<quorum::weighted_quorum>& asked, const expression& side,
                 unsigned failures) {
    return std::ranges::all_of(asked, [&](const quorum::weighted_quorum& q) {
        node_set set;
        for (const unsigned node : q.nodes) set.insert(node);
        return reference::survives(side, set, failures) && q.probability > 0;
    });
}

/// The plan is of the system's quorums, within the limits, certified, and as good as the reference says.
void check_against_reference(const quorum_system& system, objective goal, const workload& work,
                             const limits& within) {
    const auto least = reference::optimum(system, goal, work, within);
    const auto plan = quorum::optimize(system, goal, work, within);
    REQUIRE(plan.has_value() == least.has_value());
    if (!least.has_value()) return;
    CHECK(plan->gap <= 1e-9);
    CHECK(plan->cost == quorum::evaluate(system, work, plan->chosen));
    CHECK(objective_of(plan->cost, goal) == Approx(*least).epsilon(1e-7).margin(1e-12));
    CHECK(plan->bound == Approx(*least).epsilon(1e-7).margin(1e-12));
    CHECK(keeps(plan->cost, within));
    CHECK(all_quorums(plan->chosen.reads(), system.reads(), within.resilience));
    CHECK(all_quorums(plan->chosen.writes(), system.writes(), within.resilience));
}

}  // namespace

TEST_CASE(
    "ten thousand random systems have the certificate, and the best that the reference finds") {
    rng random(test::seed(), "optimize");
    for (int round = 0; round < 10'000; ++round) {
        const auto count = uniform_between(random, 1U, 5U);
        const expression reads =
            test::random_expression(random, count, {round % 3 == 0, round % 4 == 0});
        const auto system = quorum_system::from_reads(reads);
        const workload work = random_workload(random, count);
        const auto goal = static_cast<objective>(round % 3);
        INFO(reads.to_string());
        INFO("round " << round);
        check_against_reference(system, goal, work, {});
    }
}

TEST_CASE("limits and failures: what can be kept is kept, and what cannot is refused") {
    rng random(test::seed(), "limits");
    for (int round = 0; round < 1500; ++round) {
        const auto count = uniform_between(random, 2U, 5U);
        const expression reads =
            test::random_expression(random, count, {round % 3 == 0, round % 4 == 0});
        const auto system = quorum_system::from_reads(reads);
        const workload work = random_workload(random, count);
        const auto goal = static_cast<objective>(round % 3);
        const unsigned failures = round % 5 == 0 ? 2 : round % 2 == 0 ? 1 : 0;
        INFO(reads.to_string());
        INFO("round " << round << " failures " << failures);
        const limits within = random_limits(random, system, work, goal, failures);
        // On the edge itself either answer is right.
        const auto least = reference::optimum(system, goal, work, within);
        const auto plan = quorum::optimize(system, goal, work, within);
        if (plan.has_value() != least.has_value()) {
            limits wider = within;
            for (auto* limit : {&wider.load, &wider.network_load})
                if (limit->has_value()) *limit = **limit * (1 + 1e-6);
            if (wider.latency) *wider.latency *= 1 + 1e-6;
            CHECK(quorum::optimize(system, goal, work, wider).has_value());
            continue;
        }
        check_against_reference(system, goal, work, within);
    }
}

TEST_CASE("systems too large for the reference: certified, or refused for a reason") {
    rng random(test::seed(), "large");
    for (int round = 0; round < 60; ++round) {
        const auto count = uniform_between(random, 6U, 40U);
        const expression reads = test::random_expression(random, count, {round % 3 == 0, false});
        const auto system = quorum_system::from_reads(reads);
        const workload work = random_workload(random, count);
        const auto goal = static_cast<objective>(round % 3);
        INFO(reads.to_string());
        limits within{.resilience = round % 3 != 0 && round % 4 == 0 ? 1U : 0U};
        const auto best = quorum::optimize(system, goal, work, within);
        if (!best.has_value()) {
            CHECK(best.error().code == optimize_errc::not_resilient);
            continue;
        }
        CHECK(best->gap <= 1e-9);
        // A little more than the least of another measure: it can be kept, and costs something.
        const auto other = goal == objective::load ? objective::latency : objective::load;
        const auto least = quorum::optimize(system, other, work, within);
        REQUIRE(least.has_value());
        const double limit = objective_of(least->cost, other) * 1.05;
        if (limit == 0) continue;
        if (other == objective::load) within.load = limit;
        if (other == objective::latency) within.latency = mean_time(limit);
        const auto limited = quorum::optimize(system, goal, work, within);
        REQUIRE(limited.has_value());
        CHECK(limited->gap <= 1e-9);
        CHECK(keeps(limited->cost, within));
        CHECK(objective_of(limited->cost, goal) >= best->bound * (1 - 1e-9));
    }
}

TEST_CASE("sides that are no duals of each other") {
    const auto system = quorum_system::make(quorum::choose(2, {a, b, c, d}).value(),
                                            quorum::all_of({a, b, c, d}).value());
    REQUIRE(system.has_value());
    for (const double fraction : {0.0, 0.3, 1.0})
        check_against_reference(*system, objective::load, {.reads = {{fraction}}}, {});
}

TEST_CASE("published loads") {
    const auto load_of = [](const quorum_system& system, double fraction) {
        const auto plan = quorum::optimize(system, objective::load, {.reads = {{fraction}}});
        REQUIRE(plan.has_value());
        CHECK(plan->gap <= 1e-9);
        return plan->cost.load;
    };
    const auto nodes = [](unsigned n) { return quorum::numbered_nodes("n", n); };
    CHECK(load_of(majority_of(9), 0.5) == Approx(5.0 / 9).epsilon(1e-9));
    CHECK(load_of(majority_of(101), 0.5) == Approx(51.0 / 101).epsilon(1e-9));
    const auto grid = quorum_system::from_reads(quorum::grid(nodes(36), 6).value());
    CHECK(load_of(grid, 0.5) == Approx(1.0 / 6).epsilon(1e-9));
    const auto hierarchy = quorum_system::from_reads(quorum::hierarchy(nodes(81)).value());
    CHECK(load_of(hierarchy, 0.25) == Approx(16.0 / 81).epsilon(1e-9));
    // Naor, Wool 1998: the load of the tree system of height h is 2 / (h + 2).
    const auto tree = quorum_system::from_reads(quorum::tree(nodes(31)).value());
    CHECK(load_of(tree, 1) == Approx(2.0 / 6).epsilon(1e-9));
    // Of votes, the heaviest node is the busiest.
    const auto votes =
        quorum_system::from_reads(quorum::weighted(3, {{a, 2}, {b, 1}, {c, 1}, {d, 1}}).value());
    CHECK(load_of(votes, 1) == Approx(0.6).epsilon(1e-9));
}

TEST_CASE("programs full of ties come to an end") {
    for (unsigned n = 1; n <= 33; n += 2)
        for (const double fraction : {0.0, 0.5, 1.0}) {
            const auto plan =
                quorum::optimize(majority_of(n), objective::load, {.reads = {{fraction}}});
            REQUIRE(plan.has_value());
            CHECK(plan->cost.load == Approx((n / 2 + 1.0) / n).epsilon(1e-9));
        }
    // All of several fractions at once, on nodes that are all alike, with limits that just hold.
    const workload work{.reads = {{0.0}, {0.5}, {1.0}}};
    const limits within{.load = 5.0 / 9, .network_load = {}, .latency = {}};
    const auto plan = quorum::optimize(majority_of(9), objective::network_load, work, within);
    REQUIRE(plan.has_value());
    CHECK(plan->cost.network_load == Approx(5).epsilon(1e-9));
    CHECK(plan->cost.load == Approx(5.0 / 9).epsilon(1e-9));
}

TEST_CASE("quorums that survive failures are priced without a list of them") {
    const auto majority = quorum::optimize(majority_of(41), objective::load, {}, {.resilience = 2});
    REQUIRE(majority.has_value());
    CHECK(majority->cost.load == Approx(23.0 / 41).epsilon(1e-9));
    const auto grid =
        quorum_system::from_reads(quorum::grid(quorum::numbered_nodes("n", 36), 6).value());
    const auto two_rows = quorum::optimize(grid, objective::load, {}, {.resilience = 1});
    REQUIRE(two_rows.has_value());
    CHECK(two_rows->cost.load == Approx(1.0 / 3).epsilon(1e-9));
}

TEST_CASE("a hundred unlike nodes") {
    rng random(test::seed(), "unlike");
    const auto system =
        quorum_system::from_reads(quorum::grid(quorum::numbered_nodes("n", 100), 10).value());
    workload work{.reads = {{0.7}}};
    for (int node = 0; node < 100; ++node)
        work.nodes.push_back({1 + 9 * uniform_real(random), 1 + 9 * uniform_real(random),
                              std::chrono::microseconds(uniform_between(random, 100, 5000))});
    const auto plan = quorum::optimize(system, objective::load, work);
    REQUIRE(plan.has_value());
    CHECK(plan->gap <= 1e-9);
    const limits within{.load = plan->cost.load * 1.2, .network_load = {}, .latency = {}};
    const auto fast = quorum::optimize(system, objective::latency, work, within);
    REQUIRE(fast.has_value());
    CHECK(fast->gap <= 1e-9);
    CHECK(keeps(fast->cost, within));
    CHECK(fast->cost.latency <= plan->cost.latency);
}

TEST_CASE("the load may exceed 1 where nodes are weak") {
    const workload work{.reads = {{1.0}}, .nodes = std::vector(2, quorum::node_profile{0.1, 0.1})};
    const auto plan = quorum::optimize(quorum_system::from_reads(a * b), objective::load, work);
    REQUIRE(plan.has_value());
    CHECK(plan->cost.load == Approx(10).epsilon(1e-9));
    CHECK(plan->cost.capacity == Approx(0.1).epsilon(1e-9));
}

TEST_CASE("the unit of capacity is the caller's") {
    const auto system = quorum_system::from_reads(quorum::majority({a, b, c, d, e}).value());
    const auto load_in = [&](double unit) {
        workload work{.reads = {{0.3}}};
        for (const double capacity : {1.0, 2.0, 3.5, 4.25, 7.0})
            work.nodes.push_back({unit * capacity, unit * capacity / 3});
        const auto plan = quorum::optimize(system, objective::load, work);
        REQUIRE(plan.has_value());
        return plan->cost.load;
    };
    for (const double unit : {1e-9, 1e-3, 1e3, 1e9, 1e15})
        CHECK(load_in(unit) * unit == Approx(load_in(1)).epsilon(1e-8));
}

/// Up to three sizes, each a thousand times the next.
workload uneven_workload(rng& random, unsigned nodes) {
    workload work{.reads = {{0.25}, {0.75}}};
    for (unsigned node = 0; node < nodes; ++node) {
        const double powers[] = {1e-3, 1, 1e3};
        const double power = powers[uniform_below(random, 3)];
        work.nodes.push_back({power * (1 + uniform_real(random)),
                              power * (1 + uniform_real(random)),
                              std::chrono::nanoseconds(uniform_below(random, 1'000'000'000))});
    }
    return work;
}

void check_weak_nodes(std::uint64_t seed) {
    rng random(seed, "weak");
    for (int round = 0; round < 200; ++round) {
        const auto count = uniform_between(random, 3U, 12U);
        const auto system = quorum_system::from_reads(
            test::random_expression(random, count, {round % 2 == 0, false}));
        const workload work = uneven_workload(random, count);
        INFO(system.reads().to_string());
        const auto strong = quorum::optimize(system, objective::load, work);
        REQUIRE(strong.has_value());
        CHECK(strong->gap <= 1e-9);
        const limits within{.load = strong->cost.load * 1.5, .network_load = {}, .latency = {}};
        const auto fast = quorum::optimize(system, objective::latency, work, within);
        REQUIRE(fast.has_value());
        CHECK(fast->gap <= 1e-9);
        CHECK(keeps(fast->cost, within));
    }
}

TEST_CASE("one node may be a million times as weak as another") {
    check_weak_nodes(test::seed());
    // Seeds at which unscaled rows lost too many digits, or broke the limit by 6e-8 of it.
    check_weak_nodes(11684826889469065666U);
    for (const std::uint64_t seed : {2403U, 3850U, 3861U, 3989U, 3999U}) check_weak_nodes(seed);
}

TEST_CASE("where capacities are far apart, a plan keeps its limits or is none") {
    rng random(test::seed(), "far apart");
    for (int round = 0; round < 100; ++round) {
        const auto count = uniform_between(random, 3U, 12U);
        const auto system = quorum_system::from_reads(
            test::random_expression(random, count, {round % 2 == 0, false}));
        workload work = uneven_workload(random, count);
        if (round % 4 == 0) work.nodes[0].read_capacity *= 1e-6;
        INFO(system.reads().to_string());
        const objective all[] = {objective::load, objective::network_load, objective::latency};
        std::vector<double> least;
        for (const objective goal : all) {
            const auto best = quorum::optimize(system, goal, work);
            least.push_back(best.has_value() ? objective_of(best->cost, goal) : 1);
        }
        for (const objective goal : all) {
            const double more = 1 + uniform_real(random);
            limits within;
            if (goal != objective::load) within.load = least[0] * more;
            if (goal != objective::network_load) within.network_load = least[1] * more;
            if (goal != objective::latency) within.latency = mean_time(least[2] * more);
            const auto plan = quorum::optimize(system, goal, work, within);
            if (!plan.has_value()) {
                CHECK((plan.error().code == optimize_errc::infeasible ||
                       plan.error().code == optimize_errc::too_complex));
                continue;
            }
            CHECK(plan->gap <= 1e-9);
            CHECK(keeps(plan->cost, within));
        }
    }
}

TEST_CASE("a strategy is measured as its definition says") {
    const auto grid = quorum_system::from_reads(a * b * c + d * e * f);
    const quorum::strategy mine({{{0, 1, 2}, 2}, {{3, 4, 5}, 1}},
                                {{{0, 3}, 1}, {{1, 4}, 1}, {{2, 5}, 1}});
    const auto load_at = [&](const quorum::strategy& s, double fraction) {
        return quorum::evaluate(grid, {.reads = {{fraction}}}, s).load;
    };
    CHECK(load_at(mine, 1) == Approx(2.0 / 3));
    CHECK(load_at(mine, 0) == Approx(1.0 / 3));
    CHECK(load_at(mine, 0.25) == Approx(5.0 / 12));
    const auto nodes = quorum::node_loads(grid, {}, mine, 0.25);
    for (const unsigned node : {0U, 1U, 2U}) CHECK(nodes[node] == Approx(5.0 / 12));
    for (const unsigned node : {3U, 4U, 5U}) CHECK(nodes[node] == Approx(1.0 / 3));

    const auto best = quorum::optimize(grid, objective::load, {.reads = {{0.25}}});
    REQUIRE(best.has_value());
    CHECK(load_at(best->chosen, 0) == Approx(1.0 / 3));
    CHECK(load_at(best->chosen, 0.25) == Approx(3.0 / 8));
    CHECK(load_at(best->chosen, 0.5) == Approx(5.0 / 12));
    CHECK(load_at(best->chosen, 1) == Approx(1.0 / 2));
}

TEST_CASE("latency is until the answers hold a quorum, not until the last") {
    using std::chrono::milliseconds;
    workload work{.reads = {{1.0}}};
    for (const int ms : {1, 2, 30, 4}) work.nodes.push_back({1, 1, milliseconds(ms)});
    const auto system = quorum_system::from_reads(quorum::choose(2, {a, b, c, d}).value());
    const quorum::strategy all({{{0, 1, 2, 3}, 1}}, {{{0, 1, 2}, 1}});
    CHECK(quorum::evaluate(system, work, all).latency.count() == Approx(0.002));
    CHECK(quorum::evaluate(system, {.reads = {{0.0}}, .nodes = work.nodes}, all).latency.count() ==
          Approx(0.030));
    const auto plan = quorum::optimize(system, objective::latency, work, {.resilience = 1});
    REQUIRE(plan.has_value());
    CHECK(plan->cost.latency.count() == Approx(0.002));
}

TEST_CASE("quorums are drawn as often as the strategy says") {
    const quorum::strategy s({{{0, 1}, 3}, {{2, 3}, 1}, {{1, 2}, 0}}, {{{0, 2}, 1}});
    CHECK(s.reads().size() == 2);
    rng random(test::seed(), "sample");
    std::map<std::vector<unsigned>, int> drawn;
    for (int i = 0; i < 40'000; ++i) ++drawn[s.sample_read(random)];
    CHECK(drawn.size() == 2);
    // Five standard deviations.
    CHECK(std::abs(drawn[{0, 1}] - 30'000) < 5 * 87);
    CHECK(s.sample_write(random) == std::vector{0U, 2U});
}

TEST_CASE("bad input is an error that says which") {
    const auto system = quorum_system::from_reads(a * b + c * d);
    const auto code = [&](const workload& work, const limits& within = {}) {
        return quorum::optimize(system, objective::load, work, within).error().code;
    };
    CHECK(code({.reads = {}}) == optimize_errc::invalid_workload);
    CHECK(code({.reads = {{1.5}}}) == optimize_errc::invalid_workload);
    CHECK(code({.reads = {{-0.5}}}) == optimize_errc::invalid_workload);
    CHECK(code({.reads = {{0.5, 0}}}) == optimize_errc::invalid_workload);
    CHECK(code({.reads = {{0.5, 1.0 / 0.0}}}) == optimize_errc::invalid_workload);
    CHECK(code({.nodes = {{}}}) == optimize_errc::invalid_workload);
    CHECK(code({.nodes = std::vector(4, quorum::node_profile{0, 1})}) ==
          optimize_errc::invalid_workload);
    CHECK(
        code({.nodes = std::vector(4, quorum::node_profile{1, 1, std::chrono::nanoseconds(-1)})}) ==
        optimize_errc::invalid_workload);
    CHECK(code({}, {.load = 1}) == optimize_errc::invalid_limit);
    CHECK(code({}, {.network_load = -1}) == optimize_errc::invalid_limit);
    CHECK(code({}, {.latency = mean_time(0)}) == optimize_errc::invalid_limit);
    CHECK(code({}, {.resilience = 2}) == optimize_errc::not_resilient);
    CHECK(code({}, {.resilience = ~0U}) == optimize_errc::not_resilient);
    CHECK(code({.reads = std::vector(600, quorum::read_share{0.5})}) == optimize_errc::too_complex);
}

TEST_CASE("limits that cannot be kept are named") {
    const auto system = quorum_system::from_reads(a * b + c * d);
    const auto refused = [&](objective goal, const limits& within) {
        const auto plan = quorum::optimize(system, goal, {.reads = {{1.0}}}, within);
        REQUIRE_FALSE(plan.has_value());
        return to_string(plan.error());
    };
    CHECK(refused(objective::load, {.network_load = 1.5}) ==
          "no strategy keeps to the limits: network load");
    CHECK(refused(objective::latency, {.load = 0.4, .network_load = 3}) ==
          "no strategy keeps to the limits: load");
    CHECK(refused(objective::latency, {.load = 0.9, .network_load = 1.5}) ==
          "no strategy keeps to the limits: network load");
    workload work{.reads = {{1.0}}};
    for (const int second : {1, 1, 9, 9})
        work.nodes.push_back({1, 1, std::chrono::seconds(second)});
    const auto both = quorum::optimize(system, objective::network_load, work,
                                       {.load = 0.6, .latency = mean_time(2)});
    REQUIRE_FALSE(both.has_value());
    CHECK(to_string(both.error()) == "no strategy keeps to the limits: load, latency");
    const auto slow = quorum::optimize(system, objective::network_load, work,
                                       {.load = 0.6, .latency = mean_time(5)});
    CHECK(slow.has_value());
}

TEST_CASE("what would take too long is refused, not awaited") {
    rng random(3, "tangled");
    const auto nodes = quorum::numbered_nodes("n", 60);
    std::vector<expression> members;
    for (int i = 0; i < 40; ++i) {
        std::vector<expression> group;
        for (int j = 0; j < 9; ++j) group.push_back(nodes[uniform_below(random, 60)]);
        members.push_back(quorum::choose(5, group).value());
    }
    const auto tangled = quorum_system::from_reads(quorum::choose(20, members).value());
    CHECK(quorum::optimize(tangled, objective::load, {}, {}, 50).error().code ==
          optimize_errc::too_complex);
    CHECK(quorum::optimize(tangled, objective::load, {}, {.resilience = 5}, 5000).error().code ==
          optimize_errc::too_complex);
    CHECK(quorum::optimize(majority_of(401), objective::load, {}, {.resilience = 9}).error().code ==
          optimize_errc::too_complex);
    const auto many =
        quorum_system::from_reads(quorum::any_of(quorum::numbered_nodes("n", 1500)).value());
    CHECK(quorum::optimize(many, objective::network_load, {}, {.resilience = 1000}).error().code ==
          optimize_errc::too_complex);
}
