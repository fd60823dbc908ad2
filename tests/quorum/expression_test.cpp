// SPDX-License-Identifier: BSL-1.0

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>

#include "quorum/random_expression.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using quorum::expression;
using quorum::expression_errc;
using quorum::node_set;

const expression a("a"), b("b"), c("c"), d("d"), e("e");

}  // namespace

TEST_CASE("operators mean one of and all of") {
    const expression rows = a * b + c * d;
    CHECK(rows.names() == std::vector<std::string>{"a", "b", "c", "d"});
    CHECK(rows.to_string() == "a * b + c * d");
    for (std::uint64_t word = 0; word < 16; ++word)
        CHECK(rows.is_quorum(node_set(word)) == ((word & 3) == 3 || (word & 12) == 12));
    CHECK(((a + b) * (c + d)).to_string() == "(a + b) * (c + d)");
    CHECK((a * b * a).names().size() == 2);
    CHECK(rows.find("c") == 2);
    CHECK(rows.find("x") == 4);
}

#ifndef __clang__  // which cannot make constants of the strings of libstdc++ 12
TEST_CASE("an expression is a constant where it is asked for in one") {
    static_assert((expression("a") * expression("b")).is_quorum(node_set(3)));
    static_assert(!(expression("a") * expression("b")).is_quorum(node_set(1)));
    static_assert((expression("a") * expression("b")).dual().is_quorum(node_set(1)));
}
#endif

TEST_CASE("gates within gates of their kind are one gate") {
    CHECK(a + (b + c) == (a + b) + c);
    CHECK(a * (b * c) == (a * b) * c);
    CHECK((a + b + c + d).depth() == 1);
    CHECK(quorum::any_of({a + b, c}).value() == a + b + c);
    CHECK(quorum::all_of({a * b, c}).value() == a * b * c);
    CHECK(quorum::choose(1, {a, b + c}).value() == a + b + c);
    CHECK(quorum::choose(2, {a, b * c}).value() == a * b * c);
    CHECK(quorum::choose(2, {a + b, c, d}).value().elements().size() == 6);
    CHECK(quorum::choose(1, {a}).value() == a);
}

TEST_CASE("choose takes any k of its members") {
    for (unsigned n = 1; n <= 7; ++n) {
        const auto nodes = quorum::numbered_nodes("n", n);
        for (unsigned k = 1; k <= n; ++k) {
            const expression some = quorum::choose(k, nodes).value();
            for (std::uint64_t word = 0; word < std::uint64_t{1} << n; ++word)
                CHECK(some.is_quorum(node_set(word)) ==
                      (static_cast<unsigned>(std::popcount(word)) >= k));
        }
        CHECK(quorum::majority(nodes).value() == quorum::choose(n / 2 + 1, nodes).value());
        CHECK(quorum::any_of(nodes).value() == quorum::choose(1, nodes).value());
        CHECK(quorum::all_of(nodes).value() == quorum::choose(n, nodes).value());
    }
}

TEST_CASE("weights add up to the threshold") {
    const expression votes = quorum::weighted(4, {{a, 3}, {b, 1}, {c, 2}, {d, 1}}).value();
    CHECK(votes.to_string() == "weighted(4, a: 3, b: 1, c: 2, d: 1)");
    const unsigned weights[] = {3, 1, 2, 1};
    for (std::uint64_t word = 0; word < 16; ++word) {
        unsigned sum = 0;
        for (const unsigned node : node_set(word)) sum += weights[node];
        CHECK(votes.is_quorum(node_set(word)) == (sum >= 4));
    }
}

TEST_CASE("what cannot be built says why") {
    CHECK(quorum::choose(0, {a, b}).error() == expression_errc::threshold_out_of_range);
    CHECK(quorum::choose(3, {a, b}).error() == expression_errc::threshold_out_of_range);
    CHECK(quorum::choose(1, {}).error() == expression_errc::no_members);
    CHECK(quorum::majority({}).error() == expression_errc::no_members);
    CHECK(quorum::weighted(1, {{a, 0}, {b, 1}}).error() == expression_errc::weight_out_of_range);
    CHECK(quorum::weighted(1, {{a, quorum::max_weight}, {b, 1}}).error() ==
          expression_errc::weight_out_of_range);
    CHECK(quorum::weighted(1, {{a, ~0U}, {b, 1}}).error() == expression_errc::weight_out_of_range);
    CHECK(quorum::any_of(std::vector(quorum::max_leaves, a)).has_value());
    CHECK(quorum::any_of(std::vector(quorum::max_leaves + 1, a)).error() ==
          expression_errc::too_large);
    expression deep = a;
    while (deep.depth() < quorum::max_depth) deep = quorum::choose(2, {deep, b, c}).value();
    CHECK(quorum::choose(2, {deep, b, c}).error() == expression_errc::too_deep);
    CHECK(std::string(describe(expression_errc::too_deep)) == "expression too deep");
}

