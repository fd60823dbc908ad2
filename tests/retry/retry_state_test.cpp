// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/retry_state.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::deadline;
using retry::error_class;
using retry::exponential_backoff;
using retry::no_jitter;
using retry::retry_policy;
using retry::retry_state;
using retry::stop_reason;
using std::chrono::nanoseconds;

namespace {

using outcome = std::expected<steady_time, stop_reason>;

constexpr steady_time start(1000s);
constexpr exponential_backoff plain{.base = 1s, .cap = 20s, .jitter = no_jitter{}};
constexpr error_class all_classes[] = {error_class::transient, error_class::throttled,
                                       error_class::ambiguous, error_class::permanent,
                                       error_class::refused,   error_class::cancelled};

/// Writes down what the hooks are told.
struct ledger {
    std::vector<std::string> lines;
    bool has_budget = true;

    void on_call(steady_time) { lines.emplace_back("call"); }
    void on_failure(steady_time, error_class e) { lines.push_back("failure " + to_string(e)); }
    bool try_retry(steady_time, error_class, std::uint32_t attempt) {
        lines.push_back("try " + std::to_string(attempt));
        return has_budget;
    }
    void on_success(steady_time, std::optional<error_class> cause) {
        lines.push_back("success" + (cause ? " after " + to_string(*cause) : std::string()));
    }
    void on_end(std::uint32_t attempts) { lines.push_back("end " + std::to_string(attempts)); }
};

struct observed {
    std::vector<std::string> lines;

    void on_retry(std::uint32_t attempt, error_class e, nanoseconds delay) {
        lines.push_back(std::to_string(attempt) + " " + to_string(e) + " " +
                        std::to_string(delay / 1ms));
    }
    void on_stop(std::uint32_t attempt, error_class e, stop_reason r) {
        lines.push_back(std::to_string(attempt) + " " + to_string(e) + ": " + to_string(r));
    }
    void on_success(std::uint32_t attempt) { lines.push_back(std::to_string(attempt) + " done"); }
};

static_assert(retry::budget<ledger> && retry::observer<observed> && !retry::budget<observed>);
static_assert(sizeof(retry_state<exponential_backoff<>, ledger, observed>) <= 64);
static_assert(sizeof(retry_state<retry::decorrelated_jitter, ledger, observed>) <= 64);
static_assert(sizeof(retry_state<retry::linear_backoff<>, ledger, observed>) <= 64);

constexpr outcome in_a_constant() {
    constexpr retry_policy policy{.backoff = plain};
    retry_state call(policy, start);
    rng random(1);
    return call.on_failure(start, error_class::transient, std::nullopt, random);
}
static_assert(in_a_constant() == start + 1s);

outcome failed(auto& call, error_class e = error_class::transient,
               std::optional<nanoseconds> retry_after = std::nullopt, steady_time now = start) {
    return call.on_failure(now, e, retry_after, rng(1));
}

outcome stopped(stop_reason r) { return std::unexpected(r); }

}  // namespace

TEST_CASE("each attempt waits longer, until there are no more") {
    constexpr retry_policy policy{.backoff = plain, .max_attempts = 4};
    retry_state call(policy, start);
    CHECK(failed(call) == start + 1s);
    CHECK(failed(call) == start + 2s);
    CHECK(failed(call) == start + 4s);
    CHECK(call.attempts() == 4);
    CHECK(failed(call) == stopped(stop_reason::attempts_exhausted));
}

TEST_CASE("an attempt is one, and none is none more") {
    for (const std::uint32_t most : {0U, 1U}) {
        const retry_policy policy{.backoff = plain, .max_attempts = most};
        retry_state call(policy, start);
        CHECK(failed(call) == stopped(stop_reason::attempts_exhausted));
    }
}

TEST_CASE("what is tried again, and why not: every class, idempotent or not") {
    for (const bool is_idempotent : {false, true}) {
        const retry_policy policy{.backoff = plain, .is_idempotent = is_idempotent};
        for (const error_class e : all_classes) {
            retry_state call(policy, start);
            const outcome got = failed(call, e);
            switch (e) {
                case error_class::transient:
                case error_class::throttled: CHECK(got == start + 1s); break;
                case error_class::ambiguous:
                    CHECK(got == (is_idempotent ? outcome(start + 1s)
                                                : stopped(stop_reason::not_idempotent)));
                    break;
                case error_class::permanent:
                    CHECK(got == stopped(stop_reason::permanent_error));
                    break;
                case error_class::refused: CHECK(got == stopped(stop_reason::refused)); break;
                case error_class::cancelled: CHECK(got == stopped(stop_reason::cancelled)); break;
            }
        }
    }
}

