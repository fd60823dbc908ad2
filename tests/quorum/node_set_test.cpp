// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/node_set.hpp>

#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/core/text.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::to_string;
using coterie::quorum::node_set;

static_assert(std::forward_iterator<node_set::iterator>);
static_assert(sizeof(node_set) == 8);
static_assert(node_set::all(0).empty() && node_set::all(64).size() == 64);
static_assert(node_set::all(5) == node_set(0b11111));

namespace {

std::set<unsigned> members(node_set s) { return {s.begin(), s.end()}; }

}  // namespace

TEST_CASE("a set of nodes does what a std::set does") {
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 200; ++round) {
        node_set s;
        std::set<unsigned> model;
        for (int step = 0; step < 100; ++step) {
            const auto node = static_cast<unsigned>(random() % 70);
            if (random() % 2 == 0 && node < node_set::max_nodes) {
                s.insert(node);
                model.insert(node);
            } else {
                s.erase(node);
                model.erase(node);
            }
            REQUIRE(s.contains(node) == model.contains(node));
            REQUIRE(s.size() == model.size());
            REQUIRE(s.empty() == model.empty());
        }
        REQUIRE(std::vector<unsigned>(s.begin(), s.end()) ==
                std::vector<unsigned>(model.begin(), model.end()));
    }
}

TEST_CASE("union, intersection, difference and subset, of all pairs of sets of four nodes") {
    for (std::uint64_t a = 0; a < 16; ++a) {
        for (std::uint64_t b = 0; b < 16; ++b) {
            const node_set x(a), y(b);
            for (unsigned node = 0; node < 5; ++node) {
                REQUIRE((x | y).contains(node) == (x.contains(node) || y.contains(node)));
                REQUIRE((x & y).contains(node) == (x.contains(node) && y.contains(node)));
                REQUIRE((x - y).contains(node) == (x.contains(node) && !y.contains(node)));
            }
            REQUIRE(x.is_subset_of(y) == ((x | y) == y));
            REQUIRE((x == y) == (members(x) == members(y)));
        }
    }
}

TEST_CASE("the last node is a node like the others") {
    node_set s;
    s.insert(63);
    CHECK(s.contains(63));
    CHECK_FALSE(s.contains(64));
    CHECK_FALSE(s.contains(127));
    CHECK(members(s) == std::set<unsigned>{63});
    s.erase(63);
    CHECK(s.empty());
}

TEST_CASE("a set of nodes as text") {
    CHECK(to_string(node_set()) == "{}");
    CHECK(to_string(node_set(0b100)) == "{2}");
    CHECK(to_string(node_set(0b10'0000'0001)) == "{0, 9}");
}
