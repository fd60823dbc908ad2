// SPDX-License-Identifier: BSL-1.0
#pragma once

// Refuses calls on the client's side when the server refuses many: by chance, as the SRE book does, or by a
// rate that falls with each refusal and grows back along a cubic, as AWS's SDKs do.
//
//   retry::adaptive_throttle throttle;                       // K = 2, over two minutes
//   if (!throttle.try_acquire(now, random)) return retry::error_class::refused;
//   if (call() was not refused by the server) throttle.on_accepted(later);    // or release(), if it was not asked
//
// Source: Beyer et al., "Site Reliability Engineering", chapter 21 ("Handling Overload"); the adaptive retry mode
// of AWS's SDKs, whose rate follows Ha, Rhee and Xu, "CUBIC", 2008.

#include <chrono>
#include <cmath>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/share.hpp>
#include <coterie/retry/call_window.hpp>

namespace coterie::inline v0::retry {

/// How many requests the server is to see for each that it accepts, and over how long that is counted.
/// Requires: k >= 1.
struct throttle_options {
    double k = 2;
    time_window window{std::chrono::minutes(2)};
};

/// AWS's constants, and what the standard leaves to them.
/// Requires: min_fill_rate > 0, min_capacity >= 1, 0 < smooth <= 1, 0 < beta < 1, scale > 0.
struct cubic_options {
    double min_fill_rate = 0.5;  ///< calls a second
    double min_capacity = 1;     ///< calls at once
    double smooth = 0.8;         ///< weight of the last half second in the measured rate
    double beta = 0.7;           ///< what a refusal leaves of the rate
    double scale = 0.4;          ///< how fast it grows back
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Refuses with probability (requests - k * accepts) / (requests + 1); a request that is refused here is one too.
template <class Sharing>
class basic_adaptive_throttle {
public:
    explicit basic_adaptive_throttle(const throttle_options& o = {}) : k_(o.k), window_(o.window) {
        COTERIE_ASSERT(o.k >= 1);
    }

    basic_adaptive_throttle(const basic_adaptive_throttle&) = delete;
    basic_adaptive_throttle& operator=(const basic_adaptive_throttle&) = delete;

    /// Counts a request. Returns: whether to make it.
    template <random_bit_generator G>
    [[nodiscard]] bool try_acquire(steady_time now, G&& random) noexcept {
        const double refused = reject_probability(now);
        (void)window_.add(0, now, {1, 0, 0});
        return !bernoulli(random, refused);
    }

    /// A request that was let through has not reached the server, or nobody waits for its answer: it counts for
    /// nothing. Where it was made in another tenth of the window, it counts until that is forgotten.
    void release(steady_time now) noexcept { (void)window_.add(0, now, {0, 0, 1}); }

    /// The server took a request, whatever came of it.
    void on_accepted(steady_time now) noexcept { (void)window_.add(0, now, {0, 1, 0}); }

    /// The probability with which the next request is refused.
    [[nodiscard]] double reject_probability(steady_time now) noexcept {
        // The window's counts, whatever their names: requests made, accepted, and taken back.
        const call_tally t = window_.tally(0, now);
        const double requests = t.calls > t.slow ? t.calls - t.slow : 0;
        const double p = (requests - k_ * t.failures) / (requests + 1);
        return p > coterie::detail::share_noise ? p : 0;
    }

private:
    double k_;
    time_slices<Sharing> window_;
};

/// A rate of sending that refusals cut, and that grows back towards and beyond where it was cut. Without a limit
/// until the first refusal.
template <class Sharing>
class basic_cubic_throttle {
public:
    explicit basic_cubic_throttle(steady_time now, const cubic_options& o = {}) noexcept
        : options_(o), start_(now) {
        // A capacity below one call, or no rate at all, would refuse for ever after the first refusal.
        COTERIE_ASSERT(o.min_fill_rate > 0 && o.min_capacity >= 1 && o.scale > 0);
        COTERIE_ASSERT(0 < o.smooth && o.smooth <= 1 && 0 < o.beta && o.beta < 1);
    }

    basic_cubic_throttle(const basic_cubic_throttle&) = delete;
    basic_cubic_throttle& operator=(const basic_cubic_throttle&) = delete;

    /// Takes a token for a call. Returns: false where there is none yet.
    [[nodiscard]] bool try_acquire(steady_time now) noexcept;
    /// When there is a token, if nobody else takes it: `now`, or later.
    [[nodiscard]] steady_time ready_at(steady_time now) noexcept;

    /// A call was answered with anything but a refusal.
    void on_accepted(steady_time now) noexcept { update(now, false); }
    /// The server refused a call, because it has too many.
    void on_throttled(steady_time now) noexcept { update(now, true); }

