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
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;

namespace {

/// An element is in if its latest adds and removes are adds.
struct rw_set_case {
    using state = crdt::rw_set<std::string>;
    struct op {
        bool is_add;
        std::string x;
    };
    static op any_op(std::mt19937_64& random) {
        return {random() % 5 < 3, std::string(1 + random() % 4, 'x')};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        return o.is_add ? s.add({r, 0}, o.x).value() : s.remove({r, 0}, o.x).value();
    }
    static std::string read(const state& s) {
        std::string text;
        for (const auto& x : s.elements()) text += x + " ";
        return text;
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::set<std::string> all;
        for (const auto* e : seen) all.insert(e->op.x);
        std::string text;
        for (const auto& x : all) {
            const auto last = test::latest<op>(seen, [&](const auto& e) { return e.op.x == x; });
            const bool is_in = !last.empty() && std::ranges::all_of(last, [](const auto* e) {
                return e->op.is_add;
            });
            if (is_in) text += x + " ";
        }
        return text;
    }
};

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
