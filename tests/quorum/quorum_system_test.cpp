// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/quorum_system.hpp>

#include "quorum/random_expression.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using quorum::expression;
using quorum::node_set;
using quorum::quorum_system;
using quorum::system_errc;
using names = std::vector<std::string>;

const expression a("a"), b("b"), c("c"), d("d"), e("e"), f("f");

/// Whether every read quorum meets every write quorum, by looking at all of them.
bool all_meet(const expression& reads, const expression& writes) {
    const auto write_quorums = test::minimal_of(test::all_quorums(writes));
    return std::ranges::all_of(test::minimal_of(test::all_quorums(reads)), [&](node_set read) {
        return std::ranges::none_of(write_quorums,
                                    [&](node_set write) { return (read & write).empty(); });
    });
}

node_set numbered(const expression& within, const names& nodes) {
    node_set set;
    for (const std::string& name : nodes) set.insert(within.find(name));
    return set;
}

}  // namespace

TEST_CASE("one side is given, and the other is its dual") {
    const auto grid = quorum_system::from_reads(a * b + c * d);
    CHECK(grid.writes() == (a + b) * (c + d));
    CHECK(quorum_system::from_writes(grid.writes()) == grid);
    CHECK(grid.names() == names{"a", "b", "c", "d"});
    CHECK(grid.node_count() == 4);
    CHECK(quorum::resilience(grid).value() == 1);
    CHECK(quorum::resilience(quorum_system::from_reads(a * b * c)).value() == 0);
}

TEST_CASE("two sides that miss each other are refused, with two quorums that do") {
    const auto missed = quorum_system::make(a + b + c, d + e + f);
    REQUIRE_FALSE(missed.has_value());
    CHECK(missed.error().code == system_errc::no_intersection);
    CHECK(to_string(missed.error()).starts_with("a read quorum misses a write quorum: {"));

    const auto two = quorum_system::make(a * b + c, a * b * d + e).error();
    CHECK(to_string(two) == "a read quorum misses a write quorum: {a, b} and {e}");
    CHECK(to_string(quorum_system::make(a, b, 0).error()) ==
          "too complex to tell whether all quorums meet");
}

TEST_CASE("five nodes, two to read and three to write: they miss") {
    const std::vector<expression> five = {a, b, c, d, e};
    const auto system =
        quorum_system::make(quorum::choose(2, five).value(), quorum::choose(3, five).value());
    REQUIRE_FALSE(system.has_value());
    CHECK(system.error().read == names{"a", "b"});
    CHECK(system.error().write == names{"c", "d", "e"});
}

TEST_CASE("counting quorums meet exactly if R + W > N") {
    for (unsigned n = 1; n <= 7; ++n) {
        const auto nodes = quorum::numbered_nodes("n", n);
        for (unsigned r = 1; r <= n; ++r)
            for (unsigned w = 1; w <= n; ++w)
                CHECK(quorum_system::make(quorum::choose(r, nodes).value(),
                                          quorum::choose(w, nodes).value())
                          .has_value() == (r + w > n));
    }
}

TEST_CASE("random sides are judged as by looking at every pair") {
    rng random(test::seed(), "quorum_system");
    int good = 0;
    for (int round = 0; round < 1000; ++round) {
        const test::expression_kind kind{round % 2 == 0, round % 3 == 0};
        const auto count = uniform_between(random, 1U, 6U);
        const expression reads = test::random_expression(random, count, kind);
        // Every other time what is nearly the dual, so that good systems are not rare.
        const expression writes = round % 2 == 0 ? test::random_expression(random, count, kind)
                                                 : reads.dual() * reads.dual();
        const auto system = quorum_system::make(reads, writes);
        INFO(reads.to_string() + " | " + writes.to_string());
        REQUIRE(system.has_value() == all_meet(reads, writes));
        if (system.has_value()) {
            ++good;
            continue;
        }
        const auto& error = system.error();
        CHECK(reads.is_quorum(numbered(reads, error.read)));
        CHECK(writes.is_quorum(numbered(writes, error.write)));
        CHECK((numbered(reads, error.read) & numbered(reads, error.write)).empty());
    }
    CHECK(good > 400);
}

TEST_CASE("large systems are judged where sizes or thresholds tell") {
    const auto nodes = quorum::numbered_nodes("n", 101);
    auto turned = nodes;
    std::ranges::reverse(turned);
    const auto at_least = [](unsigned k, const auto& of) { return quorum::choose(k, of).value(); };
    CHECK(quorum_system::make(at_least(51, nodes), at_least(51, turned)).has_value());
    CHECK(quorum_system::make(at_least(60, nodes), at_least(42, nodes)).has_value());
    const auto missed = quorum_system::make(at_least(60, nodes), at_least(41, turned));
    REQUIRE_FALSE(missed.has_value());
    CHECK(missed.error().read.size() == 60);
    CHECK(missed.error().write.size() == 41);

    const expression hierarchy = quorum::hierarchy(quorum::numbered_nodes("n", 81)).value();
    CHECK(quorum_system::make(hierarchy, hierarchy).has_value());
    const expression grid = quorum::grid(quorum::numbered_nodes("n", 81), 9).value();
    CHECK(quorum_system::make(grid, grid.dual()).has_value());
    CHECK(quorum_system::make(grid, grid, 1000).error().code == system_errc::no_intersection);
}

TEST_CASE("nodes that stand on one side only are numbered last") {
    const auto system = quorum_system::make(b * a, a + b * c);
    REQUIRE(system.has_value());
    CHECK(system->names() == names{"b", "a", "c"});
    CHECK(system->writes().is_quorum(node_set(0b101)));
}
