// SPDX-License-Identifier: BSL-1.0

// Plays an edit script on a shopping cart that is replicated in three ways, and shows who loses what.
//
//   cart party.cart             draws the edits and what became of them
//   cart < party.cart
//   cart --example > my.cart    a script to begin with

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cart.hpp"

namespace {

constexpr int bad_input = 2;

constexpr const char* example =
    "# Three replicas of one cart. What comes after # is a comment.\n"
    "replicas alice bob carol\n"
    "\n"
    "alice put apples 3\n"
    "alice put pears 2\n"
    "sync                          # everybody who can reach each other\n"
    "\n"
    "partition alice | bob carol   # the network breaks\n"
    "alice remove pears\n"
    "alice put apples 1\n"
    "bob put apples 2\n"
    "bob -> carol                  # bob's state arrives at carol\n"
    "carol put plums 4\n"
    "carol take apples 1\n"
    "\n"
    "heal\n"
    "sync\n";

int play(const std::string& name, const std::string& text) {
    const auto script = examples::read_cart_script(text);
    if (!script.has_value()) {
        fmt::print(stderr, "cart: {}, line {}: {}\n", name, script.error().line,
                   script.error().reason);
        return bad_input;
    }
    fmt::print("{}\n{}", examples::draw_cart_script(*script),
               examples::describe_cart_outcome(examples::play(*script)));
    return 0;
}

int run(int argc, char** argv) {
    CLI::App app{"Plays an edit script on a shopping cart that is replicated in three ways.",
                 "cart"};
    std::string path;
    bool wants_example = false;
    app.add_option("script", path, "the script; none: from standard input");
    app.add_flag("--example", wants_example, "print a script to begin with");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "cart: {}\n", error.what());
        return bad_input;
    }
    if (wants_example) {
        fmt::print("{}", example);
        return 0;
    }
    if (path.empty()) {
        return play("standard input", {std::istreambuf_iterator<char>(std::cin), {}});
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        fmt::print(stderr, "cart: cannot read {}\n", path);
        return bad_input;
    }
    // An empty file has nothing to copy, a folder fails at the first look.
    std::ostringstream text;
    const bool is_empty = file.peek() == std::ifstream::traits_type::eof();
    if (file.bad() || (!is_empty && !(text << file.rdbuf()))) {
        fmt::print(stderr, "cart: cannot read {}\n", path);
        return bad_input;
    }
    return play(path, text.str());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "cart: %s\n", error.what());
        return 1;
    }
}
