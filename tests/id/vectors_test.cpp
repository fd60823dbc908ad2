// SPDX-License-Identifier: BSL-1.0

// The vectors of id_vectors.json, in tests/data or in the folder that COTERIE_TEST_DATA names; and that
// the reader of vectors.hpp passes no row that is wrong.

#include "id/vectors.hpp"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace {

using namespace coterie::test;
using nlohmann::json;

json file_of(const json& row) { return {{"rows", json::array({row})}}; }

/// The first failure of a file with this one row.
std::string failure_of(const json& row) {
    const auto report = check_vectors(file_of(row));
    return report.failures.empty() ? "none" : report.failures.front();
}

/// The same value, a little different.
json changed(const json& value) {
    if (value.is_number_integer()) return value.get<std::int64_t>() + 1;
    std::string text = value.get<std::string>();
    const auto at = text.find_last_of("0123456789");
    if (at != text.npos) {
        text[at] = text[at] == '9' ? '8' : static_cast<char>(text[at] + 1);
    } else {
        text.back() = text.back() == 'e' ? 'd' : 'e';
    }
    return text;
}

}  // namespace

TEST_CASE("id vectors: every row of a known kind in the data file holds") {
    const auto path = data_dir() / "id_vectors.json";
    INFO("file " << path.string());
    const auto report = check_vectors(path);
    for (const std::string& note : report.notes) std::printf("id_vectors.json: %s\n", note.c_str());
    std::printf("id_vectors.json: %zu rows checked, %zu skipped\n", report.checked, report.skipped);
    std::fflush(stdout);
    for (const std::string& failure : report.failures) {
        INFO(failure);
        CHECK(failure.empty());
    }
    CHECK(report.checked > 0);
}

TEST_CASE(
    "id vectors: a row that differs in any one value from a row of the project's file fails") {
    // The names of rows and layouts say what is checked; the rest of these is prose.
    const std::set<std::string> free{"kind",   "layout", "name",        "provenance", "note",
                                     "reason", "text",   "stated_time", "verified"};
    std::ifstream in(project_data_dir() / "id_vectors.json");
    REQUIRE(in.good());
    const json file = json::parse(in);
    std::size_t changes = 0;
    for (const json& row : file.at("rows")) {
        if (check_vectors(file_of(row)).checked == 0) continue;
        const json flat = row.flatten();
        for (const auto& [pointer, value] : flat.items()) {
            const std::string key = pointer.substr(1, pointer.find('/', 1) - 1);
            const bool text_that_counts =
                key == "text" && (row.at("kind") == "ulid" || row.at("kind") == "ulid_lenient" ||
                                  row.at("kind") == "uuidv7" || row.at("kind") == "uuid");
            // A wrong claim may be any, and the last digit of its id is none of the time.
            const bool claim = row.at("kind") == "known_bad_web_claim" && key != "correct_ms";
            if (value.is_null() || claim || (free.contains(key) && !text_that_counts)) continue;
            json other = flat;
            other[pointer] = changed(value);
            INFO("row " << row.dump() << " with " << pointer << " = " << other[pointer].dump());
            CHECK_FALSE(check_vectors(file_of(other.unflatten())).failures.empty());
            ++changes;
        }
    }
    CHECK(changes > 100);
}

TEST_CASE("id vectors: a failure names the row, its kind, its provenance, and both values") {
    json file = {{"rows", json::array()}};
    file["rows"].push_back({{"kind", "uuid"}, {"text", "00000000-0000-0000-0000-000000000000"}});
    file["rows"].push_back({{"kind", "decode"},
                            {"layout", "twitter"},
                            {"id", "1541815603606036480"},
                            {"unix_ms", 1'656'432'460'106},
                            {"worker", 26},
                            {"provenance", "a page of mine"}});
    const auto report = check_vectors(file);
    REQUIRE(report.failures.size() == 1);
    CHECK(report.failures[0] ==
          "row 1 (decode; a page of mine): unix_ms is 1656432460105 (2022-06-28T16:07:40.105Z), "
          "but the row "
          "says 1656432460106 (2022-06-28T16:07:40.106Z)");
    CHECK(report.checked == 2);
}

