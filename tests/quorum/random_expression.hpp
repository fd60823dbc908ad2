// SPDX-License-Identifier: BSL-1.0
#pragma once

// Random expressions, and questions about them answered by looking at every set of nodes.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>

namespace coterie::test {

using quorum::expression;
using quorum::node_set;

/// Whether gates are to have weights, and nodes to stand more than once.
struct expression_kind {
    bool weighted = false;
    bool repeated = false;
};

/// Combines the members at random until one is left.
inline expression combine(rng& random, std::vector<expression> members, bool weighted) {
    while (members.size() > 1) {
        const auto size = uniform_between(random, std::size_t{2}, members.size());
        std::vector<quorum::weighted_member> group;
        std::uint32_t total = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const auto at = static_cast<std::ptrdiff_t>(uniform_below(random, members.size()));
            const std::uint32_t weight = weighted ? uniform_between(random, 1U, 3U) : 1;
            group.push_back({members[static_cast<std::size_t>(at)], weight});
            total += weight;
            members.erase(members.begin() + at);
        }
        members.push_back(quorum::weighted(uniform_between(random, 1U, total), group).value());
    }
    return members.front();
}

/// An expression over nodes n0 to n<count - 1>, each once, or some of them again.
inline expression random_expression(rng& random, unsigned count, expression_kind kind = {}) {
    std::vector<expression> members = quorum::numbered_nodes("n", count);
    const auto again = kind.repeated ? uniform_between(random, 1U, count) : 0;
    for (unsigned i = 0; i < again; ++i) members.push_back(members[uniform_below(random, count)]);
    const expression made = combine(random, std::move(members), kind.weighted);
    std::vector<std::string> names;
    for (const auto& node : quorum::numbered_nodes("n", count)) names.push_back(node.names()[0]);
    return made.over(names);
}

/// Every set of nodes that holds a quorum.
inline std::vector<node_set> all_quorums(const expression& e) {
    std::vector<node_set> found;
    for (std::uint64_t word = 0; word < std::uint64_t{1} << e.node_count(); ++word)
        if (e.is_quorum(node_set(word))) found.emplace_back(word);
    return found;
}

/// Those of `sets` that hold no other of them.
inline std::vector<node_set> minimal_of(const std::vector<node_set>& sets) {
    std::vector<node_set> minimal;
    for (const node_set set : sets)
        if (std::ranges::none_of(
                sets, [set](node_set other) { return other != set && other.is_subset_of(set); }))
            minimal.push_back(set);
    return minimal;
}

/// Sorted by word, so that two lists can be compared.
inline std::vector<node_set> sorted(std::vector<node_set> sets) {
    std::ranges::sort(sets, {}, &node_set::word);
    return sets;
}

}  // namespace coterie::test
