// SPDX-License-Identifier: BSL-1.0
#pragma once

// Clocks as objects. What needs the time either takes `now` as an argument or holds a clock as a
// template parameter, so that the same code runs on the machine's clock, in a test that steps it back,
// and in a simulated world.
//
//   template <wall_clock Clock = system_clock> class issuer { [[no_unique_address]] Clock clock_; ... };
//   issuer in_production;                        // no typing, no bytes
//   manual_clock clock;
//   issuer<manual_clock&> in_a_test(clock);      // a reference: the test keeps the clock in its hand
//
// Wall time says what the calendar says and may step back; steady time never does and means nothing on
// another machine. They are different types, and so cannot be mixed up.

#include <chrono>
#include <concepts>
#include <type_traits>

#ifdef __linux__
#include <time.h>
#endif

#include <coterie/core/assert.hpp>

namespace coterie::inline v0 {

/// Time by the calendar: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Wall time in whole milliseconds, as most ids and timestamps keep it; the sibling of
/// std::chrono::sys_seconds.
using sys_milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

/// Time that only goes forward: nanoseconds since an arbitrary start. The time of every protocol.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// `t + d`, or the last time of all; never before `t`.
template <class Clock>
[[nodiscard]] constexpr auto saturating_add(
    std::chrono::time_point<Clock, std::chrono::nanoseconds> t,
    std::chrono::nanoseconds d) noexcept {
    if (d.count() <= 0) return t;
    if (t.time_since_epoch().count() <= 0) return t + d;
    return d < t.max() - t ? t + d : t.max();
}

/// A source of wall time: `now()` gives a std::chrono::sys_time of any integral resolution.
///
/// A reference to a source is a source, so that one clock can be shared.
template <class C>
concept wall_clock = requires(std::remove_reference_t<C>& clock) {
    requires std::same_as<decltype(clock.now()),
                          std::chrono::sys_time<typename decltype(clock.now())::duration>>;
    requires std::integral<typename decltype(clock.now())::rep>;
};

/// A source of steady time.
template <class C>
concept monotonic_clock = requires(std::remove_reference_t<C>& clock) {
    { clock.now() } -> std::same_as<steady_time>;
};

/// The machine's wall clock, read precisely.
///
/// Complexity: one clock_gettime, or std::chrono::system_clock::now(). Thread safety: any number of threads.
struct system_clock {
    [[nodiscard]] static wall_time now() noexcept;
};

/// The machine's steady clock. It stands still while a Linux machine is suspended.
///
/// Complexity: one clock_gettime, or std::chrono::steady_clock::now(). Thread safety: any number of threads.
struct steady_clock {
    [[nodiscard]] static steady_time now() noexcept;
};

/// The machine's wall clock as of the last timer tick: CLOCK_REALTIME_COARSE where there is one, else
/// the precise clock.
///
/// The true time is never before what it says, and about one `resolution()` after it at most: more where
/// ticks come late, as on a loaded virtual machine (7.7 ms were seen, at a resolution of 4 ms).
/// Complexity: a fraction of a precise read. Thread safety: any number of threads.
struct coarse_clock {
    [[nodiscard]] static wall_time now() noexcept;

    /// The time between two ticks, if they come in time.
    [[nodiscard]] static std::chrono::nanoseconds resolution() noexcept;

    /// The precise clock, for when that matters.
    [[nodiscard]] static wall_time precise_now() noexcept { return system_clock::now(); }
};

/// A wall clock that lags by at most `resolution()`, and can be asked precisely at a higher price.
template <class C>
concept coarse_wall_clock = wall_clock<C> && requires(std::remove_reference_t<C>& clock) {
    { clock.resolution() } -> std::convertible_to<std::chrono::nanoseconds>;
    { clock.precise_now() } -> std::same_as<decltype(clock.now())>;
};

/// A clock that a test holds in its hand: it stands still until it is told otherwise.
///
/// `manual_clock` is a wall clock and can step back; `manual_steady_clock` cannot. Where a test needs
/// times beyond the year 2262 (to see the 48 bits of a ULID run out), take
/// basic_manual_clock<std::chrono::sys_time<std::chrono::milliseconds>>.
/// Thread safety: none.
template <class TimePoint>
class basic_manual_clock {
public:
    using time_point = TimePoint;
    using duration = typename TimePoint::duration;

