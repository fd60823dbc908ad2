// SPDX-License-Identifier: BSL-1.0

// A service that collapses under load, and a thousand clients that retry. It is down for five seconds; what
// happens after that depends on the clients alone. Time is virtual.

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
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_state.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::error_class;
using std::chrono::nanoseconds;

namespace {

constexpr steady_time start(1000s);
constexpr steady_time fails_at = start + 10s, recovers_at = start + 15s, end = start + 135s;

/// One server with a queue, which stands still for five seconds. A request takes 1 ms of it, wanted or not: who
/// waits for 500 ms gives up, and the server does not know. So once 500 ms of work are queued, all that it does is
/// for nobody.
class service {
public:
    /// When a request that arrives now is answered.
    steady_time serve(steady_time now) {
        if (busy_until_ < now) busy_until_ = now;
        if (busy_until_ >= fails_at && busy_until_ < recovers_at) busy_until_ = recovers_at;
        busy_until_ += 1ms;
        return busy_until_;
    }

private:
    steady_time busy_until_{start};
};

constexpr auto patience = 500ms;

struct outcome {
    nanoseconds
        until_recovered;  ///< from when the server is up until nine calls of ten succeed, for good
    double attempts_a_call;
};

/// A thousand clients, each of which makes a call every 1.4 s: 70 % of what the server can do.
template <class Backoff, class Budget, class Breaker>
outcome run(const retry::retry_policy<Backoff>& policy, Budget& budget, Breaker* breaker) {
    using state = retry::retry_state<Backoff, Budget>;
    using event = std::pair<steady_time, std::function<void(steady_time)>>;
    const auto later = [](const event& a, const event& b) { return a.first > b.first; };
    std::priority_queue<event, std::vector<event>, decltype(later)> events(later);
    rng random(test::seed(), "chaos");
    service server;
    std::vector<int> good(136), all(136);  // calls by the second in which they began
    int attempts = 0;

    struct call {
        steady_time began;
        state decision;
    };
    std::function<void(steady_time, std::shared_ptr<call>)> attempt;
    const auto fail = [&](steady_time now, const std::shared_ptr<call>& c, error_class e) {
        const auto again = c->decision.on_failure(now, e, std::nullopt, random);
        if (again) events.emplace(*again, [&, c](steady_time t) { attempt(t, c); });
    };
    attempt = [&](steady_time now, std::shared_ptr<call> c) {
        std::optional<retry::breaker_permit> permit;
        if (breaker != nullptr) {
            const auto granted = breaker->try_acquire(now);
            if (!granted) return fail(now, c, error_class::refused);
            permit = *granted;
        }
        ++attempts;
        const steady_time answered = server.serve(now);
        const bool is_good = answered <= now + patience;
        const steady_time known = is_good ? answered : now + patience;
        events.emplace(known, [&, c, permit, is_good](steady_time t) {
            if (permit) is_good ? breaker->on_success(*permit, t) : breaker->on_failure(*permit, t);
            if (!is_good) return fail(t, c, error_class::ambiguous);
            c->decision.on_success(t);
            ++good[static_cast<std::size_t>((c->began - start) / 1s)];
        });
    };

    int calls = 0;
    for (steady_time t = start; t < end; t += 1400us) {
        const steady_time jittered = t + nanoseconds(uniform_below(random, 1'400'000));
        events.emplace(jittered, [&](steady_time now) {
            ++calls;
            ++all[static_cast<std::size_t>((now - start) / 1s)];
            attempt(now, std::shared_ptr<call>(new call{now, state(policy, now, {}, budget)}));
        });
    }
    while (!events.empty()) {
        const event next = events.top();
        events.pop();
        next.second(next.first);
    }

    std::size_t second = 135;
    while (second > 15 && good[second - 1] * 10 >= all[second - 1] * 9) --second;
    const outcome o{std::chrono::seconds(second - 15), static_cast<double>(attempts) / calls};
    UNSCOPED_INFO(o.until_recovered / 1s << " s, " << o.attempts_a_call << " attempts a call");
    return o;
}

template <class Backoff>
constexpr retry::retry_policy<Backoff> policy_of(const Backoff& backoff) {
    return {.backoff = backoff, .max_attempts = 4, .is_idempotent = true};
}

constexpr auto at_once = policy_of(retry::constant_backoff{1ms});
constexpr auto with_jitter = policy_of(retry::exponential_backoff{.base = 100ms, .cap = 10s});

}  // namespace

TEST_CASE("a service that was down recovers, or does not, as its clients retry") {
    using breaker = retry::circuit_breaker<retry::time_window>;
    constexpr retry::breaker_options<retry::time_window> guard_options{
        .window = {2s}, .minimum_calls = 20, .open_for = 2s, .half_open_calls = 5};
    constexpr breaker* none = nullptr;
    retry::no_budget endless;

    // Retries at once keep the server busy with what nobody waits for, two minutes later still.
    const outcome naive = run(at_once, endless, none);
    CHECK(naive.until_recovered == 120s);
    CHECK(naive.attempts_a_call > 3);

    // Backoff spreads the retries, and there are as many: it helps who contends, not who is overloaded.
    CHECK(run(with_jitter, endless, none).until_recovered == 120s);

    // A budget leaves the server room to catch up,
    retry::ratio_budget ratio;
    const outcome budgeted = run(with_jitter, ratio, none);
    CHECK(budgeted.until_recovered <= 45s);
    CHECK(budgeted.attempts_a_call < 1.2);

    retry::token_budget tokens;
    CHECK(run(with_jitter, tokens, none).until_recovered <= 20s);

    // a breaker lets the queue drain at once.
    breaker guard(guard_options);
    CHECK(run(with_jitter, endless, &guard).until_recovered <= 10s);

    retry::ratio_budget ratio_again;
    breaker guard_again(guard_options);
    CHECK(run(with_jitter, ratio_again, &guard_again).until_recovered <= 10s);
}
