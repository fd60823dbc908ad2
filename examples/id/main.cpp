// SPDX-License-Identifier: BSL-1.0

// Explains ids: what kind they are, when they were made, and what each of their bits says. And makes new
// ones.
//
//   id explain 01ARZ3NDEKTSV4RRFFQ69G5FAV
//   id explain 1541815603606036480 --kind twitter
//   grep -o '[0-9A-Z]\{26\}' app.log | id explain --json
//   id layouts
//   id mint ulid -n 5
//   id mint snowflake --layout discord --worker 3 --mark worker-3.mark

#include <cstddef>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/explain.hpp"
#include "common/program.hpp"
#include "common/time_text.hpp"
#include "id/identify.hpp"
#include "id/mint.hpp"

namespace {

using examples::explanation;
using nlohmann::ordered_json;

using examples::bad_input;

enum class style {
    drawings,
    lines,
    json
};

ordered_json to_json(const explanation& e) {
    ordered_json fields = ordered_json::array();
    for (const auto& f : e.fields) {
        fields.push_back({{"name", f.name}, {"bits", f.bits}, {"value", f.value}});
    }
    ordered_json json{{"kind", e.kind}, {"id", e.text}};
    if (e.time) {
        json["time"] = examples::time_text(*e.time);
        json["unix_ms"] = e.time->time_since_epoch().count();
    }
    json["fields"] = std::move(fields);
    json["bytes"] = examples::hex(e.bytes);
    json["notes"] = e.notes;
    return json;
}

/// A byte as it can be shown on a terminal, and in valid UTF-8.
std::string visible(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7F ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
}

std::string visible(std::string_view text) {
    std::string shown;
    for (const char c : text) shown += visible(c);
    return shown;
}

void print_refusal(std::string_view text, const id_tool::refusal& r) {
    constexpr std::size_t longest = 64;
    std::string shown = visible(text.substr(0, longest));
    if (text.size() > longest) shown += "...";
    const std::size_t caret = visible(text.substr(0, r.position)).size();
    fmt::print(stderr, "id: {}   not a {}: {} at position {}\n{:>{}}\n", shown, r.kind, r.reason,
               r.position, "^", caret + 5);
}

/// Answers one text. Returns whether it was an id.
bool answer(std::string_view text, std::string_view kind, style how) {
    const id_tool::verdict v = id_tool::identify(text, kind);
    if (how == style::json) {
        ordered_json json{{"text", visible(text)}};
        if (v.refused) {
            json["error"] = {{"kind", v.refused->kind},
                             {"reason", v.refused->reason},
                             {"position", v.refused->position}};
        } else {
            json["candidates"] = ordered_json::array();
            for (const auto& e : v.candidates) json["candidates"].push_back(to_json(e));
        }
        fmt::print("{}\n", json.dump());
        return !v.refused;
    }
    if (v.refused) {
        std::fflush(stdout);
        print_refusal(text, *v.refused);
        return false;
    }
    if (how == style::drawings && v.candidates.size() == 1) {
        fmt::print("{}", examples::draw(v.candidates.front()));
        return true;
    }
    const bool ambiguous = v.candidates.size() > 1;
    if (ambiguous) fmt::print("{}   could be any of {}:\n", text, v.candidates.size());
    for (const auto& e : v.candidates) {
        fmt::print("{}{}\n", ambiguous ? std::string("   ") : fmt::format("{:<36} ", e.text),
                   examples::summary(e));
    }
    if (ambiguous && how == style::drawings) fmt::print("\n--kind NAME draws one of them.\n");
    return true;
}

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blank = " \t\r";
    const std::size_t begin = line.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(blank) - begin + 1);
}

int explain(const std::vector<std::string>& texts, const std::string& kind, bool json, bool draw) {
    bool all_good = true;
    if (!texts.empty()) {
        const style how = json                        ? style::json
                          : draw || texts.size() == 1 ? style::drawings
                                                      : style::lines;
        for (const auto& text : texts) all_good = answer(text, kind, how) && all_good;
        return all_good ? 0 : bad_input;
    }
    const style how = json ? style::json : draw ? style::drawings : style::lines;
    bool any = false;
    for (std::string line; std::getline(std::cin, line);) {
        const std::string_view text = trimmed(line);
        if (text.empty()) continue;
        any = true;
        all_good = answer(text, kind, how) && all_good;
    }
    if (!any) {
        fmt::print(
            stderr,
            "id: nothing to explain: give ids as arguments or one a line on standard input\n");
        return bad_input;
    }
    return all_good ? 0 : bad_input;
}

