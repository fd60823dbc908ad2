// SPDX-License-Identifier: BSL-1.0
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 sees at -Og in std::stop_source what is not there.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <coterie/retry/retry_call.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <coterie/adapt/stop_token.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/retry_budget.hpp>

#include "retry/scripted.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::attempt;
using retry::deadline;
using retry::error_class;
using retry::failure;
using retry::retry_call;
using retry::retry_environment;
using retry::retry_error;
using retry::stop_reason;
using test::script;

namespace {

constexpr steady_time start(1000s);
constexpr retry::exponential_backoff plain{.base = 1s, .cap = 20s, .jitter = retry::no_jitter{}};
constexpr retry::retry_policy policy{.backoff = plain};

struct workbench {
    manual_steady_clock clock{start};
    manual_sleeper<manual_steady_clock> sleeper{clock};
    rng random{1};
    retry_environment<manual_steady_clock, manual_sleeper<manual_steady_clock>, rng> here{
        clock, sleeper, random};

    auto run(const script& s, deadline until = {}) {
        return retry_call(
            policy, until, here,
            [&](attempt a) {
                clock.advance(s[a.number - 1].takes);
                return test::play(s, a.number);
            },
            [](const failure& f) { return f; });
    }
};

constexpr failure transient(error_class::transient);

}  // namespace

TEST_CASE("what succeeds at once is called once") {
    workbench b;
    CHECK(b.run({{1s, {}}}) == 1);
    CHECK(b.sleeper.sleeps() == 0);
}

TEST_CASE("a failure is waited out") {
    workbench b;
    CHECK(b.run({{10ms, transient}, {10ms, transient}, {10ms, {}}}) == 3);
    CHECK(b.clock.now() == start + 30ms + 1s + 2s);
    CHECK(b.sleeper.sleeps() == 2);
}

TEST_CASE("the last error comes back, with the reason and the number of attempts") {
    workbench b;
    const script s(4, test::step{0s, failure(error_class::throttled, 5s)});
    const auto result = b.run(s);
    REQUIRE(!result.has_value());
    CHECK(result.error().error.what == error_class::throttled);
    CHECK(result.error().reason == stop_reason::attempts_exhausted);
    CHECK(result.error().attempts == 4);
    CHECK(b.clock.now() == start + 15s);
}

TEST_CASE("the operation knows its attempt and its deadline") {
    workbench b;
    std::vector<std::uint32_t> numbers;
    const deadline until(start + 1h);
    const auto result = retry_call(
        policy, until, b.here,
        [&](attempt a) -> std::expected<void, std::string> {
            numbers.push_back(a.number);
            CHECK(a.until == until);
            if (a.number < 3) return std::unexpected("no");
            return {};
        },
        [](const std::string&) { return error_class::transient; });
    CHECK(result.has_value());
    CHECK(numbers == std::vector<std::uint32_t>{1, 2, 3});
}

TEST_CASE("values and errors are moved, not copied") {
    workbench b;
    using pointer = std::unique_ptr<int>;
    auto result = retry_call(
        policy, {}, b.here,
        [](attempt a) -> std::expected<pointer, pointer> {
            if (a.number == 1) return std::unexpected(pointer());
            return std::make_unique<int>(7);
        },
        [](const pointer&) { return error_class::transient; });
    REQUIRE(result.has_value());
    CHECK(**result == 7);
    result = retry_call(
        policy, {}, b.here,
        [](attempt) -> std::expected<pointer, pointer> {
            return std::unexpected(std::make_unique<int>(8));
        },
        [](const pointer&) { return error_class::permanent; });
    CHECK(*result.error().error == 8);
}

TEST_CASE("nothing is begun that cannot end in time") {
    workbench b;
    const auto result = b.run(script(4, {100ms, transient}), deadline(start + 2s));
    CHECK(result.error().reason == stop_reason::deadline);
    CHECK(result.error().attempts == 2);
    CHECK(b.clock.now() == start + 1200ms);
}

TEST_CASE("a sleep that lasts beyond the deadline is the last") {
    struct oversleeper {
        manual_steady_clock* clock;
        bool sleep_until(steady_time t) const {
            clock->advance_to(t + 1h);
            return true;
        }
        bool sleep_for(std::chrono::nanoseconds) const { return true; }
    };
    manual_steady_clock clock(start);
    oversleeper sleeper{&clock};
    rng random(1);
    retry::concurrency_budget budget;
    test::decisions seen;
    const auto result = retry_call(
        policy, deadline(start + 10s), retry_environment{clock, sleeper, random, budget, seen},
        [](attempt) -> std::expected<int, int> { return std::unexpected(5); },
        [](int) { return error_class::transient; });
    CHECK(result.error() == retry_error<int>{5, stop_reason::deadline, 1});
    CHECK((budget.calls() == 0 && budget.retries() == 0));
    CHECK(seen.lines == std::vector<std::string>{"1 transient, again in 1000000000",
                                                 "1 transient: not before the deadline"});
}

TEST_CASE("a cancelled sleep ends the call") {
    workbench b;
    b.sleeper.cancel();
    const auto result = b.run({{0s, transient}, {0s, {}}});
    CHECK(result.error().reason == stop_reason::cancelled);
    CHECK(result.error().attempts == 1);
}

TEST_CASE("a budget that is spent ends calls at once") {
    manual_steady_clock clock(start);
    manual_sleeper sleeper(clock);
    rng random(1);
    retry::token_budget budget;
    int attempts = 0;
    for (int i = 0; i < 20; ++i) {
        const auto result = retry_call(
            policy, {}, retry_environment{clock, sleeper, random, budget},
            [&](attempt) -> std::expected<int, int> {
                ++attempts;
                return std::unexpected(1);
            },
            [](int) { return error_class::transient; });
        CHECK(result.error().reason ==
              (i == 0 ? stop_reason::attempts_exhausted : stop_reason::budget));
    }
    CHECK(attempts ==
          4 + 19);  // four failures, and the fifth leaves no more than half of the tokens
}

TEST_CASE("stop wakes a caller that sleeps for an hour", "[concurrent]") {
    constexpr retry::retry_policy slow{.backoff = retry::constant_backoff{1h}};
    std::stop_source stop;
    adapt::stop_token_sleeper sleeper(stop.get_token());
    coterie::steady_clock clock;
    rng random(1);
    std::jthread stopper([&] {
        std::this_thread::sleep_for(10ms);
        stop.request_stop();
    });
    const auto result = retry_call(
        slow, {}, retry_environment{clock, sleeper, random},
        [](attempt) -> std::expected<int, int> { return std::unexpected(1); },
        [](int) { return error_class::transient; });
    CHECK(result.error() == retry_error<int>{1, stop_reason::cancelled, 1});
}
