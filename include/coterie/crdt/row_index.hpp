// SPDX-License-Identifier: BSL-1.0
#pragma once

// From the hash of a value to where its rows are: a hash table with open addressing and linear probing. A slot
// is 8 bytes: 16 bits of the hash, and 48 of the row. It holds no values, so whoever asks compares them where the
// row is; rows whose hash merely looks the same come up too. For the library's own headers.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/crdt/content_count.hpp>

namespace coterie::inline v0::crdt::detail {

/// Rows by hash; none is built at first. A regular type, but for ==.
class row_index {
public:
    using row = std::uint64_t;  // below 2^48 - 2

    [[nodiscard]] bool is_built() const noexcept { return !slots_.empty(); }

    /// Empties it, with room for `rows` and some more. It is built then. Requires: rows >= 4.
    void reset(std::size_t rows) {
        slots_.assign(2 * rows, empty);
        used_ = 0;
    }

    /// Whether `more` rows fit without a reset. An erased row still takes its place.
    [[nodiscard]] bool has_room(std::size_t more) const noexcept {
        return used_ + more <= slots_.size() / 8 * 7;
    }

    /// Has the memory fetched that the hash will need. Requires: is_built().
    void prefetch(std::uint64_t hash) const noexcept {
#ifdef __GNUC__
        __builtin_prefetch(&slots_[start(hash)], 1);
#endif
    }

    /// Calls `f(row)` for the rows that may have this hash, while it returns true. Requires: is_built().
    template <class F>
    void find(std::uint64_t hash, F&& f) const {
        const std::uint64_t tag = hash << 48;
        for (std::size_t i = start(hash); slots_[i] != empty; i = after(i)) {
            if (slots_[i] != erased && (slots_[i] & tag_mask) == tag &&
                !f((slots_[i] & ~tag_mask) - bias)) {
                return;
            }
        }
    }

    /// Adds a row, and calls `is_equal(other row)` for those before it that may have this hash, until one is.
    /// Returns: whether one was. Requires: has_room(1).
    template <class Equal>
    bool insert(std::uint64_t hash, row r, Equal&& is_equal) {
        const std::uint64_t tag = hash << 48;
        bool found = false;
        std::size_t i = start(hash);
        for (; slots_[i] != empty; i = after(i)) {
            if (!found && slots_[i] != erased && (slots_[i] & tag_mask) == tag) {
                found = is_equal((slots_[i] & ~tag_mask) - bias);
            }
        }
        slots_[i] = tag | (r + bias);
        used_ += 1;
        return found;
    }

    /// Removes a row. Requires: it is there, with this hash.
    void erase(std::uint64_t hash, row r) {
        const std::uint64_t entry = hash << 48 | (r + bias);
        std::size_t i = start(hash);
        while (slots_[i] != entry) i = after(i);
        slots_[i] = erased;
    }

    /// Bytes on the heap.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return slots_.capacity() * sizeof(std::uint64_t);
    }

private:
    static constexpr std::uint64_t tag_mask = ~std::uint64_t{0} << 48;
    static constexpr std::uint64_t empty = 0, erased = 1, bias = 2;

    [[nodiscard]] std::size_t start(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32);
    }
    [[nodiscard]] std::size_t after(std::size_t i) const noexcept {
        return i + 1 == slots_.size() ? 0 : i + 1;
    }

    std::vector<std::uint64_t> slots_;
    content_count used_;  // rows and those that were erased
};

}  // namespace coterie::inline v0::crdt::detail
