// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/ulid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "id/guarded.hpp"
#include "id/hash_quality.hpp"
#include "id/oracle.hpp"
#include "id/outcome.hpp"
#include "id/samples.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie::test;
using namespace coterie::id::literals;
using coterie::parse_errc;
using coterie::parse_error;
using coterie::id::id_errc;
using coterie::id::sys_milliseconds;
using coterie::id::ulid;
using std::chrono::milliseconds;

constexpr std::string_view spec_text = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

constexpr bool fails(std::string_view text, parse_errc code, std::size_t position) {
    const auto id = ulid::parse(text);
    return !id.has_value() && id.error() == parse_error{code, position};
}

/// Both parsers say of a text what the slow one says.
void check_by_oracle(std::string_view text) {
    const std::string strict = outcome(ulid::parse(text));
    const std::string lenient = outcome(ulid::parse_lenient(text));
    const std::string want_strict = outcome_as<ulid, 16>(oracle::ulid(text, false));
    const std::string want_lenient = outcome_as<ulid, 16>(oracle::ulid(text, true));
    if (strict == want_strict && lenient == want_lenient) return;
    INFO("text " << visible(text));
    CHECK(strict == want_strict);
    CHECK(lenient == want_lenient);
}

// --- a regular type, and what the compiler can tell ------------------------------------------------

static_assert(std::regular<ulid>);
static_assert(std::totally_ordered<ulid>);
static_assert(std::is_trivially_copyable_v<ulid>);
static_assert(std::is_nothrow_default_constructible_v<ulid>);
static_assert(std::has_unique_object_representations_v<ulid>);
static_assert(sizeof(ulid) == 16);
static_assert(std::same_as<decltype(ulid() <=> ulid()), std::strong_ordering>);
static_assert(!std::convertible_to<std::string_view, ulid>);
static_assert(!std::convertible_to<std::uint64_t, ulid>);
static_assert(coterie::bounded_text<ulid>);
static_assert(noexcept(ulid::parse("")) && noexcept(ulid::parse_lenient("")));
static_assert(noexcept(std::hash<ulid>{}(ulid())));

static_assert(ulid() == ulid::from_words(0, 0));
static_assert(prints(ulid(), "00000000000000000000000000"));
static_assert(ulid().timestamp() == sys_milliseconds{});
static_assert(ulid() == "00000000000000000000000000"_ulid);

// The example and the largest id of the specification.
static_assert("01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid ==
              ulid::from_words(0x01563E3AB5D3D676, 0x4C61EFB99302BD5B));
