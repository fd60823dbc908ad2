// SPDX-License-Identifier: BSL-1.0
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 sees at -Og in std::stop_source what is not there.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <coterie/adapt/stop_token.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include <coterie/core/sleeper.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::sleeper;
using coterie::steady_clock;
using coterie::steady_time;
using coterie::system_clock;
using coterie::wall_time;
using coterie::adapt::stop_token_sleeper;

TEST_CASE("a stop token's sleeper waits for steady and for wall time") {
    STATIC_REQUIRE(sleeper<stop_token_sleeper>);
    STATIC_REQUIRE(sleeper<stop_token_sleeper&>);
    STATIC_REQUIRE(sleeper<const stop_token_sleeper&>);
    STATIC_REQUIRE(sleeper<stop_token_sleeper, wall_time>);
}

TEST_CASE("a time that has passed is reached at once, if nobody asked to stop") {
    std::stop_source source;
    const stop_token_sleeper sleep(source.get_token());
    CHECK(sleep.sleep_until(steady_time::min()));
    CHECK(sleep.sleep_until(steady_clock::now()));
    CHECK(sleep.sleep_until(wall_time::min()));
    CHECK(sleep.sleep_until(system_clock::now()));
}

TEST_CASE("a wait does not end before its time") {
    std::stop_source source;
    const stop_token_sleeper sleep(source.get_token());
    const steady_time until = steady_clock::now() + 10ms;
    CHECK(sleep.sleep_until(until));
    CHECK(steady_clock::now() >= until);
    const wall_time wall_until = system_clock::now() + 10ms;
    CHECK(sleep.sleep_until(wall_until));
    CHECK(system_clock::now() >= wall_until);
    const steady_time after = steady_clock::now() + 10ms;
    CHECK(sleep.sleep_for(10ms));
    CHECK(steady_clock::now() >= after);
    CHECK(sleep.sleep_for(-1h));
    // Longer than its slices of a second.
    const steady_time later = steady_clock::now() + 1050ms;
    CHECK(sleep.sleep_until(later));
    CHECK(steady_clock::now() >= later);
}

TEST_CASE("after a request to stop every wait fails at once, also for a time that has passed") {
    std::stop_source source;
    const stop_token_sleeper sleep(source.get_token());
    source.request_stop();
    // If these waited, the test would hang for ever.
    CHECK_FALSE(sleep.sleep_until(steady_time::max()));
    CHECK_FALSE(sleep.sleep_until(wall_time::max()));
    CHECK_FALSE(sleep.sleep_until(steady_time::min()));
    CHECK_FALSE(sleep.sleep_until(wall_time::min()));
    CHECK_FALSE(sleep.sleep_for(std::chrono::nanoseconds::max()));
    CHECK_FALSE(sleep.sleep_for(std::chrono::nanoseconds::min()));
}

TEST_CASE("without a stop state nobody can ask to stop") {
    const stop_token_sleeper sleep{std::stop_token()};
    const steady_time until = steady_clock::now() + 5ms;
    CHECK(sleep.sleep_until(until));
    CHECK(steady_clock::now() >= until);
}

TEST_CASE("a request to stop from another thread ends a wait that would never end",
          "[concurrent]") {
    for (int round = 0; round < 20; ++round) {
        std::stop_source source;
        std::atomic<bool> about_to_wait = false;
        std::atomic<int> result = -1;
        std::jthread waiter([&] {
            const stop_token_sleeper sleep(source.get_token());
            about_to_wait = true;
            result = (round % 2 == 0 ? sleep.sleep_until(steady_time::max())
                                     : sleep.sleep_until(wall_time::max()))
                         ? 1
                         : 0;
        });
        // Sometimes before the wait has begun, sometimes in its middle.
        while (!about_to_wait) std::this_thread::yield();
        for (int i = 0; i < round * 50; ++i) std::this_thread::yield();
        source.request_stop();
        waiter.join();
        REQUIRE(result == 0);
    }
}

TEST_CASE("one sleeper serves many threads, and one request ends all their waits", "[concurrent]") {
    std::stop_source source;
    const stop_token_sleeper sleep(source.get_token());
    std::array<std::atomic<int>, 4> results{};
    std::atomic<int> waiting = 0;
    std::vector<std::jthread> threads;
    for (auto& result : results) {
        threads.emplace_back([&] {
            ++waiting;
            const bool reached = sleep.sleep_until(steady_clock::now() + 1ns);
            result = reached && !sleep.sleep_until(steady_time::max()) ? 1 : 2;
        });
    }
    while (waiting < 4) std::this_thread::yield();
    // Only when each has passed its first, short wait.
    (void)sleep.sleep_until(steady_clock::now() + 50ms);
    source.request_stop();
    threads.clear();
    for (auto& result : results) {
        // A thread that was held up before its short wait saw the request there: that is right as well.
        CHECK((result == 1 || result == 2));
    }
}

TEST_CASE("the token of a jthread ends the wait of its thread", "[concurrent]") {
    std::atomic<int> result = -1;
    {
        std::jthread thread([&](std::stop_token token) {
            stop_token_sleeper sleep(std::move(token));
            result = sleep.sleep_until(steady_time::max()) ? 1 : 0;
        });
    }
    CHECK(result == 0);
}
