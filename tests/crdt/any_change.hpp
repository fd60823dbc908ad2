// SPDX-License-Identifier: BSL-1.0
#pragma once

// Any change to any replicated value, by numbers: change(state, replica, what, x). What the numbers mean is said
// in tests/data/README.md, under crdt_golden.json. Returns the delta; an empty one where the change is refused.

#include <concepts>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include <coterie/causality/hybrid_timestamp.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/extreme_register.hpp>
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

namespace coterie::test {

/// An element, key or value of a number.
template <class T>
T element(std::uint64_t x) {
    if constexpr (std::same_as<T, std::string>) {
        return x % 4 == 3 ? std::string() : std::string(x % 4 + 1, static_cast<char>('a' + x % 26));
    } else {
        return static_cast<T>(x);
    }
}

inline causality::replica_id named(std::uint64_t r) { return {.id = r, .incarnation = 1}; }
inline causality::hybrid_timestamp stamped(std::uint64_t x) {
    return causality::hybrid_timestamp::from_word((1'770'076'800'000U << 16) + x);
}

template <class S>
S delta_or_none(std::expected<S, crdt::crdt_errc> delta) {
    return delta.has_value() ? std::move(*delta) : S();
}

inline crdt::g_counter<> change(crdt::g_counter<>& s, std::uint64_t r, std::uint64_t /*what*/,
                                std::uint64_t x) {
    return delta_or_none(s.increment(named(r), x));
}
inline crdt::pn_counter<> change(crdt::pn_counter<>& s, std::uint64_t r, std::uint64_t what,
                                 std::uint64_t x) {
    return delta_or_none(what % 2 == 0 ? s.increment(named(r), x) : s.decrement(named(r), x));
}
inline crdt::bounded_counter<> change(crdt::bounded_counter<>& s, std::uint64_t r,
                                      std::uint64_t what, std::uint64_t x) {
    if (what % 3 == 0) return delta_or_none(s.increment(named(r), x));
    if (what % 3 == 1) return delta_or_none(s.decrement(named(r), x));
    return delta_or_none(s.transfer(named(r), named(x % 3 + 1), x / 3));
}
template <class T>
crdt::g_set<T> change(crdt::g_set<T>& s, std::uint64_t, std::uint64_t, std::uint64_t x) {
    return s.add(element<T>(x));
}
template <class T>
crdt::two_phase_set<T> change(crdt::two_phase_set<T>& s, std::uint64_t, std::uint64_t what,
                              std::uint64_t x) {
    return what % 2 == 0 ? s.add(element<T>(x)) : s.remove(element<T>(x));
}
template <class T>
crdt::or_set<T> change(crdt::or_set<T>& s, std::uint64_t r, std::uint64_t what, std::uint64_t x) {
    if (what % 8 < 5) return delta_or_none(s.add(named(r), element<T>(x)));
    return what % 8 < 7 ? s.remove(named(r), element<T>(x)) : s.clear(named(r));
}
template <class T>
crdt::rw_set<T> change(crdt::rw_set<T>& s, std::uint64_t r, std::uint64_t what, std::uint64_t x) {
    if (what % 8 < 5) return delta_or_none(s.add(named(r), element<T>(x)));
    return delta_or_none(what % 8 < 7 ? s.remove(named(r), element<T>(x)) : s.clear(named(r)));
}
template <class T>
crdt::lww_register<T> change(crdt::lww_register<T>& s, std::uint64_t r, std::uint64_t what,
                             std::uint64_t x) {
    return s.assign(named(r), stamped(what), element<T>(x));
}
template <class T>
crdt::mv_register<T> change(crdt::mv_register<T>& s, std::uint64_t r, std::uint64_t what,
                            std::uint64_t x) {
    return what % 8 < 7 ? delta_or_none(s.assign(named(r), element<T>(x))) : s.clear(named(r));
}
template <class T>
crdt::max_register<T> change(crdt::max_register<T>& s, std::uint64_t, std::uint64_t,
                             std::uint64_t x) {
    return s.assign(element<T>(x));
}
template <class T>
crdt::min_register<T> change(crdt::min_register<T>& s, std::uint64_t, std::uint64_t,
                             std::uint64_t x) {
    return s.assign(element<T>(x));
}
inline crdt::ew_flag<> change(crdt::ew_flag<>& s, std::uint64_t r, std::uint64_t what,
                              std::uint64_t) {
    return what % 2 == 0 ? delta_or_none(s.enable(named(r))) : s.disable(named(r));
}
inline crdt::dw_flag<> change(crdt::dw_flag<>& s, std::uint64_t r, std::uint64_t what,
                              std::uint64_t) {
    return what % 2 == 0 ? s.enable(named(r)) : delta_or_none(s.disable(named(r)));
}
template <class K, class V>
crdt::lww_map<K, V> change(crdt::lww_map<K, V>& s, std::uint64_t r, std::uint64_t what,
                           std::uint64_t x) {
    const K key = element<K>(x % 3);
    if (what % 4 == 3) return s.remove(named(r), stamped(what), key);
    return s.assign(named(r), stamped(what), key, element<V>(x / 3));
}
template <class K, class V>
crdt::or_map<K, V> change(crdt::or_map<K, V>& s, std::uint64_t r, std::uint64_t what,
                          std::uint64_t x) {
    const K key = element<K>(x % 3);
    if constexpr (crdt::or_map<K, V>::is_removable) {
        if (what % 8 == 7) return s.clear(named(r));
        if (what % 8 > 4) return s.remove(named(r), key);
    }
    return delta_or_none(
        s.update(named(r), key, [&](V& value) { return change(value, r, what / 8, x / 3); }));
}

/// Calls `f.template operator()<State>(name)` for each type, and some nestings.
template <class F>
void for_each_type(F&& f) {
    using namespace crdt;
    using text = std::string;
    f.template operator()<g_counter<>>("g_counter");
    f.template operator()<pn_counter<>>("pn_counter");
    f.template operator()<bounded_counter<>>("bounded_counter");
    f.template operator()<g_set<text>>("g_set<string>");
    f.template operator()<two_phase_set<text>>("two_phase_set<string>");
    f.template operator()<or_set<text>>("or_set<string>");
    f.template operator()<or_set<std::uint64_t>>("or_set<uint64>");
    f.template operator()<rw_set<text>>("rw_set<string>");
    f.template operator()<lww_register<text>>("lww_register<string>");
    f.template operator()<mv_register<text>>("mv_register<string>");
    f.template operator()<max_register<std::int64_t>>("max_register<int64>");
    f.template operator()<min_register<std::int64_t>>("min_register<int64>");
    f.template operator()<ew_flag<>>("ew_flag");
    f.template operator()<dw_flag<>>("dw_flag");
    f.template operator()<lww_map<text, text>>("lww_map<string, string>");
    f.template operator()<or_map<text, or_set<text>>>("or_map<string, or_set<string>>");
    f.template operator()<or_map<text, rw_set<text>>>("or_map<string, rw_set<string>>");
    f.template operator()<or_map<text, ew_flag<>>>("or_map<string, ew_flag>");
    f.template operator()<or_map<text, dw_flag<>>>("or_map<string, dw_flag>");
    f.template operator()<or_map<text, g_counter<>>>("or_map<string, g_counter>");
    f.template operator()<or_map<text, pn_counter<>>>("or_map<string, pn_counter>");
    f.template operator()<or_map<text, bounded_counter<>>>("or_map<string, bounded_counter>");
    f.template operator()<or_map<text, lww_register<text>>>("or_map<string, lww_register<string>>");
    f.template operator()<or_map<text, lww_map<text, text>>>(
        "or_map<string, lww_map<string, string>>");
    f.template operator()<or_map<text, or_map<text, mv_register<text>>>>(
        "or_map<string, or_map<string, mv_register<string>>>");
    f.template operator()<or_map<text, or_map<text, bounded_counter<>>>>(
        "or_map<string, or_map<string, bounded_counter>>");
    f.template operator()<or_map<text, or_map<text, or_map<text, g_counter<>>>>>(
        "or_map<string, or_map<string, or_map<string, g_counter>>>");
}

}  // namespace coterie::test
