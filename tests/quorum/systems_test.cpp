// SPDX-License-Identifier: BSL-1.0

// The systems of quorum_systems.json, in tests/data or in the folder that COTERIE_TEST_DATA names.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <coterie/quorum/analysis.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/parse.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/strategy.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace {

using namespace coterie;
using nlohmann::json;
using quorum::expression;
using quorum::objective;
using names = std::set<std::string>;

/// What the data's solver printed: eight digits.
Approx printed(double value) { return Approx(value).epsilon(1e-6); }

quorum::quorum_system system_of(const json& row) {
    const auto reads = quorum::parse(row.at("reads_expr").get<std::string>());
    const auto writes = quorum::parse(row.at("writes_expr").get<std::string>());
    REQUIRE(reads.has_value());
    REQUIRE(writes.has_value());
    const auto system = quorum::quorum_system::make(*reads, *writes);
    REQUIRE(system.has_value());
    return *system;
}

quorum::workload workload_of(const json& row, const quorum::quorum_system& system,
                             const json& read_fraction) {
    quorum::workload work;
    if (read_fraction.is_object()) {
        work.reads.clear();
        for (const auto& [fraction, weight] : read_fraction.items())
            work.reads.push_back({std::stod(fraction), weight.get<double>()});
    } else {
        work.reads = {{read_fraction.get<double>()}};
    }
    for (const std::string& name : system.names()) {
        const json& node = row.at("nodes").at(name);
        const std::chrono::duration<double> latency(node.at("latency_s").get<double>());
        work.nodes.push_back({node.at("read_capacity").get<double>(),
                              node.at("write_capacity").get<double>(),
                              std::chrono::round<std::chrono::nanoseconds>(latency)});
    }
    return work;
}

std::set<names> minimal_of(const expression& e) {
    std::set<names> found;
    const auto minimal = quorum::minimal_quorums(e).value();
    for (const quorum::node_set quorum : minimal) {
        names members;
        for (const unsigned node : quorum) members.insert(e.names()[node]);
        found.insert(members);
    }
    return found;
}

bool stands_once(const expression& e) {
    const auto leaves = std::ranges::count_if(e.elements(), &quorum::element::is_node);
    return static_cast<std::size_t>(leaves) == e.names().size();
}

void check_structure(const json& row, const quorum::quorum_system& system) {
    CHECK(minimal_of(system.reads()) == row.at("min_read_quorums").get<std::set<names>>());
    CHECK(minimal_of(system.writes()) == row.at("min_write_quorums").get<std::set<names>>());
    CHECK(minimal_of(system.reads()).size() == row.at("n_min_read_quorums"));
    CHECK(minimal_of(system.writes()).size() == row.at("n_min_write_quorums"));
    CHECK(quorum::resilience(system.reads()).value() == row.at("read_resilience"));
    CHECK(quorum::resilience(system.writes()).value() == row.at("write_resilience"));
    CHECK(quorum::resilience(system).value() == row.at("resilience"));
    CHECK((stands_once(system.reads()) && stands_once(system.writes())) == row.at("dup_free"));
}

void check_metrics(const json& metric, const quorum::quorum_system& system,
                   const quorum::workload& work) {
    const quorum::limits within{.resilience = metric.at("f").get<unsigned>()};
    const auto best = [&](objective goal) {
        const auto plan = quorum::optimize(system, goal, work, within);
        REQUIRE(plan.has_value());
        CHECK(plan->gap <= 1e-9);
        return plan->cost;
    };
    CHECK(best(objective::load).load == printed(metric.at("load").at("value")));
    CHECK(best(objective::load).capacity == printed(metric.at("capacity")));
    CHECK(best(objective::network_load).network_load ==
          printed(metric.at("network_load").at("value")));
    CHECK(best(objective::latency).latency.count() == printed(metric.at("latency_s")));
}

/// Every minimal quorum as often as any other.
quorum::strategy uniform(const quorum::quorum_system& system) {
    const auto side = [](const expression& e) {
        std::vector<quorum::weighted_quorum> quorums;
        const auto minimal = quorum::minimal_quorums(e).value();
        for (const quorum::node_set quorum : minimal)
            quorums.push_back({{quorum.begin(), quorum.end()}, 1});
        return quorums;
    };
    return {side(system.reads()), side(system.writes())};
}

void check_measures(const json& extra, const quorum::measures& cost) {
    CHECK(cost.capacity == printed(extra.at("capacity")));
    CHECK(cost.latency.count() == printed(extra.at("latency_s")));
    CHECK(cost.network_load == printed(extra.at("network_load")));
}

void check_extra(const json& extra, const quorum::quorum_system& system,
                 const quorum::workload& work) {
    const json& args = extra.at("args");
    quorum::limits within;
    if (args.contains("load_limit")) within.load = args["load_limit"].get<double>();
    if (args.contains("network_limit")) within.network_load = args["network_limit"].get<double>();
    if (args.contains("latency_limit"))
        within.latency = quorum::mean_time(args["latency_limit"].get<double>());
    const std::string goal = args.at("optimize");
    const auto plan = quorum::optimize(system,
                                       goal == "load"      ? objective::load
                                       : goal == "network" ? objective::network_load
                                                           : objective::latency,
                                       work, within);
    if (extra.contains("error")) {
        REQUIRE_FALSE(plan.has_value());
        CHECK(plan.error().code == quorum::optimize_errc::infeasible);
        return;
    }
    REQUIRE(plan.has_value());
    if (goal == "load") CHECK(plan->cost.capacity == printed(extra.at("capacity")));
    if (goal == "network") CHECK(plan->cost.network_load == printed(extra.at("network_load")));
    if (goal == "latency") CHECK(plan->cost.latency.count() == printed(extra.at("latency_s")));
    if (within.load.has_value()) CHECK(plan->cost.load <= *within.load * (1 + 1e-9));
    if (within.network_load.has_value())
        CHECK(plan->cost.network_load <= *within.network_load * (1 + 1e-9));
    if (within.latency.has_value())
        CHECK(plan->cost.latency.count() <= within.latency->count() * (1 + 1e-9));
}

}  // namespace

TEST_CASE("quorum systems of the data file") {
    const auto file = test::data_dir() / "quorum_systems.json";
    std::ifstream in(file);
    REQUIRE(in.is_open());
    const json data = json::parse(in);
    REQUIRE_FALSE(data.at("cases").empty());
    for (const json& row : data.at("cases")) {
        INFO(row.at("name").get<std::string>());
        const auto system = system_of(row);
        check_structure(row, system);
        json last;
        for (const json& metric : row.at("metrics")) {
            INFO(metric.dump());
            last = metric.at("read_fraction");
            check_metrics(metric, system, workload_of(row, system, last));
        }
        if (!row.contains("extra")) continue;
        for (const json& extra : row["extra"]) {
            INFO(extra.dump());
            const json& args = extra.at("args");
            const auto work = workload_of(
                row, system, args.contains("read_fraction") ? args["read_fraction"] : last);
            if (args.contains("strategy"))
                check_measures(extra, quorum::evaluate(system, work, uniform(system)));
            else
                check_extra(extra, system, work);
        }
    }
}
