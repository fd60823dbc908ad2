// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/backoff.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::clamp_order;
using retry::constant_backoff;
using retry::decorrelated_jitter;
using retry::equal_jitter;
using retry::exponential_backoff;
using retry::full_jitter;
using retry::linear_backoff;
using retry::no_jitter;
using retry::proportional_jitter;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds longest = nanoseconds::max();

static_assert(retry::backoff_policy<exponential_backoff<>>);
static_assert(retry::backoff_policy<linear_backoff<equal_jitter>>);
static_assert(retry::backoff_policy<constant_backoff<proportional_jitter>>);
static_assert(retry::backoff_policy<decorrelated_jitter>);
static_assert(!retry::backoff_policy<full_jitter> && retry::jitter<full_jitter>);
static_assert(!retry::jitter<decorrelated_jitter>);
static_assert(sizeof(exponential_backoff<>::state_type) == 8);
static_assert(sizeof(exponential_backoff<>) == 24 && sizeof(decorrelated_jitter::state_type) == 8);

constexpr nanoseconds in_a_constant() {
    constexpr exponential_backoff backoff{.base = 100ms, .cap = 20s, .jitter = no_jitter{}};
    rng random(1);
    auto state = backoff.state_after(3);
    return backoff.next(state, random);
}
static_assert(in_a_constant() == 800ms);

/// A generator that gives the same number each time.
template <std::uint64_t Value>
struct fixed_bits {
    using result_type = std::uint64_t;
    static constexpr std::uint64_t min() { return 0; }
    static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }
    std::uint64_t operator()() { return Value; }
};
using lowest_bits = fixed_bits<1>;  // for ever 0 would be rejected for ever
using highest_bits = fixed_bits<~std::uint64_t{0}>;

template <class Backoff, class Random>
std::vector<nanoseconds> delays(const Backoff& backoff, std::size_t count, Random random) {
    typename Backoff::state_type state;
    std::vector<nanoseconds> all(count);
    for (auto& d : all) d = backoff.next(state, random);
    return all;
}

/// All that draw below a ceiling, over the same growth.
template <class Check>
void for_each_jitter(nanoseconds base, nanoseconds cap, Check check) {
    check(exponential_backoff{.base = base, .cap = cap});
    check(exponential_backoff{.base = base, .cap = cap, .jitter = equal_jitter{}});
    check(exponential_backoff{.base = base, .cap = cap, .jitter = proportional_jitter{}});
    check(exponential_backoff{.base = base, .cap = cap, .jitter = proportional_jitter{1.0}});
    check(linear_backoff{.base = base, .step = base, .cap = cap});
    check(decorrelated_jitter{.base = base, .cap = cap});
}

}  // namespace

TEST_CASE("ceilings grow as they say") {
    rng random(1);
    CHECK(delays(exponential_backoff{.base = 1s, .cap = 20s, .jitter = no_jitter{}}, 7, random) ==
          std::vector<nanoseconds>{1s, 2s, 4s, 8s, 16s, 20s, 20s});
    CHECK(delays(exponential_backoff{1s, 10s, 1.6, no_jitter{}}, 6, random) ==
          std::vector<nanoseconds>{1s, 1600ms, 2560ms, 4096ms, 6553600us, 10s});
    CHECK(delays(exponential_backoff{10ns, 1s, 1.16, no_jitter{}}, 3, random) ==
          std::vector<nanoseconds>{10ns, 12ns, 13ns});  // 11.6 and 13.456, to the nearest
    CHECK(delays(exponential_backoff{1s, 10s, 1.0, no_jitter{}}, 3, random) ==
          std::vector<nanoseconds>{1s, 1s, 1s});
    CHECK(delays(linear_backoff{1s, 500ms, 2s, no_jitter{}}, 5, random) ==
          std::vector<nanoseconds>{1s, 1500ms, 2s, 2s, 2s});
    CHECK(delays(linear_backoff{0s, 500ms, 2s, no_jitter{}}, 3, random) ==
          std::vector<nanoseconds>{0s, 500ms, 1s});
    CHECK(delays(constant_backoff{.delay = 3s}, 3, random) == std::vector<nanoseconds>{3s, 3s, 3s});
}

TEST_CASE("a multiplier that is no whole number grows from the smallest base on") {
    exponential_backoff backoff{1ns, 1s, 1.25, no_jitter{}};
    rng random(1);
    const auto all = delays(backoff, 200, random);
    CHECK(std::is_sorted(all.begin(), all.end()));
    CHECK(all.back() == 1s);
}

