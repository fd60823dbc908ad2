// SPDX-License-Identifier: BSL-1.0
#pragma once

// The best quorum system over up to five nodes, and its best strategy: by looking at every expression in
// which a node stands at most once.
//
//   auto search = quorum::search::start({"a", "b", "c", "d", "e"}, {.what = quorum::objective::load,
//                                                                   .work = work, .resilience = 1});
//   while (search->step() && !interrupted) {}
//   search->best()->system.reads().to_string();    // "(c + b * d) * (a + e)"
//
// Each step looks at one expression for the reads, whose dual is for the writes; between two steps the
// caller may stop and have the best so far. Expressions are canonical: no "one of" within a "one of", no
// "all of" within an "all of", and the order of members says nothing. Five nodes have 1370 of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/strategy.hpp>

namespace coterie::inline v0::quorum {

/// What is searched for.
struct search_goal {
    objective what = objective::load;
    workload work = workload();
    /// Of the strategy.
    limits within = limits();
    /// How many nodes may fail, whichever, with a read and a write quorum left.
    unsigned resilience = 0;
};

/// Why a search cannot start.
enum class search_errc : std::uint8_t {
    no_nodes,
    too_many_nodes,    ///< more than five
    repeated_name,     ///< two nodes of one name
    invalid_workload,  ///< see workload::valid_for
};

[[nodiscard]] constexpr const char* describe(search_errc code) noexcept {
    switch (code) {
        case search_errc::no_nodes: return "no nodes to search over";
        case search_errc::too_many_nodes: return "more than five nodes";
        case search_errc::repeated_name: return "two nodes have one name";
        case search_errc::invalid_workload: return "the workload makes no sense";
    }
    return "unknown search error";
}

/// All canonical expressions over these nodes in which each stands exactly once, the shortest first.
///
/// Requires: at most five nodes of different names. Five have 885.
[[nodiscard]] inline std::vector<expression> canonical_expressions(
    const std::vector<std::string>& names);

/// A search that goes on step by step.
class search {
public:
    /// The best system so far.
    struct found {
        quorum_system system;
        plan best;
    };

    /// Lists what there is to look at: the expressions over these nodes, or over some of them.
    [[nodiscard]] static std::expected<search, search_errc> start(
        const std::vector<std::string>& names, search_goal goal);

    /// Looks at one more expression. Returns: whether there are more.
    bool step();

    /// How many expressions were looked at, and how many there are.
    [[nodiscard]] std::size_t looked_at() const noexcept { return next_; }
    [[nodiscard]] std::size_t size() const noexcept { return candidates_.size(); }

    /// None where no expression so far keeps to the limits. Of equals the shortest.
    [[nodiscard]] const std::optional<found>& best() const noexcept { return best_; }

private:
    search(std::vector<expression> candidates, search_goal goal)
        : candidates_(std::move(candidates)), goal_(std::move(goal)) {}

    std::vector<expression> candidates_;
    search_goal goal_;
    std::size_t next_ = 0;
    std::optional<found> best_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline constexpr std::size_t max_search_nodes = 5;

/// Makes the canonical expressions over every subset of some nodes.
class expression_lister {
public:
    constexpr explicit expression_lister(const std::vector<std::string>& names)
        : over_(std::size_t{1} << names.size()) {
        for (std::size_t set = 1; set < over_.size(); ++set) {
            if ((set & (set - 1)) == 0) {
                std::size_t node = 0;
                while (set >> node != 1) ++node;
                over_[set].emplace_back(names[node]);
            } else {
                divide(set, set);
            }
        }
    }

