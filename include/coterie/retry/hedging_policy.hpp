// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sends a call again before the first has failed, because it is late; the first answer wins. It cuts the slowest
// answers of a service that is well, and doubles the load of one that is not, so it has a budget of its own. For
// calls that are idempotent, and of which the losers are cancelled.
//
//   retry::hedge_budget budget;                                       // one for each service
//   retry::hedge_state call({.delay = p95, .max_attempts = 2}, now, until, budget);
//   ... when it is *call.next_at():   if (call.try_send(now)) send a copy; else if (call.is_lost()) all is lost
//   ... when a copy fails:            if (!call.on_failure(now, error)) all is lost
//   ... when a copy succeeds:         call.on_success(), and cancel the others
//
// Source: Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013; gRPC proposal A6, "Hedging policy".

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/share.hpp>
#include <coterie/core/sharing.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>

namespace coterie::inline v0::retry {

/// After how long the next copy goes out, and how many there are at most, the first included. A delay at the 95th
/// percentile of latency costs 5 % more calls. Requires: delay >= 0, max_attempts >= 1.
struct hedging_policy {
    std::chrono::nanoseconds delay{};
    std::uint32_t max_attempts = 2;
};

namespace detail {

/// How much all calls together may hedge: a copy takes a token, a success earns a part of one. So copies are at
/// most per_success / (1 - per_success) of the successes, once the first tokens are spent.
///
/// Complexity: one atomic load where nothing changes, else one compare-exchange. Thread safety: any number.
template <class Sharing>
class basic_hedge_budget {
public:
    /// Both are kept to three decimals. Requires: 1 <= max_tokens <= 1000; a per_success that is 0, or at least
    /// 0.001, and at most 1.
    struct options {
        double max_tokens = 10;
        double per_success = 0.05;
    };

    basic_hedge_budget() noexcept : basic_hedge_budget(options{}) {}
    explicit basic_hedge_budget(const options& o) noexcept
        : max_(coterie::detail::thousandths(o.max_tokens)),
          earned_(coterie::detail::thousandths(o.per_success)),
          tokens_(max_) {
        COTERIE_ASSERT(1000 <= max_ && earned_ <= 1000 && (earned_ > 0 || o.per_success == 0));
    }

    basic_hedge_budget(const basic_hedge_budget&) = delete;
    basic_hedge_budget& operator=(const basic_hedge_budget&) = delete;

    /// Takes a token for a copy. Returns: false where there is none.
    [[nodiscard]] bool try_hedge() noexcept;
    /// A copy that had a token was not sent: gives the token back.
    void on_unsent() noexcept { give(1000); }
    /// A call succeeded.
    void on_success() noexcept { give(earned_); }

private:
    void give(std::int32_t thousandths) noexcept;

    std::int32_t max_;
    std::int32_t earned_;
    typename Sharing::template cell<std::int32_t> tokens_;
};

}  // namespace detail

/// A budget of copies that threads share, without a lock.
using hedge_budget = detail::basic_hedge_budget<coterie::detail::shared_by_threads>;

/// One call and its copies; the first was sent when it is made. It refers to the budget, which must outlive it.
///
/// Complexity: constant. Thread safety: none.
class hedge_state {
public:
    hedge_state(const hedging_policy& policy, steady_time now, deadline until,
                hedge_budget& budget) noexcept
        : policy_(policy), until_(until), budget_(&budget) {
        COTERIE_ASSERT(policy.delay.count() >= 0 && policy.max_attempts >= 1);
        plan(saturating_add(now, policy.delay));
    }

    /// When the next copy is due, if one is planned before the deadline. A failure may bring one back.
    [[nodiscard]] std::optional<steady_time> next_at() const noexcept { return next_at_; }

    /// Whether to send a copy now: one is due, it is of use before the deadline, and the budget has a token. If it
    /// has none, there will be no more copies; then ask is_lost().
    [[nodiscard]] bool try_send(steady_time now) noexcept;

    /// A copy failed. If it could be tried again, the next is due at once, or when the server says
    /// (`retry_after`); where the delay would have ended after the deadline, too. A negative `retry_after` means
    /// that the server forbids more copies: a date that has passed is zero, see retry_after.hpp.
    ///
    /// A copy that this side refused was not sent: it says nothing about those in flight, gives its token back, and
    /// ends the sending. Returns: false if the call has failed, and what is in flight is to be cancelled.
    [[nodiscard]] bool on_failure(
        steady_time now, error_class e,
        std::optional<std::chrono::nanoseconds> retry_after = std::nullopt) noexcept;

    /// A copy succeeded; what else is in flight is to be cancelled.
    void on_success() noexcept {
        budget_->on_success();
        stop();
    }

    /// Whether nothing is in flight, and nothing will be: every copy failed, and the next one was not granted.
    [[nodiscard]] bool is_lost() const noexcept { return in_flight_ == 0 && !next_at_; }

    /// How many copies were sent, and how many of them have not failed.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return attempts_; }
    /// \copydoc attempts
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

private:
    void plan(steady_time at) noexcept {
        next_at_.reset();
        if (attempts_ < policy_.max_attempts && until_.allows(at, {})) next_at_ = at;
    }
    void stop() noexcept {
        may_send_ = false;
        next_at_.reset();
    }

    hedging_policy policy_;
    deadline until_;
    hedge_budget* budget_;
    std::optional<steady_time> next_at_;
    std::uint32_t attempts_ = 1;
    std::uint32_t in_flight_ = 1;
    bool may_send_ = true;  // until somebody has said no, whatever is planned
};

// --- details ---------------------------------------------------------------------------------------

template <class Sharing>
inline bool detail::basic_hedge_budget<Sharing>::try_hedge() noexcept {
    std::int32_t tokens = tokens_.load(std::memory_order_relaxed);
    while (tokens >= 1000) {
        if (tokens_.compare_exchange_weak(tokens, tokens - 1000, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

template <class Sharing>
inline void detail::basic_hedge_budget<Sharing>::give(std::int32_t thousandths) noexcept {
    std::int32_t tokens = tokens_.load(std::memory_order_relaxed);
    while (tokens < max_) {
        const std::int32_t more = tokens + thousandths < max_ ? tokens + thousandths : max_;
        if (tokens_.compare_exchange_weak(tokens, more, std::memory_order_relaxed)) return;
    }
}

inline bool hedge_state::try_send(steady_time now) noexcept {
    if (!next_at_ || now < *next_at_) return false;
    if (!until_.allows(now, {}) || !budget_->try_hedge()) {
        stop();
        return false;
    }
    ++attempts_;
    ++in_flight_;
    plan(saturating_add(now, policy_.delay));
    return true;
}

inline bool hedge_state::on_failure(steady_time now, error_class e,
                                    std::optional<std::chrono::nanoseconds> retry_after) noexcept {
    if (in_flight_ > 0) --in_flight_;
    if (e == error_class::refused) {
        if (attempts_ > 1) budget_->on_unsent();
        stop();
    } else if (!is_retryable(e)) {
        stop();
        return false;
    } else if (retry_after && retry_after->count() < 0) {
        stop();
    } else if (may_send_) {
        plan(saturating_add(now, retry_after.value_or(std::chrono::nanoseconds::zero())));
    }
    return !is_lost();
}

}  // namespace coterie::inline v0::retry
