// SPDX-License-Identifier: BSL-1.0

// The fault: a generator whose numbers are neither 32 nor 64 uniform bits.

#include <random>

#include <coterie/core/random.hpp>

#if COTERIE_MUST_FAIL
using generator = std::minstd_rand;
#else
using generator = std::mt19937;
#endif

std::uint64_t roll(generator& g) { return coterie::uniform_below(g, 6); }
