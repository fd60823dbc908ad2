// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arithmetic of token buckets. A token is a whole number of units, and so many units come each nanosecond: one
// where a token takes 10 us or longer, else between one and two, to 30 binary places. So a rate that is no
// whole number of nanoseconds a token is kept as well. For the library's own headers.

#include <chrono>
#include <cstdint>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry::detail {

/// The arithmetic of a bucket; a state is `full_at`, the time in units at which it will be full again.
/// Requires: see token_rate.
class token_meter {
public:
    constexpr token_meter(double per_second, std::uint32_t burst) noexcept;

    /// A time in units, so far from the ends of the range that a bucket can be added.
    constexpr std::int64_t units(steady_time now) const noexcept;

    /// The number of tokens in the bucket.
    constexpr std::uint32_t tokens(std::int64_t full_at, std::int64_t now) const noexcept {
        return static_cast<std::uint32_t>(filled(full_at, now) / per_token_);
    }
    /// The state after tokens were taken; nothing if there are too few.
    constexpr std::optional<std::int64_t> take(std::int64_t full_at, std::int64_t now,
                                               std::uint32_t tokens) const noexcept;
    /// When there are so many: `now`, or later.
    constexpr steady_time ready_at(std::int64_t full_at, steady_time now,
                                   std::uint32_t tokens) const noexcept;

private:
    static constexpr int places = 30;
    static constexpr std::int64_t one = std::int64_t{1} << places;

    constexpr std::int64_t per_burst() const noexcept { return per_token_ * burst_; }
    constexpr std::int64_t filled(std::int64_t full_at, std::int64_t now) const noexcept;

    std::int64_t per_token_;      // units
    std::uint32_t burst_;         // tokens
    std::uint32_t per_ns_ = one;  // units, times `one`
};

constexpr token_meter::token_meter(double per_second, std::uint32_t burst) noexcept
    : burst_(burst) {
    COTERIE_ASSERT(burst >= 1 && 0 < per_second && per_second <= 1e9);
    const double nanoseconds = 1e9 / per_second;
    COTERIE_ASSERT(nanoseconds * burst <= 0x1p61);
    per_token_ = static_cast<std::int64_t>(nanoseconds);
    if (static_cast<double>(per_token_) < nanoseconds) ++per_token_;
    if (nanoseconds < 10'000) {
        // Both divided down, so never faster than asked. The product is below 2^55, so nothing overflows.
        const auto rate = static_cast<std::uint64_t>(per_second * 0x1p24);
        const std::uint64_t product = rate * static_cast<std::uint64_t>(per_token_);
        per_ns_ = static_cast<std::uint32_t>((product << (places - 24)) / 1'000'000'000);
    }
}

constexpr std::int64_t token_meter::units(steady_time now) const noexcept {
    constexpr std::int64_t most = std::int64_t{1} << 61;
    const std::int64_t t = now.time_since_epoch().count();
    const std::int64_t ns = t > most ? most : t < -most ? -most : t;
    // By parts: the product has 93 bits.
    return (ns >> places) * per_ns_ + ((ns & (one - 1)) * per_ns_ >> places);
}

/// How much there is in the bucket, in units.
constexpr std::int64_t token_meter::filled(std::int64_t full_at, std::int64_t now) const noexcept {
    if (full_at <= now) return per_burst();
    // Before `now` comes near full_at, after the clock has stepped back, there is nothing.
    if (now < full_at - per_burst()) return 0;
    return per_burst() - (full_at - now);
}

constexpr std::optional<std::int64_t> token_meter::take(std::int64_t full_at, std::int64_t now,
                                                        std::uint32_t tokens) const noexcept {
    if (tokens > burst_) return std::nullopt;
    const std::int64_t needed = per_token_ * tokens;
    if (filled(full_at, now) < needed) return std::nullopt;
    return (full_at < now ? now : full_at) + needed;
}

constexpr steady_time token_meter::ready_at(std::int64_t full_at, steady_time now,
                                            std::uint32_t tokens) const noexcept {
    if (tokens > burst_) return steady_time::max();
    const std::int64_t there = full_at - per_token_ * (burst_ - tokens);
    if (there <= units(now)) return now;
    // The first nanosecond with so many units: units() turned round.
    std::int64_t whole = there / per_ns_, rest = there % per_ns_;
    if (rest < 0) --whole, rest += per_ns_;
    const std::int64_t ns = whole * one + ((rest << places) + per_ns_ - 1) / per_ns_;
    return steady_time(std::chrono::nanoseconds(ns));
}

}  // namespace coterie::inline v0::retry::detail