static_assert(ulid::parse(spec_text)->timestamp() == at_ms(1'469'922'850'259));
static_assert(prints(ulid::from_words(0x01563E3AB5D3D676, 0x4C61EFB99302BD5B), spec_text));
static_assert("01arz3ndektsv4rrffq69g5fav"_ulid == "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid);
static_assert("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"_ulid == ulid::from_words(all, all));
static_assert("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"_ulid.timestamp() == at_ms(time_end - 1));
static_assert(prints(ulid::from_words(all, all), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
static_assert("01BX5ZZKBKZZZZZZZZZZZZZZZX"_ulid.successor() == "01BX5ZZKBKZZZZZZZZZZZZZZZY"_ulid);
static_assert("01BX5ZZKBKZZZZZZZZZZZZZZZY"_ulid.successor() == "01BX5ZZKBKZZZZZZZZZZZZZZZZ"_ulid);
static_assert("01BX5ZZKBKZZZZZZZZZZZZZZZZ"_ulid.successor().error() == id_errc::no_successor);

static_assert(fails("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", parse_errc::out_of_range, 0));
static_assert(fails("80000000000000000000000000", parse_errc::out_of_range, 0));
static_assert(fails("ZZZZZZZZZZZZZZZZZZZZZZZZZZ", parse_errc::out_of_range, 0));
static_assert(fails("01ARZ3NDEUTSV4RRFFQ69G5FAV", parse_errc::invalid_character, 9));
static_assert(fails("01ARZ3NDEKTSV4RRFFQ69G5FAVX", parse_errc::wrong_length, 26));
static_assert(fails("01ARZ3NDEKTSV4RRFFQ69G5FA", parse_errc::wrong_length, 25));
static_assert(fails("", parse_errc::wrong_length, 0));
static_assert(ulid::parse_lenient("OIARZ3NDELTSV4RRFFQ69G5FAo") ==
              ulid::parse("01ARZ3NDE1TSV4RRFFQ69G5FA0"));

constexpr auto spec_random = bytes_of(0xD6, 0x76, 0x4C, 0x61, 0xEF, 0xB9, 0x93, 0x02, 0xBD, 0x5B);
constexpr auto spec_bytes = bytes_of(0x01, 0x56, 0x3E, 0x3A, 0xB5, 0xD3, 0xD6, 0x76, 0x4C, 0x61,
                                     0xEF, 0xB9, 0x93, 0x02, 0xBD, 0x5B);
static_assert(ulid::compose(at_ms(1'469'922'850'259), spec_random) == *ulid::parse(spec_text));
static_assert(ulid::parse(spec_text)->random() == spec_random);
static_assert(ulid::parse(spec_text)->bytes() == spec_bytes);
static_assert(ulid::from_bytes(spec_bytes) == *ulid::parse(spec_text));

static_assert(ulid::min_at(at_ms(-1)).error() == id_errc::before_epoch);
static_assert(ulid::max_at(at_ms(time_end)).error() == id_errc::time_exhausted);
static_assert(std::hash<ulid>{}("01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid) ==
              "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid.hash());

}  // namespace

// --- parsing ---------------------------------------------------------------------------------------

TEST_CASE("ulid: every byte at every position parses as the slow parser says") {
    // Two texts, since a character can be read wrongly in a way that one of its neighbours hides.
    for (const std::string_view base : {spec_text, std::string_view("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
                                        std::string_view("00000000000000000000000000")}) {
        for (std::size_t position = 0; position < base.size(); ++position) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                std::string text(base);
                text[position] = static_cast<char>(byte);
                check_by_oracle(text);
            }
        }
    }
}

TEST_CASE("ulid: texts with several wrong characters are wrong at the first") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        std::string text = uneven_id<ulid>(random).to_string();
        const auto wrong = 1 + random() % 3;
        for (std::uint64_t i = 0; i < wrong; ++i) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        check_by_oracle(text);
    }
}

TEST_CASE("ulid: a text of any other length has the wrong length, whatever it holds") {
    for (std::size_t length = 0; length <= 60; ++length) {
        if (length == 26) continue;
        const std::string wanted =
            "error: wrong length at position " + std::to_string(std::min<std::size_t>(length, 26));
        for (const char filling : {'0', 'Z', '!', '\0', '\xFF'}) {
            const std::string text(length, filling);
            INFO("length " << length << ", filled with " << visible({&filling, 1}));
            CHECK(outcome(ulid::parse(text)) == wanted);
            CHECK(outcome(ulid::parse_lenient(text)) == wanted);
        }
    }
    CHECK(outcome(ulid::parse(std::string_view())) == "error: wrong length at position 0");
}

TEST_CASE("ulid: a zero byte is a character like any other and ends no text") {
    std::string text(spec_text);
    text[13] = '\0';
    CHECK(outcome(ulid::parse(text)) == "error: invalid character at position 13");
    text = std::string(spec_text) + '\0';
    CHECK(outcome(ulid::parse(text)) == "error: wrong length at position 26");
    text = std::string(spec_text.substr(0, 25)) + '\0';
    CHECK(outcome(ulid::parse(text)) == "error: invalid character at position 25");
}

TEST_CASE("ulid: too large a number is out of range even where a later character is wrong") {
    for (const char first : {'8', '9', 'A', 'z', 'Z', 'H', 'k'}) {
        std::string text(spec_text);
        text[0] = first;
        text[20] = '!';
        INFO("text " << text);
        CHECK(outcome(ulid::parse(text)) == "error: out of range at position 0");
        CHECK(outcome(ulid::parse_lenient(text)) == "error: out of range at position 0");
    }
}

TEST_CASE("ulid: a wrong first character is invalid, not out of range") {
    for (const char first : {'I', 'l', 'O', 'U', 'u', '!', '\xFF', '-'}) {
        std::string text(spec_text);
        text[0] = first;
        INFO("text " << visible(text));
        CHECK(outcome(ulid::parse(text)) == "error: invalid character at position 0");
    }
}

TEST_CASE("ulid: hyphens, spaces, braces and prefixes are no part of a text, leniently neither") {
    for (const std::string_view text :
         {"01ARZ3NDEK-TSV4RRFFQ69G5FAV", " 01ARZ3NDEKTSV4RRFFQ69G5FAV",
          "01ARZ3NDEKTSV4RRFFQ69G5FAV\n", "{01ARZ3NDEKTSV4RRFFQ69G5FAV}",
          "+1ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEK-TSV4RRFFQ69G5FA"}) {
        INFO("text " << visible(text));
        CHECK_FALSE(ulid::parse(text).has_value());
        CHECK_FALSE(ulid::parse_lenient(text).has_value());
    }
}

TEST_CASE("ulid: parsing reads nothing beside the text") {
    const guarded_page page;
    for (std::size_t length = 0; length <= 60; ++length) {
        std::string text(length, '7');
        for (std::size_t i = 0; i < std::min(length, spec_text.size()); ++i) text[i] = spec_text[i];
        for (const std::string_view guarded : {page.ending(text), page.beginning(text)}) {
            CHECK(ulid::parse(guarded).has_value() == (length == 26));
            CHECK(ulid::parse_lenient(guarded).has_value() == (length == 26));
        }
    }
    for (std::size_t position = 0; position < spec_text.size(); ++position) {
        std::string text(spec_text);
        text[position] = '!';
        for (const std::string_view guarded : {page.ending(text), page.beginning(text)}) {
            CHECK(ulid::parse(guarded).error().position == position);
            CHECK(ulid::parse_lenient(guarded).error().position == position);
        }
    }
}

TEST_CASE("ulid: printing writes its 26 characters and nothing beside them") {
    const guarded_page page;
    char* const out = page.ending(28);
    std::fill_n(out, 28, '#');
    char* const end = ulid::parse(spec_text)->to_chars(std::span<char, 26>(out + 1, 26));
    CHECK(end == out + 27);
    CHECK(std::string_view(out, 28) == "#" + std::string(spec_text) + "#");
    char* const last = page.ending(26);
    CHECK(ulid::from_words(all, all).to_chars(std::span<char, 26>(last, 26)) == last + 26);
    CHECK(std::string_view(last, 26) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

// --- round trips and order -------------------------------------------------------------------------

TEST_CASE("ulid: a single bit survives text, bytes and words") {
    for (unsigned bit = 0; bit < 128; ++bit) {
        const auto id = bit < 64 ? ulid::from_words(0, std::uint64_t{1} << bit)
                                 : ulid::from_words(std::uint64_t{1} << (bit - 64), 0);
        INFO("bit " << bit);
        auto bytes = id.bytes();
        CHECK((bytes[15 - bit / 8] == std::byte{1} << bit % 8));
        CHECK(ulid::from_bytes(bytes) == id);
        CHECK(ulid::parse(id.to_string()) == id);
        // The character of the bit is a power of two; all others are zero.
        std::string wanted(26, '0');
        wanted[25 - bit / 5] = "1248G"[bit % 5];
        CHECK(id.to_string() == wanted);
    }
}

TEST_CASE("ulid: text, bytes and parts lead back to the id") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        const ulid id = uneven_id<ulid>(random);
        const std::string text = id.to_string();
        std::string small = text;
        std::transform(small.begin(), small.end(), small.begin(), oracle::lower);
        const auto slow = oracle::ulid(text, false);
        INFO("id " << text);
        REQUIRE(slow.has_value());
        REQUIRE(oracle::as_bytes(*slow) == id.bytes());
        REQUIRE(ulid::parse(text) == id);
        REQUIRE(ulid::parse(small) == id);
        REQUIRE(ulid::parse_lenient(text) == id);
        REQUIRE(ulid::from_bytes(id.bytes()) == id);
        REQUIRE(ulid::from_words(id.high(), id.low()) == id);
        REQUIRE(ulid::compose(id.timestamp(), id.random()) == id);
        REQUIRE(id.timestamp() == at_ms(static_cast<std::int64_t>(id.high() / 65536)));
        const auto bytes = id.bytes();
        const auto tail = id.random();
        REQUIRE(std::equal(tail.begin(), tail.end(), bytes.begin() + 6, bytes.end()));
    }
}

TEST_CASE("ulid: order by value, by text and by bytes is the same") {
    std::mt19937_64 random(seed());
    const auto check = [](const ulid& a, const ulid& b) {
        const auto bytes_a = a.bytes(), bytes_b = b.bytes();
        const auto by_bytes = std::lexicographical_compare_three_way(
            bytes_a.begin(), bytes_a.end(), bytes_b.begin(), bytes_b.end());
        INFO(a.to_string() << " and " << b.to_string());
        REQUIRE(((a <=> b) == by_bytes));
        REQUIRE(((a <=> b) == (a.to_string() <=> b.to_string())));
        REQUIRE(((a == b) == std::is_eq(a <=> b)));
        REQUIRE(((b <=> a) == (0 <=> (a <=> b))));
    };
    for (int round = 0; round < 20'000; ++round) {
        const ulid a = uneven_id<ulid>(random);
        check(a, uneven_id<ulid>(random));
        check(a, ulid::from_words(a.high(), uneven_word(random)));
        check(a, ulid::from_words(uneven_word(random), a.low()));
        check(a, a);
        // A neighbour in one bit.
        const std::uint64_t one = std::uint64_t{1} << random() % 64;
        check(a, random() % 2 == 0 ? ulid::from_words(a.high() ^ one, a.low())
                                   : ulid::from_words(a.high(), a.low() ^ one));
    }
}

// --- time ------------------------------------------------------------------------------------------

TEST_CASE("ulid: min_at and max_at bracket every id of their millisecond and no other") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 5'000; ++round) {
        const auto t = at_ms(static_cast<std::int64_t>(uneven_word(random) >> 16));
        const ulid first = ulid::min_at(t).value(), last = ulid::max_at(t).value();
        std::array<std::byte, 10> tail{};
        for (auto& byte : tail) byte = static_cast<std::byte>(random());
        const ulid id = ulid::compose(t, tail).value();
        INFO("millisecond " << t.time_since_epoch().count());
        REQUIRE(first <= id);
        REQUIRE(id <= last);
        REQUIRE(first.timestamp() == t);
        REQUIRE(last.timestamp() == t);
        REQUIRE(id.timestamp() == t);
        REQUIRE(first.random() == std::array<std::byte, 10>{});
        REQUIRE(
            std::ranges::all_of(last.random(), [](std::byte b) { return b == std::byte{0xFF}; }));
        if (t < at_ms(time_end - 1)) {
            const ulid next = ulid::min_at(t + milliseconds(1)).value();
            REQUIRE(last < next);
            // Nothing lies between: the next value after the last is the first of the next millisecond.
            REQUIRE(next.low() == last.low() + 1);
            REQUIRE(next.high() == last.high() + 1);
        }
    }
}

