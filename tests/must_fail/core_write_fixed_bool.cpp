// SPDX-License-Identifier: BSL-1.0

// The fault: a bool as a fixed integer, which could be read back as 2.

#include <coterie/core/wire.hpp>

void write(coterie::writer& w, bool x) {
#if COTERIE_MUST_FAIL
    w.fixed(x);
#else
    w.boolean(x);
#endif
}
