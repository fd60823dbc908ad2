// SPDX-License-Identifier: BSL-1.0

// Chooses and checks quorums.
//
//   quorum check -n 5 -r 2 -w 3
//   quorum staleness -n 3 -r 1 -w 1 --delays measured.csv --svg curve.svg
//   quorum staleness -n 3 --front --model disk --svg front.svg
//   quorum pacelc -r 3 -w 3 --zones 3,2 --across 40
//   quorum optimize "a*b + c*d" --capacity a=4000/2000,b=1000,c=2000,d=2000 --reads 0.9
//   quorum search a,b,c,d,e --resilience 1 --reads 0.5
//
// Exit status: 1 if `check` finds a fault, 2 for bad input.

#include <cstddef>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "quorum/cluster.hpp"
#include "quorum/commands.hpp"

namespace {

using namespace quorum_tool;

void add_check(CLI::App& app, check_request& q, int& status) {
    auto* const command = app.add_subcommand("check", "says what N, R and W promise and get wrong");
    command->add_option("-n", q.sizes.n, "replicas")->required()->check(CLI::Range(1U, 10'000U));
    command->add_option("-r", q.sizes.r, "answers that a read waits for")->required();
    command->add_option("-w", q.sizes.w, "answers that a write waits for")->required();
    command->add_flag("--sloppy", q.use.sloppy, "fallback nodes answer for home nodes");
    command->add_option("--pr", q.use.pr, "answers of home nodes that a read waits for");
    command->add_option("--pw", q.use.pw, "answers of home nodes that a write waits for");
    command->add_flag("--write-back", q.use.write_back, "a read writes what it returns");
    command->add_option("--up", q.up, "the probability that a node is up")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_flag("--json", q.json, "print JSON");
    command->callback([&] { status = check(q); });
}

void add_staleness(CLI::App& app, staleness_request& q, int& status) {
    auto* const command =
        app.add_subcommand("staleness", "simulates how soon reads see writes, and their latencies");
    command->add_option("-n", q.sizes.n, "replicas")->capture_default_str();
    auto* const r = command->add_option("-r", q.sizes.r, "answers that a read waits for")
                        ->capture_default_str();
    auto* const w = command->add_option("-w", q.sizes.w, "answers that a write waits for")
                        ->capture_default_str();
    command->add_flag("--front", q.front, "all R and W, and which of them no other one beats")
        ->excludes(r)
        ->excludes(w);
    auto* const model = command->add_option("--model", q.model, "published delays")
                            ->check(CLI::IsMember(model_names()))
                            ->capture_default_str();
    auto* const delays =
        command->add_option("--delays", q.delays, "a file of measured one-way delays, in ms")
            ->excludes(model);
    command->add_option("--write-delays", q.write_delays, "another for the way of writes")
        ->needs(delays);
    command->add_option("--distance", q.distance, "ms more to every other replica than the nearest")
        ->check(CLI::Range(0.0, 1e9));
    command->add_option("--trials", q.trials, "writes and reads to simulate")
        ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}))
        ->capture_default_str();
    command->add_option("--seed", q.seed, "the same seed gives the same result")
        ->capture_default_str();
    command->add_flag("--json", q.json, "print JSON");
    command->add_option("--svg", q.svg, "draw it into this file");
    command->callback([&] { status = show_staleness(q); });
}

void add_pacelc(CLI::App& app, pacelc_request& q, int& status) {
    auto* const command = app.add_subcommand(
        "pacelc", "says what a partition of the zones does, and what consistency costs else");
    command->add_option("-r", q.r, "answers that a read waits for")->capture_default_str();
    command->add_option("-w", q.w, "answers that a write waits for")->capture_default_str();
    auto* const read = command->add_option("--read", q.read_level, "a level instead of R")
                           ->check(CLI::IsMember(level_names()));
    auto* const write = command->add_option("--write", q.write_level, "a level instead of W")
                            ->check(CLI::IsMember(level_names()));
    read->needs(write);
    write->needs(read);
    command->add_option("--zones", q.zones, "replicas of each zone: 3,2")->delimiter(',');
    command->add_option("--within", q.within, "ms one way within a zone")->capture_default_str();
    command->add_option("--across", q.across, "ms one way between zones")->capture_default_str();
    command->add_flag("--json", q.json, "print JSON");
    command->callback([&] { status = show_pacelc(q); });
}

int run(int argc, char** argv) {
    CLI::App app{"Chooses and checks quorums.", "quorum"};
    app.require_subcommand(1);
    int status = 0;
    check_request check;
    staleness_request staleness;
    pacelc_request pacelc;
    add_check(app, check, status);
    add_staleness(app, staleness, status);
    add_pacelc(app, pacelc, status);
    add_optimize(app, status);
    add_search(app, status);
    try {
        if (const auto ended = examples::parse(app, argc, argv)) return *ended;
    } catch (const bad_argument& error) {
        fmt::print(stderr, "quorum: {}\n", error.what());
        return bad_input;
    }
    return status;
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("quorum", run, argc, argv); }
