// SPDX-License-Identifier: BSL-1.0
#pragma once

// How long a message takes: as a distribution that is the same on every machine, since it is made of
// integers and comparisons alone.
//
//   latency::constant(1ms);
//   latency::uniform(200us, 800us);
//   latency::exponential(500us, 2ms);                       // at least 0.5 ms, 2.5 ms on average
//   latency::uniform(1ms, 2ms).with_tail(0.01, 200ms);      // and one in a hundred a good deal later

#include <chrono>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/random.hpp>

namespace coterie::inline v0::sim {

/// An exponential variate with the given mean, in whole nanoseconds.
///
/// Complexity: about six draws. Source: von Neumann, "Various techniques used in connection with random
/// digits", NBS AMS 12, 1951: comparisons of uniform numbers, no logarithm.
template <random_bit_generator G>
[[nodiscard]] std::chrono::nanoseconds draw_exponential(G&& g, std::chrono::nanoseconds mean) {
    COTERIE_ASSERT(mean.count() >= 0);
    const auto unit = static_cast<std::uint64_t>(mean.count());
    for (std::int64_t whole = 0;; ++whole) {
        const std::uint64_t first = coterie::detail::draw64(g);
        std::uint64_t least = first;
        bool odd = true;
        for (std::uint64_t next = coterie::detail::draw64(g); next < least;
             next = coterie::detail::draw64(g)) {
            least = next;
            odd = !odd;
        }
        if (!odd) continue;
        const std::uint64_t part = coterie::detail::multiply(first, unit).high;
        return mean * whole + std::chrono::nanoseconds(static_cast<std::int64_t>(part));
    }
}

/// A distribution of delays: a value.
class latency {
public:
    /// No delay at all.
    constexpr latency() = default;

    /// Always so long. Requires, here and below: no time is negative.
    [[nodiscard]] static constexpr latency constant(std::chrono::nanoseconds d) {
        return uniform(d, d);
    }

    /// Between the two, each included. Requires: low <= high.
    [[nodiscard]] static constexpr latency uniform(std::chrono::nanoseconds low,
                                                   std::chrono::nanoseconds high) {
        COTERIE_ASSERT(low.count() >= 0 && low <= high);
        latency l;
        l.least_ = low;
        l.spread_ = high - low;
        return l;
    }

    /// At least `least`, and beyond that exponential.
    [[nodiscard]] static constexpr latency exponential(std::chrono::nanoseconds least,
                                                       std::chrono::nanoseconds mean_beyond) {
        latency l = constant(least);
        COTERIE_ASSERT(mean_beyond.count() >= 0);
        l.mean_beyond_ = mean_beyond;
        return l;
    }

    /// The same, and with this probability an exponential delay more. Requires: 0 <= chance <= 1.
    [[nodiscard]] constexpr latency with_tail(double chance, std::chrono::nanoseconds mean) const {
        COTERIE_ASSERT(chance >= 0 && chance <= 1 && mean.count() >= 0);
        latency l = *this;
        l.tail_chance_ = chance;
        l.tail_mean_ = mean;
        return l;
    }

    /// The least that it can be.
    [[nodiscard]] constexpr std::chrono::nanoseconds least() const noexcept { return least_; }

    /// The next delay.
    template <random_bit_generator G>
    [[nodiscard]] std::chrono::nanoseconds draw(G&& g) const {
        std::chrono::nanoseconds d = least_;
        if (spread_.count() > 0)
            d += std::chrono::nanoseconds(
                uniform_between(g, std::int64_t{0}, static_cast<std::int64_t>(spread_.count())));
        if (mean_beyond_.count() > 0) d += draw_exponential(g, mean_beyond_);
        if (tail_chance_ > 0 && bernoulli(g, tail_chance_)) d += draw_exponential(g, tail_mean_);
        return d;
    }

    friend constexpr bool operator==(const latency&, const latency&) = default;

private:
    std::chrono::nanoseconds least_{0};
    std::chrono::nanoseconds spread_{0};
    std::chrono::nanoseconds mean_beyond_{0};
    double tail_chance_ = 0;
    std::chrono::nanoseconds tail_mean_{0};
};

}  // namespace coterie::inline v0::sim
