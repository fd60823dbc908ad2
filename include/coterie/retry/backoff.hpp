// SPDX-License-Identifier: BSL-1.0
#pragma once

// How long to wait before the next try. A policy is a value: how the ceiling grows, where it stops, and how
// a delay is drawn below it. What changes from one try to the next is a state of its own, of 8 bytes or
// none; randomness is an argument. So a policy can be copied, shared and compared, and no copy repeats the
// random numbers of another.
//
//   constexpr retry::exponential_backoff backoff{.base = 100ms, .cap = 20s};   // full jitter
//   retry::exponential_backoff<>::state_type state;
//   std::chrono::nanoseconds delay = backoff.next(state, random);              // at most 100 ms, then 200 ms
//
// The ceiling is clamped to the cap before the delay is drawn. Clamping the delay instead would send all who
// drew more to sleep for exactly the cap, and wake them together.
//
// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, for full, equal and
// decorrelated jitter; gRPC, "Connection Backoff Protocol", for the proportional one.

#include <chrono>
#include <concepts>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/random.hpp>

namespace coterie::inline v0::retry {

/// How a delay is drawn from a ceiling: uniformly, and both ends included. `high()` is the longest as a multiple
/// of the ceiling, `lowest(highest)` the shortest where `highest` is the longest.
template <class J>
concept jitter = requires(const J& j, std::chrono::nanoseconds highest) {
    { j.high() } -> std::same_as<double>;
    { j.lowest(highest) } -> std::same_as<std::chrono::nanoseconds>;
};

/// A policy: `next(state, random)` gives the next delay. A default state is that before the first failure.
///
/// Complexity: constant, whatever the attempt. Thread safety: a policy is never changed; a state is the
/// caller's.
template <class B>
concept backoff_policy = std::regular<typename B::state_type> &&
                         requires(const B& b, typename B::state_type& state, rng& random) {
                             { b.next(state, random) } -> std::same_as<std::chrono::nanoseconds>;
                         };

/// The delay is the ceiling. For one client alone: many that failed together come back together.
struct no_jitter {
    static constexpr double high() noexcept { return 1; }
    static constexpr std::chrono::nanoseconds lowest(std::chrono::nanoseconds highest) noexcept {
        return highest;
    }
    friend bool operator==(const no_jitter&, const no_jitter&) = default;
};

/// Anywhere below the ceiling. The fewest calls when many contend; take it unless you know better.
struct full_jitter {
    static constexpr double high() noexcept { return 1; }
    static constexpr std::chrono::nanoseconds lowest(std::chrono::nanoseconds) noexcept {
        return std::chrono::nanoseconds::zero();
    }
    friend bool operator==(const full_jitter&, const full_jitter&) = default;
};

/// The upper half below the ceiling: never too soon, for a server that throttles.
struct equal_jitter {
    static constexpr double high() noexcept { return 1; }
    static constexpr std::chrono::nanoseconds lowest(std::chrono::nanoseconds highest) noexcept {
        return highest / 2;
    }
    friend bool operator==(const equal_jitter&, const equal_jitter&) = default;
};

/// The ceiling give or take a part of it: 1 s, 2 s, 4 s, each +-20 %. The ceiling stays so far below the cap
/// that the delay does not pass it. Requires: 0 <= factor <= 1.
class proportional_jitter {
public:
    constexpr proportional_jitter() noexcept : proportional_jitter(0.2) {}
    explicit constexpr proportional_jitter(double factor) noexcept
        : high_(1 + factor), low_to_high_((1 - factor) / (1 + factor)) {
        COTERIE_ASSERT(0 <= factor && factor <= 1);
    }

    /// See `jitter`.
    constexpr double high() const noexcept { return high_; }
    constexpr std::chrono::nanoseconds lowest(std::chrono::nanoseconds highest) const noexcept;
    friend bool operator==(const proportional_jitter&, const proportional_jitter&) = default;

private:
    double high_;
    double low_to_high_;  // divided once, and not for each delay
};

/// The same ceiling every time. Requires: delay >= 0.
template <jitter Jitter = no_jitter>
struct constant_backoff {
    std::chrono::nanoseconds delay{};
    [[no_unique_address]] Jitter jitter{};

    /// Nothing changes.
    struct state_type {
        friend bool operator==(const state_type&, const state_type&) = default;
    };

    /// The next delay.
    template <random_bit_generator G>
    constexpr std::chrono::nanoseconds next(state_type& state, G&& random) const;
    friend bool operator==(const constant_backoff&, const constant_backoff&) = default;
};

/// A ceiling that grows by `step`: base, base + step, ... up to the cap. Requires: 0 <= base <= cap, step >= 0.
template <jitter Jitter = full_jitter>
struct linear_backoff {
    std::chrono::nanoseconds base{};
    std::chrono::nanoseconds step{};
    std::chrono::nanoseconds cap{};
    [[no_unique_address]] Jitter jitter{};

    /// How many steps were taken.
    struct state_type {
        double steps = 0;
        friend bool operator==(const state_type&, const state_type&) = default;
    };

    /// The next delay.
    template <random_bit_generator G>
    constexpr std::chrono::nanoseconds next(state_type& state, G&& random) const;
    /// The state after so many delays: for whoever keeps the number of attempts alone.
    [[nodiscard]] constexpr state_type state_after(std::uint32_t delays) const noexcept;
    friend bool operator==(const linear_backoff&, const linear_backoff&) = default;
};

/// A ceiling that is multiplied: base, base * multiplier, ... up to the cap.
/// Requires: 0 < base <= cap, multiplier >= 1.
template <jitter Jitter = full_jitter>
struct exponential_backoff {
    std::chrono::nanoseconds base{};
    std::chrono::nanoseconds cap{};
    double multiplier = 2;
    [[no_unique_address]] Jitter jitter{};

