// SPDX-License-Identifier: BSL-1.0
#pragma once

// The best strategy for a quorum system: which quorums to ask, how often, so that the load, the network
// load or the latency is the least that any strategy can have, within limits on the others.
//
//   const auto grid = quorum::quorum_system::from_reads(a * b + c * d);
//   const auto plan = quorum::optimize(grid, quorum::objective::load, {.reads = {{0.75}}});
//   plan->cost.capacity;                     // requests per unit of time
//   plan->chosen.sample_read(random);        // the nodes to ask
//   plan->gap;                               // how far from the best it can be at most: <= 1e-9
//
// It is a linear program with a column for every quorum, and there may be 10^28 of them; so columns are
// made when they are needed. The program's dual prices say what a node costs, and the cheapest quorum
// at these prices is found in one fold (cheapest.hpp). What the cheapest quorums cost is also a bound
// from below on what any strategy can do: that is the certificate, computed apart from the program.
// Source: Gilmore, Gomory, "A linear programming approach to the cutting-stock problem", Operations
// Research 9(6), 1961; measures and limits as in Whittaker et al., PaPoC 2021.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/pricing.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/simplex.hpp>
#include <coterie/quorum/strategy.hpp>

namespace coterie::inline v0::quorum {

/// What is to be least. The least load is the greatest capacity, for one fraction of reads.
enum class objective : std::uint8_t {
    load,
    network_load,
    latency
};

/// That measure; latency in seconds.
[[nodiscard]] constexpr double objective_of(const measures& cost, objective what) noexcept {
    if (what == objective::load) return cost.load;
    return what == objective::network_load ? cost.network_load : cost.latency.count();
}

/// What a strategy has to keep to.
struct limits {
    /// Of the measures that are not the objective.
    std::optional<double> load = std::nullopt;
    std::optional<double> network_load = std::nullopt;
    std::optional<mean_time> latency = std::nullopt;
    /// Every quorum asked must still be one when so many of its nodes fail, whichever.
    unsigned resilience = 0;
};

/// Why there is no plan.
enum class optimize_errc : std::uint8_t {
    invalid_workload,  ///< see workload::valid_for
    invalid_limit,     ///< on the objective itself, or not a positive number
    infeasible,        ///< no strategy keeps to the limits
    not_resilient,     ///< not even all nodes are such a quorum
    too_complex,       ///< the cheapest quorum or the program itself would take too long
};

[[nodiscard]] constexpr const char* describe(optimize_errc code) noexcept {
    switch (code) {
        case optimize_errc::invalid_workload: return "the workload makes no sense";
        case optimize_errc::invalid_limit: return "a limit makes no sense";
        case optimize_errc::infeasible: return "no strategy keeps to the limits";
        case optimize_errc::not_resilient: return "no quorum survives so many failures";
        case optimize_errc::too_complex: return "too complex to be optimized";
    }
    return "unknown optimization error";
}

/// Why there is no plan, and which limits together cannot be kept.
struct optimize_error {
    optimize_errc code;
    bool load = false;
    bool network_load = false;
    bool latency = false;

    /// Appends "no strategy keeps to the limits: load, latency" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const;

