// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/pipeline.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/core/text.hpp>
#include <coterie/retry/adaptive_throttle.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "retry/scripted.hpp"
#include "retry/tasks.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::attempt;
using retry::breaker_state;
using retry::error_class;
using retry::gate_error;
using retry::gate_kind;
using retry::pipeline;
using retry::stop_reason;

namespace {

constexpr steady_time start(1000s);
constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{1s}, .max_attempts = 4};
using answer = std::expected<int, error_class>;

using breaker_gate = retry::breaker_gate<retry::circuit_breaker<>>;
using throttle_gate = retry::throttle_gate<retry::adaptive_throttle>;
using rate_gate = retry::rate_gate<retry::token_bucket>;
using retry::concurrency_gate;
using retry::gates_in_order;

static_assert(gates_in_order<> && gates_in_order<rate_gate>);
static_assert(gates_in_order<breaker_gate, throttle_gate, rate_gate, concurrency_gate>);
static_assert(gates_in_order<breaker_gate, concurrency_gate>);
static_assert(!gates_in_order<concurrency_gate, breaker_gate>);
static_assert(!gates_in_order<breaker_gate, rate_gate, throttle_gate>);
static_assert(!gates_in_order<rate_gate, rate_gate>);

/// All gates, with time at hand.
struct workbench {
    manual_steady_clock clock{start};
    manual_sleeper<manual_steady_clock> sleeper{clock};
    rng random{1};
    retry::retry_environment<manual_steady_clock, manual_sleeper<manual_steady_clock>, rng> here{
        clock, sleeper, random};

    retry::circuit_breaker<> breaker{{.minimum_calls = 2, .open_for = 1h, .half_open_calls = 1}};
    retry::adaptive_throttle throttle;
    retry::token_bucket bucket{{.per_second = 0.001, .burst = 3}, start};
    retry::concurrency_limit limit{{.initial = 10}};

    auto all() {
        return pipeline{retry::breaker_gate{breaker}, retry::throttle_gate{throttle},
                        retry::rate_gate{bucket}, retry::concurrency_gate{limit}};
    }
    auto call(const auto& guards, auto operation) {
        return guards.call(policy, {}, here, operation, [](error_class e) { return e; });
    }
};

}  // namespace

TEST_CASE("what succeeds passes all gates and leaves them") {
    workbench b;
    CHECK(b.call(b.all(), [&](attempt) -> answer {
        CHECK(b.limit.in_flight() == 1);
        return 7;
    }) == 7);
    CHECK(b.limit.in_flight() == 0);
    CHECK(b.bucket.tokens(start) == 2);
    CHECK(b.breaker.tally(start) == retry::call_tally{1, 0, 0});
}

TEST_CASE("a breaker that opens ends the retries, and while it is open there is no attempt") {
    workbench b;
    int attempts = 0;
    const auto fails = [&](attempt) -> answer {
        ++attempts;
        return std::unexpected(error_class::transient);
    };
    const pipeline guards{retry::breaker_gate{b.breaker}};
    const auto first = b.call(guards, fails);
    CHECK(attempts == 2);
    CHECK(first.error().reason == stop_reason::refused);
    CHECK(first.error().error == gate_error<error_class>{std::nullopt, gate_kind::breaker});
    CHECK(first.error().attempts == 3);

    const auto sleeps = b.sleeper.sleeps();
    const auto second = b.call(guards, fails);
    CHECK(second.error().reason == stop_reason::refused);
    CHECK(attempts == 2);
    CHECK(b.sleeper.sleeps() == sleeps);
}

TEST_CASE("a rate that is used up is not retried") {
    workbench b;
    const auto fails = [](attempt) -> answer { return std::unexpected(error_class::throttled); };
    const auto result = b.call(pipeline{retry::rate_gate{b.bucket}}, fails);
    CHECK(result.error().error.refused_by == gate_kind::rate);
    CHECK(result.error().reason == stop_reason::refused);
    CHECK(result.error().attempts == 4);
}

