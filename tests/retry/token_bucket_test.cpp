// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/token_bucket.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::atomic_token_bucket;
using retry::token_bucket;

namespace {

constexpr steady_time start(1000s);

/// What a bucket is, with a count that is refilled: a token each 10 ms, five at most.
class reference {
public:
    explicit reference(steady_time now) : filled_(now) {}

    bool try_take(steady_time now, std::int64_t tokens) {
        if (now > filled_) {
            credit_ = std::min(5 * each_, credit_ + (now - filled_).count());
            filled_ = now;
        }
        if (credit_ < tokens * each_) return false;
        credit_ -= tokens * each_;
        return true;
    }

private:
    static constexpr std::int64_t each_ = 10'000'000;
    std::int64_t credit_ = 5 * each_;
    steady_time filled_;
};

constexpr std::uint32_t in_a_constant() {
    token_bucket bucket({.per_second = 10, .burst = 5}, start);
    (void)bucket.try_take(start, 3);
    return bucket.tokens(start + 100ms);
}
static_assert(in_a_constant() == 3);
static_assert(sizeof(token_bucket) == 24);

}  // namespace

TEMPLATE_TEST_CASE("tokens come at their rate, and gather up to the burst", "", token_bucket,
                   atomic_token_bucket) {
    TestType bucket({.per_second = 100, .burst = 5}, start);
    CHECK(bucket.tokens(start) == 5);
    for (int i = 0; i < 5; ++i) CHECK(bucket.try_take(start));
    CHECK(!bucket.try_take(start));
    CHECK(bucket.ready_at(start) == start + 10ms);
    CHECK(bucket.ready_at(start, 5) == start + 50ms);
    CHECK(bucket.ready_at(start, 6) == steady_time::max());
    CHECK(!bucket.try_take(start + 10ms - 1ns));
    CHECK(bucket.try_take(start + 10ms));
    CHECK(!bucket.try_take(start + 10ms));
    CHECK(bucket.tokens(start + 1h) == 5);
    CHECK(bucket.ready_at(start + 1h, 5) == start + 1h);
    CHECK(!bucket.try_take(start + 1h, 6));
    CHECK(bucket.try_take(start + 1h, 0));
    CHECK(bucket.try_take(start + 1h, 5));
    CHECK(bucket.tokens(start + 1h) == 0);
}

TEMPLATE_TEST_CASE("a bucket does what a counter that is refilled does", "", token_bucket,
                   atomic_token_bucket) {
    rng random(test::seed(), "bucket");
    for (int run = 0; run < 50; ++run) {
        TestType bucket({.per_second = 100, .burst = 5}, start);
        reference expected(start);
        steady_time now = start;
        for (int i = 0; i < 300; ++i) {
            now += std::chrono::nanoseconds(
                uniform_between(random, std::int64_t{0}, std::int64_t{20'000'000}));
            const auto tokens = uniform_between(random, 0U, 6U);
            const auto at = bucket.ready_at(now, tokens);
            CHECK((at == now) == (tokens <= bucket.tokens(now)));
            CHECK(bucket.try_take(now, tokens) == expected.try_take(now, tokens));
        }
    }
}

TEMPLATE_TEST_CASE("a clock that steps back adds no tokens", "", token_bucket,
                   atomic_token_bucket) {
    TestType bucket({.per_second = 100, .burst = 5}, start);
    CHECK(bucket.try_take(start, 5));
    for (const auto back : {1ns, 1000000ns, 3600000000000ns}) {
        CHECK(bucket.tokens(start - back) == 0);
        CHECK(!bucket.try_take(start - back));
    }
    CHECK(bucket.try_take(start + 10ms));
    CHECK(bucket.try_take(start + 1h, 5));
    CHECK(!bucket.try_take(start + 10ms));
    CHECK(bucket.tokens(steady_time::min()) == 0);
    CHECK(bucket.tokens(steady_time::max()) == 5);
    // however it swings, no more comes out than the burst and what the farthest time gives
    rng random(test::seed(), "swing");
    TestType other({.per_second = 100, .burst = 5}, start);
    int taken = 0;
    steady_time farthest = start;
    for (int i = 0; i < 10'000; ++i) {
        const steady_time now =
            start + std::chrono::milliseconds(uniform_between(random, -1000, 1000));
        farthest = std::max(farthest, now);
        if (other.try_take(now)) ++taken;
    }
    CHECK(taken <= 5 + (farthest - start) / 10ms);
}

