// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/uuid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>

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
using coterie::id::uuid;
using coterie::id::uuid_variant;
using std::chrono::milliseconds;

// RFC 9562, appendix A. The versions 1, 6 and 7 are of one instant, 2022-02-22T19:22:22Z.
constexpr sys_milliseconds rfc_time = at_ms(1'645'557'742'000);
constexpr std::string_view v1_text = "C232AB00-9414-11EC-B3C8-9F6BDECED846";
constexpr std::string_view v3_text = "5df41881-3aed-3515-88a7-2f4a814cf09e";
constexpr std::string_view v4_text = "919108f7-52d1-4320-9bac-f847db4148a8";
constexpr std::string_view v5_text = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
constexpr std::string_view v6_text = "1EC9414C-232A-6B00-B3C8-9F6BDECED846";
constexpr std::string_view v7_text = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F";
constexpr std::string_view v8_text = "2489E9AD-2EE2-8E00-8EC9-32D5F69181C0";

constexpr bool fails(std::string_view text, parse_errc code, std::size_t position) {
    const auto id = uuid::parse(text);
    return !id.has_value() && id.error() == parse_error{code, position};
}

std::string small(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), oracle::lower);
    return out;
}

std::string without_hyphens(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != '-') out += c;
    }
    return out;
}

// --- a regular type, and what the compiler can tell ------------------------------------------------

static_assert(std::regular<uuid>);
static_assert(std::totally_ordered<uuid>);
static_assert(std::is_trivially_copyable_v<uuid>);
static_assert(std::is_nothrow_default_constructible_v<uuid>);
static_assert(std::has_unique_object_representations_v<uuid>);
static_assert(sizeof(uuid) == 16);
static_assert(std::same_as<decltype(uuid() <=> uuid()), std::strong_ordering>);
static_assert(!std::convertible_to<ulid, uuid> && !std::convertible_to<uuid, ulid>);
static_assert(!std::equality_comparable_with<ulid, uuid>);
static_assert(!std::convertible_to<std::string_view, uuid>);
static_assert(coterie::bounded_text<uuid>);
static_assert(noexcept(uuid::parse("")) && noexcept(uuid::parse_lenient("")));

static_assert(uuid() == "00000000-0000-0000-0000-000000000000"_uuid);
static_assert(prints(uuid(), "00000000-0000-0000-0000-000000000000"));
static_assert(uuid().variant() == uuid_variant::ncs && uuid().version() == 0);
static_assert(!uuid().timestamp().has_value());
static_assert("ffffffff-ffff-ffff-ffff-ffffffffffff"_uuid == uuid::from_words(all, all));
static_assert(uuid::from_words(all, all).variant() == uuid_variant::future);
static_assert(uuid::from_words(all, all).version() == 15);
static_assert(!uuid::from_words(all, all).timestamp().has_value());

static_assert(uuid::parse(v1_text)->version() == 1);
static_assert(uuid::parse(v1_text)->timestamp() == rfc_time);
static_assert(uuid::parse(v6_text)->version() == 6);
static_assert(uuid::parse(v6_text)->timestamp() == rfc_time);
static_assert(uuid::parse(v7_text)->version() == 7);
static_assert(uuid::parse(v7_text)->timestamp() == rfc_time);
static_assert(uuid::parse(v7_text)->variant() == uuid_variant::rfc9562);
static_assert(*uuid::parse(v7_text) == uuid::from_words(0x017F22E279B07CC3, 0x98C4DC0C0C07398F));
static_assert(prints(*uuid::parse(v7_text), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
static_assert("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"_uuid == *uuid::parse(v7_text));
static_assert(uuid::parse(v4_text)->version() == 4 &&
              !uuid::parse(v4_text)->timestamp().has_value());

static_assert(fails("", parse_errc::wrong_length, 0));
static_assert(fails("017F22E2-79B0-7CC3-98C4-DC0C0C07398", parse_errc::wrong_length, 35));
static_assert(fails("017F22E2-79B0-7CC3-98C4-DC0C0C07398FF", parse_errc::wrong_length, 36));
static_assert(fails("017F22E279B0-7CC3-98C4-DC0C0C07398FFF", parse_errc::wrong_length, 36));
static_assert(fails("017F22E2F79B0-7CC3-98C4-DC0C0C07398F", parse_errc::invalid_character, 8));
static_assert(fails("017F22E2-79B0-7CC3-98C4-DC0C0C07398G", parse_errc::invalid_character, 35));
static_assert(uuid::parse_lenient("{017F22E2-79B0-7CC3-98C4-DC0C0C07398F}") ==
              *uuid::parse(v7_text));
static_assert(uuid::parse_lenient("urn:uuid:017F22E2-79B0-7CC3-98C4-DC0C0C07398F") ==
              *uuid::parse(v7_text));
static_assert(uuid::parse_lenient("017F22E279B07CC398C4DC0C0C07398F") == *uuid::parse(v7_text));

// Section 5.7 and appendix A.6: rand_a is CC3, rand_b 18C4DC0C0C07398F.
static_assert(uuid::compose_v7(rfc_time, bytes_of(0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07,
                                                  0x39, 0x8F)) == *uuid::parse(v7_text));
// Appendix A.3: the random bits of the version 4 are 919108f752d1 320 1bacf847db4148a8.
static_assert(prints(uuid::compose_v4(bytes_of(0x91, 0x91, 0x08, 0xF7, 0x52, 0xD1, 0x33, 0x20, 0x5B,
                                               0xAC, 0xF8, 0x47, 0xDB, 0x41, 0x48, 0xA8)),
                     v4_text));
static_assert(uuid::min_at(at_ms(-1)).error() == id_errc::before_epoch);
static_assert(uuid::parse(v4_text)->successor().error() == id_errc::not_time_ordered);
static_assert(prints(*uuid::parse(v7_text)->successor(), "017f22e2-79b0-7cc3-98c4-dc0c0c073990"));
static_assert(std::hash<uuid>{}(*uuid::parse(v7_text)) == uuid::parse(v7_text)->hash());

}  // namespace

// --- parsing ---------------------------------------------------------------------------------------

TEST_CASE("uuid: every byte at every position parses as the slow parser says") {
    for (const std::string_view base :
         {v7_text, std::string_view("ffffffff-ffff-ffff-ffff-ffffffffffff")}) {
        for (std::size_t position = 0; position < base.size(); ++position) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                std::string text(base);
                text[position] = static_cast<char>(byte);
                const std::string strict = outcome(uuid::parse(text));
                const std::string wanted = outcome_as<uuid, 16>(oracle::uuid(text));
                if (strict != wanted) {
                    INFO("text " << visible(text));
                    CHECK(strict == wanted);
                }
            }
        }
    }
}

