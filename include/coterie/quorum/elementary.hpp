// SPDX-License-Identifier: BSL-1.0
#pragma once

// The logarithm and the exponential in plain double arithmetic. Those of <cmath> differ in the last digit from
// one library to the next, and a simulation that a seed replays must not. These give the same everywhere, unless
// the compiler is told to fuse multiplications and additions; and they are constexpr.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace coterie::inline v0::quorum::detail {

// std::min and std::max, without the 17,000 lines of <algorithm>.
template <class T>
constexpr T smaller(T a, T b) noexcept {
    return b < a ? b : a;
}
template <class T>
constexpr T larger(T a, T b) noexcept {
    return a < b ? b : a;
}

// ln 2 in two parts: the first has so few digits that its multiples up to 1100 are exact.
inline constexpr double ln2_high = 0x1.62e42fee00000p-1;
inline constexpr double ln2_low = 0x1.a39ef35793c76p-33;

// artanh(s)/s - 1 = s^2/3 + s^4/5 + ..., and (e^x - 1)/x = 1 + x/2! + x^2/3! + ...
inline constexpr std::array<double, 10> artanh_series{
    1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21};
inline constexpr std::array<double, 13> exponential_series{1,
                                                           1.0 / 2,
                                                           1.0 / 6,
                                                           1.0 / 24,
                                                           1.0 / 120,
                                                           1.0 / 720,
                                                           1.0 / 5040,
                                                           1.0 / 40320,
                                                           1.0 / 362880,
                                                           1.0 / 3628800,
                                                           1.0 / 39916800,
                                                           1.0 / 479001600,
                                                           1.0 / 6227020800};

/// coefficients[0] + coefficients[1] x + ..., even and odd powers apart, so that a processor adds both at once.
template <std::size_t N>
constexpr double polynomial(double x, const std::array<double, N>& coefficients) noexcept {
    const double xx = x * x;
    std::array<double, 2> sums{};
    for (std::size_t i = N; i-- > 0;) sums[i % 2] = sums[i % 2] * xx + coefficients[i];
    return sums[0] + x * sums[1];
}

/// The natural logarithm, to within 2 units in the last place. Requires: x is positive, normal and finite.
constexpr double natural_log(double x) noexcept {
    // x = 2^exponent * m, with m between sqrt(1/2) and sqrt(2), so that the series of ln m is short.
    constexpr std::uint64_t sqrt_half = 0x3FE6'A09E'667F'3BCD;
    constexpr std::uint64_t fraction_mask = 0x000F'FFFF'FFFF'FFFF;
    const auto bits = std::bit_cast<std::uint64_t>(x) - sqrt_half;
    const auto exponent = static_cast<double>(static_cast<std::int64_t>(bits) >> 52);
    const double m = std::bit_cast<double>((bits & fraction_mask) + sqrt_half);
    // ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...)
    const double s = (m - 1) / (m + 1);
    const double z = s * s;
    const double series = z * polynomial(z, artanh_series);
    return exponent * ln2_high + (2 * s + (2 * s * series + exponent * ln2_low));
}

/// e to the x, to within 2 units in the last place; 0 below -708, and e^709 above 709.
constexpr double exponential_of(double x) noexcept {
    if (x < -708) return 0;
    if (x > 709) x = 709;
    // x = k ln 2 + rest, with |rest| at most ln(2)/2.
    const double scaled = x * 0x1.71547652b82fep+0;
    const auto k = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    const double rest = (x - static_cast<double>(k) * ln2_high) - static_cast<double>(k) * ln2_low;
    const double series = rest * polynomial(rest, exponential_series);
    return (1 + series) * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

}  // namespace coterie::inline v0::quorum::detail
