// SPDX-License-Identifier: BSL-1.0
#pragma once

// How much all calls together may retry. A retry that helps one call costs the server a call; when most
// calls fail, retries multiply the load just when there is too much of it. A budget lets them through while
// failures are few, and stops them when they are not.
//
//   retry::ratio_budget budget;                                  // one for each service that is called
//   retry::retry_state call(policy, now, until, budget);         // or give it to a driver
//
// All of them are shared by threads, without a lock. An unsuccessful draw takes nothing.
// Source: gRPC proposal A6 ("Retry throttling"); Finagle's RetryBudget; Envoy's retry budget; the retry quota of
// AWS's SDKs ("standard" mode).

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/share.hpp>
#include <coterie/core/sharing.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_state.hpp>

namespace coterie::inline v0::retry {

namespace detail {

/// gRPC's: each failure takes a token, each success gives back `token_ratio`, and there are retries only
/// while more than half of the tokens are left. Retries end when more than token_ratio / (1 + token_ratio) of
/// all attempts fail: for the defaults at 9 %.
///
/// Complexity: one atomic load where nothing changes (full, or asking), else one compare-exchange.
template <class Sharing>
class basic_token_budget : public no_budget {
public:
    /// Both are kept to three decimals. Requires: 0.001 <= max_tokens <= 1000; a token_ratio that is 0, or at
    /// least 0.001, and at most max_tokens.
    struct options {
        double max_tokens = 10;
        double token_ratio = 0.1;
    };

    basic_token_budget() noexcept : basic_token_budget(options{}) {}
    explicit basic_token_budget(const options& o) noexcept
        : max_(coterie::detail::thousandths(o.max_tokens)),
          ratio_(coterie::detail::thousandths(o.token_ratio)),
          missing_(0) {
        COTERIE_ASSERT(0 < max_ && ratio_ <= max_ && (ratio_ > 0 || o.token_ratio == 0));
    }

    basic_token_budget(const basic_token_budget&) = delete;
    basic_token_budget& operator=(const basic_token_budget&) = delete;

    /// The hooks; see no_budget.
    void on_failure(steady_time, error_class) noexcept { take(1000); }
    void on_success(steady_time, std::optional<error_class>) noexcept {
        if (missing_.load(std::memory_order_relaxed) != 0) take(-ratio_);
    }
    [[nodiscard]] bool try_retry(steady_time, error_class, std::uint32_t) const noexcept {
        const std::int32_t missing = missing_.load(std::memory_order_relaxed);
        return missing == 0 || max_ - missing > max_ / 2;
    }

    /// How many tokens there are.
    [[nodiscard]] double tokens() const noexcept {
        return (max_ - missing_.load(std::memory_order_relaxed)) / 1000.0;
    }

private:
    void take(std::int32_t thousandths) noexcept;

    std::int32_t max_;
    std::int32_t ratio_;
    typename Sharing::template cell<std::int32_t>
        missing_;  // from max_: nothing when it is full, which is the usual case
};

}  // namespace detail

/// gRPC's budget, shared by threads.
using token_budget = detail::basic_token_budget<coterie::detail::shared_by_threads>;

namespace detail {

/// Finagle's: at most a `ratio` of the calls of the last `ttl` are retried, and `min_per_second` besides.
///
/// Complexity: a call one atomic addition; a retry one and a load for each of 20 counts. Threads that draw at
/// once may all be refused where there was enough for one; never the other way round.
template <class Sharing>
class basic_ratio_budget : public no_budget {
public:
    /// Requires: 1 s <= ttl, 10^-6 <= ratio <= 1000; a min_per_second that is 0, or in all of ttl at least one
    /// retry and at most 2 million.
    struct options {
        std::chrono::nanoseconds ttl = std::chrono::seconds(10);
        double ratio = 0.2;
        double min_per_second = 10;
    };

    basic_ratio_budget() noexcept : basic_ratio_budget(options{}) {}
    explicit basic_ratio_budget(const options& o) noexcept;

    basic_ratio_budget(const basic_ratio_budget&) = delete;
    basic_ratio_budget& operator=(const basic_ratio_budget&) = delete;