TEST_CASE(
    "uuid: every byte at every position of every lenient form parses as the slow parser says") {
    for (const std::string_view form : oracle::lenient_uuid_forms) {
        std::string base(form);
        for (std::size_t i = 0, digit = 0; i < base.size(); ++i) {
            if (base[i] == 'x') base[i] = "0123456789abcdefABCDEF9876543210"[digit++];
        }
        REQUIRE(uuid::parse_lenient(base).has_value());
        for (std::size_t position = 0; position < base.size(); ++position) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                std::string text(base);
                text[position] = static_cast<char>(byte);
                const auto got = uuid::parse_lenient(text);
                const auto wanted = oracle::uuid_lenient(text);
                // With its prefix spoiled a text has another form, and its length counts for that.
                const bool exact = got.has_value() || wanted.has_value() ||
                                   oracle::lenient_uuid_form_of(text).has_value();
                const bool same = exact ? outcome(got) == outcome_as<uuid, 16>(wanted)
                                        : got.error().code == parse_errc::wrong_length &&
                                              got.error().position <= text.size();
                if (!same) {
                    INFO("text " << visible(text));
                    CHECK(outcome(got) == outcome_as<uuid, 16>(wanted));
                }
            }
        }
    }
}

TEST_CASE("uuid: texts with several wrong characters are wrong at the first") {
    std::mt19937_64 random(seed());
    constexpr std::string_view likely = "0123456789abcdefABCDEFgG-{}:urnid ";
    for (int round = 0; round < 20'000; ++round) {
        std::string text = uneven_id<uuid>(random).to_string();
        const auto wrong = 1 + random() % 4;
        for (std::uint64_t i = 0; i < wrong; ++i) {
            text[random() % text.size()] = likely[random() % likely.size()];
        }
        const std::string strict = outcome(uuid::parse(text));
        const std::string wanted = outcome_as<uuid, 16>(oracle::uuid(text));
        if (strict != wanted) {
            INFO("text " << visible(text));
            CHECK(strict == wanted);
        }
    }
}

TEST_CASE("uuid: a text of any other length has the wrong length, whatever it holds") {
    for (std::size_t length = 0; length <= 60; ++length) {
        if (length == 36) continue;
        const std::string wanted =
            "error: wrong length at position " + std::to_string(std::min<std::size_t>(length, 36));
        for (const char filling : {'0', 'f', '-', '!', '\0', '\xFF'}) {
            INFO("length " << length << ", filled with " << visible({&filling, 1}));
            CHECK(outcome(uuid::parse(std::string(length, filling))) == wanted);
        }
    }
    CHECK(outcome(uuid::parse(std::string_view())) == "error: wrong length at position 0");
    CHECK(outcome(uuid::parse_lenient(std::string_view())) == "error: wrong length at position 0");
}

TEST_CASE("uuid: a zero byte is a character like any other and ends no text") {
    std::string text(v7_text);
    text[20] = '\0';
    CHECK(outcome(uuid::parse(text)) == "error: invalid character at position 20");
    CHECK(outcome(uuid::parse_lenient(text)) == "error: invalid character at position 20");
    text = std::string(v7_text) + '\0';
    CHECK(outcome(uuid::parse(text)) == "error: wrong length at position 36");
    CHECK(outcome(uuid::parse_lenient(text)) == "error: wrong length at position 36");
}

