// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/causal_order.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/vector_clock.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

TEST_CASE("deliveries in causal order, by comparing each with all before it") {
    using delivery = check::delivery<int>;
    rng random(test::seed(), "causal_order");
    int good = 0, late = 0, twice = 0;
    for (int round = 0; round < 5000; ++round) {
        // Three nodes that send to all; each takes any message that it has not got, mostly the oldest.
        std::vector<causality::vector_clock<int>> clocks(3);
        std::vector<std::vector<delivery>> waiting(3);
        std::vector<delivery> log;
        for (int step = 0; step < 12; ++step) {
            const auto node = uniform_below(random, 3);
            auto& queue = waiting[node];
            if (queue.empty() || bernoulli(random, 0.4)) {
                (void)clocks[node].increment(static_cast<int>(node));
                for (std::size_t to = 0; to < 3; ++to)
                    if (to != node)
                        waiting[to].push_back({to, static_cast<int>(node), clocks[node]});
                continue;
            }
            const auto which = bernoulli(random, 0.9) ? 0 : uniform_below(random, queue.size());
            log.push_back(queue[which]);
            clocks[node].merge(queue[which].clock);
            if (!bernoulli(random, 0.03))
                queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(which));
        }
        std::optional<std::size_t> expected;
        for (std::size_t b = 0; b < log.size() && !expected; ++b)
            for (std::size_t a = 0; a < b; ++a)
                if (log[a].node == log[b].node && log[b].clock <= log[a].clock) expected = b;
        const check::verdict v = check::causal_order(std::span(std::as_const(log)));
        REQUIRE(static_cast<bool>(v) == !expected.has_value());
        good += static_cast<bool>(v);
        if (v) continue;
        REQUIRE(v.offending.size() == 2);
        const delivery &first = log[v.offending[0]], &second = log[v.offending[1]];
        REQUIRE(v.offending[1] == *expected);
        REQUIRE(first.node == second.node);
        REQUIRE(second.clock <= first.clock);
        REQUIRE(v.reason == "node " + std::to_string(first.node) +
                                (first.clock == second.clock
                                     ? " got a message twice"
                                     : " got a message after one that it caused"));
        ++(first.clock == second.clock ? twice : late);
    }
    CHECK(good > 100);
    CHECK(late > 100);
    CHECK(twice > 100);
}
