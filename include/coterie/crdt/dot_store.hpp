// SPDX-License-Identifier: BSL-1.0
#pragma once

// What registers, flags and maps are made of: values that stand under the dots of the events that wrote them.
// A store says what is alive; beside it a causal context says what was seen; and what was seen and is not
// alive was removed. Stores nest: the stores of a map's values share the map's one context, so that to remove
// a key is to remove the dots in its value. For the library's own headers.
//
// A store S: `merge(mine, other, theirs)` joins by the two contexts; `is_empty()`; `for_each_dot(f)`;
// `since(context)` is what of it a context has not seen; `keeps_all_of(other, mine)` says whether it has
// everything alive that `other` has alive and `mine` has seen; `find_conflict(other)` finds a dot that both have
// alive and that says different things.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, section 7.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::causal_context;
using causality::dot;
using causality::replica_name;

/// A few values, each under its dot. A regular type.
template <class V, replica_name Replica>
class dot_values {
public:
    struct entry {
        dot<Replica> at;
        V value;
        friend bool operator==(const entry&, const entry&) = default;
    };

    [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] bool is_empty() const noexcept { return entries_.empty(); }

    template <class F>
    void for_each_dot(F&& f) const {
        for (const entry& e : entries_) f(e.at);
    }

    [[nodiscard]] const V* find(const dot<Replica>& d) const {
        const auto at = place_of(d);
        return at != entries_.end() && at->at == d ? &at->value : nullptr;
    }

    /// Adds a value. Requires: the dot is not there.
    void insert(const dot<Replica>& d, V value) {
        const auto at = place_of(d) - entries_.begin();
        entries_.insert(entries_.begin() + at, entry{d, std::move(value)});
    }

    void clear() noexcept { entries_.clear(); }

    void merge(const causal_context<Replica>& mine, const dot_values& other,
               const causal_context<Replica>& theirs) {
        std::vector<entry> joined;
        auto a = entries_.begin();
        auto b = other.entries_.begin();
        while (a != entries_.end() || b != other.entries_.end()) {
            if (b == other.entries_.end() || (a != entries_.end() && a->at < b->at)) {
                if (!theirs.contains(a->at)) joined.push_back(std::move(*a));
                ++a;
            } else if (a == entries_.end() || b->at < a->at) {
                if (!mine.contains(b->at)) joined.push_back(*b);
                ++b;
            } else {
                joined.push_back(std::move(*a));
                ++a;
                ++b;
            }
        }
        entries_ = std::move(joined);
    }

    [[nodiscard]] dot_values since(const causal_context<Replica>& context) const {
        dot_values rest;
        for (const entry& e : entries_) {
            if (!context.contains(e.at)) rest.entries_.push_back(e);
        }
        return rest;
    }

    [[nodiscard]] bool keeps_all_of(const dot_values& other,
                                    const causal_context<Replica>& mine) const {
        return std::ranges::all_of(other.entries_, [&](const entry& e) {
            return !mine.contains(e.at) || find(e.at) != nullptr;
        });
    }

    /// A dot that is in both and has different values.
    [[nodiscard]] std::optional<dot<Replica>> find_conflict(const dot_values& other) const {
        for (const entry& e : other.entries_) {
            const V* const own = find(e.at);
            if (own != nullptr && !(*own == e.value)) return e.at;
        }
        return std::nullopt;
    }

    friend bool operator==(const dot_values&, const dot_values&) = default;

    void encode(writer& w) const
        requires encodable<Replica> && encodable<V>
    {
        w.varint(entries_.size());
        for (const entry& e : entries_) {
            encode_to(w, e.at.replica);
            w.varint(e.at.counter);
            encode_to(w, e.value);
        }
    }
    /// Errors: invalid_value where dots are not in order, or not in the context.
    static dot_values decode(reader& r, const causal_context<Replica>& context)
        requires encodable<Replica> && encodable<V>
    {
        dot_values values;
        const std::size_t size = r.count(2);
        values.entries_.reserve(r.reservable(size, sizeof(entry)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto replica = r.value<Replica>();
            const dot<Replica> d{std::move(replica), r.varint()};
            if (r.ok() && (!context.contains(d) || (i > 0 && !(values.entries_.back().at < d)))) {
                r.fail(decode_errc::invalid_value);
            }
            values.entries_.push_back({d, r.value<V>()});
        }
        return values;
    }

private:
    [[nodiscard]] auto place_of(const dot<Replica>& d) const {
        return std::lower_bound(entries_.begin(), entries_.end(), d,
                                [](const entry& e, const dot<Replica>& x) { return e.at < x; });
    }

    std::vector<entry> entries_;  // in the order of their dots
};

/// A store for each key. A regular type; keys with an empty store are not there.
template <class Key, class Store, replica_name Replica>
class keyed_stores {
public:
    using entry = std::pair<Key, Store>;

    [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] bool is_empty() const noexcept { return entries_.empty(); }

    template <class F>
    void for_each_dot(F&& f) const {
        for (const auto& [key, store] : entries_) store.for_each_dot(f);
    }

    [[nodiscard]] const Store* find(const Key& key) const {
        const auto at = place_of(key);
        return at != entries_.end() && at->first == key ? &at->second : nullptr;
    }

    /// Takes the store of a key out, or an empty one. Put it back.
    [[nodiscard]] Store take(const Key& key) {
        const auto at = place_of(key);
        return at != entries_.end() && at->first == key ? std::move(mutable_at(at)->second)
                                                        : Store();
    }

    /// Sets the store of a key; an empty one removes the key.
    void put(const Key& key, Store store) {
        const auto at = mutable_at(place_of(key));
        const bool is_there = at != entries_.end() && at->first == key;
        if (store.is_empty()) {
            if (is_there) entries_.erase(at);
        } else if (is_there) {
            at->second = std::move(store);
        } else {
            entries_.insert(at, {key, std::move(store)});
        }
    }

