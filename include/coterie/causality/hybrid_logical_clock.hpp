// SPDX-License-Identifier: BSL-1.0
#pragma once

// A hybrid logical clock: timestamps close to the time of day that also respect causality. If one event
// may have caused another, its timestamp is smaller, as with a Lamport clock; and no timestamp is further
// from the physical clocks than these are from each other. Take it for versions of rows, for snapshots
// and for "as of" reads. It does not see which events are concurrent: for that, take a version vector.
//
//   causality::hybrid_logical_clock clock;       // or atomic_hybrid_logical_clock, shared by threads
//   auto sent = clock.now();                     // std::expected<hybrid_timestamp, clock_error>
//   auto received = peer.receive(*sent);         // larger than *sent; refused if too far ahead
//
// As one number a timestamp is max(physical clock, last + 1, received + 1), which is the paper's algorithm:
// the logical part counts up while the physical one stands, and when its 16 bits are used up the sum
// carries into the physical part. So a timestamp may run ahead of the physical clock, by max_offset at
// most: beyond that a received one is refused and a carry is an error. While the physical clock is
// stepped back the last physical part is held, for as many events as the logical part has left.
//
// A clock that restarts has forgotten what it issued. With a high-water mark it never issues a timestamp
// at or above a time that was not written down first, and begins at what was written.
//
// Source: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks and Consistent Snapshots in
// Globally Distributed Databases", UB TR 2014-04; the bounds are those of CockroachDB's package hlc.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/hybrid_rules.hpp>
#include <coterie/causality/hybrid_timestamp.hpp>  // IWYU pragma: export
#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/sharing.hpp>

namespace coterie::inline v0::causality {

/// What a hybrid clock allows.
struct hybrid_clock_options {
    /// How far a timestamp may be ahead of the physical clock: more than any two physical clocks are apart,
    /// and the same on all nodes. Not negative.
    std::chrono::milliseconds max_offset = std::chrono::milliseconds(500);
    /// How far ahead the mark is written: the shorter, the more writes; what it exceeds max_offset by, a
    /// restart may have to wait. After one, the clock is ahead by up to so much and its machine's own error:
    /// nobody refuses it for that as long as the sum is below max_offset. Not negative.
    std::chrono::milliseconds mark_ahead = std::chrono::milliseconds(500);
};

/// A hybrid clock of one owner. Clock and Mark may be reference types: then the clock shares them.
///
/// Each timestamp is larger than all before it, and than all received. Its physical part is not before the
/// physical clock, and ahead of it by at most max_offset and what the clock was stepped back since.
/// Errors: before_epoch, time_exhausted; remote_too_far_ahead, of receive; clock_too_far_behind, where the
/// logical part is used up, or the mark is further ahead than max_offset; mark_failed. After an error the
/// clock is as it was. Complexity: one reading of the clock; with a mark, a write of it for each half of
/// mark_ahead that passes. Thread safety: none.
template <wall_clock Clock = system_clock, high_water_mark Mark = no_mark>
class hybrid_logical_clock {
public:
    /// Begins at the mark, if there is one. What is wrong with the mark is the error of every call.
    /// Requires: options that are not negative.
    explicit constexpr hybrid_logical_clock(const hybrid_clock_options& options = {},
                                            Clock clock = Clock(), Mark mark = Mark())
        : rules_(options.max_offset, options.mark_ahead),
          clock_(std::forward<Clock>(clock)),
          mark_(std::forward<Mark>(mark)) {
        [[maybe_unused]] const auto begun = resume();
    }

    hybrid_logical_clock(const hybrid_logical_clock&) = delete;
    hybrid_logical_clock& operator=(const hybrid_logical_clock&) = delete;

    /// The timestamp of a local event, or of the sending of a message.
    [[nodiscard]] constexpr std::expected<hybrid_timestamp, clock_error> now() {
        const auto now = clock_.now();
        if (detail::hybrid_rules::goes_on(last_, now)) [[likely]]
            return hybrid_timestamp::from_word(++last_);
        return issue(hybrid_timestamp(), now);
    }

    /// The timestamp of the receipt of a message that was sent at `remote`.
    [[nodiscard]] constexpr std::expected<hybrid_timestamp, clock_error> receive(
        hybrid_timestamp remote) {
        return issue(remote, clock_.now());
    }