TEST_CASE("uuid: strict parsing takes the canonical form in either case and nothing else") {
    const uuid id = *uuid::parse(v7_text);
    CHECK(uuid::parse(small(v7_text)) == id);
    CHECK(uuid::parse("017f22E2-79B0-7cc3-98C4-dC0c0C07398F") == id);
    CHECK_FALSE(uuid::parse(without_hyphens(v7_text)).has_value());
    CHECK_FALSE(uuid::parse("{" + std::string(v7_text) + "}").has_value());
    CHECK_FALSE(uuid::parse("urn:uuid:" + std::string(v7_text)).has_value());
    // Hyphens elsewhere, twice, or in the wrong groups, with the length right.
    for (const std::string_view text :
         {"017F22E-279B0-7CC3-98C4-DC0C0C07398F", "017F22E279B07CC398C4DC0C0C07398F----",
          "----017F22E279B07CC398C4DC0C0C07398F", "017F22E2-79B0-7CC3--8C4-DC0C0C07398F",
          "017F-22E2-79B0-7CC3-98C4DC0C0C07398F", "017F22E2_79B0_7CC3_98C4_DC0C0C07398F",
          "0x7F22E2-79B0-7CC3-98C4-DC0C0C07398F", "+17F22E2-79B0-7CC3-98C4-DC0C0C07398F",
          " 17F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017F22E2-79B0-7CC3-98C4-DC0C0C07398 "}) {
        INFO("text " << text);
        CHECK_FALSE(uuid::parse(text).has_value());
        CHECK_FALSE(uuid::parse_lenient(text).has_value());
    }
}

TEST_CASE("uuid: lenient parsing takes braces, urn:uuid: in any case, and texts without hyphens") {
    const uuid id = *uuid::parse(v7_text);
    const std::string with(v7_text), bare = without_hyphens(v7_text);
    for (const std::string& body : {with, bare, small(with), small(bare)}) {
        INFO("digits " << body);
        CHECK(uuid::parse_lenient(body) == id);
        CHECK(uuid::parse_lenient("{" + body + "}") == id);
        for (const std::string urn : {"urn:uuid:", "URN:UUID:", "Urn:Uuid:", "uRN:uuiD:"}) {
            CHECK(uuid::parse_lenient(urn + body) == id);
        }
    }
}

