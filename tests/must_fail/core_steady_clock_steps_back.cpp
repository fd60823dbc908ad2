// SPDX-License-Identifier: BSL-1.0

// The fault: steady time that goes back.

#include <coterie/core/clock.hpp>

#if COTERIE_MUST_FAIL
using clock_under_test = coterie::manual_steady_clock;
#else
using clock_under_test = coterie::manual_clock;
#endif

void correct(clock_under_test& clock) { clock.step_back(std::chrono::seconds(1)); }
