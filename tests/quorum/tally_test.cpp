// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/tally.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/parse.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;

namespace {

constexpr node_set five = node_set::all(5);

constexpr verdict after_three_of_five() {
    tally votes(majority_of(five), five);
    (void)votes.answered(4);
    (void)votes.failed(0);
    (void)votes.answered(2);
    return votes.answered(1);
}
static_assert(after_three_of_five() == verdict::reached);
static_assert(sizeof(tally<count_of>) == 5 * sizeof(std::uint64_t));

/// Whether some set of nodes that may still answer completes a quorum, by trying all.
template <class Rule>
verdict known_by_trying(const Rule& rule, node_set asked, node_set answered, node_set failed) {
    if (rule.is_quorum(answered)) return verdict::reached;
    const node_set open = asked - answered - failed;
    for (std::uint64_t word = 0; word < 256; ++word) {
        const node_set more(word);
        if (more.is_subset_of(open) && rule.is_quorum(answered | more)) return verdict::possible;
    }
    return verdict::impossible;
}

/// Answers and failures in random order, some twice, some of nodes that nobody asked.
template <class Rule>
void check_rule(const Rule& rule, node_set asked, std::mt19937_64& random) {
    tally t(rule, asked);
    node_set answered, failed;
    verdict before = t.state();
    REQUIRE(before == known_by_trying(rule, asked, {}, {}));
    for (int step = 0; step < 30; ++step) {
        const auto node = static_cast<unsigned>(random() % 10);
        const bool first_word = (asked - answered - failed).contains(node);
        verdict now;
        if (random() % 2 == 0) {
            if (first_word) answered.insert(node);
            now = t.answered(node);
        } else {
            if (first_word) failed.insert(node);
            now = t.failed(node);
        }
        REQUIRE(now == known_by_trying(rule, asked, answered, failed));
        REQUIRE(now == t.state());
        REQUIRE((before == verdict::possible || now == before));
        REQUIRE(t.answers() == answered);
        REQUIRE(t.failures() == failed);
        REQUIRE(t.pending() == asked - answered - failed);
        before = now;
    }
}

struct grid_2x3 {
    [[nodiscard]] static bool is_quorum(node_set s) {
        return node_set(0b000111).is_subset_of(s) || node_set(0b111000).is_subset_of(s);
    }
};

}  // namespace

TEST_CASE("the verdict is the earliest that can be known, whatever the rule") {
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 2000; ++round) {
        const node_set asked(random() % 256);
        const node_set others(random() % 256);
        std::array<std::uint32_t, 7> weights{};
        for (auto& w : weights) w = static_cast<std::uint32_t>(random() % 5);
        const count_of count{static_cast<unsigned>(random() % 8), others};
        const weight_of weight{random() % 16, weights};
        check_rule(count, asked, random);
        check_rule(weight, asked, random);
        check_rule(grid_2x3{}, asked, random);
        check_rule(both_of{count, weight}, asked, random);
        check_rule(both_of{majority_of(asked), both_of{count, grid_2x3{}}}, asked, random);
    }
}

TEST_CASE("an expression is a rule, and need not be copied for it") {
    const auto grid = parse("a*b*c + d*e*f").value();
    const auto votes = parse("choose(2, a, b, c*d)").value();
    STATIC_REQUIRE(sizeof(tally<rule_ref<expression>>) == 4 * sizeof(std::uint64_t));
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 500; ++round) {
        const node_set asked(random() % 256);
        check_rule(rule_ref(grid), asked, random);
        check_rule(both_of{rule_ref(grid), votes}, asked, random);
    }
}

TEST_CASE("a majority is known to be out of reach with the failure that makes it so") {
    tally votes(majority_of(five), five);
    CHECK(votes.failed(0) == verdict::possible);
    CHECK(votes.failed(1) == verdict::possible);
    CHECK(votes.failed(2) == verdict::impossible);
    CHECK(votes.answered(2) == verdict::impossible);  // too late
}

TEST_CASE("the word of strangers and repeated words count nothing") {
    tally votes(count_of{2, node_set::all(64)}, node_set(0b111));
    CHECK(votes.answered(5) == verdict::possible);
    CHECK(votes.answered(64) == verdict::possible);
    CHECK(votes.answered(1U << 31) == verdict::possible);
    CHECK(votes.answered(0) == verdict::possible);
    CHECK(votes.answered(0) == verdict::possible);
    CHECK(votes.failed(0) == verdict::possible);  // it has answered before
    CHECK(votes.failed(99) == verdict::possible);
    CHECK(votes.answered(2) == verdict::reached);
}

TEST_CASE("a joint quorum needs both majorities") {
    const node_set old_members(0b00111), new_members(0b11100);
    tally votes(both_of{majority_of(old_members), majority_of(new_members)},
                old_members | new_members);
    CHECK(votes.answered(0) == verdict::possible);
    CHECK(votes.answered(1) == verdict::possible);
    CHECK(votes.answered(2) == verdict::possible);
    CHECK(votes.answered(3) == verdict::reached);
}

TEST_CASE("weights beyond the span are none, and large ones do not wrap") {
    const std::array<std::uint32_t, 3> weights{0xFFFF'FFFF, 0xFFFF'FFFF, 1};
    const weight_of rule{0x1'FFFF'FFFF, weights};
    CHECK(rule.is_quorum(node_set(0b111)));
    CHECK_FALSE(rule.is_quorum(node_set(0b11)));
    CHECK_FALSE(weight_of{1, weights}.is_quorum(node_set(0b1000)));
}

TEST_CASE("majorities meet, and no smaller count does") {
    for (unsigned n = 1; n <= 7; ++n) {
        const count_of majority = majority_of(node_set::all(n));
        CHECK(2 * majority.needed > n);
        CHECK(2 * (majority.needed - 1) <= n);
    }
    CHECK_FALSE(majority_of(node_set()).is_quorum(node_set::all(64)));
}

TEST_CASE("verdicts have words") {
    CHECK(describe(verdict::possible) == std::string("still possible"));
    CHECK(describe(verdict::reached) == std::string("reached"));
    CHECK(describe(verdict::impossible) == std::string("impossible"));
}
