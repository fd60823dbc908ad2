// SPDX-License-Identifier: BSL-1.0
#pragma once

// What `quorum optimize` and `quorum search` are told about the nodes, the requests and the limits.

#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/strategy.hpp>

namespace quorum_tool {

/// An argument that cannot be read, and why.
struct bad_argument : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The options that both commands have, as text.
struct cluster_options {
    std::vector<std::string> capacities;
    std::vector<std::string> latencies;
    std::vector<std::string> reads;
    std::string objective = "load";
    double max_load = 0;
    double max_network_load = 0;
    std::string max_latency;
    unsigned may_fail = 0;

    void add_to(CLI::App& app);

    /// For nodes of these names. Throws: bad_argument.
    [[nodiscard]] coterie::quorum::workload workload_of(
        const std::vector<std::string>& names) const;
    [[nodiscard]] coterie::quorum::limits limits() const;
    [[nodiscard]] coterie::quorum::objective goal() const;
};

/// "250ms", "1.5s", "800us", "20ns" in seconds. Throws: bad_argument.
[[nodiscard]] double seconds_of(const std::string& text);

}  // namespace quorum_tool
