// SPDX-License-Identifier: BSL-1.0
#include <coterie/adapt/fmt.hpp>

#include <iterator>
#include <string>
#include <string_view>

#include <coterie/core/entropy.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "adapt/text_types.hpp"
#include "support/catch.hpp"

using namespace coterie::id::literals;
using coterie::parse_errc;
using coterie::parse_error;
using coterie::id::ulid;

namespace {

struct without_text {};

constexpr auto id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid;

std::string at_run_time(std::string_view specification, const auto& x) {
    try {
        return fmt::format(fmt::runtime(specification), x);
    } catch (const fmt::format_error&) {
        return "(format_error)";
    }
}

}  // namespace

TEST_CASE("{fmt} prints ids, errors and enums by their text") {
    CHECK(fmt::format("{}", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(fmt::format("{}", 1541815603606036480_twitter) == "1541815603606036480");
    CHECK(fmt::format("{}", ulid()) == std::string(26, '0'));
    CHECK(fmt::format("{}", parse_errc::invalid_character) == "invalid character");
    CHECK(fmt::format("{}", static_cast<parse_errc>(200)) == "unknown parse error");
    CHECK(fmt::format("{}", parse_error{parse_errc::wrong_length, 7}) ==
          "wrong length at position 7");
    CHECK(fmt::format("{}", coterie::decode_error{coterie::decode_errc::truncated, 3}) ==
          "input ends inside a value at byte 3");
    CHECK(fmt::format("{}", coterie::entropy_errc::not_ready) ==
          describe(coterie::entropy_errc::not_ready));
    CHECK(fmt::format("{}", coterie::id::id_errc::before_epoch) == "time before the id's epoch");
}

TEST_CASE("{fmt} pads, aligns, fills and cuts a text form as a string") {
    CHECK(fmt::format("{:>30}", id) == "    01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(fmt::format("{:<30}|", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV    |");
    CHECK(fmt::format("{:*^30}", id) == "**01ARZ3NDEKTSV4RRFFQ69G5FAV**");
    CHECK(fmt::format("{:30}|", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV    |");
    CHECK(fmt::format("{:.10}", id) == "01ARZ3NDEK");
    CHECK(fmt::format("{:>12.3}", id) == "         01A");
    CHECK(fmt::format("{:.^{}}", parse_errc::out_of_range, 16) == "..out of range..");
    CHECK(fmt::format("{:5}", id).size() == 26);
    CHECK(fmt::format("{:_>28}", parse_error{parse_errc::wrong_length, 7}) ==
          "__wrong length at position 7");
    CHECK(fmt::format("{1:>4.2}{0}", id, parse_errc::out_of_range) ==
          "  ou01ARZ3NDEKTSV4RRFFQ69G5FAV");
}

TEST_CASE("{fmt} quotes and escapes a text form where that is asked for") {
    CHECK(fmt::format("{:?}", parse_errc::out_of_range) == "\"out of range\"");
    CHECK(fmt::format("{:>16?}", parse_errc::out_of_range) == "  \"out of range\"");
    CHECK(fmt::format("{:?}", coterie::test::letters{"\n"}) == "\"<\\n>\"");
}

TEST_CASE("{fmt} refuses what a string cannot be formatted with") {
    CHECK(at_run_time("{}", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(at_run_time("{:d}", id) == "(format_error)");
    CHECK(at_run_time("{:x}", parse_errc::out_of_range) == "(format_error)");
    CHECK(at_run_time("{:+}", id) == "(format_error)");
    CHECK(at_run_time("{:>}}", id) == "(format_error)");
}

TEST_CASE("{fmt} prints by the text whatever else the type could be taken for") {
    CHECK(fmt::format("{}", coterie::test::letters{"abc"}) == "<abc>");
    CHECK(fmt::format("{:>6}", coterie::test::letters{"abc"}) == " <abc>");
    CHECK(fmt::format("{}", coterie::test::numbers()) == "one to three");
    CHECK(fmt::format("{}", coterie::test::convertible()) == "as its text");
    CHECK(fmt::format("{}", coterie::test::tuesday) == "tuesday");
    CHECK(fmt::format("{:>9}", coterie::test::monday) == "   monday");
    CHECK(fmt::format("{}", static_cast<coterie::test::weekday>(7)) == "no weekday");
}

TEST_CASE("{fmt} prints const, temporary and referenced values, to any output") {
    const ulid constant = id;
    ulid variable = id;
    ulid& reference = variable;
    CHECK(fmt::format("{}{}", constant, reference) == id.to_string() + id.to_string());
    CHECK(fmt::formatted_size("{}", id) == 26);
    std::string out = "id ";
    fmt::format_to(std::back_inserter(out), "{}", id);
    CHECK(out == "id 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    char buffer[10] = {};
    const auto result = fmt::format_to_n(buffer, 5, "{}", id);
    CHECK(result.size == 26);
    CHECK(std::string_view(buffer, 5) == "01ARZ");
}

TEST_CASE("only what has a text form is formattable by it") {
    STATIC_REQUIRE(fmt::is_formattable<ulid>::value);
    STATIC_REQUIRE(fmt::is_formattable<const ulid&>::value);
    STATIC_REQUIRE(fmt::is_formattable<parse_errc>::value);
    STATIC_REQUIRE_FALSE(fmt::is_formattable<without_text>::value);
    // And nothing that {fmt} prints by itself is taken from it.
    CHECK(fmt::format("{:05}", 42) == "00042");
    CHECK(fmt::format("{:>3}", "a") == "  a");
    CHECK(fmt::format("{}", std::string("s")) == "s");
}
