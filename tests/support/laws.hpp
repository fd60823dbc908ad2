// SPDX-License-Identifier: BSL-1.0
#pragma once

// The laws of a join-semilattice, required of three of its values within a property (support/properties.hpp).

#include <coterie/core/wire.hpp>

#include "support/properties.hpp"

namespace coterie::test {

template <class L>
L joined(L a, const L& b) {
    a.merge(b);
    return a;
}

/// merge is commutative, associative and idempotent, and the empty value changes nothing.
template <class L>
void check_join(const L& a, const L& b, const L& c, const L& empty = L()) {
    require(joined(a, b) == joined(b, a));
    require(joined(joined(a, b), c) == joined(a, joined(b, c)));
    require(joined(a, a) == a);
    require(joined(joined(a, b), b) == joined(a, b));
    require(joined(a, empty) == a);
    require(joined(empty, a) == a);
    L self = a;
    self.merge(self);
    require(self == a);
}

/// Each value has one string of bytes, however it came about.
template <class L>
void check_bytes(const L& a, const L& b) {
    const auto bytes = encode(a);
    const auto back = decode<L>(bytes);
    require(back.has_value());
    require(*back == a);
    require(encode(*back) == bytes);
    require(encode(joined(a, b)) == encode(joined(b, a)));
    require((a == b) == (bytes == encode(b)));
}

}  // namespace coterie::test