    /// The hooks; see no_budget.
    void on_call(steady_time now) noexcept { (void)add(calls_, advance(now)); }
    [[nodiscard]] bool try_retry(steady_time now, error_class, std::uint32_t) noexcept;
    /// A call that was never sent earns nothing. A retry that was not sent has been drawn until ttl is over.
    void on_unsent(steady_time now, std::optional<error_class> cause) noexcept {
        if (!cause) take_back(calls_, advance(now));
    }

    /// How many retries are granted now, if nothing else happens.
    [[nodiscard]] std::uint32_t retries(steady_time now) noexcept;

private:
    static constexpr std::size_t slots = 10;

    // What there was in one tenth of ttl: how often, and the lap round the slots. 32 bits of laps of a second are
    // 136 years; later than that it is the last lap for ever.
    struct slot {
        std::uint32_t lap;
        std::uint32_t count;
    };
    using counts = std::array<typename Sharing::template cell<std::uint64_t>, slots>;

    static constexpr std::uint64_t last_number =
        std::uint64_t{std::numeric_limits<std::uint32_t>::max()} * slots;
    static constexpr std::uint64_t to_word(slot s) noexcept {
        return std::uint64_t{s.lap} << 32 | s.count;
    }
    static constexpr slot to_slot(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
    }
    static constexpr std::uint32_t lap_of(std::uint64_t number) noexcept {
        return static_cast<std::uint32_t>(number / slots);
    }

    std::uint64_t advance(steady_time now) noexcept;
    static bool add(counts& all, std::uint64_t number) noexcept;
    static void take_back(counts& all, std::uint64_t number) noexcept;
    static std::uint64_t sum(const counts& all, std::uint64_t number) noexcept;
    /// How many retries there may be in all of ttl.
    std::uint64_t granted(std::uint64_t number) const noexcept {
        return reserve_ + coterie::detail::most_of_share(ratio_, sum(calls_, number));
    }

    std::int64_t slot_ns_;
    double ratio_;
    std::uint64_t reserve_;
    typename Sharing::template cell<std::uint64_t> newest_{0};
    counts calls_{};
    counts retries_{};
};

}  // namespace detail

/// Finagle's budget, shared by threads.
using ratio_budget = detail::basic_ratio_budget<coterie::detail::shared_by_threads>;

namespace detail {

/// Envoy's: at any time at most a `ratio` of the calls in flight are retries, or `min_concurrency` if that is
/// more. A call is in flight from on_call to on_end, and so are its retries from the first on.
///
/// Complexity: one atomic operation.
template <class Sharing>
class basic_concurrency_budget : public no_budget {
public:
    /// Requires: 0 <= ratio <= 1.
    struct options {
        double ratio = 0.2;
        std::uint32_t min_concurrency = 3;
    };

    basic_concurrency_budget() noexcept : basic_concurrency_budget(options{}) {}
    explicit basic_concurrency_budget(const options& o) noexcept : options_(o) {
        COTERIE_ASSERT(0 <= o.ratio && o.ratio <= 1);
    }

    basic_concurrency_budget(const basic_concurrency_budget&) = delete;
    basic_concurrency_budget& operator=(const basic_concurrency_budget&) = delete;

    /// The hooks; see no_budget.
    void on_call(steady_time) noexcept { in_flight_.fetch_add(one_call); }
    [[nodiscard]] bool try_retry(steady_time, error_class, std::uint32_t attempt) noexcept;
    void on_end(std::uint32_t attempts) noexcept {
        in_flight_.fetch_sub(attempts > 1 ? one_call + 1 : one_call);
    }

    /// How many calls are in flight, and how many of them have been retried.
    [[nodiscard]] std::uint32_t calls() const noexcept {
        return static_cast<std::uint32_t>(in_flight_.load() >> 32);
    }
    /// \copydoc calls
    [[nodiscard]] std::uint32_t retries() const noexcept {
        return static_cast<std::uint32_t>(in_flight_.load());
    }

private:
    static constexpr std::uint64_t one_call = std::uint64_t{1} << 32;

