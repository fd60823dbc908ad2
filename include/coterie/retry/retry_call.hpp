// SPDX-License-Identifier: BSL-1.0
#pragma once

// Calls, and calls again, as a policy says; between the attempts the thread sleeps. What sleeps, what tells the
// time and what draws is given, so the same loop runs in production and under a test's clock.
//
//   const retry::retry_environment here{clock, sleeper, random};      // and a budget and an observer, if any
//   const auto user = retry::retry_call(policy, until, here,
//       [&](retry::attempt a) { return fetch(id, a.until.remaining(clock.now())); },   // expected<user, status>
//       [](const status& s) -> retry::failure { return classify(s); });
//
// The coroutine twin is in retry_async.hpp. Where a std::stop_token shall end the waiting, the sleeper is
// adapt/stop_token.hpp's.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <type_traits>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_state.hpp>

namespace coterie::inline v0::retry {

/// What an operation is told: which attempt it is, from 1, and until when its result is of use.
struct attempt {
    std::uint32_t number;
    deadline until;
};

/// What the caller makes of an error.
struct failure {
    error_class what;
    /// What the server asked for; negative: never to retry. retry_after.hpp reads it from text or a date.
    std::optional<std::chrono::nanoseconds> retry_after = std::nullopt;

    // NOLINTNEXTLINE(google-explicit-constructor): the class alone is the usual case
    constexpr failure(error_class e,
                      std::optional<std::chrono::nanoseconds> after = std::nullopt) noexcept
        : what(e), retry_after(after) {}
};

/// The last error of a call, and why it was the last.
template <class E>
struct retry_error {
    E error;
    stop_reason reason;
    std::uint32_t attempts;

    friend bool operator==(const retry_error&, const retry_error&) = default;
};

/// What a driver works with. All are referred to and must outlive the call.
template <monotonic_clock Clock, class Sleeper, random_bit_generator Random,
          budget Budget = no_budget, observer Observer = no_observer>
struct retry_environment {
    Clock& clock;
    Sleeper& sleeper;
    Random& random;
    Budget& budget = detail::endless_budget;
    Observer& observer = detail::nobody;
};

namespace detail {

template <class Result>
using retried =
    std::expected<typename Result::value_type, retry_error<typename Result::error_type>>;

/// The value of a result, in another kind of result.
template <class To, class Result>
constexpr To succeeded(Result& result) {
    if constexpr (std::is_void_v<typename Result::value_type>) {
        return {};
    } else {
        return std::move(*result);
    }
}

}  // namespace detail

/// Calls `operation(attempt)`, which returns a std::expected, until it succeeds or the policy says to stop.
/// `classify(error)` says what an error is.
///
/// Returns: the value; or the last error, why there was no further attempt, and how many there were. A sleep
/// that was cancelled, or that lasted beyond the deadline, ends the call.
/// Thread safety: as that of the environment's parts.
template <backoff_policy Backoff, class Clock, sleeper Sleeper, class Random, class Budget,
          class Observer, class Operation, class Classify>
[[nodiscard]] constexpr auto retry_call(
    const retry_policy<Backoff>& policy, deadline until,
    const retry_environment<Clock, Sleeper, Random, Budget, Observer>& here, Operation&& operation,
    Classify&& classify) -> detail::retried<std::invoke_result_t<Operation&, attempt>> {
    retry_state state(policy, here.clock.now(), until, here.budget, here.observer);
    for (;;) {
        auto result = operation(attempt{state.attempts(), until});
        if (result.has_value()) {
            state.on_success(here.clock.now());
            return detail::succeeded<detail::retried<decltype(result)>>(result);
        }
        const failure f = classify(std::as_const(result.error()));
        auto next = state.on_failure(here.clock.now(), f.what, f.retry_after, here.random);
        if (next.has_value()) {
            const bool is_awake = here.sleeper.sleep_until(*next);
            next = state.on_wake(here.clock.now(), is_awake, f.what);
        }
        if (!next.has_value()) {
            return std::unexpected(
                retry_error{std::move(result.error()), next.error(), state.attempts()});
        }
    }
}

}  // namespace coterie::inline v0::retry
