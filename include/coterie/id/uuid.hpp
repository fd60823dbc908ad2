// SPDX-License-Identifier: BSL-1.0
#pragma once

// A UUID of RFC 9562: 128 bits, written as 36 characters of hexadecimal with hyphens. Version 7 begins
// with 48 bits of Unix milliseconds and is what new keys should be: it sorts by time of creation.
// Version 4 is random all over: take it where the time of creation is a secret. Where nothing asks for
// the UUID format, a ulid says the same in fewer characters and has six more random bits.
//
//   v7   127              80 79    76 75         64 63    62 61                       0
//        | unix_ts_ms : 48 | ver : 4 | rand_a : 12 | var : 2 |      rand_b : 62       |
//
// Order by value, by bytes and by (equally cased) text is the same.
// Source: RFC 9562, "Universally Unique IDentifiers (UUIDs)", 2024.

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <ratio>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/core/text.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/hex.hpp>
#include <coterie/id/text128.hpp>
#include <coterie/id/text_x86.hpp>
#include <coterie/id/ulid.hpp>

namespace coterie::inline v0::id {

/// What the two or three top bits of the ninth byte say (RFC 9562, section 4.1).
enum class uuid_variant : std::uint8_t {
    ncs,        ///< 0xx: Apollo NCS, and the nil UUID
    rfc9562,    ///< 10x: this RFC and its predecessors; only here does `version()` mean something
    microsoft,  ///< 110: early Windows GUIDs
    future,     ///< 111: reserved, and the max UUID
};

[[nodiscard]] constexpr const char* describe(uuid_variant variant) noexcept {
    switch (variant) {
        case uuid_variant::ncs: return "NCS";
        case uuid_variant::rfc9562: return "RFC 9562";
        case uuid_variant::microsoft: return "Microsoft";
        case uuid_variant::future: return "reserved";
    }
    return "unknown variant";
}

/// A UUID of any version. A regular type; the default is the nil UUID.
class uuid {
public:
    /// The number of characters of its text.
    static constexpr std::size_t max_text_size = 36;

    constexpr uuid() = default;

    /// Reads 36 characters, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", in upper or lower case.
    ///
    /// Errors: wrong_length; invalid_character (a missing or misplaced hyphen among them). Any version
    /// and variant is taken. Never reads past `text`. Complexity: constant.
    [[nodiscard]] static constexpr std::expected<uuid, parse_error> parse(
        std::string_view text) noexcept;

    /// As `parse`, and also in braces, after "urn:uuid:", and without any hyphens.
    [[nodiscard]] static constexpr std::expected<uuid, parse_error> parse_lenient(
        std::string_view text) noexcept;

    /// Its 16 bytes, big-endian; any 16 bytes are a UUID of some kind.
    [[nodiscard]] static constexpr uuid from_bytes(std::span<const std::byte, 16> bytes) noexcept;

    /// Bits 127 to 64, and 63 to 0.
    [[nodiscard]] static constexpr uuid from_words(std::uint64_t high, std::uint64_t low) noexcept;

    /// The same 128 bits under the other name. Version and variant are not set: it is a v7 only by chance.
    [[nodiscard]] static constexpr uuid from_ulid(const ulid& id) noexcept;

    /// A version 4 of 122 of these random bits.
    [[nodiscard]] static constexpr uuid compose_v4(std::span<const std::byte, 16> random) noexcept;

    /// A version 7 of a time and 74 of these random bits. Errors: before_epoch, time_exhausted (48 bits).
    [[nodiscard]] static constexpr std::expected<uuid, id_errc> compose_v7(
        sys_milliseconds t, std::span<const std::byte, 10> random) noexcept;

    /// The smallest version 7 of a millisecond: where a scan of a table by time begins.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<uuid, id_errc> min_at(sys_milliseconds t) noexcept;

    /// The largest version 7 of a millisecond: where a scan of a table by time ends, included.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<uuid, id_errc> max_at(sys_milliseconds t) noexcept;

    /// Which family of UUIDs it is of.
    [[nodiscard]] constexpr uuid_variant variant() const noexcept;

    /// The four version bits: 1 to 8 where the variant is rfc9562, else without meaning.
    [[nodiscard]] constexpr unsigned version() const noexcept {
        return static_cast<unsigned>(bits_.high >> 12 & 0xF);
    }