    friend constexpr bool operator==(const optimize_error&, const optimize_error&) = default;
};

/// The best strategy, and the proof that it is.
struct plan {
    strategy chosen;
    measures cost;
    /// No strategy within the limits has less of the objective (latency in seconds).
    double bound;
    /// How far objective and bound are apart, as a part of the objective: 1e-9 or less.
    double gap;
};

/// The strategy that has the least of the objective, within the limits (a limit is kept to 1e-9 of it).
///
/// Errors: as of optimize_errc; too_complex where nodes stand twice or resilience is asked for and
/// `effort` is not enough, beyond 2000 rows (nodes times fractions of reads), and where rounding leaves no
/// plan that is proven to 1e-9 (about one program in a million where capacities are a million times apart).
/// Complexity: a few pivots a node, each quadratic in the rows. Quorums are listed only where resilience
/// is asked for and nodes stand twice or have weights.
[[nodiscard]] inline std::expected<plan, optimize_error> optimize(
    const quorum_system& system, objective goal, const workload& work, const limits& within = {},
    std::size_t effort = default_effort);

// --- details ---------------------------------------------------------------------------------------

template <class Out>
constexpr void optimize_error::append_to(Out& out) const {
    out.append(describe(code));
    const char* before = ": ";
    const auto append_limit = [&](bool binds, const char* name) {
        if (!binds) return;
        out.append(std::exchange(before, ", "));
        out.append(name);
    };
    append_limit(load, "load");
    append_limit(network_load, "network load");
    append_limit(latency, "latency");
}

namespace detail {

/// One run.
class optimizer {
public:
    optimizer(const quorum_system& system, objective goal, const workload& work,
              const limits& within, std::size_t effort)
        : system_(system),
          goal_(goal),
          work_(work),
          nodes_(system.node_count()),
          failures_(within.resilience),
          effort_(effort),
          reads_(system.reads(), work, within.resilience),
          writes_(system.writes(), work, within.resilience),
          rows_(count_rows(system, goal, work, within)) {
        const double total = total_weight(work);
        for (const read_share& share : work.reads) {
            shares_.push_back({share.fraction, share.weight / total});
            read_fraction_ += share.fraction * share.weight / total;
        }
        read_fraction_ = std::min(read_fraction_, 1.0);
        auto row = static_cast<std::uint32_t>(load_rows(system, goal, work, within) + 2);
        const auto criterion_of = [&](objective what, const auto& limit) {
            criterion c{.is_goal = goal == what, .limited = limit.has_value()};
            if (c.limited) c.row = row++;
            return c;
        };
        load_ = criterion_of(objective::load, within.load);
        network_ = criterion_of(objective::network_load, within.network_load);
        latency_ = criterion_of(objective::latency, within.latency);
        load_.limit = within.load.value_or(0);
        network_.limit = within.network_load.value_or(0);
        latency_.limit = within.latency.value_or(mean_time{0}).count();
    }

    [[nodiscard]] std::expected<plan, optimize_error> run() {
        for (const criterion* c : {&load_, &network_, &latency_})
            if (c->limited && (c->is_goal || !(c->limit > 0 && c->limit < infinite)))
                return failure(optimize_errc::invalid_limit);
        if (auto done = start(); !done.has_value()) return std::unexpected(done.error());
        plan played = played_plan();
        const bool unlimited = !load_.limited && !network_.limited && !latency_.limited;
        if (unlimited && played.gap <= converged) return played;
        set_scales(objective_of(played.cost, goal_));
        build_program();
        if (program_.cost() > 0) {
            if (auto done = improve(); !done.has_value()) return std::unexpected(done.error());
            if (program_.cost() > feasible) return binding_limits();
        }
        program_.set_repairing(false);
        return best_plan();
    }

private:
    using entries = std::vector<simplex::entry>;

    /// One of load, network load and latency.
    struct criterion {
        /// What it is multiplied with in the program.
        double scale = 1;
        bool is_goal = false;
        bool limited = false;
        double limit = 0;
        /// Of the limit.
        std::uint32_t row = 0;
        /// What a scaled unit of it costs now, by the objective and the limit.
        double price = 0;

        [[nodiscard]] bool matters() const { return is_goal || limited; }
    };

    /// A quorum that is a column of the program, and how often it was asked in `play`.
    struct asked {
        bool is_read;
        std::vector<unsigned> nodes;
        double played = 1;
        std::uint32_t column = 0;
    };

    static constexpr std::size_t max_rows = 2000;
    static constexpr std::size_t max_rounds = 100'000;
    static constexpr double feasible = 1e-9;
    static constexpr double enough = 1e-9;
    static constexpr double converged = 1e-12;

    static std::unexpected<optimize_error> failure(optimize_errc code) {
        return std::unexpected(optimize_error{code});
    }

