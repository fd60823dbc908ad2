// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/concurrency_limit.hpp>

#include <atomic>
#include <cstdint>
#include <queue>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using coterie::retry::concurrency_limit;

TEST_CASE("no more calls are in flight than the limit says") {
    concurrency_limit limit({.initial = 3});
    for (int i = 0; i < 3; ++i) CHECK(limit.try_acquire());
    CHECK(!limit.try_acquire());
    limit.release();
    CHECK(limit.in_flight() == 2);
    CHECK(limit.try_acquire());
    CHECK(!limit.try_acquire());
    CHECK(limit.limit() == 3);
}

TEST_CASE("a limit's worth of successes adds one") {
    concurrency_limit limit({.initial = 10, .max = 12});
    const auto round = [&] {
        const auto n = limit.limit();
        for (std::uint32_t i = 0; i < n; ++i) CHECK(limit.try_acquire());
        // results come while new calls begin, so that it stays full
        for (std::uint32_t i = 0; i <= n; ++i) {
            limit.on_success();
            CHECK(limit.try_acquire());
        }
        for (std::uint32_t i = 0; i < n; ++i) limit.release();
    };
    round();
    CHECK(limit.limit() == 11);
    round();
    CHECK(limit.limit() == 12);
    for (int i = 0; i < 5; ++i) round();
    CHECK(limit.limit() == 12);
}

TEST_CASE("a limit that is not used does not grow") {
    concurrency_limit limit({.initial = 10});
    for (int i = 0; i < 1000; ++i) {
        for (int n = 0; n < 4; ++n) CHECK(limit.try_acquire());
        for (int n = 0; n < 4; ++n) limit.on_success();
    }
    CHECK(limit.limit() == 10);
    for (int n = 0; n < 5; ++n) CHECK(limit.try_acquire());
    for (int i = 0; i < 20; ++i) {
        limit.on_success();
        CHECK(limit.try_acquire());
    }
    CHECK(limit.limit() == 11);
}

TEST_CASE("overload takes a tenth, down to the least") {
    concurrency_limit limit({.initial = 100, .min = 50, .backoff_ratio = 0.9});
    std::vector<std::uint32_t> seen;
    for (int i = 0; i < 8; ++i) {
        CHECK(limit.try_acquire());
        limit.on_overload();
        seen.push_back(limit.limit());
    }
    CHECK(seen == std::vector<std::uint32_t>{90, 81, 72, 65, 59, 53, 50, 50});
    CHECK(limit.in_flight() == 0);
}

TEST_CASE("it finds what a server can take, and stays near it") {
    // A server with room for 60 calls at once, which refuses the others; calls answer in the order they came.
    concurrency_limit limit({.initial = 5, .max = 1000});
    std::queue<bool> server;  // whether each call had room
    double sum = 0;
    int rounds = 0;
    for (int i = 0; i < 100'000; ++i) {
        while (limit.try_acquire()) server.push(server.size() < 60);
        server.front() ? limit.on_success() : limit.on_overload();
        server.pop();
        if (i < 50'000) continue;
        sum += limit.limit();
        ++rounds;
    }
    const double mean = sum / rounds;
    CHECK(mean > 30);
    CHECK(mean < 60);
}

TEST_CASE("threads never pass the limit together", "[concurrent]") {
    concurrency_limit limit({.initial = 4, .min = 4, .max = 4});
    std::atomic<int> inside{0}, most{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                if (!limit.try_acquire()) continue;
                const int now = inside.fetch_add(1) + 1;
                int seen = most.load();
                while (seen < now && !most.compare_exchange_weak(seen, now)) {
                }
                inside.fetch_sub(1);
                i % 3 == 0   ? limit.on_success()
                : i % 3 == 1 ? limit.on_overload()
                             : limit.release();
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK(most.load() <= 4);
    CHECK(limit.in_flight() == 0);
}

TEST_CASE("shares: a limit of n falls to k by a ratio of k / n, for all k of n up to 1,000") {
    int wrong = 0;
    for (std::uint32_t n = 2; n <= 1000; ++n) {
        for (std::uint32_t k = 1; k < n; ++k) {
            concurrency_limit limit({.initial = n, .backoff_ratio = static_cast<double>(k) / n});
            REQUIRE(limit.try_acquire());
            limit.on_overload();
            wrong += limit.limit() == k ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}