    /// When it was made, by the clock of its maker: of versions 1, 6 and 7, rounded down; else nothing.
    [[nodiscard]] constexpr std::optional<sys_milliseconds> timestamp() const noexcept;

    /// The next version 7 of the same millisecond: its 74 random bits plus one.
    /// Errors: not_time_ordered if it is no version 7; no_successor where the random bits are all ones.
    [[nodiscard]] constexpr std::expected<uuid, id_errc> successor() const noexcept;

    /// The same 128 bits as a ULID; of a version 7 it has the same timestamp.
    [[nodiscard]] constexpr ulid to_ulid() const noexcept {
        return ulid::from_words(bits_.high, bits_.low);
    }

    /// Its 16 bytes, big-endian: in the order of the ids.
    [[nodiscard]] constexpr std::array<std::byte, 16> bytes() const noexcept {
        return bits_.bytes();
    }
    [[nodiscard]] constexpr std::uint64_t high() const noexcept { return bits_.high; }
    [[nodiscard]] constexpr std::uint64_t low() const noexcept { return bits_.low; }

    /// Writes its 36 characters, in lower case and without a terminating zero. Returns: their end.
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept;
    [[nodiscard]] constexpr std::string to_string() const;

    /// What std::hash gives.
    [[nodiscard]] constexpr std::size_t hash() const noexcept { return bits_.hash(); }

    friend constexpr auto operator<=>(const uuid&, const uuid&) = default;

private:
    static constexpr std::uint64_t version_bits = 0xF000;
    static constexpr std::uint64_t variant_bits = std::uint64_t{3} << 62;
    static constexpr std::uint64_t rfc_variant = std::uint64_t{2} << 62;

    explicit constexpr uuid(const detail::bits128& bits) noexcept : bits_(bits) {}

    // A v7 of a millisecond and the bits around version and variant, which are overwritten.
    static constexpr std::expected<uuid, id_errc> v7_from(sys_milliseconds t, std::uint64_t rand_a,
                                                          std::uint64_t rand_b) noexcept;

    detail::bits128 bits_;
};

inline namespace literals {

/// "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"_uuid, parsed strictly by the compiler.
consteval uuid operator""_uuid(const char* text, std::size_t size) {
    return detail::id_literal<uuid>(text, size);
}

}  // namespace literals

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Whether a text begins with "urn:uuid:", in any case.
constexpr bool has_urn_prefix(std::string_view text) noexcept {
    constexpr std::string_view urn = "urn:uuid:";
    if (text.size() < urn.size()) return false;
    for (std::size_t i = 0; i < urn.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != urn[i]) return false;
    }
    return true;
}

/// The text of a UUID (text128.hpp).
struct uuid_text {
    static constexpr std::size_t size = uuid_size;
    static constexpr auto encode = uuid_encode;
    static constexpr auto write = write_uuid_text;
    static constexpr auto read = read_uuid_text;

    static constexpr std::expected<bits128, parse_error> decode(std::string_view text) noexcept {
        return uuid_decode(text, true, 0);
    }
    static constexpr std::expected<bits128, parse_error> decode_lenient(
        std::string_view text) noexcept;
};

constexpr std::expected<bits128, parse_error> uuid_text::decode_lenient(
    std::string_view text) noexcept {
    const std::size_t brace = text.starts_with('{') ? 1 : 0;
    const std::size_t prefix = has_urn_prefix(text) ? 9 : brace;
    const std::size_t digits =
        text.size() - prefix - brace;  // of a text of neither length, a guess
    const bool hyphens =
        digits == 36 || (digits != 32 && text.size() > prefix + 8 && text[prefix + 8] == '-');
    const std::size_t end = prefix + (hyphens ? 36 : 32);
    if (text.size() != end + brace) {
        return wrong_length(text.size(), end + brace);
    }
    const auto bits = uuid_decode(text.substr(prefix, end - prefix), hyphens, prefix);
    if (bits.has_value() && brace != 0 && text[end] != '}') {
        return std::unexpected(parse_error{parse_errc::invalid_character, end});
    }
    return bits;
}

}  // namespace detail

constexpr std::expected<uuid, parse_error> uuid::parse(std::string_view text) noexcept {
    return detail::parse_id<uuid, detail::uuid_text>(text);
}