TEST_CASE("the operation's own error comes back when the policy ends it") {
    workbench b;
    const auto result = b.call(
        pipeline<>{}, [](attempt) -> answer { return std::unexpected(error_class::transient); });
    CHECK(result.error().reason == stop_reason::attempts_exhausted);
    CHECK(result.error().error.error == error_class::transient);
}

TEST_CASE("gates that were passed get back what an inner one refused") {
    workbench b;
    b.breaker.on_failure(b.breaker.try_acquire(start).value(), start);
    b.breaker.on_failure(b.breaker.try_acquire(start).value(), start);
    b.clock.advance(1h);
    REQUIRE(b.breaker.state(b.clock.now()) == breaker_state::half_open);
    for (int i = 0; i < 10; ++i) REQUIRE(b.limit.try_acquire());  // no place is left

    const pipeline guards{retry::breaker_gate{b.breaker}, retry::concurrency_gate{b.limit}};
    const auto refused = b.call(guards, [](attempt) -> answer { return 1; });
    CHECK(refused.error().error.refused_by == gate_kind::concurrency);
    CHECK(b.breaker.state(b.clock.now()) == breaker_state::half_open);

    b.limit.release();  // the one probe was not used up
    CHECK(b.call(guards, [](attempt) -> answer { return 1; }) == 1);
    CHECK(b.breaker.state(b.clock.now()) == breaker_state::closed);
}

TEST_CASE("what each class of error tells each gate") {
    struct row {
        error_class e;
        unsigned breaker_calls, breaker_failures;
        bool counts_against;  // in the throttle
        unsigned limit;
    };
    const row rows[] = {{error_class::transient, 1, 1, true, 10},
                        {error_class::throttled, 1, 1, true, 9},
                        {error_class::ambiguous, 1, 1, true, 9},
                        {error_class::permanent, 1, 0, false, 10},
                        {error_class::cancelled, 0, 0, false, 10}};
    for (const row& r : rows) {
        INFO(describe(r.e));
        workbench b;
        b.breaker.on_success(b.breaker.try_acquire(start).value(), start);
        const auto once =
            retry::retry_policy{.backoff = retry::constant_backoff{}, .max_attempts = 1};
        (void)b.all().call(
            once, {}, b.here, [&](attempt) -> answer { return std::unexpected(r.e); },
            [](error_class e) { return e; });
        CHECK(b.breaker.tally(start) ==
              retry::call_tally{1 + r.breaker_calls, r.breaker_failures, 0});
        CHECK((b.throttle.reject_probability(start) > 0) == r.counts_against);
        CHECK(b.limit.limit() == r.limit);
        CHECK(b.limit.in_flight() == 0);
    }
}

namespace {

/// The clocks, generators and gates of one driver, the same in each.
struct guarded_services {
    explicit guarded_services(std::uint64_t seed) : random(seed) {}

    rng random;
    retry::circuit_breaker<> breaker{{.minimum_calls = 3, .open_for = 1s, .half_open_calls = 1}};
    retry::adaptive_throttle throttle{retry::throttle_options{.k = 1.1}};
    retry::token_bucket bucket{{.per_second = 0.3, .burst = 3}, start};
    retry::concurrency_limit limit{{.initial = 1, .max = 5}};
    test::decisions seen;
    retry::no_budget endless;

    auto guards() {
        return pipeline{retry::breaker_gate{breaker}, retry::throttle_gate{throttle},
                        retry::rate_gate{bucket}, retry::concurrency_gate{limit}};
    }
    std::string state(steady_time now) {
        return std::string(describe(breaker.state(now))) + " " +
               std::to_string(throttle.reject_probability(now)) + " " +
               std::to_string(bucket.tokens(now)) + " " + std::to_string(limit.limit()) + " " +
               std::to_string(limit.in_flight());
    }
};

/// What came of a call, as text.
std::string text_of(const auto& result) {
    if (result.has_value()) return std::to_string(*result);
    const auto& e = result.error();
    return to_string(e.reason) + " " + std::to_string(e.attempts) + " " +
           (e.error.error ? to_string(e.error.error->what) : to_string(e.error.refused_by));
}

constexpr auto as_it_is = [](const retry::failure& f) { return f; };

auto call_async(test::event_loop& loop, guarded_services& s, const auto& rules,
                const test::script& script) {
    return s.guards().template call_async<test::task, test::scripted_result>(
        rules, {}, retry::retry_environment{loop.clock, loop, s.random, s.endless, s.seen},
        [&](attempt a) {
            return test::scripted_attempt{{&loop, loop.clock.now() + 50ms},
                                          test::play(script, a.number)};
        },
        as_it_is);
}

}  // namespace

