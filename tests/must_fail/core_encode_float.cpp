// SPDX-License-Identifier: BSL-1.0

// The fault: a floating-point number on the wire, where equal values would have different bytes.

#include <bit>
#include <cstdint>

#include <coterie/core/wire.hpp>

#if COTERIE_MUST_FAIL
std::vector<std::byte> bytes(double x) { return coterie::encode(x); }
#else
std::vector<std::byte> bytes(double x) { return coterie::encode(std::bit_cast<std::uint64_t>(x)); }
#endif
