// SPDX-License-Identifier: BSL-1.0
#pragma once

// The cheapest set of nodes that is still a quorum when any f of them fail, by one fold. For expressions
// where no node stands twice and all members of a gate weigh the same. Of little use alone.
//
// To each part of the expression a set of nodes has a level: how many of these must fail until the part
// holds no quorum. A node's is 0 or 1. A choose-k of m fails with the r = m - k + 1 members that fail
// first, so its level is the sum of the r smallest among its members; which is known from how many
// members are below level 1, below level 2, and so on up to f + 1, each counted up to r. These counts
// are the states of a dynamic program over the members. Beside them it counts, up to k, the members of
// which the fast nodes alone hold a quorum.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>

namespace coterie::inline v0::quorum::detail {

/// Answers for one expression, at many prices.
class surviving_fold {
public:
    /// Whether this fold is right for the expression.
    [[nodiscard]] static bool applies_to(const expression& e) {
        const auto elements = e.elements();
        const auto leaves = std::ranges::count_if(elements, &element::is_node);
        return static_cast<std::size_t>(leaves) == e.node_count() &&
               std::ranges::all_of(elements, [](const element& each) { return each.weight == 1; });
    }

    surviving_fold(const expression& e, unsigned failures)
        : elements_(e.elements().begin(), e.elements().end()), top_(failures + 1) {}

    /// The cheapest set that survives and of which those that are `fast` hold a quorum.
    ///
    /// Error: too_complex, where there is more to look at than `effort`.
    [[nodiscard]] std::expected<priced_quorum, expression_errc> find(std::span<const double> prices,
                                                                     const std::vector<bool>& fast,
                                                                     std::size_t effort) {
        if (elements_.size() * options() > effort)
            return std::unexpected(expression_errc::too_complex);
        all_fast_ = std::ranges::all_of(fast, [](bool each) { return each; });
        prices_of_.assign(elements_.size() * options(), infinite);
        for (std::size_t at = elements_.size(); at-- > 0;) {
            price_of(at, {0, false}) = 0;
            if (elements_[at].is_node()) {
                const unsigned node = elements_[at].value;
                price_of(at, {1, false}) = prices[node];
                if (fast[node]) price_of(at, {1, true}) = prices[node];
                continue;
            }
            const gate g = gate_at(at);
            if (g.states() > effort / g.members.size())
                return std::unexpected(expression_errc::too_complex);
            fold(at, g);
        }
        const option whole{top_, true};
        priced_quorum found{price_of(0, whole), {}};
        if (found.price < infinite) collect(0, whole, found.nodes);
        std::ranges::sort(found.nodes);
        return found;
    }

private:
    /// A level that is reached at least, and whether the fast nodes hold a quorum.
    struct option {
        unsigned level;
        bool fast;
    };

    /// How many members are below level v (at v - 1), each up to `lost`; the fast ones, up to `needed`, last.
    using counts = std::vector<std::uint32_t>;

    struct gate {
        std::vector<std::size_t> members;
        /// k where slow nodes matter, else 0; and m - k + 1.
        std::uint32_t needed;
        std::uint32_t lost;
        unsigned levels;

        [[nodiscard]] std::uint64_t states() const {
            std::uint64_t product = std::uint64_t{needed} + 1;
            for (unsigned v = 0; v < levels; ++v)
                product = std::min(product * (lost + 1), std::uint64_t{1} << 40);
            return product;
        }
        [[nodiscard]] std::size_t state_of(const counts& c) const {
            std::size_t state = c.back();
            for (unsigned v = 0; v < levels; ++v) state = state * (lost + 1) + c[v];
            return state;
        }
        void set_counts(counts& c, std::size_t state) const {
            c.resize(levels + 1);
            for (unsigned v = levels; v-- > 0; state /= lost + 1)
                c[v] = static_cast<std::uint32_t>(state % (lost + 1));
            c.back() = static_cast<std::uint32_t>(state);
        }
        /// The counts with one more member, of that option.
        void add(counts& c, option o) const {
            for (unsigned v = o.level; v < levels; ++v) c[v] = std::min(c[v] + 1, lost);
            if (o.fast) c.back() = std::min(c.back() + 1, needed);
        }
        [[nodiscard]] option reached(const counts& c) const {
            unsigned level = 0;
            for (unsigned v = 0; v < levels; ++v) level += lost - c[v];
            return {std::min(level, levels), c.back() == needed};
        }
    };