    /// Reads the mark again, after it could not be read. Where it could, nothing happens.
    constexpr std::expected<void, clock_error> resume();

private:
    template <class Time>
    constexpr std::expected<hybrid_timestamp, clock_error> issue(hybrid_timestamp remote,
                                                                 Time now) {
        if constexpr (detail::keeps_mark<Mark>) {
            if (broken_.has_value()) [[unlikely]]
                return std::unexpected(*broken_);
        }
        const auto word = rules_.next(last_, remote, now);
        if (!word.has_value()) [[unlikely]]
            return std::unexpected(word.error());
        if constexpr (detail::keeps_mark<Mark>) {
            if (!cover(*word >> 16)) [[unlikely]]
                return std::unexpected(clock_error{clock_errc::mark_failed});
        }
        last_ = *word;
        return hybrid_timestamp::from_word(last_);
    }

    /// Whether timestamps of this millisecond may be issued.
    constexpr bool cover(std::uint64_t physical) {
        if (!rules_.is_far_from(physical, marked_)) {
            const std::uint64_t target = rules_.target_of(physical);
            if (mark_.store(rules_.time_of(target)).has_value()) marked_ = target;
        }
        return rules_.is_covered(physical, marked_);
    }

    detail::hybrid_rules rules_;
    [[no_unique_address]] Clock clock_;
    [[no_unique_address]] Mark mark_;
    std::uint64_t last_ = 0;    // what was issued last
    std::uint64_t marked_ = 0;  // milliseconds below this one are covered by the mark
    std::optional<clock_error> broken_;
};

/// A hybrid clock that threads share without a lock: one word, and one compare-exchange on it. What the
/// word holds is loaded before the clock is read.
///
/// As hybrid_logical_clock; the clock must bear being read by several threads. No two calls return the same
/// timestamp. With a mark, one thread writes it in the second half of what is covered, while the others
/// go on.
/// Errors: also mark_busy, where nothing is covered and another thread is writing: try again.
/// Thread safety: now and receive from any number of threads.
/// (Sharing is for the library's tests.)
template <wall_clock Clock = system_clock, high_water_mark Mark = no_mark,
          class Sharing = coterie::detail::shared_by_threads>
class atomic_hybrid_logical_clock {
public:
    /// \copydoc hybrid_logical_clock::hybrid_logical_clock
    explicit atomic_hybrid_logical_clock(const hybrid_clock_options& options = {},
                                         Clock clock = Clock(), Mark mark = Mark())
        : rules_(options.max_offset, options.mark_ahead),
          clock_(std::forward<Clock>(clock)),
          mark_(std::forward<Mark>(mark)) {
        [[maybe_unused]] const auto begun = resume();
    }

    atomic_hybrid_logical_clock(const atomic_hybrid_logical_clock&) = delete;
    atomic_hybrid_logical_clock& operator=(const atomic_hybrid_logical_clock&) = delete;

    /// \copydoc hybrid_logical_clock::now
    [[nodiscard]] std::expected<hybrid_timestamp, clock_error> now() {
        std::uint64_t last = last_.load(std::memory_order_acquire);
        const auto now = clock_.now();
        while (detail::hybrid_rules::goes_on(last, now)) [[likely]] {
            if (last_.compare_exchange_weak(last, last + 1, std::memory_order_acq_rel,
                                            std::memory_order_acquire)) [[likely]] {
                return hybrid_timestamp::from_word(last + 1);
            }
        }
        return issue(hybrid_timestamp(), last, now);
    }

    /// \copydoc hybrid_logical_clock::receive
    [[nodiscard]] std::expected<hybrid_timestamp, clock_error> receive(hybrid_timestamp remote) {
        const std::uint64_t last = last_.load(std::memory_order_acquire);
        return issue(remote, last, clock_.now());
    }

    /// \copydoc hybrid_logical_clock::resume
    /// Thread safety: none; call it while no other thread uses the clock.
    std::expected<void, clock_error> resume();

private:
    template <class Time>
    std::expected<hybrid_timestamp, clock_error> issue(hybrid_timestamp remote, std::uint64_t last,
                                                       Time now);
    std::expected<void, clock_error> cover(std::uint64_t physical);

