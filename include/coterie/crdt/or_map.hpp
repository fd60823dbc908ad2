// SPDX-License-Identifier: BSL-1.0
#pragma once

// A map of replicated values. To remove a key is to undo what was seen of its value; what somebody else did to
// it meanwhile survives, and the key with it. Values nest: an or_map may hold or_maps.
//
//   crdt::or_map<std::string, crdt::pn_counter<>> cart;
//   auto delta = cart.update(me, "apples", [&](auto& amount) { return amount.increment(me, 3); });
//   cart.remove(me, "pears");
//   if (const auto apples = cart.find("apples")) ...
//
// Two replicas that create a key at once have created one value, and it has what both did to it. All values
// share the map's causal context, so a key that is removed leaves nothing behind.
//
// A remove that does not know of an update leaves what the updating replica said:
//   values over dots (or_set, mv_register, the flags, rw_set, or_map)   that one change;
//   g_counter, pn_counter                  all that this replica had counted; what others had counted goes;
//   other lattices (registers by time, g_set ...)   the whole value, as that replica had it.
// A bounded_counter can be a value, but not be removed: what was taken of it would be forgotten.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, section 7.4.

#include <concepts>
#include <cstddef>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/count_shares.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

namespace detail {

template <class Value, replica_name Replica>
struct store_for;

/// Whether a value may be removed from a map: false where it says `static constexpr bool is_removable = false`.
template <class Value>
inline constexpr bool is_removable = true;
template <class Value>
    requires requires { Value::is_removable; }
inline constexpr bool is_removable<Value> = Value::is_removable;

}  // namespace detail

/// A map of replicated values, of which removed keys leave nothing. A regular type; a lattice.
///
/// Complexity: find logarithmic; update and remove linear in the number of keys, plus what the value takes;
/// merge linear. Thread safety: that of a value.
template <std::totally_ordered Key, lattice Value,
          causality::replica_name Replica = causality::replica_id>
class or_map
    : public detail::causal_value<
          or_map<Key, Value, Replica>,
          detail::keyed_stores<Key, typename detail::store_for<Value, Replica>::type, Replica>,
          Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::or_map;

    /// Whether keys can be removed: not where values are bounded_counters, or maps of them.
    static constexpr bool is_removable = detail::is_removable<Value>;

    /// Calls `f(value)` with the value of a key, a new one if there is none, to change it and return the
    /// delta: a Value, or a std::expected of one. All or nothing: where f returns an error or throws, the map is what
    /// it was, whatever f did to the value; otherwise what f did and what it returned are both in the map and in
    /// the delta. f does not use the map. Requires: moving keys and elements does not throw.
    /// Returns: the map's delta. Errors: f's; dots_exhausted; counter_overflow, where a replica's share of a
    /// counter would not fit 64 bits.
    template <class F>
    std::expected<or_map, crdt_errc> update(const Replica& r, const Key& key, F&& f) {
        COTERIE_ASSERT(!this->is_away());
        if constexpr (detail::causal<Value>) {
            return update_lent(key, std::forward<F>(f));
        } else {
            return update_copy(r, key, std::forward<F>(f));
        }
    }

    /// Removes a key: what of its value is seen here. Returns: the delta.
    or_map remove(const Replica& /*r*/, const Key& key) {
        check_removal();
        or_map delta;
        if (const auto* const store = this->state_.store.find(key)) {
            store->for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
        }
        auto [own_key, rows] = this->state_.store.take(key);
        if (auto* const log = this->log(); log != nullptr && !rows.is_empty()) {
            typename rows_type::taken_type taken;
            taken.append(std::move(own_key), value_store::all_of(std::move(rows)));
            log->keep(std::move(taken));
        }
        return delta;
    }

    /// Removes all keys that are seen here. Returns: the delta.
    or_map clear(const Replica& /*r*/) {
        check_removal();
        or_map delta;
        delta.state_.context = this->dots_of(this->state_.store);
        this->take_all();
        return delta;
    }

    /// The value of a key, or nothing. Complexity: that of a copy.
    [[nodiscard]] std::optional<Value> find(const Key& key) const {
        const auto* const store = this->state_.store.find(key);
        if (store == nullptr) return std::nullopt;
        return value_of(*store);
    }

    [[nodiscard]] bool contains(const Key& key) const {
        return this->state_.store.find(key) != nullptr;
    }

    /// The keys, sorted.
    [[nodiscard]] std::vector<Key> keys() const {
        std::vector<Key> all;
        for (const auto& [key, store] : this->state_.store.entries()) all.push_back(key);
        return all;
    }

    /// How many keys there are.
    [[nodiscard]] std::size_t size() const noexcept { return this->state_.store.entries().size(); }
    [[nodiscard]] bool empty() const noexcept { return this->state_.store.is_empty(); }

private:
    void check_removal() const {
        static_assert(
            is_removable,
            "a bounded_counter cannot be removed from a map: what was taken of it would be "
            "forgotten, and the same quota spent again");
        COTERIE_ASSERT(!this->is_away());
    }

    using value_store = detail::store_for<Value, Replica>::type;
    using rows_type = detail::keyed_stores<Key, value_store, Replica>;

    [[nodiscard]] Value value_of(const value_store& store) const {
        if constexpr (detail::causal<Value>) {
            Value value;
            auto& state = detail::causal_access::state(value);
            state.store = store;
            state.context = this->state_.context;
            return value;
        } else if constexpr (detail::shareable<Value>) {
            return detail::counter_of_shares<Value, Replica>(store);
        } else {
            Value value;
            for (const auto& e : store.entries()) value.merge(e.value);
            return value;
        }
    }

    template <class F>
    std::expected<or_map, crdt_errc> update_lent(const Key& key, F&& f);
    template <class F>
    std::expected<or_map, crdt_errc> update_copy(const Replica& r, const Key& key, F&& f);

    /// Puts `mark` under a new event in the place of the rows of `old`. Returns: the delta.
    or_map replace(const Key& key, const value_store& old, const causality::dot<Replica>& event,
                   value_store mark);

    /// The part of the map that f works on. It goes back when this ends.
    class loan;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The store of a value in a map: its own, the shares of a counter, or its whole under the dot of its last update.