    // The load of each node at each fraction, where it matters.
    [[nodiscard]] static std::size_t load_rows(const quorum_system& system, objective goal,
                                               const workload& work, const limits& within) {
        const bool matters = goal == objective::load || within.load.has_value();
        return matters ? work.reads.size() * system.node_count() : 0;
    }
    [[nodiscard]] static std::size_t count_rows(const quorum_system& system, objective goal,
                                                const workload& work, const limits& within) {
        std::size_t rows = load_rows(system, goal, work, within) + 2;
        for (const bool limited :
             {within.load.has_value(), within.network_load.has_value(), within.latency.has_value()})
            rows += limited ? 1 : 0;
        return rows;
    }
    [[nodiscard]] std::size_t load_rows() const {
        return load_.matters() ? shares_.size() * nodes_ : 0;
    }
    [[nodiscard]] std::uint32_t load_row(std::size_t share, std::size_t node) const {
        return static_cast<std::uint32_t>(share * nodes_ + node);
    }
    [[nodiscard]] std::uint32_t side_row(bool is_read) const {
        return static_cast<std::uint32_t>(load_rows() + (is_read ? 0 : 1));
    }

    // Finds quorums to begin with.
    std::expected<void, optimize_error> start() {
        if (failures_ >= nodes_) return failure(optimize_errc::not_resilient);
        if (rows_ > max_rows) return failure(optimize_errc::too_complex);
        for (const bool is_read : {true, false}) {
            auto first =
                pricer(is_read).find(std::vector<double>(nodes_, 1), latency_.matters(), effort_);
            if (!first.has_value()) return failure(optimize_errc::too_complex);
            if (first->nodes.empty()) return failure(optimize_errc::not_resilient);
            asked_.push_back({is_read, std::move(first->nodes)});
        }
        if (load_.is_goal) return play();
        return {};
    }

    // Each side in turn asks the quorum that the loads so far make cheapest (Brown, "Iterative solution of
    // games by fictitious play", 1951). Nodes that are alike are soon equally busy, and there may be
    // nothing left to do; if there is, these are good quorums to begin with.
    std::expected<void, optimize_error> play() {
        std::vector<double> units[2];
        for (const bool is_read : {true, false})
            for (unsigned node = 0; node < nodes_; ++node) {
                double unit = 0;
                for (std::size_t share = 0; share < shares_.size(); ++share)
                    unit += shares_[share].weight * load_.scale * load_of(is_read, share, node);
                units[is_read ? 0 : 1].push_back(unit);
            }
        std::vector<double> busy(nodes_, 0);
        for (const asked& first : asked_)
            for (const unsigned node : first.nodes)
                busy[node] += units[first.is_read ? 0 : 1][node];
        node_prices_.resize(nodes_);
        for (unsigned round = 1; round < nodes_; ++round) {
            const auto [least, most] = std::ranges::minmax(busy);
            if (most - least <= converged * most) break;
            for (const bool is_read : {true, false}) {
                const auto& unit = units[is_read ? 0 : 1];
                for (unsigned node = 0; node < nodes_; ++node)
                    node_prices_[node] = unit[node] * (busy[node] + unit[node]);
                auto next = pricer(is_read).find(node_prices_, 0, effort_);
                if (!next.has_value()) return failure(optimize_errc::too_complex);
                for (const unsigned node : next->nodes) busy[node] += unit[node];
                ask_again(is_read, std::move(next->nodes));
            }
        }
        return {};
    }

    void ask_again(bool is_read, std::vector<unsigned> nodes) {
        const auto before = was_asked(is_read, nodes);
        if (before != asked_.end())
            before->played += 1;
        else
            asked_.push_back({is_read, std::move(nodes)});
    }

    std::vector<asked>::iterator was_asked(bool is_read, const std::vector<unsigned>& nodes) {
        return std::ranges::find_if(asked_, [&](const asked& before) {
            return before.is_read == is_read && before.nodes == nodes;
        });
    }

