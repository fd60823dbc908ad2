// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why a replicated value refuses an operation, or a state.

#include <cstdint>

#include <coterie/core/error.hpp>  // IWYU pragma: export

namespace coterie::inline v0::crdt {

/// Why an operation was refused. Then nothing has changed.
enum class crdt_errc : std::uint8_t {
    dots_exhausted,    ///< the replica has counted to causality::max_counter
    counter_overflow,  ///< the sum does not fit the counter
    not_enough_quota,  ///< a bounded counter's replica may not take so much
    reused_dot,        ///< two states name different things by one dot: a replica id is used twice
};

[[nodiscard]] constexpr const char* describe(crdt_errc code) noexcept {
    switch (code) {
        case crdt_errc::dots_exhausted: return "dots of the replica are exhausted";
        case crdt_errc::counter_overflow: return "counter would overflow";
        case crdt_errc::not_enough_quota: return "replica has not enough quota";
        case crdt_errc::reused_dot: return "one dot names two different things";
    }
    return "unknown crdt error";
}

}  // namespace coterie::inline v0::crdt
