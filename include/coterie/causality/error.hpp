// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why a replica cannot count its next event, or its events cannot be spoken of.

#include <cstdint>

#include <coterie/core/error.hpp>  // IWYU pragma: export

namespace coterie::inline v0::causality {

/// Why there is no next event, or nothing is known of it.
enum class causality_errc : std::uint8_t {
    counter_exhausted,  ///< the replica has counted to max_counter
    unknown_member,     ///< news of somebody who is no member
    retired_otherwise,  ///< the replica is noted as retired after another number of events
};

[[nodiscard]] constexpr const char* describe(causality_errc code) noexcept {
    switch (code) {
        case causality_errc::counter_exhausted: return "counter of the replica is exhausted";
        case causality_errc::unknown_member: return "not a member";
        case causality_errc::retired_otherwise:
            return "replica has retired after another number of events";
    }
    return "unknown causality error";
}

/// The largest counter of an event. An event a nanosecond reaches it in 292 years; a peer that lies reaches
/// it at once.
inline constexpr std::uint64_t max_counter = ~std::uint64_t{0} >> 1;

}  // namespace coterie::inline v0::causality
