// SPDX-License-Identifier: BSL-1.0

// Comparing and merging vector clocks. The floor is a memcmp of the counters of both. Usually both clocks have
// the same replicas, which has to be found out first; in the others, each lacks some that the other has.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/vector_clock.hpp>
#include <coterie/causality/version_vector.hpp>

#include "support/measure.hpp"

namespace {

using coterie::causality::replica_id;
using clock = coterie::causality::vector_clock<>;

/// A clock of some replicas of which the last has counted further by `ahead`.
clock clock_of(std::size_t replicas, std::uint64_t ahead, std::size_t without) {
    coterie::causality::version_vector<> events;
    for (std::size_t i = 0; i < replicas; ++i) {
        if (without != 0 && i % 8 == without) continue;
        events.raise(replica_id{i, 1}, 100 + i + (i + 1 == replicas ? ahead : 0));
    }
    return clock(events);
}

void measure_size(std::size_t replicas) {
    const std::string n = std::to_string(replicas);
    const std::string floor = "memcmp_" + n + "_replicas";
    bench::measure(floor.c_str(), {}, [replicas](benchmark::State& state) {
        const clock a = clock_of(replicas, 0, 0), b = clock_of(replicas, 0, 0);
        for (auto _ : state) {
            benchmark::DoNotOptimize(std::memcmp(a.events().counters().data(),
                                                 b.events().counters().data(),
                                                 replicas * sizeof(std::uint64_t)));
            benchmark::ClobberMemory();
        }
    });
    const auto measure_pair = [&](const char* kind, const bench::beside& target, const clock& a,
                                  const clock& b) {
        bench::measure((std::string("vector_clock_compare_") + n + kind).c_str(), target,
                       [a, b](benchmark::State& state) {
                           for (auto _ : state) {
                               benchmark::DoNotOptimize(a <=> b);
                               benchmark::ClobberMemory();
                           }
                       });
        bench::measure((std::string("vector_clock_merge_") + n + kind).c_str(), target,
                       [a, b](benchmark::State& state) {
                           clock into = a;
                           for (auto _ : state) {
                               into.merge(b);
                               benchmark::ClobberMemory();
                           }
                       });
    };
    measure_pair("",
                 replicas == 32 ? bench::at_most(floor.c_str(), 2.5) : bench::beside(floor.c_str()),
                 clock_of(replicas, 0, 0), clock_of(replicas, 1, 0));
    measure_pair("_other_replicas", floor.c_str(), clock_of(replicas, 1, 0),
                 clock_of(replicas, 0, 3));
}

[[maybe_unused]] const bool registered = [] {
    for (const std::size_t replicas : {3, 32, 100, 1000}) measure_size(replicas);
    return true;
}();

}  // namespace
