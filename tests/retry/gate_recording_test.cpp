// SPDX-License-Identifier: BSL-1.0

// What reached the server is recorded beside random pipelines, and each gate must say what the recording says: refusals
// of other gates, cancelled attempts and attempts that are never finished leave no trace.

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/retry/adaptive_throttle.hpp>
#include <coterie/retry/circuit_breaker.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/pipeline.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "retry/scripted.hpp"
#include "retry/tasks.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::error_class;
using retry::gate_outcome;

namespace {

constexpr steady_time start(1000s);

/// Narrow or wide gates: a wide one is as good as none.
struct widths {
    bool breaker, throttle, rate, limit;

    retry::breaker_options<> breaker_options() const {
        return {.minimum_calls = breaker ? 3U : 100U,
                .open_for = breaker ? 1s : 0s,
                .half_open_calls = breaker ? 2U : 32U};
    }
    double k() const { return throttle ? 1.2 : 1e9; }
    retry::token_rate rate_options() const {
        return {.per_second = rate ? 2.0 : 1e6, .burst = rate ? 3U : 1'000'000U};
    }
    retry::concurrency_options limit_options() const {
        return {.initial = limit ? 2U : 500U, .max = limit ? 5U : 1000U};
    }
};

/// Attempts that have reached the server, and wait for its answer until they are destroyed.
struct server {
    struct arrival {
        server* at;
        std::size_t id;
        std::coroutine_handle<> awaiting{};
        std::optional<test::scripted_result> answer{};

        arrival(server& s, std::size_t number) : at(&s), id(number) { s.waiting[id] = this; }
        arrival(const arrival&) = delete;
        arrival& operator=(const arrival&) = delete;
        ~arrival() { at->waiting.erase(id); }

        static bool await_ready() { return false; }
        void await_suspend(std::coroutine_handle<> h) { awaiting = h; }
        test::scripted_result await_resume() const { return *answer; }
    };
    std::map<std::size_t, arrival*> waiting;
};

/// A timer that is up at once.
struct no_wait {
    struct over {
        static bool await_ready() { return true; }
        static void await_suspend(std::coroutine_handle<>) {}
        static bool await_resume() { return true; }
    };
    static over sleep_until(steady_time) { return {}; }
};

/// The gates' protections, told of what reached the server and of nothing else.
struct recording {
    explicit recording(const widths& w)
        : breaker(w.breaker_options()),
          bucket(w.rate_options(), start),
          limit(w.limit_options()),
          k(w.k()) {}

    retry::circuit_breaker<> breaker;
    retry::token_bucket bucket;
    retry::concurrency_limit limit;
    double k, requests = 0, accepts = 0;
    std::map<std::size_t, retry::breaker_permit> away;

    void arrives(std::size_t id, steady_time now) {
        const auto permit = breaker.try_acquire(now);
        REQUIRE(permit.has_value());
        REQUIRE(bucket.try_take(now));
        REQUIRE(limit.try_acquire());
        requests += 1;
        away.insert({id, *permit});
    }
    void leaves(std::size_t id, steady_time now, gate_outcome o) {
        const auto permit = away.at(id);
        away.erase(id);
        switch (o) {
            case gate_outcome::answered:
                accepts += 1;
                limit.on_success();
                return breaker.on_success(permit, now);
            case gate_outcome::failed: limit.release(); return breaker.on_failure(permit, now);
            case gate_outcome::overloaded:
                limit.on_overload();
                return breaker.on_failure(permit, now);
            case gate_outcome::nothing:
                requests -= 1;
                limit.release();
                return breaker.release(permit);
        }
    }
    double reject_probability() const {
        return std::max(0.0, (requests - k * accepts) / (requests + 1));
    }
};

}  // namespace