TEST_CASE("what the server asks for is a floor") {
    constexpr retry_policy policy{.backoff = plain, .max_attempts = 10};
    retry_state call(policy, start);
    CHECK(failed(call, error_class::throttled, 5s) == start + 5s);
    CHECK(failed(call, error_class::throttled, 1ms) == start + 2s);
    CHECK(failed(call, error_class::throttled, 4s + 1ns) == start + 4s + 1ns);
    CHECK(failed(call, error_class::throttled, 0s) == start + 8s);
    CHECK(failed(call, error_class::throttled, 500h) == start + 500h);  // beyond the cap too
    CHECK(failed(call, error_class::throttled, nanoseconds::max()) == steady_time::max());
    CHECK(failed(call, error_class::throttled, -1ns) == stopped(stop_reason::pushback));
}

TEST_CASE("a server cannot ask for more than the policy grants") {
    constexpr retry_policy policy{.backoff = plain, .max_retry_after_excess = 5s};
    retry_state call(policy, start);
    CHECK(failed(call, error_class::throttled, 5s) == start + 5s);
    CHECK(failed(call, error_class::throttled, 500h) == start + 2s + 5s);
    CHECK(failed(call, error_class::throttled, 9s) == start + 9s);
}

TEST_CASE("what the server asks for starts the backoff anew, where the policy says so") {
    for (const bool resets : {false, true}) {
        const retry_policy policy{
            .backoff = plain, .max_attempts = 10, .retry_after_resets = resets};
        const auto then = [&](nanoseconds if_reset, nanoseconds if_not) {
            return start + (resets ? if_reset : if_not);
        };
        retry_state call(policy, start);
        CHECK(failed(call) == start + 1s);
        CHECK(failed(call) == start + 2s);
        CHECK(failed(call, error_class::throttled, 30s) == start + 30s);
        CHECK(failed(call) == then(1s, 8s));
        CHECK(failed(call, error_class::transient, 0s) == then(2s, 16s));  // a floor still
        CHECK(failed(call) == then(1s, 20s));
        CHECK(failed(call) == then(2s, 20s));
        CHECK(call.attempts() == 8);  // which are counted on
        CHECK(failed(call, error_class::transient, retry::no_retry) ==
              stopped(stop_reason::pushback));
    }
}

TEST_CASE("throttling has its own base and shares the growth") {
    constexpr retry_policy policy{.backoff = plain,
                                  .throttled = {.base = 10s, .cap = 30s, .jitter = no_jitter{}},
                                  .max_attempts = 9};
    retry_state call(policy, start);
    CHECK(failed(call) == start + 1s);
    CHECK(failed(call, error_class::throttled) == start + 20s);
    CHECK(failed(call) == start + 4s);
    CHECK(failed(call, error_class::throttled) == start + 30s);
    CHECK(failed(call) == start + 16s);
}

TEST_CASE("a retry that could not end in time is not begun") {
    const retry_policy policy{.backoff = plain, .min_attempt_time = 300ms};
    {
        retry_state call(policy, start, deadline(start + 1300ms));
        CHECK(call.until() == deadline(start + 1300ms));
        CHECK(failed(call) == start + 1s);
        CHECK(failed(call) == stopped(stop_reason::deadline));
    }
    {
        retry_state call(policy, start, deadline(start + 1300ms - 1ns));
        CHECK(failed(call) == stopped(stop_reason::deadline));
    }
    {
        retry_state call(policy, start, deadline(start + 5s));
        CHECK(failed(call, error_class::throttled, 10s) == stopped(stop_reason::deadline));
    }
}

TEST_CASE("the deadline is checked before the budget is charged") {
    constexpr retry_policy policy{.backoff = plain};
    ledger budget;
    retry_state call(policy, start, deadline(start + 1ms), budget);
    CHECK(failed(call) == stopped(stop_reason::deadline));
    CHECK(budget.lines == std::vector<std::string>{"call", "failure transient", "end 1"});
}