constexpr std::expected<uuid, parse_error> uuid::parse_lenient(std::string_view text) noexcept {
    return detail::id_of<uuid>(detail::uuid_text::decode_lenient(text));
}

constexpr uuid uuid::from_bytes(std::span<const std::byte, 16> bytes) noexcept {
    return uuid(detail::bits128::from_bytes(bytes));
}

constexpr uuid uuid::from_words(std::uint64_t high, std::uint64_t low) noexcept {
    return uuid({high, low});
}

constexpr uuid uuid::from_ulid(const ulid& id) noexcept { return from_words(id.high(), id.low()); }

constexpr uuid uuid::compose_v4(std::span<const std::byte, 16> random) noexcept {
    const auto bits = detail::bits128::from_bytes(random);
    return from_words((bits.high & ~version_bits) | 0x4000,
                      (bits.low & ~variant_bits) | rfc_variant);
}

constexpr std::expected<uuid, id_errc> uuid::v7_from(sys_milliseconds t, std::uint64_t rand_a,
                                                     std::uint64_t rand_b) noexcept {
    const auto unix_ms = detail::unix_ms48(t);
    if (!unix_ms.has_value()) return std::unexpected(unix_ms.error());
    return from_words(*unix_ms << 16 | 0x7000 | (rand_a & 0xFFF),
                      (rand_b & ~variant_bits) | rfc_variant);
}

constexpr std::expected<uuid, id_errc> uuid::compose_v7(
    sys_milliseconds t, std::span<const std::byte, 10> random) noexcept {
    return v7_from(t, detail::load<std::uint16_t, std::endian::big>(random.data()),
                   detail::load<std::uint64_t, std::endian::big>(random.data() + 2));
}

constexpr std::expected<uuid, id_errc> uuid::min_at(sys_milliseconds t) noexcept {
    return v7_from(t, 0, 0);
}

constexpr std::expected<uuid, id_errc> uuid::max_at(sys_milliseconds t) noexcept {
    return v7_from(t, ~std::uint64_t{0}, ~std::uint64_t{0});
}

constexpr uuid_variant uuid::variant() const noexcept {
    const auto top = bits_.low >> 61;
    if (top < 4) return uuid_variant::ncs;
    if (top < 6) return uuid_variant::rfc9562;
    return top == 6 ? uuid_variant::microsoft : uuid_variant::future;
}

constexpr std::optional<sys_milliseconds> uuid::timestamp() const noexcept {
    if (variant() != uuid_variant::rfc9562) return std::nullopt;
    if (version() == 7) return detail::from_unix_ms48(bits_.high >> 16);
    // Versions 1 and 6 count 100 ns since the Gregorian reform, in differently ordered pieces.
    std::uint64_t ticks = 0;
    if (version() == 6) {
        ticks = bits_.high >> 16 << 12 | (bits_.high & 0xFFF);
    } else if (version() == 1) {
        ticks = (bits_.high & 0xFFF) << 48 | (bits_.high >> 16 & 0xFFFF) << 32 | bits_.high >> 32;
    } else {
        return std::nullopt;
    }
    using ticks_100ns = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
    constexpr std::chrono::sys_days gregorian = std::chrono::year{1582} / 10 / 15;
    // NOLINTNEXTLINE(misc-include-cleaner): <chrono> it is
    return std::chrono::floor<std::chrono::milliseconds>(
        gregorian + ticks_100ns(static_cast<std::int64_t>(ticks)));
}

constexpr std::expected<uuid, id_errc> uuid::successor() const noexcept {
    if (variant() != uuid_variant::rfc9562 || version() != 7) {
        return std::unexpected(id_errc::not_time_ordered);
    }
    if ((~bits_.low & ~variant_bits) != 0) return from_words(bits_.high, bits_.low + 1);
    if ((~bits_.high & 0xFFF) != 0) return from_words(bits_.high + 1, rfc_variant);
    return std::unexpected(id_errc::no_successor);
}

constexpr char* uuid::to_chars(std::span<char, max_text_size> out) const noexcept {
    return detail::write_id<detail::uuid_text>(bits_, out);
}

constexpr std::string uuid::to_string() const { return coterie::to_string(*this); }

}  // namespace coterie::inline v0::id

template <>
struct std::hash<coterie::id::uuid> {
    constexpr std::size_t operator()(const coterie::id::uuid& x) const noexcept { return x.hash(); }
};
