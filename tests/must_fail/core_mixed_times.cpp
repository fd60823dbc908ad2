// SPDX-License-Identifier: BSL-1.0

// The fault: steady time where wall time is due.

#include <coterie/core/clock.hpp>

#if COTERIE_MUST_FAIL
coterie::wall_time now() { return coterie::steady_clock::now(); }
#else
coterie::wall_time now() { return coterie::system_clock::now(); }
#endif
