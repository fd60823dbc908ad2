// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an expression promises: its minimal quorums, how many failures it survives, how often it is there.
//
//   quorum::resilience(rows);                       // 1: any one node may fail
//   quorum::availability(rows, std::vector(4, 0.9));
//
// Zones are failure units: `by_zone` puts a zone's name where each of its nodes stood, so that the same
// questions are answered for zones; `behind_zones` needs a node and its zone, for nodes that fail on
// their own as well.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>

namespace coterie::inline v0::quorum {

/// All quorums that hold no smaller one.
///
/// Errors: too_many_nodes (more than 64), too_complex (more than `effort` sets looked at).
[[nodiscard]] constexpr std::expected<std::vector<node_set>, expression_errc> minimal_quorums(
    const expression& e, std::size_t effort = default_effort);

/// How many nodes may fail, whichever they are, with a quorum left.
///
/// Error: too_complex, only where a node stands twice.
[[nodiscard]] constexpr std::expected<unsigned, expression_errc> resilience(
    const expression& e, std::size_t effort = default_effort);

/// The probability that a quorum is up, where node i is up with probability `up[i]`, independently.
///
/// Requires: a probability for each node. Error: too_complex, only where nodes stand twice: each
/// doubles the work.
/// Complexity: O(e * threshold) in the elements where no node stands twice.
[[nodiscard]] constexpr std::expected<double, expression_errc> availability(
    const expression& e, std::span<const double> up, std::size_t effort = default_effort);

/// The expression over zones: `zones[i]` is the name of the zone of node i, and stands for it.
///
/// Requires: a zone for each node.
[[nodiscard]] constexpr expression by_zone(const expression& e, std::span<const std::string> zones);

/// The expression where a node works only if its zone does. Zones are nodes of it, by their names.
///
/// Requires: a zone for each node, of another name than any node. Errors: too_large, too_deep.
[[nodiscard]] constexpr std::expected<expression, expression_errc> behind_zones(
    const expression& e, std::span<const std::string> zones);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Lists the minimal sets of which a monotone `accepts(node_set)` is true.
template <class Accepts>
class minimal_sets {
public:
    constexpr minimal_sets(unsigned nodes, Accepts accepts, std::size_t effort)
        : nodes_(nodes), accepts_(accepts), effort_(effort) {}

    [[nodiscard]] constexpr std::expected<std::vector<node_set>, expression_errc> list() {
        if (accepts_(node_set::all(nodes_)) && !extend(node_set(), 0))
            return std::unexpected(expression_errc::too_complex);
        return std::move(found_);
    }

private:
    // `in` and all nodes from `next` up are accepted together. Whatever `in` takes must stay needed.
    constexpr bool extend(node_set in, unsigned next) {
        if (effort_ == 0) return false;
        --effort_;
        if (accepts_(in)) {
            if (is_minimal(in)) found_.push_back(in);
            return true;
        }
        node_set with = in;
        with.insert(next);
        if (!extend(with, next + 1)) return false;
        const node_set rest = in | (node_set::all(nodes_) - node_set::all(next + 1));
        return !accepts_(rest) || extend(in, next + 1);
    }

    [[nodiscard]] constexpr bool is_minimal(node_set set) const {
        return std::all_of(set.begin(), set.end(), [&](unsigned node) {
            node_set less = set;
            less.erase(node);
            return !accepts_(less);
        });
    }

    unsigned nodes_;
    Accepts accepts_;
    std::size_t effort_;
    std::vector<node_set> found_;
};

/// The probability that a quorum is up; nodes that stand twice are decided one by one.
class availability_fold {
public:
    constexpr availability_fold(const expression& e, std::span<const double> up)
        : elements_(e.elements()), up_(up.begin(), up.end()) {
        COTERIE_ASSERT(up.size() == e.node_count());
        std::vector<unsigned> places(up.size(), 0);
        for (const element& each : elements_)
            if (each.is_node() && ++places[each.value] == 2) repeated_.push_back(each.value);
    }

