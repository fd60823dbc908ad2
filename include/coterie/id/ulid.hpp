// SPDX-License-Identifier: BSL-1.0
#pragma once

// A ULID: 48 bits of Unix milliseconds, then 80 random bits, written as 26 characters of Crockford's
// base 32. Take it for keys that sort by time of creation, are made anywhere without asking anybody,
// and travel as text. Do not take it where the time of creation is a secret.
//
//   bits 127                      80 79                                             0
//       |        unix_ms : 48       |                  random : 80                  |
//
// Order by value, by text and by bytes is the same. This header is the value; making new ones is the
// business of a generator. Source: the ULID specification, github.com/ulid/spec.

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/core/text.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/crockford.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/text128.hpp>
#include <coterie/id/text_x86.hpp>

namespace coterie::inline v0::id {

/// A 128-bit id in order of its time. A regular type; the default is all zero bits.
class ulid {
public:
    /// The number of characters of its text.
    static constexpr std::size_t max_text_size = 26;

    constexpr ulid() = default;

    /// Reads the 26 characters of the specification, in upper or lower case.
    ///
    /// Errors: wrong_length; invalid_character (I, L, O and U among them); out_of_range for what needs
    /// more than 128 bits ("8ZZZ..."). Never reads past `text`. Complexity: constant.
    [[nodiscard]] static constexpr std::expected<ulid, parse_error> parse(
        std::string_view text) noexcept;

    /// As `parse`, but takes I and L for 1, and O for 0, as Crockford does for what people type.
    [[nodiscard]] static constexpr std::expected<ulid, parse_error> parse_lenient(
        std::string_view text) noexcept;

    /// Its 16 bytes, big-endian; any 16 bytes are a ULID.
    [[nodiscard]] static constexpr ulid from_bytes(std::span<const std::byte, 16> bytes) noexcept;

    /// Bits 127 to 64, and 63 to 0.
    [[nodiscard]] static constexpr ulid from_words(std::uint64_t high, std::uint64_t low) noexcept;

    /// The id of a time and 80 random bits. Errors: before_epoch, time_exhausted (48 bits).
    [[nodiscard]] static constexpr std::expected<ulid, id_errc> compose(
        sys_milliseconds t, std::span<const std::byte, 10> random) noexcept;

    /// The smallest id of a millisecond: where a scan of a table by time begins.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<ulid, id_errc> min_at(sys_milliseconds t) noexcept;

    /// The largest id of a millisecond: where a scan of a table by time ends, included.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<ulid, id_errc> max_at(sys_milliseconds t) noexcept;

    /// When it was made, by the clock of its maker. (Calendar functions of <chrono> end in the year 32767.)
    [[nodiscard]] constexpr sys_milliseconds timestamp() const noexcept;

    /// The 80 bits that are not time.
    [[nodiscard]] constexpr std::array<std::byte, 10> random() const noexcept;

    /// The next id of the same millisecond: the random bits plus one.
    /// Errors: no_successor, where they are all ones; it never spills into the time.
    [[nodiscard]] constexpr std::expected<ulid, id_errc> successor() const noexcept;

    /// Its 16 bytes, big-endian: in the order of the ids.
    [[nodiscard]] constexpr std::array<std::byte, 16> bytes() const noexcept {
        return bits_.bytes();
    }
    [[nodiscard]] constexpr std::uint64_t high() const noexcept { return bits_.high; }
    [[nodiscard]] constexpr std::uint64_t low() const noexcept { return bits_.low; }

    /// Writes its 26 characters, in upper case and without a terminating zero. Returns: their end.
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept;
    [[nodiscard]] constexpr std::string to_string() const;

    /// What std::hash gives.
    [[nodiscard]] constexpr std::size_t hash() const noexcept { return bits_.hash(); }

    friend constexpr auto operator<=>(const ulid&, const ulid&) = default;

private:
    explicit constexpr ulid(const detail::bits128& bits) noexcept : bits_(bits) {}