    /// True for a clock whose time must never go back.
    static constexpr bool is_steady =
        std::is_same_v<typename TimePoint::clock, std::chrono::steady_clock>;

    basic_manual_clock() = default;
    explicit constexpr basic_manual_clock(TimePoint start) noexcept : now_(start) {}

    /// The time; afterwards the clock moves on by what `run` set, if anything.
    [[nodiscard]] constexpr TimePoint now() noexcept {
        const TimePoint read = now_;
        now_ = now_ > TimePoint::max() - per_read_ ? TimePoint::max() : now_ + per_read_;
        return read;
    }

    /// Puts the clock at `t`. Requires, of a steady clock: not before its present time.
    constexpr void set(TimePoint t) noexcept {
        if constexpr (is_steady) COTERIE_ASSERT(t >= now_);
        now_ = t;
    }

    /// Moves the clock on. Requires: d >= 0, and a result that the time point can hold.
    constexpr void advance(duration d) noexcept {
        COTERIE_ASSERT(d >= duration::zero());
        COTERIE_ASSERT(now_ <= TimePoint::max() - d);
        now_ += d;
    }

    /// Moves the clock on to `t`, unless it is there or past it.
    constexpr void advance_to(TimePoint t) noexcept {
        if (now_ < t) now_ = t;
    }

    /// Steps the clock back, as a correction by NTP or an operator does.
    /// Requires: d >= 0, and a result that the time point can hold.
    constexpr void step_back(duration d) noexcept
        requires(!is_steady)
    {
        COTERIE_ASSERT(d >= duration::zero());
        COTERIE_ASSERT(now_ >= TimePoint::min() + d);
        now_ -= d;
    }

    /// From now on every read moves the clock on by `per_read`. Requires: per_read >= 0.
    constexpr void run(duration per_read) noexcept {
        COTERIE_ASSERT(per_read >= duration::zero());
        per_read_ = per_read;
    }

    /// The clock stands still again, as a stopped hypervisor's does.
    constexpr void freeze() noexcept { per_read_ = duration::zero(); }

private:
    TimePoint now_{};
    duration per_read_ = duration::zero();
};

/// A wall clock for tests.
using manual_clock = basic_manual_clock<wall_time>;

/// A steady clock for tests.
using manual_steady_clock = basic_manual_clock<steady_time>;

// --- details ---------------------------------------------------------------------------------------

#ifdef __linux__

// The same clocks as the standard library's there, without the call into it.
// NOLINTBEGIN(misc-include-cleaner): <time.h> it is

namespace detail {

constexpr std::chrono::nanoseconds to_nanoseconds(const timespec& t) noexcept {
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

inline std::chrono::nanoseconds read_clock(clockid_t which) noexcept {
    timespec t{};
    ::clock_gettime(which, &t);
    return to_nanoseconds(t);
}

}  // namespace detail

inline wall_time system_clock::now() noexcept {
    return wall_time(detail::read_clock(CLOCK_REALTIME));
}

inline steady_time steady_clock::now() noexcept {
    return steady_time(detail::read_clock(CLOCK_MONOTONIC));
}

inline wall_time coarse_clock::now() noexcept {
    return wall_time(detail::read_clock(CLOCK_REALTIME_COARSE));
}

inline std::chrono::nanoseconds coarse_clock::resolution() noexcept {
    timespec t{};
    ::clock_getres(CLOCK_REALTIME_COARSE, &t);
    return detail::to_nanoseconds(t);
}

// NOLINTEND(misc-include-cleaner)

#else

inline wall_time system_clock::now() noexcept { return std::chrono::system_clock::now(); }

inline steady_time steady_clock::now() noexcept { return std::chrono::steady_clock::now(); }

inline wall_time coarse_clock::now() noexcept { return system_clock::now(); }

inline std::chrono::nanoseconds coarse_clock::resolution() noexcept {
    return std::chrono::nanoseconds(std::chrono::system_clock::duration(1));
}

#endif

}  // namespace coterie::inline v0
