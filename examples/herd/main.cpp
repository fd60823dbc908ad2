// SPDX-License-Identifier: BSL-1.0

// A thousand clients, and a server that stands still for five seconds: what reaches it then and afterwards, by how
// the clients retry.
//
//   herd                                       a few policies, side by side
//   herd --policy equal --base 200 --budget ratio --gate breaker
//   herd --svg herd.svg --seed 7
//
// Exit status: 2 for bad input.

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/herd.hpp"
#include "common/overload.hpp"
#include "common/program.hpp"

namespace {

using examples::bad_input;

/// What is shown to who names no policy.
std::vector<examples::herd_policy> usual_policies() {
    return {{.backoff = "at-once"},
            {.backoff = "none"},
            {.backoff = "full"},
            {.backoff = "decorrelated"},
            {.backoff = "full", .budget = "ratio"},
            {.backoff = "full", .budget = "token"},
            {.backoff = "full", .budget = "ratio", .hedges = true},
            {.backoff = "full", .gate = "throttle"},
            {.backoff = "full", .gate = "rate"},
            {.backoff = "full", .gate = "concurrency"},
            {.backoff = "full", .budget = "ratio", .gate = "breaker"}};
}

std::vector<std::string> strings(std::span<const std::string> names) {
    return {names.begin(), names.end()};
}

int run(int argc, char** argv) {
    CLI::App app{"What reaches a server after an outage, by how a thousand clients retry.", "herd"};
    examples::overload_options options;
    examples::herd_policy policy;
    std::int64_t outage = options.stands_still.count();
    std::string svg;
    auto* const named = app.add_option("--policy", policy.backoff, "how clients wait")
                            ->check(CLI::IsMember(strings(examples::backoff_names())));
    const auto own = [named](CLI::Option* option) { option->needs(named); };
    own(app.add_option("--base", policy.base_ms, "the first ceiling, in ms")
            ->check(CLI::Range(0.001, 1e6))
            ->capture_default_str());
    own(app.add_option("--cap", policy.cap_ms, "the highest ceiling, in ms")
            ->check(CLI::Range(0.001, 1e7))
            ->capture_default_str());
    own(app.add_option("--attempts", policy.attempts, "attempts for each call")
            ->check(CLI::Range(1U, 1000U))
            ->capture_default_str());
    own(app.add_option("--budget", policy.budget, "what all may retry together")
            ->check(CLI::IsMember(strings(examples::budget_names())))
            ->capture_default_str());
    own(app.add_option("--gate", policy.gate, "what all pass before they ask")
            ->check(CLI::IsMember(strings(examples::gate_names())))
            ->capture_default_str());
    own(app.add_flag("--hedges", policy.hedges, "ask again after 50 ms without an answer"));
    app.add_option("--clients", options.clients, "how many there are")
        ->check(CLI::Range(1U, 100'000U))
        ->capture_default_str();
    app.add_option("--outage", outage, "for how many seconds the server stands still")
        ->check(CLI::Range(0, 60))
        ->capture_default_str();
    app.add_option("--seed", options.seed, "the same seed gives the same result")
        ->capture_default_str();
    app.add_option("--svg", svg, "draw it into this file");
    if (const auto status = examples::parse(app, argc, argv)) return *status;
    if (policy.cap_ms < policy.base_ms) {
        fmt::print(stderr, "herd: --cap {} is below --base {}\n", policy.cap_ms, policy.base_ms);
        return bad_input;
    }
    options.stands_still = std::chrono::seconds(outage);

    const auto policies =
        named->count() != 0 ? std::vector<examples::herd_policy>{policy} : usual_policies();
    std::vector<examples::herd_run> runs;
    for (const auto& p : policies) {
        if (options.clients > 2000)
            fmt::print(stderr, "\r{}/{} policies", runs.size(), policies.size());
        runs.push_back(play_herd(options, p));
    }
    if (options.clients > 2000) fmt::print(stderr, "\r{:20}\r", "");
    fmt::print("{}", draw_herd(options, runs));
    if (svg.empty()) return 0;
    std::ofstream out(svg);
    out << herd_svg(options, runs);
    if (!out.flush()) {
        fmt::print(stderr, "herd: {}: cannot be written\n", svg);
        return bad_input;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("herd", run, argc, argv); }
