// SPDX-License-Identifier: BSL-1.0

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <coterie/quorum/search.hpp>

#include "quorum/cluster.hpp"
#include "quorum/commands.hpp"
#include "quorum/report.hpp"

namespace quorum_tool {

namespace {

using namespace coterie;

struct options {
    std::vector<std::string> nodes;
    unsigned resilience = 0;
    bool json = false;
    cluster_options cluster;
};

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) { interrupted = 1; }

void show_progress(const quorum::search& search) {
    if (isatty(STDERR_FILENO) == 0 || search.looked_at() % 50 != 0) {
        return;
    }
    fmt::print(stderr, "\r{} of {} expressions", search.looked_at(), search.size());
    if (search.best().has_value()) {
        fmt::print(stderr, ", best {}\x1b[K", search.best()->system.reads().to_string());
    }
}

int run(const options& given) {
    const auto work = given.cluster.workload_of(given.nodes);
    auto search = quorum::search::start(given.nodes, {.what = given.cluster.goal(),
                                                      .work = work,
                                                      .within = given.cluster.limits(),
                                                      .resilience = given.resilience});
    if (!search.has_value()) {
        throw bad_argument(describe(search.error()));
    }
    std::signal(SIGINT, interrupt);
    while (interrupted == 0 && search->step()) {
        show_progress(*search);
    }
    if (isatty(STDERR_FILENO) != 0) {
        fmt::print(stderr, "\r\x1b[K");
    }
    if (!search->best().has_value()) {
        throw bad_argument("no system keeps to the limits");
    }
    const auto& [system, best] = *search->best();
    const solution found{system, work, best};
    if (given.json) {
        fmt::print("{}", to_json(found));
        return 0;
    }
    fmt::print("{} of {} expressions looked at\n\n{}", search->looked_at(), search->size(),
               to_table(found));
    return 0;
}

}  // namespace

void add_search(CLI::App& app, int& status) {
    auto* const command =
        app.add_subcommand("search", "the best quorum system for up to five nodes");
    const auto given = std::make_shared<options>();
    command->add_option("nodes", given->nodes, "their names: a,b,c")->delimiter(',')->required();
    command->add_option("--resilience", given->resilience,
                        "nodes that may fail, with quorums left to read and write");
    given->cluster.add_to(*command);
    command->add_flag("--json", given->json, "for programs");
    command->callback([given, &status] { status = run(*given); });
}

}  // namespace quorum_tool
