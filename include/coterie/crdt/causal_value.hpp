// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the replicated values over a dot store have in common: they merge, compare and tell their differences
// in the same way, and can be values of an or_map. For the library's own headers.

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/causality/retired_replicas.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/undo_log.hpp>

namespace coterie::inline v0::crdt::detail {

/// The base of a replicated value `Derived` over a store.
template <class Derived, class Store, replica_name Replica>
class causal_value {
public:
    using replica_type = Replica;
    using store_type = Store;
    using context_type = causal_context<Replica>;
    static constexpr bool is_lendable = true;

    causal_value() = default;
    causal_value(const causal_value& other) : state_(other.state_) {}
    /// What is lent stays with whom it is lent to: that is copied.
    causal_value(causal_value&& other) noexcept
        : state_(other.log() == nullptr ? std::move(other.state_) : state_type(other.state_)) {}
    causal_value& operator=(const causal_value& other) {
        if (this != &other) assign(state_type(other.state_));
        return *this;
    }
    causal_value& operator=(causal_value&& other) noexcept {
        if (this != &other) {
            assign(other.log() == nullptr ? std::move(other.state_) : state_type(other.state_));
        }
        return *this;
    }
    ~causal_value() = default;

    /// The least upper bound of two states. Where a copy of an element throws, this has merged a part of the
    /// other, or nothing: merge again.
    void merge(const Derived& other) {
        if (&other.state_ == &state_) return;
        COTERIE_ASSERT(!is_away() && !other.is_away());
        if (auto* const log = loan_.log()) {
            log->keep(state_.store.lost_to(other.state_.store, other.state_.context));
            log->note_merge(other.state_.context.without(state_.context));
        }
        state_.merge(other.state_);
    }

    /// The least upper bound, where some replicas have retired, and one or both may have forgotten them.
    /// Complexity: that of merge, and linear in the retired replicas. See causality/retired_replicas.hpp.
    void merge(const Derived& other, const causality::retired_replicas<Replica>& retired) {
        context_type theirs = other.state_.context;
        keep_whole();
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
        keep_whole();
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

    using state_type = causal_state<Store, Replica>;
    using log_type = undo_log<Store, Replica>;

    /// Where to note what is done, or null: whoever lent this value may have to undo it.
    [[nodiscard]] log_type* log() const noexcept { return loan_.log(); }

    /// Whether a part of the state is lent: then nothing else is done with it.
    [[nodiscard]] bool is_away() const noexcept { return loan_.is_away(); }
    void set_away(bool is_away) noexcept { loan_.set_away(is_away); }

    /// Takes a new event into the context.
    void know(const dot<Replica>& event) {
        if (auto* const log = loan_.log()) log->note(event);
        state_.context.insert(event);
    }
    /// Takes new events into the context.
    void know(const dot_range<Replica>& events) {
        if (auto* const log = loan_.log()) {
            context_type news;
            news.insert_range(events);
            log->note(news);
        }
        state_.context.insert_range(events);
    }

    /// Empties the store.
    void take_all() {
        if (auto* const log = loan_.log()) log->keep_all(std::move(state_.store));
        state_.store.clear();
    }

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

    state_type state_;

private:
    void assign(state_type&& state) {
        COTERIE_ASSERT(!is_away());
        if (auto* const log = loan_.log()) log->keep_whole(std::move(state_));
        state_ = std::move(state);
    }

    void keep_whole() {
        COTERIE_ASSERT(!is_away());
        if (auto* const log = loan_.log()) log->keep_whole(state_type(state_));
    }

    loan_state<log_type> loan_;
};

/// For or_map and the codec: the parts of a replicated value.
struct causal_access {
    template <class Value>
    static auto& state(Value& value) noexcept {
        return value.state_;
    }
    template <class Value>
    using log_of = Value::log_type;
    template <class Value>
    static void set_log(Value& value, log_of<Value>* log) noexcept {
        value.loan_.set_log(log);
    }
};

/// A replicated value that is lent to a function, to be changed all or not at all. Unless `keep` is called, the end
/// of the lending undoes what was done to it, also where the function throws.
template <class Value>
class lending {
public:
    explicit lending(Value& value) noexcept : value_(&value) {
        causal_access::set_log(value, &log_);
    }
    lending(const lending&) = delete;
    lending& operator=(const lending&) = delete;
    ~lending() {
        causal_access::set_log(*value_, nullptr);
        if (!is_kept_) log_.undo(causal_access::state(*value_));
    }

    /// Makes value and delta tell the same: what only one of them has gets into the other.
    void reconcile(Value& delta) {
        auto& state = causal_access::state(*value_);
        auto& told = causal_access::state(delta);
        log_.settle(state);
        if (log_.is_told_by(told)) return;
        value_->merge(delta);
        told.merge(log_.delta_of(state));
    }

    /// What was done stays. Requires: reconciled.
    void keep() noexcept { is_kept_ = true; }

    /// What was done. Requires: reconciled.
    [[nodiscard]] auto& log() noexcept { return log_; }

private:
    Value* value_;
    causal_access::log_of<Value> log_;
    bool is_kept_ = false;
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
