// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/extreme_register.hpp>
#include <coterie/crdt/g_set.hpp>
#include <coterie/crdt/lww_register.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/g_set.hpp"
#include "crdt/specifications/registers.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::test::extreme_case;
using coterie::test::g_set_case;
using coterie::test::lww_case;
using coterie::test::two_phase_case;

namespace {

using name = crdt::lww_register<std::string, std::int64_t>;
constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

TEST_CASE("an lww_register has the last assignment, of equal ones the larger") {
    test::check_specification<lww_case>(100, 80);
}

TEST_CASE("a max_register has the largest value, a min_register the smallest") {
    test::check_specification<extreme_case<crdt::max_register<int>, true>>(60, 60);
    test::check_specification<extreme_case<crdt::min_register<int>, false>>(60, 60);
}

TEST_CASE("a g_set has what was added, a two_phase_set what was not removed either") {
    test::check_specification<g_set_case>(60, 80);
    test::check_specification<two_phase_case>(60, 80);
}

TEST_CASE(
    "no tie is decided differently by two replicas (delta-enabled-crdts#7, cockroachdb#168541)") {
    name x, y;
    (void)x.assign(a, 6, "bar");
    (void)y.assign(b, 6, "baz");
    name joined = x;
    joined.merge(y);
    y.merge(x);
    CHECK(joined == y);
    CHECK(*y.value() == "baz");
    // Of one replica as well, which wrote twice in one unit of time.
    name z;
    (void)z.assign(b, 6, "qux");
    y.merge(z);
    z.merge(joined);
    CHECK(y == z);
    CHECK(*z.value() == "qux");
}

TEST_CASE("every timestamp is after none: negative ones too, and the smallest") {
    for (const auto t :
         {std::int64_t{-5}, std::int64_t{0}, std::numeric_limits<std::int64_t>::min()}) {
        name x;
        CHECK(x.value() == nullptr);
        CHECK(x.timestamp() == nullptr);
        CHECK(x.writer() == nullptr);
        name y;
        y.merge(x.assign(a, t, ""));
        REQUIRE(y.value() != nullptr);
        CHECK(*y.value() == "");
        CHECK(*y.timestamp() == t);
        CHECK(*y.writer() == a);
    }
}

TEST_CASE("what a two_phase_set has removed does not come back") {
    crdt::two_phase_set<int> x;
    (void)x.add(1);
    (void)x.remove(1);
    (void)x.add(1);
    CHECK_FALSE(x.contains(1));
    CHECK(x.remove(2) == crdt::two_phase_set<int>());
    (void)x.add(2);
    CHECK(x.contains(2));
}

TEST_CASE("hostile bytes of registers and sets without causality") {
    name x;
    (void)x.assign(a, -3, "value");
    test::check_hostile_bytes(x);
    test::check_hostile_bytes(name());
    crdt::max_register<std::uint32_t> m;
    (void)m.assign(300);
    test::check_hostile_bytes(m);
    crdt::g_set<std::string> g;
    for (const char* word : {"b", "a", "", "abc"}) (void)g.add(word);
    test::check_hostile_bytes(g);
    crdt::two_phase_set<std::uint16_t> t;
    for (std::uint16_t i = 0; i < 4; ++i) (void)t.add(i);
    (void)t.remove(2);
    test::check_hostile_bytes(t);
}
