// SPDX-License-Identifier: BSL-1.0
#pragma once

// How many calls may be in flight to a service, found out while it runs: one more for as many successes as fit
// into the limit, a tenth less for each sign of overload (a timeout, a refusal). As TCP finds its window.
//
//   retry::concurrency_limit limit({.initial = 20, .max = 200});
//   if (!limit.try_acquire()) return retry::error_class::refused;
//   call() ? limit.on_success() : limit.on_overload();       // or release(), if it says nothing
//
// Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989.

#include <atomic>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/share.hpp>
#include <coterie/core/sharing.hpp>

namespace coterie::inline v0::retry {

/// Where to begin, and how far to go. Requires: 1 <= min <= initial <= max <= 10^6, 0 < backoff_ratio < 1.
struct concurrency_options {
    std::uint32_t initial = 20;
    std::uint32_t min = 1;
    std::uint32_t max = 1000;
    double backoff_ratio = 0.9;
};

namespace detail {

/// A limit that threads share, without a lock. Complexity: one compare-exchange to acquire; a result, two.
template <class Sharing>
class basic_concurrency_limit {
public:
    explicit basic_concurrency_limit(const concurrency_options& o = {}) noexcept
        : options_(o), limit_(o.initial * one) {
        COTERIE_ASSERT(1 <= o.min && o.min <= o.initial && o.initial <= o.max);
        COTERIE_ASSERT(o.max <= 1'000'000 && 0 < o.backoff_ratio && o.backoff_ratio < 1);
    }

    basic_concurrency_limit(const basic_concurrency_limit&) = delete;
    basic_concurrency_limit& operator=(const basic_concurrency_limit&) = delete;

    /// A place for a call, which goes back by one of the three functions below. Returns: false where there is none.
    [[nodiscard]] bool try_acquire() noexcept;

    /// The call succeeded. The limit grows only if at least half of it is used: else it has nothing to do with it.
    void on_success() noexcept;
    /// The call failed in a way that speaks of overload.
    void on_overload() noexcept;
    /// The call says nothing.
    void release() noexcept { in_flight_.fetch_sub(1); }

    /// How many calls may be in flight.
    [[nodiscard]] std::uint32_t limit() const noexcept {
        return static_cast<std::uint32_t>(limit_.load(std::memory_order_relaxed) / one);
    }
    /// How many are.
    [[nodiscard]] std::uint32_t in_flight() const noexcept {
        return in_flight_.load(std::memory_order_relaxed);
    }

private:
    static constexpr std::uint64_t one = std::uint64_t{1} << 20;  // of the limit's fixed point

    template <class Next>
    void change_limit(Next next) noexcept;

    concurrency_options options_;
    typename Sharing::template cell<std::uint64_t> limit_;
    typename Sharing::template cell<std::uint32_t> in_flight_{0};
};

}  // namespace detail

/// A limit that threads share, without a lock.
using concurrency_limit = detail::basic_concurrency_limit<coterie::detail::shared_by_threads>;

// --- details ---------------------------------------------------------------------------------------

template <class Sharing>
inline bool detail::basic_concurrency_limit<Sharing>::try_acquire() noexcept {
    std::uint32_t now = in_flight_.load(std::memory_order_relaxed);
    while (now < limit()) {
        if (in_flight_.compare_exchange_weak(now, now + 1)) return true;
    }
    return false;
}

/// `next(limit)`, kept between the ends.
template <class Sharing>
template <class Next>
inline void detail::basic_concurrency_limit<Sharing>::change_limit(Next next) noexcept {
    const std::uint64_t least = options_.min * one, most = options_.max * one;
    std::uint64_t old = limit_.load(std::memory_order_relaxed);
    std::uint64_t changed = 0;
    do {
        changed = next(old);
        changed = changed < least ? least : changed > most ? most : changed;
    } while (!limit_.compare_exchange_weak(old, changed, std::memory_order_relaxed));
}

template <class Sharing>
inline void detail::basic_concurrency_limit<Sharing>::on_success() noexcept {
    if (in_flight_.fetch_sub(1) * std::uint64_t{2} < limit()) return;
    change_limit([](std::uint64_t limit) { return limit + one * one / limit; });
}

template <class Sharing>
inline void detail::basic_concurrency_limit<Sharing>::on_overload() noexcept {
    in_flight_.fetch_sub(1);
    change_limit([this](std::uint64_t limit) {
        return coterie::detail::most_of_share(options_.backoff_ratio, limit);
    });
}

}  // namespace coterie::inline v0::retry
