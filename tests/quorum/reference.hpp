// SPDX-License-Identifier: BSL-1.0
#pragma once

// The best strategy the plain way: list the quorums, write the whole program down as one table, and solve
// it by the simplex method of the textbooks. For small systems.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/strategy.hpp>

namespace coterie::reference {

using quorum::expression;
using quorum::node_set;

/// Whether the set is a quorum whichever `failures` of its nodes fail.
inline bool survives(const expression& e, node_set set, unsigned failures) {
    for (std::uint64_t lost = set.word();; lost = (lost - 1) & set.word()) {
        if (static_cast<unsigned>(std::popcount(lost)) <= failures &&
            !e.is_quorum(set - node_set(lost)))
            return false;
        if (lost == 0) return true;
    }
}

/// The minimal quorums; or where failures are to be survived, every set that does.
inline std::vector<node_set> quorums(const expression& e, unsigned failures) {
    std::vector<node_set> found;
    for (std::uint64_t word = 1; word < std::uint64_t{1} << e.node_count(); ++word) {
        const node_set set(word);
        if (!e.is_quorum(set)) continue;
        bool keep = failures > 0 ? survives(e, set, failures) : true;
        for (const unsigned node : set) {
            node_set less = set;
            less.erase(node);
            if (failures == 0 && e.is_quorum(less)) keep = false;
        }
        if (keep) found.push_back(set);
    }
    return found;
}

/// Minimises cost . x with rows . x <= right and x >= 0, where `right` may be negative.
///
/// Returns: the least cost, or none if nothing fulfils the rows.
class dense_program {
public:
    std::vector<double> cost;
    std::vector<std::vector<double>> rows;
    std::vector<double> right;

    [[nodiscard]] std::optional<double> solve() {
        make_table();
        std::vector<double> infeasibility(width_ - 1, 0);
        for (std::size_t j = first_artificial_; j < infeasibility.size(); ++j) infeasibility[j] = 1;
        if (minimize(infeasibility, infeasibility.size()) > 1e-9) return {};
        drive_out();
        cost.resize(width_ - 1, 0);
        return minimize(cost, first_artificial_);
    }

private:
    // Columns: variables, a slack a row, an artificial for each negative row; the right side is last.
    void make_table() {
        const std::size_t slack = cost.size();
        first_artificial_ = slack + rows.size();
        const auto negative = std::ranges::count_if(right, [](double r) { return r < 0; });
        width_ = first_artificial_ + static_cast<std::size_t>(negative) + 1;
        std::size_t artificial = first_artificial_;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::vector<double> row = rows[i];
            row.resize(width_, 0);
            row[slack + i] = 1;
            row.back() = right[i];
            basis_.push_back(slack + i);
            if (right[i] < 0) {
                for (double& x : row) x = -x;
                row[artificial] = 1;
                basis_.back() = artificial++;
            }
            table_.push_back(row);
        }
    }

    double minimize(const std::vector<double>& costs, std::size_t usable) {
        std::vector<double> reduced = costs;
        reduced.push_back(0);
        for (std::size_t i = 0; i < table_.size(); ++i) {
            const double c = costs[basis_[i]];
            for (std::size_t j = 0; j < width_; ++j) reduced[j] -= c * table_[i][j];
        }
        for (int pivots = 0;; ++pivots) {
            // The steepest column; by Bland's rule if it takes long.
            std::size_t in = usable;
            for (std::size_t j = 0; j < usable; ++j)
                if (reduced[j] < -1e-10 &&
                    (in == usable || (pivots < 500 && reduced[j] < reduced[in])))
                    in = j;
            if (in == usable) return -reduced.back();
            std::size_t out = table_.size();
            for (std::size_t i = 0; i < table_.size(); ++i) {
                if (table_[i][in] < 1e-9) continue;
                if (out == table_.size()) {
                    out = i;
                    continue;
                }
                const double less =
                    table_[i].back() * table_[out][in] - table_[out].back() * table_[i][in];
                if (less < 0 || (less == 0 && basis_[i] < basis_[out])) out = i;
            }
            if (out == table_.size()) return -INFINITY;
            pivot(out, in);
            subtract(reduced, reduced[in], table_[out]);
        }
    }

