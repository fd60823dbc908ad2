// SPDX-License-Identifier: BSL-1.0
#pragma once

// The commands of the quorum tool. Each takes what the command line said, prints, and returns the exit status;
// those about quorum systems say themselves what they take.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/pbs.hpp>

#include "common/program.hpp"

namespace quorum_tool {

constexpr int has_fault = 1;
using examples::bad_input;

struct check_request {
    coterie::quorum::nrw sizes;
    coterie::quorum::practice use;
    double up = 0.99;
    bool json = false;
};

/// What N, R and W promise, and what is wrong with them.
int check(const check_request& request);

struct staleness_request {
    coterie::quorum::nrw sizes{3, 1, 1};
    std::string model = "disk";
    std::string delays;        ///< a file of measured delays, instead of the model
    std::string write_delays;  ///< another, for writes alone
    double distance = 0;       ///< milliseconds
    std::size_t trials = 200'000;
    std::uint64_t seed = 1;
    bool front = false;  ///< all R and W, and which of them no other one beats
    bool json = false;
    std::string svg;
};

/// Plays writes and reads, or says what is wrong with a file.
std::expected<coterie::quorum::staleness, std::string> play_staleness(
    const staleness_request& request);

/// Names of the published models.
std::vector<std::string> model_names();

/// How soon reads see writes, and how long both take.
int show_staleness(const staleness_request& request);

/// For all R and W what reads and writes take and when all see a write, and which of them no other one beats.
int show_front(const staleness_request& request);

/// The first of 1, 2, 4, 8, 10, 20, ... that is not less: where an axis ends.
double round_up(double x);

struct pacelc_request {
    unsigned r = 2;
    unsigned w = 2;
    std::string read_level, write_level;  ///< instead of R and W
    std::vector<unsigned> zones{1, 1, 1};
    double within = 0.25;  ///< milliseconds, one way
    double across = 40;
    bool json = false;
};

/// Names of the consistency levels.
std::vector<std::string> level_names();

/// What a partition does, and what consistency costs else.
int show_pacelc(const pacelc_request& request);

/// Adds `optimize`, which finds the best strategy of a quorum system. Sets `status` when it is given.
void add_optimize(CLI::App& app, int& status);
/// Adds `search`, which finds the best quorum system. Sets `status` when it is given.
void add_search(CLI::App& app, int& status);

}  // namespace quorum_tool
