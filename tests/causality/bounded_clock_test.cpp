// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/bounded_clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/text.hpp>

#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::causality::bounded_clock;
using coterie::causality::bounded_clock_options;
using coterie::causality::clock_error_bound;
using coterie::causality::clock_error_source;
using coterie::causality::clock_interval;
using coterie::causality::clock_status;
using coterie::causality::commit_wait;
using coterie::causality::kernel_clock_error;
using coterie::causality::manual_clock_error;
using coterie::causality::surely_before;
using coterie::test::millisecond_clock;
using coterie::test::second_clock;
using coterie::test::some_day;

namespace {

using std::chrono::nanoseconds;

constexpr auto synchronised = clock_status::synchronised;
constexpr clock_error_bound ten_ms{
    .status = synchronised, .max_error = 10ms, .drift_per_second = 500us};

static_assert(clock_error_source<kernel_clock_error> && clock_error_source<manual_clock_error&>);
static_assert(!clock_error_source<const manual_clock_error&> && !clock_error_source<manual_clock>);

/// A bounded clock of which a test holds all parts.
struct workbench {
    manual_clock wall{some_day};
    manual_steady_clock steady{steady_time(1h)};
    manual_clock_error error{ten_ms};
    bounded_clock<manual_clock&, manual_clock_error&, manual_steady_clock&> clock;

    explicit workbench(const bounded_clock_options& options = {})
        : clock(options, wall, error, steady) {}

    void advance(nanoseconds d) {
        wall.advance(d);
        steady.advance(d);
    }
};

constexpr clock_interval within(wall_time t, nanoseconds error,
                                clock_status status = synchronised) {
    return {t - error, t + error, status};
}

constexpr clock_interval in_a_constant() {
    bounded_clock<manual_clock, manual_clock_error, manual_steady_clock> clock(
        {}, manual_clock(some_day), manual_clock_error(ten_ms));
    return clock.now();
}
static_assert(in_a_constant() == within(some_day, 10ms));

}  // namespace

TEST_CASE("a clock's status has a text") {
    CHECK(to_string(clock_status::synchronised) == "synchronised");
    CHECK(to_string(clock_status::not_synchronised) == "not synchronised");
    CHECK(to_string(clock_status::unknown) == "unknown");
    CHECK(to_string(static_cast<clock_status>(9)) == "not a clock status");
}

TEST_CASE("the bounds are the error on both sides, widened by drift since it was read") {
    workbench b({.cache_for = 10s});
    CHECK(b.clock.last_read() == clock_error_bound{});
    CHECK(b.clock.now() == within(some_day, 10ms));
    CHECK(b.clock.last_read() == ten_ms);
    b.error.set({synchronised, 1ms, 0ns});
    b.advance(2s);
    CHECK(b.clock.now() == within(some_day + 2s, 11ms));
    b.advance(1ns);  // what drifts is rounded up
    CHECK(b.clock.now() == within(some_day + 2s + 1ns, 11ms + 1ns));
    b.advance(8s - 2ns);
    CHECK(b.clock.now() == within(some_day + 10s - 1ns, 15ms));
    CHECK(b.error.reads() == 1);
    b.advance(1ns);
    CHECK(b.clock.now() == within(some_day + 10s, 1ms));
    CHECK(b.error.reads() == 2);
    b.advance(9s);
    CHECK(b.clock.now() == within(some_day + 19s, 1ms));
    CHECK(b.error.reads() == 2);
}

TEST_CASE("with no cache the error is read each time") {
    workbench b({.cache_for = 0ns});
    for (std::uint64_t i = 0; i < 5; ++i) {
        CHECK(b.clock.now() == within(some_day, 10ms));
        CHECK(b.error.reads() == i + 1);
    }
    b.error.set({synchronised, 1ms, 0ns});
    CHECK(b.clock.now() == within(some_day, 1ms));
}

