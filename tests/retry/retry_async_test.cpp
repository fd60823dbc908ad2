// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/retry_async.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_call.hpp>

#include "retry/scripted.hpp"
#include "retry/tasks.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::attempt;
using retry::deadline;
using retry::failure;
using retry::retry_environment;
using retry::stop_reason;
using test::event_loop;
using test::script;
using test::scripted_attempt;
using test::scripted_result;
using test::task;

namespace {

constexpr steady_time start(1000s);

template <class Budget, class Observer, class Backoff>
auto run_async(event_loop& loop, const retry::retry_policy<Backoff>& policy, deadline until,
               const script& s, rng& random, Budget& budget, Observer& observer) {
    return retry::retry_async<task, scripted_result>(
        policy, until, retry_environment{loop.clock, loop, random, budget, observer},
        [&loop, &s](attempt a) {
            const auto takes = s[std::min<std::size_t>(a.number, s.size()) - 1].takes;
            return scripted_attempt{{&loop, loop.clock.now() + takes}, test::play(s, a.number)};
        },
        [](const failure& f) { return f; });
}

template <class Budget, class Observer, class Backoff>
auto run_blocking(manual_steady_clock& clock, const retry::retry_policy<Backoff>& policy,
                  deadline until, const script& s, rng& random, Budget& budget,
                  Observer& observer) {
    manual_sleeper sleeper(clock);
    return retry::retry_call(
        policy, until, retry_environment{clock, sleeper, random, budget, observer},
        [&](attempt a) {
            clock.advance(s[std::min<std::size_t>(a.number, s.size()) - 1].takes);
            return test::play(s, a.number);
        },
        [](const failure& f) { return f; });
}

template <class Backoff>
void compare_drivers(const Backoff& backoff, const char* name) {
    rng random(test::seed(), name);
    retry::token_budget budgets[2];
    std::map<std::string, int> endings;
    for (int i = 0; i < 1000; ++i) {
        const script s = test::random_script(random);
        const retry::retry_policy<Backoff> policy{
            .backoff = backoff,
            .max_attempts = uniform_between(random, 1U, 8U),
            .is_idempotent = bernoulli(random, 0.8),
            .min_attempt_time = std::chrono::milliseconds(uniform_between(random, 0, 100))};
        const deadline until(start + std::chrono::milliseconds(uniform_between(random, 0, 20'000)));
        rng draws(random()), same_draws = draws;
        test::decisions blocking, async;

        manual_steady_clock clock(start);
        const auto expected = run_blocking(clock, policy, until, s, draws, budgets[0], blocking);
        event_loop loop;
        const auto t = run_async(loop, policy, until, s, same_draws, budgets[1], async);
        while (loop.run_one()) {
        }
        REQUIRE(t.is_done());
        REQUIRE(t.result().has_value() == expected.has_value());
        if (expected.has_value()) {
            CHECK(*t.result() == *expected);
        } else {
            CHECK(t.result().error().reason == expected.error().reason);
            CHECK(t.result().error().attempts == expected.error().attempts);
        }
        CHECK(async.lines == blocking.lines);
        CHECK(loop.clock.now() == clock.now());
        CHECK(draws == same_draws);
        ++endings[expected.has_value() ? "success" : describe(expected.error().reason)];
    }
    CHECK(budgets[0].tokens() == budgets[1].tokens());
    CHECK(endings.size() >= 8);  // all but a cancelled sleep has happened
}

constexpr retry::retry_policy plain{
    .backoff = retry::exponential_backoff{.base = 1s, .cap = 20s, .jitter = retry::no_jitter{}}};
const script fails_once{{0s, failure(retry::error_class::transient)}, {0s, {}}};

}  // namespace

TEST_CASE("both drivers decide alike, at the same times") {
    compare_drivers(retry::exponential_backoff{.base = 100ms, .cap = 5s}, "exponential");
    compare_drivers(retry::decorrelated_jitter{.base = 100ms, .cap = 5s}, "decorrelated");
    compare_drivers(retry::linear_backoff{.base = 100ms, .step = 50ms, .cap = 1s}, "linear");
}

TEST_CASE("a cancelled timer ends the call, and its places in the budget") {
    event_loop loop;
    rng random(1);
    retry::concurrency_budget budget;
    test::decisions seen;
    const auto t = run_async(loop, plain, {}, fails_once, random, budget, seen);
    CHECK(loop.run_one());
    CHECK((!t.is_done() && loop.timers() == 1 && budget.retries() == 1));
    loop.cancel_all();
    REQUIRE(t.is_done());
    CHECK(t.result().error().reason == stop_reason::cancelled);
    CHECK(t.result().error().attempts == 1);
    CHECK((budget.calls() == 0 && budget.retries() == 0));
}

TEST_CASE("a coroutine that is destroyed while it waits gives its places back") {
    retry::concurrency_budget budget;
    event_loop loop;
    rng random(1);
    retry::no_observer nobody;
    {
        const auto t = run_async(loop, plain, {}, fails_once, random, budget, nobody);
        CHECK(loop.run_one());
        CHECK((budget.calls() == 1 && budget.retries() == 1));
    }
    CHECK((budget.calls() == 0 && budget.retries() == 0));
}

TEST_CASE("a thousand calls wait on one thread") {
    event_loop loop;
    rng random(1);
    retry::no_budget endless;
    retry::no_observer nobody;
    using running = decltype(run_async(loop, plain, {}, fails_once, random, endless, nobody));
    std::vector<running> calls;
    for (int i = 0; i < 1000; ++i)
        calls.push_back(run_async(loop, plain, {}, fails_once, random, endless, nobody));
    while (loop.run_one()) {
    }
    CHECK(std::all_of(calls.begin(), calls.end(), [](const running& t) { return t.is_done(); }));
    CHECK(loop.clock.now() == start + 1s);
}
