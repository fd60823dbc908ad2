// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a coordinator holds for one request: who has answered, who has failed, and whether that is enough.
// It says so as early as it can be known: `reached` with the answer that completes a quorum, `impossible`
// with the failure after which those that are left cannot. Both are final.
//
//   quorum::tally votes(quorum::majority_of(quorum::node_set::all(5)), quorum::node_set::all(5));
//   switch (votes.answered(from)) { case quorum::verdict::reached: ... }
//
// What a quorum is says a rule: any type with a monotone `is_quorum(node_set)`. Here are counting, weighted
// and joint ones (two at once, as while members change: Ongaro, "Consensus: Bridging Theory and Practice",
// 2014, section 4.3); consistency levels and expressions are rules as well.

#include <concepts>
#include <cstdint>
#include <span>

#include <coterie/quorum/node_set.hpp>

namespace coterie::inline v0::quorum {

/// Says which sets of nodes are quorums. It must be monotone: a set with a quorum in it is one.
template <class Q>
concept quorum_rule = requires(const Q& rule, node_set nodes) {
    { rule.is_quorum(nodes) } -> std::same_as<bool>;
};

/// Any `needed` of `nodes`.
struct count_of {
    unsigned needed = 1;
    node_set nodes;

    /// As quorum_rule asks.
    [[nodiscard]] constexpr bool is_quorum(node_set s) const noexcept {
        return (s & nodes).size() >= needed;
    }
    friend constexpr bool operator==(const count_of&, const count_of&) noexcept = default;
};

/// More than half of `nodes`: any two of these meet.
[[nodiscard]] constexpr count_of majority_of(node_set nodes) noexcept {
    return {nodes.size() / 2 + 1, nodes};
}

/// Nodes whose weights sum up to `needed`. The weights stay the caller's; node i has weights[i], and nodes
/// beyond the last have none. Any two quorums meet if `needed` is more than half of the sum.
struct weight_of {
    std::uint64_t needed = 1;
    std::span<const std::uint32_t> weights;

    /// Complexity: linear in the size of the set.
    [[nodiscard]] constexpr bool is_quorum(node_set s) const noexcept {
        std::uint64_t sum = 0;
        for (const unsigned node : s) sum += node < weights.size() ? weights[node] : 0;
        return sum >= needed;
    }
};

/// A rule that stays the caller's: an expression, say, of which a tally should not make a copy. The rule must
/// outlive it.
template <quorum_rule Rule>
class rule_ref {
public:
    constexpr explicit rule_ref(const Rule& rule) noexcept : rule_(&rule) {}

    /// As quorum_rule asks.
    [[nodiscard]] constexpr bool is_quorum(node_set s) const { return rule_->is_quorum(s); }

private:
    const Rule* rule_;
};

/// A quorum of both: the old members and the new ones, say.
template <quorum_rule First, quorum_rule Second>
struct both_of {
    First first;
    Second second;

    /// As quorum_rule asks.
    [[nodiscard]] constexpr bool is_quorum(node_set s) const {
        return first.is_quorum(s) && second.is_quorum(s);
    }
};

/// A rule of two is known by the two.
template <class First, class Second>
both_of(First, Second) -> both_of<First, Second>;

/// What is known of a request.
enum class verdict : std::uint8_t {
    possible,    ///< no quorum yet, but those that have not failed would be one
    reached,     ///< a quorum has answered
    impossible,  ///< so many have failed that there can be no quorum any more
};

[[nodiscard]] constexpr const char* describe(verdict v) noexcept {
    switch (v) {
        case verdict::possible: return "still possible";
        case verdict::reached: return "reached";
        case verdict::impossible: return "impossible";
    }
    return "unknown verdict";
}

/// The answers and failures of one request. A regular type of three words and the rule; allocates nothing.
///
/// The first word of a node counts. A second answer, an answer after its failure, and the word of a node that
/// was not asked change nothing; so messages may be late, repeated and forged. Do not report a node as failed
/// if you would still take its answer: a time-out of the whole request needs no word here.
/// Thread safety: that of a value.
template <quorum_rule Rule>
class tally {
public:
    /// A request that was sent to the nodes `asked`. An empty quorum is reached at once.
    constexpr tally(Rule rule, node_set asked) : rule_(rule), asked_(asked), pending_(asked) {}

    /// A node has answered. Returns: the verdict now. Complexity: two questions to the rule.
    constexpr verdict answered(unsigned node) {
        if (pending_.contains(node)) {
            pending_.erase(node);
            answers_.insert(node);
        }
        return state();
    }

    /// A node has failed: it will not answer, or its answer is not wanted any more. As answered().
    constexpr verdict failed(unsigned node) {
        pending_.erase(node);
        return state();
    }

    /// The verdict now.
    [[nodiscard]] constexpr verdict state() const {
        if (rule_.is_quorum(answers_)) return verdict::reached;
        return rule_.is_quorum(answers_ | pending_) ? verdict::possible : verdict::impossible;
    }

    /// Which nodes have answered, failed, and said nothing yet: together those that were asked.
    [[nodiscard]] constexpr node_set answers() const noexcept { return answers_; }
    [[nodiscard]] constexpr node_set failures() const noexcept {
        return asked_ - answers_ - pending_;
    }
    [[nodiscard]] constexpr node_set pending() const noexcept { return pending_; }

    /// The rule that it asks.
    [[nodiscard]] constexpr const Rule& rule() const noexcept { return rule_; }

private:
    Rule rule_;
    node_set asked_;
    node_set pending_;
    node_set answers_;
};

}  // namespace coterie::inline v0::quorum
