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
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;

namespace {

using name = crdt::lww_register<std::string, std::int64_t>;
constexpr replica_id a{1, 0}, b{2, 0};

/// The assignment with the largest timestamp, replica and value; timestamps are often equal, and below zero.
struct lww_case {
    using state = name;
    using op = std::tuple<std::int64_t, std::uint64_t, std::string>;
    static op any_op(std::mt19937_64& random) {
        return {static_cast<std::int64_t>(random() % 5) - 3, random() % 2,
                std::string(random() % 3, 'v')};
    }
    // The replica is one of two, whichever state it is done at: equal names happen.
    static state apply(state& s, std::uint64_t, const op& o) {
        return s.assign({std::get<1>(o), 0}, std::get<0>(o), std::get<2>(o));
    }
    static std::string read(const state& s) {
        return s.value() ? "'" + *s.value() + "'" : "nothing";
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        const op* last = nullptr;
        for (const auto* e : seen) {
            if (last == nullptr || *last < e->op) last = &e->op;
        }
        return last ? "'" + std::get<2>(*last) + "'" : "nothing";
    }
};

template <class Register, bool IsMax>
struct extreme_case {
    using state = Register;
    using op = int;
    static op any_op(std::mt19937_64& random) { return static_cast<int>(random() % 50) - 25; }
    static state apply(state& s, std::uint64_t, op v) { return s.assign(v); }
    static std::string read(const state& s) {
        return s.value() ? std::to_string(*s.value()) : "nothing";
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::set<int> values;
        for (const auto* e : seen) values.insert(e->op);
        if (values.empty()) return "nothing";
        return std::to_string(IsMax ? *values.rbegin() : *values.begin());
    }
};

std::string text(const std::set<int>& all) {
    std::string text;
    for (const int x : all) text += std::to_string(x) + " ";
    return text;
}

struct g_set_case {
    using state = crdt::g_set<int>;
    using op = int;
    static op any_op(std::mt19937_64& random) { return static_cast<int>(random() % 20); }
    static state apply(state& s, std::uint64_t, op x) { return s.add(x); }
    static std::string read(const state& s) { return text(std::set<int>(s.begin(), s.end())); }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::set<int> all;
        for (const auto* e : seen) all.insert(e->op);
        return text(all);
    }
};

/// Added, and not removed by anybody who had seen an add of it.
struct two_phase_case {
    using state = crdt::two_phase_set<int>;
    using op = std::pair<bool, int>;
    static op any_op(std::mt19937_64& random) {
        return {random() % 3 != 0, static_cast<int>(random() % 12)};
    }
    static state apply(state& s, std::uint64_t, const op& o) {
        return o.first ? s.add(o.second) : s.remove(o.second);
    }
    static std::string read(const state& s) {
        const auto all = s.elements();
        REQUIRE(s.size() == all.size());
        return text(std::set<int>(all.begin(), all.end()));
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::set<int> all;
        for (const auto* e : seen) {
            if (e->op.first) all.insert(e->op.second);
        }
        for (const auto* e : seen) {
            const bool had_seen_it = std::ranges::any_of(seen, [e](const auto* other) {
                return other->op == std::pair(true, e->op.second) && e->knows(*other);
            });
            if (!e->op.first && had_seen_it) all.erase(e->op.second);
        }
        return text(all);
    }
};

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
