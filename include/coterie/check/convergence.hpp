// SPDX-License-Identifier: BSL-1.0
#pragma once

// Strong eventual consistency: whether replicas that have seen the same changes are in the same state, whatever
// the order in which these came.
//
//   std::vector<check::observation<causality::version_vector<>, crdt::or_set<int>>> seen;
//   seen.push_back({replica, changes_seen, state});        // as often as you like
//   const check::verdict v = check::convergent(std::span(std::as_const(seen)));
//
// That all see all changes in the end is for the scenario to see to, which knows when the end is.
// Source: Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011.

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>

namespace coterie::inline v0::check {

/// A replica at one moment: the changes that it has seen, in any type that compares, and its state.
template <std::equality_comparable Seen, std::equality_comparable State>
struct observation {
    client_id replica;
    Seen seen;
    State state;
};

/// Whether equal changes made equal states. The offending are two indices into the list.
///
/// Complexity: a comparison of changes for each observation and each different set of changes before it.
template <class Seen, class State>
[[nodiscard]] verdict convergent(std::span<const observation<Seen, State>> all) {
    std::vector<std::size_t> firsts;  // of each set of changes, the first that saw just these
    for (std::size_t i = 0; i < all.size(); ++i) {
        bool is_known = false;
        for (std::size_t k = 0; k < firsts.size() && !is_known; ++k) {
            const auto& first = all[firsts[k]];
            if (!(first.seen == all[i].seen)) continue;
            is_known = true;
            if (first.state == all[i].state) continue;
            return detail::no("replicas " + std::to_string(first.replica) + " and " +
                                  std::to_string(all[i].replica) +
                                  " have seen the same changes and differ",
                              {firsts[k], i});
        }
        if (!is_known) firsts.push_back(i);
    }
    return {};
}

}  // namespace coterie::inline v0::check