    options options_;
    typename Sharing::template cell<std::uint64_t> in_flight_{
        0};  // calls, and in the lower half retries
};

}  // namespace detail

/// Envoy's budget, shared by threads.
using concurrency_budget = detail::basic_concurrency_budget<coterie::detail::shared_by_threads>;

namespace detail {

/// AWS's: a retry takes tokens, more of them after a timeout. A call that succeeds at a retry gives back what this one
/// took, and one that succeeds at once a little. So what fails for good empties it, and little by little calls
/// that need no retry fill it again.
///
/// Complexity: one atomic load where nothing changes (full, or too few), else one compare-exchange.
template <class Sharing>
class basic_quota_budget : public no_budget {
public:
    /// Requires: 0 <= each <= tokens, 0 < tokens <= 10^9.
    struct options {
        std::int32_t tokens = 500;
        std::int32_t retry_cost = 5;
        /// Of a retry after a failure that is ambiguous.
        std::int32_t timeout_retry_cost = 10;
        std::int32_t no_retry_increment = 1;
    };

    basic_quota_budget() noexcept : basic_quota_budget(options{}) {}
    explicit basic_quota_budget(const options& o) noexcept : options_(o), missing_(0) {
        COTERIE_ASSERT(0 < o.tokens && o.tokens <= 1'000'000'000);
        COTERIE_ASSERT(0 <= o.retry_cost && o.retry_cost <= o.tokens);
        COTERIE_ASSERT(0 <= o.timeout_retry_cost && o.timeout_retry_cost <= o.tokens);
        COTERIE_ASSERT(0 <= o.no_retry_increment && o.no_retry_increment <= o.tokens);
    }

    basic_quota_budget(const basic_quota_budget&) = delete;
    basic_quota_budget& operator=(const basic_quota_budget&) = delete;

    /// The hooks; see no_budget.
    [[nodiscard]] bool try_retry(steady_time, error_class e, std::uint32_t) noexcept;
    void on_success(steady_time, std::optional<error_class> cause) noexcept {
        give(cause ? cost(*cause) : options_.no_retry_increment);
    }
    void on_unsent(steady_time, std::optional<error_class> cause) noexcept {
        if (cause) give(cost(*cause));
    }

    /// How many tokens there are.
    [[nodiscard]] std::int32_t tokens() const noexcept {
        return options_.tokens - missing_.load(std::memory_order_relaxed);
    }

private:
    std::int32_t cost(error_class e) const noexcept {
        return e == error_class::ambiguous ? options_.timeout_retry_cost : options_.retry_cost;
    }
    void give(std::int32_t tokens) noexcept;

    options options_;
    typename Sharing::template cell<std::int32_t> missing_;
};

}  // namespace detail

/// AWS's budget, shared by threads.
using quota_budget = detail::basic_quota_budget<coterie::detail::shared_by_threads>;

// --- details ---------------------------------------------------------------------------------------

template <class Sharing>
inline void detail::basic_token_budget<Sharing>::take(std::int32_t thousandths) noexcept {
    std::int32_t missing = missing_.load(std::memory_order_relaxed);
    for (;;) {
        std::int32_t next = missing + thousandths;
        if (next > max_) next = max_;
        if (next < 0) next = 0;
        if (missing_.compare_exchange_weak(missing, next, std::memory_order_relaxed)) return;
    }
}

template <class Sharing>
inline detail::basic_ratio_budget<Sharing>::basic_ratio_budget(const options& o) noexcept
    : slot_ns_(o.ttl.count() / static_cast<std::int64_t>(slots)), ratio_(o.ratio) {
    COTERIE_ASSERT(o.ttl >= std::chrono::seconds(1) && 1e-6 <= o.ratio && o.ratio <= 1000);
    COTERIE_ASSERT(0 <= o.min_per_second && o.min_per_second <= 2e6);
    reserve_ = coterie::detail::most_of_share(o.min_per_second / 1e9,
                                              static_cast<std::uint64_t>(o.ttl.count()));
    COTERIE_ASSERT(reserve_ <= 2'000'000 && (reserve_ > 0 || o.min_per_second == 0));
}

/// The number of the slot that it is time for; of the newest, if the clock has stepped back.
template <class Sharing>
inline std::uint64_t detail::basic_ratio_budget<Sharing>::advance(steady_time now) noexcept {
    const std::int64_t since_start = now.time_since_epoch().count();
    const auto passed = static_cast<std::uint64_t>(since_start <= 0 ? 0 : since_start / slot_ns_);
    const std::uint64_t number = passed < last_number ? 1 + passed : last_number;
    std::uint64_t newest = newest_.load(std::memory_order_relaxed);
    while (newest < number &&
           !newest_.compare_exchange_weak(newest, number, std::memory_order_relaxed)) {
    }
    return newest < number ? number : newest;
}

/// Adds one to a slot. Returns: false if it is full.
template <class Sharing>
inline bool detail::basic_ratio_budget<Sharing>::add(counts& all, std::uint64_t number) noexcept {
    const std::uint32_t lap = lap_of(number);
    auto& word = all[number % slots];
    std::uint64_t old = word.load(std::memory_order_relaxed);
    for (;;) {
        slot s = to_slot(old);
        if (s.lap < lap) s = {lap, 0};
        if (s.count == std::numeric_limits<std::uint32_t>::max()) return false;
        ++s.count;
        if (word.compare_exchange_weak(old, to_word(s))) return true;
    }
}

/// Undoes add(), if the slot has not been begun anew.
template <class Sharing>
inline void detail::basic_ratio_budget<Sharing>::take_back(counts& all,
                                                           std::uint64_t number) noexcept {
    auto& word = all[number % slots];
    std::uint64_t old = word.load(std::memory_order_relaxed);
    for (;;) {
        slot s = to_slot(old);
        if (s.lap != lap_of(number) || s.count == 0) return;
        --s.count;
        if (word.compare_exchange_weak(old, to_word(s))) return;
    }
}

/// What there was in the last ttl.
template <class Sharing>
inline std::uint64_t detail::basic_ratio_budget<Sharing>::sum(const counts& all,
                                                              std::uint64_t number) noexcept {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < slots; ++i) {
        const slot s = to_slot(all[i].load());
        if ((std::uint64_t{s.lap} + 1) * slots + i > number) total += s.count;
    }
    return total;
}

template <class Sharing>
inline bool detail::basic_ratio_budget<Sharing>::try_retry(steady_time now, error_class,
                                                           std::uint32_t) noexcept {
    const std::uint64_t number = advance(now);
    // First take, then look: of two that draw at once the second sees what the first took.
    if (!add(retries_, number)) return false;
    if (sum(retries_, number) <= granted(number)) return true;
    take_back(retries_, number);
    return false;
}

template <class Sharing>
inline std::uint32_t detail::basic_ratio_budget<Sharing>::retries(steady_time now) noexcept {
    const std::uint64_t number = advance(now);
    const std::uint64_t most = granted(number), taken = sum(retries_, number);
    if (most <= taken) return 0;
    const slot present = to_slot(retries_[number % slots].load());
    const std::uint32_t in_slot = present.lap < lap_of(number) ? 0 : present.count;
    const std::uint32_t room = std::numeric_limits<std::uint32_t>::max() - in_slot;
    return most - taken < room ? static_cast<std::uint32_t>(most - taken) : room;
}

template <class Sharing>
inline bool detail::basic_concurrency_budget<Sharing>::try_retry(steady_time, error_class,
                                                                 std::uint32_t attempt) noexcept {
    if (attempt > 1) return true;  // the call has its place among the retries
    std::uint64_t old = in_flight_.load();
    for (;;) {
        const std::uint64_t share = coterie::detail::most_of_share(options_.ratio, old >> 32);
        const std::uint64_t least = options_.min_concurrency;
        if (static_cast<std::uint32_t>(old) >= (share > least ? share : least)) return false;
        if (in_flight_.compare_exchange_weak(old, old + 1)) return true;
    }
}

template <class Sharing>
inline bool detail::basic_quota_budget<Sharing>::try_retry(steady_time, error_class e,
                                                           std::uint32_t) noexcept {
    std::int32_t missing = missing_.load(std::memory_order_relaxed);
    do {
        if (options_.tokens - missing < cost(e)) return false;
    } while (
        !missing_.compare_exchange_weak(missing, missing + cost(e), std::memory_order_relaxed));
    return true;
}

template <class Sharing>
inline void detail::basic_quota_budget<Sharing>::give(std::int32_t tokens) noexcept {
    std::int32_t missing = missing_.load(std::memory_order_relaxed);
    while (missing != 0 &&
           !missing_.compare_exchange_weak(missing, missing > tokens ? missing - tokens : 0,
                                           std::memory_order_relaxed)) {
    }
}

}  // namespace coterie::inline v0::retry