TEST_CASE("ulid: times outside the 48 bits are errors, to the millisecond") {
    const std::array<std::byte, 10> tail{};
    const auto outcomes = [&tail](sys_milliseconds t) {
        const std::string composed = outcome(ulid::compose(t, tail));
        const std::string largest = outcome(ulid::max_at(t));
        CHECK(outcome(ulid::min_at(t)) == composed);
        CHECK(largest.starts_with("error: ") == composed.starts_with("error: "));
        if (largest.starts_with("error: ")) CHECK(largest == composed);
        return composed;
    };
    CHECK(outcomes(sys_milliseconds::min()) == "error: time before the id's epoch");
    CHECK(outcomes(at_ms(-time_end)) == "error: time before the id's epoch");
    CHECK(outcomes(at_ms(-1)) == "error: time before the id's epoch");
    CHECK(outcomes(at_ms(0)) == "00000000000000000000000000");
    CHECK(outcomes(at_ms(1)) == "00000000010000000000000000");
    CHECK(outcomes(at_ms(time_end - 1)) == "7ZZZZZZZZZ0000000000000000");
    CHECK(outcomes(at_ms(time_end)) == "error: time after the end of the id's time field");
    CHECK(outcomes(at_ms(std::int64_t{1} << 62)) ==
          "error: time after the end of the id's time field");
    CHECK(outcomes(sys_milliseconds::max()) == "error: time after the end of the id's time field");
    CHECK(outcome(ulid::max_at(at_ms(0))) == "0000000000ZZZZZZZZZZZZZZZZ");
    CHECK(outcome(ulid::max_at(at_ms(time_end - 1))) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

TEST_CASE("ulid: the random bytes land in their places, one by one") {
    for (std::size_t i = 0; i < 10; ++i) {
        std::array<std::byte, 10> tail{};
        tail[i] = std::byte{0xA5};
        const ulid id = ulid::compose(at_ms(0), tail).value();
        std::array<std::byte, 16> wanted{};
        wanted[6 + i] = std::byte{0xA5};
        INFO("byte " << i);
        CHECK(id.bytes() == wanted);
        CHECK(id.random() == tail);
    }
}

// --- successor -------------------------------------------------------------------------------------

TEST_CASE("ulid: the successor is the id plus one and never leaves its millisecond") {
    std::mt19937_64 random(seed());
    int without = 0;
    for (int round = 0; round < 20'000; ++round) {
        const ulid id = uneven_id<ulid>(random);
        // Plus one in bytes, as at school.
        auto bytes = id.bytes();
        std::size_t i = 16;
        while (i > 6 && bytes[i - 1] == std::byte{0xFF}) bytes[--i] = std::byte{0};
        const auto next = id.successor();
        INFO("id " << id.to_string());
        if (i == 6) {
            REQUIRE(outcome(next) == "error: no larger id in this millisecond");
            ++without;
            continue;
        }
        bytes[i - 1] = static_cast<std::byte>(std::to_integer<unsigned>(bytes[i - 1]) + 1);
        REQUIRE(next.has_value());
        REQUIRE(next->bytes() == bytes);
        REQUIRE(id < *next);
        REQUIRE(next->timestamp() == id.timestamp());
    }
    CHECK(without < 20'000);
}

TEST_CASE("ulid: the successor carries through every bit of the random part") {
    for (unsigned ones = 0; ones <= 80; ++ones) {
        // The lowest `ones` bits are set: adding one clears them and sets the next.
        const auto low = ones >= 64 ? all : (std::uint64_t{1} << ones) - 1;
        const auto high = ones <= 64 ? 0 : (std::uint64_t{1} << (ones - 64)) - 1;
        const ulid id = ulid::from_words(0x0123'4567'89AB'0000 | high, low);
        INFO("ones " << ones);
        if (ones == 80) {
            CHECK(id.successor() == std::unexpected(id_errc::no_successor));
        } else if (ones >= 64) {
            CHECK(id.successor() ==
                  ulid::from_words(0x0123'4567'89AB'0000 | std::uint64_t{1} << (ones - 64), 0));
        } else {
            CHECK(id.successor() ==
                  ulid::from_words(0x0123'4567'89AB'0000, std::uint64_t{1} << ones));
        }
    }
    CHECK(ulid::from_words(all, all).successor() == std::unexpected(id_errc::no_successor));
    CHECK(ulid::from_words(all, all - 1).successor() == ulid::from_words(all, all));
    CHECK(ulid::from_words(0xFFFF, all).successor() == std::unexpected(id_errc::no_successor));
}

// --- hash ------------------------------------------------------------------------------------------

TEST_CASE("ulid: hashes of ids in sequence fall as evenly as chance") {
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return ulid::from_words(0x0156'3E3A'B5D3'D676, 0x4C61'EFB9'9302'0000 + i);
          }) < 6);
    // The first id of a million milliseconds in a row, and of the same in steps of a second.
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return ulid::from_words((1'469'922'850'259 + i) << 16, 0);
          }) < 6);
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return ulid::from_words((1'469'922'850'259 + 1000 * i) << 16, 0);
          }) < 6);
    // Where only the top bits of a word differ.
    CHECK(excess_of_collisions([](std::uint64_t i) { return ulid::from_words(7, i << 44); }) < 6);
    CHECK(excess_of_collisions([](std::uint64_t i) { return ulid::from_words(i << 44, 7); }) < 6);
    // Where both words move together, so that a mere sum or difference of them stands still.
    CHECK(excess_of_collisions([](std::uint64_t i) { return ulid::from_words(i, i); }) < 6);
    CHECK(excess_of_collisions([](std::uint64_t i) { return ulid::from_words(i, 0 - i); }) < 6);
}

TEST_CASE("ulid: ids are keys of unordered containers") {
    std::unordered_set<ulid> seen;
    ulid id = ulid::min_at(at_ms(1'469'922'850'259)).value();
    for (int i = 0; i < 10'000; ++i) {
        CHECK(seen.insert(id).second);
        id = id.successor().value();
    }
    CHECK_FALSE(seen.insert(ulid::min_at(at_ms(1'469'922'850'259)).value()).second);
    CHECK_FALSE(seen.contains(id));
    CHECK(seen.size() == 10'000);
}
