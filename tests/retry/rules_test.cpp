// SPDX-License-Identifier: BSL-1.0

// The rules of retry_rules.json, in tests/data or in the folder that COTERIE_TEST_DATA names.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_state.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace coterie;
using nlohmann::json;
using retry::error_class;
using std::chrono::nanoseconds;

namespace {

json rule(const char* name) {
    std::ifstream file(test::data_dir() / "retry_rules.json");
    REQUIRE(file);
    return json::parse(file).at(name);
}

nanoseconds seconds(double s) { return nanoseconds(std::llround(s * 1e9)); }

/// The smallest and the largest of many draws of one delay.
template <class Backoff>
std::pair<nanoseconds, nanoseconds> range(const Backoff& backoff,
                                          typename Backoff::state_type state, rng& random) {
    nanoseconds least = nanoseconds::max(), most{};
    for (int i = 0; i < 2000; ++i) {
        auto copy = state;
        const auto d = backoff.next(copy, random);
        least = std::min(least, d);
        most = std::max(most, d);
    }
    return {least, most};
}

/// Polly's "decorrelated jitter V2", in the words of its rule: the executable table beside exponential_backoff, and
/// a policy of somebody's own.
struct polly_v2 {
    nanoseconds base{};
    nanoseconds cap{};

    struct state_type {
        double attempt = 0;
        double previous = 0;
        friend bool operator==(const state_type&, const state_type&) = default;
    };

    template <random_bit_generator G>
    nanoseconds next(state_type& state, G&& random) const {
        const double t = state.attempt + uniform_real(random);
        const double sum = std::exp2(t) * std::tanh(std::sqrt(4 * t));
        const double delay = (sum - state.previous) / 1.4 * static_cast<double>(base.count());
        state.attempt += 1;
        state.previous = sum;
        return delay < static_cast<double>(cap.count()) ? nanoseconds(std::llround(delay)) : cap;
    }
};

/// Which part of the clients sleep for exactly the cap, by the number of the delay, from 0.
template <class Backoff>
std::vector<double> share_at_cap(const Backoff& backoff, std::size_t delays, rng& random) {
    constexpr int clients = 20'000;
    std::vector<double> share(delays);
    for (int i = 0; i < clients; ++i) {
        typename Backoff::state_type state;
        for (double& s : share) s += backoff.next(state, random) == backoff.cap ? 1.0 / clients : 0;
    }
    return share;
}

/// Whether draws fill [low, high], and do not leave it: 2000 draws come within 1 % of each end, but for
/// once in 10^8 times.
void check_range(std::pair<nanoseconds, nanoseconds> got, double low, double high) {
    const double span = high - low;
    CHECK((got.first >= seconds(low) - nanoseconds(1) && got.first <= seconds(low + 0.01 * span)));
    CHECK((got.second <= seconds(high) + nanoseconds(1) &&
           got.second >= seconds(high - 0.01 * span)));
}

}  // namespace

TEST_CASE(
    "AWS's rule of 2026: full jitter below min(x * 2^n, 20 s), and Retry-After within 5 s of it") {
    const json quota = rule("aws_standard_quota");
    const json rules = quota.at("new_2026");
    const double longest = quota.at("max_backoff_s");
    const double base = rules.at("base_other_s"), throttle_base = rules.at("base_throttle_s");
    const retry::retry_policy policy{
        .backoff = retry::exponential_backoff{.base = seconds(base), .cap = seconds(longest)},
        .throttled = {.base = seconds(throttle_base), .cap = seconds(longest)},
        .max_attempts = 100,
        .max_retry_after_excess = seconds(5)};

    rng random(test::seed(), "aws");
    for (std::uint32_t n = 0; n < 12; ++n) {
        const auto state = policy.backoff.state_after(n);
        const double factor = std::pow(2, n);
        check_range(range(policy.backoff, state, random), 0, std::min(base * factor, longest));
        check_range(range(policy.throttled, state, random), 0,
                    std::min(throttle_base * factor, longest));
    }

    const steady_time now(std::chrono::seconds(7));
    for (const double header : {0.5, 3.0, 100.0}) {
        rng mine(test::seed(), "header"), theirs = mine;
        retry::retry_state call(policy, now);
        const auto at =
            call.on_failure(now, error_class::throttled, seconds(header), mine).value() - now;
        decltype(policy.backoff)::state_type state;
        const auto t = policy.throttled.next(state, theirs);
        CHECK(at == std::max(t, std::min(seconds(header), seconds(5) + t)));
    }
}

