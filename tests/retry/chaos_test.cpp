// SPDX-License-Identifier: BSL-1.0

// A service that collapses under load, and a thousand clients that retry: what `herd` shows, held to.

#include <chrono>

#include <coterie/retry/backoff.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_state.hpp>

#include "../../examples/common/overload.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;

namespace {

using breaker = examples::overload_breaker;

/// A thousand clients, each of which makes a call every 1.4 s: 70 % of what the server can do.
template <class Backoff, class Budget>
examples::overload_outcome run(const retry::retry_policy<Backoff>& policy, Budget& budget,
                               breaker* guard) {
    auto o = examples::play_overload({.seed = test::seed()}, policy, budget, guard);
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

TEST_CASE("a service that was down recovers, or does not, as its clients retry") {
    constexpr breaker* none = nullptr;
    retry::no_budget endless;

    // Retries at once keep the server busy with what nobody waits for, two minutes later still.
    const auto naive = run(at_once, endless, none);
    CHECK_FALSE(naive.recovered_after.has_value());
    CHECK(naive.requests_a_call > 3);

    // Backoff spreads the retries, and there are as many: it helps who contends, not who is overloaded.
    CHECK_FALSE(run(with_jitter, endless, none).recovered_after.has_value());

    // A budget leaves the server room to catch up,
    retry::ratio_budget ratio;
    const auto budgeted = run(with_jitter, ratio, none);
    CHECK(recovers_within(budgeted, 45s));
    CHECK(budgeted.requests_a_call < 1.2);

    retry::token_budget tokens;
    CHECK(recovers_within(run(with_jitter, tokens, none), 20s));

    // a breaker lets the queue drain at once.
    breaker guard(examples::overload_breaker_options);
    CHECK(recovers_within(run(with_jitter, endless, &guard), 10s));

    retry::ratio_budget ratio_again;
    breaker guard_again(examples::overload_breaker_options);
    CHECK(recovers_within(run(with_jitter, ratio_again, &guard_again), 10s));
}
