// SPDX-License-Identifier: BSL-1.0
#pragma once

// A small linear program that grows: the least cost . x with A x = b and x >= 0, where columns are added
// between one solution and the next. What optimize.hpp runs on; of little use alone.
//
// The revised simplex method with the inverse of the basis kept dense: for hundreds of rows, not for
// thousands. The column that promises most enters. Strategies are full of ties (every node equally
// busy), at which a simplex may turn in a circle for ever; so after some pivots without progress the
// columns are taken by Bland's rule, which cannot.
// Sources: Bland, "New finite pivoting rules for the simplex method", Math. of OR 2(2), 1977; Harris,
// "Pivot selection methods of the Devex LP code", Mathematical Programming 5, 1973.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace coterie::inline v0::quorum::detail {

/// |x|, without the 8000 lines of <cmath>.
constexpr double magnitude(double x) noexcept { return x < 0 ? -x : x; }

/// The program and its present solution. Rows come with a slack each; a row that is an equation has one
/// that may not come back once it has left.
class simplex {
public:
    /// A coefficient of a column.
    struct entry {
        std::uint32_t row;
        double value;
    };
    enum class row_kind : std::uint8_t {
        at_most,
        equal
    };
    /// A violation is how far a row is not kept: to be driven to zero first. What is closed never enters.
    enum class column_kind : std::uint8_t {
        ordinary,
        violation,
        closed
    };

    explicit simplex(std::size_t rows) : rows_(rows), right_(rows, 0), scales_(rows, 1) {
        columns_.reserve(4 * rows);
        for (std::uint32_t row = 0; row < rows; ++row) {
            const entry unit{row, 1};
            add_column(0, {&unit, 1});
        }
        reset();
    }

    /// Says what a row is. Before the first column only.
    ///
    /// `scale` times the row's largest coefficient should be about 1: coefficients far apart cost digits.
    /// Columns, duals and `right` are those of the row as it is.
    void set_row(std::size_t row, row_kind kind, double right, double scale = 1) {
        right_[row] = right * scale;
        scales_[row] = scale;
        columns_[row].largest = 1 / scale;
        if (kind == row_kind::equal) columns_[row].kind = column_kind::closed;
    }

    /// Adds a column, at zero. Returns: its number.
    std::uint32_t add_column(double cost, std::span<const entry> entries,
                             column_kind kind = column_kind::ordinary) {
        column_data column{cost, entries_.size(), entries.size(), kind, false, 1};
        for (const entry& e : entries) {
            column.largest = std::max(column.largest, magnitude(e.value));
            entries_.push_back({e.row, e.value * scales_[e.row]});
        }
        columns_.push_back(column);
        return static_cast<std::uint32_t>(columns_.size() - 1);
    }

    /// Puts a column into the basis in the place of what is basic in that row now, whether or not what comes
    /// out is feasible. To make a first basis with; call `restart` after the last.
    void force(std::uint32_t column, std::size_t row) {
        set_direction(column);
        replace(column, row);
    }

    /// Computes the solution of the basis as it is.
    void restart() {
        for (std::size_t row = 0; row < rows_; ++row) {
            values_[row] = 0;
            for (std::size_t i = 0; i < rows_; ++i) values_[row] += inverse_row(row)[i] * right_[i];
        }
        set_duals();
    }

    /// Whether violations cost, and nothing else; or the columns' own costs, and violations stay zero.
    void set_repairing(bool repairing) {
        repairing_ = repairing;
        set_duals();
    }

    [[nodiscard]] bool repairing() const noexcept { return repairing_; }

    /// Goes to the best solution with the present columns.
    ///
    /// Returns: false if `max_pivots` were not enough or the program has no least cost.
    bool solve(std::size_t max_pivots) {
        std::size_t idle = 0;
        for (std::size_t pivots = 0; pivots < max_pivots; ++pivots) {
            const bool bland = idle > patience + rows_;
            const std::uint32_t column = entering(bland);
            if (column == none) return true;
            set_direction(column);
            const std::size_t row = leaving(bland);
            if (row == rows_) {
                if (since_refactored_ == 0) return false;
                refactor();  // what promised to fall for ever may be rounding
                continue;
            }
            const double step = pivot(column, row);
            idle = step > smallest_step * largest_dual() ? 0 : idle + 1;
            if (++since_refactored_ > refactor_after + rows_) refactor();
        }
        return false;
    }

