// SPDX-License-Identifier: BSL-1.0

// The scenarios of crdt_scenarios.json, in tests/data or in the folder that COTERIE_TEST_DATA names; and that
// a scenario that is wrong does not pass.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>
#include <coterie/crdt/rw_set.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace {

using namespace coterie;
using nlohmann::json;

/// What a row's operations do to a value of one type, and how it reads.
template <class State>
struct player;

template <>
struct player<crdt::or_set<std::string, std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        if (step[0] == "add") return s.add(r, step[2].template get<std::string>()).has_value();
        if (step[0] == "remove") return (s.remove(r, step[2].template get<std::string>()), true);
        return step[0] == "clear" && (s.clear(r), true);
    }
    static json read(const auto& s) {
        const std::set<std::string> sorted(s.begin(), s.end());
        return json(sorted);
    }
};

template <>
struct player<crdt::rw_set<std::string, std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        if (step[0] == "add") return s.add(r, step[2].template get<std::string>()).has_value();
        if (step[0] == "remove")
            return s.remove(r, step[2].template get<std::string>()).has_value();
        return step[0] == "clear" && s.clear(r).has_value();
    }
    static json read(const auto& s) { return json(s.elements()); }
};

template <>
struct player<crdt::mv_register<std::int64_t, std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        return step[0] == "write" && s.assign(r, step[2].template get<std::int64_t>()).has_value();
    }
    static json read(const auto& s) { return json(s.values()); }
};

template <>
struct player<crdt::lww_register<std::string, std::int64_t, std::string>> {
    static bool play(auto& s, const std::string&, const json& step) {
        if (step[0] != "set") return false;
        (void)s.assign(step[3].template get<std::string>(), step[2].template get<std::int64_t>(),
                       step[4].template get<std::string>());
        return true;
    }
    static json read(const auto& s) { return s.value() ? json(*s.value()) : json(); }
};

template <>
struct player<crdt::pn_counter<std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        const auto n = step[2].template get<std::uint64_t>();
        if (step[0] == "inc") return s.increment(r, n).has_value();
        return step[0] == "dec" && s.decrement(r, n).has_value();
    }
    static json read(const auto& s) { return json(s.value()); }
};

template <>
struct player<crdt::ew_flag<std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        if (step[0] == "enable") return s.enable(r).has_value();
        return step[0] == "disable" && (s.disable(r), true);
    }
    static json read(const auto& s) { return json(s.is_enabled()); }
};

template <>
struct player<crdt::dw_flag<std::string>> {
    static bool play(auto& s, const std::string& r, const json& step) {
        if (step[0] == "disable") return s.disable(r).has_value();
        return step[0] == "enable" && (s.enable(r), true);
    }
    static json read(const auto& s) { return json(s.is_enabled()); }
};

using map_of_sets = crdt::or_map<std::string, crdt::or_set<std::string, std::string>, std::string>;
template <>
struct player<map_of_sets> {
    static bool play(auto& s, const std::string& r, const json& step) {
        const auto key = step[2].template get<std::string>();
        if (step[0] == "madd") {
            return s
                .update(r, key,
                        [&](auto& set) { return set.add(r, step[3].template get<std::string>()); })
                .has_value();
        }
        return step[0] == "rmkey" && (s.remove(r, key), true);
    }
    static json read(const auto& s) {
        json all = json::object();
        for (const auto& key : s.keys()) {
            const auto set = s.find(key);
            all[key] = std::set<std::string>(set->begin(), set->end());
        }
        return all;
    }
};

/// Plays a row. Returns: what is wrong with it, or nothing.
template <class State>
std::string play(const json& row) {
    std::map<std::string, State> replicas;
    for (const json& step : row.at("steps")) {
        const auto r = step.at(1).get<std::string>();
        if (step[0] == "sync") {
            const auto to = step.at(2).get<std::string>();
            // By state and by what it has ahead, in turn: both are to do the same.
            State by_news = replicas[to];
            by_news.merge(replicas[r].delta_since(replicas[to]));
            replicas[to].merge(State(replicas[r]));
            if (by_news != replicas[to])
                return "what a state has ahead is not what it lacks: " + step.dump();
        } else if (!player<State>::play(replicas[r], r, step)) {
            return "step failed: " + step.dump();
        }
    }
    const auto compare = [&](const json& wanted) -> std::string {
        for (const auto& [name, value] : wanted.items()) {
            const json found = player<State>::read(replicas[name]);
            if (found != value) return name + " reads " + found.dump() + " and not " + value.dump();
        }
        return "";
    };
    if (row.contains("expect")) return compare(row["expect"]);
    if (const auto wrong = compare(row.at("expect_before_full_exchange")); !wrong.empty())
        return wrong;
    State all;
    for (const auto& [name, state] : replicas) all.merge(state);
    const json found = player<State>::read(all);
    const json& wanted = row.at("expect_after_full_exchange");
    return found == wanted ? "" : "all read " + found.dump() + " and not " + wanted.dump();
}

struct report {
    std::size_t checked = 0;
    std::size_t skipped = 0;
    std::vector<std::string> failures;
};

report check(const json& file) {
    const std::map<std::string, std::string (*)(const json&)> players{
        {"aw_orset", play<crdt::or_set<std::string, std::string>>},
        {"rw_orset", play<crdt::rw_set<std::string, std::string>>},
        {"mv_register", play<crdt::mv_register<std::int64_t, std::string>>},
        {"lww_register", play<crdt::lww_register<std::string, std::int64_t, std::string>>},
        {"pn_counter", play<crdt::pn_counter<std::string>>},
        {"ew_flag", play<crdt::ew_flag<std::string>>},
        {"dw_flag", play<crdt::dw_flag<std::string>>},
        {"or_map_of_aw_orset", play<map_of_sets>},
    };
    report r;
    for (const char* list : {"checked", "random"}) {
        if (!file.contains(list)) continue;
        for (const json& row : file[list]) {
            const auto type = players.find(row.at("type").get<std::string>());
            if (type == players.end()) {
                ++r.skipped;
                continue;
            }
            ++r.checked;
            const std::string wrong = type->second(row);
            if (!wrong.empty()) r.failures.push_back(row.value("id", "?") + ": " + wrong);
        }
    }
    return r;
}

json read_file() {
    const auto path = test::data_dir() / "crdt_scenarios.json";
    std::ifstream in(path);
    INFO("file " << path.string());
    REQUIRE(in.good());
    return json::parse(in);
}

}  // namespace

TEST_CASE("crdt scenarios: every row of a known type in the data file holds") {
    const auto r = check(read_file());
    std::printf("crdt_scenarios.json: %zu rows checked, %zu skipped\n", r.checked, r.skipped);
    std::fflush(stdout);
    for (const auto& failure : r.failures) {
        INFO(failure);
        CHECK(failure.empty());
    }
    CHECK(r.checked > 0);
}

TEST_CASE("crdt scenarios: a row that expects something else does not pass") {
    const json file = read_file();
    std::size_t changed = 0;
    for (const char* list : {"checked", "random"}) {
        for (json row : file[list]) {
            const char* const where =
                row.contains("expect") ? "expect" : "expect_before_full_exchange";
            json& value = row[where].front();
            value = value.is_boolean() ? json(!value.get<bool>()) : json("something else");
            const auto r = check(json{{list, json::array({row})}});
            if (r.checked == 0) continue;
            ++changed;
            CHECK(r.failures.size() == 1);
        }
    }
    CHECK(changed > 0);
}
