// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the last calls went: the last so many, or those of the last so many seconds. For breakers; each window
// comes for one owner and, without a lock, for threads.

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/sharing.hpp>

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

/// How many calls there were, and how many of them failed, or took too long. No count of a window is larger than that
/// of the calls.
struct call_tally {
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
    std::uint32_t slow = 0;

    friend bool operator==(const call_tally&, const call_tally&) = default;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

using coterie::detail::shared_by_threads;
using coterie::detail::single_owner;

/// An outcome in three bits, as a place of count_ring holds it.
constexpr std::uint32_t outcome_of(bool has_failed, bool is_slow) noexcept {
    return 1U | (has_failed ? 2U : 0U) | (is_slow ? 4U : 0U);
}

/// A ring of outcomes and their tally. What is recorded takes the place of an older outcome: it takes the place
/// first, changes the tally by one compare-exchange, and then gives the place back. So the tally is at any time the
/// sum of what lies in the places, one outcome in each, whoever is held up where. Where all calls in the window
/// succeeded and another one does, which is nearly always, nothing is written.
///
/// With one owner the oldest outcome leaves. With threads it may be a later one: a place that a thread has taken is
/// passed over, and a thread that is held up comes to its place late. Where the window has fewer places than threads
/// record at once, one may have to wait for another.
///
/// clear() takes no time: outcomes belong to a period, and so does the tally. What is recorded for another period
/// than the present one counts for nothing. Of the number of a period the tally keeps 64 - 3 bit_width(calls) bits:
/// a thread would have to stand still between two instructions for exactly 2^4 periods of a window of a million calls
/// to be counted wrongly, and of a window of a hundred for 2^29.
template <class Sharing>
class count_ring {
public:
    explicit count_ring(const count_window& w)
        : places_(w.calls), width_(static_cast<unsigned>(std::bit_width(w.calls))) {
        COTERIE_ASSERT(1 <= w.calls && w.calls <= 1'000'000);
    }

    /// How many calls it can hold.
    [[nodiscard]] std::uint32_t capacity() const noexcept {
        return static_cast<std::uint32_t>(places_.size());
    }

    /// Returns: the tally with this outcome; an empty one if the period is over.
    call_tally record(std::uint32_t period, steady_time now, bool has_failed,
                      bool is_slow) noexcept;

    call_tally tally(std::uint32_t period, steady_time /*now*/) const noexcept {
        return to_tally(period, tally_.load(std::memory_order_acquire));
    }

    /// Forgets all calls: begins a period. Of two threads that clear at once, one must wait for the other.
    void clear(std::uint32_t period) noexcept {
        tally_.store(tag_of(period), std::memory_order_release);
    }

private:
    static constexpr std::uint32_t taken = 2;  // no outcome: a thread is at this place

    [[nodiscard]] std::uint64_t tag_of(std::uint32_t period) const noexcept {
        return std::uint64_t{period} << 3 * width_;
    }
    [[nodiscard]] std::uint64_t word_of(std::uint32_t outcome) const noexcept {
        return (outcome & 1) | std::uint64_t{outcome >> 1 & 1} << width_ |
               std::uint64_t{outcome >> 2} << 2 * width_;
    }
    [[nodiscard]] bool is_of(std::uint32_t period, std::uint64_t word) const noexcept {
        return (word ^ tag_of(period)) >> 3 * width_ == 0;
    }
    [[nodiscard]] call_tally to_tally(std::uint32_t period, std::uint64_t word) const noexcept {
        if (!is_of(period, word)) return {};
        const std::uint64_t field = (std::uint64_t{1} << width_) - 1;
        return {static_cast<std::uint32_t>(word & field),
                static_cast<std::uint32_t>(word >> width_ & field),
                static_cast<std::uint32_t>(word >> 2 * width_ & field)};
    }

