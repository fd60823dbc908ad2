// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/simplex.hpp>

#include "quorum/reference.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using coterie::quorum::detail::simplex;

/// Minimises cost . x with rows . x <= right, where right >= 0.
struct program {
    std::vector<double> cost;
    std::vector<std::vector<double>> rows;
    std::vector<double> right;

    [[nodiscard]] simplex make(std::vector<double> scales = {}) const {
        scales.resize(rows.size(), 1);
        simplex made(rows.size());
        for (std::size_t row = 0; row < rows.size(); ++row)
            made.set_row(row, simplex::row_kind::at_most, right[row], scales[row]);
        for (std::size_t column = 0; column < cost.size(); ++column) {
            std::vector<simplex::entry> entries;
            for (std::uint32_t row = 0; row < rows.size(); ++row)
                entries.push_back({row, rows[row][column]});
            made.add_column(cost[column], entries);
        }
        made.restart();
        return made;
    }
};

double optimum(const program& p) {
    simplex s = p.make();
    REQUIRE(s.solve(1000));
    return s.cost();
}

/// Of rows with a right side of 0, at which a simplex stands still, and one that bounds all.
program degenerate_program(coterie::rng& random) {
    const auto columns = uniform_between(random, 3U, 8U);
    const auto zero_rows = uniform_between(random, 1U, 5U);
    const auto small = [&random] { return static_cast<double>(uniform_between(random, -3, 3)); };
    program p;
    p.rows.assign(zero_rows + 1, std::vector<double>(columns, 1));
    p.right.assign(zero_rows + 1, 0);
    p.right.back() = 1;
    for (unsigned column = 0; column < columns; ++column) {
        p.cost.push_back(small());
        for (unsigned row = 0; row < zero_rows; ++row) p.rows[row][column] = small();
    }
    return p;
}

}  // namespace

TEST_CASE("programs at which simplex methods turn in circles") {
    // Beale 1955.
    CHECK(optimum({{-0.75, 150, -0.02, 6},
                   {{0.25, -60, -0.04, 9}, {0.5, -90, -0.02, 3}, {0, 0, 1, 0}},
                   {0, 0, 1}}) == Approx(-0.05));
    // Kuhn, in Balinski, Tucker 1969.
    CHECK(optimum({{-2, -3, 1, 12},
                   {{-2, -9, 1, 9}, {1.0 / 3, 1, -1.0 / 3, -2}, {2, 3, -1, -12}},
                   {0, 0, 2}}) == Approx(-2));
    // Chvatal 1983, of whose columns one can grow for ever unless bounded.
    CHECK(optimum({{-10, 57, 9, 24},
                   {{0.5, -5.5, -2.5, 9}, {0.5, -1.5, -0.5, 1}, {1, 0, 0, 0}},
                   {0, 0, 1}}) == Approx(-1));
}

TEST_CASE("a program at which the steepest column alone turns in a circle, here as well") {
    // One of 40 million random ones.
    const program p{{3, 8, -1, 3, -1, -5, -4},
                    {{-2, -3, -1, 2, 6, -1, 0},
                     {6, 3, 1, -3, -5, 2, 6},
                     {2, -3, -2, 4, -6, -4, -2},
                     {1, 1, 1, 1, 1, 1, 1}},
                    {0, 0, 0, 1}};
    coterie::reference::dense_program reference;
    reference.cost = p.cost;
    reference.rows = p.rows;
    reference.right = p.right;
    CHECK(optimum(p) == Approx(reference.solve().value()));
}

TEST_CASE("degenerate programs end, at what the reference finds") {
    coterie::rng random(coterie::test::seed(), "simplex");
    for (int round = 0; round < 5000; ++round) {
        const program p = degenerate_program(random);
        coterie::reference::dense_program reference;
        reference.cost = p.cost;
        reference.rows = p.rows;
        reference.right = p.right;
        CHECK(optimum(p) == Approx(reference.solve().value()).margin(1e-9));
    }
}

TEST_CASE("what is computed anew is what it was") {
    coterie::rng random(coterie::test::seed(), "refactor");
    for (int round = 0; round < 500; ++round) {
        simplex s = degenerate_program(random).make();
        REQUIRE(s.solve(1000));
        const double cost = s.cost();
        const std::vector<double> duals = s.duals();
        s.refactor();
        CHECK(s.cost() == Approx(cost).margin(1e-12));
        for (std::size_t row = 0; row < duals.size(); ++row)
            CHECK(s.duals()[row] == Approx(duals[row]).margin(1e-9));
        CHECK(s.solve(0) == false);
        CHECK(s.solve(1));
    }
}

TEST_CASE("the scale of a row changes neither the solution nor its prices") {
    coterie::rng random(coterie::test::seed(), "scales");
    for (int round = 0; round < 500; ++round) {
        const program p = degenerate_program(random);
        simplex plain = p.make();
        std::vector<double> scales;
        for (std::size_t row = 0; row < p.rows.size(); ++row)
            scales.push_back(coterie::bernoulli(random, 0.5) ? 0.125 : 4);
        simplex scaled = p.make(scales);
        REQUIRE(plain.solve(1000));
        REQUIRE(scaled.solve(1000));
        CHECK(scaled.cost() == Approx(plain.cost()).margin(1e-9));
        // At degenerate solutions there may be other prices, but what they pay for stays the same.
        double paid = 0;
        const std::vector<double> duals = scaled.duals();
        for (std::size_t row = 0; row < duals.size(); ++row) paid += duals[row] * p.right[row];
        CHECK(paid == Approx(plain.cost()).margin(1e-9));
        for (std::size_t column = 0; column < p.cost.size(); ++column) {
            double cost = p.cost[column];
            for (std::size_t row = 0; row < duals.size(); ++row)
                cost -= duals[row] * p.rows[row][column];
            CHECK(cost > -1e-9);
        }
    }
}

TEST_CASE("columns that come later are used") {
    simplex s = program{{1}, {{-1}}, {0}}.make();
    REQUIRE(s.solve(10));
    CHECK(s.cost() == 0);
    const simplex::entry one{0, 1};
    const auto useless = s.add_column(2, {&one, 1});
    REQUIRE(s.solve(10));
    CHECK(s.cost() == 0);
    CHECK(s.reduced_cost(useless) == 2);
    // One that costs less than nothing and that nothing bounds: there is no least cost.
    const simplex::entry less{0, -1};
    s.add_column(-1, {&less, 1});
    CHECK_FALSE(s.solve(10));
}

TEST_CASE("a column in a row of its own is at what the row asks") {
    simplex s(1);
    s.set_row(0, simplex::row_kind::equal, 3);
    const simplex::entry one{0, 1};
    const auto dear = s.add_column(5, {&one, 1});
    s.force(dear, 0);
    s.restart();
    const auto cheap = s.add_column(2, {&one, 1});
    REQUIRE(s.solve(10));
    CHECK(s.cost() == Approx(6));
    CHECK(s.basis()[0] == cheap);
    CHECK(s.value_at(0) == Approx(3));
    CHECK(s.duals()[0] == Approx(2));
}
