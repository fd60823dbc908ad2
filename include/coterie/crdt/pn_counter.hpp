// SPDX-License-Identifier: BSL-1.0
#pragma once

// A counter that goes up and down: a g_counter of increments, and one of decrements.
//
//   crdt::pn_counter<> stock;
//   auto delta = stock.increment(me, 3);
//   stock.decrement(me);
//   stock.value();                            // may be below zero: bounded_counter is never
//
// Guarantees: no increment and no decrement is lost or counted twice.
// Source: Shapiro et al., INRIA RR-7506, 2011, section 3.1.3.

#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// Increments less decrements. A regular type; a lattice.
///
/// Complexity: as g_counter. Thread safety: that of a value.
template <causality::replica_name Replica = causality::replica_id>
class pn_counter {
public:
    using replica_type = Replica;

    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::pn_counter;
    /// It has an entry a replica: who may have to undo a change keeps a copy.
    static constexpr bool is_cheap_to_copy = true;

    /// Adds `n`. Returns: the delta. Errors: counter_overflow where all increments together would not fit 64
    /// bits.
    std::expected<pn_counter, crdt_errc> increment(const Replica& r, std::uint64_t n = 1) {
        auto change = up_.increment(r, n);
        if (!change.has_value()) return std::unexpected(change.error());
        pn_counter delta;
        delta.up_ = std::move(*change);
        return delta;
    }

    /// Subtracts `n`. Returns: the delta. Errors: counter_overflow, of the decrements.
    std::expected<pn_counter, crdt_errc> decrement(const Replica& r, std::uint64_t n = 1) {
        auto change = down_.increment(r, n);
        if (!change.has_value()) return std::unexpected(change.error());
        pn_counter delta;
        delta.down_ = std::move(*change);
        return delta;
    }

    /// Increments less decrements, exactly, however many there were. The nearest number that the type has, where
    /// they are further apart.
    [[nodiscard]] std::int64_t value() const noexcept { return difference(up_.sum(), down_.sum()); }

    /// The least upper bound.
    void merge(const pn_counter& other) {
        up_.merge(other.up_);
        down_.merge(other.down_);
    }

    /// The smallest state that brings `other` up to date with this one.
    [[nodiscard]] pn_counter delta_since(const pn_counter& other) const {
        pn_counter delta;
        delta.up_ = up_.delta_since(other.up_);
        delta.down_ = down_.delta_since(other.down_);
        return delta;
    }

    /// Whether `b` has counted all that `a` has.
    friend bool operator<=(const pn_counter& a, const pn_counter& b) {
        return a.up_ <= b.up_ && a.down_ <= b.down_;
    }
    friend bool operator==(const pn_counter&, const pn_counter&) = default;

private:
    friend struct codec<pn_counter>;
    friend struct detail::counter_access;

    g_counter<Replica> up_;
    g_counter<Replica> down_;
};

}  // namespace coterie::inline v0::crdt

/// The increments, then the decrements.
template <coterie::encodable Replica>
struct coterie::codec<coterie::crdt::pn_counter<Replica>> {
    using counter = crdt::pn_counter<Replica>;

    static void encode(writer& w, const counter& c) {
        encode_to(w, c.up_);
        encode_to(w, c.down_);
    }
    static std::expected<counter, decode_error> decode(reader& r) {
        counter c;
        c.up_ = r.value<crdt::g_counter<Replica>>();
        c.down_ = r.value<crdt::g_counter<Replica>>();
        return r.result(std::move(c));
    }
};
