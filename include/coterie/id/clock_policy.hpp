// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a generator of ids does when its clock disobeys. Wall clocks step back (NTP, an operator, a
// restart on another host), stand still, and jump; and a unit of time has only so many ids in it. There
// is no right answer for everyone, so each choice is a value here, with a default that never repeats an
// id, waits where waiting ends soon, and says so where it does not.

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/id/error.hpp>

namespace coterie::inline v0::id {

/// What to do when the clock is behind the last id.
enum class on_regression : std::uint8_t {
    hold,  ///< go on in the last id's unit of time, if it is at most `tolerance` ahead of the clock
    wait,  ///< wait until the clock has caught up
    fail,  ///< an error, at once
};

/// What to do when a unit of time has no more ids.
enum class on_exhaustion : std::uint8_t {
    wait,    ///< wait for the next unit
    fail,    ///< an error, at once
    borrow,  ///< take ids of the next unit, at most `max_borrow` ahead of the clock
};

/// What a generator does when its clock disobeys.
struct clock_policy {
    on_regression regression = on_regression::hold;
    /// How far the clock may step back while `hold` goes on: by default enough for NTP and a leap second.
    std::chrono::nanoseconds tolerance = std::chrono::seconds(10);
    on_exhaustion exhaustion = on_exhaustion::wait;
    /// How far `borrow` may run ahead of the clock.
    std::chrono::nanoseconds max_borrow = std::chrono::nanoseconds(0);
    /// How long one call may wait in all.
    std::chrono::nanoseconds max_wait = std::chrono::seconds(1);
};

/// Why a generator gives no id now, and when to ask again: zero where waiting does not help.
struct id_error {
    id_errc code;
    std::chrono::nanoseconds retry_after{0};

    /// Appends "no id left in this unit of time, retry after 250 us" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append(describe(code));
        if (retry_after.count() <= 0) return;
        out.append(", retry after ");
        coterie::detail::append_decimal(
            out, static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(retry_after).count()));
        out.append(" us");
    }

    friend constexpr bool operator==(const id_error&, const id_error&) = default;
};

namespace detail {

/// How far ahead of the clock an id may be: in the unit of the last id, and in a new one.
struct allowed_ahead {
    std::chrono::nanoseconds same_unit;
    std::chrono::nanoseconds new_unit;

    constexpr explicit allowed_ahead(const clock_policy& policy) noexcept
        : same_unit(policy.regression == on_regression::hold ? policy.tolerance
                                                             : std::chrono::nanoseconds(0)),
          new_unit(policy.exhaustion == on_exhaustion::borrow ? policy.max_borrow
                                                              : std::chrono::nanoseconds(0)) {
        // What was borrowed is ahead of the clock without a regression, and may be gone on with.
        if (same_unit < new_unit) same_unit = new_unit;
    }
};

/// Nanoseconds of a number of units of `unit_ns`, as many as the type holds.
constexpr std::chrono::nanoseconds saturated(std::uint64_t units, std::uint64_t unit_ns) noexcept {
    constexpr auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
    const std::uint64_t ns = units > most / unit_ns ? most : units * unit_ns;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
}

/// A clock, and how far the true time may be after what it says: nothing, unless it is coarse.
template <wall_clock Clock>
class paced_clock {
public:
    explicit constexpr paced_clock(Clock clock) noexcept : clock_(std::forward<Clock>(clock)) {
        if constexpr (coarse_wall_clock<Clock>) {
            lag_ms_ = std::chrono::ceil<std::chrono::milliseconds>(
                          std::chrono::nanoseconds(clock_.resolution())).count();
        }
    }

    constexpr auto now() noexcept { return clock_.now(); }
    constexpr auto precise_now() noexcept {
        if constexpr (coarse_wall_clock<Clock>) {
            return clock_.precise_now();
        } else {
            return clock_.now();
        }
    }
    [[nodiscard]] constexpr std::int64_t lag_ms() const noexcept {
        if constexpr (coarse_wall_clock<Clock>) {
            return lag_ms_;
        } else {
            return 0;
        }
    }

private:
    [[no_unique_address]] Clock clock_;
    std::int64_t lag_ms_ = 0;
};

/// Whether the policy says to wait for what failed.
constexpr bool waits_for(const clock_policy& policy, id_errc code) noexcept {
    return (code == id_errc::clock_regressed && policy.regression == on_regression::wait) ||
           (code == id_errc::sequence_exhausted && policy.exhaustion == on_exhaustion::wait);
}

/// Calls `attempt` until it succeeds or fails for good, sleeping in between as its error says. Each round
/// asks the clock again, and all rounds together wait for at most policy.max_wait: a clock that steps
/// back while somebody waits cannot hold him for ever.
template <class Sleeper, class Attempt>
constexpr auto with_waiting(const clock_policy& policy, Sleeper& sleeper, Attempt&& attempt) {
    constexpr std::chrono::nanoseconds shortest = std::chrono::microseconds(1);
    std::chrono::nanoseconds left = policy.max_wait;
    auto result = attempt();
    while (!result.has_value() && waits_for(policy, result.error().code)) {
        const auto pause = result.error().retry_after > shortest ? result.error().retry_after : shortest;
        if (pause > left || !sleeper.sleep_for(pause)) break;
        left -= pause;
        result = attempt();
    }
    return result;
}

}  // namespace detail

}  // namespace coterie::inline v0::id
