// SPDX-License-Identifier: BSL-1.0
#pragma once

// A counter that never goes below zero, although nobody asks before taking from it: seats, stock, credit. What
// is put in belongs to the replica that put it there, as its quota; a replica takes from its own quota alone,
// and quota is moved between replicas.
//
//   crdt::bounded_counter<> seats;
//   seats.increment(here, 100);
//   seats.transfer(here, there, 40);           // while both can be reached
//   auto delta = seats.decrement(there, 3);    // not_enough_quota where there are fewer than 3
//
// Guarantees: value() is at least zero everywhere, in whatever order states arrive. Costs: a replica may be
// refused although others have quota left; ask them to transfer some. An entry for each pair that moved quota.
// Source: Balegas et al., "Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants",
// SRDS 2015, arXiv:1503.09052.

#include <compare>
#include <cstddef>
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

template <class Replica>
struct quota_move;

}  // namespace detail

/// Increments less decrements, and never below zero. A regular type; a lattice.
///
/// Complexity: linear in the number of pairs that moved quota. Thread safety: that of a value.
template <causality::replica_name Replica = causality::replica_id>
class bounded_counter {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::bounded_counter;
    /// It has an entry a replica: who may have to undo a change keeps a copy.
    static constexpr bool is_cheap_to_copy = true;
    /// An or_map cannot remove one: what was taken would be forgotten, and the same quota spent again.
    static constexpr bool is_removable = false;

    /// Adds `n`, to the quota of `r`. Returns: the delta. Errors: counter_overflow where all that was ever put
    /// in would not fit 64 bits.
    std::expected<bounded_counter, crdt_errc> increment(const Replica& r, std::uint64_t n = 1) {
        if (n > ~std::uint64_t{0} - put_in().saturated()) {
            return std::unexpected(crdt_errc::counter_overflow);
        }
        return move(r, r, n);
    }

    /// Takes `n` from the quota of `r`. Returns: the delta. Errors: not_enough_quota; counter_overflow where all
    /// that `r` ever took would not fit 64 bits.
    std::expected<bounded_counter, crdt_errc> decrement(const Replica& r, std::uint64_t n = 1) {
        if (n > quota(r)) return std::unexpected(crdt_errc::not_enough_quota);
        const std::uint64_t before = taken_.at(r);
        if (n > ~std::uint64_t{0} - before) return std::unexpected(crdt_errc::counter_overflow);
        bounded_counter delta;
        delta.taken_.raise(r, before + n);
        taken_.raise(r, before + n);
        return delta;
    }

    /// Moves `n` from one's own quota to another's. To be called at `from`. Returns: the delta.
    /// Errors: not_enough_quota; counter_overflow where all that was ever moved from the one to the other would not
    /// fit 64 bits.
    std::expected<bounded_counter, crdt_errc> transfer(const Replica& from, const Replica& to,
                                                       std::uint64_t n) {
        if (n > quota(from)) return std::unexpected(crdt_errc::not_enough_quota);
        if (from == to) return bounded_counter();
        return move(from, to, n);
    }

    /// What a replica may take, as far as is known here. At the replica itself that is exact; 2^64 - 1 where it is
    /// more.
    [[nodiscard]] std::uint64_t quota(const Replica& r) const {
        detail::exact_sum in, out;
        out.add(taken_.at(r));
        for_each_move([&](const Replica& from, const Replica& to, std::uint64_t count) {
            if (to == r) in.add(count);
            if (from == r && !(to == r)) out.add(count);
        });
        return excess(in, out);
    }

    /// All that was put in less all that was taken, as far as is known here. Where what was taken arrived
    /// before what it was taken from, that is zero until this arrives too. At most 2^64 - 1.
    [[nodiscard]] std::uint64_t value() const {
        return excess(put_in(), detail::sum_of(taken_.counters()));
    }

