// SPDX-License-Identifier: BSL-1.0

// What a budget costs each call. The floors are the atomic operations that it cannot do without: a relaxed
// load where nothing changes, a compare-exchange where something does.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "support/measure.hpp"

namespace {

namespace retry = coterie::retry;
using coterie::steady_time;

std::atomic<std::int32_t> word{1000};
retry::token_budget tokens;
retry::token_budget drained({.max_tokens = 1000, .token_ratio = 1});
retry::ratio_budget ratio;
retry::concurrency_budget concurrency;
retry::quota_budget quota;
retry::atomic_token_bucket bucket({.per_second = 1e9, .burst = 1'000'000'000}, steady_time{});

[[maybe_unused]] const bool registered = [] {
    using namespace std::chrono_literals;
    constexpr auto transient = retry::error_class::transient;

    bench::measure_call("relaxed_load", {}, [] { return word.load(std::memory_order_relaxed); });
    bench::measure_call("compare_exchange", {}, [] {
        std::int32_t old = word.load(std::memory_order_relaxed);
        return word.compare_exchange_weak(old, old ^ 1, std::memory_order_relaxed);
    });
    bench::measure_call("token_budget_success_when_full", bench::at_most("relaxed_load", 1.5), [] {
        tokens.on_success({}, std::nullopt);
        return 0;
    });
    bench::measure_call("token_budget_try_retry", "relaxed_load",
                        [] { return tokens.try_retry({}, transient, 1); });
    bench::measure("token_budget_taken_and_given", bench::at_most("compare_exchange", 3),
                   [](benchmark::State& state) {
                       for (int i = 0; i < 10; ++i) drained.on_failure({}, transient);
                       for (auto _ : state) {
                           drained.on_failure({}, transient);
                           drained.on_success({}, std::nullopt);
                       }
                   });
    bench::measure_call("quota_budget_success_when_full", bench::at_most("relaxed_load", 1.5), [] {
        quota.on_success({}, std::nullopt);
        return 0;
    });
    bench::measure("quota_budget_taken_and_given", bench::at_most("compare_exchange", 3),
                   [](benchmark::State& state) {
                       for (auto _ : state) {
                           benchmark::DoNotOptimize(quota.try_retry({}, transient, 1));
                           quota.on_success({}, retry::error_class::transient);
                       }
                   });
    bench::measure_call("concurrency_budget_call", bench::at_most("compare_exchange", 3), [] {
        concurrency.on_call({});
        concurrency.on_end(1);
        return 0;
    });
    bench::measure_call("ratio_budget_call", "compare_exchange", [] {
        ratio.on_call(steady_time(5s));
        return 0;
    });
    bench::measure_call("token_bucket_try_take", "compare_exchange",
                        [now = steady_time{}]() mutable { return bucket.try_take(now += 1us); });
    return true;
}();

}  // namespace
