// SPDX-License-Identifier: BSL-1.0
#pragma once

// Flags. Of an enable and a disable that do not know of each other, the enable wins in an ew_flag, and the
// disable in a dw_flag; otherwise the later one does. An ew_flag begins disabled, a dw_flag enabled.
//
//   crdt::ew_flag<> is_open;
//   is_open.enable(me);
//   if (is_open.is_enabled()) ...
//
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529.

#include <expected>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/nothing.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

namespace detail {

template <class Derived, replica_name Replica>
class marks;

}  // namespace detail

/// A flag that is enabled if somebody enabled it and nobody who saw that disabled it. A lattice.
template <causality::replica_name Replica = causality::replica_id>
class ew_flag : public detail::marks<ew_flag<Replica>, Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::ew_flag;

    /// Whether it is enabled, as far as is known here.
    [[nodiscard]] bool is_enabled() const noexcept { return this->is_marked(); }
    /// Returns: the delta. Errors: dots_exhausted.
    std::expected<ew_flag, crdt_errc> enable(const Replica& r) { return this->mark(r); }
    /// Returns: the delta.
    ew_flag disable(const Replica& /*r*/) { return this->unmark(); }

private:
    friend class detail::marks<ew_flag, Replica>;
};

/// A flag that is disabled if somebody disabled it and nobody who saw that enabled it. A lattice.
template <causality::replica_name Replica = causality::replica_id>
class dw_flag : public detail::marks<dw_flag<Replica>, Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::dw_flag;

    /// Whether it is enabled, as far as is known here.
    [[nodiscard]] bool is_enabled() const noexcept { return !this->is_marked(); }
    /// Returns: the delta.
    dw_flag enable(const Replica& /*r*/) { return this->unmark(); }
    /// Returns: the delta. Errors: dots_exhausted.
    std::expected<dw_flag, crdt_errc> disable(const Replica& r) { return this->mark(r); }

private:
    friend class detail::marks<dw_flag, Replica>;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The dots of the marks that nobody who saw them has taken away.
template <class Derived, replica_name Replica>
class marks : public causal_value<Derived, dot_values<nothing, Replica>, Replica> {
protected:
    [[nodiscard]] bool is_marked() const noexcept { return !this->state_.store.is_empty(); }

    std::expected<Derived, crdt_errc> mark(const Replica& r) {
        const auto event = this->next_event(r);
        if (!event.has_value()) return std::unexpected(event.error());
        Derived delta = unmark();
        delta.state_.store.insert(*event, {});
        delta.state_.context.insert(*event);
        this->state_.store.insert(*event, {});
        this->know(*event);
        return delta;
    }

    Derived unmark() {
        Derived delta;
        delta.state_.context = this->dots_of(this->state_.store);
        this->take_all();
        return delta;
    }
};

}  // namespace detail

}  // namespace coterie::inline v0::crdt