void print_layouts() {
    fmt::print("{:<14} {:<25} {:<25} {}\n", "layout", "first", "last", "fields, from the top");
    examples::for_each_layout([]<class Layout>() {
        using snowflake = examples::id::snowflake<Layout>;
        std::string fields;
        for (const auto& f : Layout::fields) fields += fmt::format(" {}:{}", f.name, f.bits);
        const auto last = snowflake::from_value(snowflake::max_value)->timestamp();
        fmt::print("{:<14} {:<25} {:<25}{}\n", Layout::name, examples::time_text(Layout::epoch),
                   examples::time_text(last), fields);
    });
}

/// `id mint`, with a command for each kind, so that each takes its own options and no others.
CLI::App* add_mint(CLI::App& app, id_tool::mint_request& request) {
    constexpr std::size_t most = 1'000'000'000;
    auto* const mint = app.add_subcommand("mint", "makes new ids, one a line");
    mint->require_subcommand(1);
    const auto add = [&](const char* kind, const char* what) {
        auto* const command = mint->add_subcommand(kind, what);
        command->add_option("-n,--count", request.count, "how many")
            ->check(CLI::Range(std::size_t{1}, most))
            ->capture_default_str();
        command->callback([&request, kind] { request.kind = kind; });
        return command;
    };
    const auto add_increment = [&](CLI::App* command) {
        command
            ->add_option("--increment", request.increment,
                         "how ids of one millisecond are told apart")
            ->check(CLI::IsMember({"random", "one"}))
            ->default_str("random");
    };
    add_increment(add("ulid", "ULIDs"));
    auto* const v7 = add("uuid-v7", "UUIDs of version 7");
    add_increment(v7);
    request.method = "random";
    v7->add_option("--method", request.method, "a method of RFC 9562, section 6.2")
        ->check(CLI::IsMember(id_tool::v7_methods()))
        ->capture_default_str();
    add("uuid-v4", "UUIDs of version 4: random");

    auto* const snowflake = add("snowflake", "Snowflakes of one worker");
    request.start = "zero";
    snowflake->add_option("--layout", request.layout, "whose Snowflakes")
        ->check(CLI::IsMember(examples::layout_names()))
        ->required();
    snowflake->add_option("--worker", request.worker,
                          "the worker; where the layout has none, its only node field");
    snowflake->add_option("--field", request.fields, "another node field: process=1");
    snowflake->add_option("--start", request.start, "where the sequence of a unit of time starts")
        ->check(CLI::IsMember(id_tool::sequence_starts()))
        ->capture_default_str();
    snowflake->add_option(
        "--mark", request.mark,
        "a file that keeps a later run from repeating ids when the clock went back");
    snowflake
        ->add_flag("--new-mark", request.is_new_mark,
                   "make that file first: only for a worker that has made no ids yet")
        ->needs("--mark");
    return mint;
}

/// What is wrong with the command line; where a command is missing, with those that there are.
std::string problem(const CLI::App* app, const CLI::ParseError& error) {
    if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) return error.what();
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    std::string commands;
    for (const auto* command : app->get_subcommands([](const CLI::App*) { return true; })) {
        commands += fmt::format("{}{}", commands.empty() ? "" : ", ", command->get_name());
    }
    if (commands.empty()) return error.what();
    return fmt::format("{} wants one of: {}", app->get_name(), commands);
}

int run(int argc, char** argv) {
    CLI::App app{
        "Explains ids: what kind they are, when they were made, what their bits say. And makes "
        "new ones.",
        "id"};
    app.require_subcommand(1);
    auto* const explain_command = app.add_subcommand(
        "explain", "takes ids apart; several, or those of standard input, get a line each");
    std::vector<std::string> texts;
    std::string kind;
    bool json = false, draw = false;
    explain_command->add_option("ids", texts, "the ids; none: one a line from standard input");
    explain_command->add_option("-k,--kind,--layout", kind, "read them as this kind only")
        ->check(CLI::IsMember(id_tool::kinds()));
    explain_command->add_flag("--json", json, "one JSON object a line");
    explain_command->add_flag("--draw", draw, "draw the bits of each, however many there are");
    auto* const layouts_command = app.add_subcommand("layouts", "lists the Snowflake layouts");
    id_tool::mint_request request;
    const auto* const mint_command = add_mint(app, request);

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "id: {}\n", problem(&app, error));
        return bad_input;
    }
    if (layouts_command->parsed()) {
        print_layouts();
        return 0;
    }
    if (mint_command->parsed()) return id_tool::mint(request);
    return explain(texts, kind, json, draw);
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("id", run, argc, argv); }
