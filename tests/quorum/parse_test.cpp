// SPDX-License-Identifier: BSL-1.0

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/parse.hpp>

#include "quorum/random_expression.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using quorum::expression;
using quorum::parse;
using quorum::syntax_errc;
using quorum::syntax_error;

const expression a("a"), b("b"), c("c"), d("d");

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST_CASE("a text is the expression that it says") {
    CHECK(parse("a").value() == a);
    CHECK(parse("a+b").value() == a + b);
    CHECK(parse(" a * b\t+ c *d\n").value() == a * b + c * d);
    CHECK(parse("(a + b) * (c + d)").value() == (a + b) * (c + d));
    CHECK(parse("((a))").value() == a);
    CHECK(parse("a * (b * c)").value() == a * b * c);
    CHECK(parse("choose2(a, b, c)").value() == quorum::choose(2, {a, b, c}).value());
    CHECK(parse("choose(2, a, b, c * d)").value() == quorum::choose(2, {a, b, c * d}).value());
    CHECK(parse("choose2(a, b)").value() == a * b);
    CHECK(parse("majority(a, b, c)").value() == quorum::majority({a, b, c}).value());
    CHECK(parse("weighted(3, a: 2, b: 1, c + d: 1)").value() ==
          quorum::weighted(3, {{a, 2}, {b, 1}, {c + d, 1}}).value());
    CHECK(parse("choose + choose2 * majority").value().names() ==
          std::vector<std::string>{"choose", "choose2", "majority"});
    CHECK(parse("eu-west_1.a").value().names()[0] == "eu-west_1.a");
    CHECK(parse("_9 + Z").has_value());
}

TEST_CASE("what is printed is read again") {
    rng random(test::seed(), "parse");
    for (int round = 0; round < 500; ++round) {
        const auto count = uniform_between(random, 1U, 9U);
        const expression some =
            test::random_expression(random, count, {round % 2 == 0, round % 3 == 0});
        CHECK(parse(some.to_string(), some.names()).value() == some);
    }
}

TEST_CASE("names that are given number the nodes") {
    const expression moved = parse("b * a", {"a", "b", "c"}).value();
    CHECK(moved.node_count() == 3);
    CHECK(moved.is_quorum(quorum::node_set(3)));
    CHECK(parse("a * x", {"a", "b"}).error() == syntax_error{syntax_errc::unknown_node, 4});
    CHECK(parse("a", {}).error() == syntax_error{syntax_errc::unknown_node, 0});
}

TEST_CASE("an error says what and where") {
    struct row {
        std::string_view text;
        syntax_errc code;
        std::size_t position;
    };
    using enum syntax_errc;
    const row rows[] = {
        {"", expected_member, 0},
        {"  ", expected_member, 2},
        {"a +", expected_member, 3},
        {"a + * b", expected_member, 4},
        {"9", expected_member, 0},
        {"()", expected_member, 1},
        {"-a", expected_member, 0},
        {"a b", expected_operator, 2},
        {"a)", expected_operator, 1},
        {"a, b", expected_operator, 1},
        {"f(a)", expected_operator, 1},
        {"a (b)", expected_operator, 2},
        {"a & b", expected_operator, 2},
        {"(a + b", expected_close, 6},
        {"(a, b)", expected_close, 2},
        {"majority(a, b", expected_close, 13},
        {"majority()", expected_member, 9},
        {"choose(a, b)", expected_number, 7},
        {"choose(2 a, b)", expected_comma, 9},
        {"choosex(a)", expected_number, 6},
        {"choose12345(a)", expected_number, 6},
        {"choose(12345, a)", expected_number, 7},
        {"a + choose3(b, c)", threshold_out_of_range, 4},
        {"choose0(a, b)", threshold_out_of_range, 0},
        {"weighted(a: 1)", expected_number, 9},
        {"weighted(1 a: 1)", expected_comma, 11},
        {"weighted(1, a)", expected_colon, 13},
        {"weighted(1, a: b)", expected_number, 15},
        {"weighted(1, a: 1", expected_close, 16},
        {"weighted(1, a: 0, b: 1)", weight_out_of_range, 0},
        {"weighted(1, a: 4096, b: 1)", weight_out_of_range, 0},
        {"weighted(4, a: 2, b: 1)", threshold_out_of_range, 0},
    };
    for (const auto& [text, code, position] : rows) {
        INFO(text);
        REQUIRE_FALSE(parse(text).has_value());
        CHECK(std::string(describe(parse(text).error().code)) == describe(code));
        CHECK(parse(text).error().position == position);
    }
    CHECK(to_string(parse("a + ?").error()) == "expected a node or '(' at position 4");
}

TEST_CASE("depth and size are bounded") {
    const auto nested = [](std::size_t depth) {
        return repeated("(", depth) + "a" + repeated(")", depth);
    };
    CHECK(parse(nested(quorum::max_depth - 1)).value() == a);
    CHECK(parse(nested(quorum::max_depth)).error() ==
          syntax_error{syntax_errc::too_deep, quorum::max_depth});
    CHECK(parse(repeated("(", 1'000'000)).error().code == syntax_errc::too_large);
    CHECK(parse(repeated("(", 100'000)).error().code == syntax_errc::too_deep);
    // Two gates for each pair of parentheses: the gates reach their limit before the parentheses do.
    const std::string alternating = repeated("a + b * (", 40) + "c" + repeated(")", 40);
    CHECK(parse(alternating).error().code == syntax_errc::too_deep);

    CHECK(parse(repeated("a+", quorum::max_leaves - 1) + "a").has_value());
    CHECK(parse(repeated("a+", quorum::max_leaves) + "a").error() ==
          syntax_error{syntax_errc::too_large, 2 * quorum::max_leaves});
    CHECK(parse(std::string(quorum::max_text, 'a')).has_value());
    CHECK(parse(std::string(quorum::max_text + 1, 'a')).error() ==
          syntax_error{syntax_errc::too_large, quorum::max_text});
}
