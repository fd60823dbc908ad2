// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a search for a linearization has been: places on the line of calls and returns, with the state there and
// the open operations that had taken effect. For the library's own headers.
//
// Of two that differ in operations of unknown outcome alone, the one in which fewer of these have taken effect
// can do all that the other can: they may still happen, or never. So a configuration is known if one with a
// subset of them is.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <coterie/check/timeline.hpp>
#include <coterie/core/bits.hpp>

namespace coterie::inline v0::check::detail {

/// A set of configurations. Memory: 20 bytes each with up to 64 slots, 8 more for every other 64.
class configurations {
public:
    explicit configurations(const timeline& line)
        : returning_(line.slots() / 64 + 1), stride_(1 + returning_.size()), heads_(64, none) {
        for (std::size_t slot = 0; slot < line.returning(); ++slot)
            returning_[slot / 64] |= std::uint64_t{1} << slot % 64;
    }

    /// Adds one. Returns: false if it was known.
    bool insert(index position, index state, std::span<const std::uint64_t> taken) {
        const std::uint64_t where = std::uint64_t{position} << 32 | state;
        const std::uint64_t hash = hash_of(where, taken.data());
        for (index i = heads_[hash & (heads_.size() - 1)]; i != none; i = next_[i])
            if (words_[i * stride_] == where && covers(&words_[i * stride_ + 1], taken.data()))
                return false;
        words_.push_back(where);
        words_.insert(words_.end(), taken.begin(), taken.end());
        next_.push_back(none);
        if (next_.size() > heads_.size())
            rehash();
        else
            link(static_cast<index>(next_.size() - 1), hash);
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return next_.size(); }

    /// Bytes on the heap.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return words_.capacity() * sizeof(std::uint64_t) +
               (next_.capacity() + heads_.capacity()) * sizeof(index);
    }

private:
    /// Whether what is known covers another one: equal but for operations without a return, of which it has
    /// no other.
    [[nodiscard]] bool covers(const std::uint64_t* known,
                              const std::uint64_t* other) const noexcept {
        for (std::size_t w = 0; w < returning_.size(); ++w) {
            const std::uint64_t more = known[w] & ~other[w], less = other[w] & ~known[w];
            if ((more | (less & returning_[w])) != 0) return false;
        }
        return true;
    }

    [[nodiscard]] std::uint64_t hash_of(std::uint64_t where,
                                        const std::uint64_t* taken) const noexcept {
        std::uint64_t hash = coterie::detail::mix64(where);
        for (std::size_t w = 0; w < returning_.size(); ++w)
            hash = coterie::detail::mix64(hash ^ (taken[w] & returning_[w]));
        return hash;
    }

    void link(index i, std::uint64_t hash) noexcept {
        index& head = heads_[hash & (heads_.size() - 1)];
        next_[i] = head;
        head = i;
    }

    void rehash() {
        heads_.assign(2 * heads_.size(), none);
        for (index i = 0; i < next_.size(); ++i)
            link(i, hash_of(words_[i * stride_], &words_[i * stride_ + 1]));
    }

    std::vector<std::uint64_t> returning_;  // the slots of operations that return
    std::size_t stride_;
    std::vector<std::uint64_t> words_;  // of each: position and state, then the slots
    std::vector<index> next_;           // of each: another one of its bucket
    std::vector<index> heads_;          // of each bucket; a power of two of them
};

}  // namespace coterie::inline v0::check::detail