    // What was played, with the bound that holds where all nodes have the same price.
    [[nodiscard]] plan played_plan() {
        std::vector<double> played;
        played.reserve(asked_.size());
        for (const asked& quorum : asked_) played.push_back(quorum.played);
        set_prices(std::vector<double>(rows_, 0));
        bound_ = 0;
        for (const bool is_read : {true, false})
            bound_ += find_cheapest(is_read).value_or(priced_quorum{0, {}}).price;
        return judged(strategy_of(played));
    }

    // Whatever units the caller has, limits and objective are about 1 in the program.
    void set_scales(double objective_now) {
        for (criterion* c : {&load_, &network_, &latency_}) {
            if (c->limited) c->scale = 1 / c->limit;
            if (c->is_goal && objective_now > 0) c->scale = 1 / objective_now;
        }
    }

    // Rows: load of each node at each fraction <= the load there; reads add up to 1, writes add up to 1;
    // limits. The first solution asks the first quorum of each side.
    void build_program() {
        program_ = simplex(rows_);
        for (std::size_t share = 0; load_.matters() && share < shares_.size(); ++share)
            for (unsigned node = 0; node < nodes_; ++node) {
                const double largest =
                    load_.scale * std::max(load_of(true, share, node), load_of(false, share, node));
                program_.set_row(load_row(share, node), simplex::row_kind::at_most, 0,
                                 1 / std::max(1.0, largest));
            }
        for (const bool is_read : {true, false})
            program_.set_row(side_row(is_read), simplex::row_kind::equal, 1);
        for (const criterion* c : {&load_, &network_, &latency_})
            if (c->limited)
                program_.set_row(c->row, simplex::row_kind::at_most, c->limit * c->scale);
        for (asked& quorum : asked_) add_column(quorum);
        for (const asked& first : {asked_[0], asked_[1]})
            program_.force(first.column, side_row(first.is_read));
        if (load_.matters())
            add_loads(node_shares({{asked_[0].nodes, 1}}, nodes_),
                      node_shares({{asked_[1].nodes, 1}}, nodes_));
        program_.restart();
        add_violations();
    }

    // A variable for the load at each fraction, basic in the row of the node that is busiest at first.
    void add_loads(const std::vector<double>& reads, const std::vector<double>& writes) {
        for (std::size_t share = 0; share < shares_.size(); ++share) {
            const auto [fraction, weight] = shares_[share];
            entries column;
            for (unsigned node = 0; node < nodes_; ++node)
                column.push_back({load_row(share, node), -1});
            if (load_.limited) column.push_back({load_.row, weight});
            const auto loads = node_loads(work_, reads, writes, fraction);
            const auto busiest = std::ranges::max_element(loads) - loads.begin();
            program_.force(program_.add_column(load_.is_goal ? weight : 0, column),
                           load_row(share, static_cast<std::size_t>(busiest)));
        }
    }

    // Where the first solution breaks a limit, by how much it does is basic in the place of the slack.
    void add_violations() {
        program_.set_repairing(true);
        for (const criterion* c : {&load_, &network_, &latency_}) {
            if (!c->limited || program_.value_at(c->row) >= 0) continue;
            const simplex::entry less{c->row, -1};
            program_.force(program_.add_column(0, {&less, 1}, simplex::column_kind::violation),
                           c->row);
        }
        program_.restart();
    }

    void add_column(asked& quorum) {
        const double part = quorum.is_read ? read_fraction_ : 1 - read_fraction_;
        column_.clear();
        for (std::size_t share = 0; load_.matters() && share < shares_.size(); ++share)
            for (const unsigned node : quorum.nodes)
                column_.push_back(
                    {load_row(share, node), load_.scale * load_of(quorum.is_read, share, node)});
        column_.push_back({side_row(quorum.is_read), 1});
        double cost = 0;
        const auto count = [&](const criterion& c, double amount) {
            if (c.limited) column_.push_back({c.row, amount * c.scale});
            if (c.is_goal) cost += amount * c.scale;
        };
        count(network_, part * static_cast<double>(quorum.nodes.size()));
        if (latency_.matters()) {
            const auto latency = latency_of(side(quorum.is_read), work_, quorum.nodes);
            count(latency_, part * mean_time(latency).count());
        }
        quorum.column = program_.add_column(cost, column_);
    }

