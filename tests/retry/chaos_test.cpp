// SPDX-License-Identifier: BSL-1.0

// A service that collapses under load, and a thousand clients that retry: what `herd` shows, held to.

#include <chrono>

#include <coterie/retry/adaptive_throttle.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/hedging_policy.hpp>
#include <coterie/retry/pipeline.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_state.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "../../examples/common/overload.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;

namespace {

using examples::overload_guards;
using examples::shared_gate;

/// A thousand clients, each of which makes a call every 1.4 s: 70 % of what the server can do.
template <class Backoff, class Budget>
examples::overload_outcome run(const retry::retry_policy<Backoff>& policy, Budget& budget,
                               const overload_guards& guards = {}) {
    auto o = examples::play_overload({.seed = test::seed()}, policy, budget, guards);
    UNSCOPED_INFO((o.recovered_after ? o.recovered_after->count() : -1)
                  << " s, " << o.requests_a_call << " requests a call");
    return o;
}

bool recovers_within(const examples::overload_outcome& o, std::chrono::seconds t) {
    return o.recovered_after.has_value() && *o.recovered_after <= t;
}

template <class Backoff>
constexpr retry::retry_policy<Backoff> policy_of(const Backoff& backoff) {
    return {.backoff = backoff, .max_attempts = 4, .is_idempotent = true};
}

constexpr auto at_once = policy_of(retry::constant_backoff{1ms});
constexpr auto with_jitter = policy_of(retry::exponential_backoff{.base = 100ms, .cap = 10s});

}  // namespace

TEST_CASE("a service that was down does not recover as long as its clients retry as they like") {
    retry::no_budget endless;
    // Retries at once keep the server busy with what nobody waits for, two minutes later still.
    const auto naive = run(at_once, endless);
    CHECK_FALSE(naive.recovered_after.has_value());
    CHECK(naive.requests_a_call > 3);

    // Backoff spreads the retries, and there are as many: it helps who contends, not who is overloaded.
    CHECK_FALSE(run(with_jitter, endless).recovered_after.has_value());
}

TEST_CASE("each budget leaves a service room to catch up") {
    const auto with = [](auto& budget) { return run(with_jitter, budget); };
    retry::ratio_budget ratio;
    const auto budgeted = with(ratio);
    CHECK(recovers_within(budgeted, 45s));
    CHECK(budgeted.requests_a_call < 1.2);
    retry::concurrency_budget concurrency;
    CHECK(recovers_within(with(concurrency), 40s));
    retry::token_budget tokens;
    CHECK(recovers_within(with(tokens), 20s));
    retry::quota_budget quota;
    CHECK(recovers_within(with(quota), 20s));
}

TEST_CASE("each gate but the throttle shortens the recovery of clients without a budget") {
    const auto behind = [](auto gate) {
        retry::no_budget endless;
        return run(with_jitter, endless, {.gate = shared_gate(gate)});
    };
    examples::overload_breaker breaker(examples::overload_breaker_options);
    CHECK(recovers_within(behind(retry::breaker_gate{breaker}), 10s));
    retry::concurrency_limit limit;
    CHECK(recovers_within(behind(retry::concurrency_gate{limit}), 2s));
    retry::token_bucket most({.per_second = 800, .burst = 50}, examples::overload_start);
    CHECK(recovers_within(behind(retry::rate_gate{most}), 30s));
    retry::token_bucket more({.per_second = 900, .burst = 50}, examples::overload_start);
    CHECK(recovers_within(behind(retry::rate_gate{more}), 60s));

    // The throttle keeps the load away, but as long as it remembers the outage it refuses more than what the server
    // is behind: of two minutes, through all that were watched.
    retry::adaptive_throttle throttle;
    const auto throttled = behind(retry::throttle_gate{throttle});
    CHECK_FALSE(throttled.recovered_after.has_value());
    CHECK(throttled.requests_a_call < 1);
}

TEST_CASE("a breaker and a budget together recover as soon as the breaker") {
    retry::ratio_budget ratio;
    examples::overload_breaker breaker(examples::overload_breaker_options);
    CHECK(recovers_within(
        run(with_jitter, ratio, {.gate = shared_gate(retry::breaker_gate{breaker})}), 10s));
}

TEST_CASE("hedges help no server that has too much to do: their budget keeps them from harm") {
    const auto hedged = [](retry::hedge_budget& hedges) {
        retry::ratio_budget ratio;
        return run(with_jitter, ratio, {.hedges = &hedges});
    };
    retry::hedge_budget usual;
    CHECK(recovers_within(hedged(usual), 45s));
    retry::hedge_budget endless({.max_tokens = 1000, .per_success = 1});
    const auto doubled = hedged(endless);
    CHECK_FALSE(doubled.recovered_after.has_value());
    CHECK(doubled.requests_a_call > 1.2);
}
