// SPDX-License-Identifier: BSL-1.0

// Plays a script of faults on five nodes of a replicated store, and says what each part of it does meanwhile.
//
//   partition                             a partition down the middle, both sides writing, healing
//   partition --print-script > my.faults  a script to begin with
//   partition --script my.faults --seed 2

#include <fstream>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <coterie/core/text.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/trace/space_time_diagram.hpp>
#include <coterie/trace/trace.hpp>

#include "common/file.hpp"
#include "common/partition.hpp"
#include "common/program.hpp"

namespace {

using namespace coterie;
using examples::bad_input;

int fail(const std::string& why) {
    fmt::print(stderr, "partition: {}\n", why);
    return bad_input;
}

int play(const examples::partition_options& options, const std::string& svg) {
    if (svg.empty()) {
        fmt::print("{}", examples::play_partition(options));
        return 0;
    }
    trace::trace recorder;
    fmt::print("{}", examples::play_partition(options, &recorder));
    std::ofstream file(svg, std::ios::binary);
    if (!(file << to_svg(recorder)).flush()) return fail(fmt::format("cannot write {}", svg));
    fmt::print("\nThe diagram is in {}\n", svg);
    return 0;
}

int run(int argc, char** argv) {
    CLI::App app{"Plays a script of faults on the nodes of a replicated store.", "partition"};
    examples::partition_options options;
    std::string script;
    std::string svg;
    bool wants_script = false;
    app.add_option("--seed", options.seed, "the seed of the run")->capture_default_str();
    app.add_option("--nodes", options.nodes, "how many nodes there are")
        ->capture_default_str()
        ->check(CLI::Range(2, 20));
    app.add_option("--script", script, "a file with the faults; none: the built-in script");
    app.add_option("--svg", svg, "a file to write the space-time diagram to");
    app.add_flag("--print-script", wants_script, "print the built-in script");
    if (const auto status = examples::parse(app, argc, argv)) return *status;
    if (wants_script) {
        fmt::print("{}", examples::example_fault_script);
        return 0;
    }
    const auto text = script.empty() ? examples::example_fault_script : examples::read_file(script);
    if (!text.has_value()) return fail(fmt::format("cannot read {}", script));
    auto faults = sim::parse_fault_script(*text, sim::node_names(options.nodes));
    if (!faults.has_value())
        return fail(fmt::format("{}, {}", script.empty() ? "the built-in script" : script,
                                to_string(faults.error())));
    options.faults = *std::move(faults);
    if (examples::length_of(options) > std::chrono::minutes(10))
        return fail("the script goes on for longer than ten minutes");
    return play(options, svg);
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("partition", run, argc, argv); }
