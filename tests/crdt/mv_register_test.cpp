// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/mv_register.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/mv_register.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::test::mv_case;

namespace {

constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

TEST_CASE("an mv_register has the values that no assignment has replaced") {
    test::check_specification<mv_case>(80, 100);
}

TEST_CASE("concurrent assignments stand side by side until one has seen them") {
    crdt::mv_register<int> x, y;
    (void)x.assign(a, 1);
    (void)y.assign(b, 2);
    x.merge(y);
    y.merge(x);
    CHECK(x.values() == std::vector<int>{1, 2});
    CHECK(x.size() == 2);
    (void)x.assign(a, 9);
    y.merge(x);
    CHECK(y.values() == std::vector<int>{9});
}

TEST_CASE("equal values of two writers are one value, and two assignments") {
    crdt::mv_register<int> x, y;
    (void)x.assign(a, 5);
    (void)y.assign(b, 5);
    x.merge(y);
    CHECK(x.values() == std::vector<int>{5});
    CHECK(x.size() == 2);
}

TEST_CASE("hostile bytes of mv_registers") {
    crdt::mv_register<std::string> x, y;
    (void)x.assign(a, "one");
    (void)x.assign(a, "two");
    (void)y.assign(b, "three");
    x.merge(y);
    test::check_hostile_bytes(x);
}

TEST_CASE("an mv_register finds a dot that was used twice") {
    using text = crdt::mv_register<std::string>;
    test::check_reused_dot_is_found<text>([](text& x) { (void)x.assign({1, 1}, "p"); },
                                          [](text& x) { (void)x.assign({1, 1}, "q"); });
}
