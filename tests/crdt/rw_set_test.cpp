// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/rw_set.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/rw_set.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::test::rw_set_case;

namespace {

constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

TEST_CASE("an rw_set has what was added and what no remove overrules") {
    test::check_specification<rw_set_case>(80, 100);
}

TEST_CASE("of an add and a remove that do not know of each other, the remove wins") {
    crdt::rw_set<std::string> x, y;
    (void)x.add(a, "alice");
    y.merge(x);
    (void)x.remove(a, "alice");
    (void)y.add(b, "alice");
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    CHECK_FALSE(x.contains("alice"));
    // Who has seen the remove may add again.
    (void)y.add(b, "alice");
    x.merge(y);
    CHECK(x.contains("alice"));
}

TEST_CASE("a remove holds against an add that arrives later and does not know of it") {
    crdt::rw_set<std::string> x, y;
    (void)x.remove(a, "mallory");
    (void)y.add(b, "mallory");
    x.merge(y);
    CHECK_FALSE(x.contains("mallory"));
}

TEST_CASE("clearing an rw_set removes what is in it") {
    crdt::rw_set<int> x, y;
    for (int i = 0; i < 5; ++i) (void)x.add(a, i);
    const auto delta = x.clear(a);
    REQUIRE(delta.has_value());
    CHECK(x.size() == 0);
    y.merge(*delta);
    CHECK(y == x);
}

TEST_CASE("hostile bytes of rw_sets") {
    crdt::rw_set<std::string> x;
    (void)x.add(a, "p");
    (void)x.remove(b, "p");
    (void)x.add(b, "q");
    test::check_hostile_bytes(x);
}

TEST_CASE(
    "an rw_set finds a dot that was used twice: for two elements, or for adding and removing one") {
    using words = crdt::rw_set<std::string>;
    test::check_reused_dot_is_found<words>([](words& x) { (void)x.add(a, "p"); },
                                           [](words& x) { (void)x.add(a, "q"); });
    test::check_reused_dot_is_found<words>([](words& x) { (void)x.add(a, "p"); },
                                           [](words& x) { (void)x.remove(a, "p"); });
}
