// SPDX-License-Identifier: BSL-1.0
#pragma once

// How long a message or an answer takes: distributions to draw delays from and to ask for their probabilities.
// Those that latencies are fitted to (a Pareto tail, an exponential, a mixture of two), and measured ones.
//
//   quorum::mixture disk{.weight = .38, .first = quorum::pareto{1.05ms, 1.51}, .second = quorum::exponential{.183}};
//   quorum::delay d = disk(random);                  // inverse transform: the same on every platform
//   double p = disk.cdf(10ms);
//
// Drawn numbers come from a generator that is given, by core/random.hpp and plain arithmetic.

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <ratio>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/elementary.hpp>

namespace coterie::inline v0::quorum {

/// A delay: milliseconds, as a real number. Other durations convert to it without a cast.
using delay = std::chrono::duration<double, std::milli>;

/// Says with which probability a delay is at most `t`.
template <class D>
concept delay_cdf = requires(const D& d, delay t) {
    { d.cdf(t) } -> std::same_as<double>;
};

/// Draws delays, and says their probabilities.
template <class D>
concept delay_distribution = delay_cdf<D> && requires(const D& d, rng& random) {
    { d(random) } -> std::same_as<delay>;
};

/// Always the same.
struct constant_delay {
    delay value{};

    /// A delay at random.
    template <random_bit_generator G>
    constexpr delay operator()(G&& /*random*/) const noexcept {
        return value;
    }
    /// The probability that a delay is at most t.
    [[nodiscard]] constexpr double cdf(delay t) const noexcept { return t < value ? 0 : 1; }
};

/// The exponential distribution, of mean 1/rate milliseconds. Requires: rate > 0.
struct exponential {
    double rate = 1;

    /// \copydoc constant_delay::operator()
    template <random_bit_generator G>
    constexpr delay operator()(G&& random) const;
    /// \copydoc constant_delay::cdf
    [[nodiscard]] constexpr double cdf(delay t) const noexcept;
};

/// The Pareto distribution: at least `minimum`, and beyond t with probability (minimum/t)^alpha.
/// Requires: minimum > 0, alpha > 0.
struct pareto {
    delay minimum{1};
    double alpha = 2;

    /// \copydoc constant_delay::operator()
    template <random_bit_generator G>
    constexpr delay operator()(G&& random) const;
    /// \copydoc constant_delay::cdf
    [[nodiscard]] constexpr double cdf(delay t) const noexcept;
};

/// The first with probability `weight`, else the second. Requires: 0 <= weight <= 1.
template <delay_distribution First, delay_distribution Second>
struct mixture {
    double weight = 0.5;
    First first{};
    Second second{};

    /// \copydoc constant_delay::operator()
    template <random_bit_generator G>
    constexpr delay operator()(G&& random) const {
        return bernoulli(random, weight) ? first(random) : second(random);
    }
    /// \copydoc constant_delay::cdf
    [[nodiscard]] constexpr double cdf(delay t) const noexcept {
        return weight * first.cdf(t) + (1 - weight) * second.cdf(t);
    }
};

/// A mixture is known by its parts.
template <class First, class Second>
mixture(double, First, Second) -> mixture<First, Second>;

/// Why measured delays are refused.
enum class delay_errc : std::uint8_t {
    no_samples,   ///< there are none
    not_a_delay,  ///< one is negative, infinite or no number
};

[[nodiscard]] constexpr const char* describe(delay_errc code) noexcept {
    switch (code) {
        case delay_errc::no_samples: return "no measured delays";
        case delay_errc::not_a_delay: return "a measured delay is negative or no number";
    }
    return "unknown delay error";
}

/// What was measured: each sample as likely as the others.
class empirical {
public:
    /// Of samples in any order. Errors: no_samples, not_a_delay. Complexity: linear.
    [[nodiscard]] static constexpr std::expected<empirical, delay_errc> from(
        std::vector<delay> samples);

    /// \copydoc constant_delay::operator()
    template <random_bit_generator G>
    constexpr delay operator()(G&& random) const {
        return sorted_[uniform_below(random, sorted_.size())];
    }
    /// The share of samples that are at most t. Complexity: logarithmic.
    [[nodiscard]] constexpr double cdf(delay t) const noexcept;

    /// The samples, in ascending order; there is at least one.
    [[nodiscard]] constexpr const std::vector<delay>& samples() const noexcept { return sorted_; }

private:
    constexpr explicit empirical(std::vector<delay> sorted) noexcept : sorted_(std::move(sorted)) {}

    std::vector<delay> sorted_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Exponential with mean 1: the logarithm of a uniform number in (0, 1].
template <random_bit_generator G>
constexpr double unit_exponential(G& random) {
    return -natural_log(1 - uniform_real(random));
}

constexpr bool is_delay(delay d) noexcept {
    return d >= delay::zero() && d <= delay::max();  // false for what is no number
}

/// Sorts delays that are not negative: their bits are in the order of their values, and are taken eight at a
/// time. It is here because <algorithm> is half of what a header may cost; a million takes half the time that
/// it takes std::sort.
constexpr void sort_delays(std::vector<delay>& delays) {
    constexpr unsigned digit_bits = 8;
    constexpr std::uint64_t digits = std::uint64_t{1} << digit_bits;
    std::vector<delay> other(delays.size(), delay::zero());
    for (unsigned shift = 0; shift < 64; shift += digit_bits) {
        const auto digit = [shift](delay d) {
            // Adding zero makes minus zero plain zero.
            return static_cast<std::size_t>(std::bit_cast<std::uint64_t>(d.count() + 0.0) >> shift &
                                            (digits - 1));
        };
        std::array<std::size_t, digits + 1> start{};
        for (const delay d : delays) ++start[digit(d) + 1];
        for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
        for (const delay d : delays) other[start[digit(d)]++] = d;
        delays.swap(other);
    }
}

/// How many of sorted delays are at most t.
constexpr std::size_t count_up_to(const std::vector<delay>& sorted, delay t) noexcept {
    std::size_t from = 0, to = sorted.size();
    while (from < to) {
        const std::size_t middle = from + (to - from) / 2;
        if (sorted[middle] <= t)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

}  // namespace detail

template <random_bit_generator G>
constexpr delay exponential::operator()(G&& random) const {
    return delay(detail::unit_exponential(random) / rate);
}

constexpr double exponential::cdf(delay t) const noexcept {
    return t <= delay::zero() ? 0 : 1 - detail::exponential_of(-rate * t.count());
}

template <random_bit_generator G>
constexpr delay pareto::operator()(G&& random) const {
    return minimum * detail::exponential_of(detail::unit_exponential(random) / alpha);
}

constexpr double pareto::cdf(delay t) const noexcept {
    return t <= minimum ? 0 : 1 - detail::exponential_of(alpha * detail::natural_log(minimum / t));
}

constexpr std::expected<empirical, delay_errc> empirical::from(std::vector<delay> samples) {
    if (samples.empty()) return std::unexpected(delay_errc::no_samples);
    for (const delay d : samples)
        if (!detail::is_delay(d)) return std::unexpected(delay_errc::not_a_delay);
    detail::sort_delays(samples);
    return empirical(std::move(samples));
}

constexpr double empirical::cdf(delay t) const noexcept {
    return static_cast<double>(detail::count_up_to(sorted_, t)) /
           static_cast<double>(sorted_.size());
}

}  // namespace coterie::inline v0::quorum
