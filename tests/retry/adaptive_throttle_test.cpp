// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/adaptive_throttle.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using nlohmann::json;
using retry::adaptive_throttle;
using retry::atomic_adaptive_throttle;
using retry::cubic_throttle;
using retry::shared_cubic_throttle;

namespace {

constexpr steady_time start(1000s);

json rule(const char* name) {
    std::ifstream file(test::data_dir() / "retry_rules.json");
    REQUIRE(file);
    return json::parse(file).at(name);
}

steady_time at(double s) { return start + std::chrono::nanoseconds(std::llround(s * 1e9)); }

/// A generator of which every draw is the same part of the range.
struct constant_bits {
    using result_type = std::uint64_t;
    std::uint64_t value;
    static constexpr std::uint64_t min() { return 0; }
    static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }
    std::uint64_t operator()() const { return value; }
};

retry::cubic_options constants(const json& rules) {
    const json& c = rules.at("constants");
    return {c.at("MIN_FILL_RATE"), c.at("MIN_CAPACITY"), c.at("SMOOTH"), c.at("BETA"),
            c.at("SCALE_CONSTANT")};
}

}  // namespace

TEMPLATE_TEST_CASE("the probability is the SRE book's", "", adaptive_throttle,
                   atomic_adaptive_throttle) {
    rng random(test::seed(), "sre");
    for (const double k : {1.0, 1.1, 2.0}) {
        TestType throttle({.k = k});
        double requests = 0, accepts = 0;
        for (int i = 0; i < 500; ++i) {
            const double expected = std::max(0.0, (requests - k * accepts) / (requests + 1));
            CHECK(throttle.reject_probability(start) == Approx(expected));
            const double draw = uniform_real(random);
            const constant_bits bits{static_cast<std::uint64_t>(draw * 0x1p53) << 11};
            CHECK(throttle.try_acquire(start, bits) == (draw >= expected));
            requests += 1;  // refused or not
            if (!bernoulli(random, 0.2)) continue;
            throttle.on_accepted(start);
            accepts += 1;
        }
    }
}

TEST_CASE("what is older than two minutes is forgotten") {
    adaptive_throttle throttle;
    for (int i = 0; i < 99; ++i) (void)throttle.try_acquire(start, rng(1));
    CHECK(throttle.reject_probability(start + 100s) == Approx(0.99));
    CHECK(throttle.reject_probability(start - 1h) == Approx(0.99));
    CHECK(throttle.reject_probability(start + 120s) == 0.0);
}

TEST_CASE("a server that is asked for ten times what it can sees K times what it accepts") {
    for (const double k : {1.1, 2.0}) {
        rng random(test::seed(), "overload");
        adaptive_throttle throttle({.k = k});
        constexpr int capacity = 100, asked = 1000;  // a second
        int seen = 0, accepted = 0;
        for (int s = 0; s < 600; ++s) {
            int room = capacity;
            for (int i = 0; i < asked; ++i) {
                const steady_time now = start + s * 1s + i * 1ms;
                if (!throttle.try_acquire(now, random)) continue;
                const bool is_measured = s >= 300;
                seen += is_measured ? 1 : 0;
                if (room-- <= 0) continue;
                throttle.on_accepted(now);
                accepted += is_measured ? 1 : 0;
            }
        }
        INFO("K = " << k);
        CHECK(static_cast<double>(seen) / accepted == Approx(k).epsilon(0.1));
    }
}

TEST_CASE("the cubic passes through AWS's vectors") {
    const json rules = rule("aws_adaptive_cubic");
    const auto o = constants(rules);
    for (const char* name : {"case1", "case2"}) {
        const json& c = rules.at(name);
        double max_rate = c.at("last_max_rate"), cut_at = c.at("last_throttle_time_s");
        double rate = max_rate;
        for (const json& step : c.at("steps")) {
            const double t = step[1];
            if (step[0] == "throttle") {
                max_rate = rate;
                cut_at = t;
                rate *= o.beta;
            } else {
                rate = retry::detail::cubic_rate(o, max_rate, t - cut_at);
            }
            INFO(name << " at " << t << " s");
            CHECK(rate == Approx(step[2].get<double>()).epsilon(1e-9).margin(1e-6));
        }
    }
}

