// SPDX-License-Identifier: BSL-1.0
#pragma once

// A rate with bursts: so many tokens a second, of which at most `burst` gather. It is one number, the time
// at which the bucket will be full again, so nothing has to refill it.
//
//   retry::token_bucket bucket({.per_second = 100, .burst = 20}, now);
//   if (!bucket.try_take(now)) wait_until(bucket.ready_at(now));
//
// A clock that steps back adds nothing. Source: the generic cell rate algorithm, ITU-T I.371.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry {

/// How fast tokens come, and how many gather.
/// Requires: burst >= 1, 0 < per_second <= 10^9, and at most 2^61 ns to fill the bucket.
struct token_rate {
    double per_second = 1;
    std::uint32_t burst = 1;
};

namespace detail {

/// Nanoseconds, so far from the ends of the range that a bucket can be added.
constexpr std::int64_t meter_time(steady_time now) noexcept {
    constexpr std::int64_t most = std::int64_t{1} << 61;
    const std::int64_t t = now.time_since_epoch().count();
    return t > most ? most : t < -most ? -most : t;
}

/// The arithmetic of a bucket: `full_at` is when it will be full again.
struct token_meter {
    std::int64_t per_token;
    std::int64_t per_burst;

    explicit constexpr token_meter(token_rate rate) noexcept;

    constexpr std::int64_t filled(std::int64_t full_at, std::int64_t now) const noexcept;
    constexpr std::optional<std::int64_t> take(std::int64_t full_at, std::int64_t now,
                                               std::uint32_t tokens) const noexcept;
    constexpr steady_time ready_at(std::int64_t full_at, std::int64_t now,
                                   std::uint32_t tokens) const noexcept;
};

}  // namespace detail

/// A bucket with one owner, full when it is made. A value.
///
/// Complexity: constant. Thread safety: none.
class token_bucket {
public:
    constexpr token_bucket(token_rate rate, steady_time now) noexcept
        : meter_(rate), full_at_(detail::meter_time(now)) {}

    /// Takes tokens. Returns: false where there are not enough, and then takes none.
    [[nodiscard]] constexpr bool try_take(steady_time now, std::uint32_t tokens = 1) noexcept {
        const auto next = meter_.take(full_at_, detail::meter_time(now), tokens);
        full_at_ = next.value_or(full_at_);
        return next.has_value();
    }

    /// How many tokens there are.
    [[nodiscard]] constexpr std::uint32_t tokens(steady_time now) const noexcept {
        return static_cast<std::uint32_t>(meter_.filled(full_at_, detail::meter_time(now)) /
                                          meter_.per_token);
    }

    /// When there are so many if nobody else takes any: `now`, or later; never, if it is more than the burst.
    [[nodiscard]] constexpr steady_time ready_at(steady_time now,
                                                 std::uint32_t tokens = 1) const noexcept {
        return meter_.ready_at(full_at_, detail::meter_time(now), tokens);
    }

private:
    detail::token_meter meter_;
    std::int64_t full_at_;
};

/// A bucket that threads share, without a lock: no token is taken twice.
class atomic_token_bucket {
public:
    atomic_token_bucket(token_rate rate, steady_time now) noexcept
        : meter_(rate), full_at_(detail::meter_time(now)) {}

    atomic_token_bucket(const atomic_token_bucket&) = delete;
    atomic_token_bucket& operator=(const atomic_token_bucket&) = delete;

    /// \copydoc token_bucket::try_take
    [[nodiscard]] bool try_take(steady_time now, std::uint32_t tokens = 1) noexcept;

    /// \copydoc token_bucket::tokens
    [[nodiscard]] std::uint32_t tokens(steady_time now) const noexcept {
        return static_cast<std::uint32_t>(
            meter_.filled(full_at_.load(std::memory_order_relaxed), detail::meter_time(now)) /
            meter_.per_token);
    }

    /// \copydoc token_bucket::ready_at
    [[nodiscard]] steady_time ready_at(steady_time now, std::uint32_t tokens = 1) const noexcept {
        return meter_.ready_at(full_at_.load(std::memory_order_relaxed), detail::meter_time(now),
                               tokens);
    }

private:
    detail::token_meter meter_;
    std::atomic<std::int64_t> full_at_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

constexpr token_meter::token_meter(token_rate rate) noexcept {
    COTERIE_ASSERT(rate.burst >= 1 && 0 < rate.per_second && rate.per_second <= 1e9);
    COTERIE_ASSERT(1e9 / rate.per_second * rate.burst <= 0x1p61);
    per_token = static_cast<std::int64_t>(1e9 / rate.per_second);
    per_burst = per_token * rate.burst;
}

/// How much there is in the bucket, in nanoseconds of filling.
constexpr std::int64_t token_meter::filled(std::int64_t full_at, std::int64_t now) const noexcept {
    if (full_at <= now) return per_burst;
    // Before `now` comes near full_at, after the clock has stepped back, there is nothing.
    if (now < full_at - per_burst) return 0;
    return per_burst - (full_at - now);
}

constexpr std::optional<std::int64_t> token_meter::take(std::int64_t full_at, std::int64_t now,
                                                        std::uint32_t tokens) const noexcept {
    if (tokens > per_burst / per_token) return std::nullopt;
    const std::int64_t needed = per_token * tokens;
    if (filled(full_at, now) < needed) return std::nullopt;
    return (full_at < now ? now : full_at) + needed;
}

constexpr steady_time token_meter::ready_at(std::int64_t full_at, std::int64_t now,
                                            std::uint32_t tokens) const noexcept {
    if (tokens > per_burst / per_token) return steady_time::max();
    const std::int64_t there = full_at - (per_burst - per_token * tokens);
    return steady_time(std::chrono::nanoseconds(there < now ? now : there));
}

}  // namespace detail

inline bool atomic_token_bucket::try_take(steady_time now, std::uint32_t tokens) noexcept {
    const std::int64_t t = detail::meter_time(now);
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    auto next = meter_.take(full_at, t, tokens);
    while (next.has_value() &&
           !full_at_.compare_exchange_weak(full_at, *next, std::memory_order_relaxed)) {
        next = meter_.take(full_at, t, tokens);
    }
    return next.has_value();
}

}  // namespace coterie::inline v0::retry
