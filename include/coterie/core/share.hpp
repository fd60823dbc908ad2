// SPDX-License-Identifier: BSL-1.0
#pragma once

// Shares of counts. "55 % of 100" is 55, but 0.55 * 100 is 55.000000000000007: who compares a count with that
// product waits for the 56th. Here a share means the fraction that was written down: what arithmetic adds to it,
// up to 16 units in the last place of a double, does not count. For the library's own headers.

#include <cstdint>

#include <coterie/core/assert.hpp>

namespace coterie::inline v0::detail {

/// How far a share may be off its fraction, relatively.
inline constexpr double share_noise = 0x1p-48;

/// Whether `k` of `n` is at least a share. Right for every fraction of n <= 2^40. Requires: share >= 0.
[[nodiscard]] constexpr bool reaches_share(std::uint64_t k, double share,
                                           std::uint64_t n) noexcept {
    return static_cast<double>(k) >= share * (1 - share_noise) * static_cast<double>(n);
}

/// The largest count that is at most a share of `n`; saturates at 2^62. Requires: share >= 0.
[[nodiscard]] constexpr std::uint64_t most_of_share(double share, std::uint64_t n) noexcept {
    const double most = share * static_cast<double>(n) * (1 + share_noise);
    return most < 0x1p62 ? static_cast<std::uint64_t>(most) : std::uint64_t{1} << 62;
}

/// The smallest count that is at least a share of `n`; saturates at 2^62. Requires: share >= 0.
[[nodiscard]] constexpr std::uint64_t least_of_share(double share, std::uint64_t n) noexcept {
    const std::uint64_t most = most_of_share(share, n);
    return reaches_share(most, share, n) ? most : most + 1;
}

/// A number to three decimals, in thousandths; what lies beyond is cut. Requires: 0 <= x <= 1000.
[[nodiscard]] constexpr std::int32_t thousandths(double x) noexcept {
    COTERIE_ASSERT(0 <= x && x <= 1000);
    return static_cast<std::int32_t>(most_of_share(x, 1000));
}

}  // namespace coterie::inline v0::detail
