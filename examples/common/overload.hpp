// SPDX-License-Identifier: BSL-1.0
#pragma once

// A service that stands still for some seconds, and a thousand clients that retry. What happens after that
// depends on the clients alone. Time is virtual, and one seed makes it the same again.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/hedging_policy.hpp>
#include <coterie/retry/pipeline.hpp>
#include <coterie/retry/retry_state.hpp>

namespace examples {

/// Who asks, how often, and when nobody answers.
struct overload_options {
    unsigned clients = 1000;
    /// Between two calls of one client.
    std::chrono::nanoseconds pause = std::chrono::milliseconds(1400);
    /// What a request takes of the server, which does one after the other.
    std::chrono::nanoseconds work = std::chrono::milliseconds(1);
    /// After so long a client gives a request up. The server does not know, and does it all the same.
    std::chrono::nanoseconds patience = std::chrono::milliseconds(500);
    std::chrono::seconds fails_after{10};
    std::chrono::seconds stands_still{5};
    std::chrono::seconds watched_after{120};
    std::uint64_t seed = 1;
};

/// When the first client asks.
inline constexpr coterie::steady_time overload_start{std::chrono::seconds(1000)};

/// What came of it.
struct overload_outcome {
    static constexpr std::chrono::milliseconds slice{500};

    /// Requests that reached the server, by the slice of time.
    std::vector<unsigned> requests;
    /// Calls that clients began, and those of them that succeeded, by the second in which they began.
    std::vector<unsigned> calls;
    std::vector<unsigned> successes;
    /// From when the server works again until nine calls of ten succeed, for good; nothing, where that is not
    /// within the time watched.
    std::optional<std::chrono::seconds> recovered_after;
    double requests_a_call = 0;
};

/// What clients may share that stop asking: it opens when half of the calls of two seconds fail, for two seconds.
using overload_breaker = coterie::retry::circuit_breaker<coterie::retry::time_window>;
inline constexpr coterie::retry::breaker_options<coterie::retry::time_window>
    overload_breaker_options{.window = {std::chrono::seconds(2)},
                             .minimum_calls = 20,
                             .open_for = std::chrono::seconds(2),
                             .half_open_calls = 5};

/// A gate that all clients pass: entering it gives what is to be told when the attempt is over, or nothing.
using overload_leave = std::function<void(coterie::steady_time, coterie::retry::gate_outcome)>;
using overload_gate =
    std::function<std::optional<overload_leave>(coterie::steady_time, coterie::rng&)>;

/// One of the library's gates as such. It refers to what the gate refers to.
template <coterie::retry::gate Gate>
overload_gate shared_gate(Gate gate) {
    return [gate](coterie::steady_time now, coterie::rng& random) -> std::optional<overload_leave> {
        const auto permit = gate.try_enter(now, random);
        if (!permit) return std::nullopt;
        return [gate, permit](coterie::steady_time t, coterie::retry::gate_outcome o) {
            gate.leave(*permit, t, o);
        };
    };
}

/// What clients have beside a policy and a budget, and share.
struct overload_guards {
    overload_gate gate = nullptr;
    coterie::retry::hedge_budget* hedges = nullptr;  ///< if they send late requests twice
    coterie::retry::hedging_policy hedging{.delay = std::chrono::milliseconds(50)};
};

/// Plays it with one policy, a budget that all share, and what else they share.
template <class Backoff, class Budget>
overload_outcome play_overload(const overload_options& options,
                               const coterie::retry::retry_policy<Backoff>& policy, Budget& budget,
                               const overload_guards& guards) {
    using namespace coterie;
    using state = retry::retry_state<Backoff, Budget>;
    using event = std::pair<steady_time, std::function<void(steady_time)>>;
    const auto later = [](const event& a, const event& b) { return a.first > b.first; };
    std::priority_queue<event, std::vector<event>, decltype(later)> events(later);

    const steady_time start = overload_start;
    const steady_time fails_at = start + options.fails_after;
    const steady_time recovers_at = fails_at + options.stands_still;
    const auto watched = options.fails_after + options.stands_still + options.watched_after;
    rng random(options.seed, "overload");
    overload_outcome outcome;
    outcome.calls.resize(static_cast<std::size_t>(watched.count()) + 1);
    outcome.successes = outcome.calls;
    outcome.requests.resize(static_cast<std::size_t>(watched / overload_outcome::slice) + 1);
    unsigned requests = 0, calls = 0;

    // Where the server's queue ends. It stands still for a while.
    steady_time busy_until = start;
    const auto serve = [&](steady_time now) {
        ++requests;
        const auto at = static_cast<std::size_t>((now - start) / overload_outcome::slice);
        if (at < outcome.requests.size()) ++outcome.requests[at];
        if (busy_until < now) busy_until = now;
        if (busy_until >= fails_at && busy_until < recovers_at) busy_until = recovers_at;
        busy_until += options.work;
        return busy_until;
    };

    struct call {
        std::size_t second;
        state decision;
    };
    std::function<void(steady_time, std::shared_ptr<call>)> attempt;
    const auto fail = [&](steady_time now, const std::shared_ptr<call>& c, retry::error_class e) {
        const auto again = c->decision.on_failure(now, e, std::nullopt, random);
        if (again) events.emplace(*again, [&, c](steady_time t) { attempt(t, c); });
    };
    // Copies of a request that is late. The server does one after the other, so none is answered sooner.
    std::function<void(const std::shared_ptr<retry::hedge_state>&)> hedge =
        [&](const std::shared_ptr<retry::hedge_state>& copies) {
            if (!copies->next_at()) return;
            events.emplace(*copies->next_at(), [&, copies](steady_time t) {
                if (!copies->try_send(t)) return;
                serve(t);
                hedge(copies);
            });
        };
    attempt = [&](steady_time now, std::shared_ptr<call> c) {
        overload_leave leave = [](steady_time, retry::gate_outcome) {};
        if (guards.gate) {
            const auto permit = guards.gate(now, random);
            if (!permit) return fail(now, c, retry::error_class::refused);
            leave = *permit;
        }
        const steady_time answered = serve(now);
        const bool is_good = answered <= now + options.patience;
        const steady_time known = is_good ? answered : now + options.patience;
        std::shared_ptr<retry::hedge_state> copies;
        if (guards.hedges != nullptr) {
            copies = std::make_shared<retry::hedge_state>(guards.hedging, now,
                                                          retry::deadline(known), *guards.hedges);
            hedge(copies);
        }
        events.emplace(known, [&, c, leave, copies, is_good](steady_time t) {
            leave(t, is_good ? retry::gate_outcome::answered : retry::gate_outcome::overloaded);
            if (!is_good) return fail(t, c, retry::error_class::ambiguous);
            if (copies) copies->on_success();
            c->decision.on_success(t);
            ++outcome.successes[c->second];
        });
    };

    const auto between = options.pause / options.clients;
    for (steady_time t = start; t < start + watched; t += between) {
        const steady_time begins = t + std::chrono::nanoseconds(uniform_below(
                                           random, static_cast<std::uint64_t>(between.count())));
        events.emplace(begins, [&](steady_time now) {
            const auto second = static_cast<std::size_t>((now - start) / std::chrono::seconds(1));
            ++calls;
            ++outcome.calls[second];
            attempt(now, std::shared_ptr<call>(new call{second, state(policy, now, {}, budget)}));
        });
    }
    while (!events.empty()) {
        const event next = events.top();
        events.pop();
        next.second(next.first);
    }

    const auto up = static_cast<std::size_t>((recovers_at - start) / std::chrono::seconds(1));
    auto second = static_cast<std::size_t>(watched.count());
    const auto is_well = [&](std::size_t s) {
        return outcome.successes[s] * 10 >= outcome.calls[s] * 9;
    };
    if (is_well(second - 1)) {
        while (second > up && is_well(second - 1)) --second;
        outcome.recovered_after = std::chrono::seconds(second - up);
    }
    outcome.requests_a_call = static_cast<double>(requests) / calls;
    return outcome;
}

}  // namespace examples