    /// The expressions in which exactly the nodes of `set` stand.
    [[nodiscard]] constexpr const std::vector<expression>& over(std::size_t set) const {
        return over_[set];
    }

private:
    // Every way to divide `rest` into parts, added to the parts that there are: the first part has the lowest
    // node, so that each way is met once.
    constexpr void divide(std::size_t whole, std::size_t rest) {
        if (rest == 0) {
            members_.clear();
            combine(whole);
            return;
        }
        const std::size_t lowest = rest & (~rest + 1);
        const std::size_t others = rest & ~lowest;
        for (std::size_t more = others;; more = (more - 1) & others) {
            if ((lowest | more) != whole) {
                parts_.push_back(lowest | more);
                divide(whole, others & ~more);
                parts_.pop_back();
            }
            if (more == 0) break;
        }
    }

    // Every choice of an expression for each part, under every threshold.
    constexpr void combine(std::size_t whole) {
        if (members_.size() < parts_.size()) {
            for (const expression& member : over_[parts_[members_.size()]]) {
                members_.push_back(member);
                combine(whole);
                members_.pop_back();
            }
            return;
        }
        for (std::uint32_t k = 1; k <= members_.size(); ++k) {
            const auto made = choose(k, members_);
            // A gate that took in the members of a member is listed elsewhere.
            std::size_t count = 0;
            for_each_member(made->elements(), 0, [&count](std::size_t) { ++count; });
            if (count == members_.size()) over_[whole].push_back(*made);
        }
    }

    std::vector<std::vector<expression>> over_;
    std::vector<std::size_t> parts_;
    std::vector<expression> members_;
};

/// Short ones first, and else as they are. (libstdc++'s stable_sort calls what clang knows as deprecated.)
inline void sort_by_length(std::vector<expression>& expressions) {
    std::vector<std::pair<std::size_t, std::size_t>> order;
    order.reserve(expressions.size());
    for (std::size_t i = 0; i < expressions.size(); ++i) {
        order.emplace_back(expressions[i].elements().size(), i);
    }
    std::sort(order.begin(), order.end());
    std::vector<expression> sorted;
    sorted.reserve(expressions.size());
    for (const auto& [length, at] : order) sorted.push_back(std::move(expressions[at]));
    expressions = std::move(sorted);
}

}  // namespace detail

inline std::vector<expression> canonical_expressions(const std::vector<std::string>& names) {
    COTERIE_ASSERT(!names.empty() && names.size() <= detail::max_search_nodes);
    const detail::expression_lister lister(names);
    std::vector<expression> all;
    for (const expression& e : lister.over((std::size_t{1} << names.size()) - 1))
        all.push_back(e.over(names));
    detail::sort_by_length(all);
    return all;
}

inline std::expected<search, search_errc> search::start(const std::vector<std::string>& names,
                                                        search_goal goal) {
    if (names.empty()) return std::unexpected(search_errc::no_nodes);
    if (names.size() > detail::max_search_nodes)
        return std::unexpected(search_errc::too_many_nodes);
    std::vector<std::string> sorted = names;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end())
        return std::unexpected(search_errc::repeated_name);
    if (!goal.work.valid_for(static_cast<unsigned>(names.size())))
        return std::unexpected(search_errc::invalid_workload);
    const detail::expression_lister lister(names);
    std::vector<expression> candidates;
    for (std::size_t set = 1; set < std::size_t{1} << names.size(); ++set)
        for (const expression& e : lister.over(set)) candidates.push_back(e.over(names));
    detail::sort_by_length(candidates);
    return search(std::move(candidates), std::move(goal));
}

inline bool search::step() {
    if (next_ == candidates_.size()) return false;
    auto system = quorum_system::from_reads(candidates_[next_++]);
    const bool more = next_ < candidates_.size();
    if (resilience(system).value_or(0) < goal_.resilience) return more;
    auto plan = optimize(system, goal_.what, goal_.work, goal_.within);
    if (!plan.has_value()) return more;
    if (!best_.has_value() || objective_of(plan->cost, goal_.what) <
                                  objective_of(best_->best.cost, goal_.what) * (1 - 1e-9))
        best_.emplace(std::move(system), *std::move(plan));
    return more;
}

}  // namespace coterie::inline v0::quorum
