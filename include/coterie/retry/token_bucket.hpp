// SPDX-License-Identifier: BSL-1.0
#pragma once

// A rate with bursts: so many tokens a second, of which at most `burst` gather. It is one number, the time
// at which the bucket will be full again, so nothing has to refill it.
//
//   retry::token_bucket bucket({.per_second = 100, .burst = 20}, now);
//   if (!bucket.try_take(now)) wait_until(bucket.ready_at(now));
//
// Tokens come at the rate that was asked for, or up to 0.01 % slower, and never faster. A clock that steps back adds
// nothing. Source: the generic cell rate algorithm, ITU-T I.371.

#include <atomic>
#include <cstdint>

#include <coterie/core/clock.hpp>
#include <coterie/core/sharing.hpp>
#include <coterie/retry/token_meter.hpp>

namespace coterie::inline v0::retry {

/// How fast tokens come, and how many gather.
/// Requires: burst >= 1, 0 < per_second <= 10^9, and at most 2^61 ns to fill the bucket.
struct token_rate {
    double per_second = 1;
    std::uint32_t burst = 1;
};

/// A bucket with one owner, full when it is made. A value.
///
/// Complexity: constant. Thread safety: none.
class token_bucket {
public:
    constexpr token_bucket(token_rate rate, steady_time now) noexcept
        : meter_(rate.per_second, rate.burst), full_at_(meter_.units(now)) {}

    /// Takes tokens. Returns: false where there are not enough, and then takes none.
    [[nodiscard]] constexpr bool try_take(steady_time now, std::uint32_t tokens = 1) noexcept {
        const auto next = meter_.take(full_at_, meter_.units(now), tokens);
        full_at_ = next.value_or(full_at_);
        return next.has_value();
    }

    /// How many tokens there are.
    [[nodiscard]] constexpr std::uint32_t tokens(steady_time now) const noexcept {
        return meter_.tokens(full_at_, meter_.units(now));
    }

    /// When there are so many if nobody else takes any: `now`, or later; never, if it is more than the burst.
    [[nodiscard]] constexpr steady_time ready_at(steady_time now,
                                                 std::uint32_t tokens = 1) const noexcept {
        return meter_.ready_at(full_at_, now, tokens);
    }

private:
    detail::token_meter meter_;
    std::int64_t full_at_;
};

namespace detail {

/// A bucket that threads share, without a lock: no token is taken twice.
template <class Sharing>
class basic_token_bucket {
public:
    basic_token_bucket(token_rate rate, steady_time now) noexcept
        : meter_(rate.per_second, rate.burst), full_at_(meter_.units(now)) {}

    basic_token_bucket(const basic_token_bucket&) = delete;
    basic_token_bucket& operator=(const basic_token_bucket&) = delete;

    /// \copydoc token_bucket::try_take
    [[nodiscard]] bool try_take(steady_time now, std::uint32_t tokens = 1) noexcept;

    /// \copydoc token_bucket::tokens
    [[nodiscard]] std::uint32_t tokens(steady_time now) const noexcept {
        return meter_.tokens(full_at_.load(std::memory_order_relaxed), meter_.units(now));
    }

    /// \copydoc token_bucket::ready_at
    [[nodiscard]] steady_time ready_at(steady_time now, std::uint32_t tokens = 1) const noexcept {
        return meter_.ready_at(full_at_.load(std::memory_order_relaxed), now, tokens);
    }

private:
    detail::token_meter meter_;
    typename Sharing::template cell<std::int64_t> full_at_;
};

}  // namespace detail

/// A bucket that threads share, without a lock.
using atomic_token_bucket = detail::basic_token_bucket<coterie::detail::shared_by_threads>;

// --- details ---------------------------------------------------------------------------------------

template <class Sharing>
inline bool detail::basic_token_bucket<Sharing>::try_take(steady_time now,
                                                          std::uint32_t tokens) noexcept {
    const std::int64_t t = meter_.units(now);
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    auto next = meter_.take(full_at, t, tokens);
    while (next.has_value() &&
           !full_at_.compare_exchange_weak(full_at, *next, std::memory_order_relaxed)) {
        next = meter_.take(full_at, t, tokens);
    }
    return next.has_value();
}

}  // namespace coterie::inline v0::retry
