// SPDX-License-Identifier: BSL-1.0
#pragma once

// The gates of a pipeline (pipeline.hpp): what lets a call through or refuses it, and is told how it went. Each
// protection has one, that refers to it; your own is a type with the members of `gate`.
//
//   retry::breaker_gate{breaker}
//   retry::throttle_gate{throttle}
//   retry::rate_gate{bucket}
//   retry::concurrency_gate{limit}

#include <concepts>
#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>

namespace coterie::inline v0::retry {

/// The gates, from the outside in.
enum class gate_kind : std::uint8_t {
    breaker,
    throttle,
    rate,
    concurrency
};

[[nodiscard]] constexpr const char* describe(gate_kind k) noexcept {
    switch (k) {
        case gate_kind::breaker: return "circuit breaker";
        case gate_kind::throttle: return "throttle";
        case gate_kind::rate: return "rate limit";
        case gate_kind::concurrency: return "concurrency limit";
    }
    return "not a gate";
}

/// What a call says about the service.
enum class gate_outcome : std::uint8_t {
    answered,    ///< it works: a success, or an error of the caller's
    failed,      ///< it does not
    overloaded,  ///< it says that it has too much to do, or it did not answer in time
    nothing,     ///< it was not asked, or nobody waited for the answer
};

/// A gate: `try_enter(now, random)` gives a permit or nothing, `leave(permit, now, outcome)` takes it back. What
/// it counts is what reached the server: a permit that comes back with `nothing` must leave no trace. A gate that
/// cannot undo what it gave says `static constexpr bool is_asked_last = true`.
template <class G>
concept gate = requires(const G& g, steady_time now, rng& random) {
    { G::kind } -> std::convertible_to<gate_kind>;
    g.leave(*g.try_enter(now, random), now, gate_outcome::answered);
};

/// A breaker, for one owner or for threads, as a gate.
template <class Breaker>
struct breaker_gate {
    static constexpr gate_kind kind = gate_kind::breaker;
    Breaker& breaker;

    /// See `gate`.
    std::optional<breaker_permit> try_enter(steady_time now, auto&) const {
        const auto permit = breaker.try_acquire(now);
        return permit.has_value() ? std::optional(*permit) : std::nullopt;
    }
    void leave(const breaker_permit& p, steady_time now, gate_outcome o) const {
        if (o == gate_outcome::nothing) return breaker.release(p);
        o == gate_outcome::answered ? breaker.on_success(p, now) : breaker.on_failure(p, now);
    }
};

/// What gates pass that need nothing back.
struct no_permit {};

/// An adaptive throttle, for one owner or for threads, as a gate. `Throttle` has try_acquire(now, random),
/// on_accepted(now) and release(now).
template <class Throttle>
struct throttle_gate {
    static constexpr gate_kind kind = gate_kind::throttle;
    Throttle& throttle;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time now, auto& random) const {
        return throttle.try_acquire(now, random) ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time now, gate_outcome o) const {
        if (o == gate_outcome::answered) throttle.on_accepted(now);
        if (o == gate_outcome::nothing) throttle.release(now);
    }
};

/// A token bucket, for one owner or for threads, as a gate. A token that was taken stays so; in a pipeline this gate is
/// therefore asked after all others.
template <class Bucket>
struct rate_gate {
    static constexpr gate_kind kind = gate_kind::rate;
    static constexpr bool is_asked_last = true;
    Bucket& bucket;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time now, auto&) const {
        return bucket.try_take(now) ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time, gate_outcome) const {}
};

/// A concurrency limit as a gate.
struct concurrency_gate {
    static constexpr gate_kind kind = gate_kind::concurrency;
    concurrency_limit& limit;

    /// See `gate`.
    std::optional<no_permit> try_enter(steady_time, auto&) const {
        return limit.try_acquire() ? std::optional(no_permit{}) : std::nullopt;
    }
    void leave(no_permit, steady_time, gate_outcome o) const {
        if (o == gate_outcome::answered) return limit.on_success();
        o == gate_outcome::overloaded ? limit.on_overload() : limit.release();
    }
};

/// What a call through gates fails with: the operation's error, or the gate that refused it.
template <class E>
struct gate_error {
    std::optional<E> error;
    gate_kind refused_by{};  ///< where there is no error

    friend bool operator==(const gate_error&, const gate_error&) = default;
};

/// What the class of an error says about the service.
[[nodiscard]] constexpr gate_outcome outcome_of(error_class e) noexcept {
    switch (e) {
        case error_class::transient: return gate_outcome::failed;
        case error_class::throttled:
        case error_class::ambiguous: return gate_outcome::overloaded;
        case error_class::permanent: return gate_outcome::answered;
        case error_class::refused:
        case error_class::cancelled: break;
    }
    return gate_outcome::nothing;
}

}  // namespace coterie::inline v0::retry
