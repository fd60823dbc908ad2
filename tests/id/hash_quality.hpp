// SPDX-License-Identifier: BSL-1.0
#pragma once

// How evenly the low bits of hashes fall: a table of 2^20 buckets takes exactly those.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace coterie::test {

/// Pearson's chi-square of a million hashes over 2^20 buckets, as standard deviations above its mean.
///
/// Independent uniform hashes give about 0; six is a chance of one in a billion. `make(i)` is the i-th id.
template <class Make>
[[nodiscard]] double excess_of_collisions(Make make) {
    constexpr std::size_t buckets = std::size_t{1} << 20;
    constexpr std::uint64_t ids = 1'000'000;
    std::vector<std::uint32_t> count(buckets, 0);
    for (std::uint64_t i = 0; i < ids; ++i) {
        const auto id = make(i);
        ++count[std::hash<decltype(make(i))>{}(id) % buckets];
    }
    const double expected = static_cast<double>(ids) / static_cast<double>(buckets);
    double chi_square = 0;
    for (const std::uint32_t n : count) {
        const double difference = static_cast<double>(n) - expected;
        chi_square += difference * difference / expected;
    }
    const double freedom = static_cast<double>(buckets - 1);
    return (chi_square - freedom) / std::sqrt(2 * freedom);
}

}  // namespace coterie::test
