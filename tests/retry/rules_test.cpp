// SPDX-License-Identifier: BSL-1.0

// The rules of retry_rules.json, in tests/data or in the folder that COTERIE_TEST_DATA names.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/error.hpp>
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
