// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arithmetic under the floor: byte order, a 64-bit mixer, a 64 x 64 -> 128 bit product. Everything
// is constexpr and gives the same result on every platform. For the library's own headers; users need
// none of it.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coterie::inline v0::detail {

/// Reads an unsigned integer stored in the given byte order from `sizeof(T)` bytes.
template <std::unsigned_integral T, std::endian Order>
[[nodiscard]] constexpr T load(const std::byte* from) noexcept {
    T value = 0;
    if consteval {
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            const std::size_t at = Order == std::endian::big ? i : sizeof(T) - 1 - i;
            value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 |
                                   std::to_integer<std::uint64_t>(from[at]));
        }
    } else {
        std::memcpy(&value, from, sizeof(T));
        if constexpr (Order != std::endian::native) value = std::byteswap(value);
    }
    return value;
}

/// Writes an unsigned integer to `sizeof(T)` bytes in the given byte order.
template <std::endian Order, std::unsigned_integral T>
constexpr void store(T value, std::byte* to) noexcept {
    if consteval {
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            const std::size_t at = Order == std::endian::big ? sizeof(T) - 1 - i : i;
            to[at] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
        }
    } else {
        if constexpr (Order != std::endian::native) value = std::byteswap(value);
        std::memcpy(to, &value, sizeof(T));
    }
}

/// A bijection of 64-bit words in which each input bit flips each output bit about half the time.
///
/// Source: David Stafford's thirteenth variant of the MurmurHash3 finaliser, as used in SplitMix64
/// (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

/// A 128-bit unsigned product in two words.
struct product128 {
    std::uint64_t high;
    std::uint64_t low;
};

/// The full product of two 64-bit words.
[[nodiscard]] constexpr product128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    const std::uint64_t a0 = a & 0xFFFFFFFF, a1 = a >> 32, b0 = b & 0xFFFFFFFF, b1 = b >> 32;
    const std::uint64_t low = a0 * b0;
    const std::uint64_t mid = a1 * b0 + (low >> 32);
    const std::uint64_t cross = a0 * b1 + (mid & 0xFFFFFFFF);
    return {a1 * b1 + (mid >> 32) + (cross >> 32), cross << 32 | (low & 0xFFFFFFFF)};
#endif
}

}  // namespace coterie::inline v0::detail
