// SPDX-License-Identifier: BSL-1.0

// A repeated call that is answered again, among 10^6 keys. The floor is a find in a std::unordered_map of as many.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/idempotency_table.hpp>

#include "support/measure.hpp"

namespace {

namespace retry = coterie::retry;
using coterie::steady_time;

constexpr std::size_t keys = 1'000'000;

/// The keys in an order in which no cache helps.
std::vector<std::uint64_t> shuffled_keys() {
    coterie::rng random(1);
    std::vector<std::uint64_t> all(keys);
    for (auto& key : all) key = random();
    return all;
}

/// Asks for one key after another, in the order in which they were drawn.
template <class Ask>
void ask_all(benchmark::State& state, Ask ask) {
    static const std::vector<std::uint64_t> all = shuffled_keys();
    for (const std::uint64_t key : all) ask(key, true);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(ask(all[(i * 7919) % keys], false));
        ++i;
    }
}

[[maybe_unused]] const bool registered = [] {
    bench::measure("unordered_map_find_1M", {}, [](benchmark::State& state) {
        static std::unordered_map<std::uint64_t, std::uint64_t> map;
        ask_all(state, [](std::uint64_t key, bool is_first) {
            if (is_first) map.emplace(key, key);
            return map.find(key)->second;
        });
    });
    bench::measure("idempotency_replay_1M", bench::at_most("unordered_map_find_1M", 3),
                   [](benchmark::State& state) {
                       static retry::idempotency_table<std::uint64_t, std::uint64_t> table(
                           {.capacity = 2 * keys});
                       ask_all(state, [](std::uint64_t key, bool is_first) {
                           const auto claim = table.begin(key, 1, steady_time{});
                           if (is_first) {
                               (void)table.complete(key, claim.token, key, steady_time{});
                               return key;
                           }
                           return *claim.result;
                       });
                   });
    return true;
}();

}  // namespace