    /// What a request that asks the node adds to its load.
    [[nodiscard]] double load_of(bool is_read, std::size_t share, unsigned node) const {
        const node_profile profile = profile_of(work_, node);
        const double fraction = shares_[share].fraction;
        return is_read ? fraction / profile.read_capacity : (1 - fraction) / profile.write_capacity;
    }

    [[nodiscard]] const expression& side(bool is_read) const {
        return is_read ? system_.reads() : system_.writes();
    }
    [[nodiscard]] quorum_pricer& pricer(bool is_read) { return is_read ? reads_ : writes_; }

    // Adds the quorums that the present prices ask for, until there are none.
    std::expected<void, optimize_error> improve() {
        for (std::size_t round = 0; round < max_rounds; ++round) {
            if (!program_.solve(max_rounds)) return failure(optimize_errc::too_complex);
            const std::vector<double> duals = program_.duals();
            set_prices(duals);
            double bound = -price_of_limits();
            bool added = false;
            for (const bool is_read : {true, false}) {
                const auto cheapest = find_cheapest(is_read);
                if (!cheapest.has_value()) return failure(optimize_errc::too_complex);
                bound += cheapest->price;
                if (cheapest->price - duals[side_row(is_read)] > -converged) continue;
                // What is a column already promises no more than rounding does.
                if (was_asked(is_read, cheapest->nodes) != asked_.end()) continue;
                asked_.push_back({is_read, cheapest->nodes});
                add_column(asked_.back());
                added = true;
            }
            bound_ = bound;
            if (!added || program_.cost() - bound <= converged * magnitude(bound)) return {};
        }
        return failure(optimize_errc::too_complex);
    }

    // The prices of the program, made to fulfil exactly what they fulfil but for rounding: none is
    // negative, and the load of each fraction is paid for by its nodes (by all alike, if by none).
    void set_prices(std::span<const double> duals) {
        for (criterion* c : {&load_, &network_, &latency_}) {
            c->price = c->is_goal && !program_.repairing() ? 1 : 0;
            if (c->limited) c->price += std::max(0.0, -duals[c->row]);
        }
        load_prices_.assign(load_rows(), 0);
        for (std::size_t share = 0; load_.matters() && share < shares_.size(); ++share) {
            double sum = 0;
            for (unsigned node = 0; node < nodes_; ++node) {
                const std::uint32_t row = load_row(share, node);
                sum += load_prices_[row] = std::max(0.0, -duals[row]);
            }
            const double target = load_.price * shares_[share].weight;
            for (unsigned node = 0; node < nodes_; ++node) {
                double& price = load_prices_[load_row(share, node)];
                price = sum > 0 ? price / sum * target : target / nodes_;
            }
        }
    }

    [[nodiscard]] double price_of_limits() const {
        double sum = 0;
        for (const criterion* c : {&load_, &network_, &latency_}) {
            if (!c->limited) continue;
            const double goal = c->is_goal && !program_.repairing() ? 1 : 0;
            sum += (c->price - goal) * c->limit * c->scale;
        }
        return sum;
    }

    std::expected<priced_quorum, expression_errc> find_cheapest(bool is_read) {
        const double part = is_read ? read_fraction_ : 1 - read_fraction_;
        node_prices_.assign(nodes_, network_.price * network_.scale * part);
        for (std::size_t share = 0; load_.matters() && share < shares_.size(); ++share)
            for (unsigned node = 0; node < nodes_; ++node)
                node_prices_[node] += load_prices_[load_row(share, node)] * load_.scale *
                                      load_of(is_read, share, node);
        return pricer(is_read).find(node_prices_, latency_.price * latency_.scale * part, effort_);
    }