    void drive_out() {
        for (std::size_t i = 0; i < table_.size(); ++i)
            for (std::size_t j = 0; basis_[i] >= first_artificial_ && j < first_artificial_; ++j)
                if (std::abs(table_[i][j]) > 1e-9) pivot(i, j);
    }

    void pivot(std::size_t out, std::size_t in) {
        const double scale = table_[out][in];
        for (double& x : table_[out]) x /= scale;
        for (std::size_t i = 0; i < table_.size(); ++i)
            if (i != out) subtract(table_[i], table_[i][in], table_[out]);
        basis_[out] = in;
    }

    static void subtract(std::vector<double>& from, double factor, const std::vector<double>& row) {
        if (factor == 0) return;
        for (std::size_t j = 0; j < row.size(); ++j) from[j] -= factor * row[j];
    }

    std::size_t first_artificial_ = 0;
    std::size_t width_ = 0;
    std::vector<std::vector<double>> table_;
    std::vector<std::size_t> basis_;
};

/// The least of the objective, or none where the limits cannot be kept.
inline std::optional<double> optimum(const quorum::quorum_system& system, quorum::objective goal,
                                     const quorum::workload& work,
                                     const quorum::limits& within = {}) {
    const unsigned n = system.node_count();
    const auto reads = quorums(system.reads(), within.resilience);
    const auto writes = quorums(system.writes(), within.resilience);
    const std::size_t sides = reads.size() + writes.size();
    const std::size_t fractions = work.reads.size();
    double total = 0;
    double mean = 0;
    for (const auto& share : work.reads) total += share.weight;
    for (const auto& share : work.reads) mean += share.fraction * share.weight / total;
    double unit = 1e300;
    for (const auto& node : work.nodes)
        unit = std::min({unit, node.read_capacity, node.write_capacity});
    if (work.nodes.empty()) unit = 1;

    // Of each quorum: whether it reads, its nodes, its latency. Then a load for each fraction.
    const auto is_read = [&](std::size_t j) { return j < reads.size(); };
    const auto set = [&](std::size_t j) {
        return is_read(j) ? reads[j] : writes[j - reads.size()];
    };
    const auto part = [&](std::size_t j) { return is_read(j) ? mean : 1 - mean; };
    const auto latency = [&](std::size_t j) {
        const auto nodes = set(j);
        const auto& side = is_read(j) ? system.reads() : system.writes();
        return std::chrono::duration<double>(
                   quorum::detail::latency_of(side, work, {nodes.begin(), nodes.end()}))
            .count();
    };

    dense_program program;
    std::vector<double> loads(sides + fractions, 0), network = loads, waiting = loads;
    for (std::size_t j = 0; j < sides; ++j) {
        network[j] = part(j) * set(j).size();
        waiting[j] = part(j) * latency(j);
    }
    for (std::size_t f = 0; f < fractions; ++f) loads[sides + f] = work.reads[f].weight / total;
    program.cost = goal == quorum::objective::load           ? loads
                   : goal == quorum::objective::network_load ? network
                                                             : waiting;
    const auto at_most = [&](const std::vector<double>& row, double right) {
        program.rows.push_back(row);
        program.right.push_back(right);
    };
    for (const bool side : {true, false}) {
        std::vector<double> row(sides + fractions, 0);
        for (std::size_t j = 0; j < sides; ++j) row[j] = is_read(j) == side ? -1 : 0;
        at_most(row, -1);
    }
    for (std::size_t f = 0; f < fractions; ++f) {
        for (unsigned node = 0; node < n; ++node) {
            const auto profile = quorum::detail::profile_of(work, node);
            const double fraction = work.reads[f].fraction;
            std::vector<double> row(sides + fractions, 0);
            for (std::size_t j = 0; j < sides; ++j)
                if (set(j).contains(node))
                    row[j] = unit * (is_read(j) ? fraction / profile.read_capacity
                                                : (1 - fraction) / profile.write_capacity);
            row[sides + f] = -1;
            at_most(row, 0);
        }
    }
    if (within.load.has_value()) at_most(loads, *within.load * unit);
    if (within.network_load.has_value()) at_most(network, *within.network_load);
    if (within.latency.has_value()) at_most(waiting, within.latency->count());
    auto least = program.solve();
    if (least.has_value() && goal == quorum::objective::load) *least /= unit;
    return least;
}

}  // namespace coterie::reference
