// SPDX-License-Identifier: BSL-1.0
#pragma once

// The laws of a join-semilattice, as RapidCheck assertions on three of its values.

#include <rapidcheck.h>

#include <coterie/core/wire.hpp>

namespace coterie::test {

template <class L>
L joined(L a, const L& b) {
    a.merge(b);
    return a;
}

/// merge is commutative, associative and idempotent, and the empty value changes nothing.
template <class L>
void check_join(const L& a, const L& b, const L& c) {
    RC_ASSERT((joined(a, b) == joined(b, a)));
    RC_ASSERT((joined(joined(a, b), c) == joined(a, joined(b, c))));
    RC_ASSERT((joined(a, a) == a));
    RC_ASSERT((joined(joined(a, b), b) == joined(a, b)));
    RC_ASSERT((joined(a, L()) == a));
    RC_ASSERT((joined(L(), a) == a));
    L self = a;
    self.merge(self);
    RC_ASSERT((self == a));
}

/// <= is a partial order, it is the one that merge implies, and merge is its least upper bound.
template <class L>
void check_order(const L& a, const L& b, const L& c) {
    RC_ASSERT((a <= a));
    RC_ASSERT(((a <= b && b <= a) == (a == b)));
    if (a <= b && b <= c) RC_ASSERT((a <= c));
    RC_ASSERT(((a <= b) == (joined(a, b) == b)));
    RC_ASSERT((a <= joined(a, b)));
    if (a <= c && b <= c) RC_ASSERT((joined(a, b) <= c));
    RC_ASSERT((L() <= a));
}

/// delta_since is what is missing, and no more than that.
template <class L>
void check_difference(const L& a, const L& b) {
    const L news = a.delta_since(b);
    RC_ASSERT((joined(b, news) == joined(b, a)));
    RC_ASSERT((news <= a));
    RC_ASSERT((news.delta_since(b) == news));
    RC_ASSERT(((news == L()) == (a <= b)));
}

/// Each value has one string of bytes, however it came about.
template <class L>
void check_bytes(const L& a, const L& b) {
    const auto bytes = encode(a);
    const auto back = decode<L>(bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT((*back == a));
    RC_ASSERT(encode(*back) == bytes);
    RC_ASSERT(encode(joined(a, b)) == encode(joined(b, a)));
    RC_ASSERT(((a == b) == (bytes == encode(b))));
}

}  // namespace coterie::test
