// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/analysis.hpp>
#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/cheapest.hpp>
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
using test::all_quorums;
using test::sorted;

const expression a("a"), b("b"), c("c"), d("d"), e("e");

double price_of(node_set set, const std::vector<double>& prices) {
    double sum = 0;
    for (const unsigned node : set) sum += prices[node];
    return sum;
}

/// The fewest nodes without which no quorum is left, less one.
unsigned resilience_by_trial(const expression& some) {
    unsigned fewest = 64;
    const node_set all = node_set::all(some.node_count());
    for (std::uint64_t word = 0; word <= all.word(); ++word)
        if (!some.is_quorum(all - node_set(word))) fewest = std::min(fewest, node_set(word).size());
    return fewest - 1;
}

double availability_by_sum(const expression& some, const std::vector<double>& up) {
    double sum = 0;
    for (const node_set set : all_quorums(some)) {
        double p = 1;
        for (unsigned node = 0; node < up.size(); ++node)
            p *= set.contains(node) ? up[node] : 1 - up[node];
        sum += p;
    }
    return sum;
}

std::vector<double> random_reals(rng& random, std::size_t count) {
    std::vector<double> reals(count);
    for (double& real : reals) real = uniform_real(random);
    return reals;
}

/// 40 groups of nine among 60 nodes: each node stands six times.
expression tangled() {
    rng random(1, "tangled");
    std::vector<expression> members;
    for (int i = 0; i < 40; ++i) {
        const auto nodes = quorum::numbered_nodes("n", 60);
        std::vector<expression> three;
        for (int j = 0; j < 9; ++j) three.push_back(nodes[uniform_below(random, 60)]);
        members.push_back(quorum::choose(5, three).value());
    }
    return quorum::choose(20, members).value();
}

}  // namespace

TEST_CASE("every question has the answer that looking at every set has") {
    rng random(test::seed(), "analysis");
    for (int round = 0; round < 600; ++round) {
        const test::expression_kind kind{round % 2 == 0, round % 3 == 0};
        const auto count = uniform_between(random, 1U, 8U);
        const expression some = test::random_expression(random, count, kind);
        INFO(some.to_string());
        const auto minimal = test::minimal_of(all_quorums(some));
        CHECK(sorted(quorum::minimal_quorums(some).value()) == sorted(minimal));
        CHECK(quorum::resilience(some).value() == resilience_by_trial(some));

        const auto up = random_reals(random, count);
        CHECK(quorum::availability(some, up).value() ==
              Approx(availability_by_sum(some, up)).epsilon(1e-12).margin(1e-14));

        std::vector<double> prices = random_reals(random, count);
        if (round % 5 == 0) prices[0] = 0;
        const auto best = quorum::cheapest_quorum(some, prices).value();
        double least = 1e9;
        for (const node_set quorum : minimal) least = std::min(least, price_of(quorum, prices));
        node_set chosen;
        for (const unsigned node : best.nodes) chosen.insert(node);
        CHECK(some.is_quorum(chosen));
        CHECK(best.price == Approx(least).margin(1e-12));
        CHECK(price_of(chosen, prices) == Approx(best.price).margin(1e-12));
        CHECK(std::ranges::is_sorted(best.nodes));
    }
}

TEST_CASE("a node of infinite price is kept out") {
    const double inf = quorum::detail::infinite;
    const auto row =
        quorum::cheapest_quorum(a * b + c * d, std::vector{1.0, inf, 2.0, 2.0}).value();
    CHECK(row.nodes == std::vector{2U, 3U});
    CHECK(row.price == 4);
    const auto none = quorum::cheapest_quorum(a * b, std::vector{1.0, inf}).value();
    CHECK(none.nodes.empty());
    CHECK(none.price == inf);
    const auto again = quorum::cheapest_quorum(a * b + a * c, std::vector{1.0, inf, 1.0}).value();
    CHECK(again.nodes == std::vector{0U, 2U});
}

TEST_CASE("published availabilities") {
    const auto of = [](unsigned n, double p) {
        const expression majority = quorum::majority(quorum::numbered_nodes("n", n)).value();
        return quorum::availability(majority, std::vector<double>(n, p)).value();
    };
    CHECK(of(3, 0.9) == Approx(0.972).epsilon(1e-9));
    CHECK(of(3, 0.99) == Approx(0.999702).epsilon(1e-9));
    CHECK(of(5, 0.9) == Approx(0.99144).epsilon(1e-9));
    CHECK(of(5, 0.99) == Approx(0.9999901494).epsilon(1e-9));
    CHECK(of(7, 0.9) == Approx(0.997272).epsilon(1e-9));
}

