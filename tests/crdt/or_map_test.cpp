// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/or_map.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/or_map.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::crdt::crdt_errc;
using coterie::test::largest;
using coterie::test::or_map_case;
using coterie::test::or_map_of_largest_case;

namespace {

using set = crdt::or_set<std::string>;

constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

namespace {}  // namespace

TEST_CASE("an or_map of or_sets has what was added and not removed, by element, key or all") {
    test::check_specification<or_map_case>(60, 100);
}

TEST_CASE("an or_map of lattices without dots has what no remove has seen") {
    test::check_order(largest{3}, largest{4});
    test::check_specification<or_map_of_largest_case>(60, 60);
}

TEST_CASE("two replicas that create a key at once have created one value (loro#759)") {
    using inner = crdt::or_map<std::string, crdt::mv_register<int>>;
    crdt::or_map<std::string, inner> x, y;
    const auto set_field = [](auto& m, replica_id r, const char* key, const char* field, int v) {
        REQUIRE(m.update(r, key, [&](inner& i) {
                     return i.update(r, field, [&](auto& reg) { return reg.assign(r, v); });
                 }).has_value());
    };
    set_field(x, a, "cfg", "logo", 1);
    set_field(y, b, "cfg", "bg", 2);
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    const auto cfg = x.find("cfg");
    REQUIRE(cfg.has_value());
    CHECK(cfg->keys() == std::vector<std::string>{"bg", "logo"});
    CHECK(cfg->find("logo")->values() == std::vector<int>{1});
    CHECK(cfg->find("bg")->values() == std::vector<int>{2});
}

TEST_CASE("a key that was removed leaves nothing, and begins anew") {
    crdt::or_map<std::string, set> x, y;
    (void)x.update(a, "k", [](set& s) { return s.add(a, "ann"); });
    y.merge(x);
    x.remove(a, "k");
    CHECK_FALSE(x.contains("k"));
    CHECK_FALSE(x.find("k").has_value());
    (void)x.update(a, "k", [](set& s) { return s.add(a, "sue"); });
    y.merge(x);
    CHECK(y.find("k")->contains("sue"));
    CHECK_FALSE(y.find("k")->contains("ann"));
}

TEST_CASE("an update that a remove does not know of survives, and the key with it") {
    crdt::or_map<std::string, set> x, y;
    (void)x.update(a, "k", [](set& s) { return s.add(a, "ann"); });
    y.merge(x);
    x.remove(a, "k");
    (void)y.update(b, "k", [](set& s) { return s.add(b, "bob"); });
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    CHECK(x.find("k")->contains("bob"));
    CHECK_FALSE(x.find("k")->contains("ann"));
}

TEST_CASE("a remove of what has not arrived outlives the removal of its key (riak_dt#99)") {
    using sets = crdt::or_map<std::string, set>;
    sets there, here;
    REQUIRE(there.update(a, "field", [&](set& s) { return s.add(a, "z"); }).has_value());
    const auto read = there.find("field")->observed("z");
    REQUIRE(here.update(b, "field", [&](set& s) { return s.remove_observed(read); }).has_value());
    here.remove(b, "field");
    here.merge(there);
    CHECK_FALSE(here.contains("field"));
    there.merge(here);
    CHECK(there == here);
}

TEST_CASE(
    "a counter that counts while its key is removed says all that its replica had said "
    "(riak_dt#98)") {
    using amounts = crdt::or_map<std::string, crdt::pn_counter<>>;
    amounts x;
    REQUIRE(x.update(a, "apples", [&](auto& c) { return c.increment(a, 5); }).has_value());
    amounts y = x;
    x.remove(a, "apples");
    REQUIRE(y.update(b, "apples", [&](auto& c) { return c.increment(b, 1); }).has_value());
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    REQUIRE(x.find("apples").has_value());
    CHECK(x.find("apples")->value() == 6);
}

TEST_CASE("an update that fails changes nothing") {
    crdt::or_map<std::string, set> x;
    (void)x.update(a, "k", [](set& s) { return s.add(a, "ann"); });
    const auto before = x;
    const auto failed = x.update(a, "k", [](set&) -> std::expected<set, crdt_errc> {
        return std::unexpected(crdt_errc::dots_exhausted);
    });
    CHECK(failed == std::unexpected(crdt_errc::dots_exhausted));
    CHECK(x == before);
    const auto untouched = x.update(a, "new", [](set& s) { return s.remove(a, "nothing"); });
    REQUIRE(untouched.has_value());
    CHECK(x == before);
}

TEST_CASE("an or_map of flags") {
    crdt::or_map<std::string, crdt::ew_flag<>> x;
    (void)x.update(a, "on", [](auto& f) { return f.enable(a); });
    CHECK(x.find("on")->is_enabled());
    (void)x.update(a, "on", [](auto& f) { return f.disable(a); });
    // A flag without marks is a value without dots: the key is gone.
    CHECK_FALSE(x.contains("on"));
}

TEST_CASE("hostile bytes of or_maps") {
    crdt::or_map<std::string, set> x;
    (void)x.update(a, "k", [](set& s) { return s.add(a, "ann"); });
    (void)x.update(b, "k", [](set& s) { return s.add(b, "bob"); });
    (void)x.update(b, "l", [](set& s) { return s.add(b, ""); });
    test::check_hostile_bytes(x);
    crdt::or_map<std::uint32_t, largest> y;
    (void)y.update(a, 7, [](largest& v) { return v.raise(5); });
    (void)y.update(b, 9, [](largest& v) { return v.raise(6); });
    test::check_hostile_bytes(y);
}

TEST_CASE("an or_map finds a dot that was used twice: under two keys, or in one value") {
    using lists = crdt::or_map<std::string, crdt::or_map<std::string, crdt::or_set<int>>>;
    const auto add = [](const char* key, const char* list, int x) {
        return [=](lists& m) {
            const replica_id r{1, 1};
            REQUIRE(m.update(r, key, [&](auto& inner) {
                         return inner.update(r, list, [&](auto& s) { return s.add(r, x); });
                     }).has_value());
        };
    };
    test::check_reused_dot_is_found<lists>(add("k", "l", 1), add("k", "l", 2));
    test::check_reused_dot_is_found<lists>(add("k", "l", 1), add("k", "m", 1));
    test::check_reused_dot_is_found<lists>(add("k", "l", 1), add("n", "l", 1));

    using amounts = crdt::or_map<std::string, crdt::pn_counter<>>;
    const auto count = [](std::uint64_t n) {
        return [=](amounts& m) {
            const replica_id r{1, 1};
            REQUIRE(m.update(r, "k", [&](auto& c) { return c.increment(r, n); }).has_value());
        };
    };
    test::check_reused_dot_is_found<amounts>(count(1), count(2));
}
