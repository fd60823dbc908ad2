// SPDX-License-Identifier: BSL-1.0

// Making ids. Nothing that asks for the time can be faster than the clock, so the floors are one read of
// the clock that the generator uses, and for Snowflakes a read and a compare-exchange. The clock, the
// entropy and the fork guard are the real ones.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/generate.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake_generator.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid_v7_generator.hpp>

#include "support/measure.hpp"

namespace {

namespace id = coterie::id;
using bench::at_most;
using bench::measure;
using bench::measure_call;

constexpr const char* precise = "clock_gettime_realtime";
constexpr const char* coarse = "clock_gettime_realtime_coarse";
constexpr const char* precise_cas = "clock_gettime_realtime_cas";
constexpr const char* coarse_cas = "clock_gettime_realtime_coarse_cas";

template <clockid_t Which>
timespec read_clock() {
    timespec t{};
    ::clock_gettime(Which, &t);
    return t;
}

/// What no Snowflake generator that is shared can do without.
template <clockid_t Which>
void measure_clock_and_cas(const char* name) {
    measure(name, {}, [](benchmark::State& state) {
        std::atomic<std::uint64_t> word = 0;
        for (auto _ : state) {
            const auto now = static_cast<std::uint64_t>(read_clock<Which>().tv_nsec);
            std::uint64_t last = word.load(std::memory_order_relaxed);
            while (!word.compare_exchange_weak(last, last + (now | 1), std::memory_order_relaxed)) {
            }
            benchmark::DoNotOptimize(last);
        }
    });
}

template <class Generator, class... Arguments>
void measure_next(const char* name, bench::beside floor, Arguments... arguments) {
    measure(name, floor, [arguments...](benchmark::State& state) {
        Generator ids(arguments...);
        for (auto _ : state) {
            benchmark::DoNotOptimize(ids.next());
            benchmark::ClobberMemory();
        }
    });
}

constexpr std::size_t batch = 1024;

/// As measure_next, by 1,024 ids in a millisecond: a counter has no more for sure, and its waiting is not
/// what is to be measured.
template <class Generator, class... Arguments>
void measure_next_in_bursts(const char* name, bench::beside floor, Arguments... arguments) {
    measure(name, floor, [arguments...](benchmark::State& state) {
        Generator ids(arguments...);
        while (state.KeepRunningBatch(batch)) {
            state.PauseTiming();
            coterie::blocking_sleeper().sleep_for(std::chrono::milliseconds(1));
            state.ResumeTiming();
            for (std::size_t i = 0; i < batch; ++i) {
                benchmark::DoNotOptimize(ids.next());
                benchmark::ClobberMemory();
            }
        }
    });
}

/// Time an id.
template <class Generator, class... Arguments>
void measure_next_n(const char* name, bench::beside floor, Arguments... arguments) {
    measure(name, floor, [arguments...](benchmark::State& state) {
        Generator ids(arguments...);
        std::array<typename decltype(ids.next())::value_type, batch> out{};
        while (state.KeepRunningBatch(batch)) {
            if (!ids.next_n(out).has_value()) state.SkipWithError("no ids");
            benchmark::ClobberMemory();
        }
    });
}

/// As Twitter's, but with so many ids in a millisecond that a burst never ends.
struct burst_layout {
    static constexpr std::string_view name = "burst";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{
        std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};
    static constexpr std::array fields{id::field::timestamp(39), id::field::node("worker", 1),
                                       id::field::sequence(24)};
};

/// Time an id that a thread takes from its block of a shared generator.
template <class Clock>
void measure_blocks(const char* name, std::size_t size) {
    measure(name, at_most(precise, 1. / 30), [size](benchmark::State& state) {
        id::snowflake_generator<burst_layout, Clock> ids(id::static_lease(1));
        id::snowflake_block<burst_layout> block;
        for (auto _ : state) {
            auto next = block.next();
            if (!next) [[unlikely]] {
                block = ids.reserve(size).value();
                next = block.next();
            }
            benchmark::DoNotOptimize(*next);
        }
    });
}

/// How full the milliseconds are that `threads` threads made ids in for a while, without the first and the
/// last; in per cent of what the layout holds.
double filled_slots(std::size_t threads) {
    using layout = id::layouts::discord;
    constexpr std::size_t slots = 4096;
    constexpr std::size_t milliseconds = 200;
    id::snowflake_generator<layout> ids(id::static_lease(3));
    std::vector<std::vector<id::snowflake<layout>>> made(threads);
    std::vector<std::thread> running;
    for (auto& mine : made) {
        running.emplace_back([&ids, &mine, share = slots * milliseconds / threads] {
            mine.reserve(share);
            while (mine.size() < share) {
                if (const auto next = ids.next()) mine.push_back(*next);
            }
        });
    }
    for (auto& thread : running) thread.join();

    std::unordered_map<std::int64_t, std::size_t> by_ms;
    std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = 0;
    for (const auto& mine : made) {
        for (const auto& x : mine) {
            const std::int64_t ms = x.timestamp().time_since_epoch().count();
            ++by_ms[ms];
            first = std::min(first, ms);
            last = std::max(last, ms);
        }
    }
    by_ms.erase(first);
    by_ms.erase(last);
    std::size_t used = 0;
    for (const auto& [ms, count] : by_ms) used += count;
    return 100. * static_cast<double>(used) / static_cast<double>(by_ms.size() * slots);
}

void measure_sustained(const char* name, std::size_t threads) {
    measure(
        name, bench::at_least_percent(99.9),
        [threads](benchmark::State& state) {
            double percent = 0;
            for (auto _ : state) percent = filled_slots(threads);
            state.counters["percent"] = percent;
        },
        1);
}

[[maybe_unused]] const bool registered = [] {
    measure_call(precise, {}, read_clock<CLOCK_REALTIME>);
    measure_call(coarse, {}, read_clock<CLOCK_REALTIME_COARSE>);
    measure_clock_and_cas<CLOCK_REALTIME>(precise_cas);
    measure_clock_and_cas<CLOCK_REALTIME_COARSE>(coarse_cas);

    using coterie::coarse_clock;
    const id::ulid_options random_steps;
    const id::ulid_options plus_one{.increment = id::tail_increment::one};
    measure_call("generate_ulid", at_most(precise, 1.2), id::generate_ulid);
    measure_call("generate_uuid_v7", at_most(precise, 1.2), id::generate_uuid_v7);
    measure_call("generate_uuid_v4", {}, id::generate_uuid_v4);
    measure_next<id::ulid_generator<>>("ulid_next", at_most(precise, 1.2), random_steps);
    measure_next<id::ulid_generator<>>("ulid_next_plus_one", at_most(precise, 1.2), plus_one);
    measure_next<id::ulid_generator<coarse_clock>>("ulid_next_coarse", at_most(coarse, 1.5),
                                                   random_steps);
    measure_next<id::ulid_generator<coarse_clock>>("ulid_next_coarse_plus_one",
                                                   at_most(coarse, 1.5), plus_one);
    measure_next_n<id::ulid_generator<>>("ulid_next_n_1024", at_most(precise, 1. / 4),
                                         random_steps);
    measure_next_n<id::ulid_generator<>>("ulid_next_n_1024_plus_one", at_most(precise, 1. / 20),
                                         plus_one);

    using id::uuid_v7_method;
    const id::uuid_v7_options monotonic_random;
    const id::uuid_v7_options monotonic_plus_one{.increment = id::tail_increment::one};
    const id::uuid_v7_options counter{.method = uuid_v7_method::fixed_length_counter};
    const id::uuid_v7_options precision{.method = uuid_v7_method::increased_clock_precision};
    measure_next<id::uuid_v7_generator<>>("uuid_v7_next", at_most(precise, 1.2), monotonic_random);
    measure_next_in_bursts<id::uuid_v7_generator<>>("uuid_v7_next_counter", at_most(precise, 1.4),
                                                    counter);
    measure_next<id::uuid_v7_generator<>>("uuid_v7_next_precision", at_most(precise, 1.4),
                                          precision);
    measure_next<id::uuid_v7_generator<coarse_clock>>("uuid_v7_next_coarse", at_most(coarse, 1.5),
                                                      monotonic_random);
    measure_next<id::uuid_v7_generator<coarse_clock>>("uuid_v7_next_coarse_plus_one",
                                                      at_most(coarse, 1.5), monotonic_plus_one);
    measure_next_n<id::uuid_v7_generator<>>("uuid_v7_next_n_1024", at_most(precise, 1. / 4),
                                            monotonic_random);
    measure_next_n<id::uuid_v7_generator<>>("uuid_v7_next_n_1024_plus_one",
                                            at_most(precise, 1. / 20), monotonic_plus_one);

    const id::static_lease worker(1);
    measure_next<id::snowflake_generator<burst_layout>>("snowflake_next", at_most(precise_cas, 1.2),
                                                        worker);
    measure_next<id::snowflake_generator<burst_layout, coarse_clock>>(
        "snowflake_next_coarse", at_most(coarse_cas, 1.5), worker);
    measure_blocks<coterie::system_clock>("snowflake_reserve_1024", 1024);
    measure_blocks<coarse_clock>("snowflake_reserve_256_coarse", 256);
    measure_sustained("snowflake_sustained", 1);
    measure_sustained("snowflake_sustained_2_threads", 2);
    return true;
}();

}  // namespace
