// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the last calls went: the last so many, or those of the last so many seconds. For breakers; each window
// comes for one owner and, without a lock, for threads.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::retry {

/// The last `calls` calls. Requires: 1 <= calls <= 10^6.
struct count_window {
    std::uint32_t calls = 100;
};

/// The calls of the last `length`, in ten slices: of the oldest, part is forgotten early. A slice counts its first
/// million calls. Requires: length >= 1 s.
struct time_window {
    std::chrono::nanoseconds length = std::chrono::seconds(60);
};

/// How many calls there were, and how many of them failed, or took too long.
struct call_tally {
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
    std::uint32_t slow = 0;

    friend bool operator==(const call_tally&, const call_tally&) = default;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What one owner has in place of a std::atomic.
template <class T>
class plain_cell {
public:
    constexpr plain_cell() = default;
    explicit constexpr plain_cell(T value) noexcept : value_(value) {}

    constexpr T load(std::memory_order = {}) const noexcept { return value_; }
    constexpr void store(T value, std::memory_order = {}) noexcept { value_ = value; }
    constexpr T exchange(T value, std::memory_order = {}) noexcept {
        const T old = value_;
        value_ = value;
        return old;
    }
    constexpr T fetch_add(T n, std::memory_order = {}) noexcept {
        return exchange(static_cast<T>(value_ + n));
    }
    constexpr bool compare_exchange_strong(T& expected, T value, std::memory_order = {}) noexcept {
        if (value_ == expected) {
            value_ = value;
            return true;
        }
        expected = value_;
        return false;
    }

private:
    T value_{};
};

/// One owner: plain words, and nothing to lock.
struct single_owner {
    template <class T>
    using cell = plain_cell<T>;

    struct lock {
        constexpr void acquire() noexcept {}
        constexpr void release() noexcept {}
    };
};

/// Any number of threads. The lock is for a few instructions at a change of state, never for a call.
struct shared_by_threads {
    template <class T>
    using cell = std::atomic<T>;

    class lock {
    public:
        void acquire() noexcept {
            while (flag_.test_and_set(std::memory_order_acquire)) {
            }
        }
        void release() noexcept { flag_.clear(std::memory_order_release); }

    private:
        std::atomic_flag flag_;
    };
};

/// A tally in one word, so that it changes at once: 21 bits for each count.
constexpr std::uint64_t tally_word(bool is_call, bool has_failed, bool is_slow) noexcept {
    return std::uint64_t{is_call} | std::uint64_t{has_failed} << 21 | std::uint64_t{is_slow} << 42;
}

constexpr call_tally to_tally(std::uint64_t word) noexcept {
    constexpr std::uint64_t field = (1U << 21) - 1;
    return {static_cast<std::uint32_t>(word & field),
            static_cast<std::uint32_t>(word >> 21 & field),
            static_cast<std::uint32_t>(word >> 42 & field)};
}

/// A ring of outcomes. The tally follows what a slot was and is, so it is right whoever writes when; where a
/// call went as the one it replaces, which is nearly always, nothing but the position is written.
template <class Sharing>
class count_ring {
public:
    explicit count_ring(const count_window& w) : outcomes_(w.calls) {
        COTERIE_ASSERT(1 <= w.calls && w.calls <= 1'000'000);
    }

    call_tally record(steady_time /*now*/, bool has_failed, bool is_slow) noexcept {
        const std::uint64_t at = next_.fetch_add(1, std::memory_order_relaxed) % outcomes_.size();
        put(at, static_cast<std::uint8_t>(1 | (has_failed ? 2 : 0) | (is_slow ? 4 : 0)));
        return tally({});
    }

    call_tally tally(steady_time /*now*/) const noexcept {
        return to_tally(tally_.load(std::memory_order_relaxed));
    }

