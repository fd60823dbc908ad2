// SPDX-License-Identifier: BSL-1.0

// A call through a closed breaker, whole: the permit and its result, by one thread and by two at once. The
// floor is a fetch_add by as many.

#include <atomic>
#include <chrono>
#include <cstdint>

#include <coterie/core/clock.hpp>
#include <coterie/retry/circuit_breaker.hpp>

#include "support/measure.hpp"

namespace {

namespace retry = coterie::retry;
using coterie::steady_time;

std::atomic<std::uint64_t> counter{0};
retry::circuit_breaker<> owned;
retry::atomic_circuit_breaker<> shared;
retry::atomic_circuit_breaker<retry::time_window> by_time;

template <class Breaker>
void call(Breaker& breaker) {
    const auto permit = breaker.try_acquire(steady_time{});
    breaker.on_success(*permit, steady_time{});
}

template <class Call>
void measure(const char* name, const bench::beside& floor, int threads, Call each) {
    auto* const registered =
        benchmark::RegisterBenchmark(name, [each, floor](benchmark::State& state) {
            for (auto _ : state) each();
            state.SetLabel(floor.label);
        });
    if (threads > 1) registered->Threads(threads);
}

[[maybe_unused]] const bool registered = [] {
    const auto add = [] { counter.fetch_add(1, std::memory_order_relaxed); };
    measure("fetch_add", {}, 1, add);
    measure("breaker_closed_one_owner", "fetch_add", 1, [] { call(owned); });
    measure("breaker_closed", bench::at_most("fetch_add", 3), 1, [] { call(shared); });
    measure("fetch_add_2_threads", {}, 2, add);
    measure("breaker_closed_2_threads", bench::at_most("fetch_add_2_threads", 3), 2,
            [] { call(shared); });
    measure("breaker_time_window_2_threads", "fetch_add_2_threads", 2, [] { call(by_time); });
    return true;
}();

}  // namespace