TEST_CASE("an expression meets its dual, and the dual is all that meets it") {
    rng random(test::seed(), "dual");
    for (int round = 0; round < 500; ++round) {
        const test::expression_kind kind{round % 2 == 0, round % 3 == 0};
        const auto count = uniform_between(random, 1U, 7U);
        const expression some = test::random_expression(random, count, kind);
        const expression dual = some.dual();
        CHECK(dual.dual() == some);
        const node_set all = node_set::all(count);
        for (std::uint64_t word = 0; word < std::uint64_t{1} << count; ++word)
            CHECK(dual.is_quorum(node_set(word)) == !some.is_quorum(all - node_set(word)));
    }
}

TEST_CASE("counting quorums meet exactly where their sizes exceed the nodes") {
    for (unsigned n = 1; n <= 7; ++n) {
        const auto nodes = quorum::numbered_nodes("n", n);
        for (unsigned r = 1; r <= n; ++r)
            CHECK(quorum::choose(r, nodes)->dual() == quorum::choose(n - r + 1, nodes).value());
    }
}

TEST_CASE("many words say what one word says") {
    rng random(test::seed(), "words");
    for (int round = 0; round < 200; ++round) {
        const expression some = test::random_expression(random, 40, {true, false});
        const std::uint64_t word = random();
        CHECK(some.is_quorum(node_set(word)) == some.is_quorum(std::vector{word}));
    }
    const expression majority = quorum::majority(quorum::numbered_nodes("n", 101)).value();
    CHECK(majority.is_quorum(std::vector{(std::uint64_t{1} << 51) - 1, std::uint64_t{0}}));
    CHECK(
        majority.is_quorum(std::vector{std::uint64_t{0x7FFF} << 49, (std::uint64_t{1} << 36) - 1}));
    CHECK_FALSE(majority.is_quorum(std::vector{(std::uint64_t{1} << 50) - 1, std::uint64_t{0}}));
    CHECK_FALSE(majority.is_quorum(node_set((std::uint64_t{1} << 50) - 1)));
}

TEST_CASE("over other nodes an expression keeps its meaning") {
    const expression moved = (a * b + c).over({"x", "c", "b", "a"});
    CHECK(moved.node_count() == 4);
    CHECK(moved.is_quorum(node_set(0b0010)));
    CHECK(moved.is_quorum(node_set(0b1100)));
    CHECK_FALSE(moved.is_quorum(node_set(0b1001)));
    CHECK(moved.to_string() == "a * b + c");
}

TEST_CASE("a grid is its rows, and the dual takes one of every row") {
    const auto nodes = quorum::numbered_nodes("n", 6);
    const expression rows = quorum::grid(nodes, 3).value();
    CHECK(rows.to_string() == "n0 * n1 * n2 + n3 * n4 * n5");
    CHECK(rows.dual().to_string() == "(n0 + n1 + n2) * (n3 + n4 + n5)");
    CHECK(quorum::grid(nodes, 4).error() == expression_errc::threshold_out_of_range);
    CHECK(quorum::grid(nodes, 0).error() == expression_errc::threshold_out_of_range);
    CHECK(quorum::grid({}, 2).error() == expression_errc::no_members);
}

TEST_CASE("a tree is its root with one side, or both sides") {
    const auto n = quorum::numbered_nodes("n", 7);
    const expression left = n[1] * (n[3] + n[4]) + n[3] * n[4];
    const expression right = n[2] * (n[5] + n[6]) + n[5] * n[6];
    const expression spelled =
        (n[0] * (left + right) + left * right).over(quorum::majority(n)->names());
    const expression made = quorum::tree(n)->over(spelled.names());
    for (std::uint64_t word = 0; word < 128; ++word)
        CHECK(made.is_quorum(node_set(word)) == spelled.is_quorum(node_set(word)));

    const expression ternary = quorum::tree(quorum::numbered_nodes("n", 4), 3).value();
    CHECK(ternary.to_string() == "weighted(3, n0: 2, n1: 1, n2: 1, n3: 1)");
    CHECK(quorum::tree(quorum::numbered_nodes("n", 6)).error() ==
          expression_errc::threshold_out_of_range);
    CHECK(quorum::tree({}).error() == expression_errc::no_members);
    CHECK(quorum::tree({a}).value() == a);
}

TEST_CASE("a hierarchy is majorities of majorities") {
    const auto nodes = quorum::numbered_nodes("n", 9);
    CHECK(quorum::hierarchy(nodes).value().to_string() ==
          "choose(2, choose(2, n0, n1, n2), choose(2, n3, n4, n5), choose(2, n6, n7, n8))");
    CHECK(quorum::hierarchy(quorum::numbered_nodes("n", 81)).value().depth() == 4);
    CHECK(quorum::hierarchy(quorum::numbered_nodes("n", 6)).error() ==
          expression_errc::threshold_out_of_range);
    CHECK(quorum::hierarchy({}).error() == expression_errc::no_members);
}
