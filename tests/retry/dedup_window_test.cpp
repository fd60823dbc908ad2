// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/dedup_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::dedup_window;

namespace {

constexpr steady_time start(1000s);

}  // namespace

TEST_CASE("a key is new once, until it is forgotten") {
    dedup_window<std::string> seen({.remember_for = 10s, .capacity = 100});
    CHECK(seen.insert("a", start));
    CHECK(!seen.insert("a", start));
    CHECK(!seen.insert("a", start + 10s - 1ns));  // which makes it no younger
    CHECK(seen.insert("a", start + 10s));
    CHECK(seen.size() == 1);
    CHECK(seen.forgotten_until() == steady_time::min());
}

TEST_CASE("where there is no room the oldest goes, and that is told") {
    dedup_window<int> seen({.remember_for = 1h, .capacity = 3});
    for (int i = 0; i < 5; ++i) CHECK(seen.insert(i, start + i * 1s));
    CHECK(seen.size() == 3);
    CHECK(seen.forgotten_until() == start + 1s);
    for (int i = 2; i < 5; ++i) CHECK(!seen.insert(i, start + 9s));
    CHECK(seen.insert(0, start + 9s));
    CHECK(seen.forgotten_until() == start + 2s);
}

TEST_CASE("a clock that steps back forgets nothing early") {
    dedup_window<int> seen({.remember_for = 10s, .capacity = 100});
    CHECK(seen.insert(1, start));
    CHECK(seen.insert(2, start - 1h));  // as if at `start`
    CHECK(!seen.insert(2, start + 9s));
    CHECK(!seen.insert(1, steady_time::min()));
    CHECK(seen.insert(2, start + 10s));
}

TEST_CASE("a window does what a list of keys and times does") {
    rng random(test::seed(), "dedup");
    for (int run = 0; run < 100; ++run) {
        const auto capacity = uniform_between(random, std::size_t{1}, std::size_t{12});
        dedup_window<int> seen({.remember_for = 100ms, .capacity = capacity});
        std::vector<std::pair<int, steady_time>> expected;
        steady_time now = start, latest = steady_time::min();
        for (int i = 0; i < 500; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, -5, 20));
            latest = std::max(latest, now);
            const int key = uniform_between(random, 0, 20);
            std::erase_if(expected, [&](const auto& e) { return latest - e.second >= 100ms; });
            const bool is_new = std::none_of(expected.begin(), expected.end(),
                                             [&](const auto& e) { return e.first == key; });
            if (is_new) expected.emplace_back(key, latest);
            if (expected.size() > capacity) expected.erase(expected.begin());
            REQUIRE(seen.insert(key, now) == is_new);
            REQUIRE(seen.size() == expected.size());
        }
    }
}