TEST_CASE("large expressions are folded, not enumerated") {
    const auto nodes = quorum::numbered_nodes("n", 101);
    const expression majority = quorum::majority(nodes).value();
    CHECK(quorum::resilience(majority).value() == 50);
    CHECK(quorum::availability(majority, std::vector<double>(101, 0.5)).value() ==
          Approx(0.5).epsilon(1e-12));
    const expression hierarchy = quorum::hierarchy(quorum::numbered_nodes("n", 81)).value();
    CHECK(quorum::resilience(hierarchy).value() == 15);
    CHECK(quorum::minimal_quorums(hierarchy).error() == expression_errc::too_many_nodes);
    const expression grid = quorum::grid(quorum::numbered_nodes("n", 36), 6).value();
    CHECK(quorum::resilience(grid).value() == 5);
    CHECK(quorum::resilience(grid.dual()).value() == 5);
}

TEST_CASE("what would take too long is refused") {
    const expression some = tangled();
    CHECK(quorum::minimal_quorums(some, 1000).error() == expression_errc::too_complex);
    CHECK(quorum::resilience(some, 50).error() == expression_errc::too_complex);
    CHECK(quorum::availability(some, std::vector<double>(some.node_count(), 0.9)).error() ==
          expression_errc::too_complex);
    const expression majority = quorum::majority(quorum::numbered_nodes("n", 64)).value();
    CHECK(quorum::minimal_quorums(majority, 1000).error() == expression_errc::too_complex);
    CHECK(quorum::resilience(majority, 1).value() == 31);
    CHECK(quorum::resilience(majority, 0).error() == expression_errc::too_complex);
}

TEST_CASE("zones fail as one") {
    const expression majority = quorum::majority({a, b, c, d, e}).value();
    const std::vector<std::string> two = {"west", "west", "west", "east", "east"};
    const std::vector<std::string> three = {"west", "west", "east", "east", "south"};
    CHECK(quorum::resilience(majority).value() == 2);
    CHECK(quorum::resilience(quorum::by_zone(majority, two)).value() == 0);
    CHECK(quorum::resilience(quorum::by_zone(majority, three)).value() == 1);
    CHECK(quorum::by_zone(majority, three).names() ==
          std::vector<std::string>{"west", "east", "south"});
    // Of three zones two must be up, whichever.
    CHECK(quorum::availability(quorum::by_zone(majority, three), std::vector{.9, .9, .9}).value() ==
          Approx(.972).epsilon(1e-12));

    const expression both = quorum::behind_zones(majority, three).value();
    CHECK(both.node_count() == 8);
    std::vector<double> up(8, 1.0);
    for (const std::string zone : {"west", "east", "south"}) up[both.find(zone)] = .9;
    CHECK(quorum::availability(both, up).value() == Approx(.972).epsilon(1e-12));
    for (const std::string node : {"a", "b", "c", "d", "e"}) up[both.find(node)] = .8;
    CHECK(quorum::availability(both, up).value() ==
          Approx(availability_by_sum(both, up)).epsilon(1e-12));
    CHECK(quorum::resilience(both).value() == 1);
}

TEST_CASE("a zone for each node asks as the nodes do") {
    rng random(test::seed(), "zones");
    for (int round = 0; round < 100; ++round) {
        const expression some = test::random_expression(random, 6, {true, round % 2 == 0});
        std::vector<std::string> zones;
        for (unsigned node = 0; node < 6; ++node)
            zones.push_back(std::string(1, static_cast<char>('x' + uniform_below(random, 3))));
        const expression zoned = quorum::by_zone(some, zones);
        for (std::uint64_t word = 0; word < 8; ++word) {
            node_set up;
            node_set zones_up;
            for (unsigned node = 0; node < 6; ++node)
                if ((word >> (zones[node][0] - 'x') & 1) != 0) up.insert(node);
            for (unsigned zone = 0; zone < zoned.node_count(); ++zone)
                if ((word >> (zoned.names()[zone][0] - 'x') & 1) != 0) zones_up.insert(zone);
            CHECK(zoned.is_quorum(zones_up) == some.is_quorum(up));
        }
    }
}
