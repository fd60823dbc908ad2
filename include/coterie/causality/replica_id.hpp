// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who did it. Whatever counts events counts them by replica, and one rule holds for all of it: a replica
// that has lost its state must not go on under its old name. Its counters would begin again, and others
// would take its new events for old ones: a set forgets elements, a counter loses increments, and nobody
// is told. So the default name has two parts: the id that you give a machine, and an incarnation that is
// another one each time the machine starts without its state.
//
//   causality::replica_id me{.id = 3, .incarnation = boot_number};
//
// Any other type that is regular, ordered and hashable will do: a std::string, a uuid.
// Source: basho/riak_kv#679, where one reused actor id deleted unrelated data.

#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <coterie/core/bits.hpp>
#include <coterie/core/error.hpp>

namespace coterie::inline v0::causality {

/// A name of a replica: a value with a total order and a std::hash.
template <class R>
concept replica_name = std::regular<R> && std::totally_ordered<R> && requires(const R& r) {
    { std::hash<R>()(r) } -> std::convertible_to<std::size_t>;
};

/// A replica's id, and which of its lives this is. A regular type.
struct replica_id {
    std::uint64_t id = 0;
    std::uint64_t incarnation = 0;

    /// Its 16 bytes, big-endian: in the order of the ids.
    [[nodiscard]] constexpr std::array<std::byte, 16> bytes() const noexcept {
        std::array<std::byte, 16> out{};
        coterie::detail::store<std::endian::big>(id, out.data());
        coterie::detail::store<std::endian::big>(incarnation, out.data() + 8);
        return out;
    }

    /// The inverse of bytes().
    [[nodiscard]] static constexpr replica_id from_bytes(
        std::span<const std::byte, 16> bytes) noexcept {
        return {coterie::detail::load<std::uint64_t, std::endian::big>(bytes.data()),
                coterie::detail::load<std::uint64_t, std::endian::big>(bytes.data() + 8)};
    }

    /// Appends "3.1" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        coterie::detail::append_decimal(out, id);
        out.append(".");
        coterie::detail::append_decimal(out, incarnation);
    }

    friend constexpr auto operator<=>(const replica_id&, const replica_id&) = default;
};

}  // namespace coterie::inline v0::causality

template <>
struct std::hash<coterie::causality::replica_id> {
    constexpr std::size_t operator()(const coterie::causality::replica_id& r) const noexcept {
        return static_cast<std::size_t>(coterie::detail::mix64(
            r.id + coterie::detail::mix64(r.incarnation + 0x9E3779B97F4A7C15U)));
    }
};
