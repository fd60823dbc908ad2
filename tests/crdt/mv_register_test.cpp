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
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;

namespace {

/// The values of the latest assignments: of those that no other assignment or clear knows.
struct mv_case {
    using state = crdt::mv_register<std::string>;
    struct op {
        bool is_clear;
        std::string v;
    };
    static op any_op(std::mt19937_64& random) {
        return {random() % 6 == 0, std::string(random() % 4, 'v')};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        return o.is_clear ? s.clear({r, 0}) : s.assign({r, 0}, o.v).value();
    }
    static std::string read(const state& s) {
        std::string text;
        for (const auto& v : s.values()) text += v + "|";
        return text;
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::set<std::string> all;
        for (const auto* e : seen) {
            const bool is_replaced =
                std::ranges::any_of(seen, [e](const auto* other) { return other->knows(*e); });
            if (!e->op.is_clear && !is_replaced) all.insert(e->op.v);
        }
        std::string text;
        for (const auto& v : all) text += v + "|";
        return text;
    }
};

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