    /// The least upper bound.
    void merge(const bounded_counter& other) {
        moved_.merge(other.moved_);
        taken_.merge(other.taken_);
    }

    /// The smallest state that brings `other` up to date with this one.
    [[nodiscard]] bounded_counter delta_since(const bounded_counter& other) const {
        bounded_counter delta;
        delta.moved_ = moved_.larger_than(other.moved_);
        delta.taken_ = taken_.larger_than(other.taken_);
        return delta;
    }

    /// Whether `b` knows all that `a` knows.
    friend bool operator<=(const bounded_counter& a, const bounded_counter& b) {
        return std::is_lteq(compare(a.moved_, b.moved_)) &&
               std::is_lteq(compare(a.taken_, b.taken_));
    }
    friend bool operator==(const bounded_counter&, const bounded_counter&) = default;

private:
    friend struct codec<bounded_counter>;

    using move_type = detail::quota_move<Replica>;

    [[nodiscard]] detail::exact_sum put_in() const {
        detail::exact_sum sum;
        for_each_move([&sum](const Replica& from, const Replica& to, std::uint64_t count) {
            if (from == to) sum.add(count);
        });
        return sum;
    }

    template <class F>
    void for_each_move(F&& f) const {
        for (std::size_t i = 0; i < moved_.size(); ++i) {
            f(moved_.replicas()[i].from, moved_.replicas()[i].to, moved_.counters()[i]);
        }
    }

    std::expected<bounded_counter, crdt_errc> move(const Replica& from, const Replica& to,
                                                   std::uint64_t n) {
        const move_type m{from, to};
        const std::uint64_t before = moved_.at(m);
        if (n > ~std::uint64_t{0} - before) return std::unexpected(crdt_errc::counter_overflow);
        bounded_counter delta;
        delta.moved_.raise(m, before + n);
        moved_.raise(m, before + n);
        return delta;
    }

    causality::detail::counter_table<move_type> moved_;
    causality::detail::counter_table<Replica> taken_;
};

}  // namespace coterie::inline v0::crdt

/// What was moved, then what was taken.
template <coterie::encodable Replica>
struct coterie::codec<coterie::crdt::bounded_counter<Replica>> {
    using counter = crdt::bounded_counter<Replica>;

    static void encode(writer& w, const counter& c) {
        c.moved_.encode(w);
        c.taken_.encode(w);
    }
    static std::expected<counter, decode_error> decode(reader& r) {
        counter c;
        constexpr std::uint64_t most = ~std::uint64_t{0};
        auto moved = decltype(c.moved_)::decode(r, most);
        if (!moved.has_value()) return std::unexpected(moved.error());
        auto taken = decltype(c.taken_)::decode(r, most);
        if (!taken.has_value()) return std::unexpected(taken.error());
        c.moved_ = std::move(*moved);
        c.taken_ = std::move(*taken);
        return c;
    }
};

// --- details ---------------------------------------------------------------------------------------

namespace coterie::inline v0::crdt::detail {

/// Whose quota went to whom; what a replica put in itself went from it to it.
template <class Replica>
struct quota_move {
    Replica from{};
    Replica to{};
    friend constexpr auto operator<=>(const quota_move&, const quota_move&) = default;
    friend constexpr bool operator==(const quota_move&, const quota_move&) = default;
};

}  // namespace coterie::inline v0::crdt::detail

/// Both replicas.
template <coterie::encodable Replica>
struct coterie::codec<coterie::crdt::detail::quota_move<Replica>> {
    static void encode(writer& w, const crdt::detail::quota_move<Replica>& m) {
        encode_to(w, m.from);
        encode_to(w, m.to);
    }
    static std::expected<crdt::detail::quota_move<Replica>, decode_error> decode(reader& r) {
        auto from = r.value<Replica>();
        auto to = r.value<Replica>();
        return r.result(crdt::detail::quota_move<Replica>{std::move(from), std::move(to)});
    }
};