TEST_CASE("through gates both drivers decide alike, and leave the gates alike") {
    rng random(test::seed(), "gates");
    const retry::retry_policy some{.backoff = retry::exponential_backoff{.base = 200ms, .cap = 2s},
                                   .is_idempotent = true};
    std::set<std::string> endings;
    for (int run = 0; run < 50; ++run) {
        const std::uint64_t seed = random();
        guarded_services blocking(seed), async(seed);
        manual_steady_clock clock(start);
        manual_sleeper sleeper(clock);
        test::event_loop loop;
        for (int i = 0; i < 20; ++i) {
            const test::script script = test::random_script(random);
            const auto pause = std::chrono::milliseconds(uniform_between(random, 0, 3000));
            clock.advance(pause);
            loop.clock.advance(pause);
            const auto expected = blocking.guards().call(
                some, {},
                retry::retry_environment{clock, sleeper, blocking.random, blocking.endless,
                                         blocking.seen},
                [&](attempt a) {
                    clock.advance(50ms);
                    return test::play(script, a.number);
                },
                as_it_is);
            const auto t = call_async(loop, async, some, script);
            while (loop.run_one()) {
            }
            REQUIRE(t.is_done());
            REQUIRE(text_of(t.result()) == text_of(expected));
            REQUIRE(loop.clock.now() == clock.now());
            REQUIRE(async.state(clock.now()) == blocking.state(clock.now()));
            endings.insert(expected ? "success" : to_string(expected.error().reason));
            if (!expected && !expected.error().error.error)
                endings.insert(to_string(expected.error().error.refused_by));
        }
        CHECK(async.seen.lines == blocking.seen.lines);
        CHECK(async.random == blocking.random);
        CHECK(async.limit.in_flight() == 0);
    }
    for (const gate_kind k : {gate_kind::breaker, gate_kind::throttle, gate_kind::rate}) {
        INFO(describe(k));
        CHECK(endings.contains(to_string(k)));
    }
    CHECK(endings.contains("success"));
}

TEST_CASE("a coroutine that is destroyed while it waits for the server leaves the gates") {
    guarded_services s(1);
    test::event_loop loop;
    const test::script succeeds{{}};
    {
        const auto t = call_async(loop, s, policy, succeeds);
        CHECK((!t.is_done() && s.limit.in_flight() == 1));
        const auto refused = call_async(loop, s, policy, succeeds);
        REQUIRE(refused.is_done());
        CHECK(text_of(refused.result()) == "refused by the client 1 concurrency limit");
    }
    CHECK(s.limit.in_flight() == 0);
    CHECK(s.breaker.tally(start).calls == 0);
}

TEST_CASE("a call without a value goes through as well") {
    workbench b;
    const auto result = b.all().call(
        policy, {}, b.here, [](attempt) -> std::expected<void, int> { return {}; },
        [](int) { return error_class::transient; });
    CHECK(result.has_value());
}

TEST_CASE("gates have names") {
    CHECK(to_string(gate_kind::breaker) == "circuit breaker");
    CHECK(to_string(gate_kind::throttle) == "throttle");
    CHECK(to_string(gate_kind::rate) == "rate limit");
    CHECK(to_string(gate_kind::concurrency) == "concurrency limit");
    CHECK(to_string(static_cast<gate_kind>(9)) == "not a gate");
}