TEST_CASE("id vectors: rows of unknown kinds and layouts are skipped, said so, and never passed") {
    json file = {{"rows", json::array()}};
    file["rows"].push_back({{"kind", "ksuid"}, {"text", "0ujtsYcgvSTl8PAuAdqWYSMnLOv"}});
    file["rows"].push_back({{"kind", "layout"}, {"name", "bwmarrin"}, {"fields", json::array()}});
    file["rows"].push_back({{"kind", "decode"}, {"layout", "tsid"}, {"id", "1"}, {"unix_ms", 1}});
    file["rows"].push_back({{"kind", "uuidv9"}, {"text", "x"}});
    auto report = check_vectors(file);
    CHECK(report.checked == 0);
    CHECK(report.skipped == 4);
    CHECK(report.notes ==
          std::vector<std::string>{
              "row 0 (ksuid): skipped: kind \"ksuid\" is not known",
              "row 1 (layout): skipped: layout \"bwmarrin\" is not one of the library's",
              "row 2 (decode): skipped: layout \"tsid\" is not one of the library's",
              "row 3 (uuidv9): skipped: kind \"uuidv9\" is not known"});
    CHECK(report.failures == std::vector<std::string>{"the file has no row of a known kind"});

    file["rows"].push_back({{"kind", "uuid"}, {"text", "00000000-0000-0000-0000-000000000000"}});
    report = check_vectors(file);
    CHECK(report.checked == 1);
    CHECK(report.skipped == 4);
    CHECK(report.failures.empty());
}

TEST_CASE("id vectors: a file without rows fails") {
    CHECK(check_vectors(json{{"rows", json::array()}}).failures.size() == 1);
    CHECK(check_vectors(json::object()).failures.size() == 1);
    CHECK(check_vectors(json::array()).failures.size() == 1);
    CHECK(check_vectors(json{{"rows", 7}}).failures.size() == 1);
    CHECK(check_vectors(data_dir() / "there is no such file.json").failures.size() == 1);
}

TEST_CASE("id vectors: a malformed row fails, with its index and what is wrong") {
    json file = {{"rows", json::array({7, {{"text", "x"}}, {{"kind", 3}}})}};
    CHECK(check_vectors(file).failures ==
          std::vector<std::string>{"row 0: malformed: no object with a text \"kind\"",
                                   "row 1: malformed: no object with a text \"kind\"",
                                   "row 2: malformed: no object with a text \"kind\""});
    CHECK(failure_of({{"kind", "ulid"}, {"hex", "00"}}) ==
          "row 0 (ulid): malformed: \"text\" is missing");
    CHECK(failure_of({{"kind", "ulid"}, {"text", 7}, {"unix_ms", 0}}) ==
          "row 0 (ulid): malformed: \"text\" is no text: 7");
    CHECK(failure_of({{"kind", "ulid"}, {"text", "00000000000000000000000000"}}) ==
          "row 0 (ulid): malformed: neither \"hex\" nor \"unix_ms\"");

    const json decode = {
        {"kind", "decode"}, {"layout", "twitter"}, {"id", "0"}, {"unix_ms", 1'288'834'974'657}};
    CHECK(failure_of(decode) == "none");
    const auto with = [&decode](const std::string& key, const json& value) {
        json row = decode;
        row[key] = value;
        return failure_of(row);
    };
    CHECK(with("id", 0) == "row 0 (decode): malformed: \"id\" is no text: 0");
    CHECK(with("id", "") == "row 0 (decode): malformed: \"id\" is no decimal text: \"\"");
    CHECK(with("id", "0x1") == "row 0 (decode): malformed: \"id\" is no decimal text: \"0x1\"");
    CHECK(with("id", "00") ==
          "row 0 (decode): id 00 does not parse: not in canonical form at position 0");
    CHECK(with("unix_ms", 1.5) ==
          "row 0 (decode): malformed: \"unix_ms\" is no integer of 64 bits: 1.5");
    CHECK(with("unix_ms", "1288834974657") ==
          "row 0 (decode): malformed: \"unix_ms\" is no integer of 64 bits: \"1288834974657\"");
    CHECK(with("unix_ms", 18'446'744'073'709'551'615ULL) ==
          "row 0 (decode): malformed: \"unix_ms\" is no integer of 64 bits: 18446744073709551615");
    CHECK(with("worker", -1) ==
          "row 0 (decode): malformed: \"worker\" is no natural number of 64 bits: -1");
    CHECK(with("worker", 0) == "none");
    CHECK(with("shard", 0) == "row 0 (decode): the layout has no shard");
    CHECK(with("iso", "2010-11-04 01:42:54.657") ==
          "row 0 (decode): malformed: \"iso\" is no time like 2022-02-22T19:22:22.000Z: 2010-11-04 "
          "01:42:54.657");
    CHECK(
        with("iso", "2010-02-30T01:42:54.657Z").starts_with("row 0 (decode): malformed: \"iso\""));
    CHECK(with("iso", "2010-11-04T01:42:54.657Z") == "none");
    CHECK(with("provenance", 7) == "none");
}

