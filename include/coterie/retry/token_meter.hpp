// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arithmetic of token buckets, in nanoseconds of filling. For the library's own headers.

#include <chrono>
#include <cstdint>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry::detail {

/// Nanoseconds, so far from the ends of the range that a bucket can be added.
constexpr std::int64_t meter_time(steady_time now) noexcept {
    constexpr std::int64_t most = std::int64_t{1} << 61;
    const std::int64_t t = now.time_since_epoch().count();
    return t > most ? most : t < -most ? -most : t;
}

/// The arithmetic of a bucket: `full_at` is when it will be full again. Requires: see token_rate.
struct token_meter {
    std::int64_t per_token;
    std::int64_t per_burst;

    constexpr token_meter(double per_second, std::uint32_t burst) noexcept;

    constexpr std::int64_t filled(std::int64_t full_at, std::int64_t now) const noexcept;
    constexpr std::optional<std::int64_t> take(std::int64_t full_at, std::int64_t now,
                                               std::uint32_t tokens) const noexcept;
    constexpr steady_time ready_at(std::int64_t full_at, std::int64_t now,
                                   std::uint32_t tokens) const noexcept;
};

constexpr token_meter::token_meter(double per_second, std::uint32_t burst) noexcept {
    COTERIE_ASSERT(burst >= 1 && 0 < per_second && per_second <= 1e9);
    COTERIE_ASSERT(1e9 / per_second * burst <= 0x1p61);
    per_token = static_cast<std::int64_t>(1e9 / per_second);
    per_burst = per_token * burst;
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

}  // namespace coterie::inline v0::retry::detail