TEST_CASE("uuid: lenient parsing takes no brace without its partner") {
    for (const std::string& body : {std::string(v7_text), without_hyphens(v7_text)}) {
        INFO("digits " << body);
        CHECK_FALSE(uuid::parse_lenient("{" + body).has_value());
        CHECK_FALSE(uuid::parse_lenient(body + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient("}" + body + "{").has_value());
        CHECK_FALSE(uuid::parse_lenient("{" + body + "{").has_value());
        CHECK_FALSE(uuid::parse_lenient("}" + body + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient("(" + body + ")").has_value());
        CHECK_FALSE(uuid::parse_lenient("{{" + body + "}}").has_value());
        CHECK_FALSE(uuid::parse_lenient("{" + body + "}}").has_value());
        CHECK_FALSE(uuid::parse_lenient("{" + body + " ").has_value());
        CHECK_FALSE(uuid::parse_lenient("{" + body + '\0').has_value());
    }
}

TEST_CASE("uuid: lenient parsing takes no mixture of its forms") {
    for (const std::string& body : {std::string(v7_text), without_hyphens(v7_text)}) {
        INFO("digits " << body);
        CHECK_FALSE(uuid::parse_lenient("{urn:uuid:" + body + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:uuid:{" + body + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:uuid:urn:uuid:" + body).has_value());
        CHECK_FALSE(uuid::parse_lenient("uuid:" + body).has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:guid:" + body).has_value());
        CHECK_FALSE(uuid::parse_lenient("urn-uuid-" + body).has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:uuid " + body).has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:uuid:" + body + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient(" " + body).has_value());
        CHECK_FALSE(uuid::parse_lenient(body + " ").has_value());
    }
    // Some of the four hyphens: as many characters as one form or the other, or between the two.
    const std::string with(v7_text);
    for (unsigned kept = 1; kept < 15; ++kept) {
        std::string text;
        unsigned hyphen = 0;
        for (const char c : with) {
            if (c != '-' || (kept >> hyphen++ & 1) != 0) text += c;
        }
        INFO("text " << text);
        CHECK_FALSE(uuid::parse_lenient(text).has_value());
        CHECK_FALSE(uuid::parse_lenient("{" + text + "}").has_value());
        CHECK_FALSE(uuid::parse_lenient("urn:uuid:" + text).has_value());
    }
}

TEST_CASE("uuid: lenient errors point into the whole text, prefix included") {
    const std::string with(v7_text), bare = without_hyphens(v7_text);
    const auto spoiled = [](std::string text, std::size_t position) {
        text[position] = '!';
        return text;
    };
    CHECK(outcome(uuid::parse_lenient(spoiled(with, 3))) ==
          "error: invalid character at position 3");
    CHECK(outcome(uuid::parse_lenient(spoiled(bare, 31))) ==
          "error: invalid character at position 31");
    CHECK(outcome(uuid::parse_lenient("{" + spoiled(with, 3) + "}")) ==
          "error: invalid character at position 4");
    CHECK(outcome(uuid::parse_lenient("{" + spoiled(bare, 31) + "}")) ==
          "error: invalid character at position 32");
    CHECK(outcome(uuid::parse_lenient("URN:uuid:" + spoiled(with, 35))) ==
          "error: invalid character at position 44");
    CHECK(outcome(uuid::parse_lenient("urn:uuid:" + spoiled(bare, 0))) ==
          "error: invalid character at position 9");
    CHECK(outcome(uuid::parse_lenient("urn:uuid:" + spoiled(with, 8))) ==
          "error: invalid character at position 17");

    // A brace that is not closed is wrong at the end; but what is wrong before it comes first.
    CHECK(outcome(uuid::parse_lenient("{" + with + "!")) ==
          "error: invalid character at position 37");
    CHECK(outcome(uuid::parse_lenient("{" + bare + "0")) ==
          "error: invalid character at position 33");
    CHECK(outcome(uuid::parse_lenient("{" + spoiled(with, 3) + "!")) ==
          "error: invalid character at position 4");
    CHECK(outcome(uuid::parse_lenient("{" + spoiled(bare, 3) + "!")) ==
          "error: invalid character at position 4");

    // Too short: its length, be the brace closed or not.
    CHECK(outcome(uuid::parse_lenient("{")) == "error: wrong length at position 1");
    CHECK(outcome(uuid::parse_lenient("{}")) == "error: wrong length at position 2");
    CHECK(outcome(uuid::parse_lenient("urn:uuid:")) == "error: wrong length at position 9");
    CHECK(outcome(uuid::parse_lenient(bare.substr(0, 31))) == "error: wrong length at position 31");
    CHECK(outcome(uuid::parse_lenient("{" + bare.substr(0, 31) + "}")) ==
          "error: wrong length at position 33");
    CHECK(outcome(uuid::parse_lenient("urn:uuid:" + bare.substr(0, 31))) ==
          "error: wrong length at position 40");
    CHECK(outcome(uuid::parse_lenient("{" + bare)) == "error: wrong length at position 33");
    CHECK(outcome(uuid::parse_lenient("{" + with)) == "error: wrong length at position 37");
    CHECK(outcome(uuid::parse_lenient(with.substr(0, 35))) == "error: wrong length at position 35");

    // A length that a form has says which form is meant, whatever stands where its first hyphen would.
    CHECK(outcome(uuid::parse_lenient(spoiled(with, 8))) ==
          "error: invalid character at position 8");
    CHECK(outcome(uuid::parse_lenient("{" + spoiled(with, 8) + "}")) ==
          "error: invalid character at position 9");
    std::string hyphen_in_bare = bare;
    hyphen_in_bare[8] = '-';
    CHECK(outcome(uuid::parse_lenient(hyphen_in_bare)) == "error: invalid character at position 8");

    // Too long: the first character behind the end of the form.
    CHECK(outcome(uuid::parse_lenient(bare + "0")) == "error: wrong length at position 32");
    CHECK(outcome(uuid::parse_lenient(with + "00")) == "error: wrong length at position 36");
    CHECK(outcome(uuid::parse_lenient("{" + with + "0}")) == "error: wrong length at position 38");
    CHECK(outcome(uuid::parse_lenient("{" + bare + "0}")) == "error: wrong length at position 34");
    CHECK(outcome(uuid::parse_lenient("urn:uuid:" + with + "0")) ==
          "error: wrong length at position 45");
}

TEST_CASE("uuid: lenient parsing agrees with the slow parser on texts of every length") {
    std::mt19937_64 random(seed());
    const std::string with(v7_text), bare = without_hyphens(v7_text);
    for (int round = 0; round < 40'000; ++round) {
        std::string text = random() % 2 == 0 ? with : bare;
        if (random() % 3 == 0) text = "{" + text + "}";
        if (random() % 3 == 0) text = "urn:uuid:" + text;
        for (auto edits = random() % 3; edits > 0; --edits) {
            const std::size_t at = random() % (text.size() + 1);
            const char c = "{}-:0Fgu!"[random() % 9];
            switch (random() % 3) {
                case 0: text.insert(at, 1, c); break;
                case 1: text.erase(at, 1); break;
                default:
                    if (at < text.size()) text[at] = c;
            }
        }
        const auto got = uuid::parse_lenient(text);
        const auto wanted = oracle::uuid_lenient(text);
        INFO("text " << visible(text));
        if (got.has_value() || wanted.has_value() ||
            oracle::lenient_uuid_form_of(text).has_value()) {
            REQUIRE(outcome(got) == outcome_as<uuid, 16>(wanted));
        } else {
            REQUIRE(got.error().code == parse_errc::wrong_length);
            REQUIRE(got.error().position <= text.size());
        }
    }
}

TEST_CASE("uuid: parsing reads nothing beside the text") {
    const guarded_page page;
    const std::string with(v7_text);
    for (const std::string& base :
         {with, "{" + with + "}", "urn:uuid:" + with, without_hyphens(with),
          "{" + without_hyphens(with) + "}", "urn:uuid:" + without_hyphens(with),
          "{urn:uuid:" + with + "}}}}}"}) {
        for (std::size_t length = 0; length <= base.size(); ++length) {
            const std::string text = base.substr(0, length);
            for (const std::string_view guarded : {page.ending(text), page.beginning(text)}) {
                INFO("text " << text);
                CHECK(uuid::parse(guarded).has_value() == oracle::uuid(text).has_value());
                CHECK(uuid::parse_lenient(guarded).has_value() ==
                      oracle::uuid_lenient(text).has_value());
            }
        }
    }
}

TEST_CASE("uuid: printing writes its 36 characters and nothing beside them") {
    const guarded_page page;
    char* const out = page.ending(38);
    std::fill_n(out, 38, '#');
    char* const end = uuid::parse(v7_text)->to_chars(std::span<char, 36>(out + 1, 36));
    CHECK(end == out + 37);
    CHECK(std::string_view(out, 38) == "#" + small(v7_text) + "#");
    char* const last = page.ending(36);
    CHECK(uuid::from_words(all, all).to_chars(std::span<char, 36>(last, 36)) == last + 36);
    CHECK(std::string_view(last, 36) == "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

// --- round trips and order -------------------------------------------------------------------------

TEST_CASE("uuid: a single bit survives text, bytes and words") {
    for (unsigned bit = 0; bit < 128; ++bit) {
        const auto id = bit < 64 ? uuid::from_words(0, std::uint64_t{1} << bit)
                                 : uuid::from_words(std::uint64_t{1} << (bit - 64), 0);
        INFO("bit " << bit);
        std::string digits(32, '0');
        digits[31 - bit / 4] = "1248"[bit % 4];
        CHECK(without_hyphens(id.to_string()) == digits);
        CHECK((id.bytes()[15 - bit / 8] == std::byte{1} << bit % 8));
        CHECK(uuid::from_bytes(id.bytes()) == id);
        CHECK(uuid::parse(id.to_string()) == id);
    }
}

TEST_CASE("uuid: text, bytes and the ULID of the same bits lead back to the id") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        const uuid id = uneven_id<uuid>(random);
        const std::string text = id.to_string();
        const auto slow = oracle::uuid(text);
        INFO("id " << text);
        REQUIRE(slow.has_value());
        REQUIRE(oracle::as_bytes(*slow) == id.bytes());
        REQUIRE(small(text) == text);
        REQUIRE(uuid::parse(text) == id);
        REQUIRE(uuid::parse_lenient(text) == id);
        REQUIRE(uuid::parse_lenient(without_hyphens(text)) == id);
        REQUIRE(uuid::from_bytes(id.bytes()) == id);
        REQUIRE(uuid::from_words(id.high(), id.low()) == id);
        REQUIRE(uuid::from_ulid(id.to_ulid()) == id);
        REQUIRE(id.to_ulid().bytes() == id.bytes());
    }
}

TEST_CASE("uuid: order by value, by text, by bytes and by the ULIDs is the same") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        const uuid a = uneven_id<uuid>(random);
        const std::uint64_t one = std::uint64_t{1} << random() % 64;
        for (const uuid& b : {uneven_id<uuid>(random), a, uuid::from_words(a.high() ^ one, a.low()),
                              uuid::from_words(a.high(), a.low() ^ one),
                              uuid::from_words(a.high(), uneven_word(random))}) {
            const auto bytes_a = a.bytes(), bytes_b = b.bytes();
            const auto by_bytes = std::lexicographical_compare_three_way(
                bytes_a.begin(), bytes_a.end(), bytes_b.begin(), bytes_b.end());
            INFO(a.to_string() << " and " << b.to_string());
            REQUIRE(((a <=> b) == by_bytes));
            REQUIRE(((a <=> b) == (a.to_string() <=> b.to_string())));
            REQUIRE(((a <=> b) == (a.to_ulid() <=> b.to_ulid())));
            REQUIRE(((a == b) == std::is_eq(a <=> b)));
        }
    }
}

TEST_CASE("uuid: a version 7 and its ULID have one timestamp") {
    const ulid twin = uuid::parse(v7_text)->to_ulid();
    CHECK(twin.to_string() == "01FWHE4YDGFK1SHH6W1G60EECF");
    CHECK(twin.timestamp() == rfc_time);
    CHECK(uuid::from_ulid(twin) == *uuid::parse(v7_text));
    // A ULID is no version 7 unless its bits happen to say so.
    const uuid plain = uuid::from_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid);
    CHECK(plain.to_string() == "01563e3a-b5d3-d676-4c61-efb99302bd5b");
    CHECK_FALSE(plain.timestamp().has_value());
}

// --- version, variant, time ------------------------------------------------------------------------

TEST_CASE("uuid: the vectors of RFC 9562 have the versions and times that it gives") {
    struct vector {
        std::string_view text;
        unsigned version;
        std::optional<sys_milliseconds> time;
    };
    for (const auto& v : {vector{v1_text, 1, rfc_time}, vector{v3_text, 3, std::nullopt},
                          vector{v4_text, 4, std::nullopt}, vector{v5_text, 5, std::nullopt},
                          vector{v6_text, 6, rfc_time}, vector{v7_text, 7, rfc_time},
                          vector{v8_text, 8, std::nullopt}}) {
        INFO("text " << v.text);
        const auto id = uuid::parse(v.text);
        REQUIRE(id.has_value());
        CHECK(id->version() == v.version);
        CHECK(id->variant() == uuid_variant::rfc9562);
        CHECK((id->timestamp() == v.time));
        CHECK(id->to_string() == small(v.text));
    }
}

TEST_CASE(
    "uuid: the variant is in the top bits of the ninth byte, the version in those of the seventh") {
    for (unsigned byte = 0; byte < 256; ++byte) {
        auto bytes = uuid::parse(v7_text)->bytes();
        bytes[8] = static_cast<std::byte>(byte);
        const auto wanted = byte < 0x80   ? uuid_variant::ncs
                            : byte < 0xC0 ? uuid_variant::rfc9562
                            : byte < 0xE0 ? uuid_variant::microsoft
                                          : uuid_variant::future;
        INFO("byte " << byte);
        const uuid id = uuid::from_bytes(bytes);
        CHECK(id.variant() == wanted);
        CHECK(id.version() == 7);
        CHECK(id.timestamp().has_value() == (wanted == uuid_variant::rfc9562));
        CHECK((id.successor() == std::unexpected(id_errc::not_time_ordered)) ==
              (wanted != uuid_variant::rfc9562));

        bytes = uuid::parse(v7_text)->bytes();
        bytes[6] = static_cast<std::byte>(byte);
        const unsigned version = byte / 16;
        const uuid other = uuid::from_bytes(bytes);
        CHECK(other.version() == version);
        CHECK(other.variant() == uuid_variant::rfc9562);
        CHECK(other.timestamp().has_value() == (version == 1 || version == 6 || version == 7));
        CHECK(other.successor().has_value() == (version == 7));
    }
    CHECK(std::string_view(describe(uuid_variant::ncs)) == "NCS");
    CHECK(std::string_view(describe(uuid_variant::rfc9562)) == "RFC 9562");
    CHECK(std::string_view(describe(uuid_variant::microsoft)) == "Microsoft");
    CHECK(std::string_view(describe(uuid_variant::future)) == "reserved");
    CHECK(std::string_view(describe(static_cast<uuid_variant>(4))) == "unknown variant");
}

TEST_CASE("uuid: versions 1 and 6 reach from 1582 to 5236, rounded down to the millisecond") {
    // 12,219,292,800 seconds lie between the Gregorian reform and 1970.
    constexpr std::int64_t reform_ms = -12'219'292'800'000;
    const auto v1 = [](std::uint64_t ticks) {
        return uuid::from_words(ticks << 32 | (ticks >> 32 & 0xFFFF) << 16 | 0x1000 | ticks >> 48,
                                0xB3C8'9F6B'DECE'D846);
    };
    const auto v6 = [](std::uint64_t ticks) {
        return uuid::from_words(ticks >> 12 << 16 | 0x6000 | (ticks & 0xFFF),
                                0xB3C8'9F6B'DECE'D846);
    };
    const auto both = [&](std::uint64_t ticks) {
        INFO("ticks " << ticks);
        CHECK(v1(ticks).version() == 1);
        CHECK(v6(ticks).version() == 6);
        REQUIRE(v1(ticks).timestamp().has_value());
        REQUIRE(v6(ticks).timestamp().has_value());
        CHECK((v1(ticks).timestamp() == v6(ticks).timestamp()));
        return v1(ticks).timestamp()->time_since_epoch().count();
    };
    constexpr std::uint64_t ticks_1970 = 0x01B2'1DD2'1381'4000;
    CHECK(both(0) == reform_ms);
    CHECK(both(1) == reform_ms);
    CHECK(both(9'999) == reform_ms);
    CHECK(both(10'000) == reform_ms + 1);
    CHECK(both(ticks_1970) == 0);
    CHECK(both(ticks_1970 + 9'999) == 0);
    CHECK(both(ticks_1970 - 1) == -1);  // not 0: down, not towards zero
    CHECK(both(ticks_1970 - 10'000) == -1);
    CHECK(both(ticks_1970 - 10'001) == -2);
    // The largest of 60 bits: 115,292,150,460,684.6975 seconds after the reform.
    CHECK(both((std::uint64_t{1} << 60) - 1) == reform_ms + 115'292'150'460'684);
    for (unsigned bit = 0; bit < 60; ++bit) {
        const std::uint64_t ticks = std::uint64_t{1} << bit;
        CHECK(both(ticks) == reform_ms + static_cast<std::int64_t>(ticks / 10'000));
        CHECK(both(ticks - 1) == reform_ms + static_cast<std::int64_t>((ticks - 1) / 10'000));
    }
    // The same, without the helpers above: the Unix epoch as a version 1, widely published.
    CHECK((uuid::parse("13814000-1dd2-11b2-8000-000000000000")->timestamp() == sys_milliseconds{}));
    CHECK((uuid::parse("1b21dd21-3814-6000-8000-000000000000")->timestamp() == sys_milliseconds{}));
}

TEST_CASE("uuid: version 4 keeps 122 of the bits that it is given, version 7 keeps 74") {
    for (const auto filling : {std::byte{0}, std::byte{0xFF}}) {
        std::array<std::byte, 16> random{};
        random.fill(filling);
        const uuid v4 = uuid::compose_v4(random);
        const uuid v7 = uuid::compose_v7(rfc_time, std::span(random).first<10>()).value();
        CHECK(v4.to_string() == (filling == std::byte{0} ? "00000000-0000-4000-8000-000000000000"
                                                         : "ffffffff-ffff-4fff-bfff-ffffffffffff"));
        CHECK(v7.to_string() == (filling == std::byte{0} ? "017f22e2-79b0-7000-8000-000000000000"
                                                         : "017f22e2-79b0-7fff-bfff-ffffffffffff"));
        CHECK(v4.version() == 4);
        CHECK(v4.variant() == uuid_variant::rfc9562);
        CHECK(v7.version() == 7);
        CHECK(v7.variant() == uuid_variant::rfc9562);
    }
    // Bit by bit: each is in its place or replaced.
    int kept_v4 = 0, kept_v7 = 0;
    for (unsigned bit = 0; bit < 128; ++bit) {
        std::array<std::byte, 16> random{};
        random[bit / 8] = std::byte{1} << bit % 8;
        auto wanted = random;
        wanted[6] = (wanted[6] & std::byte{0x0F}) | std::byte{0x40};
        wanted[8] = (wanted[8] & std::byte{0x3F}) | std::byte{0x80};
        INFO("byte " << bit / 8 << ", bit " << bit % 8);
        CHECK(uuid::compose_v4(random).bytes() == wanted);
        kept_v4 +=
            uuid::compose_v4(random) == uuid::compose_v4(std::array<std::byte, 16>{}) ? 0 : 1;
        if (bit < 80) {
            const auto tail = std::span(random).first<10>();
            std::array<std::byte, 16> bytes = uuid::min_at(rfc_time)->bytes();
            for (std::size_t i = 0; i < 10; ++i) bytes[6 + i] = tail[i];
            bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
            bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
            const uuid v7 = uuid::compose_v7(rfc_time, tail).value();
            CHECK(v7.bytes() == bytes);
            kept_v7 += v7 == uuid::min_at(rfc_time) ? 0 : 1;
        }
    }
    CHECK(kept_v4 == 122);
    CHECK(kept_v7 == 74);
}

TEST_CASE("uuid: min_at and max_at bracket every version 7 of their millisecond and no other") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 5'000; ++round) {
        const auto t = at_ms(static_cast<std::int64_t>(uneven_word(random) >> 16));
        std::array<std::byte, 10> tail{};
        for (auto& byte : tail) byte = static_cast<std::byte>(random());
        const uuid first = uuid::min_at(t).value(), last = uuid::max_at(t).value();
        const uuid id = uuid::compose_v7(t, tail).value();
        INFO("millisecond " << t.time_since_epoch().count());
        REQUIRE(first <= id);
        REQUIRE(id <= last);
        for (const uuid& each : {first, id, last}) {
            REQUIRE((each.timestamp() == t));
            REQUIRE(each.version() == 7);
            REQUIRE(each.variant() == uuid_variant::rfc9562);
        }
        REQUIRE((first.high() & 0xFFF) == 0);
        REQUIRE(first.low() << 2 == 0);
        REQUIRE((last.high() & 0xFFF) == 0xFFF);
        REQUIRE(last.low() << 2 == all << 2);
        if (t < at_ms(time_end - 1)) REQUIRE(last < uuid::min_at(t + milliseconds(1)).value());
    }
}

TEST_CASE("uuid: times outside the 48 bits of a version 7 are errors, to the millisecond") {
    const std::array<std::byte, 10> tail{};
    const auto outcomes = [&tail](sys_milliseconds t) {
        const std::string composed = outcome(uuid::compose_v7(t, tail));
        const std::string largest = outcome(uuid::max_at(t));
        CHECK(outcome(uuid::min_at(t)) == composed);
        CHECK(largest.starts_with("error: ") == composed.starts_with("error: "));
        if (largest.starts_with("error: ")) CHECK(largest == composed);
        return composed;
    };
    CHECK(outcomes(sys_milliseconds::min()) == "error: time before the id's epoch");
    CHECK(outcomes(at_ms(-1)) == "error: time before the id's epoch");
    CHECK(outcomes(at_ms(0)) == "00000000-0000-7000-8000-000000000000");
    CHECK(outcomes(at_ms(time_end - 1)) == "ffffffff-ffff-7000-8000-000000000000");
    CHECK(outcomes(at_ms(time_end)) == "error: time after the end of the id's time field");
    CHECK(outcomes(sys_milliseconds::max()) == "error: time after the end of the id's time field");
    CHECK(outcome(uuid::max_at(at_ms(time_end - 1))) == "ffffffff-ffff-7fff-bfff-ffffffffffff");
    CHECK(outcome(uuid::max_at(at_ms(0))) == "00000000-0000-7fff-bfff-ffffffffffff");
}

// --- successor -------------------------------------------------------------------------------------

TEST_CASE("uuid: the successor of a version 7 carries from rand_b into rand_a and nowhere else") {
    const auto next = [](std::string_view text) { return outcome(uuid::parse(text)->successor()); };
    CHECK(next("017f22e2-79b0-7000-8000-000000000000") == "017f22e2-79b0-7000-8000-000000000001");
    CHECK(next("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == "017f22e2-79b0-7cc3-98c4-dc0c0c073990");
    CHECK(next("017f22e2-79b0-7000-8fff-ffffffffffff") == "017f22e2-79b0-7000-9000-000000000000");
    CHECK(next("017f22e2-79b0-7000-bfff-fffffffffffe") == "017f22e2-79b0-7000-bfff-ffffffffffff");
    CHECK(next("017f22e2-79b0-7000-bfff-ffffffffffff") == "017f22e2-79b0-7001-8000-000000000000");
    CHECK(next("017f22e2-79b0-70ff-bfff-ffffffffffff") == "017f22e2-79b0-7100-8000-000000000000");
    CHECK(next("017f22e2-79b0-7ffe-bfff-ffffffffffff") == "017f22e2-79b0-7fff-8000-000000000000");
    CHECK(next("017f22e2-79b0-7fff-bfff-fffffffffffe") == "017f22e2-79b0-7fff-bfff-ffffffffffff");
    CHECK(next("017f22e2-79b0-7fff-bfff-ffffffffffff") ==
          "error: no larger id in this millisecond");
    CHECK(next("ffffffff-ffff-7fff-bfff-ffffffffffff") ==
          "error: no larger id in this millisecond");
    CHECK(next("00000000-0000-0000-0000-000000000000") == "error: id is not ordered by time");
    CHECK(next("ffffffff-ffff-ffff-ffff-ffffffffffff") == "error: id is not ordered by time");
    CHECK(next(v1_text) == "error: id is not ordered by time");
    CHECK(next(v6_text) == "error: id is not ordered by time");
    CHECK(next("017f22e2-79b0-7cc3-58c4-dc0c0c07398f") == "error: id is not ordered by time");
    CHECK(next("017f22e2-79b0-7cc3-d8c4-dc0c0c07398f") == "error: id is not ordered by time");
}

TEST_CASE("uuid: the successor of a version 7 is its 74 random bits plus one") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        const std::uint64_t rand_a = uneven_word(random) & 0xFFF, rand_b = uneven_word(random) >> 2;
        const std::uint64_t ms = uneven_word(random) >> 16;
        const std::uint64_t variant = std::uint64_t{2} << 62;
        const uuid id = uuid::from_words(ms << 16 | 0x7000 | rand_a, variant | rand_b);
        const auto next = id.successor();
        INFO("id " << id.to_string());
        const bool carry = rand_b == all >> 2;
        if (carry && rand_a == 0xFFF) {
            REQUIRE(outcome(next) == "error: no larger id in this millisecond");
            continue;
        }
        REQUIRE(next.has_value());
        REQUIRE(next->high() == (ms << 16 | 0x7000 | (rand_a + (carry ? 1 : 0))));
        REQUIRE(next->low() == (variant | (carry ? 0 : rand_b + 1)));
        REQUIRE(id < *next);
    }
}

// --- hash ------------------------------------------------------------------------------------------

TEST_CASE("uuid: hashes of ids in sequence fall as evenly as chance") {
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return uuid::from_words(0x017F'22E2'79B0'7CC3, 0x98C4'DC0C'0C00'0000 + i);
          }) < 6);
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return uuid::from_words((1'645'557'742'000 + i) << 16 | 0x7000,
                                      0x8000'0000'0000'0000);
          }) < 6);
    // Version 1 counts up in the top word's top half.
    CHECK(excess_of_collisions([](std::uint64_t i) {
              return uuid::from_words(i << 32 | 0x9414'11EC, 0xB3C8'9F6B'DECE'D846);
          }) < 6);
}

TEST_CASE("uuid: ids are keys of unordered containers") {
    std::unordered_set<uuid> seen;
    uuid id = uuid::min_at(rfc_time).value();
    for (int i = 0; i < 10'000; ++i) {
        CHECK(seen.insert(id).second);
        id = id.successor().value();
    }
    CHECK_FALSE(seen.insert(uuid::min_at(rfc_time).value()).second);
    CHECK_FALSE(seen.contains(id));
}
