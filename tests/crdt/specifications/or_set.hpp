// SPDX-License-Identifier: BSL-1.0
#pragma once

// The set in which adds win.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/or_set.hpp>

#include "crdt/replicas.hpp"
#include "support/catch.hpp"

namespace coterie::test {

using causality::replica_id;

template <class Set>
std::set<typename Set::value_type> elements(const Set& s) {
    std::set<typename Set::value_type> all(s.begin(), s.end());
    REQUIRE(static_cast<std::size_t>(std::distance(s.begin(), s.end())) == s.size());
    REQUIRE(all.size() == s.size());
    return all;
}

/// An element is in if an add of it is known that no remove or clear knows.
template <class T, class Replica = replica_id>
struct or_set_case {
    using state = crdt::or_set<T, Replica>;
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
        const Replica me = name_of(r);
        switch (o.what) {
            case op::add: return s.add(me, o.x).value();
            case op::remove: return s.remove(me, o.x);
            case op::clear: break;
        }
        return s.clear(me);
    }
    static Replica name_of(std::uint64_t r) {
        if constexpr (std::same_as<Replica, replica_id>) {
            return {r, 1};
        } else {
            return r;
        }
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

}  // namespace coterie::test