template <class Value, replica_name Replica>
struct store_for {
    using type = dot_values<Value, Replica>;
};
template <causal Value, replica_name Replica>
struct store_for<Value, Replica> {
    static_assert(std::same_as<typename Value::replica_type, Replica>,
                  "a map and its values name replicas by one type");
    using type = Value::store_type;
};
template <shareable Value, replica_name Replica>
struct store_for<Value, Replica> {
    static_assert(std::same_as<typename Value::replica_type, Replica>,
                  "a map and its values name replicas by one type");
    using type = count_shares<Value, Replica>;
};

}  // namespace detail

// The value has its part of the store, and the context, while f works on it: nothing is copied.
template <std::totally_ordered Key, lattice Value, causality::replica_name Replica>
class or_map<Key, Value, Replica>::loan {
public:
    loan(or_map& map, const Key& key) : map_(&map), at_(map.state_.store.place_for(key)) {
        auto& lent = detail::causal_access::state(value);
        lent.store = std::move(map.state_.store.store_at(at_));
        lent.context = std::move(map.state_.context);
        map.set_away(true);
    }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan() {
        auto& lent = detail::causal_access::state(value);
        map_->state_.store.store_at(at_) = std::move(lent.store);
        map_->state_.store.settle(at_);
        map_->state_.context = std::move(lent.context);
        map_->set_away(false);
    }

    Value value;

private:
    or_map* map_;
    std::size_t at_;
};

template <std::totally_ordered Key, lattice Value, causality::replica_name Replica>
template <class F>
std::expected<or_map<Key, Value, Replica>, crdt_errc> or_map<Key, Value, Replica>::update_lent(
    const Key& key, F&& f) {
    or_map delta;
    typename rows_type::taken_type taken;
    const std::size_t place = delta.state_.store.place_for(key);
    if (this->log() != nullptr) (void)taken.place_for(key);
    {
        loan lent(*this, key);
        detail::lending<Value> work(lent.value);
        std::expected<Value, crdt_errc> change = f(lent.value);
        if (!change.has_value()) return std::unexpected(change.error());
        work.reconcile(*change);
        auto& changed = detail::causal_access::state(*change);
        delta.state_.store.store_at(place) = std::move(changed.store);
        delta.state_.store.settle(place);
        delta.state_.context = std::move(changed.context);
        if (auto* const log = this->log()) {
            taken.store_at(0) = std::move(work.log().taken());
            taken.settle(0);
            log->note_all_of(work.log());
            log->keep(std::move(taken));
        }
        work.keep();
    }
    return delta;
}

// A copy of the value is changed, and takes the place of what it was made of; of a counter, that is one replica's share.
template <std::totally_ordered Key, lattice Value, causality::replica_name Replica>
template <class F>
std::expected<or_map<Key, Value, Replica>, crdt_errc> or_map<Key, Value, Replica>::update_copy(
    const Replica& r, const Key& key, F&& f) {
    const auto event = this->next_event(r);
    if (!event.has_value()) return std::unexpected(event.error());
    const auto* const found = this->state_.store.find(key);
    const value_store none;
    const value_store& rows = found == nullptr ? none : *found;
    Value value = value_of(rows);
    const std::expected<Value, crdt_errc> change = f(value);
    if (!change.has_value()) return std::unexpected(change.error());
    if (!(*change <= value)) value.merge(*change);
    value_store mark;
    if constexpr (detail::shareable<Value>) {
        const auto share = detail::share_after<Value, Replica>(rows, r, value);
        if (!share.has_value()) return std::unexpected(crdt_errc::counter_overflow);
        value_store own;
        for (const auto& e : rows.entries()) {
            if (e.at.replica == r) own.insert(e.at, e.value);
        }
        mark.insert(*event, *share);
        return replace(key, own, *event, std::move(mark));
    } else {
        // A value only grows: what f took away comes back.
        for (const auto& e : rows.entries()) {
            if (!(e.value <= value)) value.merge(e.value);
        }
        mark.insert(*event, std::move(value));
        return replace(key, rows, *event, std::move(mark));
    }
}

template <std::totally_ordered Key, lattice Value, causality::replica_name Replica>
or_map<Key, Value, Replica> or_map<Key, Value, Replica>::replace(
    const Key& key, const value_store& old, const causality::dot<Replica>& event,
    value_store mark) {
    // Copies come first: after them nothing is but moved.
    or_map delta;
    old.for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
    typename rows_type::taken_type taken;
    if (this->log() != nullptr && !old.is_empty()) taken.absorb({key, old});
    delta.state_.store.put(key, mark);
    const std::size_t place = this->state_.store.place_for(key);

    if (auto* const log = this->log()) log->keep(std::move(taken));
    auto& store = this->state_.store.store_at(place);
    store.erase_all(delta.state_.context);
    store.absorb(std::move(mark));
    delta.state_.context.insert(event);
    this->know(event);
    return delta;
}

}  // namespace coterie::inline v0::crdt