TEST_CASE("each jitter draws from its range, and from both ends of it") {
    const auto range = [](const auto& backoff) {
        return std::array{delays(backoff, 3, lowest_bits{}).back(),
                          delays(backoff, 3, highest_bits{}).back()};
    };
    CHECK(range(exponential_backoff{.base = 1s, .cap = 20s}) == std::array<nanoseconds, 2>{0s, 4s});
    CHECK(range(exponential_backoff{.base = 1s, .cap = 20s, .jitter = equal_jitter{}}) ==
          std::array<nanoseconds, 2>{2s, 4s});
    CHECK(range(exponential_backoff{.base = 1s, .cap = 20s, .jitter = proportional_jitter{}}) ==
          std::array<nanoseconds, 2>{3200ms, 4800ms});
    CHECK(range(exponential_backoff{.base = 1s, .cap = 4s, .jitter = proportional_jitter{0.25}}) ==
          std::array<nanoseconds, 2>{2400ms, 4s});
    CHECK(range(constant_backoff{1s, proportional_jitter{}}) ==
          std::array<nanoseconds, 2>{800ms, 1200ms});
    CHECK(range(decorrelated_jitter{1s, 1000s}) == std::array<nanoseconds, 2>{1s, 27s});
    CHECK(range(decorrelated_jitter{1s, 20s}) == std::array<nanoseconds, 2>{1s, 20s});
    CHECK(range(decorrelated_jitter{1s, 20s, clamp_order::after_draw}) ==
          std::array<nanoseconds, 2>{1s, 20s});
}

TEST_CASE("the mean of a jitter is that of a uniform draw") {
    rng random(test::seed(), "mean");
    const auto mean = [&](const auto& backoff) {
        constexpr int draws = 100'000;
        double sum = 0;
        for (int i = 0; i < draws; ++i) {
            typename std::decay_t<decltype(backoff)>::state_type state;
            sum += static_cast<double>(backoff.next(state, random).count());
        }
        return sum / draws / 1e9;
    };
    // Six standard errors of a uniform draw over [0, 2]: 6 * 2 / sqrt(12 * 100,000) = 0.011.
    CHECK(std::abs(mean(exponential_backoff{.base = 2s, .cap = 9s}) - 1) < 0.011);
    CHECK(std::abs(mean(exponential_backoff{.base = 2s, .cap = 9s, .jitter = equal_jitter{}}) -
                   1.5) < 0.0055);
    CHECK(std::abs(
              mean(exponential_backoff{.base = 2s, .cap = 9s, .jitter = proportional_jitter{0.5}}) -
              2) < 0.011);
    CHECK(std::abs(mean(decorrelated_jitter{1s, 9s}) - 2) < 0.011);
}

TEST_CASE("no jitter passes the cap, at whichever attempt") {
    rng random(test::seed(), "cap");
    for (const nanoseconds cap : {nanoseconds(1), nanoseconds(7), nanoseconds(1s), longest}) {
        for_each_jitter(1ns, cap, [&](const auto& backoff) {
            const auto all = delays(backoff, 300, random);
            CHECK(*std::max_element(all.begin(), all.end()) <= cap);
            CHECK(*std::min_element(all.begin(), all.end()) >= 0ns);
            const auto highest = delays(backoff, 300, highest_bits{});
            CHECK(*std::max_element(highest.begin(), highest.end()) <= cap);
        });
    }
}

TEST_CASE("ceilings never fall") {
    rng random(test::seed(), "monotone");
    for (int i = 0; i < 200; ++i) {
        const nanoseconds base(uniform_between(random, std::int64_t{1}, std::int64_t{1} << 40));
        const nanoseconds cap = base + nanoseconds(uniform_between(random, std::int64_t{0},
                                                                   longest.count() - base.count()));
        const double multiplier = 1 + 3 * uniform_real(random);
        const auto ceilings =
            delays(exponential_backoff{base, cap, multiplier, no_jitter{}}, 100, random);
        CHECK(std::is_sorted(ceilings.begin(), ceilings.end()));
        CHECK(ceilings.front() == base);
        CHECK(ceilings.back() <= cap);
    }
}

