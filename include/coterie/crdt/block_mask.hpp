// SPDX-License-Identifier: BSL-1.0
#pragma once

// A set of dots in one block, as a bitmap of eight words. States are merged as bitmaps are: word by word, and
// without a look at the values of dots that are alike in both. For the library's own headers.
//
// The counters of a replica are cut into blocks of 512. A counter has the number of its block, and a slot in it:
//
//   counter   1   2  ...  512  513  514  ...  1024  1025
//   block     0   0  ...    0    1    1  ...     1     2
//   slot      0   1  ...  511    0    1  ...   511     0

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace coterie::inline v0::crdt::detail {

/// The number of dots in a block.
inline constexpr std::uint64_t block_dots = 512;

/// The block that a counter is in. Requires: counter > 0.
constexpr std::uint64_t block_number(std::uint64_t counter) noexcept {
    return (counter - 1) / block_dots;
}
/// The slot of a counter in its block. Requires: counter > 0.
constexpr std::size_t slot_of(std::uint64_t counter) noexcept {
    return static_cast<std::size_t>((counter - 1) % block_dots);
}
/// The counter in a slot of block `number`.
constexpr std::uint64_t counter_of(std::uint64_t number, std::size_t slot) noexcept {
    return number * block_dots + slot + 1;
}

/// A set of slots. A regular type.
class block_mask {
public:
    [[nodiscard]] constexpr bool any() const noexcept {
        std::uint64_t all = 0;
        for (const auto w : words_) all |= w;
        return all != 0;
    }
    [[nodiscard]] constexpr bool test(std::size_t slot) const noexcept {
        return (words_[slot / 64] >> slot % 64 & 1) != 0;
    }
    constexpr void set(std::size_t slot) noexcept {
        words_[slot / 64] |= std::uint64_t{1} << slot % 64;
    }
    constexpr void reset(std::size_t slot) noexcept {
        words_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    }
    /// Adds the slots from `first` to `last`, both included.
    constexpr void set_range(std::size_t first, std::size_t last) noexcept {
        for (std::size_t w = first / 64; w <= last / 64; ++w) {
            const std::size_t low = w == first / 64 ? first % 64 : 0;
            const std::size_t high = w == last / 64 ? last % 64 : 63;
            words_[w] |= ~std::uint64_t{0} >> (63 - high) & ~std::uint64_t{0} << low;
        }
    }

    /// The number of slots in the set.
    [[nodiscard]] constexpr std::size_t count() const noexcept {
        std::size_t n = 0;
        for (const auto w : words_) n += popcount(w);
        return n;
    }
    /// The number of slots in the set that are before `slot`.
    [[nodiscard]] constexpr std::size_t rank(std::size_t slot) const noexcept {
        std::size_t n = 0;
        for (std::size_t w = 0; w < slot / 64; ++w) {
            n += popcount(words_[w]);
        }
        const std::uint64_t below = (std::uint64_t{1} << slot % 64) - 1;
        return n + popcount(words_[slot / 64] & below);
    }
    /// The last slot in the set. Requires: any().
    [[nodiscard]] constexpr std::size_t last() const noexcept {
        std::size_t w = word_count - 1;
        while (words_[w] == 0) --w;
        return w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(words_[w]));
    }
    /// Calls `f(slot)` for each slot in the set, in order.
    template <class F>
    constexpr void for_each(F&& f) const {
        for (std::size_t w = 0; w < word_count; ++w) {
            for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1) {
                f(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
            }
        }
    }

    friend constexpr block_mask operator&(block_mask a, const block_mask& b) noexcept {
        for (std::size_t w = 0; w < word_count; ++w) a.words_[w] &= b.words_[w];
        return a;
    }
    friend constexpr block_mask operator|(block_mask a, const block_mask& b) noexcept {
        for (std::size_t w = 0; w < word_count; ++w) a.words_[w] |= b.words_[w];
        return a;
    }
    friend constexpr block_mask operator~(block_mask a) noexcept {
        for (auto& w : a.words_) w = ~w;
        return a;
    }
    friend constexpr bool operator==(const block_mask& a, const block_mask& b) noexcept {
        std::uint64_t differs = 0;
        for (std::size_t w = 0; w < word_count; ++w) differs |= a.words_[w] ^ b.words_[w];
        return differs == 0;
    }

private:
    static constexpr std::size_t word_count = block_dots / 64;

    /// The number of bits that are set. Spelled out where there is no instruction for it, since g++ calls a
    /// function there.
    static constexpr std::size_t popcount(std::uint64_t x) noexcept {
#ifdef __POPCNT__
        return static_cast<std::size_t>(std::popcount(x));
#else
        x -= x >> 1 & 0x5555555555555555U;
        x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
        x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU;
        return static_cast<std::size_t>(x * 0x0101010101010101U >> 56);
#endif
    }

    std::array<std::uint64_t, word_count> words_{};
};

/// The slots of block `number` whose counters are from `first` to `last`, both included.
constexpr block_mask slots_between(std::uint64_t number, std::uint64_t first,
                                   std::uint64_t last) noexcept {
    block_mask mask;
    const std::uint64_t begin = counter_of(number, 0);
    const std::uint64_t end = begin + block_dots - 1;
    if (last < begin || first > end) return mask;
    mask.set_range(static_cast<std::size_t>(std::max(first, begin) - begin),
                   static_cast<std::size_t>(std::min(last, end) - begin));
    return mask;
}

}  // namespace coterie::inline v0::crdt::detail
