// SPDX-License-Identifier: BSL-1.0

// The fault: a type without a codec, deep inside one that would have one.

#include <optional>

#include <coterie/core/wire.hpp>

struct stranger {};

#if COTERIE_MUST_FAIL
using element = stranger;
#else
using element = bool;
#endif

bool accepts(std::span<const std::byte> input) {
    return coterie::decode<std::vector<std::optional<element>>>(input).has_value();
}