    std::vector<typename Sharing::template cell<std::uint32_t>> places_;  // period, outcome
    unsigned width_;                                                      // of a count, in bits
    typename Sharing::template cell<std::uint64_t> next_{0};
    typename Sharing::template cell<std::uint64_t> tally_{0};  // period, slow, failures, calls
};

template <class Sharing>
call_tally count_ring<Sharing>::record(std::uint32_t period, steady_time /*now*/, bool has_failed,
                                       bool is_slow) noexcept {
    const std::uint32_t outcome = outcome_of(has_failed, is_slow);
    const std::uint32_t mine = period << 3 | outcome;
    if (outcome == 1 &&
        tally_.load(std::memory_order_acquire) == (tag_of(period) | places_.size())) {
        return {capacity(), 0, 0};
    }
    for (;;) {
        auto& place = places_[next_.fetch_add(1, std::memory_order_relaxed) % places_.size()];
        std::uint32_t old = place.load(std::memory_order_acquire);
        if (old == mine) return tally(period, {});
        if ((old & 7) == taken ||
            !place.compare_exchange_strong(old, taken, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
            Sharing::pause();
            continue;
        }
        const bool replaces = (old ^ mine) >> 3 == 0;
        const std::uint64_t change = word_of(outcome) - (replaces ? word_of(old & 7) : 0);
        std::uint64_t word = tally_.load(std::memory_order_relaxed);
        while (is_of(period, word) &&
               !tally_.compare_exchange_weak(word, word + change, std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) {
        }
        place.store(is_of(period, word) ? mine : old, std::memory_order_release);
        return to_tally(period, word + change);
    }
}

/// Ten slices of time. A slice has its number and a tally, and both hold the same mark, which changes when the
/// slice is turned to a new number: what was counted under another mark is not of this number. So a turn is one
/// compare-exchange, and a call another one, whoever is held up where.
///
/// A sum is that of a moment: it holds no call without those that ended before that one began. The mark has four
/// bits: sixteen threads would have to be held up between a turn and a call, in as many turns, to be counted wrongly.
///
/// clear() is nothing but a new period, which moves all numbers on by ten.
template <class Sharing>
class time_slices {
public:
    explicit time_slices(const time_window& w)
        : slice_ns_(w.length.count() / static_cast<std::int64_t>(count)) {
        COTERIE_ASSERT(w.length >= std::chrono::seconds(1));
    }

    /// How many calls it can hold at least.
    [[nodiscard]] static constexpr std::uint32_t capacity() noexcept { return most; }

    call_tally record(std::uint32_t period, steady_time now, bool has_failed,
                      bool is_slow) noexcept {
        return add(period, now, {1, has_failed ? 1U : 0U, is_slow ? 1U : 0U});
    }

    /// Adds to the counts. Requires: each of `more` is at most 10,000.
    call_tally add(std::uint32_t period, steady_time now, const call_tally& more) noexcept;

    call_tally tally(std::uint32_t period, steady_time now) noexcept {
        return sum(advance(period, now));
    }

    void clear(std::uint32_t /*period*/) noexcept {}

private:
    static constexpr std::size_t count = 10;
    static constexpr std::uint32_t most = 1'000'000;
    static constexpr unsigned width = 20;  // of a count, in bits
    static constexpr std::uint64_t marks = 16;

    struct slice {
        typename Sharing::template cell<std::uint64_t> turn{0};   // number, mark
        typename Sharing::template cell<std::uint64_t> tally{0};  // mark, slow, failures, calls
    };

    static constexpr std::uint64_t to_word(const call_tally& t) noexcept {
        return t.calls | std::uint64_t{t.failures} << width | std::uint64_t{t.slow} << 2 * width;
    }
    /// The counts under a mark; none where the word has another one.
    static constexpr call_tally to_tally(std::uint64_t mark, std::uint64_t word) noexcept {
        if (word >> 3 * width != mark) return {};
        constexpr std::uint64_t field = (1U << width) - 1;
        return {static_cast<std::uint32_t>(word & field),
                static_cast<std::uint32_t>(word >> width & field),
                static_cast<std::uint32_t>(word >> 2 * width & field)};
    }

    /// The number of the present slice; of the newest, if the clock has stepped back.
    std::uint64_t advance(std::uint32_t period, steady_time now) noexcept;
    call_tally sum(std::uint64_t number) const noexcept;

    std::int64_t slice_ns_;
    typename Sharing::template cell<std::int64_t> newest_{0};
    std::array<slice, count> slices_;
};

template <class Sharing>
std::uint64_t time_slices<Sharing>::advance(std::uint32_t period, steady_time now) noexcept {
    const std::int64_t t = now.time_since_epoch().count();
    const std::int64_t passed = t <= 0 ? 0 : t / slice_ns_;
    std::int64_t newest = newest_.load(std::memory_order_relaxed);
    while (newest < passed &&
           !newest_.compare_exchange_weak(newest, passed, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
    }
    // From ten on, so that the number of a slice that was never turned is too old.
    return static_cast<std::uint64_t>(newest < passed ? passed : newest) +
           (std::uint64_t{period} + 1) * count;
}

template <class Sharing>
call_tally time_slices<Sharing>::add(std::uint32_t period, steady_time now,
                                     const call_tally& more) noexcept {
    const std::uint64_t number = advance(period, now);
    slice& s = slices_[number % count];
    std::uint64_t turn = s.turn.load(std::memory_order_acquire);
    while (turn / marks <= number) {
        if (turn / marks < number) {
            const std::uint64_t next = number * marks + (turn + 1) % marks;
            if (!s.turn.compare_exchange_weak(turn, next, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
                continue;
            }
            turn = next;
        }
        const std::uint64_t mark = turn % marks;
        std::uint64_t word = s.tally.load(std::memory_order_acquire);
        // What has another mark is older, unless the slice was turned since.
        const std::uint64_t seen = std::exchange(turn, s.turn.load(std::memory_order_acquire));
        if (turn != seen) continue;
        const std::uint64_t counts = word >> 3 * width == mark ? word : mark << 3 * width;
        const call_tally t = to_tally(mark, counts);
        if (t.calls >= most || t.failures >= most || t.slow >= most) break;
        if (s.tally.compare_exchange_weak(word, counts + to_word(more), std::memory_order_release,
                                          std::memory_order_relaxed)) {
            break;
        }
        turn = s.turn.load(std::memory_order_acquire);
    }
    return sum(number);
}

/// From the newest slice to the oldest: a call that ended before another began is in the same slice or an older one.
template <class Sharing>
call_tally time_slices<Sharing>::sum(std::uint64_t number) const noexcept {
    call_tally all;
    std::uint64_t first = number * marks;  // of the turns to this number
    const auto add = [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at-- > to; first -= marks) {
            const slice& s = slices_[at];
            std::uint64_t turn = s.turn.load(std::memory_order_acquire);
            while (turn - first < marks) {
                const auto part = to_tally(turn - first, s.tally.load(std::memory_order_acquire));
                const auto seen = std::exchange(turn, s.turn.load(std::memory_order_acquire));
                if (turn != seen) continue;  // it was turned meanwhile
                all.calls += part.calls;
                all.failures += part.failures;
                all.slow += part.slow;
                break;
            }
        }
    };
    const std::size_t newest = number % count;
    add(newest + 1, 0);
    add(count, newest + 1);
    return all;
}

template <class Sharing>
count_ring<Sharing> window_for(const count_window&);
template <class Sharing>
time_slices<Sharing> window_for(const time_window&);

}  // namespace detail

/// A description of a window that there is one of.
template <class W>
concept call_window = requires(const W& w) { detail::window_for<detail::single_owner>(w); };

}  // namespace coterie::inline v0::retry
