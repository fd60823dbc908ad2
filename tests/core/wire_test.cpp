// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/ulid.hpp>

#include "core/bytes.hpp"
#include "core/child.hpp"
#include "core/wire_types.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::codec;
using coterie::decode;
using coterie::decode_errc;
using coterie::decode_error;
using coterie::decode_limits;
using coterie::encodable;
using coterie::encode;
using coterie::reader;
using coterie::writer;
using coterie::id::snowflake;
using coterie::id::ulid;
using coterie::test::broken_precondition;
using coterie::test::from_hex;
using coterie::test::nested;
using coterie::test::point;
using coterie::test::to_hex;
using coterie::test::tree;

namespace {

// "ok", or the error as code and offset: what a test compares with.
std::string outcome(const decode_error& error) {
    static constexpr std::string_view names[] = {
        "truncated",     "trailing_bytes", "not_minimal",        "out_of_range",
        "invalid_value", "limit_exceeded", "unsupported_version"};
    return std::string(names[static_cast<std::size_t>(error.code)]) + "@" +
           std::to_string(error.offset);
}

template <class T>
std::string outcome(const std::expected<T, decode_error>& x) {
    return x.has_value() ? "ok" : outcome(x.error());
}

template <class T>
std::string decoded(std::string_view hex, const decode_limits& limits = {}) {
    return outcome(decode<T>(from_hex(hex), limits));
}

std::string outcome(const reader& r) { return r.ok() ? "ok" : outcome(r.error()); }

std::string lots_of(std::string_view hex, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += hex;
    return text;
}

template <class Write>
std::string written(Write&& write) {
    std::vector<std::byte> out;
    writer w(out);
    write(w);
    return to_hex(out);
}

// Encodes and decodes to an equal value from an exactly sized buffer; what is read past it, the address
// sanitizer sees.
template <class T>
void check_round_trip(const T& x) {
    const std::vector<std::byte> bytes = encode(x);
    CAPTURE(to_hex(bytes));
    const auto back = decode<T>(bytes);
    REQUIRE(outcome(back) == "ok");
    REQUIRE((*back == x));
    REQUIRE(encode(*back) == bytes);
}

// Everything that a corrupted network can do to one encoding, one fault at a time.
template <class T>
void check_corruption(const T& x) {
    const std::vector<std::byte> bytes = encode(x);
    CAPTURE(to_hex(bytes));
    check_round_trip(x);

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::vector<std::byte> cut(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(size));
        const auto result = decode<T>(cut);
        CAPTURE(size);
        REQUIRE_FALSE(result.has_value());
        REQUIRE(result.error().code == decode_errc::truncated);
        REQUIRE(result.error().offset <= size);
    }

    for (const std::byte extra : {std::byte{0}, std::byte{0x80}, std::byte{0xFF}}) {
        std::vector<std::byte> longer = bytes;
        longer.push_back(extra);
        REQUIRE(outcome(decode<T>(longer)) == "trailing_bytes@" + std::to_string(bytes.size()));
    }

    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::vector<std::byte> flipped = bytes;
        flipped[bit / 8] ^= std::byte{1} << (bit % 8);
        const auto result = decode<T>(flipped);
        CAPTURE(bit);
        if (result.has_value()) {
            REQUIRE((*result != x));
            REQUIRE(encode(*result) == flipped);
        } else {
            REQUIRE(result.error().offset <= flipped.size());
        }
    }
}

// All byte strings of a length: those that decode are canonical, no two give the same value, and there
// are as many as the format has.
template <class T>
std::size_t accepted(std::size_t length) {
    std::size_t count = 0;
    std::size_t strings = 1;
    for (std::size_t i = 0; i < length; ++i) strings *= 256;
    std::vector<std::byte> bytes(length);
    for (std::size_t number = 0; number < strings; ++number) {
        for (std::size_t i = 0; i < length; ++i) {
            bytes[i] = static_cast<std::byte>(number >> (8 * i) & 0xFF);
        }
        const auto x = decode<T>(bytes);
        if (!x.has_value()) continue;
        ++count;
        if (encode(*x) != bytes) {
            FAIL("not canonical: " << to_hex(bytes));
        }
    }
    return count;
}

}  // namespace

// --- types of this test with codecs that misbehave ---------------------------------------------------

namespace wire_test {

struct even {
    std::uint32_t value;
    friend bool operator==(const even&, const even&) = default;
};
struct stubborn {};
struct forgetful {
    std::uint64_t value;
};
struct empty_handed {};
struct pinned {
    explicit pinned(std::uint8_t x) : value(x) {}
    std::uint8_t value;
    friend bool operator==(const pinned&, const pinned&) = default;
};
struct encodes_only {};
struct decodes_to_optional {};

}  // namespace wire_test

// Refuses some values, through the reader.
template <>
struct coterie::codec<wire_test::even> {
    static void encode(writer& w, const wire_test::even& x) { w.varint(x.value); }
    static std::expected<wire_test::even, decode_error> decode(reader& r) {
        const auto value = r.value<std::uint32_t>();
        if (value % 2 != 0) return r.fail(decode_errc::invalid_value);
        return r.result(wire_test::even{value});
    }
};

// Returns an error of its own and does not tell the reader.
template <>
struct coterie::codec<wire_test::stubborn> {
    static void encode(writer& w, const wire_test::stubborn&) { w.boolean(true); }
    static std::expected<wire_test::stubborn, decode_error> decode(reader& r) {
        (void)r.boolean();
        return std::unexpected(decode_error{decode_errc::unsupported_version, 1234});
    }
};

// Never asks whether anything went wrong.
template <>
struct coterie::codec<wire_test::forgetful> {
    static void encode(writer& w, const wire_test::forgetful& x) { w.varint(x.value); }
    static std::expected<wire_test::forgetful, decode_error> decode(reader& r) {
        return wire_test::forgetful{r.varint()};
    }
};

// Takes no bytes.
template <>
struct coterie::codec<wire_test::empty_handed> {
    static void encode(writer&, const wire_test::empty_handed&) {}
    static std::expected<wire_test::empty_handed, decode_error> decode(reader&) {
        return wire_test::empty_handed{};
    }
};

// Has no default, so that it can be read but not be made up.
template <>
struct coterie::codec<wire_test::pinned> {
    static void encode(writer& w, const wire_test::pinned& x) { w.fixed(x.value); }
    static std::expected<wire_test::pinned, decode_error> decode(reader& r) {
        return r.result(wire_test::pinned(r.fixed<std::uint8_t>()));
    }
};

template <>
struct coterie::codec<wire_test::encodes_only> {
    static void encode(writer&, const wire_test::encodes_only&);
};

template <>
struct coterie::codec<wire_test::decodes_to_optional> {
    static void encode(writer&, const wire_test::decodes_to_optional&);
    static std::optional<wire_test::decodes_to_optional> decode(reader&);
};

using wire_test::empty_handed;
using wire_test::even;
using wire_test::forgetful;
using wire_test::pinned;
using wire_test::stubborn;

