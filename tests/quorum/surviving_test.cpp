// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <cstddef>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/surviving.hpp>

#include "quorum/random_expression.hpp"
#include "quorum/reference.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using quorum::expression;
using quorum::node_set;
using quorum::detail::surviving_fold;

double price_of(node_set set, const std::vector<double>& prices) {
    double sum = 0;
    for (const unsigned node : set) sum += prices[node];
    return sum;
}

}  // namespace

TEST_CASE("the fold finds the cheapest set that survives, of whose fast nodes a quorum is left") {
    rng random(test::seed(), "surviving");
    for (int round = 0; round < 2000; ++round) {
        const auto count = uniform_between(random, 1U, 7U);
        const auto failures = uniform_between(random, 0U, 3U);
        const expression e = test::random_expression(random, count);
        std::vector<double> prices(count);
        std::vector<bool> fast(count);
        node_set fast_nodes;
        for (unsigned node = 0; node < count; ++node) {
            // Small whole prices, zero among them, so that ties are common.
            prices[node] = static_cast<double>(uniform_below(random, 3));
            fast[node] = round % 4 == 0 || bernoulli(random, 0.7);
            if (fast[node]) fast_nodes.insert(node);
        }
        const auto good = [&](node_set set) {
            return reference::survives(e, set, failures) && e.is_quorum(set & fast_nodes);
        };
        double least = quorum::detail::infinite;
        for (const node_set set : test::all_quorums(e))
            if (good(set)) least = std::min(least, price_of(set, prices));

        INFO(e.to_string() << ", failures " << failures);
        REQUIRE(surviving_fold::applies_to(e));
        const auto found = surviving_fold(e, failures).find(prices, fast, 1 << 20);
        REQUIRE(found.has_value());
        CHECK(found->price == least);
        CHECK(found->nodes.empty() == (least == quorum::detail::infinite));
        if (found->nodes.empty()) continue;
        node_set chosen;
        for (const unsigned node : found->nodes) chosen.insert(node);
        CHECK(good(chosen));
        CHECK(price_of(chosen, prices) == least);
    }
}

TEST_CASE("the fold is not for weights, nor for nodes that stand twice") {
    const expression a("a"), b("b"), c("c");
    CHECK(surviving_fold::applies_to(a * b + c));
    CHECK_FALSE(surviving_fold::applies_to(a * b + a * c));
    CHECK_FALSE(surviving_fold::applies_to(quorum::weighted(2, {{a, 2}, {b, 1}, {c, 1}}).value()));
}
