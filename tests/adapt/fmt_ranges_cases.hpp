// SPDX-License-Identifier: BSL-1.0
#pragma once

// What holds beside <fmt/ranges.h>, whichever of the two headers came first: the including file includes
// them in its order, and then this one.

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "adapt/text_types.hpp"
#include "support/catch.hpp"

namespace {

void check_beside_ranges() {
    using namespace coterie::id::literals;
    using coterie::parse_errc;
    const auto id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid;

    // A text form, and no range, even where it is one.
    CHECK(fmt::format("{}", id) == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(fmt::format("{:>28}", id) == "  01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(fmt::format("{}", coterie::test::letters{"abc"}) == "<abc>");
    CHECK(fmt::format("{:*>6}", coterie::test::letters{"abc"}) == "*<abc>");
    CHECK(fmt::format("{}", coterie::test::numbers()) == "one to three");
    CHECK(fmt::format("{}", coterie::test::tuesday) == "tuesday");

    // Ranges and tuples of text forms are ranges and tuples; an id is no string, and gets no quotes there.
    CHECK(fmt::format("{}", std::vector{id, id}) ==
          "[01ARZ3NDEKTSV4RRFFQ69G5FAV, 01ARZ3NDEKTSV4RRFFQ69G5FAV]");
    CHECK(fmt::format("{}", std::array{parse_errc::out_of_range, parse_errc::wrong_length}) ==
          "[out of range, wrong length]");
    CHECK(fmt::format("{}", std::vector<coterie::test::letters>{{"a"}, {"b"}}) == "[<a>, <b>]");
    CHECK(fmt::format("{}", std::tuple(parse_errc::out_of_range, 7)) == "(out of range, 7)");
    CHECK(fmt::format("{}", fmt::join(std::vector{id, id}, " ")) ==
          id.to_string() + " " + id.to_string());

    // And all other ranges are what they were.
    CHECK(fmt::format("{}", std::vector{1, 2, 3}) == "[1, 2, 3]");
    CHECK(fmt::format("{}", std::map<int, int>{{1, 2}}) == "{1: 2}");
    CHECK(fmt::format("{}", std::string("abc")) == "abc");
}

}  // namespace
