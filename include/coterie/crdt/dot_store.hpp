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
// alive and that says different things. To undo: `lost_to(other, theirs)`, `erase_all(events)`, `absorb(rows)`.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, section 7.

#include <algorithm>
#include <cstddef>
#include <iterator>
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

    /// What is to be added is copied first; then nothing is but moved.
    void merge(const causal_context<Replica>& mine, const dot_values& other,
               const causal_context<Replica>& theirs) {
        dot_values news = other.since(mine);
        drop(other, theirs);
        absorb(std::move(news));
    }

    /// Removes what `theirs` has seen and `other` no longer has.
    void drop(const dot_values& other, const causal_context<Replica>& theirs) {
        std::erase_if(entries_, [&](const entry& e) {
            return theirs.contains(e.at) && other.find(e.at) == nullptr;
        });
    }

    /// Adds the entries of which the dot is not there, by moving.
    void absorb(dot_values&& more) {
        if (entries_.empty()) {
            entries_ = std::move(more.entries_);
            return;
        }
        for (entry& e : more.entries_) {
            const auto at = place_of(e.at) - entries_.begin();
            const auto here = entries_.begin() + at;
            if (here != entries_.end() && here->at == e.at) continue;
            entries_.insert(here, std::move(e));
        }
    }

    /// Removes all entries whose events are in a set.
    void erase_all(const causal_context<Replica>& events) {
        std::erase_if(entries_, [&](const entry& e) { return events.contains(e.at); });
    }

    /// What was taken out of a store, to be put back.
    using taken_type = dot_values;
    /// All of a store, as what was taken out.
    static taken_type all_of(dot_values&& store) { return std::move(store); }
    /// Puts back what was taken out, and removes all of `events`.
    void put_back(taken_type&& taken, const causal_context<Replica>& events) {
        erase_all(events);
        taken.erase_all(events);
        absorb(std::move(taken));
    }

    /// Copies of what a merge with `other` would remove.
    [[nodiscard]] taken_type lost_to(const dot_values& other,
                                     const causal_context<Replica>& theirs) const {
        dot_values lost;
        for (const entry& e : entries_) {
            if (theirs.contains(e.at) && other.find(e.at) == nullptr) lost.entries_.push_back(e);
        }
        return lost;
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

    /// Where the store of a key is. A key that is not there gets an empty one: to be filled, or given to `settle`.
    [[nodiscard]] std::size_t place_for(const Key& key) {
        const auto at = place_of(key);
        const auto i = static_cast<std::size_t>(at - entries_.begin());
        if (at == entries_.end() || !(at->first == key)) {
            entries_.insert(mutable_at(at), entry{key, Store()});
        }
        return i;
    }
    /// The store at a place.
    [[nodiscard]] Store& store_at(std::size_t i) noexcept { return entries_[i].second; }
    /// Removes the key at a place, if its store is empty.
    void settle(std::size_t i) {
        if (entries_[i].second.is_empty()) {
            entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }

    /// Sets the store of a key; an empty one removes the key. Returns: the store before, or an empty one.
    Store put(const Key& key, Store store) {
        if (store.is_empty()) return take(key).second;
        return std::exchange(store_at(place_for(key)), std::move(store));
    }

    /// Takes a key and its store out; an empty store, if it is not there.
    entry take(const Key& key) {
        const auto at = mutable_at(place_of(key));
        if (at == entries_.end() || !(at->first == key)) return {};
        entry taken = std::move(*at);
        entries_.erase(at);
        return taken;
    }

    /// Sets the stores of some keys, by moving.
    void replace(keyed_stores&& more) {
        for (entry& e : more.entries_) {
            const auto at = mutable_at(place_of(e.first));
            if (at != entries_.end() && at->first == e.first) {
                at->second = std::move(e.second);
            } else {
                entries_.insert(at, std::move(e));
            }
        }
    }

    /// Adds the rows of one key that are not there, by moving.
    void absorb(entry&& e) {
        if (e.second.is_empty()) return;
        const auto at = mutable_at(place_of(e.first));
        if (at != entries_.end() && at->first == e.first) {
            at->second.absorb(std::move(e.second));
        } else {
            entries_.insert(at, std::move(e));
        }
    }

    void clear() noexcept { entries_.clear(); }

    /// Where a copy throws, a part of the other was merged, or nothing.
    void merge(const causal_context<Replica>& mine, const keyed_stores& other,
               const causal_context<Replica>& theirs) {
        keyed_stores news;
        for_each_beside(other.entries_, *this, [&](const entry& e, const Store* own) {
            if (own != nullptr) return;
            Store added;
            added.merge(mine, e.second, theirs);
            if (!added.is_empty()) news.entries_.push_back({e.first, std::move(added)});
        });
        {
            const Store none;
            const no_empty_store clean(*this);
            for_each_beside(entries_, other, [&](entry& e, const Store* beside) {
                e.second.merge(mine, beside == nullptr ? none : *beside, theirs);
            });
        }
        add_keys(std::move(news));
    }

    /// Adds the rows that are not there, by moving.
    void absorb(keyed_stores&& more) {
        if (entries_.empty()) {
            entries_ = std::move(more.entries_);
            return;
        }
        if (more.entries_.size() == 1) {
            absorb(std::move(more.entries_.front()));
            return;
        }
        if (more.entries_.empty()) return;
        std::vector<entry> joined;
        joined.reserve(entries_.size() + more.entries_.size());
        auto a = entries_.begin();
        auto b = more.entries_.begin();
        while (a != entries_.end() || b != more.entries_.end()) {
            if (b == more.entries_.end() || (a != entries_.end() && a->first < b->first)) {
                joined.push_back(std::move(*a++));
            } else if (a == entries_.end() || b->first < a->first) {
                joined.push_back(std::move(*b++));
            } else {
                joined.push_back(std::move(*a++));
                joined.back().second.absorb(std::move(b++->second));
            }
        }
        entries_ = std::move(joined);
    }

    /// What was taken out of a store, to be put back.
    using taken_type = keyed_stores<Key, typename Store::taken_type, Replica>;
    /// All of a store, as what was taken out.
    static taken_type all_of(keyed_stores&& store) {
        taken_type all;
        for (entry& e : store.entries_) {
            all.append(std::move(e.first), Store::all_of(std::move(e.second)));
        }
        store.entries_.clear();
        return all;
    }
    /// Puts back what was taken out, and removes all of `events`.
    void put_back(taken_type&& taken, const causal_context<Replica>& events) {
        for (entry& e : entries_) e.second.put_back({}, events);
        for (auto& [key, rows] : taken.mutable_entries()) {
            auto at = mutable_at(place_of(key));
            if (at == entries_.end() || !(at->first == key)) {
                at = entries_.insert(at, entry{std::move(key), Store()});
            }
            at->second.put_back(std::move(rows), events);
        }
        erase_empty();
    }

    /// Copies of what a merge with `other` would remove.
    [[nodiscard]] taken_type lost_to(const keyed_stores& other,
                                     const causal_context<Replica>& theirs) const {
        taken_type lost;
        const Store none;
        for_each_beside(entries_, other, [&](const entry& e, const Store* beside) {
            auto rows = e.second.lost_to(beside == nullptr ? none : *beside, theirs);
            if (!rows.is_empty()) lost.append(Key(e.first), std::move(rows));
        });
        return lost;
    }

    /// Appends the largest key so far. Requires: it is that, and the store is not empty.
    void append(Key&& key, Store&& store) {
        entries_.push_back({std::move(key), std::move(store)});
    }
    /// The entries, to be moved from.
    [[nodiscard]] std::vector<entry>& mutable_entries() noexcept { return entries_; }

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

    /// Calls `f(entry, store)` for each entry, with the store that `other` has for its key, or null.
    template <class Entries, class F>
    static void for_each_beside(Entries& entries, const keyed_stores& other, F&& f) {
        auto b = other.entries_.begin();
        for (auto& e : entries) {
            while (b != other.entries_.end() && b->first < e.first) ++b;
            f(e, b != other.entries_.end() && !(e.first < b->first) ? &b->second : nullptr);
        }
    }

    /// At its end, also by an exception, keys without a store are gone.
    struct no_empty_store {
        explicit no_empty_store(keyed_stores& s) noexcept : stores(s) {}
        no_empty_store(const no_empty_store&) = delete;
        no_empty_store& operator=(const no_empty_store&) = delete;
        ~no_empty_store() { stores.erase_empty(); }
        keyed_stores& stores;
    };

    /// Adds keys that are not there, by moving.
    void add_keys(keyed_stores&& more) {
        if (more.entries_.empty()) return;
        std::vector<entry> joined;
        joined.reserve(entries_.size() + more.entries_.size());
        std::merge(std::make_move_iterator(entries_.begin()),
                   std::make_move_iterator(entries_.end()),
                   std::make_move_iterator(more.entries_.begin()),
                   std::make_move_iterator(more.entries_.end()), std::back_inserter(joined),
                   [](const entry& a, const entry& b) { return a.first < b.first; });
        entries_ = std::move(joined);
    }

    void erase_empty() {
        std::erase_if(entries_, [](const entry& e) { return e.second.is_empty(); });
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
    /// Where a copy throws, nothing is added, and some of what `other` has removed may be gone.
    void merge(const Store& other, const context_type& theirs) {
        half_merged work{*this, theirs};
        store.merge(context, other, theirs);
        work.is_complete = true;
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

private:
    /// Removes what an incomplete merge has added: the context does not know it.
    struct half_merged {
        half_merged(causal_state& s, const context_type& c) noexcept : state(s), theirs(c) {}
        half_merged(const half_merged&) = delete;
        half_merged& operator=(const half_merged&) = delete;
        ~half_merged() {
            if (!is_complete) state.store.put_back({}, theirs.without(state.context));
        }
        causal_state& state;
        const context_type& theirs;
        bool is_complete = false;
    };
};

}  // namespace coterie::inline v0::crdt::detail