    /// The best way into a state.
    struct step {
        double price = infinite;
        std::uint32_t before = 0;
        option taken{0, false};
    };

    [[nodiscard]] std::size_t options() const { return 2 * (top_ + std::size_t{1}); }
    [[nodiscard]] double& price_of(std::size_t at, option o) {
        return prices_of_[at * options() + 2 * o.level + (o.fast ? 1 : 0)];
    }

    [[nodiscard]] gate gate_at(std::size_t at) const {
        gate g{{}, all_fast_ ? 0 : elements_[at].value, 0, top_};
        for_each_member(elements_, at, [&g](std::size_t member) { g.members.push_back(member); });
        g.lost = static_cast<std::uint32_t>(g.members.size()) - elements_[at].value + 1;
        return g;
    }

    // Fills steps_: a row of states before the first member, and one after each.
    void run(const gate& g) {
        const auto states = static_cast<std::size_t>(g.states());
        steps_.assign(states * (g.members.size() + 1), {});
        steps_[0].price = 0;
        for (std::size_t i = 0; i < g.members.size(); ++i) {
            const step* const before = steps_.data() + i * states;
            step* const after = steps_.data() + (i + 1) * states;
            for (std::uint32_t state = 0; state < states; ++state)
                if (before[state].price < infinite) extend(g, i, state, before[state].price, after);
        }
    }

    void extend(const gate& g, std::size_t i, std::uint32_t state, double paid, step* after) {
        for (unsigned level = 0; level <= top_; ++level) {
            for (const bool fast : {false, true}) {
                const double price = paid + price_of(g.members[i], {level, fast});
                if (!(price < infinite) || (all_fast_ && !fast && level > 0)) continue;
                g.set_counts(counts_, state);
                g.add(counts_, {level, fast});
                step& next = after[g.state_of(counts_)];
                if (price < next.price) next = {price, state, {level, fast}};
            }
        }
    }

    void fold(std::size_t at, const gate& g) {
        run(g);
        const auto states = static_cast<std::size_t>(g.states());
        const step* const last = steps_.data() + g.members.size() * states;
        for (std::size_t state = 0; state < states; ++state) {
            if (!(last[state].price < infinite)) continue;
            g.set_counts(counts_, state);
            const option reached = g.reached(counts_);
            for (unsigned level = 1; level <= reached.level; ++level) {
                double& slow = price_of(at, {level, false});
                slow = std::min(slow, last[state].price);
                double& fast = price_of(at, {level, true});
                if (reached.fast) fast = std::min(fast, last[state].price);
            }
        }
    }

    // The nodes of the set that fold() priced.
    void collect(std::size_t at, option wanted, std::vector<unsigned>& nodes) {
        if (wanted.level == 0) return;
        if (elements_[at].is_node()) {
            nodes.push_back(elements_[at].value);
            return;
        }
        const gate g = gate_at(at);
        run(g);
        const auto states = static_cast<std::size_t>(g.states());
        const double price = price_of(at, wanted);
        std::size_t state = 0;
        for (; state < states; ++state) {
            g.set_counts(counts_, state);
            const option reached = g.reached(counts_);
            if (steps_[g.members.size() * states + state].price == price &&
                reached.level >= wanted.level && (reached.fast || !wanted.fast))
                break;
        }
        std::vector<option> taken(g.members.size());
        for (std::size_t i = g.members.size(); i-- > 0;) {
            const step& last = steps_[(i + 1) * states + state];
            taken[i] = last.taken;
            state = last.before;
        }
        for (std::size_t i = 0; i < taken.size(); ++i) collect(g.members[i], taken[i], nodes);
    }

    std::vector<element> elements_;
    unsigned top_;
    bool all_fast_ = false;
    /// Of each element, for each option.
    std::vector<double> prices_of_;
    std::vector<step> steps_;
    counts counts_;
};

}  // namespace coterie::inline v0::quorum::detail
