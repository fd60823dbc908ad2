// SPDX-License-Identifier: BSL-1.0
#include <coterie/adapt/format.hpp>

#include <string>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/id/ulid.hpp>

#include "adapt/text_types.hpp"
#include "support/catch.hpp"

using namespace coterie::id::literals;
using coterie::parse_errc;
using coterie::parse_error;

#ifdef __cpp_lib_format

namespace {
constexpr auto id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid;
struct without_text {};
}  // namespace

TEST_CASE("std::format prints ids, errors and enums by their text") {
    CHECK(std::format("{}", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(std::format("{}", parse_errc::invalid_character) == "invalid character");
    CHECK(std::format("{}", parse_error{parse_errc::wrong_length, 7}) ==
          "wrong length at position 7");
    CHECK(std::format("{}", coterie::test::tuesday) == "tuesday");
    CHECK(std::format("{}", coterie::test::convertible()) == "as its text");
}

TEST_CASE("std::format pads, aligns, fills and cuts a text form as a string") {
    CHECK(std::format("{:>30}", id) == "    01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(std::format("{:*^30}", id) == "**01ARZ3NDEKTSV4RRFFQ69G5FAV**");
    CHECK(std::format("{:.10}", id) == "01ARZ3NDEK");
    CHECK(std::format("{:>{}}", parse_errc::out_of_range, 14) == "  out of range");
}

TEST_CASE("std::format prints a range with a text form by its text") {
    CHECK(std::format("{}", coterie::test::letters{"abc"}) == "<abc>");
    CHECK(std::format("{:>6}", coterie::test::letters{"abc"}) == " <abc>");
    CHECK(std::format("{}", coterie::test::numbers()) == "one to three");
}

#ifdef __cpp_lib_format_ranges
TEST_CASE("std::format prints ranges of text forms as ranges") {
    CHECK(std::format("{}", std::vector{parse_errc::out_of_range, parse_errc::wrong_length}) ==
          "[out of range, wrong length]");
    CHECK(std::format("{}", std::vector<coterie::test::letters>{{"a"}, {"b"}}) == "[<a>, <b>]");
    CHECK(std::format("{}", std::vector{1, 2}) == "[1, 2]");
}
#endif

TEST_CASE("only what has a text form is formattable by it with std::format") {
    STATIC_REQUIRE(std::is_default_constructible_v<std::formatter<coterie::id::ulid, char>>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<std::formatter<without_text, char>>);
    STATIC_REQUIRE_FALSE(
        std::is_default_constructible_v<std::formatter<coterie::id::ulid, wchar_t>>);
}

#else

// Without <format> the header declares nothing, so what it would declare is still the user's to declare.
namespace std {
template <class T, class Char>
struct formatter {
    static constexpr bool primary = true;
};
}  // namespace std

TEST_CASE("without <format> the header leaves std::formatter alone") {
    STATIC_REQUIRE(std::formatter<coterie::id::ulid, char>::primary);
}

#endif
