// SPDX-License-Identifier: BSL-1.0

// The vector paths of id text beside the portable one, at each level that this processor has.

#include <coterie/id/text_x86.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "id/guarded.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

namespace detail = coterie::id::detail;
using coterie::parse_error;
using detail::bits128;
using detail::text_level;

using decoded = std::expected<bits128, parse_error>;

/// The three ways through the text of one type: by the portable code, by a level, and as users call it.
template <class Id, class Text>
struct text_of : Text {
    using out = std::span<char, Text::size>;

    static void to_chars(bits128 bits, out to) { Id::from_words(bits.high, bits.low).to_chars(to); }
    static decoded parse(std::string_view text) {
        const auto id = Id::parse(text);
        if (!id.has_value()) return std::unexpected(id.error());
        return bits128{id->high(), id->low()};
    }
};
using ulid_text = text_of<coterie::id::ulid, detail::ulid_text>;
using uuid_text = text_of<coterie::id::uuid, detail::uuid_text>;
static_assert(ulid_text::size == coterie::id::ulid::max_text_size);
static_assert(uuid_text::size == coterie::id::uuid::max_text_size);

/// Runs `check(level)` at each level of this processor but the portable one.
template <class Check>
void at_each_level(Check check) {
    for (const auto level : {text_level::avx2, text_level::avx512_vbmi}) {
        if (level > detail::best_text_level()) {
            WARN("this processor lacks level " << static_cast<int>(level) << ": not tested");
            continue;
        }
        INFO("level " << static_cast<int>(level));
        check(level);
    }
}

bits128 random_bits(std::mt19937_64& random) {
    const std::uint64_t high = random();
    return {high, random()};
}

/// Bits that are all zeros, all ones, or one of each somewhere: where a shift by too much or too little shows.
bits128 edge_bits(unsigned i) {
    const auto word = [](unsigned bit) { return bit < 64 ? std::uint64_t{1} << bit : 0; };
    const bits128 one{word(i % 128 - 64), word(i % 128)};
    return i < 128 ? one : bits128{~one.high, ~one.low};
}

template <class Text>
std::string portable_text(bits128 bits) {
    std::string text(Text::size, '\0');
    Text::encode(bits, typename Text::out(text.data(), Text::size));
    return text;
}

/// A level must read what the portable code reads, decline what it refuses, and leave the rest alone then.
template <class Text>
bool reads_alike(std::string_view text, text_level level) {
    constexpr bits128 untouched{0x0123456789ABCDEF, 0xFEDCBA9876543210};
    const decoded wanted = Text::decode(text);
    bits128 bits = untouched;
    const bool read = Text::read(text, bits, level);
    return read == wanted.has_value() && bits == wanted.value_or(untouched) &&
           Text::parse(text) == wanted;
}

template <class Text>
bool writes_alike(bits128 bits, text_level level) {
    constexpr std::size_t margin = 64;
    std::array<char, margin + Text::size + margin> around{};
    around.fill('#');
    auto wanted = around;
    Text::encode(bits, typename Text::out(wanted.data() + margin, Text::size));
    auto public_way = around;
    Text::to_chars(bits, typename Text::out(public_way.data() + margin, Text::size));
    const bool wrote =
        Text::write(bits, typename Text::out(around.data() + margin, Text::size), level);
    return wrote && around == wanted && public_way == wanted;
}

TEMPLATE_TEST_CASE("each level writes what the portable code writes, and nothing around it",
                   "[id][text_x86]", ulid_text, uuid_text) {
    at_each_level([](text_level level) {
        for (unsigned i = 0; i < 256; ++i) {
            CAPTURE(i);
            REQUIRE(writes_alike<TestType>(edge_bits(i), level));
        }
        std::mt19937_64 random(coterie::test::seed());
        for (int i = 0; i < 100'000; ++i) {
            const bits128 bits = random_bits(random);
            CAPTURE(bits.high, bits.low);
            REQUIRE(writes_alike<TestType>(bits, level));
        }
    });
}

TEMPLATE_TEST_CASE("each level reads what the portable code reads", "[id][text_x86]", ulid_text,
                   uuid_text) {
    at_each_level([](text_level level) {
        for (unsigned i = 0; i < 256; ++i) {
            const auto text = portable_text<TestType>(edge_bits(i));
            CAPTURE(text);
            REQUIRE(reads_alike<TestType>(text, level));
        }
        std::mt19937_64 random(coterie::test::seed());
        for (int i = 0; i < 100'000; ++i) {
            auto text = portable_text<TestType>(random_bits(random));
            for (char& c : text) {
                if (c >= 'A' && random() % 2 == 0) c = static_cast<char>(c ^ 0x20);
            }
            CAPTURE(text);
            REQUIRE(reads_alike<TestType>(text, level));
        }
    });
}

