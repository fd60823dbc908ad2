// SPDX-License-Identifier: BSL-1.0
#pragma once

// Stops asking a service that does not answer, and finds out by a few calls whether it does again. Closed, it
// lets all calls through and watches them; open, none; half open, a few probes, whose results decide.
//
//   retry::circuit_breaker<> breaker({.open_for = 5s});
//   const auto permit = breaker.try_acquire(now);
//   if (!permit) return retry::error_class::refused;          // not to be retried: see pipeline.hpp
//   call() ? breaker.on_success(*permit, later) : breaker.on_failure(*permit, later);
//
// A probe is leased: one whose result never comes holds its place until the lease is over, and not longer; what
// it says after that is ignored, as is the result of every call that began before the last change of state.
// Source: Nygard, "Release It!"; the windows and rates are those of resilience4j.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/share.hpp>
#include <coterie/retry/call_window.hpp>
#include <coterie/retry/probe_slots.hpp>

namespace coterie::inline v0::retry {

/// When to open, and for how long. The defaults are resilience4j's.
/// Requires: 0 < rates <= 1, 1 <= half_open_calls <= 32.
template <call_window Window = count_window>
struct breaker_options {
    Window window{};
    /// The breaker opens when so many of the calls in the window have failed,
    double failure_rate = 0.5;
    /// or have taken `slow_after` or longer;
    double slow_rate = 1.0;
    std::chrono::nanoseconds slow_after = std::chrono::seconds(60);
    /// but not before the window holds so many, or all that it can hold if that is less.
    std::uint32_t minimum_calls = 100;
    std::chrono::nanoseconds open_for = std::chrono::seconds(60);
    /// How many probes decide.
    std::uint32_t half_open_calls = 10;
    /// How long a probe may hold its place.
    std::chrono::nanoseconds probe_lease = std::chrono::seconds(60);
};

/// Whether a breaker lets calls through.
enum class breaker_state : std::uint8_t {
    closed,
    open,
    half_open
};

[[nodiscard]] constexpr const char* describe(breaker_state s) noexcept {
    switch (s) {
        case breaker_state::closed: return "closed";
        case breaker_state::open: return "open";
        case breaker_state::half_open: return "half open";
    }
    return "not a breaker state";
}

/// Why a breaker lets a call not through.
enum class breaker_errc : std::uint8_t {
    open,         ///< the service failed too often
    probes_away,  ///< as many probes as it takes are under way
};

[[nodiscard]] constexpr const char* describe(breaker_errc e) noexcept {
    switch (e) {
        case breaker_errc::open: return "circuit breaker is open";
        case breaker_errc::probes_away: return "circuit breaker waits for its probes";
    }
    return "not a breaker error";
}

/// The right to one call, which goes back with its result.
struct breaker_permit {
    std::uint64_t generation;  ///< of the state that gave it
    std::uint64_t lease;       ///< of a probe
    steady_time began;
    std::uint32_t slot;
};

namespace detail {

/// A breaker, for one owner or for threads.
template <call_window Window, class Sharing>
class basic_circuit_breaker {
public:
    explicit basic_circuit_breaker(const breaker_options<Window>& o = {})
        : options_(o), window_(o.window) {
        if (options_.minimum_calls > window_.capacity()) {
            options_.minimum_calls = window_.capacity();
        }
        COTERIE_ASSERT(0 < o.failure_rate && o.failure_rate <= 1);
        COTERIE_ASSERT(0 < o.slow_rate && o.slow_rate <= 1);
        COTERIE_ASSERT(1 <= o.half_open_calls && o.half_open_calls <= probe_slots::capacity);
    }

    basic_circuit_breaker(const basic_circuit_breaker&) = delete;
    basic_circuit_breaker& operator=(const basic_circuit_breaker&) = delete;

    /// The right to a call. Errors: open, probes_away. Refusing is a load or two.
    [[nodiscard]] std::expected<breaker_permit, breaker_errc> try_acquire(
        steady_time now) noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        if (state_of(word) == breaker_state::closed) {
            return breaker_permit{generation_of(word), 0, now, 0};
        }
        if (const auto why = refuses(word, now)) return std::unexpected(*why);
        return try_probe(now);
    }

