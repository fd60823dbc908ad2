// SPDX-License-Identifier: BSL-1.0
#pragma once

// A Lamport clock: a number that grows with each event of a process, and past that of each message it
// receives. If one event may have caused another, its number is smaller. The converse does not hold: of
// two numbers one is smaller even where neither event knew of the other. Take it to put events into one
// order that respects causality; take a version vector to see which events are concurrent, and a hybrid
// clock where the order should also follow the time of day.
//
//   causality::lamport_clock here, there;
//   auto sent = here.tick();                  // std::expected<std::uint64_t, causality::clock_errc>
//   auto received = there.receive(*sent);     // larger than *sent, and than all of `there` before
//   causality::lamport_timestamp<std::uint32_t> unique{*received, 7};   // no two alike: replica 7's
//
// The number never wraps: after the largest there is an error. A peer that lies can bring a clock there
// with one message, and nothing in the number tells; between parties that do not trust each other, take a
// hybrid clock, which refuses what is too far ahead.
//
// Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978.

#include <atomic>
#include <cstdint>
#include <expected>
#include <limits>

#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/lamport_timestamp.hpp>  // IWYU pragma: export
#include <coterie/core/sharing.hpp>

namespace coterie::inline v0::causality {

/// The logical time of one process. A value: copy it, compare it, keep it with the state it belongs to.
///
/// Errors: counter_exhausted, and then the clock is as it was. Complexity: constant. Thread safety: none.
class lamport_clock {
public:
    constexpr lamport_clock() = default;
    /// A clock that goes on after `time`, as after a restart.
    explicit constexpr lamport_clock(std::uint64_t time) noexcept : time_(time) {}

    /// A local event, or the sending of a message. Returns: its time, which goes with the message.
    [[nodiscard]] constexpr std::expected<std::uint64_t, clock_errc> tick() noexcept {
        return receive(0);
    }

    /// The receipt of a message that was sent at `remote`. Returns: the time of the receipt.
    [[nodiscard]] constexpr std::expected<std::uint64_t, clock_errc> receive(
        std::uint64_t remote) noexcept;

    /// The time of the last event; zero where there was none.
    [[nodiscard]] constexpr std::uint64_t time() const noexcept { return time_; }

    friend constexpr bool operator==(const lamport_clock&, const lamport_clock&) = default;

private:
    std::uint64_t time_ = 0;
};

namespace detail {

/// The logical time of one process, shared by its threads without a lock.
///
/// No two calls return the same time, and what a thread gets is larger than all that it knew of before.
/// Errors: counter_exhausted. Complexity: one compare-exchange, again for each thread that came first.
/// Thread safety: any number of threads.
template <class Sharing>
class basic_atomic_lamport_clock {
public:
    basic_atomic_lamport_clock() = default;
    /// \copydoc lamport_clock::lamport_clock(std::uint64_t)
    explicit basic_atomic_lamport_clock(std::uint64_t time) noexcept : time_(time) {}

    basic_atomic_lamport_clock(const basic_atomic_lamport_clock&) = delete;
    basic_atomic_lamport_clock& operator=(const basic_atomic_lamport_clock&) = delete;

    /// \copydoc lamport_clock::tick
    [[nodiscard]] std::expected<std::uint64_t, clock_errc> tick() noexcept { return receive(0); }

    /// \copydoc lamport_clock::receive
    [[nodiscard]] std::expected<std::uint64_t, clock_errc> receive(std::uint64_t remote) noexcept;

    /// \copydoc lamport_clock::time
    [[nodiscard]] std::uint64_t time() const noexcept {
        return time_.load(std::memory_order_acquire);
    }

private:
    typename Sharing::template cell<std::uint64_t> time_{0};
};

}  // namespace detail

/// A Lamport clock that threads share.
using atomic_lamport_clock = detail::basic_atomic_lamport_clock<coterie::detail::shared_by_threads>;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The time after `time` and `remote`.
constexpr std::expected<std::uint64_t, clock_errc> next_lamport_time(
    std::uint64_t time, std::uint64_t remote) noexcept {
    const std::uint64_t last = time < remote ? remote : time;
    if (last == std::numeric_limits<std::uint64_t>::max()) {
        return std::unexpected(clock_errc::counter_exhausted);
    }
    return last + 1;
}

}  // namespace detail

constexpr std::expected<std::uint64_t, clock_errc> lamport_clock::receive(
    std::uint64_t remote) noexcept {
    const auto next = detail::next_lamport_time(time_, remote);
    if (next.has_value()) time_ = *next;
    return next;
}

template <class Sharing>
inline std::expected<std::uint64_t, clock_errc>
detail::basic_atomic_lamport_clock<Sharing>::receive(std::uint64_t remote) noexcept {
    std::uint64_t last = time_.load(std::memory_order_acquire);
    auto next = detail::next_lamport_time(last, remote);
    while (next.has_value() && !time_.compare_exchange_weak(last, *next, std::memory_order_acq_rel,
                                                            std::memory_order_acquire)) {
        next = detail::next_lamport_time(last, remote);
    }
    return next;
}

}  // namespace coterie::inline v0::causality
