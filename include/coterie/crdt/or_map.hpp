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
// Values over dots (or_set, mv_register, the flags, rw_set, or_map) are joined event by event. Other lattices
// (counters, registers by time) stand under the dot of their last update, whole: a remove that does not know
// of an update to a counter keeps all of what that replica's counter said, not the last increment alone.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, section 7.4.

#include <concepts>
#include <cstddef>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

namespace detail {

template <class Value, replica_name Replica>
struct store_for;

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

    /// Calls `f(value)` with the value of a key, a new one if there is none, to change it and return the
    /// delta: a Value, or a std::expected of one. Returns: the map's delta. Errors: f's; dots_exhausted.
    template <class F>
    std::expected<or_map, crdt_errc> update(const Replica& r, const Key& key, F&& f);

    /// Removes a key: what of its value is seen here. Returns: the delta.
    or_map remove(const Replica& /*r*/, const Key& key) {
        or_map delta;
        if (const auto* const store = this->state_.store.find(key)) {
            store->for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
        }
        this->state_.store.put(key, {});
        return delta;
    }

    /// Removes all keys that are seen here. Returns: the delta.
    or_map clear(const Replica& /*r*/) {
        or_map delta;
        delta.state_.context = this->dots_of(this->state_.store);
        this->state_.store.clear();
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
    using value_store = detail::store_for<Value, Replica>::type;

    [[nodiscard]] Value value_of(const value_store& store) const {
        Value value;
        if constexpr (detail::causal<Value>) {
            auto& state = detail::causal_access::state(value);
            state.store = store;
            state.context = this->state_.context;
        } else {
            for (const auto& e : store.entries()) value.merge(e.value);
        }
        return value;
    }
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The store of a value in a map: its own, or its whole under the dot of its last update.
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

}  // namespace detail

template <std::totally_ordered Key, lattice Value, causality::replica_name Replica>
template <class F>
std::expected<or_map<Key, Value, Replica>, crdt_errc> or_map<Key, Value, Replica>::update(
    const Replica& r, const Key& key, F&& f) {
    or_map delta;
    if constexpr (detail::causal<Value>) {
        // The value is lent its part of the store, and the context, while f works on it.
        Value value;
        auto& lent = detail::causal_access::state(value);
        lent.store = this->state_.store.take(key);
        lent.context = std::move(this->state_.context);
        std::expected<Value, crdt_errc> change = f(value);
        this->state_.store.put(key, std::move(lent.store));
        this->state_.context = std::move(lent.context);
        if (!change.has_value()) return std::unexpected(change.error());
        auto& changed = detail::causal_access::state(*change);
        delta.state_.store.put(key, std::move(changed.store));
        delta.state_.context = std::move(changed.context);
    } else {
        const auto event = this->next_event(r);
        if (!event.has_value()) return std::unexpected(event.error());
        const auto* const old = this->state_.store.find(key);
        Value value = old == nullptr ? Value() : value_of(*old);
        const std::expected<Value, crdt_errc> change = f(value);
        if (!change.has_value()) return std::unexpected(change.error());
        if (old != nullptr) {
            old->for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
        }
        value_store whole;
        whole.insert(*event, std::move(value));
        delta.state_.context.insert(*event);
        delta.state_.store.put(key, whole);
        this->state_.context.insert(*event);
        this->state_.store.put(key, std::move(whole));
    }
    return delta;
}

}  // namespace coterie::inline v0::crdt
