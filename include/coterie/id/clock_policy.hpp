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
    borrow,  ///< take ids of the next unit, at most `max_borrow` ahead of the clock; then wait
};

/// What a generator does when its clock disobeys.
struct clock_policy {
    on_regression regression = on_regression::hold;
    /// How far the clock may step back while `hold` goes on: by default enough for NTP and a leap second.
    std::chrono::nanoseconds tolerance = std::chrono::seconds(10);
    on_exhaustion exhaustion = on_exhaustion::wait;
    /// How far `borrow` may run ahead of the clock; with zero it is `wait`.
    std::chrono::nanoseconds max_borrow = std::chrono::nanoseconds(0);
    /// How long one call may wait in all.
    std::chrono::nanoseconds max_wait = std::chrono::seconds(1);
};

/// Why a generator gives no id now.
struct id_error {
    id_errc code;
    /// How long the clock takes until there is one again, and none before; zero where waiting does not help. On a
    /// coarse clock one may come a tick earlier.
    std::chrono::nanoseconds retry_after{0};

    /// Appends "no id left in this unit of time, retry after 250 us" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append(describe(code));
        if (retry_after.count() <= 0) return;
        out.append(", retry after ");
        coterie::detail::append_decimal(
            out, static_cast<std::uint64_t>(
                     // NOLINTNEXTLINE(misc-include-cleaner): <chrono> it is
                     std::chrono::ceil<std::chrono::microseconds>(retry_after).count()));
        out.append(" us");
    }

    friend constexpr bool operator==(const id_error&, const id_error&) = default;
};

namespace detail {

/// How far ahead of the clock an id may be: in the unit of the last id, and in a new one. What it is ahead
/// beyond that, the clock has to make up for first.
struct allowed_ahead {
    std::chrono::nanoseconds same_unit;
    std::chrono::nanoseconds new_unit;

    constexpr explicit allowed_ahead(const clock_policy& policy) noexcept
        : same_unit(policy.regression == on_regression::hold ? policy.tolerance
                                                             : std::chrono::nanoseconds(0)),
          new_unit(policy.exhaustion == on_exhaustion::borrow ? policy.max_borrow
                                                              : std::chrono::nanoseconds(0)) {
        if (new_unit.count() < 0) new_unit = std::chrono::nanoseconds(0);
        // What was borrowed is ahead of the clock without a regression, and may be gone on with.
        if (same_unit < new_unit) same_unit = new_unit;
    }
};

/// The error where the clock has to reach a new unit first, for the last id's has no more ids: it lies `early`
/// ahead, and the last one `behind`. Where the clock has stepped back as well that is the code, unless it is
/// only the exhaustion that nobody waits for.
constexpr id_error used_up(const clock_policy& policy, const allowed_ahead& allowed,
                           std::chrono::nanoseconds behind,
                           std::chrono::nanoseconds early) noexcept {
    const bool is_exhaustion =
        behind <= allowed.same_unit ||
        (policy.regression == on_regression::wait && policy.exhaustion == on_exhaustion::fail);
    return {is_exhaustion ? id_errc::sequence_exhausted : id_errc::clock_regressed,
            early - allowed.new_unit};
}

/// Nanoseconds of a number of units of `unit_ns`, as many as the type holds.
constexpr std::chrono::nanoseconds saturated(std::uint64_t units, std::uint64_t unit_ns) noexcept {
    constexpr auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
    const std::uint64_t ns = units > most / unit_ns ? most : units * unit_ns;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
}

/// How long a clock takes from `now` until `rest` after the millisecond `ms`, which lies ahead; saturates.
template <class Time>
constexpr std::chrono::nanoseconds time_until(std::int64_t ms, std::chrono::nanoseconds rest,
                                              Time now) noexcept {
    const auto now_ms = std::chrono::floor<std::chrono::milliseconds>(now);
    // Not by subtraction: the millisecond that the earliest time is in begins before that.
    auto now_rest = std::chrono::duration_cast<std::chrono::nanoseconds>(
        now.time_since_epoch() % std::chrono::milliseconds(1));
    if (now_rest.count() < 0) now_rest += std::chrono::milliseconds(1);
    const auto whole = saturated(static_cast<std::uint64_t>(ms) -
                                     static_cast<std::uint64_t>(now_ms.time_since_epoch().count()),
                                 1'000'000);
    const auto difference = rest - now_rest;
    const auto most = std::chrono::nanoseconds::max();
    const bool is_too_far = whole == most || (difference.count() > 0 && whole > most - difference);
    return is_too_far ? most : whole + difference;
}

/// A clock, and how far the true time may be after what it says: nothing, unless it is coarse.
template <wall_clock Clock>
class paced_clock {
public:
    explicit constexpr paced_clock(Clock clock) noexcept : clock_(std::forward<Clock>(clock)) {
        if constexpr (coarse_wall_clock<Clock>) {
            const std::chrono::nanoseconds tick = clock_.resolution();
            lag_ms_ = (tick.count() + 999'999) / 1'000'000;
        }
    }

    constexpr auto now() noexcept { return at_least_ms(clock_.now()); }
    constexpr auto precise_now() noexcept {
        if constexpr (coarse_wall_clock<Clock>) {
            return at_least_ms(clock_.precise_now());
        } else {
            return now();
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
    /// What a clock of seconds says, in milliseconds: no generator counts in less.
    template <class Duration>
    static constexpr auto at_least_ms(std::chrono::sys_time<Duration> t) noexcept {
        using finer = std::common_type_t<Duration, std::chrono::milliseconds>;
        return std::chrono::sys_time<finer>(t);
    }

    [[no_unique_address]] Clock clock_;
    std::int64_t lag_ms_ = 0;
};

/// Whether the policy says to wait for what failed.
constexpr bool waits_for(const clock_policy& policy, id_errc code) noexcept {
    switch (code) {
        case id_errc::clock_regressed: return policy.regression == on_regression::wait;
        case id_errc::sequence_exhausted: return policy.exhaustion != on_exhaustion::fail;
        default: return code == id_errc::mark_busy;
    }
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
        const auto pause =
            result.error().retry_after > shortest ? result.error().retry_after : shortest;
        if (pause > left || !sleeper.sleep_for(pause)) break;
        left -= pause;
        result = attempt();
    }
    return result;
}

}  // namespace detail

}  // namespace coterie::inline v0::id