TEST_CASE("AWS's retry quota: 500 tokens, 5 a retry, 10 after a timeout, 1 back for none") {
    const json rules = rule("aws_standard_quota");
    const std::int32_t tokens = rules.at("initial_tokens"), cost = rules.at("retry_cost");
    const std::int32_t timeout_cost = rules.at("timeout_retry_cost");
    const std::int32_t increment = rules.at("no_retry_increment");
    for (const bool is_timeout : {false, true}) {
        const auto e = is_timeout ? error_class::ambiguous : error_class::transient;
        const std::int32_t each = is_timeout ? timeout_cost : cost;
        retry::quota_budget budget;
        CHECK(budget.tokens() == tokens);
        int retries = 0;
        while (budget.try_retry({}, e, 1)) ++retries;
        CHECK(retries == tokens / each);
        budget.on_success({}, std::nullopt);
        CHECK(budget.tokens() == tokens % each + increment);
        budget.on_success({}, e);
        CHECK(budget.tokens() == tokens % each + increment + each);
    }
}

TEST_CASE("Polly's V2: a smooth sum of delays, and nearly all clients at the cap") {
    REQUIRE(rule("polly_decorrelated_v2").at("rule").get<std::string>().find("AFTER") !=
            std::string::npos);
    static_assert(retry::backoff_policy<polly_v2>);
    rng random(test::seed(), "polly");
    using std::chrono::seconds;
    const auto theirs = share_at_cap(polly_v2{seconds(1), seconds(30)}, 12, random);
    for (const auto& [delay, expected] : {std::pair(6U, 0.544), {7U, 0.883}, {9U, 0.993}}) {
        INFO("delay " << delay << ": " << theirs[delay]);
        CHECK(std::abs(theirs[delay] - expected) < 0.02);  // five standard deviations
    }

    // The same growth with the ceiling clamped: nobody.
    const auto check_nobody = [&](const auto& ours) {
        for (const double share : share_at_cap(ours, 12, random)) CHECK(share < 0.001);
    };
    check_nobody(retry::exponential_backoff{seconds(1), seconds(30)});
    check_nobody(retry::exponential_backoff<retry::proportional_jitter>{seconds(1), seconds(30)});
    check_nobody(retry::decorrelated_jitter{seconds(1), seconds(30)});

    // What a retry_state takes.
    const retry::retry_policy policy{.backoff = polly_v2{seconds(1), seconds(30)}};
    retry::retry_state call(policy, {});
    rng mine(test::seed(), "call"), theirs_again = mine;
    polly_v2::state_type state;
    CHECK(call.on_failure({}, error_class::transient, std::nullopt, mine) ==
          steady_time(policy.backoff.next(state, theirs_again)));
    CHECK(state != polly_v2::state_type{});
}

TEST_CASE(
    "gRPC's retry: delays below min(initial * multiplier^n, max), and anew after a pushback") {
    REQUIRE(rule("grpc_retry_throttling")
                .at("rule")
                .get<std::string>()
                .find("pushback <0 or unparsable => no retry") != std::string::npos);
    const int most = rule("grpc_retry_throttling").at("max_attempts_cap");
    const retry::retry_policy policy{
        .backoff = retry::exponential_backoff{.base = seconds(1), .cap = seconds(4)},
        .max_attempts = static_cast<std::uint32_t>(most),
        .retry_after_resets = true};
    rng random(test::seed(), "pushback");
    for (int i = 0; i < 1000; ++i) {
        retry::retry_state call(policy, {});
        const auto fail = [&](std::optional<nanoseconds> pushback) {
            return call.on_failure({}, error_class::transient, pushback, random);
        };
        CHECK(fail(std::nullopt).value() <= steady_time(seconds(1)));
        CHECK(fail(std::nullopt).value() <= steady_time(seconds(2)));
        CHECK(fail(seconds(7)).value() == steady_time(seconds(7)));
        CHECK(fail(std::nullopt).value() <= steady_time(seconds(1)));
        CHECK(fail(std::nullopt).error() == retry::stop_reason::attempts_exhausted);
        retry::retry_state forbidden(policy, {});
        CHECK(forbidden.on_failure({}, error_class::transient, retry::no_retry, random).error() ==
              retry::stop_reason::pushback);
    }
}