TEST_CASE("attempts in billions are as good as the first") {
    rng random(test::seed(), "attempts");
    for (const std::uint32_t attempt :
         {std::uint32_t{63}, std::uint32_t{64}, std::uint32_t{65}, std::uint32_t{1} << 31,
          std::numeric_limits<std::uint32_t>::max()}) {
        for (const double multiplier : {1.0, 1.5, 2.0, 1e18}) {
            const exponential_backoff backoff{1ns, longest, multiplier, no_jitter{}};
            auto state = backoff.state_after(attempt);
            const nanoseconds expected = multiplier == 1.0 ? 1ns : longest;
            if (multiplier != 1.5 || attempt > 1000) CHECK(backoff.next(state, random) == expected);
        }
        const linear_backoff backoff{1ns, longest, longest, no_jitter{}};
        auto state = backoff.state_after(attempt);
        CHECK(backoff.next(state, random) == longest);
        CHECK(backoff.next(state, random) == longest);
    }
    // a constant that leaves no room for its jitter
    const constant_backoff constant{longest, proportional_jitter{1.0}};
    const auto drawn = delays(constant, 100, random);
    CHECK(*std::min_element(drawn.begin(), drawn.end()) >= 0ns);
    // and to get there one by one is to stay there
    const exponential_backoff backoff{.base = 1ns, .cap = longest, .jitter = no_jitter{}};
    const auto all = delays(backoff, 5000, random);
    CHECK(all[62] == nanoseconds(std::int64_t{1} << 62));
    CHECK(std::all_of(all.begin() + 63, all.end(), [](nanoseconds d) { return d == longest; }));
}

TEST_CASE("the state after some delays is the one that they lead to") {
    rng random(test::seed(), "state_after");
    for (const double multiplier : {1.0, 1.3, 1.6, 2.0, 10.0}) {
        const exponential_backoff backoff{1ms, 1h, multiplier, no_jitter{}};
        decltype(backoff)::state_type walked;
        for (std::uint32_t n = 0; n < 40; ++n) {
            auto jumped = backoff.state_after(n);
            CHECK(jumped.growth == Approx(walked.growth).epsilon(1e-12));
            (void)backoff.next(walked, random);
        }
    }
    const linear_backoff linear{1ms, 2ms, 1h, no_jitter{}};
    linear_backoff<no_jitter>::state_type walked;
    for (std::uint32_t n = 0; n < 40; ++n) {
        CHECK(linear.state_after(n) == walked);
        (void)linear.next(walked, random);
    }
}

TEST_CASE("clients do not pile up, at the cap or anywhere") {
    constexpr std::size_t clients = 20'000;
    const auto largest_pile = [](const auto& backoff, std::size_t attempt) {
        rng random(test::seed(), "pile", attempt);
        std::map<nanoseconds, std::size_t> piles;
        for (std::size_t c = 0; c < clients; ++c) {
            typename std::decay_t<decltype(backoff)>::state_type state;
            for (std::size_t i = 1; i < attempt; ++i) (void)backoff.next(state, random);
            ++piles[backoff.next(state, random)];
        }
        std::size_t largest = 0;
        for (const auto& [delay, count] : piles) largest = std::max(largest, count);
        return static_cast<double>(largest) / clients;
    };
    for (const std::size_t attempt : {1U, 5U, 12U, 40U}) {
        for_each_jitter(
            5us, 1ms, [&](const auto& backoff) { CHECK(largest_pile(backoff, attempt) <= 0.01); });
    }
    // what is avoided: the published form of decorrelated jitter, and what it would be without any
    CHECK(largest_pile(decorrelated_jitter{5us, 1ms, clamp_order::after_draw}, 40) > 0.25);
    CHECK(largest_pile(exponential_backoff{5us, 1ms, 2, no_jitter{}}, 12) == 1.0);
}

TEST_CASE("a copy of the state goes on alike, and draws its own random numbers") {
    const exponential_backoff backoff{.base = 1ms, .cap = 1s};
    rng random(test::seed(), "copy");
    exponential_backoff<>::state_type one;
    (void)backoff.next(one, random);
    auto other = one;
    CHECK(backoff.next(one, random) != backoff.next(other, random));
    CHECK(one == other);
}

TEST_CASE("any generator of 32 or 64 random bits will do") {
    const exponential_backoff backoff{.base = 1s, .cap = 20s};
    std::mt19937 narrow(1);
    std::mt19937_64 wide(1);
    std::random_device device;
    exponential_backoff<>::state_type state;
    CHECK(backoff.next(state, narrow) <= 1s);
    CHECK(backoff.next(state, wide) <= 2s);
    CHECK(backoff.next(state, device) <= 4s);
    CHECK(backoff.next(state, rng(1)) <= 8s);
}
