// SPDX-License-Identifier: BSL-1.0
#pragma once

// A call with its protections around it. The order decides what they mean, so it is written down and checked by
// the compiler: retries outermost, then the breaker, the throttle, the rate, and innermost the places in flight.
//
//   retry::pipeline guards{retry::breaker_gate{breaker}, retry::rate_gate{bucket}, retry::concurrency_gate{limit}};
//   const auto user = guards.call(policy, until, here, operation, classify);     // as retry_call()
//   const auto user = co_await guards.call_async<task, result>(policy, until, here, operation, classify);
//
// What a gate refuses has not reached the server, and is not tried again: a breaker that is open would be asked
// in vain, and a rate that is used up would be used up by retries. It says nothing about the server either: gates
// that were passed before the one that refused get their permit back and count nothing. The same holds for an
// attempt that was cancelled, and for one that is never finished. The rate, whose token would not come back, is asked
// last. A permanent error is a good sign: the server has answered.

#include <expected>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <coterie/core/sleeper.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/gate.hpp>  // IWYU pragma: export
#include <coterie/retry/passage.hpp>
#include <coterie/retry/retry_async.hpp>
#include <coterie/retry/retry_call.hpp>
#include <coterie/retry/retry_state.hpp>

namespace coterie::inline v0::retry {

/// Gates in the order breaker, throttle, rate, concurrency, and no kind twice.
template <class... Gates>
concept gates_in_order = detail::are_in_order<Gates...>();

/// Gates in their order, each kind at most once; another order does not compile. It refers to what the gates refer
/// to. Thread safety: that of the gates.
template <gate... Gates>
    requires gates_in_order<Gates...>
class pipeline {
public:
    explicit constexpr pipeline(Gates... gates) : gates_(gates...) {}

    /// Calls `operation(attempt)` through the gates, again and again as the policy says; see retry_call().
    /// Returns: the value; or the last error, or the gate that refused, and why there was no further attempt.
    template <backoff_policy Backoff, class Clock, sleeper Sleeper, class Random, class Budget,
              class Observer, class Operation, class Classify>
    [[nodiscard]] auto call(const retry_policy<Backoff>& policy, deadline until,
                            const retry_environment<Clock, Sleeper, Random, Budget, Observer>& here,
                            Operation&& operation, Classify&& classify) const {
        using result = std::invoke_result_t<Operation&, attempt>;
        return retry_call(
            policy, until, here,
            [&](attempt a) -> detail::guarded<result> {
                detail::passage through(gates_, here.clock, here.random);
                if (const auto by = through.refused_by()) return refusal<result>(*by);
                return through.end(operation(a), classify);
            },
            detail::classify_guarded<Classify&>{classify});
    }

    /// The same as a coroutine; see retry_async(). `Task` is awaited in one of its own kind. The gates are copied
    /// into it: what they refer to must outlive it, and the pipeline need not.
    template <template <class...> class Task, class Result, backoff_policy Backoff, class Clock,
              class Sleeper, class Random, class Budget, class Observer, class Operation,
              class Classify>
    [[nodiscard]] auto call_async(
        const retry_policy<Backoff>& policy, deadline until,
        const retry_environment<Clock, Sleeper, Random, Budget, Observer>& here,
        Operation operation, Classify classify) const {
        const auto attempt_through = [gates = gates_, here, operation = std::move(operation),
                                      classify](attempt a) mutable {
            return pass<Task, Result>(gates, here.clock, here.random, operation, classify, a);
        };
        return retry_async<Task, detail::guarded<Result>>(
            policy, until, here, attempt_through,
            detail::classify_guarded<Classify>{std::move(classify)});
    }

private:
    template <class Result>
    static constexpr auto refusal(gate_kind by) {
        return std::unexpected(gate_error<typename Result::error_type>{std::nullopt, by});
    }

    // All that it refers to is in the frame of the retry_async() that awaits it.
    template <template <class...> class Task, class Result>
    static Task<detail::guarded<Result>> pass(const std::tuple<Gates...>& gates, auto& clock,
                                              auto& random, auto& operation, auto& classify,
                                              attempt a) {
        detail::passage through(gates, clock, random);
        if (const auto by = through.refused_by()) co_return refusal<Result>(*by);
        Result result = co_await operation(a);
        co_return through.end(std::move(result), classify);
    }

    std::tuple<Gates...> gates_;
};

}  // namespace coterie::inline v0::retry
