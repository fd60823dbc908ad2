// SPDX-License-Identifier: BSL-1.0
#pragma once

// A replicated value, or a delta of one, as bytes to be sent or stored: a magic number, a version, which type
// it is, the value, and a checksum. Each value has exactly one such string of bytes; so equal states have
// equal digests, and what was cut, damaged or meant for another type is told, with the place where.
//
//   std::vector<std::byte> bytes = crdt::seal(cart);
//   auto theirs = crdt::open<crdt::or_set<std::string>>(bytes);   // std::expected<..., decode_error>
//
//   bytes   0-3  "CRDT"     4  version, 1     5  type     6-  the value's codec     last 4  CRC-32C of the rest
//
// The type is that of the value: that of elements and of values in a map is not in it.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include <coterie/core/crc32c.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// A lattice that goes into an envelope: it has a codec, and says which wire_type it is.
template <class L>
concept sealable = lattice<L> && encodable<L> && requires {
    { L::type_on_wire } -> std::convertible_to<wire_type>;
};

/// The bytes of a value. Complexity: linear.
template <sealable L>
[[nodiscard]] std::vector<std::byte> seal(const L& value);

/// The value that all of `bytes` are.
///
/// Errors: truncated; damaged where the checksum is wrong; invalid_value for another magic number or type;
/// unsupported_version; and those of the value's codec. The damaged are told before anything is decoded.
/// Complexity: linear; allocates at most in proportion to the input.
template <sealable L>
[[nodiscard]] std::expected<L, decode_error> open(std::span<const std::byte> bytes,
                                                  const decode_limits& limits = {});

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline constexpr std::array envelope_magic{std::byte{'C'}, std::byte{'R'}, std::byte{'D'},
                                           std::byte{'T'}};
inline constexpr std::uint8_t envelope_version = 1;
inline constexpr std::size_t checksum_size = 4;

}  // namespace detail

template <sealable L>
std::vector<std::byte> seal(const L& value) {
    std::vector<std::byte> bytes;
    writer w(bytes);
    w.raw(detail::envelope_magic);
    w.version(detail::envelope_version);
    w.fixed(static_cast<std::uint8_t>(L::type_on_wire));
    encode_to(w, value);
    w.fixed(crc32c(bytes));
    return bytes;
}

template <sealable L>
std::expected<L, decode_error> open(std::span<const std::byte> bytes, const decode_limits& limits) {
    constexpr std::size_t header = detail::envelope_magic.size() + 2;
    if (bytes.size() < header + detail::checksum_size) {
        return std::unexpected(decode_error{decode_errc::truncated, bytes.size()});
    }
    const auto sealed = bytes.first(bytes.size() - detail::checksum_size);
    reader checksum(bytes.subspan(sealed.size()));
    if (checksum.fixed<std::uint32_t>() != crc32c(sealed)) {
        return std::unexpected(decode_error{decode_errc::damaged, sealed.size()});
    }
    reader r(sealed, limits);
    for (const std::byte wanted : detail::envelope_magic) {
        if (r.fixed<std::uint8_t>() != std::to_integer<std::uint8_t>(wanted))
            r.fail(decode_errc::invalid_value);
    }
    if (r.version(detail::envelope_version) == 0) r.fail(decode_errc::unsupported_version);
    if (r.fixed<std::uint8_t>() != static_cast<std::uint8_t>(L::type_on_wire)) {
        r.fail(decode_errc::invalid_value);
    }
    auto value = r.read<L>();
    if (value.has_value() && !r.finish()) return std::unexpected(r.error());
    return value;
}

}  // namespace coterie::inline v0::crdt