    /// The call succeeded; if it took too long, it counts as slow.
    void on_success(const breaker_permit& p, steady_time now) noexcept { settle(p, now, false); }

    /// The call failed in a way that says something about the service: it is not for a bad request.
    void on_failure(const breaker_permit& p, steady_time now) noexcept { settle(p, now, true); }

    /// There was no call, or one that says nothing. A probe's place is free again at once.
    void release(const breaker_permit& p) noexcept;

    /// The state that the next call will meet, but for leases.
    [[nodiscard]] breaker_state state(steady_time now) const noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        const bool asks = state_of(word) == breaker_state::open && !refuses(word, now);
        return asks ? breaker_state::half_open : state_of(word);
    }

    /// How the calls in the window went.
    [[nodiscard]] call_tally tally(steady_time now) noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        return window_.tally(period_of(generation_of(word)), now);
    }

private:
    // The word: how often the breaker was closed, how many changes there were since, and the state.
    static constexpr unsigned change_bits = 33;
    static constexpr std::uint64_t change_mask = (std::uint64_t{1} << change_bits) - 1;

    static constexpr breaker_state state_of(std::uint64_t word) noexcept {
        return static_cast<breaker_state>(word & 3);
    }
    static constexpr std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> 2; }
    static constexpr std::uint32_t period_of(std::uint64_t generation) noexcept {
        return static_cast<std::uint32_t>(generation >> change_bits);
    }

    /// Why a call is refused, as far as can be told without the lock.
    [[nodiscard]] std::optional<breaker_errc> refuses(std::uint64_t word,
                                                      steady_time now) const noexcept {
        if (now.time_since_epoch().count() >= refuse_until_.load(std::memory_order_relaxed)) {
            return std::nullopt;
        }
        return state_of(word) == breaker_state::open ? breaker_errc::open
                                                     : breaker_errc::probes_away;
    }
    void refuse_until(steady_time t) noexcept {
        refuse_until_.store(t.time_since_epoch().count(), std::memory_order_relaxed);
    }

    template <class Change>
    auto locked(Change change) noexcept;
    void change_to(breaker_state next) noexcept;
    void open(steady_time now) noexcept;
    void settle(const breaker_permit& p, steady_time now, bool has_failed) noexcept;
    void settle_probe(const breaker_permit& p, steady_time now, bool has_failed,
                      bool is_slow) noexcept;
    std::expected<breaker_permit, breaker_errc> try_probe(steady_time now) noexcept;
    bool is_too_bad(const call_tally& t, std::uint32_t of) const noexcept;

    breaker_options<Window> options_;
    typename Sharing::template cell<std::uint64_t> word_{0};
    // Open, until when; half open, until when all places of the probes are taken.
    typename Sharing::template cell<std::int64_t> refuse_until_{0};
    decltype(window_for<Sharing>(std::declval<Window>())) window_;
    // The word changes under the lock only.
    [[no_unique_address]] Sharing::lock lock_;
    typename Sharing::template guarded<probe_slots> probes_;
};

}  // namespace detail

/// A breaker with one owner. Complexity: constant, but for a change of state; a time window adds up ten slices.
template <call_window Window = count_window>
using circuit_breaker = detail::basic_circuit_breaker<Window, detail::single_owner>;

/// A breaker that threads share. Closed, a call is a load; its result is a fetch_add and, where it went otherwise than
/// the call that leaves the window, three more operations. Refused, a call is two loads. A lock is taken only to change
/// the state and for the few probes, and is held for a few instructions, whatever the window.
template <call_window Window = count_window>
using atomic_circuit_breaker = detail::basic_circuit_breaker<Window, detail::shared_by_threads>;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

template <call_window Window, class Sharing>
template <class Change>
auto basic_circuit_breaker<Window, Sharing>::locked(Change change) noexcept {
    lock_.acquire();
    const auto result = change();
    lock_.release();
    return result;
}

