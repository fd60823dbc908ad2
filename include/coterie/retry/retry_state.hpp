// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether to try again, and when: the decision, without the doing. The drivers (retry_call.hpp,
// retry_async.hpp) are loops around it; an event loop of your own needs no more than this.
//
//   constexpr retry::retry_policy policy{.backoff = retry::exponential_backoff{.base = 50ms, .cap = 5s}};
//   retry::retry_state call(policy, now, retry::deadline::in(2s, now));
//   const auto again = call.on_failure(now, retry::error_class::transient, std::nullopt, random);
//   if (again) timer.start(*again); else log(describe(again.error()));
//
// An ambiguous failure (a timeout) is tried again only if the policy says that the call is idempotent.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>

namespace coterie::inline v0::retry {

/// What may be tried again, how often and how fast. A value; share one between all calls.
template <backoff_policy Backoff = exponential_backoff<>>
struct retry_policy {
    Backoff backoff{};
    /// For a server that has too much to do; it goes on where `backoff` is, with a base and cap of its own.
    Backoff throttled = backoff;
    /// The first one included.
    std::uint32_t max_attempts = 4;
    /// Whether to do it twice is the same as to do it once.
    bool is_idempotent = false;
    /// What an attempt needs at least: one that would have less before the deadline is not started.
    std::chrono::nanoseconds min_attempt_time{};
    /// How much longer than the backoff a server may ask to wait; what it asks beyond that is ignored. Not negative.
    std::chrono::nanoseconds max_retry_after_excess = std::chrono::nanoseconds::max();
    /// Whether the backoff starts anew after a wait that the server asked for, as gRPC has it.
    bool retry_after_resets = false;
};

/// What to give as `retry_after` where the server forbids a retry, or asks for what cannot be read. Every negative
/// duration means this: never `date - now`, which is negative for a date that has passed. See retry_after.hpp.
inline constexpr std::chrono::nanoseconds no_retry{-1};

/// A share of all calls' retries, in five hooks, and a sixth that a budget may leave out; this one is never spent. See
/// retry_budget.hpp.
struct no_budget {
    /// A call begins.
    static constexpr void on_call(steady_time) noexcept {}
    /// An attempt failed in a way that could be tried again.
    static constexpr void on_failure(steady_time, error_class) noexcept {}
    /// Takes what one retry costs, after attempt number `attempt`, from 1.
    /// Returns: false where there is not enough, and then takes nothing.
    static constexpr bool try_retry(steady_time, error_class, std::uint32_t /*attempt*/) noexcept {
        return true;
    }
    /// A call succeeded: at once, or at a retry, whose `cause` is the failure that it followed and that its
    /// try_retry() was told of.
    static constexpr void on_success(steady_time, std::optional<error_class> /*cause*/) noexcept {}
    /// A call is over, however it ended, after so many attempts.
    static constexpr void on_end(std::uint32_t /*attempts*/) noexcept {}
    /// The attempt that on_call() or try_retry() was told of last was not sent: this side refused it, or the wait for it
    /// was cancelled or took too long. `cause` is the failure that a retry followed; none of a first attempt.
    static constexpr void on_unsent(steady_time, std::optional<error_class> /*cause*/) noexcept {}
};

/// Something with the hooks of `no_budget`.
template <class B>
concept budget = requires(B& b, steady_time now, error_class e) {
    b.on_call(now);
    b.on_failure(now, e);
    { b.try_retry(now, e, std::uint32_t{}) } -> std::same_as<bool>;
    b.on_success(now, std::optional(e));
    b.on_end(std::uint32_t{});
};

/// Who wants to know, for metrics. This one does not.
struct no_observer {
    /// Attempt number `attempt`, from 1, failed; the next begins after `delay`.
    static constexpr void on_retry(std::uint32_t /*attempt*/, error_class,
                                   std::chrono::nanoseconds /*delay*/) noexcept {}
    /// Attempt number `attempt` failed and is the last.
    static constexpr void on_stop(std::uint32_t /*attempt*/, error_class, stop_reason) noexcept {}
    /// Attempt number `attempt` succeeded.
    static constexpr void on_success(std::uint32_t /*attempt*/) noexcept {}
};

/// Something with the hooks of `no_observer`.
template <class O>
concept observer = requires(O& o, error_class e, stop_reason r, std::chrono::nanoseconds d) {
    o.on_retry(std::uint32_t{}, e, d);
    o.on_stop(std::uint32_t{}, e, r);
    o.on_success(std::uint32_t{});
};

namespace detail {

inline constinit no_budget endless_budget;
inline constinit no_observer nobody;

}  // namespace detail

/// One call and its attempts. It refers to policy, budget and observer, which must outlive it.
///
/// Complexity: constant; at most 64 bytes with the backoffs of this library. Thread safety: none; the budget
/// and the observer are shared as far as they allow.
template <backoff_policy Backoff, budget Budget = no_budget, observer Observer = no_observer>
class retry_state {
public:
    /// The first attempt begins.
    explicit constexpr retry_state(const retry_policy<Backoff>& policy, steady_time now,
                                   deadline until = {}, Budget& budget = detail::endless_budget,
                                   Observer& observer = detail::nobody)
        : policy_(&policy), budget_(&budget), observer_(&observer), deadline_(until) {
        budget_->on_call(now);
    }

    retry_state(const retry_state&) = delete;
    retry_state& operator=(const retry_state&) = delete;

    /// The call is over, if it was not before.
    constexpr ~retry_state() { end(); }

