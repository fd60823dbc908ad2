// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/deadline.hpp>

#include <algorithm>
#include <chrono>

#include <coterie/core/clock.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::deadline;
using std::chrono::nanoseconds;

static_assert(deadline() == deadline(steady_time::max()) && !deadline().exists());
static_assert(deadline::in(2s, steady_time(1s)).at() == steady_time(3s));
static_assert(deadline(steady_time(1s)) < deadline(steady_time(2s)));

TEST_CASE("a deadline travels as the time that remains") {
    const steady_time here(100s), there(7s);
    const auto end = deadline::in(5s, here);
    CHECK(end.remaining(here + 2s) == 3s);
    const auto same = deadline::in(end.remaining(here + 2s), there);
    CHECK(same.at() == there + 3s);
    CHECK(end.remaining(here + 5s) == 0ns);
    CHECK(end.remaining(here + 9h) == 0ns);
    CHECK(deadline().remaining(here) == nanoseconds::max());
    CHECK(!deadline::in(deadline().remaining(here), there).exists());
}

TEST_CASE("times at the ends of the range do not overflow") {
    for (const steady_time now : {steady_time::min(), steady_time(-1ns), steady_time(0ns),
                                  steady_time(1ns), steady_time::max()}) {
        for (const nanoseconds d : {nanoseconds::min(), nanoseconds(-1), nanoseconds(0),
                                    nanoseconds(1), nanoseconds::max()}) {
            const auto end = deadline::in(d, now);
            CHECK(end.at() >= now);
            if (d <= 0ns) CHECK(end.at() == now);
            if (d > 0ns && now < steady_time(1ns)) CHECK(end.at() - d == now);
            CHECK(end.remaining(now) >= 0ns);
            if (end.exists()) CHECK(end.remaining(now) == std::max(d, 0ns));
        }
    }
    CHECK(deadline(steady_time(1s)).remaining(steady_time::min()) == nanoseconds::max());
}

TEST_CASE("what cannot end in time is not allowed") {
    const deadline end(steady_time(10s));
    CHECK(end.allows(steady_time(8s), 2s));
    CHECK(!end.allows(steady_time(8s), 2s + 1ns));
    CHECK(end.allows(steady_time(10s - 1ns), 0s));
    CHECK(!end.allows(steady_time(10s), 0s));  // it would begin too late to be of use
    CHECK(!end.allows(steady_time(11s), 0s));
    CHECK(!end.allows(steady_time(8s), nanoseconds::max()));
    CHECK(deadline().allows(steady_time::max(), nanoseconds::max()));
}

TEST_CASE("an attempt's deadline is within the call's") {
    const deadline call(steady_time(10s));
    CHECK(call.or_earlier(deadline(steady_time(3s))).at() == steady_time(3s));
    CHECK(call.or_earlier(deadline(steady_time(30s))) == call);
    CHECK(deadline().or_earlier(call) == call);
    CHECK(call.or_earlier(deadline()) == call);
}
