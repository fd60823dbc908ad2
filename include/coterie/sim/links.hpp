// SPDX-License-Identifier: BSL-1.0
#pragma once

// The links of a simulated network: what each does to messages, and which are cut or held. A link is
// one-way, so that a partition can be.
//
//   links all;
//   all.set_profile({.delay = latency::uniform(1ms, 3ms), .loss = 0.01});
//   all.set_profile(n1, n2, {.delay = latency::constant(200ms)});
//   all.partition({{n1, n2}});                     // those two, and all others
//   all.heal();

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::inline v0::sim {

/// What a link does to the messages on it.
struct link_profile {
    latency delay =
        latency::uniform(std::chrono::microseconds(200), std::chrono::microseconds(800));
    /// The probability that a message is lost, arrives twice, or has a bit flipped.
    double loss = 0;
    double duplication = 0;
    double corruption = 0;
    /// How many bytes it takes a second, one message after the other; 0: any number.
    std::uint64_t bytes_per_second = 0;
    /// Whether a message never overtakes an earlier one, as on a TCP connection.
    bool in_order = false;

    friend constexpr bool operator==(const link_profile&, const link_profile&) = default;
};

/// All links between nodes, each way by itself.
///
/// Complexity: constant a question; a change of one link first allocates a table of all, quadratic in
/// the nodes. Thread safety: none.
class links {
public:
    /// What a message that is on its way meets.
    enum class state : std::uint8_t {
        open,
        held,  ///< it waits until it is released
        cut    ///< it is lost
    };

    /// The profile of all links, also of those that had one of their own.
    void set_profile(const link_profile& profile) {
        profiles_.assign(1, profile);
        for (link& l : table_) l.profile = 0;
    }

    /// The profile of one link, one way.
    void set_profile(trace::node_id from, trace::node_id to, const link_profile& profile) {
        for (std::size_t i = 0; i < profiles_.size(); ++i)
            if (profiles_[i] == profile)
                return void(at(from, to).profile = static_cast<std::uint32_t>(i));
        at(from, to).profile = static_cast<std::uint32_t>(profiles_.size());
        profiles_.push_back(profile);
    }

    /// What the link does to messages now.
    [[nodiscard]] const link_profile& profile(trace::node_id from,
                                              trace::node_id to) const noexcept {
        return profiles_[find(from, to).profile];
    }

    /// Whether it is open now.
    [[nodiscard]] state state_of(trace::node_id from, trace::node_id to) const noexcept {
        return find(from, to).is;
    }

    /// Cuts, holds or opens one link, one way. What it held before is still held until released.
    void set_state(trace::node_id from, trace::node_id to, state s) { at(from, to).is = s; }

    /// Opens every link between nodes of one group and cuts every other. Nodes that no group names are
    /// one more group. Returns: of each node, which group it is in.
    std::vector<std::uint32_t> partition(std::span<const std::vector<trace::node_id>> groups);
    std::vector<std::uint32_t> partition(
        std::initializer_list<std::vector<trace::node_id>> groups) {
        return partition(std::span(groups.begin(), groups.size()));
    }

    /// Opens every link.
    void heal() noexcept {
        for (link& l : table_) l.is = state::open;
    }

    /// Tells of nodes: a new one has open links to all.
    void set_node_count(trace::node_id count);

private:
    struct link {
        std::uint32_t profile = 0;
        state is = state::open;
    };

    [[nodiscard]] link find(trace::node_id from, trace::node_id to) const noexcept {
        return table_.empty() ? link{} : table_[std::size_t{from} * nodes_ + to];
    }

    link& at(trace::node_id from, trace::node_id to) {
        COTERIE_ASSERT(from < nodes_ && to < nodes_);
        if (table_.empty()) table_.resize(std::size_t{nodes_} * nodes_);
        return table_[std::size_t{from} * nodes_ + to];
    }

    trace::node_id nodes_ = 0;
    /// The first is that of all links without one of their own.
    std::vector<link_profile> profiles_{link_profile{}};
    /// By from and to; empty as long as all are alike.
    std::vector<link> table_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// A table by from and to, for more nodes.
template <class T>
void widen(std::vector<T>& table, trace::node_id nodes, trace::node_id wanted) {
    std::vector<T> wider(std::size_t{wanted} * wanted);
    for (trace::node_id from = 0; from < nodes; ++from)
        for (trace::node_id to = 0; to < nodes; ++to)
            wider[std::size_t{from} * wanted + to] = table[std::size_t{from} * nodes + to];
    table = std::move(wider);
}

}  // namespace detail

inline std::vector<std::uint32_t> links::partition(
    std::span<const std::vector<trace::node_id>> groups) {
    std::vector<std::uint32_t> group_of(nodes_, static_cast<std::uint32_t>(groups.size()));
    for (std::uint32_t g = 0; g < groups.size(); ++g)
        for (const trace::node_id node : groups[g]) {
            COTERIE_ASSERT(node < nodes_);
            group_of[node] = g;
        }
    for (trace::node_id from = 0; from < nodes_; ++from)
        for (trace::node_id to = 0; to < nodes_; ++to)
            at(from, to).is = group_of[from] == group_of[to] ? state::open : state::cut;
    return group_of;
}

inline void links::set_node_count(trace::node_id count) {
    COTERIE_ASSERT(count >= nodes_);
    if (!table_.empty()) detail::widen(table_, nodes_, count);
    nodes_ = count;
}

}  // namespace coterie::inline v0::sim
