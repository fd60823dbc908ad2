// SPDX-License-Identifier: BSL-1.0
#pragma once

// Maps of lattices.

#include <algorithm>
#include <cstdint>
#include <expected>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>

#include "crdt/replicas.hpp"
#include "support/catch.hpp"

namespace coterie::test {

using causality::replica_id;

/// A map of sets: an element is in the set of a key if an add of it is known that no remove of it, of the key,
/// or of all keys knows.
struct or_map_case {
    using state = crdt::or_map<std::string, crdt::or_set<std::string>>;
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
                return s
                    .update(me, o.key, [&](crdt::or_set<std::string>& v) { return v.add(me, o.x); })
                    .value();
            case op::remove:
                return s
                    .update(me, o.key,
                            [&](crdt::or_set<std::string>& v) { return v.remove(me, o.x); })
                    .value();
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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

}  // namespace coterie::test

template <>
struct coterie::codec<coterie::test::largest> {
    static void encode(writer& w, const test::largest& x) { w.varint(x.value); }
    static std::expected<test::largest, decode_error> decode(reader& r) {
        return r.result(test::largest{r.varint()});
    }
};

namespace coterie::test {

/// A map of those: a key has the largest number of the updates that no remove of it knows; and of those that
/// one knows, what a surviving update had seen, since an update republishes what it found.
struct or_map_of_largest_case {
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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
    static std::uint64_t found_by(const std::vector<const crdt_event<op>*>& seen,
                                  const crdt_event<op>& update) {
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

/// How a map of counters is changed, and what it says. Counters are named by two keys: those of a map in a map.
template <class State>
struct counters_in_a_map;

struct count_op {
    enum {
        count,
        remove,
        remove_outer,
        clear
    } what;
    std::uint32_t outer;
    std::uint32_t inner;
    std::int64_t n;
};

/// A change of a counter itself.
inline auto counted(crdt::g_counter<>& c, const replica_id& me, std::int64_t n) {
    return c.increment(me, static_cast<std::uint64_t>(n < 0 ? -n : n));
}
inline auto counted(crdt::pn_counter<>& c, const replica_id& me, std::int64_t n) {
    return n < 0 ? c.decrement(me, static_cast<std::uint64_t>(-n))
                 : c.increment(me, static_cast<std::uint64_t>(n));
}
/// How much a change adds to it.
inline std::int64_t amount_of(const crdt::g_counter<>&, std::int64_t n) { return n < 0 ? -n : n; }
inline std::int64_t amount_of(const crdt::pn_counter<>&, std::int64_t n) { return n; }

template <class Counter>
struct counters_in_a_map<crdt::or_map<std::uint32_t, Counter>> {
    using counter = Counter;
    using map = crdt::or_map<std::uint32_t, Counter>;
    static map apply(map& s, const replica_id& me, const count_op& o) {
        switch (o.what) {
            case count_op::count:
                return s.update(me, o.outer, [&](Counter& c) { return counted(c, me, o.n); })
                    .value();
            case count_op::clear: return s.clear(me);
            default: return s.remove(me, o.outer);
        }
    }
    /// Which counter an operation is about.
    static std::string place(const count_op& o) { return std::to_string(o.outer); }
    /// Whether a remove is about a counter.
    static bool removes(const count_op& remove, const count_op& counted) {
        return remove.what == count_op::clear || remove.outer == counted.outer;
    }
    static std::map<std::string, std::int64_t> read(const map& s) {
        std::map<std::string, std::int64_t> all;
        for (const auto key : s.keys()) {
            all[std::to_string(key)] = static_cast<std::int64_t>(s.find(key)->value());
        }
        return all;
    }
};

template <class Counter>
struct counters_in_a_map<crdt::or_map<std::uint32_t, crdt::or_map<std::uint32_t, Counter>>> {
    using counter = Counter;
    using map = crdt::or_map<std::uint32_t, Counter>;
    using maps = crdt::or_map<std::uint32_t, map>;
    static maps apply(maps& s, const replica_id& me, const count_op& o) {
        switch (o.what) {
            case count_op::count:
                return s
                    .update(me, o.outer,
                            [&](map& m) {
                                return m.update(me, o.inner,
                                                [&](Counter& c) { return counted(c, me, o.n); });
                            })
                    .value();
            case count_op::remove:
                return s.update(me, o.outer, [&](map& m) { return m.remove(me, o.inner); }).value();
            case count_op::remove_outer: return s.remove(me, o.outer);
            case count_op::clear: break;
        }
        return s.clear(me);
    }
    static std::string place(const count_op& o) {
        return std::to_string(o.outer) + "." + std::to_string(o.inner);
    }
    static bool removes(const count_op& remove, const count_op& counted) {
        return remove.what == count_op::clear ||
               (remove.outer == counted.outer &&
                (remove.what == count_op::remove_outer || remove.inner == counted.inner));
    }
    static std::map<std::string, std::int64_t> read(const maps& s) {
        std::map<std::string, std::int64_t> all;
        for (const auto outer : s.keys()) {
            const auto m = s.find(outer);
            for (const auto inner : m->keys()) {
                all[std::to_string(outer) + "." + std::to_string(inner)] =
                    static_cast<std::int64_t>(m->find(inner)->value());
            }
        }
        return all;
    }
};

/// A map of counters: of each replica, what it had counted at its last update, if no remove knows that update. What a
/// replica has counted begins anew with each remove that it knows.
template <class State>
struct counters_case {
    using state = State;
    using op = count_op;
    using map = counters_in_a_map<State>;
    static op any_op(std::mt19937_64& random) {
        const std::uint64_t what = random() % 16;
        return {what < 11   ? op::count
                : what < 14 ? op::remove
                : what < 15 ? op::remove_outer
                            : op::clear,
                static_cast<std::uint32_t>(random() % 2), static_cast<std::uint32_t>(random() % 2),
                static_cast<std::int64_t>(random() % 9) - 4};
    }
    static state apply(state& s, std::uint64_t r, const op& o) { return map::apply(s, {r, 0}, o); }
    static std::string text(const std::map<std::string, std::int64_t>& all) {
        std::string text;
        for (const auto& [place, sum] : all) text += place + ":" + std::to_string(sum) + " ";
        return text;
    }
    static std::string read(const state& s) { return text(map::read(s)); }

    using events = std::vector<const crdt_event<op>*>;
    static bool is_removed(const crdt_event<op>& e, const events& removes,
                           const crdt_event<op>* by_knowledge_of) {
        return std::ranges::any_of(removes, [&](const auto* other) {
            return other->op.what != op::count && map::removes(other->op, e.op) &&
                   other->knows(e) &&
                   (by_knowledge_of == nullptr || by_knowledge_of->knows(*other));
        });
    }
    static std::string specified(const events& seen) {
        std::map<std::string, std::int64_t> all;
        // Events of one replica are in the order of their numbers, and each knows those before.
        std::map<std::pair<std::string, std::uint64_t>, events> by_replica;
        for (const auto* e : seen) {
            if (e->op.what == op::count) by_replica[{map::place(e->op), e->replica}].push_back(e);
        }
        for (const auto& [name, updates] : by_replica) {
            std::int64_t share = 0;
            const crdt_event<op>* before = nullptr;
            for (const auto* e : updates) {
                if (before != nullptr && is_removed(*before, seen, e)) share = 0;
                share += amount_of(typename map::counter(), e->op.n);
                before = e;
            }
            if (!is_removed(*before, seen, nullptr)) all[name.first] += share;
        }
        return text(all);
    }
};

}  // namespace coterie::test
