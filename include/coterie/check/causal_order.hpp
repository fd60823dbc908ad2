// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether messages were delivered in causal order: no node got one after another that it caused.
//
//   std::vector<check::delivery<>> log;
//   log.push_back({node, message.sender, message.clock});  // in the order of deliveries at each node
//   const check::verdict v = check::causal_order(std::span(std::as_const(log)));
//
// Source: Birman, Schiper and Stephenson, "Lightweight Causal and Atomic Group Multicast", TOCS 9(3), 1991.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/vector_clock.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>

namespace coterie::inline v0::check {

/// A message that a node got. Its clock is that of the event of sending it, which its sender has counted.
template <causality::replica_name Replica = causality::replica_id>
struct delivery {
    client_id node;
    Replica sender;
    causality::vector_clock<Replica> clock;
};

/// Whether each node got each message before those that it caused, and once. The offending are two indices into
/// the list: the message that came too early, or first, and the other one.
///
/// Complexity: a look at each node and a merge of clocks for each delivery; where the answer is no, a pass over them.
template <class Replica>
[[nodiscard]] verdict causal_order(std::span<const delivery<Replica>> log);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What a node has got: the merged clocks of its messages.
template <class Replica>
struct node_clock {
    client_id node;
    causality::vector_clock<Replica> seen;
};

template <class Replica>
causality::vector_clock<Replica>& clock_of(std::vector<node_clock<Replica>>& clocks,
                                           client_id node) {
    for (auto& c : clocks)
        if (c.node == node) return c.seen;
    return clocks.emplace_back(node_clock<Replica>{node, {}}).seen;
}

}  // namespace detail

template <class Replica>
verdict causal_order(std::span<const delivery<Replica>> log) {
    std::vector<detail::node_clock<Replica>> clocks;
    for (std::size_t late = 0; late < log.size(); ++late) {
        const delivery<Replica>& d = log[late];
        const std::uint64_t sent = d.clock.at(d.sender);
        auto& seen = detail::clock_of(clocks, d.node);
        if (seen.at(d.sender) < sent) {
            seen.merge(d.clock);
            continue;
        }
        // A clock that has counted the sending knows of it.
        std::size_t early = 0;
        while (log[early].node != d.node || log[early].clock.at(d.sender) < sent) ++early;
        const std::string node = "node " + std::to_string(d.node);
        if (log[early].clock == d.clock)
            return detail::no(node + " got a message twice", {early, late});
        return detail::no(node + " got a message after one that it caused", {early, late});
    }
    return {};
}

}  // namespace coterie::inline v0::check
