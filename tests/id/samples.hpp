// SPDX-License-Identifier: BSL-1.0
#pragma once

// Values that the tests of ids start from.

#include <chrono>
#include <cstdint>
#include <random>

#include <coterie/id/bits128.hpp>

namespace coterie::test {

/// All 64 bits.
inline constexpr std::uint64_t all = ~std::uint64_t{0};

/// The first millisecond that 48 bits cannot say.
inline constexpr std::int64_t time_end = std::int64_t{1} << 48;

[[nodiscard]] constexpr id::sys_milliseconds at_ms(std::int64_t unix_ms) {
    return id::sys_milliseconds(std::chrono::milliseconds(unix_ms));
}

/// A word with runs of equal bits more often than chance has them, since those carry.
[[nodiscard]] inline std::uint64_t uneven_word(std::mt19937_64& random) {
    switch (random() % 4) {
        case 0: return random();
        case 1: return all << random() % 64;
        case 2: return all >> random() % 64;
        default: return std::uint64_t{1} << random() % 64;
    }
}

/// An id of two such words.
template <class Id>
[[nodiscard]] Id uneven_id(std::mt19937_64& random) {
    const std::uint64_t high = uneven_word(random);
    return Id::from_words(high, uneven_word(random));
}

}  // namespace coterie::test
