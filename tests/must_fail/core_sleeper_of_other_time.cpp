// SPDX-License-Identifier: BSL-1.0

// The fault: a wait for steady time by a sleeper that moves a wall clock.

#include <coterie/core/sleeper.hpp>

bool wait(coterie::sleeper<coterie::steady_time> auto sleep) {
    return sleep.sleep_until(coterie::steady_time());
}

#if COTERIE_MUST_FAIL
bool waited(coterie::manual_clock& clock) { return wait(coterie::manual_sleeper(clock)); }
#else
bool waited(coterie::manual_steady_clock& clock) { return wait(coterie::manual_sleeper(clock)); }
#endif
