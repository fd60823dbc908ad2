// SPDX-License-Identifier: BSL-1.0
#pragma once

// The cheapest quorum where also its latency has a price, and where it must survive failures: the
// question that the program of optimize.hpp asks in every round. Of little use alone.
//
// A quorum's latency is that of its slowest node that is needed; so the cheapest one is looked for among
// the nodes up to each latency in turn. What must survive failures is found by a fold (surviving.hpp),
// or, where nodes stand twice or have weights, in a list of all minimal sets.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/analysis.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/strategy.hpp>
#include <coterie/quorum/surviving.hpp>

namespace coterie::inline v0::quorum::detail {

/// Answers for one side of a system.
class quorum_pricer {
public:
    quorum_pricer(const expression& e, const workload& work, unsigned failures)
        : expression_(e),
          failures_(failures),
          finder_(e),
          surviving_(e, failures),
          foldable_(surviving_fold::applies_to(e)),
          latency_(e.node_count(), mean_time{0}) {
        for (unsigned node = 0; node < work.nodes.size(); ++node)
            latency_[node] = work.nodes[node].latency;
        latencies_ = latency_;
        std::ranges::sort(latencies_);
        latencies_.erase(std::unique(latencies_.begin(), latencies_.end()), latencies_.end());
    }

    /// The quorum with the least sum of its nodes' prices and its latency, a second at `latency_price`.
    ///
    /// The price is the sum. Where no set survives, there are no nodes. Error: too_complex.
    [[nodiscard]] std::expected<priced_quorum, expression_errc> find(std::span<const double> prices,
                                                                     double latency_price,
                                                                     std::size_t effort) {
        if (latency_price == 0) return find_within(prices, latencies_.back(), effort);
        priced_quorum best{infinite, {}};
        for (const mean_time latency : latencies_) {
            const double wait = latency_price * latency.count();
            if (wait >= best.price) break;
            auto found = find_within(prices, latency, effort);
            if (!found.has_value()) return found;
            found->price += wait;
            if (found->price < best.price) best = *std::move(found);
        }
        return best;
    }

private:
    // The cheapest of which the nodes up to this latency hold a quorum.
    std::expected<priced_quorum, expression_errc> find_within(std::span<const double> prices,
                                                              mean_time latency,
                                                              std::size_t effort) {
        if (failures_ > 0 && !foldable_) return find_listed(prices, latency, effort);
        if (failures_ > 0) {
            fast_.resize(latency_.size());
            for (std::size_t node = 0; node < fast_.size(); ++node)
                fast_[node] = latency_[node] <= latency;
            return surviving_.find(prices, fast_, effort);
        }
        if (latency == latencies_.back()) return finder_.find(prices, effort);
        prices_.assign(prices.begin(), prices.end());
        for (std::size_t node = 0; node < prices_.size(); ++node)
            if (latency_[node] > latency) prices_[node] = infinite;
        return finder_.find(prices_, effort);
    }

    // Of a list that is made once for each latency.
    std::expected<priced_quorum, expression_errc> find_listed(std::span<const double> prices,
                                                              mean_time latency,
                                                              std::size_t effort) {
        std::size_t at = 0;
        while (latencies_[at] < latency) ++at;
        lists_.resize(latencies_.size());
        if (!lists_[at].made) {
            auto sets = list(latency, effort);
            if (!sets.has_value()) return std::unexpected(sets.error());
            lists_[at] = {true, *std::move(sets)};
        }
        priced_quorum best{infinite, {}};
        const node_set* chosen = nullptr;
        for (const node_set& set : lists_[at].sets) {
            double price = 0;
            for (const unsigned node : set) price += prices[node];
            if (price >= best.price) continue;
            best.price = price;
            chosen = &set;
        }
        if (chosen != nullptr) best.nodes.assign(chosen->begin(), chosen->end());
        return best;
    }

    // A set survives if no few failures are fatal. A fatal set is a quorum of the dual, to which the nodes
    // that are not asked come free.
    [[nodiscard]] std::expected<std::vector<node_set>, expression_errc> list(
        mean_time latency, std::size_t effort) const {
        const auto nodes = static_cast<unsigned>(latency_.size());
        if (nodes > node_set::max_nodes) return std::unexpected(expression_errc::too_many_nodes);
        node_set fast;
        for (unsigned node = 0; node < nodes; ++node)
            if (latency_[node] <= latency) fast.insert(node);
        cheapest_finder fatal(expression_.dual());
        std::size_t left = effort;
        std::vector<double> prices(nodes);
        const auto accepts = [&](node_set set) {
            if (left == 0 || !expression_.is_quorum(set & fast)) return false;
            for (unsigned node = 0; node < nodes; ++node) prices[node] = set.contains(node) ? 1 : 0;
            const auto failed = fatal.find(prices, left);
            left = fatal.effort_left();
            return failed.has_value() && failed->price > failures_;
        };
        auto sets = minimal_sets(nodes, accepts, effort).list();
        if (left == 0) return std::unexpected(expression_errc::too_complex);
        return sets;
    }

    struct listed {
        bool made = false;
        std::vector<node_set> sets;
    };

    const expression& expression_;
    unsigned failures_;
    cheapest_finder finder_;
    surviving_fold surviving_;
    bool foldable_;
    /// Of each node.
    std::vector<mean_time> latency_;
    /// Ascending, each once.
    std::vector<mean_time> latencies_;
    /// By latency.
    std::vector<listed> lists_;
    std::vector<bool> fast_;
    std::vector<double> prices_;
};

}  // namespace coterie::inline v0::quorum::detail
