// SPDX-License-Identifier: BSL-1.0

// Options that contradict one another: either they are refused at construction, or what they ask for happens sometimes.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/adaptive_throttle.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/hedging_policy.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "core/child.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;

namespace {

constexpr steady_time start(1000s);
constexpr auto transient = retry::error_class::transient;

// Each says whether a protection that was driven to its worst comes back when all is well, for what it was asked.

bool comes_back(const retry::token_budget::options& o) {
    retry::token_budget budget(o);
    for (int i = 0; i < 2000; ++i) budget.on_failure(start, transient);
    for (int i = 0; i < 1'000'001; ++i) {
        budget.on_success(start, std::nullopt);
        if (budget.try_retry(start, transient, 1)) return true;
    }
    return o.token_ratio == 0;
}

bool comes_back(const retry::hedge_budget::options& o) {
    retry::hedge_budget budget(o);
    while (budget.try_hedge()) {
    }
    for (int i = 0; i < 1001; ++i) {
        budget.on_success();
        if (budget.try_hedge()) return true;
    }
    return o.per_success == 0;
}

bool comes_back(const retry::ratio_budget::options& o) {
    retry::ratio_budget budget(o);
    return budget.try_retry(start, transient, 1) == (o.min_per_second > 0);
}

bool comes_back(const retry::cubic_options& o) {
    retry::cubic_throttle throttle(start, o);
    for (int i = 0; i < 20; ++i) throttle.on_throttled(start + i * 1s);
    steady_time now = start + 20s;
    for (int i = 0; i < 5; ++i) {
        now = throttle.ready_at(now);
        if (now == steady_time::max()) return o.min_fill_rate < 1e-9;
        now += 1us;  // the arithmetic of doubles
        if (!throttle.try_acquire(now)) return false;
    }
    return true;
}

bool comes_back(const retry::concurrency_options& o) {
    retry::concurrency_limit limit(o);
    for (int i = 0; i < 1000; ++i) {
        if (!limit.try_acquire()) return false;
        limit.on_overload();
    }
    return true;
}

bool comes_back(const retry::token_rate& o) {
    retry::token_bucket bucket(o, start);
    while (bucket.try_take(start)) {
    }
    return bucket.try_take(bucket.ready_at(start));
}

/// Whether options are refused, or work.
template <class Options>
bool makes_sense(const Options& o) {
    bool works = false;
    const auto result = test::in_child([&](int descriptor) {
        set_assert_handler([](const char*, const char*, unsigned) { ::_exit(1); });
        works = comes_back(o);
        test::write_all(descriptor, works ? "y" : "n", 1);
    });
    return result.exited_with(1) || (result.exited_with(0) && result.output == "y");
}

/// Zero, something tiny, something usual, or something large.
double any(rng& random) {
    switch (uniform_between(random, 0, 3)) {
        case 0: return 0;
        case 1: return std::pow(10, -6 * uniform_real(random));
        case 2: return uniform_real(random);
        default: return std::pow(10, 3 * uniform_real(random));
    }
}

}  // namespace

TEST_CASE("options are refused at construction, or what they ask for happens") {
    rng random(test::seed(), "options");
    for (int i = 0; i < 25; ++i) {
        const double a = any(random), b = any(random), c = any(random);
        INFO(a << ' ' << b << ' ' << c);
        CHECK(makes_sense(retry::token_budget::options{.max_tokens = a, .token_ratio = b}));
        CHECK(makes_sense(retry::hedge_budget::options{.max_tokens = a, .per_success = b}));
        CHECK(makes_sense(
            retry::ratio_budget::options{.ttl = std::chrono::seconds(1 + static_cast<int>(c)),
                                         .ratio = a,
                                         .min_per_second = b}));
        CHECK(makes_sense(retry::cubic_options{.min_fill_rate = a, .min_capacity = b}));
        CHECK(makes_sense(retry::cubic_options{.smooth = a, .beta = b, .scale = c}));
        CHECK(makes_sense(retry::concurrency_options{.initial = static_cast<std::uint32_t>(a * 10),
                                                     .min = static_cast<std::uint32_t>(b),
                                                     .max = static_cast<std::uint32_t>(c * 10),
                                                     .backoff_ratio = uniform_real(random)}));
        CHECK(makes_sense(
            retry::token_rate{.per_second = a, .burst = static_cast<std::uint32_t>(b)}));
    }
}

TEST_CASE("options that could never work are refused") {
    const auto refused = [](const auto& o) {
        return test::broken_precondition([&] { (void)comes_back(o); });
    };
    CHECK(refused(retry::cubic_options{.min_capacity = 0.5}) ==
          "o.min_fill_rate > 0 && o.min_capacity >= 1 && o.scale > 0");
    CHECK(refused(retry::cubic_options{.beta = 1}) ==
          "0 < o.smooth && o.smooth <= 1 && 0 < o.beta && o.beta < 1");
    CHECK(refused(retry::ratio_budget::options{.min_per_second = 0.05}) ==
          "reserve_ <= 2'000'000 && (reserve_ > 0 || o.min_per_second == 0)");
    CHECK(refused(retry::token_budget::options{.token_ratio = 0.0009}) ==
          "0 < max_ && ratio_ <= max_ && (ratio_ > 0 || o.token_ratio == 0)");
    CHECK(refused(retry::hedge_budget::options{.per_success = 0.0009}) ==
          "1000 <= max_ && earned_ <= 1000 && (earned_ > 0 || o.per_success == 0)");
}
