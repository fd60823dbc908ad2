// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting that somebody else can end: the sleeper for code that runs under std::jthread or holds a
// std::stop_token. Whatever in the library takes a sleeper takes this one.
//
//   adapt::stop_token_sleeper sleeper(token);
//   if (!sleeper.sleep_until(steady_clock::now() + 5s)) return;   // stop was requested

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::adapt {

/// Blocks the calling thread until the time has come or stop is requested.
///
/// A wait for wall time looks at the wall clock at least once a second, and so follows its steps.
/// Thread safety: any number of threads; each waits by itself.
class stop_token_sleeper {
public:
    explicit stop_token_sleeper(std::stop_token token) noexcept : token_(std::move(token)) {}

    /// Returns: false as soon as stop is requested, also if it was before; true when it is time.
    bool sleep_until(steady_time t) const { return wait<steady_clock>(t); }
    /// \copydoc sleep_until(steady_time)
    bool sleep_until(wall_time t) const { return wait<system_clock>(t); }
    /// Returns: as sleep_until.
    bool sleep_for(std::chrono::nanoseconds d) const {
        return sleep_until(saturating_add(steady_clock::now(), d));
    }

private:
    template <class Clock, class TimePoint>
    bool wait(TimePoint t) const {
        constexpr std::chrono::nanoseconds longest = std::chrono::seconds(1);
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        for (auto now = Clock::now(); now < t; now = Clock::now()) {
            const auto step = t - now < longest ? t - now : longest;
            wake.wait_for(lock, token_, step, [] { return false; });
            if (token_.stop_requested()) return false;
        }
        return !token_.stop_requested();
    }

    std::stop_token token_;
};

}  // namespace coterie::inline v0::adapt
