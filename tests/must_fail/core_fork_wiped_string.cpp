// SPDX-License-Identifier: BSL-1.0

// The fault: fork-wiped state for which zero bytes are no value.

#include <array>
#include <string>

#include <coterie/core/fork.hpp>

#if COTERIE_MUST_FAIL
using held = std::string;
#else
using held = std::array<char, 32>;
#endif

coterie::fork_wiped<held> state;
