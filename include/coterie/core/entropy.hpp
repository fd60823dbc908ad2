// SPDX-License-Identifier: BSL-1.0
#pragma once

// Secure bytes as an object: what makes ids unguessable, and clusters that elect no two leaders. A
// source fills a span or says why it cannot; nothing in the library falls back to a weaker one.
// Production code takes `os_entropy` (core/os_entropy.hpp); `seeded_entropy`, here, repeats itself
// and is for tests and simulations alone.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <type_traits>

#include <coterie/core/bits.hpp>
#include <coterie/core/random.hpp>

namespace coterie::inline v0 {

/// Why there are no secure bytes.
enum class entropy_errc : std::uint8_t {
    unavailable,  ///< this system offers none, or forbids the call
    not_ready,    ///< the system's generator is not seeded yet (early in its boot): ask again later
    out_of_memory,  ///< no page for the generator's state
};

[[nodiscard]] constexpr const char* describe(entropy_errc code) noexcept {
    switch (code) {
        case entropy_errc::unavailable: return "no source of secure random bytes";
        case entropy_errc::not_ready: return "the system's random generator is not seeded yet";
        case entropy_errc::out_of_memory: return "no memory for the random generator's state";
    }
    return "unknown entropy error";
}

/// A source of bytes that nobody can predict: `fill` writes all of the span, or fails.
///
/// After a failure the span's contents must not be used. A reference to a source is a source.
template <class E>
concept entropy_source = requires(std::remove_reference_t<E>& source, std::span<std::byte> out) {
    { source.fill(out) } noexcept -> std::same_as<std::expected<void, entropy_errc>>;
};

/// Bytes that only look random: equal seeds give equal bytes, on every platform. For tests.
///
/// Complexity: linear. Thread safety: none.
class seeded_entropy {
public:
    explicit constexpr seeded_entropy(std::uint64_t seed) noexcept : random_(seed, "entropy") {}

    /// Never fails.
    constexpr std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        std::byte word[8] = {};
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (i % 8 == 0) detail::store<std::endian::little>(random_(), word);
            out[i] = word[i % 8];
        }
        return {};
    }

private:
    rng random_;
};

}  // namespace coterie::inline v0