    void clear() noexcept {
        for (std::size_t i = 0; i < outcomes_.size(); ++i) put(i, 0);
    }

private:
    static constexpr std::uint64_t word_of(std::uint8_t outcome) noexcept {
        return tally_word((outcome & 1) != 0, (outcome & 2) != 0, (outcome & 4) != 0);
    }

    void put(std::size_t at, std::uint8_t outcome) noexcept {
        auto& slot = outcomes_[at];
        if (slot.load(std::memory_order_relaxed) == outcome) return;
        const std::uint8_t old = slot.exchange(outcome, std::memory_order_relaxed);
        tally_.fetch_add(word_of(outcome) - word_of(old), std::memory_order_relaxed);
    }

    std::vector<typename Sharing::template cell<std::uint8_t>> outcomes_;
    typename Sharing::template cell<std::uint64_t> next_{0};
    typename Sharing::template cell<std::uint64_t> tally_{0};
};

/// Ten slices of time, each with its number and tally.
template <class Sharing>
class time_slices {
public:
    explicit time_slices(const time_window& w)
        : slice_ns_(w.length.count() / static_cast<std::int64_t>(count)) {
        COTERIE_ASSERT(w.length >= std::chrono::seconds(1));
    }

    call_tally record(steady_time now, bool has_failed, bool is_slow) noexcept {
        return add(now, tally_word(true, has_failed, is_slow));
    }

    /// Adds to each count what a tally_word says.
    call_tally add(steady_time now, std::uint64_t word) noexcept {
        const std::int64_t number = advance(now);
        slice& s = slices_[static_cast<std::size_t>(number) % count];
        std::int64_t old = s.number.load();
        const std::uint64_t stale = s.tally.load();
        // What others add meanwhile stays.
        if (old < number && s.number.compare_exchange_strong(old, number)) {
            s.tally.fetch_add(0 - stale);
        }
        constexpr std::uint32_t most = 1'000'000;
        const call_tally t = to_tally(s.tally.load(std::memory_order_relaxed));
        if (t.calls < most && t.failures < most && t.slow < most) {
            s.tally.fetch_add(word, std::memory_order_relaxed);
        }
        return sum(number);
    }

    call_tally tally(steady_time now) noexcept { return sum(advance(now)); }

    void clear() noexcept {
        for (slice& s : slices_) s.tally.store(0);
    }

private:
    static constexpr std::size_t count = 10;

    struct slice {
        typename Sharing::template cell<std::int64_t> number{0};
        typename Sharing::template cell<std::uint64_t> tally{0};
    };

    /// The number of the present slice; of the newest, if the clock has stepped back.
    std::int64_t advance(steady_time now) noexcept {
        const std::int64_t t = now.time_since_epoch().count();
        const std::int64_t number = t <= 0 ? 1 : 1 + t / slice_ns_;
        std::int64_t newest = newest_.load(std::memory_order_relaxed);
        while (newest < number && !newest_.compare_exchange_strong(newest, number)) {
        }
        return newest < number ? number : newest;
    }

    call_tally sum(std::int64_t number) const noexcept {
        call_tally all;
        for (const slice& s : slices_) {
            const bool is_recent =
                s.number.load(std::memory_order_relaxed) > number - std::int64_t{count};
            if (!is_recent) continue;
            const call_tally part = to_tally(s.tally.load(std::memory_order_relaxed));
            all.calls += part.calls;
            all.failures += part.failures;
            all.slow += part.slow;
        }
        return all;
    }

    std::int64_t slice_ns_;
    typename Sharing::template cell<std::int64_t> newest_{0};
    std::array<slice, count> slices_;
};

template <class Sharing>
count_ring<Sharing> window_for(const count_window&);
template <class Sharing>
time_slices<Sharing> window_for(const time_window&);

}  // namespace detail

/// A description of a window that there is one of.
template <class W>
concept call_window = requires(const W& w) { detail::window_for<detail::single_owner>(w); };

}  // namespace coterie::inline v0::retry
