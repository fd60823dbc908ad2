// SPDX-License-Identifier: BSL-1.0
#pragma once

// What happened before what in a trace: the vector clock of each event, found in one pass over the sends
// and receives.
//
//   const trace::trace_clocks clocks(trace);
//   if (clocks.happened_before(i, j)) ...            // i can have caused j
//   clocks.counter(j, n);                            // how many events of node n j knows of
//
// An event of a node is what the node does or what is done to it; a crash ends nothing: a lane goes on after
// a restart. What the network loses, and what befalls the whole world, is no node's event: the first comes
// after its send, and neither comes before anything. What was dropped from the trace is not known: events
// that are ordered only through it look concurrent.
// Source: Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988; Mattern,
// "Virtual Time and Global States of Distributed Systems", 1989.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::trace {

/// Where each message of a trace was sent.
///
/// Complexity: made in n log n; a question in log n. Thread safety: that of a value.
class trace_sends {
public:
    /// What is not in the trace.
    static constexpr std::size_t none = ~std::size_t{0};

    explicit trace_sends(const trace& t) {
        for (std::size_t i = 0; i < t.size(); ++i) {
            if (t[i].kind == trace_kind::send) sends_.emplace_back(t[i].message, i);
        }
        std::sort(sends_.begin(), sends_.end());
    }

    /// The index of the send of a message, or none.
    [[nodiscard]] std::size_t find(message_number message) const noexcept {
        const auto at =
            std::lower_bound(sends_.begin(), sends_.end(), std::pair(message, std::size_t{0}));
        return at == sends_.end() || at->first != message ? none : at->second;
    }

private:
    std::vector<std::pair<message_number, std::size_t>> sends_;
};

/// The vector clocks of a trace, by the index of an event. It does not refer to the trace afterwards.
///
/// Complexity: made in one pass, with a step for each node at each receive; questions are constant. Memory:
/// 16 bytes an event, and 4 for each node at each receive. Thread safety: that of a value.
class trace_clocks {
public:
    explicit trace_clocks(const trace& t);

    /// How many events of a node come before an event, or are it.
    [[nodiscard]] std::uint32_t counter(std::size_t event, node_id n) const noexcept {
        const place& p = places_[event];
        return n == p.node ? p.count : rows_[p.row * nodes_ + n];
    }

    /// Whether an event is a node's, and not the network's or the world's.
    [[nodiscard]] bool is_local(std::size_t event) const noexcept {
        return places_[event].is_local;
    }

    /// Whether there is a path from `a` to `b` along lanes and messages.
    [[nodiscard]] bool happened_before(std::size_t a, std::size_t b) const noexcept {
        const place& p = places_[a];
        return a != b && p.is_local && counter(b, p.node) >= p.count;
    }

    /// Less if `a` happened before `b`; unordered if neither happened before the other.
    [[nodiscard]] std::partial_ordering compare(std::size_t a, std::size_t b) const noexcept {
        if (a == b) return std::partial_ordering::equivalent;
        if (happened_before(a, b)) return std::partial_ordering::less;
        if (happened_before(b, a)) return std::partial_ordering::greater;
        return std::partial_ordering::unordered;
    }

private:
    /// The clock of an event: a row, but for the counter of its own node.
    struct place {
        node_id node = no_node;
        std::uint32_t count = 0;
        std::uint32_t row = 0;
        bool is_local = false;
    };

    [[nodiscard]] std::uint32_t merged_row(const place& own, std::size_t with);

    std::size_t nodes_;
    std::vector<place> places_;
    std::vector<std::uint32_t> rows_;  // one for each receive, after one of zeros
};

// --- details ---------------------------------------------------------------------------------------

inline trace_clocks::trace_clocks(const trace& t) : nodes_(t.nodes()), rows_(nodes_) {
    const trace_sends sends(t);
    std::vector<place> now(nodes_);
    for (node_id n = 0; n < nodes_; ++n) now[n] = {.node = n, .is_local = true};
    places_.reserve(t.size());
    for (std::size_t i = 0; i < t.size(); ++i) {
        const trace_event e = t[i];
        const std::size_t send =
            is_of_message(e.kind) && e.kind != trace_kind::send ? sends.find(e.message) : i;
        const bool follows = send < i;
        if (e.node == no_node || e.kind == trace_kind::lose) {
            places_.push_back(follows ? places_[send] : place{});
            places_.back().is_local = false;
            continue;
        }
        place& p = now[e.node];
        ++p.count;
        if (follows) p.row = merged_row(p, send);
        places_.push_back(p);
    }
}

inline std::uint32_t trace_clocks::merged_row(const place& own, std::size_t with) {
    const std::size_t start = rows_.size();
    rows_.resize(start + nodes_);
    for (node_id n = 0; n < nodes_; ++n)
        rows_[start + n] = std::max(rows_[own.row * nodes_ + n], counter(with, n));
    return static_cast<std::uint32_t>(start / nodes_);
}

}  // namespace coterie::inline v0::trace
