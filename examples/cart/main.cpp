// SPDX-License-Identifier: BSL-1.0

// Plays an edit script on a shopping cart that is replicated in three ways, and shows who loses what.
//
//   cart party.cart             draws the edits and what became of them
//   cart < party.cart
//   cart --example > my.cart    a script to begin with

#include <iostream>
#include <iterator>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cart.hpp"
#include "common/file.hpp"
#include "common/program.hpp"

namespace {

using examples::bad_input;

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
    if (const auto status = examples::parse(app, argc, argv)) return *status;
    if (wants_example) {
        fmt::print("{}", examples::example_cart_script);
        return 0;
    }
    if (path.empty()) {
        return play("standard input", {std::istreambuf_iterator<char>(std::cin), {}});
    }
    const auto text = examples::read_file(path);
    if (!text.has_value()) {
        fmt::print(stderr, "cart: cannot read {}\n", path);
        return bad_input;
    }
    return play(path, *text);
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("cart", run, argc, argv); }
