// SPDX-License-Identifier: BSL-1.0
#pragma once

// The executable specification of each replicated value: a case for replicas.hpp, and for the simulated world.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/g_set.hpp>
#include <coterie/crdt/lww_map.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>
#include <coterie/crdt/rw_set.hpp>

#include "crdt/replicas.hpp"
#include "support/catch.hpp"

namespace coterie::test {

using causality::replica_id;

struct g_case {
    using state = crdt::g_counter<>;
    using op = std::uint64_t;
    static op any_op(std::mt19937_64& random) { return random() % 5; }
    static state apply(state& s, std::uint64_t r, op n) { return s.increment({r, 0}, n).value(); }
    static std::string read(const state& s) { return std::to_string(s.value()); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::uint64_t sum = 0;
        for (const auto* e : seen) sum += e->op;
        return std::to_string(sum);
    }
};

struct pn_case {
    using state = crdt::pn_counter<>;
    using op = std::int64_t;
    static op any_op(std::mt19937_64& random) { return static_cast<op>(random() % 9) - 4; }
    static state apply(state& s, std::uint64_t r, op n) {
        const replica_id me{r, 0};
        return n < 0 ? s.decrement(me, static_cast<std::uint64_t>(-n)).value()
                     : s.increment(me, static_cast<std::uint64_t>(n)).value();
    }
    static std::string read(const state& s) { return std::to_string(s.value()); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::int64_t sum = 0;
        for (const auto* e : seen) sum += e->op;
        return std::to_string(sum);
    }
};

/// Of the events that no other knows, one that wins decides; without one the flag is as those left it.
template <class Flag, bool EnableWins>
struct flag_case {
    using state = Flag;
    struct op {
        bool enables;
    };
    static op any_op(std::mt19937_64& random) { return {random() % 2 == 0}; }
    static state apply(state& s, std::uint64_t r, const op& o) {
        if constexpr (EnableWins)
            return o.enables ? s.enable({r, 0}).value() : s.disable({r, 0});
        else
            return o.enables ? s.enable({r, 0}) : s.disable({r, 0}).value();
    }
    static std::string read(const state& s) { return s.is_enabled() ? "enabled" : "disabled"; }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        const auto last = latest<op>(seen, [](const auto&) { return true; });
        const bool has_winner =
            std::ranges::any_of(last, [](const auto* e) { return e->op.enables == EnableWins; });
        return has_winner == EnableWins ? "enabled" : "disabled";
    }
};

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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<std::string> all;
        for (const auto* e : seen) all.insert(e->op.x);
        std::string text;
        for (const auto& x : all) {
            const auto last = latest<op>(seen, [&](const auto& e) { return e.op.x == x; });
            const bool is_in = !last.empty() && std::ranges::all_of(last, [](const auto* e) {
                return e->op.is_add;
            });
            if (is_in) text += x + " ";
        }
        return text;
    }
};

/// Of each key the assignment with the largest timestamp, writer and value.
struct lww_map_case {
    using state = crdt::lww_map<std::string, std::string, std::int64_t>;
    struct op {
        std::string key;
        std::tuple<std::int64_t, std::uint64_t, std::optional<std::string>> write;
    };
    static op any_op(std::mt19937_64& random) {
        std::optional<std::string> v;
        if (random() % 3 != 0) v = std::string(random() % 3, 'v');
        return {std::string(random() % 4, 'k'),
                {static_cast<std::int64_t>(random() % 5) - 3, random() % 2, v}};
    }
    static state apply(state& s, std::uint64_t, const op& o) {
        const auto& [timestamp, writer, v] = o.write;
        if (v) return s.assign({writer, 0}, timestamp, o.key, *v);
        return s.remove({writer, 0}, timestamp, o.key);
    }
    static std::string read(const state& s) {
        std::string text;
        std::size_t size = 0;
        s.for_each([&](const std::string& key, const std::string& v) {
            text += key + "=" + v + ";";
            ++size;
            REQUIRE(*s.find(key) == v);
        });
        REQUIRE(s.size() == size);
        return text;
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::map<std::string, decltype(op::write)> last;
        for (const auto* e : seen) {
            const auto at = last.emplace(e->op.key, e->op.write).first;
            if (at->second < e->op.write) at->second = e->op.write;
        }
        std::string text;
        for (const auto& [key, write] : last) {
            if (std::get<2>(write)) text += key + "=" + *std::get<2>(write) + ";";
        }
        return text;
    }
};

template <class Set>
std::set<typename Set::value_type> elements(const Set& s) {
    std::set<typename Set::value_type> all(s.begin(), s.end());
    REQUIRE(static_cast<std::size_t>(std::distance(s.begin(), s.end())) == s.size());
    REQUIRE(all.size() == s.size());
    return all;
}

/// An element is in if an add of it is known that no remove or clear knows.
template <class T>
struct or_set_case {
    using state = crdt::or_set<T>;
    struct op {
        enum {
            add,
            remove,
            clear
        } what;
        T x;
    };
    static op any_op(std::mt19937_64& random) {
        const std::uint64_t n = random() % 6;
        T x{};
        if constexpr (std::same_as<T, std::string>) {
            x = std::string(n, 'x');
        } else {
            x = static_cast<T>(n);
        }
        const std::uint64_t what = random() % 12;
        return {what < 7 ? op::add : what < 11 ? op::remove : op::clear, x};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        const replica_id me{r, 1};
        switch (o.what) {
            case op::add: return s.add(me, o.x).value();
            case op::remove: return s.remove(me, o.x);
            case op::clear: break;
        }
        return s.clear(me);
    }
    static std::string text(const std::set<T>& all) {
        std::string text;
        for (const auto& x : all) {
            if constexpr (std::same_as<T, std::string>) {
                text += x + " ";
            } else {
                text += std::to_string(x) + " ";
            }
        }
        return text;
    }
    static std::string read(const state& s) { return text(elements(s)); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<T> all;
        for (const auto* e : seen) {
            if (e->op.what != op::add) continue;
            const bool is_removed = std::ranges::any_of(seen, [&](const auto* other) {
                return other->knows(*e) &&
                       (other->op.what == op::clear ||
                        (other->op.what == op::remove && other->op.x == e->op.x));
            });
            if (!is_removed) all.insert(e->op.x);
        }
        return text(all);
    }
};

/// The assignment with the largest timestamp, replica and value; timestamps are often equal, and below zero.
struct lww_case {
    using state = crdt::lww_register<std::string, std::int64_t>;
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<int> values;
        for (const auto* e : seen) values.insert(e->op);
        if (values.empty()) return "nothing";
        return std::to_string(IsMax ? *values.rbegin() : *values.begin());
    }
};

inline std::string text(const std::set<int>& all) {
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
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

}  // namespace coterie::test
