// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every program does around its own work: the command line, and the last word on what goes wrong.

#include <cstdio>
#include <exception>
#include <optional>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

namespace examples {

/// The exit status for bad input.
inline constexpr int bad_input = 2;

/// Reads the command line. Returns: the status to end with at once, where help was asked for or something is
/// wrong, which is said in one line.
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
        return bad_input;
    }
    return std::nullopt;
}

/// What main() does: runs the program; what is thrown is one line, and status 1.
inline int run_program(const char* name, int (*run)(int, char**), int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return 1;
    }
}

}  // namespace examples