TEMPLATE_TEST_CASE("the whole throttle passes through AWS's vectors", "", cubic_throttle,
                   shared_cubic_throttle) {
    const json rules = rule("aws_adaptive_cubic");
    TestType throttle(start, constants(rules));
    for (const json& row : rules.at("end_to_end").at("rows")) {
        const double t = row[1];
        INFO("at " << t << " s");
        row[0] == 1 ? throttle.on_accepted(at(t)) : throttle.on_throttled(at(t));
        CHECK(throttle.measured_rate() == Approx(row[2].get<double>()).margin(1e-6));
        CHECK(throttle.fill_rate() == Approx(row[3].get<double>()).margin(1e-6));
    }
}

TEMPLATE_TEST_CASE("there is no limit before the first refusal, and one after it", "",
                   cubic_throttle, shared_cubic_throttle) {
    TestType throttle(start);
    for (int i = 0; i < 1000; ++i) CHECK(throttle.try_acquire(start));
    CHECK(throttle.ready_at(start) == start);
    throttle.on_throttled(start);
    CHECK(throttle.fill_rate() == 0.5);
    CHECK(!throttle.try_acquire(start));
    const steady_time ready = throttle.ready_at(start);
    CHECK(ready == start + 2s);
    CHECK(!throttle.try_acquire(ready - 1ms));
    CHECK(throttle.try_acquire(ready));
    CHECK(!throttle.try_acquire(ready));
}

TEST_CASE("a clock that steps back adds no tokens") {
    cubic_throttle throttle(start);
    throttle.on_throttled(start);
    CHECK(throttle.try_acquire(start + 10s));
    int taken = 0;
    for (int i = 0; i < 1000; ++i)
        taken += throttle.try_acquire(start + (i % 2 == 0 ? 1s : 10s)) ? 1 : 0;
    CHECK(taken == 0);
    CHECK(throttle.ready_at(start) == start + 12s);
    CHECK(throttle.ready_at(start + 12s) == start + 12s);
    CHECK(throttle.try_acquire(start + 1s));  // and takes none away
}

TEST_CASE("threads share a throttle", "[concurrent]") {
    atomic_adaptive_throttle throttle;
    shared_cubic_throttle cubic(start);
    cubic.on_throttled(start);
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            rng random(static_cast<std::uint64_t>(t));
            for (int i = 0; i < 1000; ++i) {
                (void)throttle.try_acquire(start, random);
                throttle.on_accepted(start);
                if (cubic.try_acquire(start + 10s)) taken.fetch_add(1);
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK(throttle.reject_probability(start) == 0.0);
    for (int i = 0; i < 4000; ++i) (void)throttle.try_acquire(start, rng(1));
    CHECK(throttle.reject_probability(start) == 0.0);  // all 4000 were counted as accepted
    for (int i = 0; i < 2000; ++i) (void)throttle.try_acquire(start, rng(1));
    CHECK(throttle.reject_probability(start) == Approx(2000.0 / 10'001));
    CHECK(taken.load() == 1);
}

TEST_CASE("a rate of almost nothing is waited for until the end of time") {
    retry::cubic_throttle throttle(steady_time{}, {.min_fill_rate = 1e-12});
    for (int i = 0; i < 100; ++i) throttle.on_throttled(steady_time(1s));
    CHECK(!throttle.try_acquire(steady_time(2s)));
    CHECK(throttle.ready_at(steady_time(2s)) == steady_time::max());
}

TEST_CASE("shares: k of n accepted and a K of n / k refuse nothing; one request more does") {
    int wrong = 0;
    for (int n = 1; n <= 100; ++n) {
        for (int k = 1; k <= n; ++k) {
            adaptive_throttle throttle({.k = static_cast<double>(n) / k});
            for (int i = 0; i < n; ++i) (void)throttle.try_acquire(start, rng(1));
            for (int i = 0; i < k; ++i) throttle.on_accepted(start);
            wrong += throttle.reject_probability(start) == 0.0 ? 0 : 1;
            (void)throttle.try_acquire(start, rng(1));
            wrong += throttle.reject_probability(start) > 0.0 ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}
