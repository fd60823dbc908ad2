// SPDX-License-Identifier: BSL-1.0
#pragma once

// A version vector: how many events of each replica somebody has seen, without gaps. Two of them compare
// as what was seen does: less, greater, equivalent, or unordered, which is to say that each has seen
// something that the other has not.
//
//   causality::version_vector<> seen;
//   seen.raise(r, 17);                       // the first 17 events of r
//   if (seen <= theirs) ...                  // they know all that I know
//
// For events beyond a gap take causal_context; to stamp events of your own, vector_clock.
// Source: Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", IEEE Transactions on
// Software Engineering 9(3), 1983.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/counter_table.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// How many events of each replica were seen. A regular type, partially ordered.
///
/// Complexity: look-ups logarithmic in the number of replicas; merge and comparison linear, and vector code
/// where both have the same replicas. Thread safety: that of a value.
template <replica_name Replica = replica_id>
class version_vector {
public:
    /// How many of a replica's events were seen: 0 where it is unknown.
    [[nodiscard]] std::uint64_t at(const Replica& r) const { return seen_.at(r); }

    /// Whether an event was seen.
    [[nodiscard]] bool contains(const dot<Replica>& d) const { return d.counter <= at(d.replica); }

    /// The first `counter` events of a replica were seen. Requires: counter <= max_counter.
    void raise(const Replica& r, std::uint64_t counter) {
        COTERIE_ASSERT(counter <= max_counter);
        seen_.raise(r, counter);
    }

    /// What either has seen: the least upper bound.
    void merge(const version_vector& other) { seen_.merge(other.seen_); }

    /// How many replicas it knows.
    [[nodiscard]] std::size_t size() const noexcept { return seen_.size(); }
    [[nodiscard]] bool empty() const noexcept { return seen_.empty(); }

    /// The replicas that it knows, in their order.
    [[nodiscard]] const std::vector<Replica>& replicas() const noexcept { return seen_.replicas(); }
    /// Their counters, in the order of the replicas; none is zero.
    [[nodiscard]] const std::vector<std::uint64_t>& counters() const noexcept {
        return seen_.counters();
    }

    /// Forgets a replica, as if nothing of it had been seen. For replicas that are retired everywhere.
    void forget(const Replica& r) { seen_.erase(r); }

    friend std::partial_ordering operator<=>(const version_vector& a, const version_vector& b) {
        return compare(a.seen_, b.seen_);
    }
    friend bool operator==(const version_vector&, const version_vector&) = default;

private:
    friend struct codec<version_vector>;

    detail::counter_table<Replica> seen_;
};

}  // namespace coterie::inline v0::causality

/// A table of replicas and counters, sorted; each state has one encoding.
template <coterie::encodable Replica>
struct coterie::codec<coterie::causality::version_vector<Replica>> {
    using vector = causality::version_vector<Replica>;

    static void encode(writer& w, const vector& v) { v.seen_.encode(w); }
    static std::expected<vector, decode_error> decode(reader& r) {
        auto table = causality::detail::counter_table<Replica>::decode(r, causality::max_counter);
        if (!table.has_value()) return std::unexpected(table.error());
        vector v;
        v.seen_ = std::move(*table);
        return v;
    }
};
