// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/or_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/or_map.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

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

TEMPLATE_TEST_CASE("a map of counters has what each replica had counted when no remove knew of it",
                   "", (crdt::or_map<std::uint32_t, crdt::g_counter<>>),
                   (crdt::or_map<std::uint32_t, crdt::pn_counter<>>),
                   (crdt::or_map<std::uint32_t, crdt::or_map<std::uint32_t, crdt::g_counter<>>>),
                   (crdt::or_map<std::uint32_t, crdt::or_map<std::uint32_t, crdt::pn_counter<>>>)) {
    test::check_specification<test::counters_case<TestType>>(60, 100);
}

TEST_CASE("of a counter a remove takes what it has seen, by replica (riak_dt#98)") {
    using amounts = crdt::or_map<std::string, crdt::pn_counter<>>;
    const auto count = [](amounts& m, replica_id r, std::uint64_t n) {
        REQUIRE(m.update(r, "apples", [&](auto& c) { return c.increment(r, n); }).has_value());
    };
    amounts x;
    count(x, a, 3);
    amounts y = x;
    count(y, b, 1);
    x.remove(a, "apples");
    CHECK_FALSE(x.contains("apples"));
    for (int i = 0; i < 100; ++i) count(x, a, 2);
    CHECK(x.find("apples")->value() == 200);
    x.merge(y);
    y.merge(x);
    CHECK(x == y);
    CHECK(x.find("apples")->value() == 201);
    // A replica that counts on while somebody else removes says all that it had said.
    amounts z = x;
    z.remove({3, 0}, "apples");
    count(x, a, 5);
    x.merge(z);
    CHECK(x.find("apples")->value() == 205);
}

TEST_CASE("counts whose remove has not arrived are counted beside those after it") {
    using amounts = crdt::or_map<std::string, crdt::g_counter<>>;
    amounts x, y;
    const auto three = x.update(a, "k", [](auto& c) { return c.increment(a, 3); }).value();
    const auto removed = x.remove(a, "k");
    const auto two = x.update(a, "k", [](auto& c) { return c.increment(a, 2); }).value();
    y.merge(three);
    y.merge(two);
    CHECK(y.find("k")->value() == 5);
    CHECK(y.find("k")->value_of(a) == 5);
    y.merge(removed);
    CHECK(y.find("k")->value() == 2);
    CHECK(x == y);
}

TEST_CASE("bounded_counters in a map: nothing is taken twice, in whatever order updates arrive") {
    using stocks =
        crdt::or_map<std::uint32_t, crdt::or_map<std::uint32_t, crdt::bounded_counter<>>>;
    STATIC_REQUIRE_FALSE(stocks::is_removable);
    STATIC_REQUIRE((crdt::or_map<int, crdt::pn_counter<>>::is_removable));
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 60; ++round) {
        std::vector<stocks> states(3), deltas;
        std::int64_t truth = 0;
        for (int step = 0; step < 80; ++step) {
            const std::size_t i = random() % 3, j = random() % 3;
            const replica_id me{i + 1, 0}, other{j + 1, 0};
            const std::uint64_t n = random() % 6, what = random() % 6;
            if (what == 5) {
                states[i].merge(deltas.empty() || n < 3 ? states[j]
                                                        : deltas[random() % deltas.size()]);
                continue;
            }
            const auto delta = states[i].update(me, 7, [&](auto& inner) {
                return inner.update(me, 8, [&](crdt::bounded_counter<>& c) {
                    return what < 2   ? c.increment(me, n)
                           : what < 4 ? c.decrement(me, n)
                                      : c.transfer(me, other, n);
                });
            });
            if (!delta.has_value()) {
                REQUIRE(delta.error() == crdt_errc::not_enough_quota);
                continue;
            }
            deltas.push_back(*delta);
            const auto moved = static_cast<std::int64_t>(n);
            truth += what < 2 ? moved : what < 4 ? -moved : 0;
            REQUIRE(truth >= 0);
        }
        stocks all;
        std::ranges::shuffle(deltas, random);
        for (const auto& d : deltas) all.merge(d);
        const auto value = all.contains(7) ? all.find(7)->find(8)->value() : 0;
        REQUIRE(value == static_cast<std::uint64_t>(truth));
    }
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
