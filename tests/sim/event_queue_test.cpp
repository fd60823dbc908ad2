// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/event_queue.hpp>

#include <chrono>
#include <map>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using std::chrono::nanoseconds;

TEST_CASE("events come in order of time, and in the order in which they were asked for") {
    rng random(test::seed(), "queue");
    sim::event_queue<int> queue;
    std::multimap<steady_time, int> reference;
    for (int round = 0; round < 20'000; ++round) {
        if (reference.empty() || bernoulli(random, 0.55)) {
            const steady_time when = steady_time(nanoseconds(uniform_below(random, 50)));
            queue.push(when, round);
            reference.emplace(when, round);
        } else {
            REQUIRE(queue.next_time() == reference.begin()->first);
            const auto next = queue.pop();
            REQUIRE(next.at == reference.begin()->first);
            REQUIRE(next.what == reference.begin()->second);
            reference.erase(reference.begin());
        }
        if (round % 1000 == 999) {
            const auto unwanted = [&](int x) { return x % 7 == round / 1000 % 7; };
            queue.erase_if(unwanted);
            std::erase_if(reference, [&](const auto& e) { return unwanted(e.second); });
        }
        REQUIRE(queue.size() == reference.size());
    }
    for (const auto& [when, what] : reference) REQUIRE(queue.pop().what == what);
    CHECK(queue.empty());
}