    /// An attempt failed. `retry_after` is what the server asked for: no retry comes earlier. A negative one means that
    /// the server forbids a retry; of a date that has passed give zero, as retry_after.hpp does.
    ///
    /// Returns: when to try again, or why not. Draws at most one delay.
    template <random_bit_generator G>
    [[nodiscard]] constexpr std::expected<steady_time, stop_reason> on_failure(
        steady_time now, error_class e, std::optional<std::chrono::nanoseconds> retry_after,
        G&& random);

    /// The last attempt succeeded.
    constexpr void on_success(steady_time now) {
        budget_->on_success(now, cause());
        observer_->on_success(attempts_);
        end();
    }

    /// The wait for the retry that on_failure() allowed, after a failure of class `e`, is over: because it is
    /// time, or because it was cancelled. Returns: `now`; or why there is no retry after all, which is also
    /// that the wait took too long.
    [[nodiscard]] constexpr std::expected<steady_time, stop_reason> on_wake(steady_time now,
                                                                            bool is_time,
                                                                            error_class e);

    /// How many attempts there were, the present one included.
    [[nodiscard]] constexpr std::uint32_t attempts() const noexcept { return attempts_; }

    /// Until when the call is of use.
    [[nodiscard]] constexpr deadline until() const noexcept { return deadline_; }

private:
    constexpr std::optional<stop_reason> reason_to_stop(
        error_class e, std::optional<std::chrono::nanoseconds> retry_after) const;
    template <class G>
    constexpr std::chrono::nanoseconds next_delay(
        error_class e, std::optional<std::chrono::nanoseconds> retry_after, G& random);
    constexpr std::unexpected<stop_reason> stop(error_class e, stop_reason reason);
    constexpr std::optional<error_class> cause() const noexcept {
        return attempts_ > 1 ? std::optional(cause_) : std::nullopt;
    }
    constexpr void tell_unsent(steady_time now) {
        if constexpr (requires { budget_->on_unsent(now, cause()); }) {
            budget_->on_unsent(now, cause());
        }
    }
    constexpr void end() {
        if (!has_ended_) budget_->on_end(attempts_);
        has_ended_ = true;
    }

    const retry_policy<Backoff>* policy_;
    Budget* budget_;
    Observer* observer_;
    deadline deadline_;
    [[no_unique_address]] Backoff::state_type backoff_{};
    std::uint32_t attempts_ = 1;
    error_class cause_{};  // of the last retry, if there was one
    bool has_ended_ = false;
};

// --- details ---------------------------------------------------------------------------------------

template <backoff_policy Backoff, budget Budget, observer Observer>
template <random_bit_generator G>
constexpr std::expected<steady_time, stop_reason>
retry_state<Backoff, Budget, Observer>::on_failure(
    steady_time now, error_class e, std::optional<std::chrono::nanoseconds> retry_after,
    G&& random) {
    if (is_retryable(e)) budget_->on_failure(now, e);
    if (e == error_class::refused) tell_unsent(now);
    if (const auto reason = reason_to_stop(e, retry_after)) return stop(e, *reason);

    const auto delay = next_delay(e, retry_after, random);
    const auto at = saturating_add(now, delay);
    if (!deadline_.allows(at, policy_->min_attempt_time)) return stop(e, stop_reason::deadline);
    if (!budget_->try_retry(now, e, attempts_)) return stop(e, stop_reason::budget);
    observer_->on_retry(attempts_, e, delay);
    ++attempts_;
    cause_ = e;
    return at;
}

template <backoff_policy Backoff, budget Budget, observer Observer>
constexpr std::optional<stop_reason> retry_state<Backoff, Budget, Observer>::reason_to_stop(
    error_class e, std::optional<std::chrono::nanoseconds> retry_after) const {
    if (e == error_class::cancelled) return stop_reason::cancelled;
    if (e == error_class::refused) return stop_reason::refused;
    if (!is_retryable(e)) return stop_reason::permanent_error;
    if (e == error_class::ambiguous && !policy_->is_idempotent) return stop_reason::not_idempotent;
    if (retry_after && retry_after->count() < 0) return stop_reason::pushback;
    if (attempts_ >= policy_->max_attempts) return stop_reason::attempts_exhausted;
    return std::nullopt;
}

template <backoff_policy Backoff, budget Budget, observer Observer>
template <class G>
constexpr std::chrono::nanoseconds retry_state<Backoff, Budget, Observer>::next_delay(
    error_class e, std::optional<std::chrono::nanoseconds> retry_after, G& random) {
    const auto& backoff = e == error_class::throttled ? policy_->throttled : policy_->backoff;
    const auto drawn = backoff.next(backoff_, random);
    if (retry_after && policy_->retry_after_resets) backoff_ = {};
    if (!retry_after || *retry_after <= drawn) return drawn;
    const auto excess = *retry_after - drawn;
    const auto most = policy_->max_retry_after_excess;
    COTERIE_ASSERT(most.count() >= 0);
    return drawn + (excess < most ? excess : most);
}

template <backoff_policy Backoff, budget Budget, observer Observer>
constexpr std::expected<steady_time, stop_reason> retry_state<Backoff, Budget, Observer>::on_wake(
    steady_time now, bool is_time, error_class e) {
    if (is_time && deadline_.allows(now, policy_->min_attempt_time)) return now;
    tell_unsent(now);
    end();  // as long as the retry counts: the budget has seen it
    --attempts_;
    return stop(e, is_time ? stop_reason::deadline : stop_reason::cancelled);
}

template <backoff_policy Backoff, budget Budget, observer Observer>
constexpr std::unexpected<stop_reason> retry_state<Backoff, Budget, Observer>::stop(
    error_class e, stop_reason reason) {
    observer_->on_stop(attempts_, e, reason);
    end();
    return std::unexpected(reason);
}

}  // namespace coterie::inline v0::retry
