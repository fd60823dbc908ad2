// SPDX-License-Identifier: BSL-1.0
#pragma once

// The time of a Lamport clock with the name of its replica: what makes it unique, and the order total.
// Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978.

#include <compare>
#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/core/error.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// A time that no other replica has too: events in a total order that respects causality.
///
/// Requires, for that order to be one: replicas with different names, each with one clock.
template <class Replica>
struct lamport_timestamp {
    std::uint64_t time = 0;
    Replica replica{};

    friend constexpr auto operator<=>(const lamport_timestamp&, const lamport_timestamp&) = default;
};

}  // namespace coterie::inline v0::causality

/// The time as a varint, then the replica.
template <coterie::encodable Replica>
struct coterie::codec<coterie::causality::lamport_timestamp<Replica>> {
    using value_type = causality::lamport_timestamp<Replica>;

    static void encode(writer& w, const value_type& x) {
        w.varint(x.time);
        encode_to(w, x.replica);
    }
    static std::expected<value_type, decode_error> decode(reader& r) {
        value_type x;
        x.time = r.varint();
        x.replica = r.value<Replica>();
        return r.result(std::move(x));
    }
};