    [[nodiscard]] std::expected<plan, optimize_error> binding_limits() const {
        optimize_error error{optimize_errc::infeasible};
        error.load = load_.limited && load_.price > feasible;
        error.network_load = network_.limited && network_.price > feasible;
        error.latency = latency_.limited && latency_.price > feasible;
        return std::unexpected(error);
    }

    /// The strategy that asks each quorum so often.
    [[nodiscard]] strategy strategy_of(const std::vector<double>& how_often) const {
        std::vector<weighted_quorum> sides[2];
        for (std::size_t i = 0; i < asked_.size(); ++i)
            sides[asked_[i].is_read ? 0 : 1].push_back({asked_[i].nodes, how_often[i]});
        return {std::move(sides[0]), std::move(sides[1])};
    }

    // Where rounding has eaten all digits, it may not.
    [[nodiscard]] bool asks_both_sides(const std::vector<double>& how_often) const {
        double sums[] = {0, 0};
        for (std::size_t i = 0; i < asked_.size(); ++i)
            sums[asked_[i].is_read ? 0 : 1] += how_often[i];
        return sums[0] > 0.5 && sums[1] > 0.5;
    }

    /// The strategy beside the present bound.
    [[nodiscard]] plan judged(const strategy& chosen) const {
        const measures cost = evaluate(system_, work_, chosen);
        const double value = objective_of(cost, goal_);
        const criterion& goal = load_.is_goal ? load_ : network_.is_goal ? network_ : latency_;
        const double bound = bound_ / goal.scale;
        const double gap = value > 0 ? magnitude(value - bound) / value : magnitude(bound);
        return {chosen, cost, bound, gap};
    }

    [[nodiscard]] bool keeps_limits(const measures& cost) const {
        const auto keeps = [](const criterion& c, double measured) {
            return !c.limited || measured <= c.limit * (1 + enough);
        };
        return keeps(load_, cost.load) && keeps(network_, cost.network_load) &&
               keeps(latency_, cost.latency.count());
    }

    // Rounding may have stopped the program early; computed anew, it goes on.
    [[nodiscard]] std::expected<plan, optimize_error> best_plan() {
        for (int attempt = 0; attempt < 4; ++attempt) {
            if (attempt > 0) program_.refactor();
            if (auto done = improve(); !done.has_value()) return std::unexpected(done.error());
            std::vector<double> values(program_.column_count(), 0);
            for (std::size_t row = 0; row < rows_; ++row)
                if (program_.value_at(row) > converged)
                    values[program_.basis()[row]] = program_.value_at(row);
            std::vector<double> how_often;
            how_often.reserve(asked_.size());
            for (const asked& quorum : asked_) how_often.push_back(values[quorum.column]);
            if (!asks_both_sides(how_often)) continue;
            plan best = judged(strategy_of(how_often));
            if (best.gap <= enough && keeps_limits(best.cost)) return best;
        }
        return failure(optimize_errc::too_complex);
    }

    const quorum_system& system_;
    objective goal_;
    const workload& work_;
    unsigned nodes_;
    unsigned failures_;
    std::size_t effort_;
    quorum_pricer reads_;
    quorum_pricer writes_;
    std::size_t rows_;
    simplex program_{0};
    /// Weights add up to 1.
    std::vector<read_share> shares_;
    double read_fraction_ = 0;
    criterion load_;
    criterion network_;
    criterion latency_;
    std::vector<asked> asked_;
    entries column_;
    std::vector<double> load_prices_;
    std::vector<double> node_prices_;
    double bound_ = 0;
};

}  // namespace detail

inline std::expected<plan, optimize_error> optimize(const quorum_system& system, objective goal,
                                                    const workload& work, const limits& within,
                                                    std::size_t effort) {
    if (!work.valid_for(system.node_count()))
        return std::unexpected(optimize_error{optimize_errc::invalid_workload});
    return detail::optimizer(system, goal, work, within, effort).run();
}

}  // namespace coterie::inline v0::quorum
