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
// in vain, and a rate that is used up would be used up by retries. Gates that were passed before the one that
// refused get their permit back, and all of them do if an operation is never finished. A permanent error is a
// good sign: the server has answered.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_async.hpp>
#include <coterie/retry/retry_call.hpp>
#include <coterie/retry/retry_state.hpp>

namespace coterie::inline v0::retry {

/// The gates, from the outside in.
enum class gate_kind : std::uint8_t {
    breaker,
    throttle,
    rate,
    concurrency
};

[[nodiscard]] constexpr const char* describe(gate_kind k) noexcept {
    switch (k) {
        case gate_kind::breaker: return "circuit breaker";
        case gate_kind::throttle: return "throttle";
        case gate_kind::rate: return "rate limit";
        case gate_kind::concurrency: return "concurrency limit";
    }
    return "not a gate";
}

/// What a call says about the service.
enum class gate_outcome : std::uint8_t {
    answered,    ///< it works: a success, or an error of the caller's
    failed,      ///< it does not
    overloaded,  ///< it says that it has too much to do, or it did not answer in time
    nothing,     ///< it was not asked, or nobody waited for the answer
};

/// A gate: `try_enter(now, random)` gives a permit or nothing, `leave(permit, now, outcome)` takes it back.
template <class G>
concept gate = requires(const G& g, steady_time now, rng& random) {
    { G::kind } -> std::convertible_to<gate_kind>;
    g.leave(*g.try_enter(now, random), now, gate_outcome::answered);
};

/// A breaker, for one owner or for threads, as a gate.
template <class Breaker>
struct breaker_gate {
    static constexpr gate_kind kind = gate_kind::breaker;
    Breaker& breaker;

    /// See `gate`.
    std::optional<breaker_permit> try_enter(steady_time now, auto&) const {
        const auto permit = breaker.try_acquire(now);
        return permit.has_value() ? std::optional(*permit) : std::nullopt;
    }
    void leave(const breaker_permit& p, steady_time now, gate_outcome o) const {
        if (o == gate_outcome::nothing) return breaker.release(p);
        o == gate_outcome::answered ? breaker.on_success(p, now) : breaker.on_failure(p, now);
    }
};

/// What gates pass that need nothing back.
struct no_permit {};

/// An adaptive throttle, for one owner or for threads, as a gate.
template <class Throttle>
struct throttle_gate {
    static constexpr gate_kind kind = gate_kind::throttle;
    Throttle& throttle;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time now, auto& random) const {
        return throttle.try_acquire(now, random) ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time now, gate_outcome o) const {
        if (o == gate_outcome::answered) throttle.on_accepted(now);
    }
};

/// A token bucket, for one owner or for threads, as a gate. A token that was taken stays so.
template <class Bucket>
struct rate_gate {
    static constexpr gate_kind kind = gate_kind::rate;
    Bucket& bucket;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time now, auto&) const {
        return bucket.try_take(now) ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time, gate_outcome) const {}
};

/// A concurrency limit as a gate.
struct concurrency_gate {
    static constexpr gate_kind kind = gate_kind::concurrency;
    concurrency_limit& limit;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time, auto&) const {
        return limit.try_acquire() ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time, gate_outcome o) const {
        if (o == gate_outcome::answered) return limit.on_success();
        o == gate_outcome::overloaded ? limit.on_overload() : limit.release();
    }
};

/// What a call through gates fails with: the operation's error, or the gate that refused it.
template <class E>
struct gate_error {
    std::optional<E> error;
    gate_kind refused_by{};  ///< where there is no error

    friend bool operator==(const gate_error&, const gate_error&) = default;
};

/// What the class of an error says about the service.
[[nodiscard]] constexpr gate_outcome outcome_of(error_class e) noexcept {
    switch (e) {
        case error_class::transient: return gate_outcome::failed;
        case error_class::throttled:
        case error_class::ambiguous: return gate_outcome::overloaded;
        case error_class::permanent: return gate_outcome::answered;
        case error_class::refused:
        case error_class::cancelled: break;
    }
    return gate_outcome::nothing;
}

namespace detail {

template <class... Gates>
consteval bool are_in_order() {
    [[maybe_unused]] int last = -1;
    return ((std::exchange(last, static_cast<int>(Gates::kind)) < static_cast<int>(Gates::kind)) &&
            ...);
}

template <class Result>
using guarded = std::expected<typename Result::value_type, gate_error<typename Result::error_type>>;

/// What the caller makes of an error, made of what a call through gates fails with.
template <class Classify>
struct classify_guarded {
    Classify classify;

    template <class E>
    constexpr failure operator()(const gate_error<E>& e) {
        return e.error ? failure(classify(*e.error)) : failure(error_class::refused);
    }
};

/// One attempt's way through the gates: in by their order, out by the opposite one. An attempt that is given up says
/// nothing.
template <class Clock, class... Gates>
class passage {
public:
    constexpr passage(const std::tuple<Gates...>& gates, Clock& clock, auto& random)
        : gates_(gates), clock_(clock) {
        enter<0>(random);
    }
    passage(const passage&) = delete;
    passage& operator=(const passage&) = delete;
    constexpr ~passage() { leave(gate_outcome::nothing); }

    /// The gate that refused, if one did; those before it have their permits back.
    constexpr std::optional<gate_kind> refused_by() const { return refused_by_; }

    /// Leaves the gates as the result says, and passes it on.
    template <class Result>
    constexpr guarded<Result> end(Result result, auto& classify) {
        if (result.has_value()) {
            leave(gate_outcome::answered);
            return succeeded<guarded<Result>>(result);
        }
        leave(outcome_of(failure(classify(std::as_const(result.error()))).what));
        return std::unexpected(gate_error<typename Result::error_type>{std::move(result.error())});
    }

private:
    template <class Gate>
    using permit =
        decltype(std::declval<const Gate&>().try_enter(steady_time{}, std::declval<rng&>()));

    template <std::size_t I>
    constexpr void enter(auto& random) {
        if constexpr (I < sizeof...(Gates)) {
            const auto& gate = std::get<I>(gates_);
            std::get<I>(permits_) = gate.try_enter(clock_.now(), random);
            if (std::get<I>(permits_)) return enter<I + 1>(random);
            refused_by_ = gate.kind;
            leave(gate_outcome::nothing);
        }
    }
    constexpr void leave(gate_outcome o) { leave_first<sizeof...(Gates)>(o); }
    template <std::size_t N>
    constexpr void leave_first(gate_outcome o) {
        if constexpr (N > 0) {
            auto& mine = std::get<N - 1>(permits_);
            if (mine) std::get<N - 1>(gates_).leave(*mine, clock_.now(), o);
            mine.reset();
            leave_first<N - 1>(o);
        }
    }

    const std::tuple<Gates...>& gates_;
    Clock& clock_;
    std::tuple<permit<Gates>...> permits_;
    std::optional<gate_kind> refused_by_;
};

}  // namespace detail

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