    void clear() noexcept { entries_.clear(); }

    void merge(const causal_context<Replica>& mine, const keyed_stores& other,
               const causal_context<Replica>& theirs) {
        std::vector<entry> joined;
        const Store none;
        auto a = entries_.begin();
        auto b = other.entries_.begin();
        while (a != entries_.end() || b != other.entries_.end()) {
            const bool has_mine =
                b == other.entries_.end() || (a != entries_.end() && !(b->first < a->first));
            const bool has_theirs =
                a == entries_.end() || (b != other.entries_.end() && !(a->first < b->first));
            entry e{has_mine ? a->first : b->first, has_mine ? std::move(a->second) : Store()};
            e.second.merge(mine, has_theirs ? b->second : none, theirs);
            if (!e.second.is_empty()) joined.push_back(std::move(e));
            if (has_mine) ++a;
            if (has_theirs) ++b;
        }
        entries_ = std::move(joined);
    }

    [[nodiscard]] keyed_stores since(const causal_context<Replica>& context) const {
        keyed_stores rest;
        for (const auto& [key, store] : entries_) {
            Store s = store.since(context);
            if (!s.is_empty()) rest.entries_.push_back({key, std::move(s)});
        }
        return rest;
    }

    [[nodiscard]] bool keeps_all_of(const keyed_stores& other,
                                    const causal_context<Replica>& mine) const {
        const Store none;
        return std::ranges::all_of(other.entries_, [&](const entry& e) {
            const Store* const own = find(e.first);
            return (own == nullptr ? none : *own).keeps_all_of(e.second, mine);
        });
    }

    /// A dot that is in both, under different keys or with different values.
    [[nodiscard]] std::optional<dot<Replica>> find_conflict(const keyed_stores& other) const {
        using place = std::pair<dot<Replica>, const Key*>;
        std::vector<place> own;
        for (const auto& [key, store] : entries_) {
            store.for_each_dot([&](const dot<Replica>& d) { own.push_back({d, &key}); });
        }
        std::sort(own.begin(), own.end(),
                  [](const place& a, const place& b) { return a.first < b.first; });
        std::optional<dot<Replica>> found;
        for (const auto& [key, store] : other.entries_) {
            const Store* const same = find(key);
            if (same != nullptr) found = same->find_conflict(store);
            store.for_each_dot([&](const dot<Replica>& d) {
                const auto at = std::lower_bound(
                    own.begin(), own.end(), d,
                    [](const place& p, const dot<Replica>& x) { return p.first < x; });
                if (at != own.end() && at->first == d && !(*at->second == key)) found = d;
            });
            if (found.has_value()) break;
        }
        return found;
    }

    friend bool operator==(const keyed_stores&, const keyed_stores&) = default;

    void encode(writer& w) const
        requires encodable<Key>
    {
        w.varint(entries_.size());
        for (const auto& [key, store] : entries_) {
            encode_to(w, key);
            store.encode(w);
        }
    }
    /// Errors: invalid_value where keys are not in order, or a store is empty.
    static keyed_stores decode(reader& r, const causal_context<Replica>& context)
        requires encodable<Key>
    {
        keyed_stores stores;
        const std::size_t size = r.count(1);
        stores.entries_.reserve(r.reservable(size, sizeof(entry)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto key = r.value<Key>();
            Store store = Store::decode(r, context);
            if (r.ok() && (store.is_empty() || (i > 0 && !(stores.entries_.back().first < key)))) {
                r.fail(decode_errc::invalid_value);
            }
            stores.entries_.push_back({std::move(key), std::move(store)});
        }
        return stores;
    }

private:
    [[nodiscard]] auto place_of(const Key& key) const {
        return std::lower_bound(entries_.begin(), entries_.end(), key,
                                [](const entry& e, const Key& k) { return e.first < k; });
    }
    [[nodiscard]] auto mutable_at(std::vector<entry>::const_iterator at) {
        return entries_.begin() + (at - entries_.cbegin());
    }

    std::vector<entry> entries_;  // in the order of their keys
};

/// A store and its context: the state of a replicated value.
template <class Store, replica_name Replica>
struct causal_state {
    using context_type = causal_context<Replica>;

    Store store;
    context_type context;

    void merge(const causal_state& other) { merge(other.store, other.context); }
    void merge(const Store& other, const context_type& theirs) {
        store.merge(context, other, theirs);
        context.merge(theirs);
    }

    /// What brings `other` up to date: what it has not seen, and what it has alive that was removed here.
    [[nodiscard]] causal_state since(const causal_state& other) const {
        causal_state delta{store.since(other.context), context.without(other.context)};
        const auto note = [&](const dot<Replica>& d, bool is_alive) {
            if (!is_alive && context.contains(d)) delta.context.insert(d);
        };
        if constexpr (requires(const dot<Replica>& d) { store.is_alive(d); }) {
            other.store.for_each_dot([&](const dot<Replica>& d) { note(d, store.is_alive(d)); });
        } else {
            std::vector<dot<Replica>> alive;
            store.for_each_dot([&](const dot<Replica>& d) { alive.push_back(d); });
            std::sort(alive.begin(), alive.end());
            other.store.for_each_dot([&](const dot<Replica>& d) {
                note(d, std::binary_search(alive.begin(), alive.end(), d));
            });
        }
        return delta;
    }

    friend bool operator<=(const causal_state& a, const causal_state& b) {
        return b.context.includes(a.context) && a.store.keeps_all_of(b.store, a.context);
    }
    friend bool operator==(const causal_state&, const causal_state&) = default;
};

}  // namespace coterie::inline v0::crdt::detail
