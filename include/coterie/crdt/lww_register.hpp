// SPDX-License-Identifier: BSL-1.0
#pragma once

// A register of which the last writer wins: of two assignments the one with the larger timestamp stays, of
// equal timestamps that of the larger replica, and of one replica's that of the larger value. So there is no
// tie that two replicas could decide differently.
//
//   crdt::lww_register<std::string> name;
//   name.assign(me, *clock.now(), "Ann");                      // a hybrid_logical_clock's timestamps
//   if (const std::string* v = name.value()) ...
//
// Loses: of assignments that do not know of each other all but one, silently; and with clocks that disagree
// also a later assignment to an earlier one of a replica whose clock is ahead. Where that matters, take
// mv_register, which keeps them. A hybrid clock's timestamps are never behind what was read; any other totally
// ordered type will do, a Lamport timestamp or a sequence number of your own.
// Source: Shapiro et al., INRIA RR-7506, 2011, section 3.2.1.

#include <concepts>
#include <expected>
#include <optional>
#include <tuple>
#include <utility>

#include <coterie/causality/hybrid_timestamp.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// The assignment with the largest (timestamp, replica, value). A regular type; a lattice.
///
/// Complexity: constant, but for comparing and copying values. Thread safety: that of a value.
template <std::totally_ordered T, std::totally_ordered Timestamp = causality::hybrid_timestamp,
          causality::replica_name Replica = causality::replica_id>
class lww_register {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::lww_register;

    /// Assigns a value, if this is the last assignment. Returns: the delta, in any case: elsewhere it may be.
    lww_register assign(const Replica& r, Timestamp timestamp, T v) {
        lww_register delta;
        delta.last_.emplace(std::move(timestamp), r, std::move(v));
        merge(delta);
        return delta;
    }

    /// The value, or null before the first assignment, which is before every timestamp.
    [[nodiscard]] const T* value() const noexcept { return last_ ? &std::get<2>(*last_) : nullptr; }
    /// When it was assigned, or null.
    [[nodiscard]] const Timestamp* timestamp() const noexcept {
        return last_ ? &std::get<0>(*last_) : nullptr;
    }
    /// Who assigned it, or null.
    [[nodiscard]] const Replica* writer() const noexcept {
        return last_ ? &std::get<1>(*last_) : nullptr;
    }

    /// The least upper bound: the last assignment of both.
    void merge(const lww_register& other) {
        if (!(last_ < other.last_)) return;
        auto copy = other.last_;
        last_ = std::move(copy);
    }

    /// The smallest state that brings `other` up to date with this one: this, or nothing.
    [[nodiscard]] lww_register delta_since(const lww_register& other) const {
        return *this <= other ? lww_register() : *this;
    }

    /// Whether the assignment of `b` is the same as that of `a`, or a later one.
    friend bool operator<=(const lww_register& a, const lww_register& b) {
        return a.last_ <= b.last_;
    }
    friend bool operator==(const lww_register&, const lww_register&) = default;

private:
    friend struct codec<lww_register>;

    std::optional<std::tuple<Timestamp, Replica, T>> last_;
};

}  // namespace coterie::inline v0::crdt

/// Whether there is an assignment; then its timestamp, replica and value.
template <coterie::encodable T, coterie::encodable Timestamp, coterie::encodable Replica>
struct coterie::codec<coterie::crdt::lww_register<T, Timestamp, Replica>> {
    using value_type = crdt::lww_register<T, Timestamp, Replica>;

    static void encode(writer& w, const value_type& x) {
        w.boolean(x.last_.has_value());
        if (!x.last_) return;
        encode_to(w, std::get<0>(*x.last_));
        encode_to(w, std::get<1>(*x.last_));
        encode_to(w, std::get<2>(*x.last_));
    }
    static std::expected<value_type, decode_error> decode(reader& r) {
        value_type x;
        if (!r.boolean()) return r.result(std::move(x));
        auto timestamp = r.value<Timestamp>();
        auto replica = r.value<Replica>();
        auto v = r.value<T>();
        x.last_.emplace(std::move(timestamp), std::move(replica), std::move(v));
        return r.result(std::move(x));
    }
};
