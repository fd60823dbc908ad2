// SPDX-License-Identifier: BSL-1.0
#pragma once

// What holds of every decoder, whatever bytes it is given.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <coterie/core/wire.hpp>

namespace fuzz {

inline void demand(bool holds) {
    if (!holds) __builtin_trap();
}

/// Any bytes are a value, or an error with a place in them; and a value has no other bytes than those.
/// Returns: the value, if it is one.
template <class Value>
std::optional<Value> decoded(std::span<const std::byte> input) {
    auto value = coterie::decode<Value>(input);
    if (!value.has_value()) {
        demand(value.error().offset <= input.size());
        return std::nullopt;
    }
    demand(std::ranges::equal(coterie::encode(*value), input));
    return *std::move(value);
}

}  // namespace fuzz
