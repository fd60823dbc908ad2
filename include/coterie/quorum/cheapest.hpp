// SPDX-License-Identifier: BSL-1.0
#pragma once

// The cheapest quorum where each node has a price: what a smallest quorum, the resilience of an expression
// and the pricing of a linear program all ask for.
//
//   const std::vector<double> prices = {3, 1, 1, 2};
//   const auto best = quorum::cheapest_quorum(rows, prices);   // best->price, best->nodes
//
// No quorum is enumerated. Where no node stands twice it is one fold: a choose-k takes its k cheapest
// members, a weighted gate solves a knapsack. A node that stands more than once is at first charged in
// equal parts where it stands, which bounds the price from below; then it is tried in and out, as long
// as that can still win.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/expression.hpp>

namespace coterie::inline v0::quorum {

/// A quorum and the sum of its nodes' prices.
struct priced_quorum {
    double price;
    /// Ascending.
    std::vector<unsigned> nodes;
};

/// How many folds, sets or cases an exact answer may try before it is `too_complex`.
inline constexpr std::size_t default_effort = 1 << 20;

/// A quorum whose prices add up to the least. An infinite price keeps a node out; where no quorum is
/// left, the price is infinite and there are no nodes.
///
/// Requires: a price for each node, none negative.
/// Error: too_complex, only where a node stands twice.
/// Complexity: of one fold O(e log e) in the elements, for weighted gates O(members * threshold).
[[nodiscard]] constexpr std::expected<priced_quorum, expression_errc> cheapest_quorum(
    const expression& e, std::span<const double> prices, std::size_t effort = default_effort);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline constexpr double infinite = std::numeric_limits<double>::infinity();

/// Which members of a gate are cheapest together. Keeps its memory from one gate to the next.
class member_choice {
public:
    struct candidate {
        double price;
        std::uint32_t weight;
        std::size_t at;
    };

    constexpr void clear() noexcept { candidates_.clear(); }
    constexpr void add(candidate c) { candidates_.push_back(c); }

    /// Chooses candidates that weigh `threshold`; returns what they cost.
    constexpr double choose(std::uint32_t threshold) {
        const bool unit = std::ranges::all_of(candidates_, [](auto& c) { return c.weight == 1; });
        if (!unit) return choose_weighted(threshold);
        const auto cheaper = [](const candidate& a, const candidate& b) {
            return a.price != b.price ? a.price < b.price : a.at < b.at;
        };
        if (threshold < candidates_.size())
            std::nth_element(candidates_.begin(),
                             candidates_.begin() + static_cast<std::ptrdiff_t>(threshold) - 1,
                             candidates_.end(), cheaper);
        candidates_.resize(threshold);
        double price = 0;
        for (const candidate& c : candidates_) price += c.price;
        return price;
    }

    /// What was chosen last.
    [[nodiscard]] constexpr std::span<const candidate> chosen() const noexcept {
        return candidates_;
    }

private:
    // A knapsack: least_[w] is the price of a weight of w at least, from the candidates so far.
    constexpr double choose_weighted(std::uint32_t threshold) {
        least_.assign(threshold + 1, infinite);
        least_[0] = 0;
        taken_.assign(candidates_.size() * (threshold + 1), false);
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            for (std::uint32_t w = threshold; w > 0; --w) {
                const double with =
                    least_[w - std::min(w, candidates_[i].weight)] + candidates_[i].price;
                if (!(with < least_[w])) continue;
                least_[w] = with;
                taken_[i * (threshold + 1) + w] = true;
            }
        }
        const double price = least_[threshold];
        std::size_t kept = candidates_.size();
        for (std::size_t i = candidates_.size(), w = threshold; i-- > 0;) {
            if (!taken_[i * (threshold + 1) + w]) continue;
            w -= std::min<std::size_t>(w, candidates_[i].weight);
            candidates_[--kept] = candidates_[i];
        }
        candidates_.erase(candidates_.begin(),
                          candidates_.begin() + static_cast<std::ptrdiff_t>(kept));
        return price;
    }