TEST_CASE("a step of the wall clock is within the bounds, and a long one asks anew") {
    workbench b;
    CHECK(b.clock.now() == within(some_day, 10ms));
    b.wall.advance(999'999ns);
    CHECK(b.clock.now() == within(some_day + 999'999ns, 10'999'999ns));
    b.wall.step_back(2 * 999'999ns);
    CHECK(b.clock.now() == within(some_day - 999'999ns, 10'999'999ns));
    CHECK(b.error.reads() == 1);
    b.error.set({synchronised, 20ms, 0ns});
    b.wall.step_back(1ns);
    CHECK(b.clock.now() == within(some_day - 1ms, 20ms));
    CHECK(b.error.reads() == 2);
    b.wall.advance(1ms);
    CHECK(b.clock.now() == within(some_day, 20ms));
    CHECK(b.error.reads() == 3);
    // A wall clock that stands still while steady time passes, and one that goes back meanwhile.
    b.steady.advance(400us);
    CHECK(b.clock.now() == within(some_day, 20ms + 400us));
    b.wall.step_back(300us);
    CHECK(b.clock.now() == within(some_day - 300us, 20ms + 700us));
    b.steady.advance(300us);
    CHECK(b.clock.now() == within(some_day - 300us, 20ms));
    CHECK(b.error.reads() == 4);
    // To the ends of time and back.
    b.wall.set(wall_time::max());
    CHECK(b.clock.now() == clock_interval{wall_time::max() - 20ms, wall_time::max(), synchronised});
    b.wall.set(wall_time::min());
    CHECK(b.clock.now() == clock_interval{wall_time::min(), wall_time::min() + 20ms, synchronised});
    CHECK(b.error.reads() == 6);
}

TEST_CASE("a clock that nothing disciplines says so, at once or when it is asked next") {
    workbench b;
    b.error.set({clock_status::not_synchronised, 16s, 500us});
    CHECK(b.clock.now() == within(some_day, 16s, clock_status::not_synchronised));
    b.error.set(ten_ms);
    b.advance(100ms);
    CHECK(b.clock.now() == within(some_day + 100ms, 10ms));
    b.error.set({});
    b.advance(100ms);
    const auto unknown = b.clock.now();
    CHECK(unknown == clock_interval{wall_time::min(), wall_time::max(), clock_status::unknown});
    CHECK(unknown == clock_interval{});
}

TEST_CASE("a source that makes no sense knows nothing") {
    const std::array senseless{clock_error_bound{synchronised, -1ns, 0ns},
                               clock_error_bound{synchronised, nanoseconds::min(), 0ns},
                               clock_error_bound{synchronised, 0ns, -1ns},
                               clock_error_bound{synchronised, 0ns, 1s + 1ns}};
    for (const auto& bound : senseless) {
        workbench b;
        b.error.set(bound);
        CHECK(b.clock.now() == clock_interval{});
        CHECK(b.clock.last_read() == clock_error_bound{});
    }
}

TEST_CASE("the widest bounds end where time does") {
    workbench b({.cache_for = nanoseconds::max()});
    b.error.set({synchronised, nanoseconds::max(), 1s});
    CHECK(b.clock.now() == clock_interval{wall_time::min() + (some_day.time_since_epoch() + 1ns),
                                          wall_time::max(), synchronised});
    b.advance(24h * 365 * 200);
    CHECK(b.clock.now().latest == wall_time::max());
    CHECK(b.clock.now().status == synchronised);
    workbench exact({.cache_for = nanoseconds::max()});
    exact.error.set({synchronised, 0ns, 0ns});
    CHECK(exact.clock.now() == within(some_day, 0ns));
}

TEST_CASE("a clock that rounds down may be as much later") {
    millisecond_clock ms{std::chrono::time_point_cast<std::chrono::milliseconds>(some_day)};
    manual_clock_error error(ten_ms);
    manual_steady_clock steady;
    bounded_clock<decltype(ms)&, manual_clock_error&, manual_steady_clock&> clock({}, ms, error,
                                                                                  steady);
    CHECK(clock.now() == clock_interval{some_day - 10ms, some_day + 11ms, synchronised});

    second_clock s{std::chrono::sys_seconds::max()};
    bounded_clock<decltype(s)&, manual_clock_error&, manual_steady_clock&> far({}, s, error,
                                                                               steady);
    CHECK(far.now().latest == wall_time::max());
    CHECK(far.now().earliest == wall_time::max() - 10ms);
    s.set(std::chrono::sys_seconds::min());
    CHECK(far.now().earliest == wall_time::min());
    s.set(std::chrono::time_point_cast<std::chrono::seconds>(some_day));
    CHECK(far.now() == clock_interval{some_day - 10ms, some_day + 1010ms, synchronised});
}

TEST_CASE("intervals are in order where they do not overlap, and both are vouched for") {
    const auto t = [](int i) { return some_day + nanoseconds(i); };
    const clock_interval a{t(0), t(10), synchronised};
    const clock_interval touches{t(10), t(20), synchronised};
    const clock_interval after{t(11), t(20), synchronised};
    CHECK((a <=> a) == std::partial_ordering::equivalent);
    CHECK((a <=> touches) == std::partial_ordering::unordered);
    CHECK((a <=> after) == std::partial_ordering::less);
    CHECK((after <=> a) == std::partial_ordering::greater);
    CHECK(surely_before(a, after));
    CHECK_FALSE(surely_before(after, a));
    CHECK_FALSE(surely_before(a, touches));
    CHECK_FALSE(surely_before(a, a));
    const bool reads_well = a < after && after > a && a <= a && !(a < touches) && !(a >= touches);
    CHECK(reads_well);
    for (const auto status : {clock_status::unknown, clock_status::not_synchronised}) {
        auto doubtful = after;
        doubtful.status = status;
        CHECK((a <=> doubtful) == std::partial_ordering::unordered);
        CHECK((doubtful <=> a) == std::partial_ordering::unordered);
        CHECK_FALSE(surely_before(a, doubtful));
        doubtful = a;
        doubtful.status = status;
        CHECK_FALSE(surely_before(doubtful, after));
        CHECK((a <=> doubtful) == std::partial_ordering::unordered);
        CHECK((doubtful <=> doubtful) == std::partial_ordering::equivalent);
    }
}

TEST_CASE("the order of intervals is a partial order") {
    std::mt19937_64 random(test::seed());
    std::vector<clock_interval> some;
    for (int i = 0; i < 60; ++i) {
        const wall_time from = some_day + nanoseconds(random() % 30);
        some.push_back({from, from + nanoseconds(random() % 8),
                        random() % 5 == 0 ? clock_status::not_synchronised : synchronised});
    }
    bool holds = true;
    for (const auto& a : some) {
        for (const auto& b : some) {
            holds = holds && (((a <=> b) == 0) == (a == b)) && ((a < b) == (b > a));
            if (!(a < b)) continue;
            for (const auto& c : some) holds = holds && (!(b < c) || a < c);
        }
    }
    CHECK(holds);
}

TEST_CASE("a step is the difference of what the clocks moved, however far that was") {
    __extension__ using big = __int128;
    std::mt19937_64 random(test::seed());
    const auto any_time = [&random] {
        const auto near = static_cast<std::int64_t>(random() % 4);
        switch (random() % 4) {
            case 0: return std::numeric_limits<std::int64_t>::max() - near;
            case 1: return std::numeric_limits<std::int64_t>::min() + near;
            case 2: return near - 2;
            default: return static_cast<std::int64_t>(random());
        }
    };
    for (int round = 0; round < 20'000; ++round) {
        const std::array t{any_time(), any_time(), any_time(), any_time()};
        const big moved = big{t[1]} - t[0];
        const big elapsed = t[3] < t[2] ? big{t[2]} - t[3] : big{t[3]} - t[2];
        const big step = moved < elapsed ? elapsed - moved : moved - elapsed;
        const big most = nanoseconds::max().count();
        REQUIRE(causality::detail::stepped(
                    wall_time(nanoseconds(t[0])), wall_time(nanoseconds(t[1])),
                    steady_time(nanoseconds(t[2])), steady_time(nanoseconds(t[3])))
                    .count() == std::min(step, most));
    }
}

TEST_CASE("a commit waits until its timestamp is surely past") {
    const clock_interval now = within(some_day, 7ms);
    CHECK(commit_wait(now) == 14ms + 1ns);
    CHECK(commit_wait(now, now.earliest - 1ns) == 0ns);
    CHECK(commit_wait(now, now.earliest) == 1ns);
    CHECK(commit_wait(now, wall_time::min()) == 0ns);
    CHECK(commit_wait(now, some_day + 1s) == 1s + 7ms + 1ns);
    CHECK(commit_wait(within(some_day, 0ns)) == 1ns);
    CHECK(commit_wait({wall_time::min(), wall_time::max(), synchronised}) == nanoseconds::max());
    CHECK(commit_wait({wall_time::min(), some_day, synchronised}, some_day) == nanoseconds::max());
    for (const auto status : {clock_status::unknown, clock_status::not_synchronised}) {
        auto doubtful = now;
        doubtful.status = status;
        CHECK(commit_wait(doubtful) == nanoseconds::max());
        CHECK(commit_wait(doubtful, wall_time::min()) == nanoseconds::max());
    }
}

TEST_CASE("after the commit wait the timestamp is past by every clock within its bounds") {
    std::mt19937_64 random(test::seed());
    const auto any = [&random](nanoseconds most) {
        return nanoseconds(
            static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(most.count()) + 1)));
    };
    for (int run = 0; run < 200; ++run) {
        // Two clocks, each wrong by its own error at most; one drifts forward, the other back.
        workbench a({.cache_for = 1h}), b({.cache_for = 1h});
        for (workbench* const w : {&a, &b}) {
            const nanoseconds error = any(10ms);
            w->error.set({synchronised, error, 500us});
            w->wall.set(some_day + any(2 * error) - error);
        }
        wall_time truth = some_day;
        const auto pass = [&](nanoseconds d) {
            truth += d;
            a.advance(d + d / 2'500);
            b.advance(d - d / 2'500);
        };
        const auto stamp = a.clock.now();
        REQUIRE(b.clock.now().latest >= truth);
        for (auto wait = commit_wait(stamp); wait > 0ns;
             wait = commit_wait(a.clock.now(), stamp.latest)) {
            pass(wait);
        }
        pass(any(20ms));
        REQUIRE(truth > stamp.latest);
        const auto there = b.clock.now();
        REQUIRE(there.earliest <= truth);
        REQUIRE(there.latest >= truth);
        REQUIRE_FALSE(surely_before(there, stamp));
    }
}

#ifdef __linux__

TEST_CASE("what adjtimex says is read in its units") {
    using causality::detail::bound_of;
    constexpr std::int64_t ppm500 = 32'768'000;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    CHECK(bound_of(TIME_OK, 0, 1'234, ppm500) == clock_error_bound{synchronised, 1'234us, 500us});
    CHECK(bound_of(TIME_INS, STA_INS, 5, ppm500).status == synchronised);
    for (const int status : {STA_UNSYNC, STA_CLOCKERR, STA_UNSYNC | STA_NANO}) {
        CHECK(bound_of(TIME_OK, static_cast<unsigned>(status), 5, ppm500).status ==
              clock_status::not_synchronised);
    }
    CHECK(bound_of(TIME_ERROR, 0, 16'000'000, ppm500) ==
          clock_error_bound{clock_status::not_synchronised, 16s, 500us});
    CHECK(bound_of(TIME_OK, STA_NANO, 5, 1) == clock_error_bound{synchronised, 5us, 1ns});
    CHECK(bound_of(TIME_OK, 0, 0, 0) == clock_error_bound{synchronised, 0ns, 0ns});
    CHECK(bound_of(TIME_OK, 0, 0, std::int64_t{1'000'000} << 16).drift_per_second == 1s);
    CHECK(bound_of(TIME_OK, 0, most / 1000, 0).status == synchronised);
    CHECK(bound_of(-1, 0, 5, ppm500) == clock_error_bound{});
    CHECK(bound_of(TIME_OK, 0, -1, ppm500) == clock_error_bound{});
    CHECK(bound_of(TIME_OK, 0, 5, -1) == clock_error_bound{});
    CHECK(bound_of(TIME_OK, 0, most / 1000 + 1, ppm500) == clock_error_bound{});
    CHECK(bound_of(TIME_OK, 0, 5, (std::int64_t{1'000'000} << 16) + 1) == clock_error_bound{});
}

TEST_CASE(
    "a kernel that chronyd disciplines without rtcsync is synchronised, if its error is to "
    "decide") {
    using causality::detail::bound_of;
    constexpr std::int64_t ppm500 = 32'768'000;
    constexpr causality::kernel_clock_options by_error{.rule =
                                                           causality::kernel_clock_rule::max_error};
    // The flag is never cleared, so adjtimex always returns TIME_ERROR; the error is kept up to date.
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC, 1'234, ppm500).status == clock_status::not_synchronised);
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC, 1'234, ppm500, by_error) ==
          clock_error_bound{synchronised, 1'234us, 500us});
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC, 15'999'999, ppm500, by_error).status == synchronised);
    // A kernel that nobody disciplines, or no longer, or whose clock was set by hand, says 16 s.
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC, 16'000'000, ppm500, by_error).status ==
          clock_status::not_synchronised);
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC | STA_CLOCKERR, 5, ppm500, by_error).status ==
          clock_status::not_synchronised);
    CHECK(bound_of(TIME_ERROR, 0, 5, ppm500, by_error).status == clock_status::not_synchronised);
    CHECK(bound_of(TIME_ERROR, STA_UNSYNC | STA_PPSTIME, 5, ppm500, by_error).status ==
          clock_status::not_synchronised);
    CHECK(bound_of(TIME_OK, STA_PPSTIME | STA_PPSSIGNAL, 5, ppm500, by_error).status ==
          synchronised);
    CHECK(bound_of(-1, STA_UNSYNC, 5, ppm500, by_error) == clock_error_bound{});
}

TEST_CASE(
    "whatever adjtimex says, the rule by error differs from that by flag in STA_UNSYNC alone") {
    using causality::detail::bound_of;
    constexpr causality::kernel_clock_options by_error{.rule =
                                                           causality::kernel_clock_rule::max_error};
    constexpr std::int64_t ppm500 = 32'768'000;
    std::mt19937_64 random(test::seed());
    const auto is_error = [](unsigned status) {  // as the kernel decides
        const bool wants_pulse = (status & (STA_PPSFREQ | STA_PPSTIME)) != 0;
        return (status & (STA_UNSYNC | STA_CLOCKERR)) != 0 ||
               (wants_pulse && (status & STA_PPSSIGNAL) == 0);
    };
    constexpr unsigned flags[]{STA_UNSYNC,    STA_CLOCKERR, STA_PPSFREQ, STA_PPSTIME,
                               STA_PPSSIGNAL, STA_PLL,      STA_INS,     STA_NANO};
    for (int round = 0; round < 10'000; ++round) {
        unsigned status = 0;
        for (const unsigned flag : flags) status |= random() % 3 == 0 ? flag : 0U;
        const auto error = static_cast<std::int64_t>(random() % 16'000'000);
        const unsigned cleared = status & ~static_cast<unsigned>(STA_UNSYNC);
        const auto state_of = [&](unsigned s) { return is_error(s) ? TIME_ERROR : TIME_OK; };
        const auto by_flag = bound_of(state_of(cleared), cleared, error, ppm500);
        REQUIRE(bound_of(state_of(status), status, error, ppm500, by_error) == by_flag);
        const nanoseconds more(static_cast<std::int64_t>(random() % 1'000'000'000));
        auto wider =
            bound_of(state_of(cleared), cleared, error, ppm500, {.additional_error = more});
        REQUIRE(wider.max_error == by_flag.max_error + more);
        wider.max_error -= more;
        REQUIRE(wider == by_flag);
    }
    REQUIRE(bound_of(TIME_OK, 0, 5, 0, {.additional_error = nanoseconds::max()}).max_error ==
            nanoseconds::max());
}

TEST_CASE("the kernel's clock says what the kernel says, whatever this host is") {
    timex t{};
    const int state = ::adjtimex(&t);
    const auto bound = kernel_clock_error().read();
    CHECK((bound.status == clock_status::unknown) == (state < 0));
    if (state >= 0 && (state == TIME_ERROR || (t.status & STA_UNSYNC) != 0)) {
        CHECK(bound.status == clock_status::not_synchronised);
    }
    const auto wider = kernel_clock_error({.additional_error = 1h}).read();
    CHECK(wider.status == bound.status);
    if (state >= 0) CHECK(wider.max_error >= 1h);
    bounded_clock clock;
    const auto before = system_clock::now();
    const auto now = clock.now();
    const auto after = system_clock::now();
    CHECK(now.status == bound.status);
    CHECK(now.earliest <= after);
    CHECK(now.latest >= before);
    if (now.status == clock_status::not_synchronised) {
        CHECK((clock.now() <=> now) == std::partial_ordering::unordered);
        CHECK(commit_wait(now) == nanoseconds::max());
    }
}

#endif
