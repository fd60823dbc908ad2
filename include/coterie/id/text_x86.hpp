// SPDX-License-Identifier: BSL-1.0
#pragma once

// Text of ULIDs and UUIDs by the vector instructions of x86-64, chosen when the program runs: AVX2, or
// AVX-512 VBMI where the processor has it. ulid and uuid call this themselves; what it declines, because
// the processor is another one or the text is no id, the portable code does (crockford.hpp, hex.hpp).
//
// A ULID's 26 characters are two overlapping halves of 16, at 0 and at 10, and so fill one 32-byte
// register exactly: nothing is read or written outside the text, and no masks are needed.
//   write  fetch for each character the bytes that hold its five bits, shift them into place (AVX2: by a
//          multiplication, VBMI: by vpmultishiftqb), look the characters up
//   read   look the values up in tables of 16 (AVX2) or of 128 entries (VBMI), then join neighbours: two
//          of 5 bits to 10, two of those to 20, to 40, to a word
// A UUID is two halves of 18 characters, of which 16 are written by a register and two by themselves; to be
// read it is two overlapping pieces of 32. On other processors and compilers everything is declined.
//
// Source: W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", ACM
// Transactions on the Web 12(3), 2018, and "Base64 encoding and decoding at almost the speed of a memory
// copy", Software: Practice and Experience 50(2), 2020; here for 5 and for 4 bits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <coterie/id/bits128.hpp>
#include <coterie/id/crockford.hpp>
#include <coterie/id/hex.hpp>

namespace coterie::inline v0::id::detail {

/// How texts are written and read; a processor that has one level has those before it.
enum class text_level : std::uint8_t {
    portable,
    avx2,
    avx512_vbmi,
};

}  // namespace coterie::inline v0::id::detail

// Not on Windows: there g++ does not align the stack for 32-byte registers (GCC bug 54412).
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)

namespace coterie::inline v0::id::detail {

/// The best level of this processor. Before the runtime library has looked at it: portable.
[[nodiscard]] inline text_level best_text_level() noexcept {
    if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vl")) {
        return text_level::avx512_vbmi;
    }
    return __builtin_cpu_supports("avx2") ? text_level::avx2 : text_level::portable;
}

