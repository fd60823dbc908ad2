// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include <coterie/core/entropy.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/id/error.hpp>

#include "support/catch.hpp"

using coterie::parse_errc;
using coterie::parse_error;

namespace error_test {

enum class undescribed {
    one
};

enum class described_by_string {
    one
};
std::string describe(described_by_string) noexcept;

enum class may_throw {
    one
};
const char* describe(may_throw);

}  // namespace error_test

namespace {

using error_test::described_by_string;
using error_test::may_throw;
using error_test::undescribed;

// The least that a text can be appended to.
struct small_text {
    char characters[64] = {};
    std::size_t size = 0;

    constexpr void push_back(char c) { characters[size++] = c; }
    constexpr void append(std::string_view text) {
        for (const char c : text) push_back(c);
    }
    [[nodiscard]] constexpr std::string_view view() const { return {characters, size}; }
};

// Every enumerator has its own phrase, and so has whatever lies beyond the last.
template <class E>
void check_phrases(std::initializer_list<E> all) {
    std::set<std::string_view> phrases;
    for (const E code : all) {
        const std::string_view phrase = describe(code);
        CAPTURE(phrase);
        CHECK_FALSE(phrase.empty());
        CHECK((phrase.front() >= 'a' && phrase.front() <= 'z'));
        CHECK(phrase.back() != '.');
        CHECK(phrases.insert(phrase).second);
        // The list above is complete: the enumerators are 0, 1, 2 ...
        CHECK(static_cast<std::size_t>(code) == phrases.size() - 1);
    }
    const std::string_view unknown = describe(static_cast<E>(all.size()));
    CHECK_FALSE(unknown.empty());
    CHECK(phrases.insert(unknown).second);
    CHECK(describe(static_cast<E>(255)) == unknown);
}

}  // namespace

TEST_CASE("every error has its own phrase, and so has a value that is none") {
    check_phrases<parse_errc>({parse_errc::wrong_length, parse_errc::invalid_character,
                               parse_errc::out_of_range, parse_errc::not_canonical});
    using coterie::entropy_errc;
    check_phrases<entropy_errc>(
        {entropy_errc::unavailable, entropy_errc::not_ready, entropy_errc::out_of_memory});
    using coterie::decode_errc;
    check_phrases<decode_errc>({decode_errc::truncated, decode_errc::trailing_bytes,
                                decode_errc::not_minimal, decode_errc::out_of_range,
                                decode_errc::invalid_value, decode_errc::limit_exceeded,
                                decode_errc::unsupported_version, decode_errc::damaged});
}

TEST_CASE("an enum is described where describe gives a static phrase and cannot throw") {
    STATIC_REQUIRE(coterie::described_enum<parse_errc>);
    STATIC_REQUIRE(coterie::described_enum<coterie::entropy_errc>);
    STATIC_REQUIRE(coterie::described_enum<coterie::decode_errc>);
    STATIC_REQUIRE(coterie::described_enum<coterie::id::id_errc>);
    STATIC_REQUIRE_FALSE(coterie::described_enum<undescribed>);
    STATIC_REQUIRE_FALSE(coterie::described_enum<described_by_string>);
    STATIC_REQUIRE_FALSE(coterie::described_enum<may_throw>);
    STATIC_REQUIRE_FALSE(coterie::described_enum<int>);
    STATIC_REQUIRE_FALSE(coterie::described_enum<parse_error>);
}

TEST_CASE("a parse error appends its phrase and its position") {
    std::string text = "bad id: ";
    parse_error{parse_errc::invalid_character, 7}.append_to(text);
    CHECK(text == "bad id: invalid character at position 7");
    CHECK(coterie::to_string(parse_error{parse_errc::wrong_length, 0}) ==
          "wrong length at position 0");
    CHECK(coterie::to_string(parse_error{parse_errc::out_of_range, 12}) ==
          "out of range at position 12");
    // Into anything that appends, also in a constant expression.
    STATIC_REQUIRE([] {
        small_text out;
        parse_error{parse_errc::out_of_range, 12}.append_to(out);
        return out.view() == "out of range at position 12";
    }());
}

TEST_CASE("parse errors are equal where code and position are") {
    const parse_error error{parse_errc::invalid_character, 7};
    CHECK(error == parse_error{parse_errc::invalid_character, 7});
    CHECK(error != parse_error{parse_errc::invalid_character, 8});
    CHECK(error != parse_error{parse_errc::wrong_length, 7});
}

TEST_CASE("append_decimal prints every width of number") {
    std::uint64_t number = 1;
    for (int digits = 1; digits <= 19; ++digits, number *= 10) {
        for (const std::uint64_t x : {number - 1, number, number + 1, number * 9}) {
            std::string text;
            coterie::detail::append_decimal(text, x);
            CHECK(text == std::to_string(x));
        }
    }
    for (const std::uint64_t x : {10'000'000'000'000'000'000U, 18'446'744'073'709'551'615U}) {
        std::string text;
        coterie::detail::append_decimal(text, x);
        CHECK(text == std::to_string(x));
    }
}
