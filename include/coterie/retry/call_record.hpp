// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an idempotency table (idempotency_table.hpp) knows of one call, and what a store of it keeps.

#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry {

/// What is known of one call: in flight without a result, done with one. Its codec is in idempotency_wire.hpp.
template <class Result>
struct call_record {
    std::uint64_t fingerprint = 0;
    std::uint64_t token = 0;
    /// Until when the lease holds; of what is done, until when it is remembered.
    steady_time until;
    std::optional<Result> result;

    friend constexpr bool operator==(const call_record&, const call_record&) = default;
};

}  // namespace coterie::inline v0::retry