TEMPLATE_TEST_CASE("each level takes every byte at every place as the portable code does",
                   "[id][text_x86]", ulid_text, uuid_text) {
    at_each_level([](text_level level) {
        std::mt19937_64 random(coterie::test::seed());
        for (int round = 0; round < 10; ++round) {
            const auto text = portable_text<TestType>(random_bits(random));
            for (std::size_t at = 0; at < TestType::size; ++at) {
                for (unsigned byte = 0; byte < 256; ++byte) {
                    auto mutant = text;
                    mutant[at] = static_cast<char>(static_cast<unsigned char>(byte));
                    CAPTURE(text, at, byte);
                    REQUIRE(reads_alike<TestType>(mutant, level));
                }
            }
        }
    });
}

TEMPLATE_TEST_CASE("each level declines garbage, and any other length", "[id][text_x86]", ulid_text,
                   uuid_text) {
    at_each_level([](text_level level) {
        std::mt19937_64 random(coterie::test::seed());
        // Bytes of all kinds, then those that are nearly right.
        for (const std::string_view alphabet :
             {"", "0123456789abcdefABCDEF-gGiIlLoOuU:@`/zZ{[\x80\xb0\xc1\xff"}) {
            for (int i = 0; i < 100'000; ++i) {
                std::string text(TestType::size, '\0');
                for (char& c : text) {
                    c = alphabet.empty()
                            ? static_cast<char>(static_cast<unsigned char>(random() % 256))
                            : alphabet[random() % alphabet.size()];
                }
                CAPTURE(text);
                REQUIRE(reads_alike<TestType>(text, level));
            }
        }
        const auto text =
            portable_text<TestType>(random_bits(random)) + std::string(TestType::size, '0');
        for (std::size_t size = 0; size <= text.size(); ++size) {
            bits128 bits;
            CAPTURE(size);
            REQUIRE(TestType::read(std::string_view(text).substr(0, size), bits, level) ==
                    (size == TestType::size));
        }
    });
}

TEMPLATE_TEST_CASE("no level touches the pages around a text", "[id][text_x86]", ulid_text,
                   uuid_text) {
    const coterie::test::guarded_page page;
    std::mt19937_64 random(coterie::test::seed());
    at_each_level([&](text_level level) {
        const bits128 bits = random_bits(random);
        auto text = portable_text<TestType>(bits);
        char* const at = page.ending(TestType::size);
        REQUIRE(TestType::write(bits, typename TestType::out(at, TestType::size), level));
        REQUIRE(std::string_view(at, TestType::size) == text);
        for (const char last : {text.back(), '?'}) {
            text.back() = last;
            REQUIRE(reads_alike<TestType>(page.ending(std::string_view(text)), level));
            REQUIRE(reads_alike<TestType>(page.beginning(text), level));
        }
    });
}

TEMPLATE_TEST_CASE("the portable level declines everything", "[id][text_x86]", ulid_text,
                   uuid_text) {
    auto text = portable_text<TestType>({1, 2});
    bits128 bits;
    REQUIRE_FALSE(TestType::read(text, bits, text_level::portable));
    REQUIRE_FALSE(TestType::write(bits, typename TestType::out(text.data(), TestType::size),
                                  text_level::portable));
    REQUIRE(bits == bits128{});
    REQUIRE(text == portable_text<TestType>({1, 2}));
}

// Runs before main(), and perhaps before the runtime library knows the processor.
std::array<char, 27> early_ulid{};
bool early_read = false;

[[gnu::constructor(101)]] void write_early() {
    const auto id = coterie::id::ulid::from_words(0x01563E3AB5D3D676, 0x4C61EFB99302BD5B);
    id.to_chars(std::span<char, 26>(early_ulid.data(), 26));
    early_read = coterie::id::ulid::parse({early_ulid.data(), 26}) == id;
}

TEST_CASE("ids have their text before static initialisation", "[id][text_x86]") {
    REQUIRE(std::string_view(early_ulid.data()) == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    REQUIRE(early_read);
}

}  // namespace