    /// The next ceiling, in multiples of the base: so two policies that differ in the base can share it.
    struct state_type {
        double growth = 1;
        friend bool operator==(const state_type&, const state_type&) = default;
    };

    /// The next delay.
    template <random_bit_generator G>
    constexpr std::chrono::nanoseconds next(state_type& state, G&& random) const;
    /// \copydoc linear_backoff::state_after
    [[nodiscard]] constexpr state_type state_after(std::uint32_t delays) const noexcept;
    friend bool operator==(const exponential_backoff&, const exponential_backoff&) = default;
};

/// What decorrelated jitter clamps to the cap.
enum class clamp_order : std::uint8_t {
    before_draw,  ///< the ceiling: U(base, min(cap, 3 * previous))
    after_draw,  ///< the delay, as widely published: min(cap, U(base, 3 * previous)); many meet at the cap
};

/// Each delay is drawn between the base and three times the one before. Growth and jitter are one here, so
/// this is a policy and no jitter. Requires: 0 < base <= cap.
struct decorrelated_jitter {
    std::chrono::nanoseconds base{};
    std::chrono::nanoseconds cap{};
    clamp_order clamp = clamp_order::before_draw;

    /// The last delay; zero before the first.
    struct state_type {
        std::chrono::nanoseconds previous{};
        friend bool operator==(const state_type&, const state_type&) = default;
    };

    /// The next delay.
    template <random_bit_generator G>
    constexpr std::chrono::nanoseconds next(state_type& state, G&& random) const;
    friend bool operator==(const decorrelated_jitter&, const decorrelated_jitter&) = default;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Beyond every number of nanoseconds.
constexpr double unbounded = 0x1p63;

/// `units` nanoseconds to the nearest, at most `cap`. Requires: units >= 0.
constexpr std::chrono::nanoseconds at_most(std::chrono::nanoseconds cap, double units) noexcept {
    if (units >= static_cast<double>(cap.count())) return cap;
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): a nanosecond more or less is all that it can cost
    return std::chrono::nanoseconds(static_cast<std::int64_t>(units + 0.5));
}

/// A delay drawn from a ceiling, which comes down to where no delay is above the cap.
template <class Jitter, class G>
constexpr std::chrono::nanoseconds draw(const Jitter& jitter, double ceiling,
                                        std::chrono::nanoseconds cap, G& random) {
    const auto highest = at_most(cap, ceiling * jitter.high());
    const auto lowest = jitter.lowest(highest);
    if (lowest == highest) return highest;
    return std::chrono::nanoseconds(uniform_between(random, lowest.count(), highest.count()));
}

/// base^exponent, at most `unbounded`: a step for each bit of the exponent.
constexpr double bounded_power(double base, std::uint32_t exponent) noexcept {
    double power = 1;
    for (; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) power = power * base < unbounded ? power * base : unbounded;
        base = base * base < unbounded ? base * base : unbounded;
    }
    return power;
}

}  // namespace detail

constexpr std::chrono::nanoseconds proportional_jitter::lowest(
    std::chrono::nanoseconds highest) const noexcept {
    return detail::at_most(highest, static_cast<double>(highest.count()) * low_to_high_);
}

template <jitter Jitter>
template <random_bit_generator G>
constexpr std::chrono::nanoseconds constant_backoff<Jitter>::next(state_type&, G&& random) const {
    COTERIE_ASSERT(delay.count() >= 0);
    return detail::draw(jitter, static_cast<double>(delay.count()), std::chrono::nanoseconds::max(),
                        random);
}

template <jitter Jitter>
template <random_bit_generator G>
constexpr std::chrono::nanoseconds linear_backoff<Jitter>::next(state_type& state,
                                                                G&& random) const {
    COTERIE_ASSERT(base.count() >= 0 && base <= cap && step.count() >= 0);
    const double ceiling =
        static_cast<double>(base.count()) + static_cast<double>(step.count()) * state.steps;
    state.steps += 1;
    return detail::draw(jitter, ceiling, cap, random);
}

template <jitter Jitter>
constexpr auto linear_backoff<Jitter>::state_after(std::uint32_t delays) const noexcept
    -> state_type {
    return {static_cast<double>(delays)};
}

template <jitter Jitter>
template <random_bit_generator G>
constexpr std::chrono::nanoseconds exponential_backoff<Jitter>::next(state_type& state,
                                                                     G&& random) const {
    COTERIE_ASSERT(base.count() > 0 && base <= cap && multiplier >= 1);
    const double ceiling = static_cast<double>(base.count()) * state.growth;
    const double grown = state.growth * multiplier;
    state.growth = grown < detail::unbounded ? grown : detail::unbounded;
    return detail::draw(jitter, ceiling, cap, random);
}

template <jitter Jitter>
constexpr auto exponential_backoff<Jitter>::state_after(std::uint32_t delays) const noexcept
    -> state_type {
    return {detail::bounded_power(multiplier, delays)};
}

template <random_bit_generator G>
constexpr std::chrono::nanoseconds decorrelated_jitter::next(state_type& state, G&& random) const {
    COTERIE_ASSERT(base.count() > 0 && base <= cap);
    const auto most = clamp == clamp_order::before_draw ? cap : std::chrono::nanoseconds::max();
    const auto previous = state.previous < base ? base : state.previous;
    const auto ceiling = previous > most / 3 ? most : previous * 3;
    const std::chrono::nanoseconds drawn(uniform_between(random, base.count(), ceiling.count()));
    state.previous = drawn < cap ? drawn : cap;
    return state.previous;
}

}  // namespace coterie::inline v0::retry