/// Functions for processors that may not be there: call them only after a look at best_text_level().
namespace x86 {

template <class Element, std::size_t Bytes>
struct vector {
    using type [[gnu::vector_size(Bytes)]] = Element;
};
using u8x32 = vector<std::uint8_t, 32>::type;
using u8x64 = vector<std::uint8_t, 64>::type;
using u16x16 = vector<std::uint16_t, 32>::type;
using u64x2 = vector<std::uint64_t, 16>::type;
using u64x4 = vector<std::uint64_t, 32>::type;

#define COTERIE_DETAIL_AVX2 [[gnu::target("avx2"), gnu::always_inline]] inline
#define COTERIE_DETAIL_VBMI [[gnu::target("avx2,avx512vl,avx512vbmi"), gnu::always_inline]] inline

// Instructions that the vector types of the compilers have no operator for. They are spelled out, since
// compilers rename and drop the builtins behind <immintrin.h>, which itself costs 40,000 lines.

/// Bytes of `table`, in each half of 16 by itself; where the top bit of the index is set, 0.
COTERIE_DETAIL_AVX2 u8x32 vpshufb(u8x32 table, u8x32 index) noexcept {
    u8x32 out;
    __asm__("vpshufb {%2, %1, %0|%0, %1, %2}" : "=x"(out) : "x"(table), "x"(index));
    return out;
}

/// The upper halves of 16-bit products: a shift to the right by 16 - n for each factor 1 << n.
COTERIE_DETAIL_AVX2 u16x16 vpmulhuw(u16x16 a, u16x16 b) noexcept {
    u16x16 out;
    __asm__("vpmulhuw {%2, %1, %0|%0, %1, %2}" : "=x"(out) : "x"(a), "x"(b));
    return out;
}

/// a[0] * b[0] + a[1] * b[1] for pairs of bytes.
COTERIE_DETAIL_AVX2 u16x16 vpmaddubsw(u8x32 a, u8x32 b) noexcept {
    u16x16 out;
    __asm__("vpmaddubsw {%2, %1, %0|%0, %1, %2}" : "=x"(out) : "x"(a), "x"(b));
    return out;
}

/// The same for pairs of 16 bits.
COTERIE_DETAIL_AVX2 u64x4 vpmaddwd(u16x16 a, u16x16 b) noexcept {
    u64x4 out;
    __asm__("vpmaddwd {%2, %1, %0|%0, %1, %2}" : "=x"(out) : "x"(a), "x"(b));
    return out;
}

/// For each byte `yes` where the top bit of `condition` is set, else `no`.
COTERIE_DETAIL_AVX2 u8x32 vpblendvb(u8x32 no, u8x32 yes, u8x32 condition) noexcept {
    u8x32 out;
    __asm__("vpblendvb {%3, %2, %1, %0|%0, %1, %2, %3}"
            : "=x"(out)
            : "x"(no), "x"(yes), "x"(condition));
    return out;
}

/// The top bits of all bytes.
COTERIE_DETAIL_AVX2 std::uint32_t vpmovmskb(u8x32 a) noexcept {
    std::uint32_t out;
    __asm__("vpmovmskb {%1, %0|%0, %1}" : "=r"(out) : "x"(a));
    return out;
}

/// Bytes of `table` by the five low bits of each index.
COTERIE_DETAIL_VBMI u8x32 vpermb(u8x32 table, u8x32 index) noexcept {
    u8x32 out;
    __asm__("vpermb {%1, %2, %0|%0, %2, %1}" : "=x"(out) : "x"(table), "x"(index));
    return out;
}

/// Each byte: the eight bits from `position` on of the 64 that it is among.
COTERIE_DETAIL_VBMI u8x32 vpmultishiftqb(u8x32 words, u8x32 position) noexcept {
    u8x32 out;
    __asm__("vpmultishiftqb {%1, %2, %0|%0, %2, %1}" : "=x"(out) : "x"(words), "x"(position));
    return out;
}

/// Bytes of a table of 128 by the seven low bits of each index.
COTERIE_DETAIL_VBMI u8x32 vpermi2b(const std::uint8_t* table, u8x32 index) noexcept {
    u8x64 first, second;
    std::memcpy(&first, table, sizeof(first));
    std::memcpy(&second, table + sizeof(first), sizeof(second));
    __asm__("vpermi2b {%2, %1, %g0|%g0, %1, %2}" : "+x"(index) : "x"(first), "x"(second));
    return index;
}

template <class Vector, class Element>
COTERIE_DETAIL_AVX2 Vector read(const Element* from) noexcept {
    Vector out;
    std::memcpy(&out, from, sizeof(out));
    return out;
}

/// {high, low, 0, 0}, never by way of memory: to load what two fresh stores left there takes longer than
/// all the rest, and g++ 12 would do it.
COTERIE_DETAIL_AVX2 u64x4 to_register(bits128 bits) noexcept {
    __asm__("" : "+r"(bits.low));
    return u64x4{bits.high, bits.low, 0, 0};
}

/// Sixteen bytes from each of two places.
COTERIE_DETAIL_AVX2 u8x32 read_halves(const char* low, const char* high) noexcept {
    const auto a = read<u64x2>(low), b = read<u64x2>(high);
    return reinterpret_cast<u8x32>(__builtin_shufflevector(a, b, 0, 1, 2, 3));
}

/// Sixteen bytes to each of two places.
COTERIE_DETAIL_AVX2 void write_halves(u8x32 bytes, char* low, char* high) noexcept {
    const auto words = reinterpret_cast<u64x4>(bytes);
    const u64x2 a = {words[0], words[1]}, b = {words[2], words[3]};
    std::memcpy(low, &a, sizeof(a));
    std::memcpy(high, &b, sizeof(b));
}

/// A table of the bytes or 16-bit numbers that fill a register.
template <class Element, class Entry>
consteval auto make_table(Entry entry) {
    std::array<Element, 32 / sizeof(Element)> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<Element>(entry(i));
    return table;
}

/// In an index: a byte of zeros, for vpshufb and, where the upper half of a register is zero, for vpermb.
inline constexpr std::size_t zero_byte = 0x90;

// --- ULID ------------------------------------------------------------------------------------------

/// Where the second half of a ULID's text begins.
inline constexpr std::size_t ulid_overlap = crockford_size - 16;

/// The character of a ULID that byte `i` of the register holds.
constexpr std::size_t ulid_character(std::size_t i) { return i < 16 ? i : i - 16 + ulid_overlap; }

/// The lowest of a character's five bits, among 128.
constexpr std::size_t ulid_bit(std::size_t character) {
    return 5 * (crockford_size - 1 - character);
}

/// Where the n-th byte of 128 bits, counted from the lowest, is in {high, low}.
constexpr std::size_t byte_in_words(std::size_t n) {
    return n < 8 ? n + 8 : n < 16 ? n - 8 : zero_byte;
}

// AVX2, writing: two characters are ten bits, which always lie within two bytes.
constexpr std::size_t ulid_pair_bit(std::size_t pair) {
    return ulid_bit(ulid_character(2 * pair) + 1);
}
inline constexpr auto ulid_pair_bytes = make_table<std::uint8_t>(
    [](std::size_t i) { return byte_in_words(ulid_pair_bit(i / 2) / 8 + i % 2); });
inline constexpr auto ulid_first_factor = make_table<std::uint16_t>(
    [](std::size_t pair) { return std::size_t{1} << (16 - 5 - ulid_pair_bit(pair) % 8); });
inline constexpr auto ulid_second_factor = make_table<std::uint16_t>(
    [](std::size_t pair) { return std::size_t{1} << (8 - ulid_pair_bit(pair) % 8); });
inline constexpr auto crockford_0_to_15 =
    make_table<std::uint8_t>([](std::size_t i) { return crockford_alphabet[i % 16]; });
inline constexpr auto crockford_16_to_31 =
    make_table<std::uint8_t>([](std::size_t i) { return crockford_alphabet[16 + i % 16]; });

[[gnu::target("avx2")]] inline void write_ulid_avx2(bits128 bits, char* out) noexcept {
    const u64x4 words = to_register(bits);
    const auto twice = reinterpret_cast<u8x32>(__builtin_shufflevector(words, words, 0, 1, 0, 1));
    const auto pairs =
        reinterpret_cast<u16x16>(vpshufb(twice, read<u8x32>(ulid_pair_bytes.data())));
    const u16x16 first = vpmulhuw(pairs, read<u16x16>(ulid_first_factor.data())) & 0x001F;
    const u16x16 second = pairs * read<u16x16>(ulid_second_factor.data()) & 0x1F00;
    const u16x16 values = first | second;
    const auto index = reinterpret_cast<u8x32>(values);
    const auto is_above_15 = reinterpret_cast<u8x32>(values << 3);
    write_halves(vpblendvb(vpshufb(read<u8x32>(crockford_0_to_15.data()), index),
                           vpshufb(read<u8x32>(crockford_16_to_31.data()), index), is_above_15),
                 out, out + ulid_overlap);
}

// VBMI, writing: eight characters are 40 bits, which always lie within eight bytes.
constexpr std::size_t ulid_word_byte(std::size_t i) { return ulid_bit(ulid_character(i | 7)) / 8; }
inline constexpr auto ulid_word_bytes = make_table<std::uint8_t>(
    [](std::size_t i) { return byte_in_words(ulid_word_byte(i) + i % 8); });
inline constexpr auto ulid_position = make_table<std::uint8_t>(
    [](std::size_t i) { return ulid_bit(ulid_character(i)) - 8 * ulid_word_byte(i); });
inline constexpr auto crockford_0_to_31 =
    make_table<std::uint8_t>([](std::size_t i) { return crockford_alphabet[i]; });

[[gnu::target("avx2,avx512vl,avx512vbmi")]] inline void write_ulid_vbmi(bits128 bits,
                                                                        char* out) noexcept {
    const auto words = reinterpret_cast<u8x32>(to_register(bits));
    const u8x32 bytes = vpermb(words, read<u8x32>(ulid_word_bytes.data()));
    const u8x32 values = vpmultishiftqb(bytes, read<u8x32>(ulid_position.data()));
    write_halves(vpermb(read<u8x32>(crockford_0_to_31.data()), values), out, out + ulid_overlap);
}

// Reading: 26 values of five bits, in the two overlapping halves, to 128 bits.
inline constexpr auto join_5_bits =
    make_table<std::uint8_t>([](std::size_t i) { return i % 2 == 0 ? 32 : 1; });
inline constexpr auto join_10_bits =
    make_table<std::uint16_t>([](std::size_t i) { return i % 2 == 0 ? 1024 : 1; });

COTERIE_DETAIL_AVX2 bits128 join_ulid(u8x32 values) noexcept {
    const u16x16 of_10_bits = vpmaddubsw(values, read<u8x32>(join_5_bits.data()));
    const u64x4 of_20_bits = vpmaddwd(of_10_bits, read<u16x16>(join_10_bits.data()));
    u64x4 of_40_bits = (of_20_bits & 0xFFFFFFFF) << 20 | of_20_bits >> 32;
    // Characters 0 to 7 and 8 to 15 make the high word, 10 to 17 and 18 to 25 the low one.
    of_40_bits = of_40_bits << u64x4{26, 0, 40, 0} >> u64x4{0, 14, 0, 0};
    const u64x4 joined = of_40_bits | __builtin_shufflevector(of_40_bits, of_40_bits, 1, 0, 3, 2);
    return {joined[0], joined[2]};
}

/// The values of sixteen characters, by their low four bits; the top bit is set for those that have none.
/// 0x40 serves 0x60 as well, and 0x50 serves 0x70: a letter has one value in both cases.
template <std::size_t From>
inline constexpr auto crockford_16_values = make_table<std::uint8_t>(
    [](std::size_t i) { return crockford_values<crockford_aliases::none>[From + i % 16]; });

[[gnu::target("avx2")]] inline bool read_ulid_avx2(const char* text, bits128& out) noexcept {
    const u8x32 c = read_halves(text, text + ulid_overlap);
    const auto of_0x30 = vpshufb(read<u8x32>(crockford_16_values<0x30>.data()), c);
    const auto of_0x40 = vpshufb(read<u8x32>(crockford_16_values<0x40>.data()), c);
    const auto of_0x50 = vpshufb(read<u8x32>(crockford_16_values<0x50>.data()), c);
    // Bit 6 tells letters from digits, bit 4 the later letters from the earlier ones.
    const auto bit_4 = reinterpret_cast<u8x32>(reinterpret_cast<u16x16>(c) << 3);
    const auto bit_6 = reinterpret_cast<u8x32>(reinterpret_cast<u16x16>(c) << 1);
    const u8x32 values = vpblendvb(of_0x30, vpblendvb(of_0x40, of_0x50, bit_4), bit_6);
    // What is below 0x30 gets the top bit by wrapping, what is above 0x7F has it.
    if (vpmovmskb(values | c | (c - 0x30)) != 0 || text[0] > '7') return false;
    out = join_ulid(values);
    return true;
}

[[gnu::target("avx2,avx512vl,avx512vbmi")]] inline bool read_ulid_vbmi(const char* text,
                                                                       bits128& out) noexcept {
    const auto& table = crockford_values<crockford_aliases::none>;
    const u8x32 c = read_halves(text, text + ulid_overlap);
    const u8x32 values = vpermi2b(table.data(), c);
    if (vpmovmskb(values | c) != 0 || text[0] > '7') return false;
    out = join_ulid(values);
    return true;
}

// --- UUID ------------------------------------------------------------------------------------------

// Writing: the high word's digits fill the lower half of a register, the low word's the upper one. With
// two hyphens each half of the text is 18 characters: two too many, which are written by themselves.
inline constexpr std::size_t uuid_half = 18;
inline constexpr std::size_t uuid_cut = 16;

/// The character that byte `i` of such a register holds.
constexpr std::size_t uuid_character(std::size_t i) { return i < 16 ? i : i - 16 + uuid_half; }

/// For each two digits the byte that they write, then a byte of zeros.
inline constexpr auto uuid_bytes =
    make_table<std::uint8_t>([](std::size_t i) { return i % 2 == 0 ? 7 - i % 16 / 2 : zero_byte; });
inline constexpr auto hex_0_to_15 =
    make_table<std::uint8_t>([](std::size_t i) { return hex_alphabet[i % 16]; });

/// The digit at each place, counted within its half; zero_byte for hyphens.
inline constexpr auto uuid_spread = make_table<std::uint8_t>([](std::size_t i) {
    for (std::size_t digit = 0; digit < 32; ++digit) {
        if (uuid_position(digit) == uuid_character(i)) return digit % 16;
    }
    return zero_byte;
});
inline constexpr auto uuid_hyphens =
    make_table<std::uint8_t>([](std::size_t i) { return uuid_spread[i] == zero_byte ? '-' : 0; });

[[gnu::target("avx2")]] inline void write_uuid_avx2(bits128 bits, char* out) noexcept {
    const auto words = reinterpret_cast<u8x32>(u64x4{bits.high, 0, bits.low, 0});
    const auto bytes = reinterpret_cast<u16x16>(vpshufb(words, read<u8x32>(uuid_bytes.data())));
    const auto index = reinterpret_cast<u8x32>((bytes >> 4 | bytes << 8) & 0x0F0F);
    const u8x32 digits = vpshufb(read<u8x32>(hex_0_to_15.data()), index);
    const u8x32 text =
        vpshufb(digits, read<u8x32>(uuid_spread.data())) | read<u8x32>(uuid_hyphens.data());
    write_halves(text, out, out + uuid_half);
    const auto pairs = reinterpret_cast<u16x16>(digits);
    const std::uint16_t last_of_high = pairs[7], last_of_low = pairs[15];
    std::memcpy(out + uuid_cut, &last_of_high, 2);
    std::memcpy(out + uuid_half + uuid_cut, &last_of_low, 2);
}

// Reading: a register from 0 and one from 4 hold all characters, and the digits of the high word are in the
// lower halves of both, those of the low word in the upper halves.
inline constexpr std::size_t uuid_second = 4;

/// Where a digit is in its half of the register that begins at `from`; zero_byte if it is not there.
constexpr std::size_t uuid_digit_place(std::size_t digit, std::size_t from) {
    const std::size_t half = digit < 16 ? from : from + 16;
    const std::size_t at = uuid_position(digit);
    return at >= half && at < half + 16 ? at - half : zero_byte;
}
inline constexpr auto uuid_from_first =
    make_table<std::uint8_t>([](std::size_t i) { return uuid_digit_place(i, 0); });
inline constexpr auto uuid_from_second = make_table<std::uint8_t>([](std::size_t i) {
    return uuid_from_first[i] == zero_byte ? uuid_digit_place(i, uuid_second) : zero_byte;
});

/// The top bit where the text must have a hyphen: all four are in the first register.
inline constexpr auto uuid_hyphen_places =
    make_table<std::uint8_t>([](std::size_t i) { return is_uuid_hyphen(i) ? 0x80 : 0; });

/// The values of digits by their low four bits, and which high four bits a digit has; the top bit is set
/// for what is none.
inline constexpr auto hex_of_0x30 =
    make_table<std::uint8_t>([](std::size_t i) { return hex_values[0x30 + i % 16]; });
inline constexpr auto hex_of_0x40 =
    make_table<std::uint8_t>([](std::size_t i) { return hex_values[0x40 + i % 16]; });
inline constexpr auto hex_rows = make_table<std::uint8_t>([](std::size_t i) {
    const std::size_t row = i % 16;
    return row == 3 || row == 4 || row == 6 ? 0 : 0x80;
});
inline constexpr auto join_4_bits =
    make_table<std::uint8_t>([](std::size_t i) { return i % 2 == 0 ? 16 : 1; });
inline constexpr auto uuid_words =
    make_table<std::uint8_t>([](std::size_t i) { return i % 16 < 8 ? 14 - i % 8 * 2 : zero_byte; });

[[gnu::target("avx2")]] inline bool read_uuid_avx2(const char* text, bits128& out) noexcept {
    const auto first = read<u8x32>(text), second = read<u8x32>(text + uuid_second);
    const u8x32 c = vpshufb(first, read<u8x32>(uuid_from_first.data())) |
                    vpshufb(second, read<u8x32>(uuid_from_second.data()));
    const auto no_hyphen =
        reinterpret_cast<u8x32>(first != '-') & read<u8x32>(uuid_hyphen_places.data());
    const auto row = reinterpret_cast<u8x32>(reinterpret_cast<u16x16>(c) >> 4) & 0x0F;
    const auto bit_6 = reinterpret_cast<u8x32>(reinterpret_cast<u16x16>(c) << 1);
    const u8x32 values = vpblendvb(vpshufb(read<u8x32>(hex_of_0x30.data()), c),
                                   vpshufb(read<u8x32>(hex_of_0x40.data()), c), bit_6);
    const u8x32 in_no_row = vpshufb(read<u8x32>(hex_rows.data()), row);
    if (vpmovmskb(values | in_no_row | no_hyphen) != 0) return false;
    const auto bytes = reinterpret_cast<u8x32>(vpmaddubsw(values, read<u8x32>(join_4_bits.data())));
    const auto words = reinterpret_cast<u64x4>(vpshufb(bytes, read<u8x32>(uuid_words.data())));
    out = {words[0], words[2]};
    return true;
}

#undef COTERIE_DETAIL_AVX2
#undef COTERIE_DETAIL_VBMI

}  // namespace x86

