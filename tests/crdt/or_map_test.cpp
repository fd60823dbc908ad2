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
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::crdt::crdt_errc;

namespace {

using set = crdt::or_set<std::string>;

/// A map of sets: an element is in the set of a key if an add of it is known that no remove of it, of the key,
/// or of all keys knows.
struct map_case {
    using state = crdt::or_map<std::string, set>;
    struct op {
        enum {
            add,
            remove,
            remove_key,
            clear
        } what;
        std::string key;
        std::string x;
    };
    static op any_op(std::mt19937_64& random) {
        const std::uint64_t what = random() % 16;
        return {what < 9    ? op::add
                : what < 12 ? op::remove
                : what < 15 ? op::remove_key
                            : op::clear,
                std::string(1 + random() % 3, 'k'), std::string(1 + random() % 3, 'x')};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        const replica_id me{r, 0};
        switch (o.what) {
            case op::add:
                return s.update(me, o.key, [&](set& v) { return v.add(me, o.x); }).value();
            case op::remove:
                return s.update(me, o.key, [&](set& v) { return v.remove(me, o.x); }).value();
            case op::remove_key: return s.remove(me, o.key);
            case op::clear: break;
        }
        return s.clear(me);
    }
    static std::string text(const std::map<std::string, std::set<std::string>>& all) {
        std::string text;
        for (const auto& [key, elements] : all) {
            text += key + "{";
            for (const auto& x : elements) text += x + " ";
            text += "} ";
        }
        return text;
    }
    static std::string read(const state& s) {
        std::map<std::string, std::set<std::string>> all;
        for (const auto& key : s.keys()) {
            const auto v = s.find(key);
            all[key] = {v->begin(), v->end()};
        }
        REQUIRE(all.size() == s.size());
        return text(all);
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::map<std::string, std::set<std::string>> all;
        for (const auto* e : seen) {
            if (e->op.what != op::add) continue;
            const bool is_removed = std::ranges::any_of(seen, [&](const auto* other) {
                if (!other->knows(*e)) return false;
                switch (other->op.what) {
                    case op::add: return false;
                    case op::remove: return other->op.key == e->op.key && other->op.x == e->op.x;
                    case op::remove_key: return other->op.key == e->op.key;
                    case op::clear: break;
                }
                return true;
            });
            if (!is_removed) all[e->op.key].insert(e->op.x);
        }
        return text(all);
    }
};

/// A register that keeps the largest number: a lattice without dots.
struct largest {
    std::uint64_t value = 0;
    void merge(const largest& other) { value = std::max(value, other.value); }
    largest raise(std::uint64_t to) {
        value = std::max(value, to);
        return *this;
    }
    friend bool operator<=(const largest& x, const largest& y) { return x.value <= y.value; }
    friend bool operator==(const largest&, const largest&) = default;
};

constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

template <>
struct coterie::codec<largest> {
    static void encode(writer& w, const largest& x) { w.varint(x.value); }
    static std::expected<largest, decode_error> decode(reader& r) {
        return r.result(largest{r.varint()});
    }
};

namespace {

/// A map of those: a key has the largest number of the updates that no remove of it knows; and of those that
/// one knows, what a surviving update had seen, since an update republishes what it found.
struct plain_case {
    using state = crdt::or_map<std::uint32_t, largest>;
    struct op {
        bool is_remove;
        std::uint32_t key;
        std::uint64_t to;
    };
    static op any_op(std::mt19937_64& random) {
        return {random() % 4 == 0, static_cast<std::uint32_t>(random() % 3), random() % 100};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        const replica_id me{r, 0};
        if (o.is_remove) return s.remove(me, o.key);
        return s.update(me, o.key, [&](largest& v) { return v.raise(o.to); }).value();
    }
    static std::string read(const state& s) {
        std::string text;
        for (const auto key : s.keys())
            text += std::to_string(key) + ":" + std::to_string(s.find(key)->value) + " ";
        return text;
    }
    static std::string specified(const std::vector<const test::crdt_event<op>*>& seen) {
        std::map<std::uint32_t, std::uint64_t> all;
        for (const auto* e : seen) {
            if (e->op.is_remove) continue;
            const bool is_removed = std::ranges::any_of(seen, [&](const auto* other) {
                return other->op.is_remove && other->op.key == e->op.key && other->knows(*e);
            });
            if (is_removed) continue;
            std::uint64_t& value = all[e->op.key];
            value = std::max(value, found_by(seen, *e));
        }
        std::string text;
        for (const auto& [key, value] : all)
            text += std::to_string(key) + ":" + std::to_string(value) + " ";
        return text;
    }
    /// What the value was after an update, where that was made.
    static std::uint64_t found_by(const std::vector<const test::crdt_event<op>*>& seen,
                                  const test::crdt_event<op>& update) {
        std::uint64_t value = update.op.to;
        for (const auto* e : seen) {
            if (e->op.is_remove || e->op.key != update.op.key || !update.knows(*e)) continue;
            const bool was_removed = std::ranges::any_of(seen, [&](const auto* other) {
                return other->op.is_remove && other->op.key == e->op.key && other->knows(*e) &&
                       update.knows(*other);
            });
            if (!was_removed) value = std::max(value, found_by(seen, *e));
        }
        return value;
    }
};

}  // namespace

TEST_CASE("an or_map of or_sets has what was added and not removed, by element, key or all") {
    test::check_specification<map_case>(60, 100);
}

TEST_CASE("an or_map of lattices without dots has what no remove has seen") {
    test::check_order(largest{3}, largest{4});
    test::check_specification<plain_case>(60, 60);
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