TEST_CASE("rates at the ends of what is allowed") {
    token_bucket fast({.per_second = 1e9, .burst = 4'000'000'000}, start);
    CHECK(fast.try_take(start, 4'000'000'000));
    CHECK(!fast.try_take(start));
    CHECK(fast.try_take(start + 1ns));
    token_bucket slow({.per_second = 1e-9, .burst = 2}, start);
    CHECK(slow.try_take(start, 2));
    CHECK(!slow.try_take(start + 200'000h));
    CHECK(slow.ready_at(start) == start + std::chrono::seconds(1'000'000'000));
}

TEMPLATE_TEST_CASE(
    "tokens come at the rate that was asked for, never faster, at most 0.01 % slower", "",
    token_bucket, atomic_token_bucket) {
    rng random(test::seed(), "rates");
    std::vector<double> rates{1e9,      5.1e8, 1e8 + 1, 1e8 - 1, 1e6 + 1, 1e5 + 1, 1e5, 99'999.7,
                              65'537.0, 7,     3,       0.7,     0.29,    1e-3,    1e-5};
    for (const double k : {1.0, 2.0, 3.0, 7.0, 9999.0}) {  // beside a whole number of nanoseconds
        rates.push_back(std::nextafter(1e9 / k, 0));
        if (k > 1) rates.push_back(std::nextafter(1e9 / k, 1e9));
    }
    for (int i = 0; i < 150; ++i) rates.push_back(std::pow(10, 9 - 14 * uniform_real(random)));
    for (const double rate : rates) {
        INFO(rate << " a second");
        const auto burst = uniform_between(random, 1U, 5U);
        const steady_time from = start + std::chrono::nanoseconds(uniform_between(
                                             random, std::int64_t{0}, std::int64_t{1} << 58));
        TestType bucket({.per_second = rate, .burst = burst}, from);
        struct taking {
            double at;         // nanoseconds after the start
            double so_far;     // tokens before it
            double with_this;  // and after it
        };
        std::vector<taking> takings;
        double taken = 0;
        steady_time now = from;
        for (int i = 0; i < 100; ++i) {
            const auto n = uniform_between(random, 1U, burst);
            const steady_time ready = bucket.ready_at(now, n);
            if (ready > now) CHECK(!bucket.try_take(ready - 1ns, n));
            now = ready;
            REQUIRE(bucket.try_take(now, n));
            takings.push_back({static_cast<double>((now - from).count()), taken, taken + n});
            taken += n;
        }
        // Between any two: no more than the burst and what comes in that time, to the nanosecond.
        int too_many = 0;
        for (const taking& a : takings) {
            for (const taking& b : takings) {
                const double most = burst + (b.at - a.at + 1) * rate / 1e9 * (1 + 1e-14);
                too_many += b.at >= a.at && b.with_this - a.so_far > most + 1e-6 ? 1 : 0;
            }
        }
        CHECK(too_many == 0);
        // Long after: as much as came meanwhile, less 0.01 % and what was not whole.
        const auto most = static_cast<std::uint32_t>(std::min(4e9, 1e9 * rate));
        if (most == 0) continue;
        TestType large({.per_second = rate, .burst = most}, from);
        REQUIRE(large.try_take(from, most));
        const double seconds = std::min(0.75 * most / rate, 1e9);
        const auto later =
            from + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
        const double came = large.tokens(later);
        const double asked = static_cast<double>((later - from).count()) * rate / 1e9;
        CHECK(came <= asked + rate / 1e9);
        CHECK(came >= asked * (1 - 1e-4) - 1);
    }
}

TEMPLATE_TEST_CASE("what is ready is there, and not a nanosecond before", "", token_bucket,
                   atomic_token_bucket) {
    rng random(test::seed(), "ready");
    for (int run = 0; run < 2000; ++run) {
        const double rate = std::pow(10, 9 - 9 * uniform_real(random));
        const auto burst = uniform_between(random, 1U, 1000U);
        const steady_time from(std::chrono::nanoseconds(
            uniform_between(random, -(std::int64_t{1} << 60), std::int64_t{1} << 60)));
        TestType bucket({.per_second = rate, .burst = burst}, from);
        REQUIRE(bucket.tokens(from) == burst);
        REQUIRE(bucket.try_take(from, burst));
        const auto n = uniform_between(random, 1U, burst);
        const steady_time at = bucket.ready_at(from, n);
        CHECK(at > from);
        CHECK(bucket.tokens(at - 1ns) < n);
        CHECK(bucket.tokens(at) >= n);
        CHECK(bucket.ready_at(at, n) == at);
    }
}

TEST_CASE("threads take each token once", "[concurrent]") {
    atomic_token_bucket bucket({.per_second = 1, .burst = 10'000}, start);
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i)
                if (bucket.try_take(start)) taken.fetch_add(1);
        });
    }
    for (auto& t : threads) t.join();
    CHECK(taken.load() == 10'000);
}
