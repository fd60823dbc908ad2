// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a thousand clients behave after an outage, by how they retry: in words, in the terminal, and as SVG.

#include <span>
#include <string>

#include "common/overload.hpp"

namespace examples {

/// How clients retry, as people would say it.
struct herd_policy {
    std::string backoff = "full";  ///< one of backoff_names()
    std::string budget = "none";   ///< one of budget_names()
    std::string gate = "none";     ///< one of gate_names()
    bool hedges = false;
    double base_ms = 100;
    double cap_ms = 10'000;
    unsigned attempts = 4;

    /// "full jitter, ratio budget, breaker".
    [[nodiscard]] std::string describe() const;
};

/// "at-once", "constant", "none", "full", ...
[[nodiscard]] std::span<const std::string> backoff_names();
/// "none", "token", "ratio", ...
[[nodiscard]] std::span<const std::string> budget_names();
/// "none", "breaker", "throttle", "rate", "concurrency".
[[nodiscard]] std::span<const std::string> gate_names();

/// One policy and what came of it.
struct herd_run {
    herd_policy policy;
    overload_outcome outcome;
};

/// Plays the outage.
[[nodiscard]] herd_run play_herd(const overload_options& options, const herd_policy& policy);

/// Requests over time, a line of blocks for each run, and what they came to.
[[nodiscard]] std::string draw_herd(const overload_options& options,
                                    std::span<const herd_run> runs);

/// The same as a picture.
[[nodiscard]] std::string herd_svg(const overload_options& options, std::span<const herd_run> runs);

}  // namespace examples