// --- which types have a codec ------------------------------------------------------------------------

TEST_CASE("integers, bool, strings and what is made of them have codecs") {
    STATIC_REQUIRE(encodable<bool>);
    STATIC_REQUIRE(encodable<std::int8_t>);
    STATIC_REQUIRE(encodable<std::uint8_t>);
    STATIC_REQUIRE(encodable<short>);
    STATIC_REQUIRE(encodable<long>);
    STATIC_REQUIRE(encodable<long long>);
    STATIC_REQUIRE(encodable<unsigned long long>);
    STATIC_REQUIRE(encodable<std::string>);
    STATIC_REQUIRE(encodable<std::vector<std::string>>);
    STATIC_REQUIRE(encodable<std::array<std::uint16_t, 3>>);
    STATIC_REQUIRE(encodable<std::pair<bool, std::string>>);
    STATIC_REQUIRE(encodable<std::optional<std::vector<std::pair<int, bool>>>>);
    STATIC_REQUIRE(encodable<ulid>);
    STATIC_REQUIRE(encodable<snowflake<coterie::id::layouts::twitter>>);
    STATIC_REQUIRE(encodable<point>);
    STATIC_REQUIRE(encodable<tree>);
}

TEST_CASE("what has no one encoding has no codec") {
    STATIC_REQUIRE_FALSE(encodable<float>);
    STATIC_REQUIRE_FALSE(encodable<double>);
    STATIC_REQUIRE_FALSE(encodable<long double>);
    STATIC_REQUIRE_FALSE(encodable<char>);
    STATIC_REQUIRE_FALSE(encodable<wchar_t>);
    STATIC_REQUIRE_FALSE(encodable<char8_t>);
    STATIC_REQUIRE_FALSE(encodable<char16_t>);
    STATIC_REQUIRE_FALSE(encodable<char32_t>);
    STATIC_REQUIRE_FALSE(encodable<const char*>);
    STATIC_REQUIRE_FALSE(encodable<int*>);
    STATIC_REQUIRE_FALSE(encodable<std::nullptr_t>);
    STATIC_REQUIRE_FALSE(encodable<std::string_view>);
    STATIC_REQUIRE_FALSE(encodable<decode_errc>);
    STATIC_REQUIRE_FALSE(encodable<std::vector<double>>);
    STATIC_REQUIRE_FALSE(encodable<std::optional<std::vector<float>>>);
    STATIC_REQUIRE_FALSE(encodable<std::pair<int, double>>);
    STATIC_REQUIRE_FALSE(encodable<std::map<int, int>>);
    STATIC_REQUIRE_FALSE(encodable<wire_test::encodes_only>);
    STATIC_REQUIRE_FALSE(encodable<wire_test::decodes_to_optional>);
#ifdef __SIZEOF_INT128__
    // Where the compiler counts it among the integers, half of it would be lost.
    __extension__ using wide = __int128;
    __extension__ using unsigned_wide = unsigned __int128;
    STATIC_REQUIRE_FALSE(encodable<wide>);
    STATIC_REQUIRE_FALSE(encodable<unsigned_wide>);
#endif
}

// --- the bytes ---------------------------------------------------------------------------------------

