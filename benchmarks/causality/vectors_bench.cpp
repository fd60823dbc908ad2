// SPDX-License-Identifier: BSL-1.0

// Comparing and merging vector clocks. The floor is a memcmp of the counters of both. Usually both clocks have
// the same replicas, which has to be found out first; in the others, each lacks some that the other has.

#include <concepts>
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
using coterie::causality::vector_clock;

/// A replica by its number in a list that all know, by a random 64-bit name, or by id and incarnation.
template <class Replica>
Replica name(std::size_t i) {
    if constexpr (std::same_as<Replica, replica_id>) {
        return {i, 1};
    } else {
        return static_cast<Replica>(i);
    }
}

/// A clock of some replicas of which the last has counted further by `ahead`.
template <class Replica>
vector_clock<Replica> clock_of(std::size_t replicas, std::uint64_t ahead, std::size_t without) {
    coterie::causality::version_vector<Replica> events;
    for (std::size_t i = 0; i < replicas; ++i) {
        if (without != 0 && i % 8 == without) continue;
        events.raise(name<Replica>(i), 100 + i + (i + 1 == replicas ? ahead : 0));
    }
    return vector_clock<Replica>(events);
}

void measure_size(std::size_t replicas) {
    const std::string n = std::to_string(replicas);
    const std::string floor = "memcmp_" + n + "_replicas";
    bench::measure(floor.c_str(), {}, [replicas](benchmark::State& state) {
        const std::vector<std::uint64_t> a(replicas, 100);
        const std::vector<std::uint64_t> b = a;
        for (auto _ : state) {
            benchmark::DoNotOptimize(
                std::memcmp(a.data(), b.data(), replicas * sizeof(std::uint64_t)));
            benchmark::ClobberMemory();
        }
    });
    const auto measure_pair = [&](const std::string& kind, const bench::beside& target,
                                  const auto& a, const auto& b) {
        bench::measure(("vector_clock_compare_" + n + kind).c_str(), target,
                       [a, b](benchmark::State& state) {
                           for (auto _ : state) {
                               benchmark::DoNotOptimize(a <=> b);
                               benchmark::ClobberMemory();
                           }
                       });
        bench::measure(("vector_clock_merge_" + n + kind).c_str(), target,
                       [a, b](benchmark::State& state) {
                           auto into = a;
                           for (auto _ : state) {
                               into.merge(b);
                               benchmark::ClobberMemory();
                           }
                       });
    };
    // The targets are for 32 replicas; the others show how it grows.
    const auto target = [&](double most) {
        return replicas == 32 ? bench::at_most(floor.c_str(), most) : bench::beside(floor.c_str());
    };
    measure_pair("_numbered", target(1.5), clock_of<std::uint16_t>(replicas, 0, 0),
                 clock_of<std::uint16_t>(replicas, 1, 0));
    measure_pair("_64_bit_names", target(2.5), clock_of<std::uint64_t>(replicas, 0, 0),
                 clock_of<std::uint64_t>(replicas, 1, 0));
    measure_pair("", target(2.5), clock_of<replica_id>(replicas, 0, 0),
                 clock_of<replica_id>(replicas, 1, 0));
    measure_pair("_other_replicas", floor.c_str(), clock_of<replica_id>(replicas, 1, 0),
                 clock_of<replica_id>(replicas, 0, 3));
}

[[maybe_unused]] const bool registered = [] {
    for (const std::size_t replicas : {3, 32, 100, 1000}) measure_size(replicas);
    return true;
}();

}  // namespace
