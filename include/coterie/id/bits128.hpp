// SPDX-License-Identifier: BSL-1.0
#pragma once

// What ulid and uuid are made of: 128 bits as two native words, which compare and sort twice as fast
// as sixteen bytes do, and the big-endian bytes that go on the wire. For the library's own headers.

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <coterie/core/bits.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/id/error.hpp>

namespace coterie::inline v0::id {

/// The time in most ids.
using coterie::sys_milliseconds;

}  // namespace coterie::inline v0::id

namespace coterie::inline v0::id::detail {

using coterie::detail::load;
using coterie::detail::mix64;
using coterie::detail::store;

/// Milliseconds since 1970 in the 48 bits that a ULID and a UUIDv7 have for them.
constexpr std::expected<std::uint64_t, id_errc> unix_ms48(sys_milliseconds t) noexcept {
    const auto since_epoch = t.time_since_epoch().count();
    if (since_epoch < 0) return std::unexpected(id_errc::before_epoch);
    const auto unix_ms = static_cast<std::uint64_t>(since_epoch);
    if (unix_ms >> 48 != 0) return std::unexpected(id_errc::time_exhausted);
    return unix_ms;
}

/// The inverse of unix_ms48.
constexpr sys_milliseconds from_unix_ms48(std::uint64_t unix_ms) noexcept {
    return sys_milliseconds(std::chrono::milliseconds(static_cast<std::int64_t>(unix_ms)));
}

struct bits128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    [[nodiscard]] static constexpr bits128 from_bytes(
        std::span<const std::byte, 16> bytes) noexcept {
        return {load<std::uint64_t, std::endian::big>(bytes.data()),
                load<std::uint64_t, std::endian::big>(bytes.data() + 8)};
    }

    [[nodiscard]] constexpr std::array<std::byte, 16> bytes() const noexcept {
        std::array<std::byte, 16> out{};
        store<std::endian::big>(high, out.data());
        store<std::endian::big>(low, out.data() + 8);
        return out;
    }

    /// All bits mixed: the low ones of an id are often a sequence, the high ones a slow clock.
    [[nodiscard]] constexpr std::size_t hash() const noexcept {
        return static_cast<std::size_t>(mix64(high + mix64(low + 0x9E3779B97F4A7C15U)));
    }

    friend constexpr auto operator<=>(const bits128&, const bits128&) = default;
};

}  // namespace coterie::inline v0::id::detail
