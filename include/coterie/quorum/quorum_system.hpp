// SPDX-License-Identifier: BSL-1.0
#pragma once

// A read side and a write side: every quorum of the one meets every quorum of the other, so that a read
// sees the last write. Give one side, and the other is its dual, which asks for no more than it must.
//
//   const auto grid = quorum::quorum_system::from_reads(a * b + c * d);   // writes: (a + b) * (c + d)
//   const auto mine = quorum::quorum_system::make(a + b, c + d);          // error: {a} and {c} miss
//
// Source: Whittaker et al., "Read-Write Quorum Systems Made Practical", PaPoC 2021.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/analysis.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>

namespace coterie::inline v0::quorum {

/// Why two expressions are no quorum system.
enum class system_errc : std::uint8_t {
    no_intersection,  ///< a read quorum and a write quorum have no node in common
    too_complex,      ///< it would take too long to find out
};

[[nodiscard]] constexpr const char* describe(system_errc code) noexcept {
    switch (code) {
        case system_errc::no_intersection: return "a read quorum misses a write quorum";
        case system_errc::too_complex: return "too complex to tell whether all quorums meet";
    }
    return "unknown quorum system error";
}

/// Why two expressions are no quorum system, and which two quorums miss each other.
struct system_error {
    system_errc code;
    /// Names of nodes; none where the code is too_complex.
    std::vector<std::string> read;
    std::vector<std::string> write;

    /// Appends "a read quorum misses a write quorum: {a} and {c, d}" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const;

    friend constexpr bool operator==(const system_error&, const system_error&) = default;
};

/// Two expressions over the same nodes, of which every two quorums meet.
///
/// Thread safety: as of a vector.
class quorum_system {
public:
    /// The dual is the other side.
    [[nodiscard]] static constexpr quorum_system from_reads(const expression& reads) {
        return {reads, reads.dual()};
    }
    /// The dual is the other side.
    [[nodiscard]] static constexpr quorum_system from_writes(const expression& writes) {
        return {writes.dual(), writes};
    }

    /// Both sides. Nodes are numbered as in `reads`, then those that stand only in `writes`.
    ///
    /// Errors: no_intersection, which names two quorums; too_complex.
    /// Complexity: linear where the sides differ in thresholds only or sizes alone decide, else a
    /// search that grows exponentially with the nodes and gives up after `effort` steps.
    [[nodiscard]] static constexpr std::expected<quorum_system, system_error> make(
        const expression& reads, const expression& writes, std::size_t effort = default_effort);

    /// One side; both have the same nodes.
    [[nodiscard]] constexpr const expression& reads() const noexcept { return reads_; }
    [[nodiscard]] constexpr const expression& writes() const noexcept { return writes_; }

    /// The name of each node, by its number.
    [[nodiscard]] constexpr const std::vector<std::string>& names() const noexcept {
        return reads_.names();
    }
    [[nodiscard]] constexpr unsigned node_count() const noexcept { return reads_.node_count(); }

    friend constexpr bool operator==(const quorum_system&, const quorum_system&) = default;

private:
    constexpr quorum_system(expression reads, expression writes)
        : reads_(std::move(reads)), writes_(std::move(writes)) {}

    expression reads_;
    expression writes_;
};

/// How many nodes may fail, whichever they are, with a read quorum and a write quorum left.
///
/// Error: too_complex, only where a node stands twice.
[[nodiscard]] constexpr std::expected<unsigned, expression_errc> resilience(
    const quorum_system& system, std::size_t effort = default_effort);

// --- details ---------------------------------------------------------------------------------------

template <class Out>
constexpr void system_error::append_to(Out& out) const {
    out.append(describe(code));
    if (code != system_errc::no_intersection) return;
    const auto append_names = [&out](const std::vector<std::string>& names) {
        const char* before = "{";
        for (const std::string& name : names) {
            out.append(std::exchange(before, ", "));
            out.append(name);
        }
        out.append("}");
    };
    out.append(": ");
    append_names(read);
    out.append(" and ");
    append_names(write);
}

namespace detail {

/// Whether the two differ in thresholds alone, and the first asks for as much as the second everywhere.
constexpr bool plainly_implies(const expression& a, const expression& b) {
    return std::ranges::equal(a.elements(), b.elements(), [](const element& x, const element& y) {
        return x.extent == y.extent && x.weight == y.weight &&
               (x.is_node() ? x.value == y.value : x.value >= y.value);
    });
}

/// Looks for a read quorum and a write quorum without a common node, by giving every node to one side.
class disjoint_pair {
public:
    enum class outcome : std::uint8_t {
        none,
        found,
        unknown
    };
    using words = std::vector<std::uint64_t>;

