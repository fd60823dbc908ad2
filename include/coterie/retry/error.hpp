// SPDX-License-Identifier: BSL-1.0
#pragma once

// What failed, as far as retrying goes, and why a call is not tried again.

#include <cstdint>

namespace coterie::inline v0::retry {

/// What the caller makes of a failure. Which status code is which, only the caller knows.
enum class error_class : std::uint8_t {
    transient,  ///< certainly not done: connection refused, unavailable
    throttled,  ///< certainly not done: the server has too much to do
    ambiguous,  ///< done or not, nobody knows: a timeout, a connection lost
    permanent,  ///< would fail again: bad request, forbidden
    refused,  ///< by this side: a breaker that is open, a throttle. Trying again at once defeats it
    cancelled,  ///< nobody waits for the result
};

[[nodiscard]] constexpr const char* describe(error_class e) noexcept {
    switch (e) {
        case error_class::transient: return "transient";
        case error_class::throttled: return "throttled";
        case error_class::ambiguous: return "ambiguous";
        case error_class::permanent: return "permanent";
        case error_class::refused: return "refused";
        case error_class::cancelled: return "cancelled";
    }
    return "not an error class";
}

/// Whether the server may be asked again at all, if the call may be repeated.
[[nodiscard]] constexpr bool is_retryable(error_class e) noexcept {
    return e <= error_class::ambiguous;
}

/// Why there is no further try.
enum class stop_reason : std::uint8_t {
    attempts_exhausted,  ///< as many as the policy allows
    deadline,            ///< the next try could not end in time
    budget,              ///< all calls together have retried too much
    permanent_error,     ///< it would fail again
    not_idempotent,      ///< it may have been done, and must not be done twice
    pushback,            ///< the server said so
    refused,             ///< this side refused to ask the server
    cancelled,           ///< nobody waits for the result
};

[[nodiscard]] constexpr const char* describe(stop_reason r) noexcept {
    switch (r) {
        case stop_reason::attempts_exhausted: return "attempts exhausted";
        case stop_reason::deadline: return "not before the deadline";
        case stop_reason::budget: return "retry budget spent";
        case stop_reason::permanent_error: return "permanent error";
        case stop_reason::not_idempotent: return "may have been done, not idempotent";
        case stop_reason::pushback: return "server asked not to retry";
        case stop_reason::refused: return "refused by the client";
        case stop_reason::cancelled: return "cancelled";
    }
    return "not a stop reason";
}

}  // namespace coterie::inline v0::retry
