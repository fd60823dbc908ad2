// SPDX-License-Identifier: BSL-1.0
#pragma once

// An observed-remove set. A remove takes away what its replica has seen, so of an add and a remove that do
// not know of each other the add wins. It holds no tombstones: what was removed leaves nothing but its place
// in the causal context, a number a replica.
//
//   crdt::or_set<std::string> cart;
//   auto delta = cart.add(me, "apples");      // std::expected<or_set, crdt_errc>
//   cart.remove(me, "pears");                 // a delta as well; nothing if there are none
//   cart.merge(theirs);                       // a state or a delta, in any order, any number of times
//   for (const auto& x : cart) ...
//
// Guarantees: an element that somebody has added and nobody who saw that has removed is in the set. Loses:
// nothing; a remove that does not know of an add has no effect on it. Where the remove must win, take rw_set;
// where nothing is ever removed, g_set is smaller.
// Source: Bieniusa et al., "An Optimized Conflict-free Replicated Set", arXiv:1210.3368; Almeida, Shoker and
// Baquero, "Delta State Replicated Data Types", arXiv:1603.01529.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/dot_table.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// A set to which adds win. A regular type; a lattice. Elements are regular and hashable.
///
/// Complexity: contains, add and remove as in a hash table; merge linear in what differs, and with a step for
/// each 512 elements in what does not. Memory: the element, and about 13 bytes from 65 elements on.
/// Thread safety: that of a value.
template <class T, causality::replica_name Replica = causality::replica_id>
class or_set
    : public detail::causal_value<or_set<T, Replica>, detail::dot_table<T, Replica>, Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::or_set;

    using value_type = T;
    using context_type = causality::causal_context<Replica>;
    using const_iterator = detail::dot_table<T, Replica>::iterator;
    using iterator = const_iterator;

    /// Adds an element, as an event of `r`. Returns: the delta. Errors: dots_exhausted.
    std::expected<or_set, crdt_errc> add(const Replica& r, T x) {
        const auto event = this->next_event(r);
        if (!event.has_value()) return std::unexpected(event.error());
        context_type additions = observed(x);
        or_set delta;
        delta.state_.store.insert(*event, x);  // the copy that may throw is before all changes
        take_out(additions);
        delta.state_.context = std::move(additions);
        delta.state_.context.insert(*event);
        this->state_.store.insert(*event, std::move(x));
        this->know(*event);
        return delta;
    }

    /// Removes an element: its additions that were seen here. Returns: the delta.
    or_set remove(const Replica& /*r*/, const T& x) {
        or_set delta;
        delta.state_.context = observed(x);
        take_out(delta.state_.context);
        return delta;
    }

    /// Removes what was read elsewhere: the additions of an element that observed() gave there. One that has
    /// not been seen here yet will not come to life when it arrives. Returns: the delta.
    or_set remove_observed(const context_type& additions) {
        or_set delta;
        delta.state_.context = additions;
        this->merge(delta);
        return delta;
    }

    /// Removes all elements that were seen here. Returns: the delta.
    or_set clear(const Replica& /*r*/) {
        or_set delta;
        delta.state_.context = this->dots_of(this->state_.store);
        this->take_all();
        return delta;
    }

    [[nodiscard]] bool contains(const T& x) const { return this->state_.store.contains(x); }

    /// How many elements there are.
    [[nodiscard]] std::size_t size() const noexcept { return this->state_.store.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The elements, each once, in an order that is the same for equal sets.
    [[nodiscard]] const_iterator begin() const { return this->state_.store.begin(); }
    /// \copydoc begin
    [[nodiscard]] const_iterator end() const { return this->state_.store.end(); }

    /// The additions of an element that are seen here: what a client hands to remove_observed, at whichever
    /// replica, to remove just what it read.
    [[nodiscard]] context_type observed(const T& x) const {
        context_type additions;
        this->state_.store.for_each_dot_of(
            x, [&](const causality::dot<Replica>& d) { additions.insert(d); });
        return additions;
    }

    /// Bytes on the heap, but for what elements hold themselves.
    [[nodiscard]] std::size_t heap_bytes() const noexcept { return this->state_.store.bytes(); }

private:
    /// Removes additions that are seen here.
    void take_out(const context_type& additions) {
        additions.for_each_range([this](const causality::dot_range<Replica>& r) {
            for (std::uint64_t c = r.first; c <= r.last; ++c) take_out({r.replica, c});
        });
    }
    void take_out(const causality::dot<Replica>& addition) {
        auto* const log = this->log();
        if (log == nullptr) {
            this->state_.store.erase(addition);
        } else if (auto x = this->state_.store.take(addition)) {
            typename detail::dot_table<T, Replica>::taken_type taken;
            taken.add(addition, std::move(*x));
            log->keep(std::move(taken));
        }
    }
};

}  // namespace coterie::inline v0::crdt