TEST_CASE("the budget sees each call and each failure that could be retried, once") {
    constexpr retry_policy policy{.backoff = plain, .max_attempts = 2};
    using lines = std::vector<std::string>;
    ledger budget;
    {
        retry_state call(policy, start, {}, budget);
        CHECK(failed(call).has_value());
        call.on_success(start);
    }
    CHECK(budget.lines ==
          lines{"call", "failure transient", "try 1", "success after transient", "end 2"});
    budget.lines.clear();
    {
        retry_state call(policy, start, {}, budget);
        CHECK(failed(call).has_value());
        CHECK(failed(call) == stopped(stop_reason::attempts_exhausted));
    }
    CHECK(budget.lines ==
          lines{"call", "failure transient", "try 1", "failure transient", "end 2"});
    budget.lines.clear();
    {
        retry_state call(policy, start, {}, budget);
        CHECK(failed(call, error_class::permanent) == stopped(stop_reason::permanent_error));
    }
    CHECK(budget.lines == lines{"call", "end 1"});
    budget.lines.clear();
    {
        retry_state call(policy, start, {}, budget);
        CHECK(failed(call, error_class::throttled).has_value());
        call.on_success(start);
    }
    CHECK(budget.lines ==
          lines{"call", "failure throttled", "try 1", "success after throttled", "end 2"});
    budget.lines.clear();
    {
        retry_state call(policy, start, {}, budget);
        call.on_success(start);
    }
    CHECK(budget.lines == lines{"call", "success", "end 1"});
    budget.lines.clear();
    {
        retry_state call(policy, start, {}, budget);  // and then nothing more is heard of it
    }
    CHECK(budget.lines == lines{"call", "end 1"});
    budget.lines.clear();
    budget.has_budget = false;
    {
        retry_state call(policy, start, {}, budget);
        CHECK(failed(call) == stopped(stop_reason::budget));
        CHECK(call.attempts() == 1);
    }
    CHECK(budget.lines == lines{"call", "failure transient", "try 1", "end 1"});
}

TEST_CASE("the observer is told of each attempt") {
    constexpr retry_policy policy{.backoff = plain, .is_idempotent = true};
    retry::no_budget endless;
    observed seen;
    {
        retry_state call(policy, start, {}, endless, seen);
        CHECK(failed(call).has_value());
        CHECK(failed(call, error_class::ambiguous, 9s).has_value());
        call.on_success(start);
    }
    {
        retry_state call(policy, start, {}, endless, seen);
        CHECK(!failed(call, error_class::permanent).has_value());
    }
    CHECK(seen.lines == std::vector<std::string>{"1 transient 1000", "2 ambiguous 9000", "3 done",
                                                 "1 permanent: permanent error"});
}

TEST_CASE("attempts do not wrap") {
    constexpr retry_policy policy{.backoff = plain,
                                  .max_attempts = std::numeric_limits<std::uint32_t>::max()};
    retry_state call(policy, start);
    for (int i = 0; i < 10'000; ++i) CHECK(failed(call).has_value());
    CHECK(failed(call) == start + 20s);
    CHECK(call.attempts() == 10'002);
}

TEST_CASE("retries of many calls are spread over the whole ceiling") {
    constexpr retry_policy policy{.backoff = exponential_backoff{.base = 1s, .cap = 20s}};
    rng random(test::seed(), "spread");
    int early = 0;
    for (int i = 0; i < 1000; ++i) {
        retry_state call(policy, start);
        const auto at = call.on_failure(start, error_class::transient, std::nullopt, random);
        CHECK((*at >= start && *at <= start + 1s));
        if (*at < start + 500ms) ++early;
    }
    CHECK((early > 400 && early < 600));  // 500 give or take six standard deviations
}

TEST_CASE("classes and reasons have texts, each its own") {
    std::vector<std::string> texts;
    for (const error_class e : all_classes) texts.push_back(to_string(e));
    for (int r = 0; r <= static_cast<int>(stop_reason::cancelled); ++r)
        texts.push_back(to_string(static_cast<stop_reason>(r)));
    CHECK(texts == std::vector<std::string>{
                       "transient", "throttled", "ambiguous", "permanent", "refused", "cancelled",
                       "attempts exhausted", "not before the deadline", "retry budget spent",
                       "permanent error", "may have been done, not idempotent",
                       "server asked not to retry", "refused by the client", "cancelled"});
    CHECK(to_string(static_cast<error_class>(9)) == "not an error class");
    CHECK(to_string(static_cast<stop_reason>(9)) == "not a stop reason");
}
