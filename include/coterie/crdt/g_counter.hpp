// SPDX-License-Identifier: BSL-1.0
#pragma once

// A counter that only grows. Each replica counts its own; the value is the sum.
//
//   crdt::g_counter<> visits;
//   auto delta = visits.increment(me, 3);      // std::expected<g_counter, crdt_errc>
//   visits.merge(theirs);
//   visits.value();
//
// Guarantees: no increment is lost or counted twice. A replica that lost its state must count on under another
// name: what it counts under the old one is taken for what it had counted before.
// Source: Shapiro, Preguiça, Baquero and Zawirski, "A comprehensive study of Convergent and Commutative
// Replicated Data Types", INRIA RR-7506, 2011, section 3.1.

#include <compare>
#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/causality/counter_table.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/exact_sum.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

namespace detail {

struct counter_access;

}  // namespace detail

template <causality::replica_name Replica>
class pn_counter;

/// A sum of increments. A regular type; a lattice.
///
/// Complexity: increment logarithmic in the number of replicas, merge and value linear, and vector code where
/// both have the same replicas. Thread safety: that of a value.
template <causality::replica_name Replica = causality::replica_id>
class g_counter {
public:
    using replica_type = Replica;

    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::g_counter;
    /// It has an entry a replica: who may have to undo a change keeps a copy.
    static constexpr bool is_cheap_to_copy = true;

    /// Adds `n`. Returns: the delta. Errors: counter_overflow where the replica's count, or the value, would
    /// not fit 64 bits.
    std::expected<g_counter, crdt_errc> increment(const Replica& r, std::uint64_t n = 1) {
        if (n > ~std::uint64_t{0} - value()) return std::unexpected(crdt_errc::counter_overflow);
        g_counter delta;
        delta.counts_.raise(r, counts_.at(r) + n);
        counts_.raise(r, counts_.at(r) + n);
        return delta;
    }

    /// The sum of all increments; the largest number, where replicas together have counted further.
    [[nodiscard]] std::uint64_t value() const noexcept { return sum().saturated(); }

    /// What one replica has counted.
    [[nodiscard]] std::uint64_t value_of(const Replica& r) const { return counts_.at(r); }

    /// The least upper bound: of each replica's count the larger one.
    void merge(const g_counter& other) { counts_.merge(other.counts_); }

    /// The smallest state that brings `other` up to date with this one: the counts that are larger here.
    [[nodiscard]] g_counter delta_since(const g_counter& other) const {
        g_counter delta;
        delta.counts_ = counts_.larger_than(other.counts_);
        return delta;
    }

    /// Whether `b` has counted all that `a` has.
    friend bool operator<=(const g_counter& a, const g_counter& b) {
        return std::is_lteq(compare(a.counts_, b.counts_));
    }
    friend bool operator==(const g_counter&, const g_counter&) = default;

private:
    friend struct codec<g_counter>;
    friend class pn_counter<Replica>;
    friend struct detail::counter_access;

    [[nodiscard]] detail::exact_sum sum() const noexcept {
        return detail::sum_of(counts_.counters());
    }

    causality::detail::counter_table<Replica> counts_;
};

}  // namespace coterie::inline v0::crdt

/// A table of replicas and counts, sorted.
template <coterie::encodable Replica>
struct coterie::codec<coterie::crdt::g_counter<Replica>> {
    using counter = crdt::g_counter<Replica>;

    static void encode(writer& w, const counter& c) { c.counts_.encode(w); }
    static std::expected<counter, decode_error> decode(reader& r) {
        auto table = causality::detail::counter_table<Replica>::decode(r, ~std::uint64_t{0});
        if (!table.has_value()) return std::unexpected(table.error());
        counter c;
        c.counts_ = std::move(*table);
        return c;
    }
};