    constexpr disjoint_pair(const expression& reads, const expression& writes, std::size_t effort)
        : reads_(reads),
          writes_(writes),
          effort_(effort),
          read_(reads.node_count() / 64 + 1, 0),
          may_read_(read_.size(), ~std::uint64_t{0}),
          may_write_(may_read_) {}

    [[nodiscard]] constexpr outcome search(unsigned next = 0) {
        if (effort_ == 0) return outcome::unknown;
        --effort_;
        if (!reads_.is_quorum(may_read_) || !writes_.is_quorum(may_write_)) return outcome::none;
        if (reads_.is_quorum(read_)) return outcome::found;
        const std::size_t word = next / 64;
        const std::uint64_t bit = std::uint64_t{1} << next % 64;
        read_[word] |= bit;
        may_write_[word] &= ~bit;
        const outcome with = search(next + 1);
        if (with != outcome::none) return with;
        read_[word] &= ~bit;
        may_write_[word] |= bit;
        may_read_[word] &= ~bit;
        const outcome without = search(next + 1);
        if (without == outcome::none) may_read_[word] |= bit;
        return without;
    }

    /// What was found, with no node that is not needed.
    [[nodiscard]] constexpr std::vector<std::string> read() const { return trim(reads_, read_); }
    [[nodiscard]] constexpr std::vector<std::string> write() const {
        return trim(writes_, may_write_);
    }

private:
    [[nodiscard]] static constexpr std::vector<std::string> trim(const expression& e, words set) {
        std::vector<std::string> names;
        for (unsigned node = 0; node < e.node_count(); ++node) {
            std::uint64_t& word = set[node / 64];
            const std::uint64_t before = word;
            word &= ~(std::uint64_t{1} << node % 64);
            if (word == before || e.is_quorum(set)) continue;
            word = before;
            names.push_back(e.names()[node]);
        }
        return names;
    }

    const expression& reads_;
    const expression& writes_;
    std::size_t effort_;
    /// Given to the reads; and what either side has or may still get.
    words read_;
    words may_read_;
    words may_write_;
};

/// Whether a read quorum and a write quorum are together larger than all nodes.
constexpr bool too_large_to_miss(const expression& reads, const expression& writes) {
    const std::vector<double> ones(reads.node_count(), 1);
    const auto read = cheapest_quorum(reads, ones, 1);
    const auto write = cheapest_quorum(writes, ones, 1);
    return read.has_value() && write.has_value() &&
           read->nodes.size() + write->nodes.size() > ones.size();
}

}  // namespace detail

constexpr std::expected<quorum_system, system_error> quorum_system::make(const expression& reads,
                                                                         const expression& writes,
                                                                         std::size_t effort) {
    std::vector<std::string> names = reads.names();
    for (const std::string& name : writes.names())
        if (reads.find(name) == reads.node_count()) names.push_back(name);
    quorum_system system(reads.over(names), writes.over(names));
    if (detail::plainly_implies(system.reads_, system.writes_.dual()) ||
        detail::too_large_to_miss(system.reads_, system.writes_))
        return system;

    detail::disjoint_pair pair(system.reads_, system.writes_, effort);
    switch (pair.search()) {
        case detail::disjoint_pair::outcome::none: return system;
        case detail::disjoint_pair::outcome::unknown:
            return std::unexpected(system_error{system_errc::too_complex, {}, {}});
        case detail::disjoint_pair::outcome::found: break;
    }
    return std::unexpected(system_error{system_errc::no_intersection, pair.read(), pair.write()});
}

constexpr std::expected<unsigned, expression_errc> resilience(const quorum_system& system,
                                                              std::size_t effort) {
    const auto reads = resilience(system.reads(), effort);
    if (!reads.has_value()) return reads;
    const auto writes = resilience(system.writes(), effort);
    if (!writes.has_value()) return writes;
    return std::min(*reads, *writes);
}

}  // namespace coterie::inline v0::quorum
