// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an idempotency table (idempotency_table.hpp) knows of one call, and what a store of it keeps.

#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry {

/// What is known of one call: in flight, done with a result, or given up without having been run. Its codec is in
/// idempotency_wire.hpp.
template <class Result>
struct call_record {
    std::uint64_t fingerprint = 0;
    std::uint64_t token = 0;
    /// When it was claimed, renewed or done.
    steady_time since;
    /// Until when the lease holds; of what is over, until when it is remembered.
    steady_time until;
    std::optional<Result> result;
    /// Whether it was given up: whoever asks next may run it. Such a call has no result.
    bool was_abandoned = false;

    /// Whether nobody runs it.
    [[nodiscard]] constexpr bool is_over() const noexcept {
        return result.has_value() || was_abandoned;
    }

    friend constexpr bool operator==(const call_record&, const call_record&) = default;
};

/// What a table must know beside its records, so that it answers after a restart as it did before. Its codec is in
/// idempotency_wire.hpp.
struct call_ledger {
    /// What was issued by then and is not among the records may have been run.
    steady_time horizon = steady_time::min();
    /// The latest time at which something changed.
    steady_time latest = steady_time::min();
    /// The largest token that was ever given.
    std::uint64_t last_token = 0;

    friend constexpr bool operator==(const call_ledger&, const call_ledger&) = default;
};

}  // namespace coterie::inline v0::retry
