// SPDX-License-Identifier: BSL-1.0

#include "quorum/cluster.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/strategy.hpp>

namespace quorum_tool {

namespace {

using namespace coterie;

/// A number at the start of the text, and what follows it.
std::pair<double, std::string_view> leading_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || !std::isfinite(number)) {
        throw bad_argument(fmt::format("'{}' does not start with a number", text));
    }
    return {number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

double whole_number(std::string_view text) {
    const auto [number, rest] = leading_number(text);
    if (!rest.empty()) {
        throw bad_argument(fmt::format("'{}' is not a number", text));
    }
    return number;
}

/// "a=..." as the profile of node a, and what is behind the equals sign.
std::pair<quorum::node_profile*, std::string> assignment(const std::string& text,
                                                         const std::vector<std::string>& names,
                                                         quorum::workload& work) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
        throw bad_argument(fmt::format("'{}' should be NODE=VALUE", text));
    }
    const auto node = std::ranges::find(names, text.substr(0, equals));
    if (node == names.end()) {
        throw bad_argument(fmt::format("there is no node '{}'", text.substr(0, equals)));
    }
    return {&work.nodes[static_cast<std::size_t>(node - names.begin())], text.substr(equals + 1)};
}

}  // namespace

void cluster_options::add_to(CLI::App& app) {
    app.add_option("--capacity", capacities,
                   "requests a second a node takes: a=2000, or a=4000/2000 for reads and writes")
        ->delimiter(',');
    app.add_option("--latency", latencies, "how long a node takes to answer: a=20ms")
        ->delimiter(',');
    app.add_option("--reads", reads,
                   "fraction of reads: 0.5, or several with how often it is so: 0.9:1,0.1:3")
        ->delimiter(',');
    app.add_option("--objective", objective, "what is to be least")
        ->check(CLI::IsMember({"load", "network", "latency"}))
        ->capture_default_str();
    app.add_option("--max-load", max_load, "limit: of the load")->check(CLI::PositiveNumber);
    app.add_option("--max-network", max_network_load, "limit: nodes asked for a request")
        ->check(CLI::PositiveNumber);
    app.add_option("--max-latency", max_latency, "limit: of the mean latency, 20ms");
    app.add_option("--may-fail", may_fail, "nodes of an asked quorum that may fail, whichever");
}

quorum::workload cluster_options::workload_of(const std::vector<std::string>& names) const {
    quorum::workload work;
    work.nodes.resize(names.size());
    for (const std::string& text : capacities) {
        const auto [node, value] = assignment(text, names, work);
        const std::size_t slash = value.find('/');
        node->read_capacity = whole_number(value.substr(0, slash));
        node->write_capacity = slash == std::string::npos ? node->read_capacity
                                                          : whole_number(value.substr(slash + 1));
    }
    if (!capacities.empty() && capacities.size() != names.size()) {
        throw bad_argument("give the capacity of every node, or of none");
    }
    for (const std::string& text : latencies) {
        const auto [node, value] = assignment(text, names, work);
        node->latency = std::chrono::nanoseconds(
            static_cast<std::int64_t>(std::round(seconds_of(value) * 1e9)));
    }
    if (!reads.empty()) {
        work.reads.clear();
    }
    for (const std::string& text : reads) {
        const std::size_t colon = text.find(':');
        work.reads.push_back(
            {whole_number(text.substr(0, colon)),
             colon == std::string::npos ? 1 : whole_number(text.substr(colon + 1))});
    }
    return work;
}

quorum::limits cluster_options::limits() const {
    quorum::limits within{.resilience = may_fail};
    if (max_load > 0) {
        within.load = max_load;
    }
    if (max_network_load > 0) {
        within.network_load = max_network_load;
    }
    if (!max_latency.empty()) {
        within.latency = quorum::mean_time(seconds_of(max_latency));
    }
    return within;
}

quorum::objective cluster_options::goal() const {
    if (objective == "network") {
        return quorum::objective::network_load;
    }
    return objective == "load" ? quorum::objective::load : quorum::objective::latency;
}

double seconds_of(const std::string& text) {
    const auto [number, unit] = leading_number(text);
    for (const auto& [name, seconds] :
         {std::pair{"s", 1.0}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}}) {
        // A year is long enough, and fits into nanoseconds.
        if (unit == name && number >= 0 && number * seconds < 3.2e7) {
            return number * seconds;
        }
    }
    throw bad_argument(fmt::format("'{}' is not a time such as 20ms", text));
}

}  // namespace quorum_tool
