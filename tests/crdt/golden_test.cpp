// SPDX-License-Identifier: BSL-1.0

// The bytes of each replicated value, for ever: rows of changes and of what they are in an envelope.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/bytes.hpp"
#include "crdt/any_state.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using namespace coterie;
using nlohmann::json;
using test::any_state;

namespace {

constexpr const char* file_name = "crdt_golden.json";

any_state state_of(const any_state& empty, const json& changes) {
    any_state s = empty;
    for (const auto& c : changes) {
        (void)s.change(c.at(0).get<std::uint64_t>(), c.at(1).get<std::uint64_t>(),
                       c.at(2).get<std::uint64_t>());
    }
    return s;
}

void check_row(const any_state& empty, const json& row) {
    INFO(row.dump());
    const any_state s = state_of(empty, row.at("changes"));
    const auto golden = test::from_hex(row.at("bytes").get<std::string>());
    CHECK(test::to_hex(s.seal()) == row.at("bytes").get<std::string>());
    const auto opened = empty.open(golden);
    REQUIRE(opened.has_value());
    CHECK(*opened == s);
    for (std::size_t size = 0; size < golden.size(); ++size) {
        CHECK_FALSE(empty.open(std::span(golden).first(size)).has_value());
    }
    // The checksum finds each byte that was changed, but for those that say what it is.
    auto damaged = golden;
    for (std::size_t at = 0; at < golden.size(); ++at) {
        damaged[at] ^= std::byte{0x10};
        const auto error = empty.open(damaged);
        REQUIRE_FALSE(error.has_value());
        CHECK(error.error().offset <= golden.size());
        damaged[at] = golden[at];
    }
}

}  // namespace

TEST_CASE("replicated values have the bytes that they have always had") {
    std::ifstream in(test::data_dir() / file_name);
    REQUIRE(in.good());
    const json file = json::parse(in);
    std::set<std::string> known, used;
    for (const auto& [name, empty] : test::every_type()) {
        known.insert(name);
        for (const json& row : file.at("rows")) {
            if (row.at("type") != name) continue;
            used.insert(name);
            check_row(empty, row);
        }
    }
    for (const json& row : file.at("rows")) {
        INFO("a row of an unknown type: " << row.dump());
        CHECK(known.contains(row.at("type").get<std::string>()));
    }
    for (const auto& name : known) {
        INFO("no row of " << name);
        CHECK(used.contains(name));
    }
}

// crdt_tests "[golden]" prints rows for new types and changes, to be read before they go into the file.
TEST_CASE("print the bytes of replicated values", "[.][golden]") {
    const std::vector<json> histories{
        json::array(),
        json::array({{1, 0, 3}}),
        json::array(
            {{1, 0, 3}, {2, 1, 4}, {1, 2, 9}, {3, 3, 5}, {1, 5, 4}, {2, 6, 300}, {2, 8, 65}}),
    };
    for (const auto& [name, empty] : test::every_type()) {
        for (const json& changes : histories) {
            const json row{{"type", name},
                           {"changes", changes},
                           {"bytes", test::to_hex(state_of(empty, changes).seal())}};
            std::printf("%s,\n", row.dump().c_str());
        }
    }
}
