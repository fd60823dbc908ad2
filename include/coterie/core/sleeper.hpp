// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting as an object. A call that must wait takes a sleeper: `sleep_until(t)` and `sleep_for(d)` return
// true when the time has come and false when the wait was cancelled. `blocking_sleeper` is the production default and
// cannot be cancelled; adapt/stop_token.hpp has the one that a std::stop_token ends; `manual_sleeper`
// moves a manual clock instead of waiting, so that a test of an hour takes no time.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>

#ifdef _WIN32
extern "C" __declspec(dllimport) void __stdcall Sleep(unsigned long milliseconds);
#else
#include <time.h>
#endif

#include <coterie/core/clock.hpp>

namespace coterie::inline v0 {

/// Something that can wait until a time of the given kind, or for a while.
template <class S, class TimePoint = steady_time>
concept sleeper =
    requires(std::remove_reference_t<S>& s, TimePoint t, std::chrono::nanoseconds while_) {
        { s.sleep_until(t) } -> std::same_as<bool>;
        { s.sleep_for(while_) } -> std::same_as<bool>;
    };

/// Blocks the calling thread. Signals do not shorten the wait.
///
/// A wait for wall time ends when the wall clock says so: if the clock is stepped, the wait follows.
/// Thread safety: any number of threads.
struct blocking_sleeper {
    /// Returns: true, always. A time that has passed returns at once.
    bool sleep_until(steady_time t) noexcept;
    /// \copydoc sleep_until(steady_time)
    bool sleep_until(wall_time t) noexcept;
    /// Returns: true, always. Steps of the wall clock do not change how long it takes.
    bool sleep_for(std::chrono::nanoseconds d) noexcept;
};

/// Waits by moving a manual clock: at once, and to the nanosecond.
///
/// It counts its waits, so that a test can tell that none happened. Thread safety: none.
template <class Clock>
class manual_sleeper {
public:
    explicit constexpr manual_sleeper(Clock& clock) noexcept : clock_(&clock) {}

    /// Moves the clock on to `t` unless it is already past it. Returns: false once cancelled, else true.
    constexpr bool sleep_until(typename Clock::time_point t) noexcept {
        if (cancelled_) return false;
        ++sleeps_;
        clock_->advance_to(t);
        return true;
    }

    /// Moves the clock on by `d`, rounded up to what it can say. Returns: false once cancelled, else true.
    /// Requires: a result that the clock's time point can hold.
    constexpr bool sleep_for(std::chrono::nanoseconds d) noexcept {
        if (cancelled_) return false;
        ++sleeps_;
        if (d.count() > 0) clock_->advance(std::chrono::ceil<typename Clock::duration>(d));
        return true;
    }

    /// From now on every wait returns false at once and leaves the clock alone.
    constexpr void cancel() noexcept { cancelled_ = true; }

    /// How many waits there were, not counting cancelled ones.
    [[nodiscard]] constexpr std::uint64_t sleeps() const noexcept { return sleeps_; }

private:
    Clock* clock_;
    std::uint64_t sleeps_ = 0;
    bool cancelled_ = false;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Sleeps about `d`, perhaps less: the caller looks at its clock again.
inline void sleep_about(std::chrono::nanoseconds d) noexcept {
#ifdef _WIN32
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(d).count();
    ::Sleep(static_cast<unsigned long>(whole < 60'000 ? whole : 60'000));
#else
    // Not the whole wait at once: what the wall clock does meanwhile must be noticed.
    constexpr std::chrono::nanoseconds longest = std::chrono::seconds(1);
    if (d > longest) d = longest;
    timespec t{};
    t.tv_sec = static_cast<decltype(t.tv_sec)>(d.count() / 1'000'000'000);
    t.tv_nsec = static_cast<decltype(t.tv_nsec)>(d.count() % 1'000'000'000);
    ::nanosleep(&t, nullptr);
#endif
}

template <class Clock, class TimePoint>
bool block_until(TimePoint t) noexcept {
    for (auto now = Clock::now(); now < t; now = Clock::now()) sleep_about(t - now);
    return true;
}

}  // namespace detail

inline bool blocking_sleeper::sleep_until(steady_time t) noexcept {
    return detail::block_until<steady_clock>(t);
}

inline bool blocking_sleeper::sleep_until(wall_time t) noexcept {
    return detail::block_until<system_clock>(t);
}

inline bool blocking_sleeper::sleep_for(std::chrono::nanoseconds d) noexcept {
    return sleep_until(saturating_add(steady_clock::now(), d));
}

}  // namespace coterie::inline v0
