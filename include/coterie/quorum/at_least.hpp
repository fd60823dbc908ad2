// SPDX-License-Identifier: BSL-1.0
#pragma once

// The probability that at least k of n independent things happen, each with a probability of its own: k of n
// nodes are up, or k of n answers are there by some time. Exact but for rounding: only positive terms are added.
//
//   quorum::probability_of_at_least(2, 3, 0.9)          // 0.972, two of three nodes up
//
// Source: the Poisson binomial distribution by convolution; Barlow and Heidtmann, "Computing k-out-of-n system
// reliability", IEEE Trans. Reliability R-33(4), 1984.

#include <cstddef>
#include <span>
#include <vector>

namespace coterie::inline v0::quorum {

/// The probability that at least k of the events happen. Complexity: k times their number; allocates k numbers.
[[nodiscard]] constexpr double probability_of_at_least(unsigned k, std::span<const double> events);

/// The same for n events of one probability.
[[nodiscard]] constexpr double probability_of_at_least(unsigned k, unsigned n, double each);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// As probability_of_at_least, of n events of which `probability(i)` is the i-th's.
template <class Probability>
constexpr double at_least(unsigned k, unsigned n, const Probability& probability) {
    // chance[j] is that of j events so far, and chance[k] that of k or more.
    std::vector<double> chance(std::size_t{k} + 1, 0.0);
    chance[0] = 1;
    for (unsigned i = 0; i < n; ++i) {
        const double p = probability(i);
        if (k > 0) chance[k] += chance[k - 1] * p;
        for (unsigned j = k; j-- > 1;) chance[j] = chance[j] * (1 - p) + chance[j - 1] * p;
        if (k > 0) chance[0] *= 1 - p;
    }
    return chance[k];
}

}  // namespace detail

constexpr double probability_of_at_least(unsigned k, std::span<const double> events) {
    return detail::at_least(k, static_cast<unsigned>(events.size()),
                            [&](unsigned i) { return events[i]; });
}

constexpr double probability_of_at_least(unsigned k, unsigned n, double each) {
    return detail::at_least(k, n, [each](unsigned) { return each; });
}

}  // namespace coterie::inline v0::quorum
