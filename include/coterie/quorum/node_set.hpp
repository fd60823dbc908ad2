// SPDX-License-Identifier: BSL-1.0
#pragma once

// A set of up to 64 nodes, by number, in one word. What answered, what failed, a quorum, one side of a
// partition: whatever a rule about nodes is asked about.
//
//   quorum::node_set up = quorum::node_set::all(5);
//   up.erase(3);
//   for (unsigned node : up) ...              // 0, 1, 2, 4

#include <bit>
#include <cstddef>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>

namespace coterie::inline v0::quorum {

/// A set of nodes, numbered 0 to 63. A regular type; every operation is a few instructions.
class node_set {
public:
    /// How many nodes there can be.
    static constexpr unsigned max_nodes = 64;

    class iterator;
    using const_iterator = iterator;
    using value_type = unsigned;

    /// The empty set.
    constexpr node_set() noexcept = default;

    /// The set whose members are the bits of `word` that are set.
    constexpr explicit node_set(std::uint64_t word) noexcept : word_(word) {}

    /// The nodes 0 to n - 1. Requires: n <= 64.
    [[nodiscard]] static constexpr node_set all(unsigned n) {
        COTERIE_ASSERT(n <= max_nodes);
        return n == 0 ? node_set() : node_set(~std::uint64_t{0} >> (max_nodes - n));
    }

    /// The members as bits: node 0 is the least significant.
    [[nodiscard]] constexpr std::uint64_t word() const noexcept { return word_; }

    /// Whether a node is in the set; a number from 64 up never is.
    [[nodiscard]] constexpr bool contains(unsigned node) const noexcept {
        return node < max_nodes && (word_ >> node & 1) != 0;
    }

    /// Puts a node in. Requires: node < 64.
    constexpr void insert(unsigned node) {
        COTERIE_ASSERT(node < max_nodes);
        word_ |= std::uint64_t{1} << node;
    }

    /// Takes a node out, if it is in.
    constexpr void erase(unsigned node) noexcept {
        if (contains(node)) word_ ^= std::uint64_t{1} << node;
    }

    /// How many members there are.
    [[nodiscard]] constexpr unsigned size() const noexcept {
        return static_cast<unsigned>(std::popcount(word_));
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return word_ == 0; }

    /// Whether the other set has all members of this one.
    [[nodiscard]] constexpr bool is_subset_of(node_set other) const noexcept {
        return (word_ & ~other.word_) == 0;
    }

    /// The members in ascending order.
    [[nodiscard]] constexpr iterator begin() const noexcept;
    /// \copydoc begin
    [[nodiscard]] constexpr iterator end() const noexcept;

    /// What is in either, in both, in the first alone.
    friend constexpr node_set operator|(node_set a, node_set b) noexcept {
        return node_set(a.word_ | b.word_);
    }
    friend constexpr node_set operator&(node_set a, node_set b) noexcept {
        return node_set(a.word_ & b.word_);
    }
    friend constexpr node_set operator-(node_set a, node_set b) noexcept {
        return node_set(a.word_ & ~b.word_);
    }

    friend constexpr bool operator==(node_set, node_set) noexcept = default;

    /// Appends "{0, 2, 5}".
    template <class Out>
    constexpr void append_to(Out& out) const;

private:
    std::uint64_t word_ = 0;
};

/// Goes through the members of a set: a copy of it that shrinks.
class node_set::iterator {
public:
    using value_type = unsigned;
    using difference_type = std::ptrdiff_t;

    constexpr iterator() noexcept = default;

    /// The members of `rest` from the smallest on.
    constexpr explicit iterator(std::uint64_t rest) noexcept : rest_(rest) {}

    /// The member that it stands at. Requires: not the end.
    constexpr unsigned operator*() const noexcept {
        return static_cast<unsigned>(std::countr_zero(rest_));
    }
    constexpr iterator& operator++() noexcept {
        rest_ &= rest_ - 1;
        return *this;
    }
    constexpr iterator operator++(int) noexcept {
        const iterator before = *this;
        ++*this;
        return before;
    }

    friend constexpr bool operator==(iterator, iterator) noexcept = default;

private:
    std::uint64_t rest_ = 0;
};

// --- details ---------------------------------------------------------------------------------------

constexpr node_set::iterator node_set::begin() const noexcept { return iterator(word_); }
constexpr node_set::iterator node_set::end() const noexcept { return iterator(); }

template <class Out>
constexpr void node_set::append_to(Out& out) const {
    out.push_back('{');
    const char* separator = "";
    for (const unsigned node : *this) {
        out.append(separator);
        coterie::detail::append_decimal(out, node);
        separator = ", ";
    }
    out.push_back('}');
}

}  // namespace coterie::inline v0::quorum