    std::vector<candidate> candidates_;
    std::vector<double> least_;
    std::vector<bool> taken_;
};

/// Cheapest quorums of one expression at many prices.
class cheapest_finder {
public:
    constexpr explicit cheapest_finder(const expression& e)
        : elements_(e.elements().begin(), e.elements().end()), places_(e.node_count(), 0) {
        for (const element& each : elements_)
            if (each.is_node()) ++places_[each.value];
    }

    [[nodiscard]] constexpr std::expected<priced_quorum, expression_errc> find(
        std::span<const double> prices, std::size_t effort) {
        COTERIE_ASSERT(prices.size() == places_.size());
        prices_ = prices;
        best_ = {infinite, {}};
        shares_.assign(prices.begin(), prices.end());
        for (std::size_t node = 0; node < prices.size(); ++node)
            if (places_[node] > 1) shares_[node] /= places_[node];
        effort_ = effort;
        if (!search(0)) return std::unexpected(expression_errc::too_complex);
        return std::move(best_);
    }

    /// What the last call left of its effort.
    [[nodiscard]] constexpr std::size_t effort_left() const noexcept { return effort_; }

private:
    // Looks for a quorum that is cheaper than best_, where nodes that are decided cost nothing (in, and
    // paid for) or too much (out).
    constexpr bool search(double paid) {
        if (effort_ == 0) return false;
        --effort_;
        const double bound = paid + fold();
        if (!(bound < best_.price)) return true;
        std::vector<unsigned> nodes = collect();
        double price = 0;
        unsigned open = 0;
        bool underpaid = false;
        for (const unsigned node : nodes) {
            price += prices_[node];
            if (underpaid || places_[node] == 1 || shares_[node] == 0) continue;
            underpaid = true;
            open = node;
        }
        // What is decided in, and not used here, is not to be paid either.
        if (price < best_.price) best_ = {price, std::move(nodes)};
        if (!underpaid) return true;
        const double share = std::exchange(shares_[open], 0);
        bool done = search(paid + prices_[open]);
        shares_[open] = infinite;
        done = done && search(paid);
        shares_[open] = share;
        return done;
    }

    constexpr double choose_at(std::size_t at) {
        choice_.clear();
        for_each_member(elements_, at, [this](std::size_t member) {
            choice_.add({price_of_[member], elements_[member].weight, member});
        });
        return choice_.choose(elements_[at].value);
    }

    constexpr double fold() {
        price_of_.resize(elements_.size());
        for (std::size_t at = elements_.size(); at-- > 0;)
            price_of_[at] = elements_[at].is_node() ? shares_[elements_[at].value] : choose_at(at);
        return price_of_[0];
    }

    // The nodes of the quorum that fold() priced.
    constexpr std::vector<unsigned> collect() {
        std::vector<unsigned> nodes;
        nodes.reserve(places_.size());
        wanted_.assign(elements_.size(), false);
        wanted_[0] = true;
        for (std::size_t at = 0; at < elements_.size(); ++at) {
            if (!wanted_[at]) continue;
            if (elements_[at].is_node()) {
                nodes.push_back(elements_[at].value);
                continue;
            }
            if (at > 0) choose_at(at);  // the root was chosen last
            for (const auto& c : choice_.chosen()) wanted_[c.at] = true;
        }
        std::ranges::sort(nodes);
        nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
        return nodes;
    }

    std::vector<element> elements_;
    /// At how many places each node stands.
    std::vector<unsigned> places_;
    std::span<const double> prices_;
    /// What a node costs at each of its places.
    std::vector<double> shares_;
    std::vector<double> price_of_;
    std::vector<bool> wanted_;
    member_choice choice_;
    priced_quorum best_{infinite, {}};
    std::size_t effort_ = 0;
};

}  // namespace detail

constexpr std::expected<priced_quorum, expression_errc> cheapest_quorum(
    const expression& e, std::span<const double> prices, std::size_t effort) {
    return detail::cheapest_finder(e).find(prices, effort);
}

}  // namespace coterie::inline v0::quorum
