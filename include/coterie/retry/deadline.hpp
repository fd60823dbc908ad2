// SPDX-License-Identifier: BSL-1.0
#pragma once

// Until when a call is of use to anybody. On one machine it is a steady time; between machines, whose steady
// clocks have nothing in common, what travels is the time that remains.
//
//   const auto end = retry::deadline::in(2s, now);
//   request.timeout = end.remaining(now);                             // to the next machine
//   const auto there = retry::deadline::in(request.timeout, now);     // and on it; less the time on the way

#include <chrono>
#include <compare>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry {

/// A time by which a call must have ended. By default there is none. A value.
class deadline {
public:
    constexpr deadline() = default;
    explicit constexpr deadline(steady_time at) noexcept : at_(at) {}

    /// The deadline when `d` has passed. Saturates: the longest durations are no deadline at all.
    [[nodiscard]] static constexpr deadline in(std::chrono::nanoseconds d,
                                               steady_time now) noexcept {
        return deadline(saturating_add(now, d));
    }

    /// The time itself; the last of all if there is no deadline.
    [[nodiscard]] constexpr steady_time at() const noexcept { return at_; }

    /// Whether there is a deadline.
    [[nodiscard]] constexpr bool exists() const noexcept { return at_ != steady_time::max(); }

    /// How long there is left: nothing once it has passed, the longest duration if there is no deadline.
    [[nodiscard]] constexpr std::chrono::nanoseconds remaining(steady_time now) const noexcept {
        if (!exists()) return std::chrono::nanoseconds::max();
        if (at_ <= now) return std::chrono::nanoseconds::zero();
        const bool is_far =
            now.time_since_epoch().count() < 0 && at_ > now + std::chrono::nanoseconds::max();
        return is_far ? std::chrono::nanoseconds::max() : at_ - now;
    }

    /// Whether what starts at `start` and takes `d` ends in time.
    [[nodiscard]] constexpr bool allows(steady_time start,
                                        std::chrono::nanoseconds d) const noexcept {
        return !exists() || (start < at_ && d <= remaining(start));
    }

    /// The earlier of two: a timeout of one attempt within that of the call.
    [[nodiscard]] constexpr deadline or_earlier(deadline other) const noexcept {
        return other.at_ < at_ ? other : *this;
    }

    friend constexpr auto operator<=>(const deadline&, const deadline&) = default;

private:
    steady_time at_ = steady_time::max();
};

}  // namespace coterie::inline v0::retry