/// Writes the text of a ULID, unless the level is portable. Returns: whether it did.
inline bool write_ulid_text(bits128 bits, std::span<char, crockford_size> out,
                            text_level level = best_text_level()) noexcept {
    if (level == text_level::portable) return false;
    if (level == text_level::avx512_vbmi) {
        x86::write_ulid_vbmi(bits, out.data());
    } else {
        x86::write_ulid_avx2(bits, out.data());
    }
    return true;
}

/// Reads a ULID, unless the level is portable or the text is none. Returns: whether it did.
inline bool read_ulid_text(std::string_view text, bits128& out,
                           text_level level = best_text_level()) noexcept {
    if (level == text_level::portable || text.size() != crockford_size) return false;
    return level == text_level::avx512_vbmi ? x86::read_ulid_vbmi(&text.front(), out)
                                            : x86::read_ulid_avx2(&text.front(), out);
}

/// Writes the text of a UUID, unless the level is portable. Returns: whether it did.
inline bool write_uuid_text(bits128 bits, std::span<char, uuid_size> out,
                            text_level level = best_text_level()) noexcept {
    if (level == text_level::portable) return false;
    x86::write_uuid_avx2(bits, out.data());
    return true;
}

/// Reads a UUID with hyphens, unless the level is portable or the text is none. Returns: whether it did.
inline bool read_uuid_text(std::string_view text, bits128& out,
                           text_level level = best_text_level()) noexcept {
    if (level == text_level::portable || text.size() != uuid_size) return false;
    return x86::read_uuid_avx2(&text.front(), out);
}

}  // namespace coterie::inline v0::id::detail

#else

namespace coterie::inline v0::id::detail {

[[nodiscard]] constexpr text_level best_text_level() noexcept { return text_level::portable; }

// Nothing is done here, whatever the level.
constexpr bool write_ulid_text(bits128, std::span<char, crockford_size>, text_level = {}) noexcept {
    return false;
}
constexpr bool read_ulid_text(std::string_view, bits128&, text_level = {}) noexcept {
    return false;
}
constexpr bool write_uuid_text(bits128, std::span<char, uuid_size>, text_level = {}) noexcept {
    return false;
}
constexpr bool read_uuid_text(std::string_view, bits128&, text_level = {}) noexcept {
    return false;
}

}  // namespace coterie::inline v0::id::detail

#endif
