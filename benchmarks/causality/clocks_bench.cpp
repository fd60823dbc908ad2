// SPDX-License-Identifier: BSL-1.0

// Clocks beside a read of the clock that they are made of, and what counts beside a compare-exchange. In a
// loop almost all hybrid timestamps are of a millisecond that was begun; the `_fresh` ones are not.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#include <coterie/causality/bounded_clock.hpp>
#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/lamport_clock.hpp>
#include <coterie/core/clock.hpp>

#include "support/measure.hpp"

namespace {

using namespace coterie::causality;
using bench::at_most;
using bench::measure;
using bench::measure_call;

constexpr const char* precise = "clock_gettime_realtime";
constexpr const char* both = "clock_gettime_realtime_and_monotonic";
constexpr const char* precise_cas = "clock_gettime_realtime_cas";
constexpr const char* exchange = "compare_exchange";

timespec read_clock(clockid_t which) {
    timespec t{};
    ::clock_gettime(which, &t);
    return t;
}

/// The machine's clock, running 2^21 times as fast: each reading is of another millisecond.
struct hasty_clock {
    static std::chrono::sys_time<std::chrono::nanoseconds> now() noexcept {
        const auto t = coterie::system_clock::now().time_since_epoch().count();
        return std::chrono::sys_time<std::chrono::nanoseconds>(
            std::chrono::nanoseconds((t & 0x1FF'FFFF'FFFF) << 21));
    }
};

template <class Clock>
void measure_now(const char* name, const char* floor) {
    measure(name, at_most(floor, 1.15), [](benchmark::State& state) {
        Clock clock;
        for (auto _ : state) {
            benchmark::DoNotOptimize(clock.now());
            benchmark::ClobberMemory();
        }
    });
}

template <class Clock>
void measure_receive(const char* name, const char* floor) {
    measure(name, at_most(floor, 1.15), [](benchmark::State& state) {
        Clock clock;
        hybrid_timestamp remote;
        for (auto _ : state) {
            const auto made = clock.receive(remote);
            remote = made.value_or(remote);
            benchmark::ClobberMemory();
        }
        benchmark::DoNotOptimize(remote);
    });
}

template <class Clock>
void measure_tick(const char* name, const bench::beside& floor) {
    measure(name, floor, [](benchmark::State& state) {
        Clock clock;
        for (auto _ : state) {
            benchmark::DoNotOptimize(clock.tick());
            benchmark::ClobberMemory();
        }
    });
}

[[maybe_unused]] const bool registered = [] {
    measure_call(precise, {}, [] { return read_clock(CLOCK_REALTIME); });
    measure_call(both, {}, [] {
        return read_clock(CLOCK_REALTIME).tv_nsec + read_clock(CLOCK_MONOTONIC).tv_nsec;
    });
    // What no clock that threads share can do without.
    measure(precise_cas, {}, [](benchmark::State& state) {
        std::atomic<std::uint64_t> word = 0;
        for (auto _ : state) {
            std::uint64_t last = word.load(std::memory_order_relaxed);
            const auto now = static_cast<std::uint64_t>(read_clock(CLOCK_REALTIME).tv_nsec);
            while (!word.compare_exchange_weak(last, last + (now | 1), std::memory_order_relaxed)) {
            }
            benchmark::DoNotOptimize(last);
        }
    });
    measure(exchange, {}, [](benchmark::State& state) {
        std::atomic<std::uint64_t> word = 0;
        for (auto _ : state) {
            std::uint64_t last = word.load(std::memory_order_relaxed);
            while (!word.compare_exchange_weak(last, last + 1, std::memory_order_relaxed)) {
            }
            benchmark::DoNotOptimize(last);
        }
    });

    measure_now<hybrid_logical_clock<>>("hybrid_logical_clock_now", precise);
    measure_now<atomic_hybrid_logical_clock<>>("atomic_hybrid_logical_clock_now", precise_cas);
    measure_now<hybrid_logical_clock<hasty_clock>>("hybrid_logical_clock_now_fresh", precise);
    measure_now<atomic_hybrid_logical_clock<hasty_clock>>("atomic_hybrid_logical_clock_now_fresh",
                                                          precise_cas);
    measure_receive<hybrid_logical_clock<>>("hybrid_logical_clock_receive", precise);
    measure_receive<atomic_hybrid_logical_clock<>>("atomic_hybrid_logical_clock_receive",
                                                   precise_cas);
    measure_tick<lamport_clock>("lamport_clock_tick", {});
    measure_tick<atomic_lamport_clock>("atomic_lamport_clock_tick", at_most(exchange, 1.2));
    measure_call("bounded_clock_now", at_most(both, 1.15),
                 [clock = bounded_clock<>()]() mutable { return clock.now(); });
    measure_call("kernel_clock_error_read", {}, [] { return kernel_clock_error().read(); });
    return true;
}();

}  // namespace