TEST_CASE("gRPC's retry throttling: five failures of ten forbid retries, one success allows them") {
    const json rules = rule("grpc_retry_throttling");
    const json defaults = rules.at("defaults_example");
    const double most = defaults.at("maxTokens"), ratio = defaults.at("tokenRatio");
    retry::token_budget budget;
    double expected = most;
    rng random(test::seed(), "throttling");
    for (int i = 0; i < 10'000; ++i) {
        if (bernoulli(random, ratio)) {
            budget.on_failure({}, error_class::transient);
            expected = std::max(expected - 1, 0.0);
        } else {
            budget.on_success({}, std::nullopt);
            expected = std::min(expected + ratio, most);
        }
        CHECK(std::abs(budget.tokens() - expected) < 1e-6);
        const bool is_granted = budget.try_retry({}, error_class::transient, 1);
        CHECK(is_granted == (budget.tokens() > most / 2));
        expected = budget.tokens();
    }
}

TEST_CASE("Finagle's retry budget: a reserve of 10 a second for 10 s, and a fifth of the calls") {
    const json rules = rule("finagle_retry_budget");
    const double share = rules.at("percent_can_retry");
    const int reserve = rules.at("min_retries_per_s").get<int>() * rules.at("ttl_s").get<int>();
    retry::ratio_budget budget;
    const steady_time now(std::chrono::hours(1));
    for (int i = 0; i < 1000; ++i) budget.on_call(now);
    const auto most = static_cast<std::uint32_t>(reserve + std::lround(share * 1000));
    CHECK(budget.retries(now) == most);
    const auto last = now + seconds(rules.at("ttl_s"));
    CHECK(budget.retries(last - seconds(2)) == most);
    CHECK(budget.retries(last) == static_cast<std::uint32_t>(reserve));
}

TEST_CASE("Envoy's retry budget: a fifth of what is in flight, and three at least") {
    const json rules = rule("envoy_retry_budget");
    const int percent = rules.at("budget_percent"), least = rules.at("min_retry_concurrency");
    for (int calls = 1; calls < 100; ++calls) {
        retry::concurrency_budget budget;
        for (int i = 0; i < calls; ++i) budget.on_call({});
        int retries = 0;
        while (budget.try_retry({}, error_class::transient, 1)) ++retries;
        CHECK(retries == std::max(least, calls * percent / 100));
    }
}

TEST_CASE("gRPC's connection backoff: 1 s, 1.6 times as long each time, +-20 %") {
    const json rules = rule("grpc_connection_backoff");
    const double initial = rules.at("initial_s"), multiplier = rules.at("multiplier");
    const double longest = rules.at("max_s"), part = rules.at("jitter");
    // There the jitter may pass the maximum, so the cap here is above it.
    const retry::exponential_backoff backoff{seconds(initial), seconds(longest * (1 + part)),
                                             multiplier, retry::proportional_jitter{part}};
    rng random(test::seed(), "grpc");
    double current = initial;
    for (std::uint32_t n = 0; n < 15; ++n) {
        check_range(range(backoff, backoff.state_after(n), random), current * (1 - part),
                    current * (1 + part));
        current = std::min(current * multiplier, longest);
    }
    CHECK(current == longest);
}

TEST_CASE(
    "a well-known Go library's defaults, whose longest delay is half as long again as its cap") {
    const json rules = rule("cenkalti_defaults");
    const double initial = rules.at("initial_ms").get<double>() / 1000;
    const double part = rules.at("randomization"), longest = rules.at("max_interval_s");
    const double multiplier = rules.at("multiplier");
    const retry::exponential_backoff theirs{seconds(initial), seconds(longest * (1 + part)),
                                            multiplier, retry::proportional_jitter{part}};
    const retry::exponential_backoff ours{seconds(initial), seconds(longest), multiplier,
                                          retry::proportional_jitter{part}};
    rng random(test::seed(), "go");
    check_range(range(theirs, {}, random), initial * (1 - part), initial * (1 + part));
    check_range(range(theirs, theirs.state_after(60), random), longest * (1 - part),
                longest * (1 + part));
    check_range(range(ours, ours.state_after(60), random), longest * (1 - part) / (1 + part),
                longest);
}
