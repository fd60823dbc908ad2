// SPDX-License-Identifier: BSL-1.0

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/parse.hpp>
#include <coterie/quorum/quorum_system.hpp>

#include "quorum/cluster.hpp"
#include "quorum/commands.hpp"
#include "quorum/report.hpp"

namespace quorum_tool {

namespace {

using namespace coterie;

struct options {
    std::string reads;
    std::string writes;
    std::string svg;
    bool json = false;
    cluster_options cluster;
};

quorum::expression read_expression(const std::string& text) {
    const auto parsed = quorum::parse(text);
    if (!parsed.has_value()) {
        throw bad_argument(fmt::format("{}\n  {}\n  {:>{}}", to_string(parsed.error()), text, '^',
                                       parsed.error().position + 1));
    }
    return *parsed;
}

quorum::quorum_system read_system(const options& given) {
    const auto reads = read_expression(given.reads);
    if (given.writes.empty()) {
        return quorum::quorum_system::from_reads(reads);
    }
    const auto system = quorum::quorum_system::make(reads, read_expression(given.writes));
    if (!system.has_value()) {
        throw bad_argument(to_string(system.error()));
    }
    return *system;
}

int run(const options& given) {
    const auto system = read_system(given);
    const auto work = given.cluster.workload_of(system.names());
    const auto plan = quorum::optimize(system, given.cluster.goal(), work, given.cluster.limits());
    if (!plan.has_value()) {
        throw bad_argument(to_string(plan.error()));
    }
    const solution found{system, work, *plan};
    fmt::print("{}", given.json ? to_json(found) : to_table(found));
    if (!given.svg.empty() && !(std::ofstream(given.svg) << draw_load(found))) {
        throw bad_argument(fmt::format("cannot write {}", given.svg));
    }
    return 0;
}

}  // namespace

void add_optimize(CLI::App& app, int& status) {
    auto* const command =
        app.add_subcommand("optimize", "the best strategy for a quorum system, with a proof");
    const auto given = std::make_shared<options>();
    command->add_option("expression", given->reads, "read quorums: a*b + c*d, choose2(a, b, c)")
        ->required();
    command->add_option("--writes", given->writes, "write quorums; else the dual of the reads");
    given->cluster.add_to(*command);
    command->add_flag("--json", given->json, "for programs");
    command->add_option("--svg", given->svg, "draw load against the fraction of reads");
    command->callback([given, &status] { status = run(*given); });
}

}  // namespace quorum_tool