    detail::bits128 bits_;
};

inline namespace literals {

/// "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid, parsed strictly by the compiler.
consteval ulid operator""_ulid(const char* text, std::size_t size) {
    return detail::id_literal<ulid>(text, size);
}

}  // namespace literals

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The text of a ULID (text128.hpp).
struct ulid_text {
    static constexpr std::size_t size = crockford_size;
    static constexpr auto encode = crockford_encode;
    static constexpr auto decode = crockford_decode<crockford_aliases::none>;
    static constexpr auto write = write_ulid_text;
    static constexpr auto read = read_ulid_text;

    static constexpr std::expected<bits128, parse_error> decode_lenient(
        std::string_view text) noexcept {
        if (text.size() != size) return wrong_length(text.size(), size);
        return crockford_decode<crockford_aliases::i_l_o>(text);
    }
};

}  // namespace detail

constexpr std::expected<ulid, parse_error> ulid::parse(std::string_view text) noexcept {
    return detail::parse_id<ulid, detail::ulid_text>(text);
}

constexpr std::expected<ulid, parse_error> ulid::parse_lenient(std::string_view text) noexcept {
    return detail::id_of<ulid>(detail::ulid_text::decode_lenient(text));
}

constexpr ulid ulid::from_bytes(std::span<const std::byte, 16> bytes) noexcept {
    return ulid(detail::bits128::from_bytes(bytes));
}

constexpr ulid ulid::from_words(std::uint64_t high, std::uint64_t low) noexcept {
    return ulid({high, low});
}

constexpr std::expected<ulid, id_errc> ulid::min_at(sys_milliseconds t) noexcept {
    const auto unix_ms = detail::unix_ms48(t);
    if (!unix_ms.has_value()) return std::unexpected(unix_ms.error());
    return from_words(*unix_ms << 16, 0);
}

constexpr std::expected<ulid, id_errc> ulid::max_at(sys_milliseconds t) noexcept {
    const auto unix_ms = detail::unix_ms48(t);
    if (!unix_ms.has_value()) return std::unexpected(unix_ms.error());
    return from_words(*unix_ms << 16 | 0xFFFF, ~std::uint64_t{0});
}

constexpr std::expected<ulid, id_errc> ulid::compose(
    sys_milliseconds t, std::span<const std::byte, 10> random) noexcept {
    const auto unix_ms = detail::unix_ms48(t);
    if (!unix_ms.has_value()) return std::unexpected(unix_ms.error());
    return from_words(*unix_ms << 16 | detail::load<std::uint16_t, std::endian::big>(random.data()),
                      detail::load<std::uint64_t, std::endian::big>(random.data() + 2));
}

constexpr sys_milliseconds ulid::timestamp() const noexcept {
    return detail::from_unix_ms48(bits_.high >> 16);
}

constexpr std::array<std::byte, 10> ulid::random() const noexcept {
    std::array<std::byte, 10> out{};
    detail::store<std::endian::big>(static_cast<std::uint16_t>(bits_.high & 0xFFFF), out.data());
    detail::store<std::endian::big>(bits_.low, out.data() + 2);
    return out;
}

constexpr std::expected<ulid, id_errc> ulid::successor() const noexcept {
    const std::uint64_t low = bits_.low + 1;
    const std::uint64_t high = bits_.high + (low == 0 ? 1 : 0);
    if (high >> 16 != bits_.high >> 16) return std::unexpected(id_errc::no_successor);
    return from_words(high, low);
}

constexpr char* ulid::to_chars(std::span<char, max_text_size> out) const noexcept {
    return detail::write_id<detail::ulid_text>(bits_, out);
}

constexpr std::string ulid::to_string() const { return coterie::to_string(*this); }

}  // namespace coterie::inline v0::id

template <>
struct std::hash<coterie::id::ulid> {
    constexpr std::size_t operator()(const coterie::id::ulid& x) const noexcept { return x.hash(); }
};