    /// Computes everything anew from the columns of the basis, and with that loses what rounding has added.
    void refactor() {
        const std::vector<std::uint32_t> wanted = std::move(basis_);
        reset();
        std::vector<bool> placed(rows_, false);
        for (const std::uint32_t column : wanted)
            if (column < rows_) placed[column] = true;
        for (const std::uint32_t column : wanted) {
            if (column < rows_) continue;
            set_direction(column);
            std::size_t best = rows_;
            for (std::size_t row = 0; row < rows_; ++row)
                if (!placed[row] &&
                    (best == rows_ || magnitude(direction_[row]) > magnitude(direction_[best])))
                    best = row;
            replace(column, best);
            placed[best] = true;
        }
        restart();
        since_refactored_ = 0;
    }

    [[nodiscard]] std::size_t column_count() const noexcept { return columns_.size(); }
    [[nodiscard]] std::vector<double> duals() const {
        std::vector<double> duals = duals_;
        for (std::size_t row = 0; row < rows_; ++row) duals[row] *= scales_[row];
        return duals;
    }
    [[nodiscard]] double value_at(std::size_t row) const { return values_[row]; }
    [[nodiscard]] std::span<const std::uint32_t> basis() const noexcept { return basis_; }

    /// What one more of the column would cost.
    [[nodiscard]] double reduced_cost(std::uint32_t column) const {
        double cost = cost_of(column);
        for (const entry& e : entries_of(column)) cost -= duals_[e.row] * e.value;
        return cost;
    }

    /// What the present solution costs; while repairing, the violations that are left.
    [[nodiscard]] double cost() const {
        double sum = 0;
        for (std::size_t row = 0; row < rows_; ++row) sum += cost_of(basis_[row]) * values_[row];
        return sum;
    }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr std::size_t patience = 32;
    static constexpr std::size_t refactor_after = 64;
    static constexpr double smallest_step = 1e-13;
    static constexpr double tolerance = 1e-12;
    static constexpr double rounding = 1e-15;
    static constexpr double smallest_pivot = 1e-9;

    struct column_data {
        double cost;
        std::size_t first;
        std::size_t count;
        column_kind kind;
        bool basic;
        /// The largest coefficient: what an error of its value is multiplied with.
        double largest;
    };

    [[nodiscard]] std::span<const entry> entries_of(std::uint32_t column) const {
        return {entries_.data() + columns_[column].first, columns_[column].count};
    }
    [[nodiscard]] double* inverse_row(std::size_t row) { return inverse_.data() + row * rows_; }

    [[nodiscard]] double cost_of(std::uint32_t column) const {
        const bool violation = columns_[column].kind == column_kind::violation;
        if (repairing_) return violation ? 1 : 0;
        return violation ? 0 : columns_[column].cost;
    }

    [[nodiscard]] bool may_enter(std::uint32_t column) const {
        const column_data& c = columns_[column];
        return !c.basic && c.kind != column_kind::closed &&
               (repairing_ || c.kind != column_kind::violation);
    }

    // The basis of all slacks.
    void reset() {
        basis_.resize(rows_);
        for (column_data& c : columns_) c.basic = false;
        inverse_.assign(rows_ * rows_, 0);
        for (std::uint32_t row = 0; row < rows_; ++row) {
            basis_[row] = row;
            columns_[row].basic = true;
            inverse_row(row)[row] = 1;
        }
        values_ = right_;
        duals_.assign(rows_, 0);
    }

    void set_duals() {
        duals_.assign(rows_, 0);
        for (std::size_t row = 0; row < rows_; ++row) {
            const double cost = cost_of(basis_[row]);
            if (cost == 0) continue;
            for (std::size_t i = 0; i < rows_; ++i) duals_[i] += cost * inverse_row(row)[i];
        }
    }

