// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/clock_policy.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <vector>

#include <coterie/core/text.hpp>

#include "id/hostile.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::clock_policy;
using coterie::id::id_errc;
using coterie::id::id_error;
using coterie::test::eventful_sleeper;
using coterie::test::nanoseconds;

namespace {

/// with_waiting on an attempt that fails with `codes` one after another, then succeeds.
struct attempts {
    std::vector<id_error> errors;
    std::size_t calls = 0;

    std::expected<int, id_error> operator()() {
        const std::size_t call = calls++;
        if (call < errors.size()) return std::unexpected(errors[call]);
        return 7;
    }
};

std::expected<int, id_error> wait_for(const clock_policy& policy, eventful_sleeper& sleeper,
                                      attempts& attempt) {
    return id::detail::with_waiting(policy, sleeper, [&attempt] { return attempt(); });
}

constexpr id_error exhausted_for(nanoseconds d) { return {id_errc::sequence_exhausted, d}; }

}  // namespace

TEST_CASE("an id error says what and for how long") {
    CHECK(to_string(id_error{id_errc::forked}) == "forked process needs a worker id of its own");
    CHECK(to_string(id_error{id_errc::sequence_exhausted, 250us}) ==
          "no id left in this unit of time, retry after 250 us");
    CHECK(to_string(id_error{id_errc::clock_regressed, 1ns}) ==
          "clock stepped back behind the last id, retry after 1 us");
    CHECK(to_string(id_error{id_errc::clock_regressed, 5s}) ==
          "clock stepped back behind the last id, retry after 5000000 us");
    CHECK(to_string(id_error{id_errc::mark_failed, -5s}) ==
          "high-water mark cannot be read or written");
    CHECK(id_error{id_errc::forked} == id_error{id_errc::forked, 0ns});
    CHECK(id_error{id_errc::forked} != id_error{id_errc::forked, 1ns});
}

TEST_CASE("the longest wait has a text") {
    CHECK(to_string(id_error{id_errc::clock_regressed, nanoseconds::max()}) ==
          "clock stepped back behind the last id, retry after 9223372036854776 us");
}

TEST_CASE("by default ids are held for NTP's steps, wait for the next unit, and never run ahead") {
    const clock_policy policy;
    CHECK(policy.regression == id::on_regression::hold);
    CHECK(policy.tolerance == 10s);
    CHECK(policy.exhaustion == id::on_exhaustion::wait);
    CHECK(policy.max_borrow == 0ns);
    CHECK(policy.max_wait == 1s);
}

TEST_CASE("a wait lasts as long as the error said, and then it asks again") {
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    attempts attempt{{exhausted_for(3ms), exhausted_for(1ns), exhausted_for(2us)}};
    CHECK(wait_for({}, sleeper, attempt) == 7);
    // Never less than a microsecond, so that a clock that stands still is not asked in a circle.
    CHECK(sleeper.slept() == std::vector<nanoseconds>{3ms, 1us, 2us});
    CHECK(attempt.calls == 4);
}

TEST_CASE("all rounds together wait for max_wait at most") {
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    attempts attempt{{exhausted_for(600ms), exhausted_for(400ms), exhausted_for(1us)}};
    CHECK(wait_for({}, sleeper, attempt) == std::unexpected(exhausted_for(1us)));
    CHECK(sleeper.slept() == std::vector<nanoseconds>{600ms, 400ms});
    CHECK(attempt.calls == 3);

    attempts too_long{{exhausted_for(1s + 1ns)}};
    CHECK(wait_for({}, sleeper, too_long) == std::unexpected(exhausted_for(1s + 1ns)));
    CHECK(too_long.calls == 1);

    attempts never{{exhausted_for(0ns)}};
    CHECK(wait_for({.max_wait = 0ns}, sleeper, never) == std::unexpected(exhausted_for(0ns)));
    CHECK(never.calls == 1);
}

TEST_CASE("a cancelled wait gives the error that it waited for") {
    eventful_sleeper sleeper([](nanoseconds) { return false; });
    attempts attempt{{exhausted_for(3ms)}};
    CHECK(wait_for({}, sleeper, attempt) == std::unexpected(exhausted_for(3ms)));
    CHECK(attempt.calls == 1);
}

TEST_CASE("who waits for what is the policy's choice") {
    using id::detail::waits_for;
    const clock_policy patient{.regression = id::on_regression::wait};
    const clock_policy strict{.regression = id::on_regression::fail,
                              .exhaustion = id::on_exhaustion::fail};
    const clock_policy borrowing{.exhaustion = id::on_exhaustion::borrow};
    CHECK(waits_for(patient, id_errc::clock_regressed));
    CHECK(waits_for(patient, id_errc::sequence_exhausted));
    CHECK_FALSE(waits_for({}, id_errc::clock_regressed));
    CHECK(waits_for({}, id_errc::sequence_exhausted));
    CHECK_FALSE(waits_for(strict, id_errc::clock_regressed));
    CHECK_FALSE(waits_for(strict, id_errc::sequence_exhausted));
    CHECK(waits_for(borrowing, id_errc::sequence_exhausted));
    for (const auto& policy : {patient, strict, borrowing}) {
        // Whoever writes the mark is done soon; for the rest nothing is to be had by waiting.
        CHECK(waits_for(policy, id_errc::mark_busy));
        for (const auto code : {id_errc::before_epoch, id_errc::time_exhausted,
                                id_errc::lease_expired, id_errc::forked, id_errc::mark_failed,
                                id_errc::no_entropy, id_errc::no_memory, id_errc::node_too_large}) {
            CHECK_FALSE(waits_for(policy, code));
        }
    }
}

TEST_CASE("times that no duration can say are the longest that it can") {
    using id::detail::saturated;
    CHECK(saturated(0, 1'000'000) == 0ns);
    CHECK(saturated(17, 1'000'000) == 17ms);
    CHECK(saturated(9'223'372'036'854, 1'000'000) == 9'223'372'036'854ms);
    CHECK(saturated(9'223'372'036'855, 1'000'000) == nanoseconds::max());
    CHECK(saturated(std::numeric_limits<std::uint64_t>::max(), 1) == nanoseconds::max());
}

TEST_CASE("the time until a time that is too far away is the longest that there is") {
    using id::detail::time_until;
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    CHECK(time_until(5, 300ns, wall_time(1ms)) == 4ms + 300ns);
    CHECK(time_until(5, 300ns, wall_time(1ms + 400ns)) == 4ms - 100ns);
    CHECK(time_until(1, 0ns, wall_time(-1ns)) == 1ms + 1ns);
    CHECK(time_until(last, 999'999ns, wall_time{}) == nanoseconds::max());
    CHECK(time_until(last, 0ns, wall_time::min()) == nanoseconds::max());
    CHECK(time_until(9'223'372'036'854, 999'999ns, wall_time{}) == nanoseconds::max());
    CHECK(time_until(9'223'372'036'854, 775'807ns, wall_time{}) == nanoseconds::max());
    CHECK(time_until(9'223'372'036'854, 775'806ns, wall_time{}) == nanoseconds::max() - 1ns);
}
