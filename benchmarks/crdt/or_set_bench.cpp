// SPDX-License-Identifier: BSL-1.0

// Sets of a million 64-bit elements. The floors are what the plain data would cost: a std::set_union over
// sorted entries of an element and its dot, 16 bytes each, and a memcmp of as many.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/crdt/or_set.hpp>

#include "support/measure.hpp"

namespace {

using bench::at_most;
using bench::measure;
using set = coterie::crdt::or_set<std::uint64_t, std::uint64_t>;

struct entry {
    std::uint64_t element;
    std::uint64_t dot;
    friend auto operator<=>(const entry&, const entry&) = default;
};

/// Different elements, in no order.
std::vector<std::uint64_t> elements(std::size_t n) {
    coterie::rng random(1, "elements");
    std::vector<std::uint64_t> drawn(n);
    for (auto& x : drawn) x = random();
    return drawn;
}

/// Adds some of the elements, as the events of a replica.
void add_all(set& s, std::uint64_t replica, const std::vector<std::uint64_t>& from,
             std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) (void)s.add(replica, from[i]);
}

/// Two states of n elements each, of which the first `common` are the same.
std::pair<set, set> two_states(std::size_t n, std::size_t common) {
    const auto all = elements(2 * n - common);
    set a;
    add_all(a, 1, all, 0, common);
    set b = a;
    add_all(a, 2, all, common, n);
    add_all(b, 3, all, n, 2 * n - common);
    return {std::move(a), std::move(b)};
}

std::pair<std::vector<entry>, std::vector<entry>> two_vectors(std::size_t n, std::size_t common) {
    const auto all = elements(2 * n - common);
    std::vector<entry> a, b;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i < n) a.push_back({all[i], i});
        if (i < common || i >= n) b.push_back({all[i], i});
    }
    std::ranges::sort(a);
    std::ranges::sort(b);
    return {std::move(a), std::move(b)};
}

/// Times `from` being merged into a new copy of `into` each time.
void measure_merge(const std::string& name, const bench::beside& floor,
                   std::pair<set, set> (*make)()) {
    measure(name.c_str(), floor, [make](benchmark::State& state) {
        const auto [into, from] = make();
        for (auto _ : state) {
            state.PauseTiming();
            set copy = into;
            state.ResumeTiming();
            copy.merge(from);
            benchmark::ClobberMemory();
            state.PauseTiming();
            copy = set();
            state.ResumeTiming();
        }
    });
}

constexpr std::size_t million = 1'000'000;

[[maybe_unused]] const bool registered = [] {
    measure("set_union_1e6_half_common", {}, [](benchmark::State& state) {
        const auto [a, b] = two_vectors(million, million / 2);
        std::vector<entry> out(2 * million);
        for (auto _ : state) {
            benchmark::DoNotOptimize(
                std::set_union(a.begin(), a.end(), b.begin(), b.end(), out.begin()));
            benchmark::ClobberMemory();
        }
    });
    measure("memcmp_1e6_entries", {}, [](benchmark::State& state) {
        const auto a = two_vectors(million, million).first;
        const auto b = a;
        for (auto _ : state) {
            benchmark::DoNotOptimize(std::memcmp(a.data(), b.data(), a.size() * sizeof(entry)));
            benchmark::ClobberMemory();
        }
    });
    measure("unordered_map_find_1e6", {}, [](benchmark::State& state) {
        const auto all = elements(million);
        std::unordered_map<std::uint64_t, std::uint64_t> map;
        for (const auto x : all) map[x] = x;
        coterie::rng random(2);
        for (auto _ : state) {
            benchmark::DoNotOptimize(map.find(all[coterie::uniform_below(random, million)]));
        }
    });

    measure_merge("or_set_merge_1e6_half_common", at_most("set_union_1e6_half_common", 2.5),
                  [] { return two_states(million, million / 2); });
    measure_merge("or_set_merge_1e6_0.1_percent_different", at_most("memcmp_1e6_entries", 0.35),
                  [] {
                      const auto all = elements(million + 500);
                      set a;
                      add_all(a, 1, all, 0, million);
                      set b = a;
                      // Half of the thousand is removed, all over the place; half is new.
                      coterie::rng random(3);
                      for (int i = 0; i < 500; ++i)
                          (void)b.remove(1, all[coterie::uniform_below(random, million)]);
                      add_all(b, 2, all, million, million + 500);
                      return std::pair(std::move(a), std::move(b));
                  });
    measure("or_set_merge_1e6_identical", at_most("memcmp_1e6_entries", 0.02),
            [](benchmark::State& state) {
                set a = two_states(million, million).first;
                const set b = a;
                for (auto _ : state) {
                    a.merge(b);
                    benchmark::ClobberMemory();
                }
            });

    const auto measure_delta = [](const char* name, const bench::beside& floor, std::size_t n) {
        measure(name, floor, [n](benchmark::State& state) {
            const auto all = elements(n + 100'000);
            set a;
            add_all(a, 1, all, 0, n);
            set theirs = a;
            std::size_t next = n;
            const set start = a;
            for (auto _ : state) {
                state.PauseTiming();
                if (next + 100 > all.size()) {
                    next = n;
                    a = start;
                    theirs = start;
                }
                set delta;
                for (int i = 0; i < 100; ++i) delta.merge(*theirs.add(2, all[next++]));
                state.ResumeTiming();
                a.merge(delta);
                benchmark::ClobberMemory();
            }
        });
    };
    measure_delta("or_set_merge_delta_100_into_1e6",
                  at_most("or_set_merge_1e6_half_common", 1. / 2000), million);
    measure_delta("or_set_merge_delta_100_into_1e5",
                  at_most("or_set_merge_1e6_half_common", 1. / 2000), million / 10);

    measure(
        "or_set_contains_1e6", at_most("unordered_map_find_1e6", 3), [](benchmark::State& state) {
            const auto all = elements(million);
            set a;
            add_all(a, 1, all, 0, million);
            coterie::rng random(2);
            for (auto _ : state) {
                benchmark::DoNotOptimize(a.contains(all[coterie::uniform_below(random, million)]));
            }
            state.counters["bytes"] = static_cast<double>(a.heap_bytes()) / million;
        });
    measure("or_set_add_1e6", at_most("unordered_map_find_1e6", 6), [](benchmark::State& state) {
        const auto all = elements(2 * million);
        set a;
        add_all(a, 1, all, 0, million);
        const set start = a;
        std::size_t next = million;
        for (auto _ : state) {
            if (next == all.size()) {
                state.PauseTiming();
                a = start;
                next = million;
                state.ResumeTiming();
            }
            benchmark::DoNotOptimize(a.add(1, all[next++]));
        }
    });
    return true;
}();

}  // namespace
