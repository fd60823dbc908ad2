// SPDX-License-Identifier: BSL-1.0

// The fault: a key of a map of bounded_counters is removed, also where the map is in another one.

#include <string>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/or_map.hpp>

using coterie::causality::replica_id;
using stock = coterie::crdt::or_map<std::string, coterie::crdt::bounded_counter<>>;
using stocks = coterie::crdt::or_map<std::string, stock>;

stock& forget(stock& s, const replica_id& me) {
    (void)s.update(me, "seats", [&](auto& c) { return c.increment(me, 100); });
    return s;
}

#if COTERIE_MUST_FAIL
stocks forget(stocks& s, const replica_id& me) { return s.remove(me, "hall"); }
#else
stocks& forget(stocks& s, const replica_id& me) {
    (void)s.update(me, "hall", [&](stock& inner) {
        return inner.update(me, "seats", [&](auto& c) { return c.increment(me, 100); });
    });
    return s;
}
#endif