TEST_CASE("gates say what the attempts that reached the server say, and nothing else") {
    rng random(test::seed(), "recording");
    std::map<std::string, int> seen;
    for (int run = 0; run < 200; ++run) {
        const widths w{bernoulli(random, 0.7), bernoulli(random, 0.7), bernoulli(random, 0.7),
                       bernoulli(random, 0.7)};
        rng draws(random());
        manual_steady_clock clock(start);
        no_wait sleeper;
        retry::circuit_breaker<> breaker(w.breaker_options());
        retry::adaptive_throttle throttle({.k = w.k(), .window = {std::chrono::hours(10)}});
        retry::token_bucket bucket(w.rate_options(), start);
        retry::concurrency_limit limit(w.limit_options());
        const retry::pipeline guards{retry::breaker_gate{breaker}, retry::throttle_gate{throttle},
                                     retry::rate_gate{bucket}, retry::concurrency_gate{limit}};
        const retry::retry_policy policy{.backoff = retry::constant_backoff{},
                                         .max_attempts = uniform_between(random, 1U, 3U),
                                         .is_idempotent = true};
        server there;
        recording expected(w);
        std::size_t last_id = 0;
        const auto operation = [&](retry::attempt) {
            expected.arrives(++last_id, clock.now());
            return server::arrival(there, last_id);
        };
        const auto call = [&] {
            return guards.call_async<test::task, test::scripted_result>(
                policy, {}, retry::retry_environment{clock, sleeper, draws}, operation,
                [](const retry::failure& f) { return f; });
        };
        std::list<decltype(call())> calls;
        const auto settle = [&] {  // what is over makes room
            std::erase_if(calls, [&](const auto& c) {
                if (!c.is_done()) return false;
                const auto& result = c.result();
                if (!result && !result.error().error.error) {
                    const auto by = result.error().error.refused_by;
                    ++seen[to_string(by)];
                    if (by == retry::gate_kind::throttle) expected.requests += 1;  // its own rule
                }
                return true;
            });
        };
        const auto pick = [&](const auto& from) {
            return std::next(from.begin(),
                             static_cast<std::ptrdiff_t>(uniform_below(random, from.size())));
        };
        for (int i = 0; i < 200; ++i) {
            clock.advance(std::chrono::milliseconds(uniform_between(random, 0, 300)));
            const double what = uniform_real(random);
            if (what < 0.5 || calls.empty()) {
                calls.emplace_back(call());
            } else if (what < 0.9) {
                const auto [id, attempt] = *pick(there.waiting);
                const auto result = test::play(test::random_script(random), 1);
                const auto o = result ? gate_outcome::answered : outcome_of(result.error().what);
                attempt->answer = result;
                const auto handle = attempt->awaiting;
                expected.leaves(id, clock.now(), o);
                ++seen["outcome " + std::to_string(static_cast<int>(o))];
                handle.resume();
            } else {
                std::set<std::size_t> before;
                for (const auto& [id, attempt] : there.waiting) before.insert(id);
                calls.erase(pick(calls));
                for (const std::size_t id : before) {
                    if (there.waiting.contains(id)) continue;
                    expected.leaves(id, clock.now(), gate_outcome::nothing);
                    ++seen["destroyed"];
                }
            }
            settle();
            const steady_time now = clock.now();
            REQUIRE(throttle.reject_probability(now) ==
                    Approx(expected.reject_probability()).margin(1e-12));
            REQUIRE(bucket.tokens(now) == expected.bucket.tokens(now));
            REQUIRE(limit.limit() == expected.limit.limit());
            REQUIRE(limit.in_flight() == expected.limit.in_flight());
            REQUIRE(breaker.state(now) == expected.breaker.state(now));
        }
    }
    for (const char* const what :
         {"circuit breaker", "throttle", "rate limit", "concurrency limit", "destroyed",
          "outcome 0", "outcome 1", "outcome 2", "outcome 3"}) {
        INFO(what);
        CHECK(seen[what] > 20);
    }
}

TEST_CASE("a local storm does not close the way to a server that took all that reached it") {
    retry::adaptive_throttle throttle;
    retry::token_bucket bucket({.per_second = 10, .burst = 10}, start);
    retry::concurrency_limit limit({.initial = 10});
    const auto storm = [&](auto inner, auto afterwards) {
        const auto outer = retry::throttle_gate{throttle};
        const retry::pipeline guards{outer, inner};
        manual_steady_clock clock(start);
        manual_sleeper sleeper(clock);
        rng random(1);
        const auto calls = [&](int count) {
            int passed = 0;
            for (int i = 0; i < count; ++i) {
                passed += guards.call(
                                    retry::retry_policy{.backoff = retry::constant_backoff{}}, {},
                                    retry::retry_environment{clock, sleeper, random},
                                    [](retry::attempt) -> test::scripted_result { return 1; },
                                    [](const retry::failure& f) { return f; })
                                  .has_value()
                              ? 1
                              : 0;
            }
            return passed;
        };
        (void)calls(300);
        afterwards(clock);
        CHECK(throttle.reject_probability(clock.now()) == 0.0);
        return calls(10);
    };
    CHECK(storm(retry::rate_gate{bucket}, [](auto& clock) { clock.advance(1s); }) == 10);

    for (int i = 0; i < 10; ++i) REQUIRE(limit.try_acquire());
    const auto make_room = [&](auto&) {
        for (int i = 0; i < 10; ++i) limit.release();
    };
    CHECK(storm(retry::concurrency_gate{limit}, make_room) == 10);
}