/// Closing begins a period of the window.
template <call_window Window, class Sharing>
void basic_circuit_breaker<Window, Sharing>::change_to(breaker_state next) noexcept {
    std::uint64_t generation = generation_of(word_.load(std::memory_order_relaxed));
    if (next == breaker_state::closed) {
        generation = ((generation >> change_bits) + 1) << change_bits;
        window_.clear(period_of(generation));
    } else {
        generation = (generation & ~change_mask) | ((generation + 1) & change_mask);
    }
    word_.store(generation << 2 | static_cast<std::uint64_t>(next), std::memory_order_release);
}

template <call_window Window, class Sharing>
void basic_circuit_breaker<Window, Sharing>::open(steady_time now) noexcept {
    refuse_until(saturating_add(now, options_.open_for));
    change_to(breaker_state::open);
}

template <call_window Window, class Sharing>
bool basic_circuit_breaker<Window, Sharing>::is_too_bad(const call_tally& t,
                                                        std::uint32_t of) const noexcept {
    using coterie::detail::reaches_share;
    return reaches_share(t.failures, options_.failure_rate, of) ||
           reaches_share(t.slow, options_.slow_rate, of);
}

template <call_window Window, class Sharing>
void basic_circuit_breaker<Window, Sharing>::settle(const breaker_permit& p, steady_time now,
                                                    bool has_failed) noexcept {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    if (generation_of(word) != p.generation) return;
    const bool is_slow = now >= saturating_add(p.began, options_.slow_after);
    if (p.lease != 0) return settle_probe(p, now, has_failed, is_slow);
    const call_tally t = window_.record(period_of(p.generation), now, has_failed, is_slow);
    if ((t.failures | t.slow) == 0 || t.calls < options_.minimum_calls) return;
    if (!is_too_bad(t, t.calls)) return;
    locked([&] {
        if (word_.load(std::memory_order_relaxed) == word) open(now);
        return 0;
    });
}

template <call_window Window, class Sharing>
void basic_circuit_breaker<Window, Sharing>::settle_probe(const breaker_permit& p, steady_time now,
                                                          bool has_failed, bool is_slow) noexcept {
    locked([&] {
        if (generation_of(word_.load(std::memory_order_relaxed)) != p.generation) return 0;
        probe_slots& probes = probes_.write();
        if (!probes.give_up(p.slot, p.lease, now)) return 0;
        call_tally& t = probes.results;
        t = {t.calls + 1, t.failures + (has_failed ? 1U : 0U), t.slow + (is_slow ? 1U : 0U)};
        if (is_too_bad(t, options_.half_open_calls)) {
            open(now);
        } else if (t.calls == options_.half_open_calls) {
            change_to(breaker_state::closed);
        }
        return 0;
    });
}

template <call_window Window, class Sharing>
std::expected<breaker_permit, breaker_errc> basic_circuit_breaker<Window, Sharing>::try_probe(
    steady_time now) noexcept {
    return locked([&]() -> std::expected<breaker_permit, breaker_errc> {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        // Meanwhile another thread's probe may have closed it.
        if (state_of(word) == breaker_state::closed) {
            return breaker_permit{generation_of(word), 0, now, 0};
        }
        if (const auto why = refuses(word, now)) return std::unexpected(*why);
        probe_slots& probes = probes_.write();
        if (state_of(word) == breaker_state::open) {
            probes.clear();
            refuse_until(steady_time::min());
            change_to(breaker_state::half_open);
            word = word_.load(std::memory_order_relaxed);
        }
        const auto slot = probes.try_lease(now, options_.probe_lease, options_.half_open_calls);
        if (!slot) {
            refuse_until(probes.earliest_end(now, options_.half_open_calls));
            return std::unexpected(breaker_errc::probes_away);
        }
        return breaker_permit{generation_of(word), probes.lease_of(*slot), now, *slot};
    });
}

template <call_window Window, class Sharing>
void basic_circuit_breaker<Window, Sharing>::release(const breaker_permit& p) noexcept {
    if (p.lease == 0) return;
    locked([&] {
        if (generation_of(word_.load(std::memory_order_relaxed)) != p.generation) return false;
        refuse_until(steady_time::min());
        return probes_.write().give_up(p.slot, p.lease, p.began);
    });
}

}  // namespace detail

}  // namespace coterie::inline v0::retry
