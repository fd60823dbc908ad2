// SPDX-License-Identifier: BSL-1.0
#pragma once

// The coroutine twin of retry_call.hpp: the same loop, which awaits the operation and, between attempts, a
// timer, instead of blocking a thread. Task type, awaitables and timer are yours:
//
//   asio::awaitable<...> get = retry::retry_async<asio::awaitable, result>(policy, until, here, operation, classify);
//
// where `co_await operation(attempt)` gives a std::expected, and `co_await here.sleeper.sleep_until(t)` gives
// false if the wait was cancelled, else true.

#include <coroutine>  // IWYU pragma: keep
#include <expected>
#include <utility>

#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/retry_call.hpp>
#include <coterie/retry/retry_state.hpp>

namespace coterie::inline v0::retry {

/// As retry_call(), as a coroutine of type `Task<...>`. `Result` is the std::expected that awaiting the operation
/// gives.
///
/// Policy, operation and classification are copied into the coroutine; the environment's parts must outlive
/// it. If the coroutine is destroyed while it waits, the call is over, and the budget has its places back.
template <template <class...> class Task, class Result, backoff_policy Backoff, class Clock,
          class Sleeper, class Random, class Budget, class Observer, class Operation,
          class Classify>
[[nodiscard]] Task<detail::retried<Result>> retry_async(
    retry_policy<Backoff> policy, deadline until,
    retry_environment<Clock, Sleeper, Random, Budget, Observer> here, Operation operation,
    Classify classify) {
    retry_state state(policy, here.clock.now(), until, here.budget, here.observer);
    for (;;) {
        Result result = co_await operation(attempt{state.attempts(), until});
        if (result.has_value()) {
            state.on_success(here.clock.now());
            co_return detail::succeeded<detail::retried<Result>>(result);
        }
        const failure f = classify(std::as_const(result.error()));
        auto next = state.on_failure(here.clock.now(), f.what, f.retry_after, here.random);
        if (next.has_value()) {
            const bool is_awake = co_await here.sleeper.sleep_until(*next);
            next = state.on_wake(here.clock.now(), is_awake, f.what);
        }
        if (!next.has_value()) {
            co_return std::unexpected(
                retry_error{std::move(result.error()), next.error(), state.attempts()});
        }
    }
}

}  // namespace coterie::inline v0::retry
