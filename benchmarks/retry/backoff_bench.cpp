// SPDX-License-Identifier: BSL-1.0

// The next delay of each policy, with its growth from the first try to the tenth. The floor is one draw from
// the generator.

#include <chrono>
#include <cstdint>

#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>

#include "support/measure.hpp"

namespace {

namespace retry = coterie::retry;
using namespace std::chrono_literals;

/// The delay of one attempt, the tenth or the first, over and over.
template <class Backoff>
auto next_delay(const Backoff& backoff, int attempt) {
    coterie::rng random(1);
    typename Backoff::state_type before;
    for (int i = 1; i < attempt; ++i) (void)backoff.next(before, random);
    return [backoff, before, random]() mutable {
        auto state = before;
        benchmark::DoNotOptimize(state);
        return backoff.next(state, random);
    };
}

[[maybe_unused]] const bool registered = [] {
    bench::measure_call("draw_64_bits", {},
                        [random = coterie::rng(1)]() mutable { return random(); });
    const auto measure = [](const char* name, const auto& backoff, int attempt = 10) {
        bench::measure_call(name, bench::at_most("draw_64_bits", 4), next_delay(backoff, attempt));
    };
    measure("next_delay_full_jitter", retry::exponential_backoff{.base = 10ms, .cap = 20s});
    measure("first_delay_full_jitter", retry::exponential_backoff{.base = 10ms, .cap = 20s}, 1);
    measure("next_delay_equal_jitter",
            retry::exponential_backoff{.base = 10ms, .cap = 20s, .jitter = retry::equal_jitter{}});
    measure("next_delay_proportional_jitter",
            retry::exponential_backoff{
                .base = 10ms, .cap = 20s, .jitter = retry::proportional_jitter{}});
    measure("next_delay_decorrelated_jitter", retry::decorrelated_jitter{.base = 10ms, .cap = 20s});
    return true;
}();

}  // namespace
