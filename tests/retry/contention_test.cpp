// SPDX-License-Identifier: BSL-1.0

// The rows of backoff_contention.json, in tests/data or in the folder that COTERIE_TEST_DATA names.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>

#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <nlohmann/json.hpp>

#include "retry/contention.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using namespace coterie;
using nlohmann::json;

namespace {

constexpr std::size_t trials = 60;

/// What `run(backoff)` gives for the policy that a row names; nothing for a name that is not known.
template <class Run>
bool with_policy(const std::string& name, const json& model, Run run) {
    const std::chrono::milliseconds base(model.at("base_ms").get<int>());
    const std::chrono::milliseconds cap(model.at("cap_ms").get<int>());
    // The model's first ceiling is 2^1 times its base.
    if (name == "None") {
        run(retry::constant_backoff{});
    } else if (name == "Exponential") {
        run(retry::exponential_backoff{.base = 2 * base, .cap = cap, .jitter = retry::no_jitter{}});
    } else if (name == "EqualJitter") {
        run(retry::exponential_backoff{
            .base = 2 * base, .cap = cap, .jitter = retry::equal_jitter{}});
    } else if (name == "FullJitter") {
        run(retry::exponential_backoff{.base = 2 * base, .cap = cap});
    } else if (name == "Decorr") {
        run(retry::decorrelated_jitter{base, cap, retry::clamp_order::after_draw});
    } else {
        return false;
    }
    return true;
}

void check_near(double measured, const json& row, const std::string& column) {
    const double golden_trials = row.at("trials").get<double>();
    const double error = row.at(column + "_se").get<double>() *
                         std::sqrt(1 + golden_trials / static_cast<double>(trials));
    const double mean = row.at(column + "_mean").get<double>();
    INFO(column << ": " << measured << " and not " << mean << ", " << (measured - mean) / error
                << " standard errors");
    CHECK(std::abs(measured - mean) <= 4 * error);
}

}  // namespace

// A seed of its own, always the same: of 190 means some would be beyond four errors once in a hundred seeds.
TEST_CASE("contention costs as many calls, and as long, as published") {
    std::ifstream file(test::data_dir() / "backoff_contention.json");
    REQUIRE(file);
    const json data = json::parse(file);
    const json& model = data.at("provenance").at("model");
    std::uint64_t number = 0;
    std::size_t known = 0;
    for (const json& row : data.at("rows")) {
        const auto clients = row.at("clients").get<std::size_t>();
        const auto algorithm = row.at("algorithm").get<std::string>();
        INFO("row " << number << ": " << clients << " clients, " << algorithm);
        rng random(1, "contention", number++);
        const bool is_known = with_policy(algorithm, model, [&](const auto& backoff) {
            test::contention_result sum;
            for (std::size_t i = 0; i < trials; ++i) {
                const auto [time_ms, calls] = test::contend(clients, backoff, random);
                sum.time_ms += time_ms;
                sum.calls += calls;
            }
            check_near(sum.time_ms / trials, row, "time_ms");
            check_near(sum.calls / trials, row, "calls");
        });
        if (!is_known) std::cout << "skipped: " << algorithm << '\n';
        known += is_known ? 1 : 0;
    }
    CHECK(known > 0);
}
