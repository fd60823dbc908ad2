// SPDX-License-Identifier: BSL-1.0
#pragma once

// How long until r of n nodes have answered, where each answers after a time of a known distribution and
// independently: exact, without a simulation. r answers are there by t if at least r of n independent things
// have happened; so the distribution of the r-th answer is that of at_least.hpp, and its quantiles follow.
//
//   const std::array nodes{here, here, far};                     // of one type with cdf(t)
//   quorum::delay d = quorum::answer_time(2, std::span(nodes), 0.999);
//
// Source: David and Nagaraja, "Order Statistics", 3rd ed., 2003, section 5.2.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <coterie/core/assert.hpp>
#include <coterie/quorum/at_least.hpp>
#include <coterie/quorum/delay.hpp>

namespace coterie::inline v0::quorum {

/// The probability that r of the nodes have answered by t. Complexity: r times their number.
template <delay_cdf D, std::size_t Extent>
[[nodiscard]] constexpr double answered_by(unsigned r, std::span<const D, Extent> nodes, delay t) {
    return detail::at_least(r, static_cast<unsigned>(nodes.size()),
                            [&](unsigned i) { return nodes[i].cdf(t); });
}

/// The same for n nodes of one distribution.
template <delay_cdf D>
[[nodiscard]] constexpr double answered_by(unsigned r, unsigned n, const D& each, delay t) {
    return detail::at_least(r, n, [p = each.cdf(t)](unsigned) { return p; });
}

/// The time by which r of the nodes have answered with probability `quantile`: the earliest such time, where
/// probabilities are taken to be equal that differ by less than 1e-12. Infinite where there is none.
/// Requires: 0 < quantile < 1. Complexity: 64 times that of answered_by.
template <delay_cdf D, std::size_t Extent>
[[nodiscard]] constexpr delay answer_time(unsigned r, std::span<const D, Extent> nodes,
                                          double quantile);

/// \copydoc answer_time
template <delay_cdf D>
[[nodiscard]] constexpr delay answer_time(unsigned r, unsigned n, const D& each, double quantile);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The earliest time at which `probability(t)` is at least q. The bits of doubles that are not negative are in
/// the order of their values, so bisecting the bits finds it to the last digit, at steps as well.
template <class Probability>
constexpr delay earliest(const Probability& probability, double q) {
    COTERIE_ASSERT(0 < q && q < 1);
    const auto at = [](std::uint64_t bits) { return delay(std::bit_cast<double>(bits)); };
    std::uint64_t from = 0;
    auto to = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity());
    while (from < to) {
        const std::uint64_t middle = from + (to - from) / 2;
        if (probability(at(middle)) >= q - 1e-12)
            to = middle;
        else
            from = middle + 1;
    }
    return at(from);
}

}  // namespace detail

template <delay_cdf D, std::size_t Extent>
constexpr delay answer_time(unsigned r, std::span<const D, Extent> nodes, double quantile) {
    return detail::earliest([&](delay t) { return answered_by(r, nodes, t); }, quantile);
}

template <delay_cdf D>
constexpr delay answer_time(unsigned r, unsigned n, const D& each, double quantile) {
    return detail::earliest([&](delay t) { return answered_by(r, n, each, t); }, quantile);
}

}  // namespace coterie::inline v0::quorum