    typename Sharing::template cell<std::uint64_t> last_{0};  // what was issued last
    detail::hybrid_rules rules_;
    [[no_unique_address]] Clock clock_;
    [[no_unique_address]] Mark mark_;
    typename Sharing::template cell<std::uint64_t> marked_{
        0};  // milliseconds below this one are covered by the mark
    Sharing::lock marking_;
    std::optional<clock_error> broken_;
};

// --- details ---------------------------------------------------------------------------------------

template <wall_clock Clock, high_water_mark Mark>
constexpr std::expected<void, clock_error> hybrid_logical_clock<Clock, Mark>::resume() {
    if constexpr (detail::keeps_mark<Mark>) {
        if (marked_ != 0) return {};
        const auto mark = mark_.load();
        if (!mark.has_value()) {
            broken_ = clock_error{clock_errc::mark_failed};
        } else if (const auto start = rules_.begin_at(*mark); !start.has_value()) {
            broken_ = start.error();
        } else {
            last_ = start->word;
            marked_ = start->mark;
            broken_.reset();
        }
        if (broken_.has_value()) {
            last_ = detail::hybrid_rules::no_word;
            return std::unexpected(*broken_);
        }
    }
    return {};
}

template <wall_clock Clock, high_water_mark Mark, class Sharing>
std::expected<void, clock_error> atomic_hybrid_logical_clock<Clock, Mark, Sharing>::resume() {
    if constexpr (detail::keeps_mark<Mark>) {
        if (marked_.load(std::memory_order_relaxed) != 0) return {};
        const auto mark = mark_.load();
        if (!mark.has_value()) {
            broken_ = clock_error{clock_errc::mark_failed};
        } else if (const auto start = rules_.begin_at(*mark); !start.has_value()) {
            broken_ = start.error();
        } else {
            last_.store(start->word, std::memory_order_relaxed);
            marked_.store(start->mark, std::memory_order_relaxed);
            broken_.reset();
        }
        if (broken_.has_value()) {
            last_.store(detail::hybrid_rules::no_word, std::memory_order_relaxed);
            return std::unexpected(*broken_);
        }
    }
    return {};
}

template <wall_clock Clock, high_water_mark Mark, class Sharing>
template <class Time>
std::expected<hybrid_timestamp, clock_error>
atomic_hybrid_logical_clock<Clock, Mark, Sharing>::issue(hybrid_timestamp remote,
                                                         std::uint64_t last, Time now) {
    if constexpr (detail::keeps_mark<Mark>) {
        if (broken_.has_value()) [[unlikely]]
            return std::unexpected(*broken_);
    }
    for (bool is_fresh = false;;) {
        const auto word = rules_.next(last, remote, now);
        if (!word.has_value()) [[unlikely]] {
            // Other threads may have moved the word beyond an old reading of the clock: read it again.
            if (is_fresh) return std::unexpected(word.error());
            last = last_.load(std::memory_order_acquire);
            now = clock_.now();
            is_fresh = true;
            continue;
        }
        if constexpr (detail::keeps_mark<Mark>) {
            const auto covered = cover(*word >> 16);
            if (!covered.has_value()) [[unlikely]]
                return std::unexpected(covered.error());
        }
        if (last_.compare_exchange_weak(last, *word, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) [[likely]] {
            return hybrid_timestamp::from_word(*word);
        }
        is_fresh = false;
    }
}

template <wall_clock Clock, high_water_mark Mark, class Sharing>
std::expected<void, clock_error> atomic_hybrid_logical_clock<Clock, Mark, Sharing>::cover(
    std::uint64_t physical) {
    const auto is_far = [&] {
        return rules_.is_far_from(physical, marked_.load(std::memory_order_acquire));
    };
    const auto is_covered = [&] {
        return rules_.is_covered(physical, marked_.load(std::memory_order_acquire));
    };
    if (is_far()) return {};
    if (!marking_.try_acquire()) {
        if (is_covered()) return {};
        return std::unexpected(clock_error{clock_errc::mark_busy});
    }
    if (!is_far()) {
        const std::uint64_t target = rules_.target_of(physical);
        if (mark_.store(rules_.time_of(target)).has_value()) {
            marked_.store(target, std::memory_order_release);
        }
    }
    marking_.release();
    if (!is_covered()) return std::unexpected(clock_error{clock_errc::mark_failed});
    return {};
}

}  // namespace coterie::inline v0::causality
