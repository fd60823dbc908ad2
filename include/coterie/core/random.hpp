// SPDX-License-Identifier: BSL-1.0
#pragma once

// Randomness that is the same everywhere: for jitter, sampling and simulation, not for secrets (those
// come from core/entropy.hpp). The standard's engines are portable but its distributions are not, and
// a schedule that a seed replays on one library only is of little use; so the integers and reals here
// are the library's own.
//
//   rng random(42);                              // or two streams of one seed, neither of which
//   rng delays(42, "network"), drops(42, "loss");   // shifts when the other is drawn from
//   auto delay = uniform_between(delays, 10, 20);

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <coterie/core/assert.hpp>
#include <coterie/core/bits.hpp>

namespace coterie::inline v0 {

/// A generator of 32 or 64 uniform random bits a call: `rng`, std::mt19937, std::mt19937_64 and others.
///
/// A reference to one is one too.
template <class G>
concept random_bit_generator = requires(std::remove_reference_t<G>& g) {
    { g() } -> std::unsigned_integral;
    requires std::remove_reference_t<G>::min() == 0;
    requires std::remove_reference_t<G>::max() == 0xFFFF'FFFFU ||
                     std::remove_reference_t<G>::max() == 0xFFFF'FFFF'FFFF'FFFFU;
};

/// The library's generator: xoshiro256++, 32 bytes of state, period 2^256 - 1.
///
/// Equal seeds give equal numbers on every platform. A copy continues on its own with the same numbers.
/// Thread safety: none. Source: Blackman, Vigna, "Scrambled linear pseudorandom number generators",
/// TOMS 47(4), 2021; seeded by SplitMix64, as its authors advise.
class rng {
public:
    using result_type = std::uint64_t;

    explicit constexpr rng(std::uint64_t seed) noexcept;

    /// The stream named `stream` of `seed`, and of that the one numbered `index`.
    ///
    /// Streams of different names or numbers are independent, and adding one shifts no other.
    /// Complexity: linear in the length of the name.
    constexpr rng(std::uint64_t seed, std::string_view stream, std::uint64_t index = 0) noexcept;

    /// The next 64 bits.
    constexpr result_type operator()() noexcept;

    /// The range of a draw: all 64-bit numbers.
    [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
    [[nodiscard]] static constexpr result_type max() noexcept { return ~result_type{0}; }

    friend constexpr bool operator==(const rng&, const rng&) = default;

private:
    std::uint64_t state_[4];
};

/// A uniform integer in [0, bound).
///
/// Requires: bound > 0. Complexity: one draw, rarely two (Lemire's rejection); no division but for one
/// draw in 2^64 / bound. Source: Lemire, "Fast random integer generation in an interval", TOMACS 29(1), 2019.
template <random_bit_generator G>
[[nodiscard]] constexpr std::uint64_t uniform_below(G&& g, std::uint64_t bound);

/// A uniform integer in [low, high], both ends included. Requires: low <= high.
template <random_bit_generator G, std::integral T>
    requires(sizeof(T) <= 8)
[[nodiscard]] constexpr T uniform_between(G&& g, T low, std::type_identity_t<T> high);

/// A uniform real in [0, 1): one of the 2^53 multiples of 2^-53.
template <random_bit_generator G>
[[nodiscard]] constexpr double uniform_real(G&& g);

/// True with probability `p`: never for p <= 0, always for p >= 1.
template <random_bit_generator G>
[[nodiscard]] constexpr bool bernoulli(G&& g, double p);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// SplitMix64: a counter by the golden ratio, mixed.
struct split_mix64 {
    std::uint64_t state;

    constexpr std::uint64_t operator()() noexcept {
        state += 0x9E3779B97F4A7C15U;
        return mix64(state);
    }
};

/// 64 random bits from a generator of 32 or 64.
template <random_bit_generator G>
constexpr std::uint64_t draw64(G& g) {
    if constexpr (std::remove_reference_t<G>::max() == 0xFFFF'FFFFU) {
        const auto high = static_cast<std::uint64_t>(g());
        return high << 32 | static_cast<std::uint64_t>(g());
    } else {
        return static_cast<std::uint64_t>(g());
    }
}

}  // namespace detail

constexpr rng::rng(std::uint64_t seed) noexcept {
    detail::split_mix64 seeds{seed};
    for (auto& word : state_) word = seeds();
}

constexpr rng::rng(std::uint64_t seed, std::string_view stream, std::uint64_t index) noexcept {
    // Each word of the state absorbs seed, name and index in its own way, so that two streams share a
    // state only if four 64-bit digests collide at once.
    detail::split_mix64 seeds{seed};
    for (auto& word : state_) {
        std::uint64_t digest = seeds();
        for (const char c : stream)
            digest = detail::mix64(digest + static_cast<unsigned char>(c) + 1);
        word = detail::mix64(detail::mix64(digest ^ stream.size()) + index);
    }
    if ((state_[0] | state_[1] | state_[2] | state_[3]) == 0) state_[0] = 1;
}

constexpr rng::result_type rng::operator()() noexcept {
    const std::uint64_t sum = state_[0] + state_[3];
    const std::uint64_t result = std::rotl(sum, 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

template <random_bit_generator G>
constexpr std::uint64_t uniform_below(G&& g, std::uint64_t bound) {
    COTERIE_ASSERT(bound > 0);
    detail::product128 scaled = detail::multiply(detail::draw64(g), bound);
    if (scaled.low < bound) {
        const std::uint64_t uneven = (0 - bound) % bound;
        while (scaled.low < uneven) scaled = detail::multiply(detail::draw64(g), bound);
    }
    return scaled.high;
}

template <random_bit_generator G, std::integral T>
    requires(sizeof(T) <= 8)
constexpr T uniform_between(G&& g, T low, std::type_identity_t<T> high) {
    COTERIE_ASSERT(low <= high);
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t offset =
        span == ~std::uint64_t{0} ? detail::draw64(g) : uniform_below(g, span + 1);
    return static_cast<T>(static_cast<std::uint64_t>(low) + offset);
}

template <random_bit_generator G>
constexpr double uniform_real(G&& g) {
    return static_cast<double>(detail::draw64(g) >> 11) * 0x1.0p-53;
}

template <random_bit_generator G>
constexpr bool bernoulli(G&& g, double p) {
    return uniform_real(g) < p;
}

}  // namespace coterie::inline v0