    [[nodiscard]] constexpr std::expected<double, expression_errc> find(std::size_t effort) {
        if (repeated_.size() >= 63 || std::uint64_t{1} << repeated_.size() > effort)
            return std::unexpected(expression_errc::too_complex);
        return decide(0);
    }

private:
    constexpr double decide(std::size_t next) {
        if (next == repeated_.size()) return fold();
        double& up = up_[repeated_[next]];
        const double p = std::exchange(up, 1);
        double total = p == 0 ? 0 : p * decide(next + 1);
        up = 0;
        if (p < 1) total += (1 - p) * decide(next + 1);
        up = p;
        return total;
    }

    constexpr double fold() {
        probability_.resize(elements_.size());
        for (std::size_t at = elements_.size(); at-- > 0;)
            probability_[at] = elements_[at].is_node() ? up_[elements_[at].value] : gate(at);
        return probability_[0];
    }

    // weighs_[w]: the probability that the members so far weigh w, or, at the threshold, at least that.
    constexpr double gate(std::size_t at) {
        const std::size_t threshold = elements_[at].value;
        weighs_.assign(threshold + 1, 0);
        weighs_[0] = 1;
        for_each_member(elements_, at, [&](std::size_t member) {
            const double p = probability_[member];
            const std::size_t weight = elements_[member].weight;
            for (std::size_t w = threshold; w-- > 0;) {
                weighs_[std::min(threshold, w + weight)] += p * weighs_[w];
                weighs_[w] *= 1 - p;
            }
        });
        return weighs_[threshold];
    }

    std::span<const element> elements_;
    std::vector<double> up_;
    std::vector<unsigned> repeated_;
    std::vector<double> probability_;
    std::vector<double> weighs_;
};

/// The expression with `leaf(node)` in the place of each node.
template <class Leaf>
[[nodiscard]] constexpr std::expected<expression, expression_errc> substitute(const expression& e,
                                                                              Leaf leaf,
                                                                              std::size_t at = 0) {
    const std::span<const element> elements = e.elements();
    if (elements[at].is_node()) return leaf(elements[at].value);
    std::vector<expression> members;
    std::vector<std::uint32_t> weights;
    std::expected<expression, expression_errc> failed = std::unexpected(expression_errc{});
    bool ok = true;
    for_each_member(elements, at, [&](std::size_t member) {
        if (!ok) return;
        auto made = substitute(e, leaf, member);
        ok = made.has_value();
        weights.push_back(elements[member].weight);
        if (ok)
            members.push_back(*std::move(made));
        else
            failed = std::move(made);
    });
    if (!ok) return failed;
    return expression::gate(members, weights, elements[at].value);
}

}  // namespace detail

constexpr std::expected<std::vector<node_set>, expression_errc> minimal_quorums(
    const expression& e, std::size_t effort) {
    if (e.node_count() > node_set::max_nodes)
        return std::unexpected(expression_errc::too_many_nodes);
    const auto accepts = [&e](node_set set) { return e.is_quorum(set); };
    return detail::minimal_sets(e.node_count(), accepts, effort).list();
}

// A smallest quorum of the dual is a smallest set of failures that leaves no quorum.
constexpr std::expected<unsigned, expression_errc> resilience(const expression& e,
                                                              std::size_t effort) {
    const auto fatal = cheapest_quorum(e.dual(), std::vector<double>(e.node_count(), 1), effort);
    if (!fatal.has_value()) return std::unexpected(fatal.error());
    return static_cast<unsigned>(fatal->nodes.size()) - 1;
}

constexpr std::expected<double, expression_errc> availability(const expression& e,
                                                              std::span<const double> up,
                                                              std::size_t effort) {
    return detail::availability_fold(e, up).find(effort);
}

constexpr expression by_zone(const expression& e, std::span<const std::string> zones) {
    COTERIE_ASSERT(zones.size() == e.node_count());
    auto made = detail::substitute(e, [zones](unsigned node) { return expression(zones[node]); });
    COTERIE_ASSERT(made.has_value());
    return *std::move(made);
}

constexpr std::expected<expression, expression_errc> behind_zones(
    const expression& e, std::span<const std::string> zones) {
    COTERIE_ASSERT(zones.size() == e.node_count());
    return detail::substitute(
        e, [&](unsigned node) { return expression(zones[node]) * expression(e.names()[node]); });
}

}  // namespace coterie::inline v0::quorum