TEST_CASE("id vectors: a rejected text that parses, and a parsed text that is rejected, fail") {
    CHECK(failure_of({{"kind", "ulid_reject"}, {"text", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}) ==
          "row 0 (ulid_reject): text 01ARZ3NDEKTSV4RRFFQ69G5FAV is taken, as "
          "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(failure_of({{"kind", "ulid_reject"}, {"text", "01ARZ3NDEITSV4RRFFQ69G5FAV"}}) == "none");
    CHECK(
        failure_of({{"kind", "ulid"}, {"text", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"}, {"unix_ms", 0}}) ==
        "row 0 (ulid): text 8ZZZZZZZZZZZZZZZZZZZZZZZZZ does not parse: out of range at position 0");
    CHECK(failure_of({{"kind", "ulid_lenient"},
                      {"text", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
                      {"strict", "reject"},
                      {"crockford_lenient", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}) ==
          "row 0 (ulid_lenient): strict: is taken, as 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(failure_of({{"kind", "known_bad_web_claim"},
                      {"layout", "twitter"},
                      {"id", "0"},
                      {"claimed_ms", 1'288'834'974'657},
                      {"correct_ms", 1'288'834'974'656}})
              .starts_with("row 0 (known_bad_web_claim): correct_ms is 1288834974657 ("));
    CHECK(
        failure_of({{"kind", "known_bad_web_claim"},
                    {"layout", "twitter"},
                    {"id", "0"},
                    {"claimed_ms", 5},
                    {"correct_ms", 5}}) ==
        "row 0 (known_bad_web_claim): malformed: the claim is not wrong: both times are the same");
    CHECK(failure_of({{"kind", "uuidv7"}, {"text", "1EC9414C-232A-6B00-B3C8-9F6BDECED846"}}) ==
          "row 0 (uuidv7): the version is 6, but the row says 7");
    CHECK(
        failure_of(
            {{"kind", "uuid"}, {"text", "919108f7-52d1-4320-9bac-f847db4148a8"}, {"unix_ms", 5}}) ==
        "row 0 (uuid): there is no timestamp in this UUID, but the row gives one");
}

TEST_CASE("id vectors: a value that nothing checks is pointed out") {
    const auto report = check_vectors(file_of({{"kind", "decode"},
                                               {"layout", "twitter"},
                                               {"id", "0"},
                                               {"unix_ms", 1'288'834'974'657},
                                               {"wroker", 3}}));
    CHECK(report.failures.empty());
    CHECK(report.notes == std::vector<std::string>{"row 0 (decode): \"wroker\" is not checked"});
}
