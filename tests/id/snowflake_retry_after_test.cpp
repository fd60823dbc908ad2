// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/snowflake_generator.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <random>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>

#include "id/hostile.hpp"
#include "id/odd_layouts.hpp"
#include "id/retry_after.hpp"
#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::id_errc;
using coterie::id::id_error;
using coterie::test::eventful_sleeper;
using coterie::test::nanoseconds;
using coterie::test::some_day;

namespace {

/// An hour's unit of 8 ids, so that a day is soon over.
struct hourly {
    static constexpr std::string_view name = "hourly";
    using unit = std::chrono::hours;
    static constexpr sys_milliseconds epoch{some_day - std::chrono::days(100)};
    static constexpr std::array fields{id::field::sequence(3), id::field::timestamp(20),
                                       id::field::node("worker", 3)};
};

id::snowflake_options any_options(std::mt19937_64& random, nanoseconds unit) {
    constexpr std::array starts{id::sequence_start::zero, id::sequence_start::carry_over,
                                id::sequence_start::random};
    id::snowflake_options options{.clock = test::any_policy(random, unit, 10 * unit),
                                  .start = starts[random() % starts.size()]};
    if (random() % 8 == 0) options.clock.tolerance = -unit;
    if (random() % 8 == 0) options.clock.max_borrow = -unit;
    options.clock.max_wait = nanoseconds::max();
    return options;
}

/// The error of one try to make ids, one or some at once.
template <class Generator>
std::optional<id_error> attempt(Generator& ids, std::mt19937_64& random) {
    if (random() % 2 == 0) {
        const auto next = ids.try_next();
        return next.has_value() ? std::nullopt : std::optional(next.error());
    }
    const auto block = ids.reserve(1 + random() % 5000);
    return block.has_value() ? std::nullopt : std::optional(block.error());
}

}  // namespace

TEMPLATE_TEST_CASE("retry_after is when there is a Snowflake again, and no earlier", "",
                   id::layouts::discord, id::layouts::sonyflake_v2, test::tiny, test::no_sequence,
                   test::upside_down, hourly) {
    std::mt19937_64 random(test::seed());
    constexpr nanoseconds unit = test::unit_of<TestType>;
    using generator = id::snowflake_generator<TestType, manual_clock&, id::static_lease,
                                              memory_mark, eventful_sleeper&>;
    std::size_t promises = 0;
    for (int round = 0; round < 400; ++round) {
        INFO("round " << round);
        const id::snowflake_options options = any_options(random, unit);
        const bool begins_before_epoch = random() % 8 == 0;
        manual_clock clock(begins_before_epoch ? wall_time(TestType::epoch) - 3 * unit
                                               : some_day + 5 * unit);
        memory_mark mark;
        if (random() % 4 == 0) {
            const auto ahead = unit * static_cast<std::int64_t>(random() % 20);
            REQUIRE(mark.store(std::chrono::floor<std::chrono::milliseconds>(clock.now() + ahead))
                        .has_value());
        }
        eventful_sleeper sleeper([](nanoseconds) { return false; });
        generator ids(id::static_lease(0), options, clock, mark, sleeper);
        const test::unruly_steps step(unit, 10 * unit);
        for (int i = 0; i < 30; ++i) {
            std::optional<id_error> error;
            for (int some = 0; some < 4 && !error.has_value(); ++some) error = attempt(ids, random);
            if (error.has_value() && error->code == id_errc::time_exhausted) {
                REQUIRE(error->retry_after == 0ns);
                break;
            }
            if (error.has_value()) {
                ++promises;
                test::check_promise(clock, random, *error, [&] { return attempt(ids, random); });
            }
            clock.set(clock.now() + step(random));
        }
    }
    CHECK(promises > 400);
}

TEST_CASE("who waits for a Snowflake waits once, for what the error said") {
    std::mt19937_64 random(test::seed());
    std::size_t waits = 0;
    for (int round = 0; round < 1000; ++round) {
        INFO("round " << round);
        const id::snowflake_options options = any_options(random, 1ms);
        manual_clock clock(some_day + 5ms);
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        id::snowflake_generator<test::upside_down, manual_clock&, id::static_lease, no_mark,
                                eventful_sleeper&>
            ids(id::static_lease(0), options, clock, {}, sleeper);
        const test::unruly_steps step(1ms, 10ms);
        for (int i = 0; i < 30; ++i) {
            for (std::uint64_t some = random() % 9; some > 0; --some) {
                const auto soon = ids.try_next();
                if (soon.has_value()) continue;
                const auto slept = sleeper.slept().size();
                const auto next = ids.next();
                if (!id::detail::waits_for(options.clock, soon.error().code)) {
                    REQUIRE(next == std::unexpected(soon.error()));
                    REQUIRE(sleeper.slept().size() == slept);
                    break;
                }
                ++waits;
                REQUIRE(next.has_value());
                REQUIRE(sleeper.slept().size() == slept + 1);
                REQUIRE(sleeper.slept().back() ==
                        std::max<nanoseconds>(soon.error().retry_after, 1us));
            }
            clock.set(clock.now() + step(random));
        }
    }
    CHECK(waits > 1000);
}

TEST_CASE("on a coarse clock there is a Snowflake when retry_after is over") {
    std::mt19937_64 random(test::seed());
    std::size_t promises = 0;
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round);
        manual_clock truth(some_day + 5ms);
        test::manual_coarse_clock coarse(truth, 4ms);
        eventful_sleeper sleeper([](nanoseconds) { return false; });
        id::snowflake_generator<test::upside_down, test::manual_coarse_clock&, id::static_lease,
                                no_mark, eventful_sleeper&>
            ids(id::static_lease(0), any_options(random, 1ms), coarse, {}, sleeper);
        const test::unruly_steps step(1ms, 10ms);
        for (int i = 0; i < 60; ++i) {
            coarse.be_late(random() % 8 == 0 ? 7ms : 0ms);
            const auto error = attempt(ids, random);
            if (error.has_value()) {
                ++promises;
                INFO("retry after " << error->retry_after.count() << " ns");
                REQUIRE(error->retry_after > 0ns);
                truth.advance(error->retry_after);
                REQUIRE(attempt(ids, random) == std::nullopt);
            }
            truth.set(truth.now() + step(random));
        }
    }
    CHECK(promises > 100);
}