TEST_CASE("unsigned integers are LEB128 varints") {
    for (const auto& [value, hex] : std::vector<std::pair<std::uint64_t, std::string>>{
             {0, "00"},
             {1, "01"},
             {127, "7f"},
             {128, "8001"},
             {300, "ac02"},
             {624485, "e58e26"},  // the example of the DWARF standard
             {16383, "ff7f"},
             {16384, "808001"},
             {0xFFFF'FFFF, "ffffffff0f"},
             {std::uint64_t{1} << 56, "808080808080808001"},
             {(std::uint64_t{1} << 63) - 1, "ffffffffffffffff7f"},
             {std::uint64_t{1} << 63, "80808080808080808001"},
             {~std::uint64_t{0}, "ffffffffffffffffff01"},
         }) {
        CAPTURE(value);
        CHECK(to_hex(encode(value)) == hex);
        CHECK(written([&](writer& w) { w.varint(value); }) == hex);
        const auto bytes = from_hex(hex);
        reader r(bytes);
        CHECK(r.varint() == value);
        CHECK(r.ok());
        CHECK(r.remaining() == 0);
        check_corruption(value);
    }
}

TEST_CASE("signed integers are zigzag varints") {
    for (const auto& [value, hex] : std::vector<std::pair<std::int64_t, std::string>>{
             {0, "00"},
             {-1, "01"},
             {1, "02"},
             {-2, "03"},
             {63, "7e"},
             {-64, "7f"},
             {64, "8001"},
             {-65, "8101"},
             {2147483647, "feffffff0f"},
             {-2147483648, "ffffffff0f"},
             {std::numeric_limits<std::int64_t>::max(), "feffffffffffffffff01"},
             {std::numeric_limits<std::int64_t>::min(), "ffffffffffffffffff01"},
         }) {
        CAPTURE(value);
        CHECK(to_hex(encode(value)) == hex);
        CHECK(written([&](writer& w) { w.svarint(value); }) == hex);
        const auto bytes = from_hex(hex);
        reader r(bytes);
        CHECK(r.svarint() == value);
        CHECK(r.ok());
        check_corruption(value);
    }
}

TEST_CASE("single bytes are themselves") {
    CHECK(to_hex(encode(std::uint8_t{0xFF})) == "ff");
    CHECK(to_hex(encode(std::uint8_t{0x80})) == "80");
    CHECK(to_hex(encode(std::int8_t{-1})) == "ff");
    CHECK(to_hex(encode(std::int8_t{-128})) == "80");
    CHECK(decode<std::int8_t>(from_hex("80")) == std::int8_t{-128});
    CHECK(decode<std::uint8_t>(from_hex("80")) == std::uint8_t{128});
    CHECK(to_hex(encode(true)) == "01");
    CHECK(to_hex(encode(false)) == "00");
}

TEST_CASE("narrow integers are encoded as wide ones of the same value") {
    CHECK(to_hex(encode(std::uint16_t{300})) == "ac02");
    CHECK(to_hex(encode(std::uint32_t{300})) == "ac02");
    CHECK(to_hex(encode(std::int16_t{-65})) == "8101");
    CHECK(to_hex(encode(std::int32_t{-65})) == "8101");
    CHECK(to_hex(encode(std::uint16_t{65535})) == "ffff03");
    CHECK(to_hex(encode(std::int16_t{-32768})) == "ffff03");
}

TEST_CASE("fixed integers are little-endian") {
    CHECK(written([](writer& w) { w.fixed(std::uint8_t{0x12}); }) == "12");
    CHECK(written([](writer& w) { w.fixed(std::uint16_t{0x1234}); }) == "3412");
    CHECK(written([](writer& w) { w.fixed(std::uint32_t{0x12345678}); }) == "78563412");
    CHECK(written([](writer& w) { w.fixed(std::uint64_t{0x123456789ABCDEF0}); }) ==
          "f0debc9a78563412");
    const auto bytes = from_hex("12 3412 78563412 f0debc9a78563412");
    reader r(bytes);
    CHECK(r.fixed<std::uint8_t>() == 0x12);
    CHECK(r.fixed<std::uint16_t>() == 0x1234);
    CHECK(r.fixed<std::uint32_t>() == 0x12345678);
    CHECK(r.fixed<std::uint64_t>() == 0x123456789ABCDEF0);
    CHECK(r.finish());
}

TEST_CASE("booleans, versions, bytes, texts and columns have these bytes") {
    const auto raw = from_hex("de ad");
    CHECK(written([](writer& w) { w.boolean(true); }) == "01");
    CHECK(written([](writer& w) { w.boolean(false); }) == "00");
    CHECK(written([](writer& w) { w.version(200); }) == "c8");
    CHECK(written([&](writer& w) { w.raw(raw); }) == "dead");
    CHECK(written([](writer& w) { w.raw({}); }).empty());
    CHECK(written([&](writer& w) { w.bytes(raw); }) == "02dead");
    CHECK(written([](writer& w) { w.bytes({}); }) == "00");
    CHECK(written([](writer& w) { w.string("abc"); }) == "03616263");
    CHECK(written([](writer& w) { w.string(std::string_view("\0\xFF", 2)); }) == "0200ff");
    CHECK(written([](writer& w) { w.string(""); }) == "00");
    CHECK(written([](writer& w) { w.string(std::string(128, 'x')); }).substr(0, 6) == "800178");
    const std::vector<std::uint64_t> numbers = {1, 300, ~std::uint64_t{0}};
    CHECK(written([&](writer& w) { w.varint_column(numbers); }) == "0301ac02ffffffffffffffffff01");
    CHECK(written([](writer& w) { w.varint_column({}); }) == "00");
    const std::vector<std::uint16_t> words = {0x1234, 1, 0xFFFF};
    CHECK(written([&](writer& w) { w.fixed_column<std::uint16_t>(words); }) == "0334120100ffff");
    CHECK(written([](writer& w) { w.fixed_column(std::span<const std::uint64_t>()); }) == "00");
    const std::vector<std::uint8_t> octets = {1, 255};
    CHECK(written([&](writer& w) { w.fixed_column<std::uint8_t>(octets); }) == "0201ff");
}

TEST_CASE("a writer appends to what the vector holds") {
    auto out = from_hex("aa bb");
    writer w(out);
    w.fixed_column<std::uint16_t>(std::array<std::uint16_t, 1>{0x0102});
    w.string("z");
    coterie::encode_to(w, std::uint64_t{300});
    CHECK(to_hex(out) == "aabb010201017aac02");
}

TEST_CASE("a reader's columns undo a writer's") {
    const std::vector<std::uint64_t> numbers = {1, 300, ~std::uint64_t{0}, 0};
    const std::vector<std::uint16_t> words = {0x1234, 1, 0xFFFF};
    const std::vector<std::uint64_t> long_words = {0x123456789ABCDEF0};
    std::vector<std::byte> bytes;
    writer w(bytes);
    w.varint_column(numbers);
    w.fixed_column<std::uint16_t>(words);
    w.varint_column({});
    w.fixed_column<std::uint64_t>(long_words);
    reader r(bytes);
    CHECK(r.varint_column() == numbers);
    CHECK(r.fixed_column<std::uint16_t>() == words);
    CHECK(r.varint_column().empty());
    CHECK(r.fixed_column<std::uint64_t>() == long_words);
    CHECK(r.finish());
    const auto bad = from_hex("02 01 8000");
    reader of_bad(bad);
    CHECK(of_bad.varint_column().empty());
    CHECK(outcome(of_bad) == "not_minimal@2");
}

TEST_CASE("what is made of encodable types has these bytes") {
    CHECK(to_hex(encode(std::string("abc"))) == "03616263");
    CHECK(to_hex(encode(std::string())) == "00");
    CHECK(to_hex(encode(std::vector<std::uint32_t>{1, 300})) == "0201ac02");
    CHECK(to_hex(encode(std::vector<std::uint32_t>())) == "00");
    CHECK(to_hex(encode(std::vector<bool>{true, false, true})) == "03010001");
    CHECK(to_hex(encode(std::vector<std::uint8_t>{7, 200})) == "0207c8");
    CHECK(to_hex(encode(std::array<std::uint16_t, 2>{1, 300})) == "01ac02");
    CHECK(to_hex(encode(std::pair<std::uint32_t, std::string>{300, "ab"})) == "ac02026162");
    CHECK(to_hex(encode(std::optional<std::int32_t>())) == "00");
    CHECK(to_hex(encode(std::optional<std::int32_t>(-3))) == "0105");
    CHECK(to_hex(encode(std::optional<std::optional<bool>>(std::optional<bool>()))) == "0100");
    CHECK(to_hex(encode(std::vector<std::vector<std::uint8_t>>{{}, {1}, {2, 3}})) ==
          "03000101020203");
    CHECK(to_hex(encode(nested{{{"k", {-1, 1}}}, std::array<bool, 2>{true, false}})) ==
          "01016b0201020101"
          "00");
    CHECK(to_hex(encode(point{3, -4})) == "0607");
    CHECK(to_hex(encode(tree{1, {tree{2, {}}, tree{3, {tree{4, {}}}}}})) == "0102020003010400");
}

TEST_CASE("a version comes out as it went in") {
    for (const unsigned last : {0U, 1U, 7U, 255U}) {
        const auto newest = static_cast<std::uint8_t>(last);
        for (unsigned number = 0; number < 256; ++number) {
            std::vector<std::byte> bytes;
            writer w(bytes);
            w.raw(from_hex("aaaaaa"));
            w.version(static_cast<std::uint8_t>(number));
            reader r(bytes);
            (void)r.raw(3);
            const auto got = r.version(newest);
            if (number <= newest) {
                CHECK(got == number);
                CHECK(r.ok());
            } else {
                CHECK(got == 0);
                CHECK(outcome(r) == "unsupported_version@3");
            }
        }
    }
}

TEST_CASE("a user's codec is the one in the header's comment") {
    CHECK(decode<point>(encode(point{3, -4})) == point{3, -4});
    CHECK(decoded<point>("06") == "truncated@1");
    CHECK(decoded<point>("8000 07") == "not_minimal@0");
    CHECK(decoded<point>("06 07 00") == "trailing_bytes@2");
    check_corruption(point{std::numeric_limits<std::int64_t>::min(), 1 << 20});
}

TEST_CASE("encoding and decoding work in constant expressions") {
    STATIC_REQUIRE(encode(std::uint32_t{300}) == from_hex("ac02"));
    STATIC_REQUIRE(decode<std::uint32_t>(from_hex("ac02")) == 300U);
    STATIC_REQUIRE(decode<std::int16_t>(from_hex("8101")) == std::int16_t{-65});
    STATIC_REQUIRE(decode<std::uint16_t>(from_hex("808004")).error() ==
                   decode_error{decode_errc::out_of_range, 0});
    STATIC_REQUIRE(decode<std::array<std::uint8_t, 3>>(from_hex("010203")) ==
                   std::array<std::uint8_t, 3>{1, 2, 3});
    STATIC_REQUIRE(decode<std::optional<bool>>(from_hex("0101")).value().value());
    STATIC_REQUIRE(decode<std::pair<bool, std::uint8_t>>(from_hex("0109")) ==
                   std::pair<bool, std::uint8_t>(true, std::uint8_t{9}));
    STATIC_REQUIRE([] {
        const std::vector<std::uint32_t> column = {1, 300};
        const auto bytes = encode(column);
        const auto back = decode<std::vector<std::uint32_t>>(bytes);
        return bytes == from_hex("0201ac02") && back.has_value() && *back == column;
    }());
    STATIC_REQUIRE(decode<ulid>(encode(ulid::from_words(1, 2))) == ulid::from_words(1, 2));
}

// --- one spelling for each value ---------------------------------------------------------------------

TEST_CASE("of all inputs of up to three bytes, exactly the canonical ones are accepted") {
    CHECK(accepted<std::uint64_t>(0) == 0);
    CHECK(accepted<std::uint64_t>(1) == 128);
    CHECK(accepted<std::uint64_t>(2) == 128 * 127);
    CHECK(accepted<std::int64_t>(2) == 128 * 127);
    CHECK(accepted<std::uint16_t>(3) == 65536 - 16384);
    CHECK(accepted<std::int16_t>(2) == 128 * 127);
    CHECK(accepted<std::uint8_t>(1) == 256);
    CHECK(accepted<std::int8_t>(1) == 256);
    CHECK(accepted<bool>(1) == 2);
    CHECK(accepted<std::string>(1) == 1);
    CHECK(accepted<std::string>(2) == 256);
    CHECK(accepted<std::vector<bool>>(2) == 2);
    CHECK(accepted<std::vector<std::uint64_t>>(2) == 128);
    CHECK(accepted<std::optional<std::uint16_t>>(1) == 1);
    CHECK(accepted<std::optional<std::uint16_t>>(2) == 128);
    CHECK(accepted<std::pair<std::int8_t, bool>>(2) == 512);
    CHECK(accepted<std::array<std::uint16_t, 2>>(2) == 128 * 128);
    CHECK(accepted<std::array<std::uint16_t, 0>>(0) == 1);
    CHECK(accepted<std::array<std::uint16_t, 0>>(1) == 0);
    CHECK(accepted<std::vector<std::vector<bool>>>(2) == 1);
}

TEST_CASE("a varint with a superfluous last byte is not minimal, at every length") {
    for (std::size_t size = 2; size <= 10; ++size) {
        const std::string zeros = lots_of("80", size - 1) + "00";
        const std::string ones = lots_of("ff", size - 1) + "00";
        CAPTURE(size);
        CHECK(decoded<std::uint64_t>(zeros) == "not_minimal@0");
        CHECK(decoded<std::uint64_t>(ones) == "not_minimal@0");
        CHECK(decoded<std::int64_t>(zeros) == "not_minimal@0");
        CHECK(decoded<std::uint16_t>(zeros) == "not_minimal@0");
        CHECK(decoded<std::string>(zeros) == "not_minimal@0");
        CHECK(decoded<std::vector<bool>>(zeros) == "not_minimal@0");
        CHECK(decoded<std::pair<bool, std::uint32_t>>("01" + zeros) == "not_minimal@1");
        // In the middle of a varint a zero group is nothing wrong.
        CHECK(decoded<std::uint64_t>(lots_of("80", size - 1) + "01") == "ok");
    }
}

TEST_CASE("a varint of more than 64 bits is out of range") {
    const std::string nine_ones = lots_of("ff", 9);
    const std::string nine_zeros = lots_of("80", 9);
    CHECK(decoded<std::uint64_t>(nine_ones + "01") == "ok");
    CHECK(decoded<std::uint64_t>(nine_zeros + "01") == "ok");
    for (const std::string& start : {nine_ones, nine_zeros}) {
        for (const char* const last : {"02", "03", "40", "7e", "7f", "80", "81", "82", "ff"}) {
            CAPTURE(start, last);
            CHECK(decoded<std::uint64_t>(start + last) == "out_of_range@0");
            CHECK(decoded<std::int64_t>(start + last) == "out_of_range@0");
            CHECK(decoded<std::uint64_t>(start + last + "00") == "out_of_range@0");
            CHECK(decoded<std::pair<bool, std::uint64_t>>("00" + start + last) == "out_of_range@1");
        }
    }
    CHECK(decoded<std::uint64_t>(lots_of("80", 1000) + "00") == "out_of_range@0");
    CHECK(decoded<std::uint64_t>(nine_ones) == "truncated@0");
}

TEST_CASE("an integer that its type cannot hold is out of range") {
    CHECK(decode<std::uint16_t>(encode(std::uint64_t{65535})) == std::uint16_t{65535});
    CHECK(outcome(decode<std::uint16_t>(encode(std::uint64_t{65536}))) == "out_of_range@0");
    CHECK(decode<std::int16_t>(encode(std::int64_t{32767})) == std::int16_t{32767});
    CHECK(decode<std::int16_t>(encode(std::int64_t{-32768})) == std::int16_t{-32768});
    CHECK(outcome(decode<std::int16_t>(encode(std::int64_t{32768}))) == "out_of_range@0");
    CHECK(outcome(decode<std::int16_t>(encode(std::int64_t{-32769}))) == "out_of_range@0");
    CHECK(decode<std::uint32_t>(encode(std::uint64_t{0xFFFF'FFFF})) == 0xFFFF'FFFFU);
    CHECK(outcome(decode<std::uint32_t>(encode(std::uint64_t{0x1'0000'0000}))) == "out_of_range@0");
    CHECK(outcome(decode<std::uint32_t>(encode(~std::uint64_t{0}))) == "out_of_range@0");
    CHECK(outcome(decode<std::int32_t>(encode(std::int64_t{-2147483649}))) == "out_of_range@0");
    CHECK(outcome(decode<std::int32_t>(encode(std::int64_t{2147483648}))) == "out_of_range@0");
    CHECK(decode<std::int32_t>(encode(std::int64_t{-2147483648})) ==
          std::numeric_limits<int>::min());
    // At the position of the integer, not of what holds it.
    CHECK(decoded<std::vector<std::uint16_t>>("02 05 808004") == "out_of_range@2");
    CHECK(decoded<std::array<std::int16_t, 2>>("05 808004") == "out_of_range@1");
}

TEST_CASE("a boolean is 0 or 1") {
    for (unsigned b = 2; b < 256; ++b) {
        const std::vector<std::byte> bytes = {std::byte{1}, static_cast<std::byte>(b)};
        CHECK(outcome(decode<std::array<bool, 2>>(bytes)) == "invalid_value@1");
        reader r(bytes);
        CHECK(r.boolean());
        CHECK_FALSE(r.boolean());
        CHECK(outcome(r) == "invalid_value@1");
    }
    CHECK(decoded<std::optional<std::uint8_t>>("02") == "invalid_value@0");
    CHECK(decoded<std::vector<std::optional<bool>>>("02 00 ff") == "invalid_value@2");
}

// --- corrupted bytes ---------------------------------------------------------------------------------

TEST_CASE(
    "every truncation, every extra byte and every flipped bit is noticed, or gives another value") {
    check_corruption(true);
    check_corruption(std::int8_t{-3});
    check_corruption(std::uint16_t{40'000});
    check_corruption(std::int32_t{-1'000'000});
    check_corruption(std::string("a text of some length"));
    check_corruption(std::string(200, 'x'));
    check_corruption(std::vector<std::uint64_t>{0, 127, 128, 1 << 20, ~std::uint64_t{0}});
    check_corruption(std::vector<bool>{true, false, true});
    check_corruption(std::vector<std::string>{"", "a", std::string(130, 'b')});
    check_corruption(std::array<std::int64_t, 3>{-1, 1 << 30, 0});
    check_corruption(std::pair<std::uint32_t, std::string>{300, "ab"});
    check_corruption(std::optional<std::vector<bool>>(std::vector<bool>{true}));
    check_corruption(nested{{{"key", {-1, 300}}, {"", {}}}, std::array<bool, 2>{true, false}});
    check_corruption(nested{{}, std::nullopt});
    check_corruption(tree{1, {tree{2, {}}, tree{3, {tree{4, {}}}}}});
    check_corruption(ulid::from_words(0x0123456789ABCDEF, 0xFEDCBA9876543210));
    check_corruption(even{300});
}

TEST_CASE("random values survive the round trip") {
    coterie::rng random(coterie::test::seed(), "wire");
    for (int i = 0; i < 3000; ++i) {
        // Of every magnitude, for most 64-bit words have the same length.
        const std::uint64_t word = random() >> uniform_below(random, 64);
        check_round_trip(word);
        check_round_trip(static_cast<std::int64_t>(word));
        check_round_trip(-static_cast<std::int64_t>(word >> 1));
        check_round_trip(static_cast<std::uint32_t>(word));
        check_round_trip(static_cast<std::int16_t>(word));
        check_round_trip(static_cast<std::uint8_t>(word));
    }
    for (int i = 0; i < 200; ++i) {
        nested x;
        for (auto n = uniform_below(random, 6); n-- > 0;) {
            auto& [key, values] = x.entries.emplace_back();
            for (auto k = uniform_below(random, 200); k-- > 0;) {
                key += static_cast<char>(random() & 0xFF);
            }
            for (auto k = uniform_below(random, 20); k-- > 0;) {
                values.push_back(static_cast<std::int32_t>(random()) >> uniform_below(random, 31));
            }
        }
        if (bernoulli(random, 0.5)) x.flags = {bernoulli(random, 0.5), bernoulli(random, 0.5)};
        check_round_trip(x);
        check_round_trip(std::vector<nested>{x, nested{}, x});
    }
}

TEST_CASE("random bytes decode to what encodes to them, or not at all") {
    coterie::rng random(coterie::test::seed(), "noise");
    int hits = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::byte> bytes(uniform_below(random, 12));
        // Mostly small numbers, for these make it further into the decoder.
        for (auto& b : bytes) {
            b = static_cast<std::byte>(bernoulli(random, 0.8) ? random() & 3 : random() & 0xFF);
        }
        const auto check = [&]<class T>(std::type_identity<T>) {
            const auto x = decode<T>(bytes);
            if (!x.has_value()) return;
            ++hits;
            CAPTURE(to_hex(bytes));
            REQUIRE(encode(*x) == bytes);
        };
        check(std::type_identity<nested>());
        check(std::type_identity<tree>());
        check(std::type_identity<std::vector<std::optional<std::int16_t>>>());
    }
    CHECK(hits > 500);
}

TEST_CASE("an error tells where the value begins that is wrong") {
    // ac02 | 02 6162 : a number, then a text.
    using record = std::pair<std::uint32_t, std::string>;
    CHECK(decoded<record>("") == "truncated@0");
    CHECK(decoded<record>("ac") == "truncated@0");
    CHECK(decoded<record>("ac02") == "truncated@2");
    CHECK(decoded<record>("ac02 02") == "truncated@2");
    CHECK(decoded<record>("ac02 02 61") == "truncated@2");
    CHECK(decoded<record>("ac02 02 6162") == "ok");
    CHECK(decoded<record>("ac02 02 6162 00") == "trailing_bytes@5");
    CHECK(decoded<record>("ac02 8200 6162") == "not_minimal@2");

    // 02 | 01 61 | 01 62 : a column whose second text is cut off.
    CHECK(decoded<std::vector<std::string>>("02 01 61 01") == "truncated@3");
    CHECK(decoded<std::vector<std::string>>("02 01 61") == "truncated@3");
    CHECK(decoded<std::vector<std::string>>("02 01") == "truncated@0");
    CHECK(decoded<std::vector<std::string>>("02 01 61 02 62") == "truncated@3");

    CHECK(decoded<ulid>(lots_of("00", 15)) == "truncated@0");
    CHECK(decoded<std::array<std::uint8_t, 3>>("0102") == "truncated@2");
    CHECK(decoded<std::optional<std::uint32_t>>("01") == "truncated@1");
    CHECK(decoded<std::optional<std::uint32_t>>("01 80") == "truncated@1");
}

TEST_CASE("a decode error appends its phrase and its offset, and compares by both") {
    CHECK(coterie::to_string(decode_error{decode_errc::invalid_value, 7}) ==
          "invalid value at byte 7");
    const decode_error error{decode_errc::truncated, 3};
    CHECK(error == decode_error{decode_errc::truncated, 3});
    CHECK(error != decode_error{decode_errc::truncated, 4});
    CHECK(error != decode_error{decode_errc::not_minimal, 3});
}

// --- limits ------------------------------------------------------------------------------------------

TEST_CASE("an input larger than the limit is refused before anything is read") {
    const decode_limits ten{.max_bytes = 10};
    CHECK(decoded<std::string>("09" + lots_of("61", 9), ten) == "ok");
    CHECK(decoded<std::string>("0a" + lots_of("61", 10), ten) == "limit_exceeded@10");
    CHECK(decoded<std::uint8_t>(lots_of("00", 11), ten) == "limit_exceeded@10");
    CHECK(decoded<std::uint8_t>("", {.max_bytes = 0}) == "truncated@0");
    CHECK(decoded<std::uint8_t>("00", {.max_bytes = 0}) == "limit_exceeded@0");
    const auto bytes = from_hex(lots_of("01", 11));
    reader r(bytes, ten);
    CHECK_FALSE(r.ok());
    CHECK(r.varint() == 0);
    CHECK(r.offset() == 0);
    CHECK_FALSE(r.finish());
    CHECK(outcome(r) == "limit_exceeded@10");
}

TEST_CASE("a column or text of more elements than the limit is refused") {
    const decode_limits three{.max_elements = 3};
    CHECK(decoded<std::vector<bool>>("03 000000", three) == "ok");
    CHECK(decoded<std::vector<bool>>("04 00000000", three) == "limit_exceeded@0");
    CHECK(decoded<std::string>("03 616263", three) == "ok");
    CHECK(decoded<std::string>("04 61626364", three) == "limit_exceeded@0");
    CHECK(decoded<std::vector<std::string>>("02 03 616263 04 61626364", three) ==
          "limit_exceeded@5");
    // Each column has the limit for itself.
    CHECK(decoded<std::vector<std::vector<bool>>>("03 03000000 03000000 03000000", three) == "ok");
    // The limit is checked before the remaining bytes are.
    CHECK(decoded<std::vector<bool>>("04", three) == "limit_exceeded@0");
    CHECK(decoded<std::vector<bool>>("03", three) == "truncated@0");
    CHECK(decoded<std::vector<bool>>("00", {.max_elements = 0}) == "ok");
    CHECK(decoded<std::vector<bool>>("01 00", {.max_elements = 0}) == "limit_exceeded@0");

    const auto four_varints = from_hex("04 01010101");
    reader varints(four_varints, three);
    CHECK(varints.varint_column().empty());
    CHECK(outcome(varints) == "limit_exceeded@0");
    const auto four_words = from_hex("04 0100 0100 0100 0100");
    reader words(four_words, three);
    CHECK(words.fixed_column<std::uint16_t>().empty());
    CHECK(outcome(words) == "limit_exceeded@0");
    reader as_bytes(four_varints, three);
    CHECK(as_bytes.bytes().empty());
    CHECK(outcome(as_bytes) == "limit_exceeded@0");
    // What has no length of its own has no limit but its type.
    CHECK(decoded<std::array<bool, 4>>("00000000", three) == "ok");
}

TEST_CASE("values nested deeper than the limit are refused") {
    CHECK(decoded<std::uint8_t>("00", {.max_depth = 0}) == "limit_exceeded@0");
    CHECK(decoded<std::uint8_t>("00", {.max_depth = 1}) == "ok");
    CHECK(decoded<std::vector<std::uint8_t>>("01 00", {.max_depth = 1}) == "limit_exceeded@1");
    CHECK(decoded<std::vector<std::uint8_t>>("01 00", {.max_depth = 2}) == "ok");
    CHECK(decoded<std::optional<bool>>("01 00", {.max_depth = 1}) == "limit_exceeded@1");
    CHECK(decoded<std::optional<bool>>("00", {.max_depth = 1}) == "ok");
    CHECK(decoded<std::pair<bool, bool>>("01 00", {.max_depth = 1}) == "limit_exceeded@0");
    CHECK(decoded<std::array<bool, 2>>("01 00", {.max_depth = 1}) == "limit_exceeded@0");
    CHECK(decoded<std::array<bool, 2>>("01 00", {.max_depth = 2}) == "ok");
}

TEST_CASE("a recursive type stops at the limit, however deep the input goes") {
    // A chain of trees: number, one child, number, one child ... and at last no child.
    const auto chain = [](std::size_t links) { return lots_of("0001", links) + "0000"; };
    // Each link is a tree within a vector within a tree; the innermost tree reads an empty vector too.
    CHECK(decoded<tree>(chain(3), {.max_depth = 8}) == "ok");
    CHECK(decoded<tree>(chain(3), {.max_depth = 7}) == "limit_exceeded@6");
    CHECK(decoded<tree>(chain(31)) == "ok");
    CHECK(decoded<tree>(chain(32)) == "limit_exceeded@64");
    CHECK(decoded<tree>(chain(1'000'000)) == "limit_exceeded@64");
    CHECK(decode<tree>(encode(*decode<tree>(from_hex(chain(31))))).has_value());
}

TEST_CASE("siblings do not add up to depth") {
    CHECK(decoded<std::vector<std::uint8_t>>("c801" + lots_of("07", 200), {.max_depth = 2}) ==
          "ok");
    CHECK(decoded<tree>("00 64" + lots_of("0000", 100), {.max_depth = 4}) == "ok");
    CHECK(decoded<std::array<std::optional<bool>, 100>>(lots_of("0101", 100), {.max_depth = 3}) ==
          "ok");
    CHECK(decoded<nested>("03 016b020102 016b00 016b00 00", {.max_depth = 5}) == "ok");
}

TEST_CASE("the limits of a reader are those that it was given") {
    const decode_limits limits{.max_bytes = 5, .max_elements = 6, .max_depth = 7};
    const reader r({}, limits);
    CHECK(r.limits().max_bytes == 5);
    CHECK(r.limits().max_elements == 6);
    CHECK(r.limits().max_depth == 7);
    CHECK(reader({}).limits().max_depth == 64);
    CHECK(reader({}).limits().max_elements == 1 << 24);
    CHECK(reader({}).limits().max_bytes == 64 * 1024 * 1024);
}

TEST_CASE("a count that the remaining bytes cannot hold is truncated") {
    const std::string huge = "80808080808080808001";  // 2^63
    const decode_limits none{.max_elements = std::numeric_limits<std::size_t>::max()};
    CHECK(decoded<std::vector<bool>>(huge) == "limit_exceeded@0");
    CHECK(decoded<std::vector<bool>>(huge, none) == "truncated@0");
    CHECK(decoded<std::string>(huge + "00", none) == "truncated@0");
    CHECK(decoded<std::vector<bool>>("03 0000", none) == "truncated@0");
    CHECK(decoded<std::vector<bool>>("02 0000", none) == "ok");
    // 2^63 words of 2 bytes: the size in bytes would wrap to zero.
    for (const std::string& count : {huge, std::string("ffffffffffffffffff01"), std::string("01"),
                                     std::string("80808080808080808002")}) {
        const auto bytes = from_hex(count + "00");
        reader r(bytes, none);
        CHECK(r.fixed_column<std::uint16_t>().empty());
        CHECK_FALSE(r.ok());
    }
    const auto bytes = from_hex("02 00000000 000000");
    reader r(bytes, none);
    CHECK(r.fixed_column<std::uint32_t>().empty());
    CHECK(outcome(r) == "truncated@0");
    const auto exact = from_hex("02 01000000 02000000");
    reader whole(exact);
    CHECK(whole.fixed_column<std::uint32_t>() == std::vector<std::uint32_t>{1, 2});
    CHECK(whole.finish());
}

TEST_CASE("count weighs the remaining bytes by the smallest element") {
    const auto bytes = from_hex("03 000000000000");
    const auto count_of = [&](std::size_t min_size) {
        reader r(bytes);
        const auto count = r.count(min_size);
        return std::to_string(count) + " " + outcome(r);
    };
    CHECK(count_of(1) == "3 ok");
    CHECK(count_of(2) == "3 ok");
    CHECK(count_of(3) == "0 truncated@0");
    CHECK(count_of(std::numeric_limits<std::size_t>::max()) == "0 truncated@0");
    CHECK(broken_precondition([&] { (void)reader(bytes).count(0); }) == "min_size > 0");
}

TEST_CASE("all reservations of a reader together take no more than its input") {
    const auto bytes = from_hex(lots_of("00", 100));
    reader r(bytes);
    CHECK(r.reservable(10, 4) == 10);  // 60 bytes are left
    CHECK(r.reservable(0, 4) == 0);
    CHECK(r.reservable(1000, 8) == 7);  // 4 bytes are left
    CHECK(r.reservable(1, 8) == 0);
    CHECK(r.reservable(std::numeric_limits<std::size_t>::max(), 1) == 4);
    CHECK(r.reservable(1, 1) == 0);
    // It is advice, and neither reads nor fails.
    CHECK(r.offset() == 0);
    CHECK(r.ok());
    CHECK(reader({}).reservable(5, 1) == 0);
}

// --- the reader by itself ----------------------------------------------------------------------------

TEST_CASE("a reader gives views of its input, not copies") {
    const auto bytes = from_hex("02 6162 03 010203 ffff");
    reader r(bytes);
    const std::string_view text = r.string();
    CHECK(text == "ab");
    CHECK(static_cast<const void*>(text.data()) == bytes.data() + 1);
    CHECK(r.offset() == 3);
    CHECK(r.remaining() == 6);
    const auto run = r.bytes();
    CHECK(run.data() == bytes.data() + 4);
    CHECK(run.size() == 3);
    const auto raw = r.raw(2);
    CHECK(raw.data() == bytes.data() + 7);
    CHECK(r.raw(0).empty());
    CHECK(r.ok());
    CHECK(r.remaining() == 0);
    CHECK(r.finish());
    CHECK(r.raw(1).empty());
    CHECK(outcome(r) == "truncated@9");
}

TEST_CASE("the first error stays, and every read after it gives zero or nothing") {
    // Perfectly good bytes follow the bad one.
    const auto bytes = from_hex("02 05 01 01 01 02 6162 02 0102 01 07 01");
    reader r(bytes);
    CHECK_FALSE(r.boolean());
    REQUIRE(outcome(r) == "invalid_value@0");
    const std::size_t offset = r.offset();

    CHECK(r.varint() == 0);
    CHECK(r.svarint() == 0);
    CHECK(r.fixed<std::uint8_t>() == 0);
    CHECK(r.fixed<std::uint32_t>() == 0);
    CHECK_FALSE(r.boolean());
    CHECK(r.version(255) == 0);
    CHECK(r.raw(1).empty());
    CHECK(r.raw(1000).empty());
    CHECK(r.bytes().empty());
    CHECK(r.string().empty());
    CHECK(r.count() == 0);
    CHECK(r.varint_column().empty());
    CHECK(r.fixed_column<std::uint16_t>().empty());
    CHECK(outcome(r.read<std::uint8_t>()) == "invalid_value@0");
    CHECK(outcome(r.read<pinned>()) == "invalid_value@0");
    CHECK(r.value<std::uint64_t>() == 0);
    CHECK(r.value<std::string>().empty());
    CHECK(r.value<std::vector<bool>>().empty());
    CHECK(r.value<std::array<int, 2>>() == std::array<int, 2>{});
    CHECK_FALSE(r.value<std::optional<bool>>().has_value());
    CHECK(r.fail(decode_errc::limit_exceeded).error() ==
          decode_error{decode_errc::invalid_value, 0});
    CHECK(outcome(r.result(5)) == "invalid_value@0");
    CHECK_FALSE(r.finish());

    CHECK(outcome(r) == "invalid_value@0");
    CHECK(r.offset() == offset);
}

TEST_CASE("a failed integer is zero, not what was read of it") {
    for (const std::string_view hex : {"ffff", "ff00", "ffffffffffffffffff7f"}) {
        const auto bytes = from_hex(hex);
        CHECK(reader(bytes).varint() == 0);
        CHECK(reader(bytes).svarint() == 0);
        CHECK(reader(bytes).value<std::uint64_t>() == 0);
    }
    const auto bytes = from_hex("808004 05");
    reader r(bytes);
    CHECK(r.value<std::uint16_t>() == 0);
    CHECK(outcome(r) == "out_of_range@0");
    CHECK(r.fixed<std::uint8_t>() == 0);
    const auto cut = from_hex("010203");
    CHECK(reader(cut).fixed<std::uint32_t>() == 0);
    CHECK(reader(cut).fixed_column<std::uint32_t>().empty());
}

TEST_CASE("fail points at the value read last") {
    const auto bytes = from_hex("07 8001 03 02 6162 010203 01 05 0102");
    const auto failed_at = [&](auto&&... reads) {
        reader r(bytes);
        (reads(r), ...);
        return r.fail(decode_errc::invalid_value).error().offset;
    };
    const auto fixed = [](reader& r) { (void)r.fixed<std::uint8_t>(); };
    const auto varint = [](reader& r) { (void)r.varint(); };
    const auto svarint = [](reader& r) { (void)r.svarint(); };
    const auto string = [](reader& r) { (void)r.string(); };
    const auto three = [](reader& r) { (void)r.raw(3); };
    const auto boolean = [](reader& r) { (void)r.boolean(); };
    const auto version = [](reader& r) { (void)r.version(9); };
    const auto count = [](reader& r) { (void)r.count(); };
    CHECK(failed_at() == 0);
    CHECK(failed_at(fixed) == 0);
    CHECK(failed_at(fixed, varint) == 1);
    CHECK(failed_at(fixed, svarint, varint) == 3);
    CHECK(failed_at(fixed, varint, fixed, string) == 4);
    CHECK(failed_at(fixed, varint, fixed, string, three) == 7);
    CHECK(failed_at(fixed, varint, fixed, string, three, boolean) == 10);
    CHECK(failed_at(fixed, varint, fixed, string, three, boolean, version) == 11);
    CHECK(failed_at(fixed, varint, fixed, count) == 4);
    CHECK(decoded<even>("05") == "invalid_value@0");
    CHECK(decoded<std::vector<even>>("03 04 06 07") == "invalid_value@3");
}

TEST_CASE("result gives the value, or the first error") {
    const auto bytes = from_hex("05");
    reader good(bytes);
    CHECK(good.result(std::string("kept")) == std::string("kept"));
    const int lvalue = 7;
    STATIC_REQUIRE(std::is_same_v<decltype(good.result(lvalue)), std::expected<int, decode_error>>);
    CHECK(good.result(lvalue) == 7);
    (void)good.boolean();
    CHECK(outcome(good.result(std::string("lost"))) == "invalid_value@0");
}

TEST_CASE("finish accepts an input that was read to its end, and only that") {
    const auto bytes = from_hex("01 02");
    reader r(bytes);
    (void)r.varint();
    CHECK(r.ok());
    CHECK_FALSE(r.finish());
    CHECK(outcome(r) == "trailing_bytes@1");
    CHECK_FALSE(r.finish());
    reader empty({});
    CHECK(empty.finish());
}

TEST_CASE("asking a reader for an error that it does not have is a broken precondition") {
    CHECK(broken_precondition([] { (void)reader({}).error(); }) == "failed_");
}

// --- codecs of users ---------------------------------------------------------------------------------

TEST_CASE("a codec may return an error of its own, which the reader then keeps") {
    CHECK(decoded<stubborn>("01") == "unsupported_version@1234");
    CHECK(decoded<std::vector<stubborn>>("01 01") == "unsupported_version@1234");
    CHECK(decoded<std::optional<stubborn>>("01 01") == "unsupported_version@1234");
    CHECK(decoded<std::pair<bool, stubborn>>("01 01") == "unsupported_version@1234");
    CHECK(decoded<std::pair<stubborn, bool>>("01 01") == "unsupported_version@1234");
    CHECK(decoded<std::array<stubborn, 2>>("01 01") == "unsupported_version@1234");
    const auto bytes = from_hex("01 07");
    reader r(bytes);
    (void)r.value<stubborn>();
    CHECK(outcome(r) == "unsupported_version@1234");
    CHECK(r.fixed<std::uint8_t>() == 0);
    // But an error before it is the first.
    CHECK(decoded<stubborn>("02") == "invalid_value@0");
    CHECK(decoded<stubborn>("") == "truncated@0");
}

TEST_CASE("a codec that forgets to ask for errors is not believed") {
    CHECK(decode<forgetful>(from_hex("05")).value().value == 5);
    CHECK(decoded<forgetful>("") == "truncated@0");
    CHECK(decoded<forgetful>("8000") == "not_minimal@0");
    CHECK(decoded<std::vector<forgetful>>("01 80") == "truncated@1");
    CHECK(decoded<std::array<forgetful, 2>>("05 8000") == "not_minimal@1");
}

TEST_CASE("a codec that is called by itself, without the reader, also tells of an error") {
    const auto fails = [](std::string_view hex, auto type) {
        const auto bytes = from_hex(hex);
        reader r(bytes);
        return !codec<typename decltype(type)::type>::decode(r).has_value() && !r.ok();
    };
    CHECK(fails("8000", std::type_identity<std::uint64_t>()));
    CHECK(fails("808004", std::type_identity<std::int16_t>()));
    CHECK(fails("", std::type_identity<std::uint8_t>()));
    CHECK(fails("02", std::type_identity<bool>()));
    CHECK(fails("05 61", std::type_identity<std::string>()));
    CHECK(fails("02 01", std::type_identity<std::vector<bool>>()));
    CHECK(fails("01 02", std::type_identity<std::vector<bool>>()));
    CHECK(fails("01 02", std::type_identity<std::array<bool, 2>>()));
    CHECK(fails("02", std::type_identity<std::optional<bool>>()));
    CHECK(fails("01 02", std::type_identity<std::optional<bool>>()));
    CHECK(fails("02 01", std::type_identity<std::pair<bool, bool>>()));
    CHECK(fails("01 02", std::type_identity<std::pair<bool, bool>>()));
    CHECK(fails("00", std::type_identity<ulid>()));
}

TEST_CASE("a type without a default value can be read") {
    CHECK(decode<pinned>(from_hex("05")) == pinned(5));
    const auto column = decode<std::vector<pinned>>(from_hex("02 05 06"));
    REQUIRE(column.has_value());
    CHECK(*column == std::vector<pinned>{pinned(5), pinned(6)});
    CHECK(decode<std::optional<pinned>>(from_hex("01 05")).value() == pinned(5));
    CHECK(decode<std::pair<pinned, bool>>(from_hex("05 01")).value().first == pinned(5));
    CHECK(decoded<pinned>("") == "truncated@0");
}

TEST_CASE(
    "elements that take no bytes cannot be counted: a column of them is an error, not an abort") {
    CHECK(decoded<empty_handed>("") == "ok");
    CHECK(decoded<std::array<empty_handed, 3>>("") == "ok");
    CHECK(decoded<std::vector<empty_handed>>("00") == "ok");
    CHECK(decoded<std::vector<empty_handed>>("01 00").starts_with("invalid_value@"));
    CHECK(decoded<std::vector<empty_handed>>("02 0000").starts_with("invalid_value@"));
}

#ifdef __SIZEOF_INT128__
TEST_CASE("a 128-bit integer has no codec, also where the compiler calls it integral") {
    __extension__ using wide = __int128;
    STATIC_REQUIRE_FALSE(coterie::encodable<wide>);
    __extension__ using unsigned_wide = unsigned __int128;
    STATIC_REQUIRE_FALSE(coterie::encodable<unsigned_wide>);
}
#endif

template <class T>
concept fixed_on_the_wire = requires(writer& w, reader& r, std::span<const T> column, T word) {
    w.fixed(word);
    w.fixed_column(column);
    r.fixed<T>();
    r.fixed_column<T>();
};

template <class T>
concept any_fixed_on_the_wire =
    requires(writer& w, T word) { w.fixed(word); } ||
    requires(writer& w, std::span<const T> column) { w.fixed_column(column); } ||
    requires(reader& r) { r.fixed<T>(); } || requires(reader& r) { r.fixed_column<T>(); };

TEST_CASE("a bool is no word of fixed size, in a column neither: most bytes are none") {
    STATIC_REQUIRE(fixed_on_the_wire<std::uint8_t>);
    STATIC_REQUIRE(fixed_on_the_wire<std::uint64_t>);
    STATIC_REQUIRE_FALSE(any_fixed_on_the_wire<bool>);
    STATIC_REQUIRE_FALSE(any_fixed_on_the_wire<std::int32_t>);
}

TEST_CASE("room for elements of no size cannot be asked for") {
    CHECK(broken_precondition([] { (void)reader({}).reservable(1, 0); }) == "size > 0");
}

TEST_CASE("ids are their bytes, and bytes that are no id are an invalid value") {
    const auto id = ulid::from_words(0x0123456789ABCDEF, 0xFEDCBA9876543210);
    CHECK(to_hex(encode(id)) == "0123456789abcdeffedcba9876543210");
    CHECK(decode<ulid>(encode(id)) == id);
    CHECK(decoded<std::vector<ulid>>("02" + lots_of("ff", 32)) == "ok");
    CHECK(decoded<std::vector<ulid>>("02" + lots_of("ff", 31)) == "truncated@17");

    using tweet = snowflake<coterie::id::layouts::twitter>;
    const auto tweet_id = tweet::from_value(1541815603606036480).value();
    CHECK(to_hex(encode(tweet_id)) == "1565a11f6217a000");
    CHECK(decode<tweet>(encode(tweet_id)) == tweet_id);
    // The sign bit is not Twitter's to use.
    CHECK(decoded<tweet>("7fffffffffffffff") == "ok");
    CHECK(decoded<tweet>("8000000000000000") == "invalid_value@0");
    CHECK(decoded<std::pair<std::uint8_t, tweet>>("05 8000000000000000") == "invalid_value@1");
    CHECK(decoded<tweet>("80000000000000") == "truncated@0");
    check_corruption(tweet_id);
    check_corruption(std::vector<tweet>{tweet_id, tweet()});
}