    // At least 1. What is computed from the duals is as exact as the largest of them.
    [[nodiscard]] double largest_dual() const {
        double largest = 1;
        for (const double dual : duals_) largest = std::max(largest, magnitude(dual));
        return largest;
    }

    void set_direction(std::uint32_t column) {
        direction_.assign(rows_, 0);
        for (const entry& e : entries_of(column))
            for (std::size_t row = 0; row < rows_; ++row)
                direction_[row] += inverse_[row * rows_ + e.row] * e.value;
    }

    [[nodiscard]] std::uint32_t entering(bool bland) const {
        std::uint32_t best = none;
        double least = -std::max(tolerance, rounding * largest_dual());
        for (std::uint32_t column = 0; column < columns_.size(); ++column) {
            if (!may_enter(column)) continue;
            const double cost = reduced_cost(column);
            if (cost >= least) continue;
            best = column;
            least = cost;
            if (bland) return best;
        }
        return best;
    }

    // The row whose variable is the first to reach zero. Of those that are then no further below zero than
    // rounding (Harris), the one with the largest pivot, or by Bland's rule the first column. A violation that
    // has been driven out may not grow again.
    [[nodiscard]] std::size_t leaving(bool bland) const {
        const auto stuck = [&](std::size_t row) {
            return !repairing_ && columns_[basis_[row]].kind == column_kind::violation;
        };
        const auto falls = [&](std::size_t row) {
            const double d = direction_[row];
            return d >= smallest_pivot || (d <= -smallest_pivot && stuck(row));
        };
        const auto step = [&](std::size_t row, double below) {
            const double room = stuck(row) ? 0 : std::max(0.0, values_[row]);
            return (room + below) / magnitude(direction_[row]);
        };
        double longest = std::numeric_limits<double>::infinity();
        for (std::size_t row = 0; row < rows_; ++row)
            if (falls(row))
                longest = std::min(longest, step(row, tolerance / columns_[basis_[row]].largest));
        std::size_t best = rows_;
        for (std::size_t row = 0; row < rows_; ++row) {
            if (!falls(row) || step(row, 0) > longest) continue;
            if (best == rows_ || (bland ? basis_[row] < basis_[best]
                                        : magnitude(direction_[row]) > magnitude(direction_[best])))
                best = row;
        }
        return best;
    }

    // Returns: how much the cost fell.
    double pivot(std::uint32_t column, std::size_t row) {
        const double cost = reduced_cost(column);
        const double step = std::max(0.0, values_[row]) / direction_[row];
        for (std::size_t i = 0; i < rows_; ++i) values_[i] -= step * direction_[i];
        values_[row] = step;
        const double rate = cost / direction_[row];
        for (std::size_t i = 0; i < rows_; ++i) duals_[i] += rate * inverse_row(row)[i];
        replace(column, row);
        return -cost * step;
    }

    void replace(std::uint32_t column, std::size_t row) {
        double* const pivot_row = inverse_row(row);
        const double scale = 1 / direction_[row];
        for (std::size_t i = 0; i < rows_; ++i) pivot_row[i] *= scale;
        for (std::size_t other = 0; other < rows_; ++other) {
            const double factor = direction_[other];
            if (other == row || factor == 0) continue;
            double* const target = inverse_row(other);
            for (std::size_t i = 0; i < rows_; ++i) target[i] -= factor * pivot_row[i];
        }
        columns_[basis_[row]].basic = false;
        columns_[column].basic = true;
        basis_[row] = column;
    }

    std::size_t rows_;
    std::vector<double> right_;
    std::vector<double> scales_;
    std::vector<column_data> columns_;
    std::vector<entry> entries_;
    bool repairing_ = false;
    std::vector<std::uint32_t> basis_;
    std::vector<double> inverse_;
    std::vector<double> values_;
    std::vector<double> duals_;
    std::vector<double> direction_;
    std::size_t since_refactored_ = 0;
};

}  // namespace coterie::inline v0::quorum::detail