    /// Calls a second that are allowed, and that are made.
    [[nodiscard]] double fill_rate() noexcept {
        return locked([&] { return fill_rate_; });
    }
    /// \copydoc fill_rate
    [[nodiscard]] double measured_rate() noexcept {
        return locked([&] { return measured_; });
    }

private:
    template <class Change>
    auto locked(Change change) noexcept {
        lock_.acquire();
        const auto result = change();
        lock_.release();
        return result;
    }

    double seconds(steady_time now) const noexcept {
        return std::chrono::duration<double>(now - start_).count();
    }
    void refill(double t) noexcept;
    void measure(double t) noexcept;
    void set_rate(double t, double rate) noexcept;
    void update(steady_time now, bool was_throttled) noexcept;

    cubic_options options_;
    steady_time start_;
    [[no_unique_address]] Sharing::lock lock_;
    bool is_limited_ = false;
    double fill_rate_ = 0;
    double max_capacity_ = 0;
    double capacity_ = 0;
    double filled_at_ = 0;
    double last_max_rate_ = 0;
    double last_throttle_ = 0;
    double measured_ = 0;
    double measured_at_ = 0;
    double requests_ = 0;
};

/// The rate on the cubic that passes `last_max_rate` where it was before the cut.
inline double cubic_rate(const cubic_options& o, double last_max_rate, double since_cut) noexcept {
    const double back = std::cbrt(last_max_rate * (1 - o.beta) / o.scale);
    const double x = since_cut - back;
    return o.scale * x * x * x + last_max_rate;
}

template <class Sharing>
void basic_cubic_throttle<Sharing>::refill(double t) noexcept {
    if (t <= filled_at_) return;  // a clock that steps back adds nothing
    capacity_ += (t - filled_at_) * fill_rate_;
    if (capacity_ > max_capacity_) capacity_ = max_capacity_;
    filled_at_ = t;
}

template <class Sharing>
void basic_cubic_throttle<Sharing>::measure(double t) noexcept {
    const double half_second = std::floor(t * 2) / 2;
    requests_ += 1;
    if (half_second <= measured_at_) return;
    const double rate = requests_ / (half_second - measured_at_);
    measured_ = rate * options_.smooth + measured_ * (1 - options_.smooth);
    requests_ = 0;
    measured_at_ = half_second;
}

template <class Sharing>
void basic_cubic_throttle<Sharing>::set_rate(double t, double rate) noexcept {
    refill(t);
    fill_rate_ = rate > options_.min_fill_rate ? rate : options_.min_fill_rate;
    max_capacity_ = rate > options_.min_capacity ? rate : options_.min_capacity;
    if (capacity_ > max_capacity_) capacity_ = max_capacity_;
}

template <class Sharing>
void basic_cubic_throttle<Sharing>::update(steady_time now, bool was_throttled) noexcept {
    locked([&] {
        const double t = seconds(now);
        measure(t);
        double rate = 0;
        if (was_throttled) {
            last_max_rate_ = is_limited_ && fill_rate_ < measured_ ? fill_rate_ : measured_;
            last_throttle_ = t;
            rate = last_max_rate_ * options_.beta;
            is_limited_ = true;
        } else {
            rate = cubic_rate(options_, last_max_rate_, t - last_throttle_);
        }
        set_rate(t, rate < 2 * measured_ ? rate : 2 * measured_);
        return 0;
    });
}

template <class Sharing>
bool basic_cubic_throttle<Sharing>::try_acquire(steady_time now) noexcept {
    return locked([&] {
        if (!is_limited_) return true;
        refill(seconds(now));
        if (capacity_ < 1) return false;
        capacity_ -= 1;
        return true;
    });
}

template <class Sharing>
steady_time basic_cubic_throttle<Sharing>::ready_at(steady_time now) noexcept {
    return locked([&] {
        if (!is_limited_) return now;
        refill(seconds(now));
        if (capacity_ >= 1) return now;
        // From when it was filled last, which is later than `now` if the clock has stepped back.
        const double t = filled_at_ + (1 - capacity_) / fill_rate_;
        const double wait = std::ceil(t * 1e9);
        if (wait >= 0x1p63) return steady_time::max();
        return saturating_add(start_, std::chrono::nanoseconds(static_cast<std::int64_t>(wait)));
    });
}

}  // namespace detail

/// The SRE book's throttle, for one owner.
using adaptive_throttle = detail::basic_adaptive_throttle<detail::single_owner>;
/// The SRE book's throttle, shared by threads without a lock.
using atomic_adaptive_throttle = detail::basic_adaptive_throttle<detail::shared_by_threads>;

/// AWS's throttle, for one owner.
using cubic_throttle = detail::basic_cubic_throttle<detail::single_owner>;
/// AWS's throttle, shared by threads under a lock that is held for some arithmetic, and in which nothing waits.
using shared_cubic_throttle = detail::basic_cubic_throttle<detail::shared_by_threads>;

}  // namespace coterie::inline v0::retry
