// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the replicated values over a dot store have in common: they merge, compare and tell their differences
// in the same way, and can be values of an or_map. For the library's own headers.

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/causality/retired_replicas.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>

namespace coterie::inline v0::crdt::detail {

/// The base of a replicated value `Derived` over a store.
template <class Derived, class Store, replica_name Replica>
class causal_value {
public:
    using replica_type = Replica;
    using store_type = Store;
    using context_type = causal_context<Replica>;

    /// The least upper bound of two states.
    void merge(const Derived& other) {
        if (&other.state_ != &state_) state_.merge(other.state_);
    }

    /// The least upper bound, where some replicas have retired, and one or both may have forgotten them.
    /// Complexity: that of merge, and linear in the retired replicas. See causality/retired_replicas.hpp.
    void merge(const Derived& other, const causality::retired_replicas<Replica>& retired) {
        context_type theirs = other.state_.context;
        retired.restore_in(state_.context, theirs);
        if (&other.state_ != &state_) state_.merge(other.state_.store, theirs);
        forget(retired);
    }

    /// Whether all `last` events of a replica are known here, and no more, and nothing of them is alive: this
    /// member's vote for its retirement. Complexity: linear.
    [[nodiscard]] bool is_done_with(const Replica& r, std::uint64_t last) const {
        bool is_done = state_.context.has_just(r, last);
        state_.store.for_each_dot(
            [&](const dot<Replica>& d) { is_done = is_done && !(d.replica == r); });
        return is_done;
    }

    /// Forgets retired replicas. Requires: every member is done with them. From then on states are merged with
    /// `merge(other, retired)`, and compared when both have forgotten.
    void forget(const causality::retired_replicas<Replica>& retired) {
        retired.forget_in(state_.context);
    }

    /// The smallest state that brings `other` up to date with this one.
    [[nodiscard]] Derived delta_since(const Derived& other) const {
        Derived delta;
        delta.state_ = state_.since(other.state_);
        return delta;
    }

    /// A dot that says different things in the two states: a replica id is used twice, or by a replica that has
    /// lost its state, and a merge would lose one of them. Finds what is alive in both.
    /// Complexity: that of a merge; for maps and rw_set also of a sort.
    [[nodiscard]] std::optional<dot<Replica>> find_reused_dot(const Derived& other) const {
        return state_.store.find_conflict(other.state_.store);
    }

    /// All events that this state knows of.
    [[nodiscard]] const context_type& context() const noexcept { return state_.context; }

    /// Whether `b` has all that `a` has.
    friend bool operator<=(const Derived& a, const Derived& b) { return a.state_ <= b.state_; }
    friend bool operator==(const Derived& a, const Derived& b) { return a.state_ == b.state_; }

protected:
    friend struct causal_access;

    /// The name of the next event of `r`.
    [[nodiscard]] std::expected<dot<Replica>, crdt_errc> next_event(const Replica& r) const {
        const auto event = state_.context.next(r);
        if (!event.has_value()) return std::unexpected(crdt_errc::dots_exhausted);
        return *event;
    }

    /// The context of all dots of a store.
    [[nodiscard]] static context_type dots_of(const Store& store) {
        context_type context;
        store.for_each_dot([&context](const dot<Replica>& d) { context.insert(d); });
        return context;
    }

    causal_state<Store, Replica> state_;
};

/// For or_map and the codec: the parts of a replicated value.
struct causal_access {
    template <class Value>
    static auto& state(Value& value) noexcept {
        return value.state_;
    }
};

/// A replicated value over a dot store.
template <class V>
concept causal = requires(V& v) {
    typename V::store_type;
    causal_access::state(v);
};

}  // namespace coterie::inline v0::crdt::detail

namespace coterie::inline v0 {

/// The context, then the store, whose dots must all be in it.
template <crdt::detail::causal Value>
struct codec<Value> {
    static void encode(writer& w, const Value& value) {
        const auto& state = crdt::detail::causal_access::state(value);
        encode_to(w, state.context);
        state.store.encode(w);
    }
    static std::expected<Value, decode_error> decode(reader& r) {
        Value value;
        auto& state = crdt::detail::causal_access::state(value);
        state.context = r.value<typename Value::context_type>();
        if (r.ok()) state.store = Value::store_type::decode(r, state.context);
        return r.result(std::move(value));
    }
};

}  // namespace coterie::inline v0
