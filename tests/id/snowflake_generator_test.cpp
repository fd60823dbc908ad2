// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/snowflake_generator.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>

#include "core/child.hpp"
#include "id/duplicates.hpp"
#include "id/hostile.hpp"
#include "id/odd_layouts.hpp"
#include "id/outcome.hpp"
#include "id/snowflake_model.hpp"
#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::id_errc;
using coterie::id::id_error;
using coterie::id::renewable_lease;
using coterie::id::snowflake_generator;
using coterie::id::snowflake_options;
using coterie::id::static_lease;
using coterie::id::worker_lease;
using coterie::test::eventful_clock;
using coterie::test::eventful_sleeper;
using coterie::test::in_child;
using coterie::test::millisecond_clock;
using coterie::test::nanoseconds;
using coterie::test::no_sequence;
using coterie::test::second_clock;
using coterie::test::some_day;
using coterie::test::some_ms;
using coterie::test::tiny;
using coterie::test::unit_of;
using coterie::test::upside_down;
using coterie::test::write_all;

namespace {

template <class Layout, class Lease = static_lease, class Mark = no_mark>
using manual_generator = snowflake_generator<Layout, manual_clock&, Lease, Mark, eventful_sleeper&>;

/// Time in units since the layout's epoch.
template <class Layout>
std::int64_t unit_in(const id::snowflake<Layout>& x) {
    return (x.timestamp() - Layout::epoch) / std::chrono::milliseconds(typename Layout::unit(1));
}

template <class Layout>
std::uint64_t sequence_in(const id::snowflake<Layout>& x) {
    if constexpr (id::snowflake<Layout>::sequence_bits > 0) return x.sequence();
    return 0;
}

std::string said(const std::expected<test::modelled_run, id_error>& r) {
    if (!r.has_value()) {
        return to_string(r.error()) + " (" + std::to_string(r.error().retry_after.count()) + " ns)";
    }
    return std::to_string(r->unit) + ":" + std::to_string(r->sequence) + "+" +
           std::to_string(r->size);
}

/// The generator beside the model. Blocks of `sizes` in turn; ids must grow and carry the node.
template <class Layout>
void check_schedule(wall_time start, const std::vector<nanoseconds>& readings,
                    const snowflake_options& options, const std::vector<std::size_t>& sizes,
                    int per_reading) {
    manual_clock clock(start);
    eventful_sleeper sleeper([](nanoseconds) { return false; });
    constexpr std::uint64_t worker = id::snowflake<Layout>::node_bits > 0 ? 5 : 0;
    manual_generator<Layout> ids(static_lease(worker), options, clock, {}, sleeper);
    test::snowflake_model<Layout> model(options);
    std::pair<std::int64_t, std::uint64_t> last{-1, 0};
    std::size_t turn = 0;
    for (const nanoseconds at : readings) {
        clock.set(start + at);
        for (int i = 0; i < per_reading; ++i) {
            const std::size_t size = sizes[turn++ % sizes.size()];
            const auto wanted = model.reserve(start + at, size);
            std::expected<test::modelled_run, id_error> made;
            std::vector<id::snowflake<Layout>> fresh;
            if (size == 1) {
                const auto next = ids.try_next();
                if (next.has_value()) {
                    made = {unit_in(*next), sequence_in(*next), 1};
                    fresh.push_back(*next);
                } else {
                    made = std::unexpected(next.error());
                }
            } else {
                auto block = ids.reserve(size);
                if (block.has_value()) {
                    const std::uint64_t got = block->size();
                    while (const auto next = block->next()) fresh.push_back(*next);
                    REQUIRE(fresh.size() == got);
                    made = {unit_in(fresh.front()), sequence_in(fresh.front()), got};
                } else {
                    made = std::unexpected(block.error());
                }
            }
            REQUIRE(said(made) == said(wanted));
            bool grows = true, has_node = true;
            for (const auto& x : fresh) {
                const std::pair now{unit_in(x), sequence_in(x)};
                grows = grows && last < now;
                last = now;
                if constexpr (id::snowflake<Layout>::node_bits > 0) {
                    has_node = has_node && x.node() == worker;
                }
            }
            REQUIRE(grows);
            REQUIRE(has_node);
        }
    }
}

constexpr std::array all_regressions{id::on_regression::hold, id::on_regression::wait,
                                     id::on_regression::fail};
constexpr std::array all_exhaustions{id::on_exhaustion::wait, id::on_exhaustion::fail,
                                     id::on_exhaustion::borrow};

/// A worker lease for as long as the test says.
constexpr worker_lease lease_until(wall_time expires, std::uint64_t worker = 5,
                                   std::uint64_t token = 1) {
    return {.worker = worker, .expires = expires, .fencing_token = token};
}

const auto no_sleep = [](nanoseconds) { return false; };

/// Takes ids without waiting until there is an error.
template <class Generator>
std::pair<std::size_t, id_error> drain(Generator& ids) {
    for (std::size_t made = 0;; ++made) {
        const auto next = ids.try_next();
        if (!next.has_value()) return {made, next.error()};
        REQUIRE(made < 1'000'000);
    }
}

}  // namespace

TEST_CASE("a generator of Snowflakes is one line, and makes what the layout says") {
    snowflake_generator<id::layouts::discord> ids(static_lease(3 << 5 | 9));
    const auto before = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    std::vector<id::snowflake<id::layouts::discord>> made;
    for (int i = 0; i < 10'000; ++i) made.push_back(ids.next().value());
    const auto after = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    CHECK(std::ranges::is_sorted(made));
    CHECK(std::ranges::adjacent_find(made) == made.end());
    CHECK(made.front().timestamp() >= before);
    CHECK(made.back().timestamp() <= after);
    for (const auto& x : made) {
        REQUIRE(x.worker() == 3);
        REQUIRE(x.process() == 9);
    }
}

TEMPLATE_TEST_CASE("Snowflakes on the clock schedules, under each policy, as the model says", "",
                   id::layouts::discord, id::layouts::sonyflake_v2, id::layouts::mastodon, tiny,
                   no_sequence, upside_down) {
    constexpr nanoseconds unit = unit_of<TestType>;
    constexpr nanoseconds tolerance = 10 * unit;
    for (const auto& schedule : test::clock_schedules(unit, tolerance)) {
        for (const auto regression : all_regressions) {
            for (const auto exhaustion : all_exhaustions) {
                for (const auto start :
                     {id::sequence_start::zero, id::sequence_start::carry_over}) {
                    INFO(schedule.name << " regression " << int(regression) << " exhaustion "
                                       << int(exhaustion) << " start " << int(start));
                    const snowflake_options options{.clock = {.regression = regression,
                                                              .tolerance = tolerance,
                                                              .exhaustion = exhaustion,
                                                              .max_borrow = 3 * unit},
                                                    .start = start};
                    check_schedule<TestType>(some_day + 20 * unit, schedule.readings, options, {1},
                                             3);
                    check_schedule<TestType>(some_day + 20 * unit, schedule.readings, options,
                                             {1, 3, 5000, 1, 1}, 10);
                }
            }
        }
    }
}

TEMPLATE_TEST_CASE("Snowflakes on any clock under any policy, as the model says", "",
                   id::layouts::discord, id::layouts::sonyflake_v2, id::layouts::mastodon, tiny,
                   no_sequence, upside_down) {
    std::mt19937_64 random(test::seed());
    constexpr nanoseconds unit = unit_of<TestType>;
    constexpr nanoseconds tolerance = 10 * unit;
    for (int round = 0; round < 1000; ++round) {
        const snowflake_options options{
            .clock = test::any_policy(random, unit, tolerance),
            .start = random() % 2 == 0 ? id::sequence_start::zero : id::sequence_start::carry_over};
        const test::unruly_steps step(unit, tolerance);
        std::vector<nanoseconds> readings;
        nanoseconds at{};
        for (int i = 0; i < 40; ++i) readings.push_back(at += step(random));
        const std::vector<std::size_t> sizes{1, 1 + random() % 8, 1 + random() % 5000, 1};
        const wall_time start =
            random() % 4 == 0 ? wall_time(TestType::epoch) : some_day + 5 * unit;
        INFO("round " << round);
        check_schedule<TestType>(start, readings, options, sizes,
                                 1 + static_cast<int>(random() % 4));
    }
}

TEST_CASE("who waits for Snowflakes, and for how long") {
    manual_clock clock(some_day + 300us);
    {
        INFO("exhausted: it waits for the rest of the unit, and no longer");
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        manual_generator<id::layouts::discord> ids(static_lease(1), {}, clock, {}, sleeper);
        const auto [made, error] = drain(ids);
        CHECK(made == 4096);
        CHECK(error == id_error{id_errc::sequence_exhausted, 700us});
        const auto next = ids.next();
        REQUIRE(next.has_value());
        CHECK(next->sequence() == 0);
        CHECK(sleeper.slept() == std::vector<nanoseconds>{700us});
    }
    {
        INFO("the clock steps back while somebody waits: he waits on, at most max_wait in all");
        clock.set(some_day + 300us);
        nanoseconds slept{};
        eventful_sleeper sleeper([&](nanoseconds d) {
            slept += d;
            clock.step_back(1ms);
            return true;
        });
        manual_generator<tiny> ids(static_lease(1), {}, clock, {}, sleeper);
        clock.set(some_day + 40ms);
        REQUIRE(drain(ids).second.code == id_errc::sequence_exhausted);
        const auto next = ids.next();
        REQUIRE_FALSE(next.has_value());
        CHECK(next.error().code == id_errc::sequence_exhausted);
        CHECK(slept <= 1s);
        CHECK(slept + next.error().retry_after > 1s);
    }
    {
        INFO(
            "the clock steps back beyond the tolerance while somebody waits: that is said at once");
        clock.set(some_day + 40ms);
        eventful_sleeper sleeper([&](nanoseconds) {
            clock.step_back(20ms);
            return true;
        });
        manual_generator<tiny> ids(static_lease(1), {.clock = {.tolerance = 15ms}}, clock, {},
                                   sleeper);
        REQUIRE(drain(ids).second.code == id_errc::sequence_exhausted);
        // The unit is used up: it is the next one that has to come.
        CHECK(ids.next() == std::unexpected(id_error{id_errc::clock_regressed, 21ms}));
        CHECK(sleeper.slept().size() == 1);
    }
    {
        INFO("a clock that stepped back is waited for, where the policy says so");
        clock.set(some_day);
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        manual_generator<id::layouts::discord> ids(
            static_lease(1), {.clock = {.regression = id::on_regression::wait}}, clock, {},
            sleeper);
        const auto first = ids.next();
        REQUIRE(first.has_value());
        clock.step_back(500ms);
        CHECK(ids.try_next() == std::unexpected(id_error{id_errc::clock_regressed, 500ms}));
        const auto second = ids.next();
        REQUIRE(second.has_value());
        CHECK(second->value() == first->value() + 1);
        CHECK(sleeper.slept() == std::vector<nanoseconds>{500ms});
        clock.step_back(1s + 1ms);
        CHECK(ids.next() == std::unexpected(id_error{id_errc::clock_regressed, 1s + 1ms}));
        CHECK(sleeper.slept().size() == 1);
    }
    {
        INFO("a cancelled wait is the error that it waited for");
        clock.set(some_day);
        eventful_sleeper sleeper(no_sleep);
        manual_generator<tiny> ids(static_lease(1), {}, clock, {}, sleeper);
        REQUIRE(drain(ids).second.code == id_errc::sequence_exhausted);
        CHECK(ids.next() == std::unexpected(id_error{id_errc::sequence_exhausted, 1ms}));
        CHECK(ids.reserve(3).error() == id_error{id_errc::sequence_exhausted, 1ms});
        CHECK(sleeper.slept() == std::vector<nanoseconds>{1ms, 1ms});
    }
    {
        INFO("borrowed up to the bound, then it waits for the clock to follow");
        clock.set(some_day);
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        manual_generator<tiny> ids(
            static_lease(1),
            {.clock = {.exhaustion = id::on_exhaustion::borrow, .max_borrow = 5ms}}, clock, {},
            sleeper);
        const auto [made, error] = drain(ids);
        CHECK(made == 4 * 6);
        CHECK(error == id_error{id_errc::sequence_exhausted, 1ms});
        REQUIRE(ids.next().has_value());
        CHECK(sleeper.slept() == std::vector<nanoseconds>{1ms});
    }
}

TEST_CASE("many Snowflakes at once, over as many units as it takes") {
    manual_clock clock(some_day);
    eventful_sleeper sleeper([&](nanoseconds d) {
        clock.advance(d);
        return true;
    });
    manual_generator<tiny> ids(static_lease(1), {}, clock, {}, sleeper);
    std::vector<id::snowflake<tiny>> some(4 * 10 + 1);
    REQUIRE(ids.next_n(some).has_value());
    CHECK(std::ranges::is_sorted(some));
    CHECK(std::ranges::adjacent_find(some) == some.end());
    CHECK(unit_in(some.back()) == 10);
    CHECK(sleeper.slept().size() == 10);
    REQUIRE(ids.next_n({}).has_value());

    manual_generator<tiny> strict(
        static_lease(1), {.clock = {.exhaustion = id::on_exhaustion::fail}}, clock, {}, sleeper);
    CHECK(strict.next_n(some) == std::unexpected(id_error{id_errc::sequence_exhausted, 1ms}));
}

TEST_CASE("an empty reservation is a broken precondition") {
    CHECK(test::broken_precondition([] {
              snowflake_generator<tiny> ids(static_lease(1));
              (void)ids.reserve(0);
          }) == "n > 0");
}

TEST_CASE("a block has nothing before it is given something, and nothing after its last id") {
    id::snowflake_block<tiny> none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
    CHECK_FALSE(none.next().has_value());

    manual_clock clock(some_day);
    snowflake_generator<tiny, manual_clock&> ids(static_lease(1), {}, clock);
    auto block = ids.reserve(100).value();
    CHECK(block.size() == 4);
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(block.next().value().sequence() == i);
    CHECK(block.empty());
    CHECK_FALSE(block.next().has_value());
}

TEST_CASE("a random start is in the lower half, differs between units, and is the key's") {
    const auto starts = [](std::uint64_t key) {
        manual_clock clock(some_day);
        snowflake_generator<id::layouts::discord, manual_clock&> ids(
            static_lease(1), {.start = id::sequence_start::random, .start_key = key}, clock);
        std::vector<std::uint64_t> found;
        for (int i = 0; i < 2000; ++i) {
            const auto first = ids.next().value();
            found.push_back(first.sequence());
            REQUIRE(ids.next().value().sequence() == first.sequence() + 1);
            clock.advance(1ms);
        }
        return found;
    };
    const auto some = starts(1);
    CHECK(std::ranges::all_of(some, [](auto s) { return s < 2048; }));
    CHECK(some == starts(1));
    CHECK(some != starts(2));
    // Users who shard by id % 16 get each shard about as often: 125, and 8 standard deviations are 87.
    std::array<int, 16> shards{};
    for (const auto s : some) ++shards[s % 16];
    for (const int count : shards) {
        CHECK(count > 125 - 87);
        CHECK(count < 125 + 87);
    }
}

TEST_CASE("carried over, the sequence reaches every shard although each unit has one id") {
    manual_clock clock(some_day);
    snowflake_generator<id::layouts::discord, manual_clock&> ids(
        static_lease(1), {.start = id::sequence_start::carry_over}, clock);
    std::set<std::uint64_t> shards;
    for (int i = 0; i < 16; ++i) {
        shards.insert(ids.next().value().value() % 16);
        clock.advance(1ms);
    }
    CHECK(shards.size() == 16);
}

TEST_CASE("a worker that the layout has no room for is an error of every call") {
    snowflake_generator<tiny> ids(static_lease(8));
    const id_error too_large{id_errc::node_too_large};
    CHECK(ids.next() == std::unexpected(too_large));
    CHECK(ids.try_next() == std::unexpected(too_large));
    CHECK(ids.reserve(3).error() == too_large);
    std::array<id::snowflake<tiny>, 2> some;
    CHECK(ids.next_n(some) == std::unexpected(too_large));
    // Until another is adopted.
    CHECK(ids.adopt(static_lease(9)) == std::unexpected(too_large));
    CHECK(ids.adopt(static_lease(7)).has_value());
    CHECK(snowflake_generator<upside_down>(static_lease(1)).next() == std::unexpected(too_large));
}

// --- leases ----------------------------------------------------------------------------------------

TEST_CASE("ids end before the lease does, by the margin, whatever is left of the unit") {
    manual_clock clock(some_day);
    renewable_lease lease(lease_until(some_day + 10s));
    eventful_sleeper sleeper(no_sleep);
    manual_generator<id::layouts::discord, renewable_lease&> ids(lease, {.lease_margin = 2s}, clock,
                                                                 {}, sleeper);
    const id_error expired{id_errc::lease_expired};

    clock.set(some_day + 8s - 1ms);
    CHECK(ids.next().has_value());
    clock.set(some_day + 8s);
    CHECK(ids.next() == std::unexpected(expired));
    CHECK(ids.try_next() == std::unexpected(expired));
    clock.set(some_day + 20s);
    CHECK(ids.next() == std::unexpected(expired));
    lease.renew(some_day + 30s);
    CHECK(ids.next().has_value());
    CHECK(ids.lease() == lease_until(some_day + 30s));
    // Over since ever, where the difference of the two times is one that no duration can say.
    lease.renew(wall_time::min());
    clock.advance(1ms);
    CHECK(ids.next() == std::unexpected(expired));
    lease.renew(some_day + 30s);
    clock.advance(1ms);
    CHECK(ids.next().has_value());
    // Ended early: known with the next unit.
    lease.renew(some_day);
    CHECK(ids.next().has_value());
    clock.advance(1ms);
    CHECK(ids.next() == std::unexpected(expired));
    CHECK(sleeper.slept().empty());
}

TEST_CASE("a lease is looked at once a unit, and never where the unit has begun") {
    struct counting_lease {
        int& looks;
        [[nodiscard]] worker_lease current() const noexcept {
            ++looks;
            return {.worker = 1};
        }
    };
    int looks = 0;
    manual_clock clock(some_day);
    snowflake_generator<id::layouts::discord, manual_clock&, counting_lease> ids(
        counting_lease{looks}, {}, clock);
    looks = 0;
    for (int unit = 0; unit < 10; ++unit) {
        for (int i = 0; i < 100; ++i) REQUIRE(ids.next().has_value());
        REQUIRE(ids.reserve(100).has_value());
        clock.advance(1ms);
    }
    CHECK(looks == 10);

    // Also where the unit before was used up, so that its last id borders on the next unit.
    snowflake_generator<tiny, manual_clock&, counting_lease> full(
        counting_lease{looks}, {.clock = {.exhaustion = id::on_exhaustion::fail}}, clock);
    clock.set(some_day);
    looks = 0;
    for (int unit = 0; unit < 10; ++unit) {
        CHECK(drain(full).first == 4);
        clock.advance(1ms);
    }
    CHECK(looks == 10);
}

TEST_CASE("another lease under the generator ends its ids until it is adopted") {
    struct changing_lease {
        worker_lease& now;
        [[nodiscard]] worker_lease current() const noexcept { return now; }
    };
    for (const auto& other :
         {lease_until(wall_time::max(), 6, 1), lease_until(wall_time::max(), 5, 2)}) {
        worker_lease now = lease_until(wall_time::max());
        manual_clock clock(some_day);
        snowflake_generator<id::layouts::discord, manual_clock&, changing_lease> ids(
            changing_lease{now}, {}, clock);
        auto block = ids.reserve(10).value();
        now = other;
        clock.advance(1ms);
        CHECK(ids.next() == std::unexpected(id_error{id_errc::lease_expired}));
        CHECK(ids.adopt().has_value());
        const auto next = ids.next();
        REQUIRE(next.has_value());
        CHECK(next->node() == other.worker);
        // What was reserved under the old lease is gone.
        CHECK(block.empty());
    }
}

TEST_CASE("a lease that nothing ends outlasts all times") {
    // Beyond 2262, where wall_time ends as well.
    millisecond_clock clock(id::sys_milliseconds(std::chrono::years(1000)));
    snowflake_generator<id::layouts::mastodon, millisecond_clock&> ids(static_lease(0), {}, clock);
    const auto next = ids.next();
    REQUIRE(next.has_value());
    CHECK(next->timestamp() == clock.now());
    // One that ends is over by then.
    renewable_lease ends(lease_until(wall_time::max() - 1s, 0));
    snowflake_generator<id::layouts::mastodon, millisecond_clock&, renewable_lease&> late(ends, {},
                                                                                          clock);
    CHECK(late.next() == std::unexpected(id_error{id_errc::lease_expired}));
}

// --- forks -----------------------------------------------------------------------------------------

TEST_CASE("a child makes no ids under its parent's lease, and makes them under its own") {
    manual_clock clock(some_day);
    eventful_sleeper sleeper(no_sleep);
    manual_generator<id::layouts::discord> ids(static_lease(1), {}, clock, {}, sleeper);
    REQUIRE(ids.next().has_value());
    auto block = ids.reserve(10).value();
    const auto child = in_child([&](int descriptor) {
        std::string report;
        const auto note = [&](bool is_so) { report += is_so ? 'y' : 'n'; };
        const id_error forked{id_errc::forked};
        note(ids.next() == std::unexpected(forked));
        note(ids.try_next() == std::unexpected(forked));
        note(ids.reserve(5).error() == forked);
        note(block.empty() && !block.next().has_value());
        // Its parent's lease is not its own, by whatever name.
        note(ids.adopt() == std::unexpected(forked));
        note(ids.adopt(static_lease(1)) == std::unexpected(forked));
        note(ids.next() == std::unexpected(forked));
        note(ids.adopt(static_lease(1 << 12)) ==
             std::unexpected(id_error{id_errc::node_too_large}));
        note(ids.next() == std::unexpected(id_error{id_errc::node_too_large}));
        note(ids.adopt(static_lease(2)).has_value());
        note(ids.next().value().node() == 2);
        note(block.empty());
        // And the child of the child.
        const auto grandchild = in_child([&](int deeper) {
            const bool refuses = ids.next() == std::unexpected(forked) &&
                                 ids.adopt(static_lease(2)) == std::unexpected(forked);
            write_all(deeper, refuses ? "y" : "n", 1);
        });
        note(grandchild.output == "y");
        write_all(descriptor, report.data(), report.size());
    });
    CHECK(child.exited_with(0));
    CHECK(child.output == "yyyyyyyyyyyyy");
    // The parent goes on, with its block as well.
    CHECK(ids.next().value().node() == 1);
    CHECK(block.size() == 10);
    CHECK(block.next().has_value());
    // And may adopt its own lease again, without repeating an id.
    const auto last = ids.next().value();
    CHECK(ids.adopt(static_lease(1)).has_value());
    CHECK(last < ids.next().value());
}

TEST_CASE("a lease with another fencing token is another lease, for a child too") {
    manual_clock clock(some_day);
    renewable_lease lease(lease_until(wall_time::max(), 5, 1));
    struct held {
        worker_lease lease;
        [[nodiscard]] worker_lease current() const noexcept { return lease; }
    };
    snowflake_generator<id::layouts::discord, manual_clock&, held> ids(held{lease.current()}, {},
                                                                       clock);
    REQUIRE(ids.next().has_value());
    const auto child = in_child([&](int descriptor) {
        // The coordinator has taken worker 5 from the parent and given it to the child.
        const bool works = ids.adopt(held{lease_until(wall_time::max(), 5, 2)}).has_value() &&
                           ids.next().has_value();
        write_all(descriptor, works ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
}

TEST_CASE("where there is no page to wipe there are no ids") {
    const auto child = in_child([](int descriptor) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_AS, &none);
        snowflake_generator<tiny> ids(static_lease(1));
        const bool refuses = ids.next() == std::unexpected(id_error{id_errc::no_memory});
        const rlimit enough{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &enough);
        write_all(descriptor, refuses ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
}

// --- marks -----------------------------------------------------------------------------------------

TEST_CASE("a restart after the clock went back repeats nothing") {
    std::mt19937_64 random(test::seed());
    for (const auto exhaustion : all_exhaustions) {
        for (const auto regression : all_regressions) {
            memory_mark mark;
            manual_clock clock(some_day + 1h);
            eventful_sleeper sleeper([&](nanoseconds d) {
                clock.advance(d);
                return true;
            });
            std::set<id::snowflake<id::layouts::discord>> seen;
            std::size_t made = 0;
            for (int run = 0; run < 60; ++run) {
                manual_generator<id::layouts::discord, static_lease, memory_mark&> ids(
                    static_lease(1),
                    {.clock = {.regression = regression,
                               .exhaustion = exhaustion,
                               .max_borrow = 20ms},
                     .mark_ahead = std::chrono::milliseconds(random() % 50)},
                    clock, mark, sleeper);
                for (int i = 0; i < 200; ++i) {
                    const auto next = ids.next();
                    if (next.has_value()) {
                        ++made;
                        REQUIRE(seen.insert(*next).second);
                    }
                    clock.advance(nanoseconds(random() % 2'000'000));
                    if (random() % 64 == 0) clock.step_back(nanoseconds(random() % 30'000'000));
                }
                // The crash, and on another host the clock is behind.
                clock.step_back(nanoseconds(random() % 300'000'000));
            }
            CHECK(made >= 20);
        }
    }
}

TEST_CASE("without a mark the same restart repeats ids: the mark is what prevents it") {
    manual_clock clock(some_day);
    std::set<std::uint64_t> seen;
    for (int run = 0; run < 2; ++run) {
        clock.set(some_day);
        snowflake_generator<tiny, manual_clock&> ids(static_lease(1), {}, clock);
        seen.insert(ids.next().value().value());
    }
    CHECK(seen.size() == 1);
}

TEST_CASE("the mark is written ahead, and once for many units") {
    manual_clock clock(some_day);
    memory_mark mark;
    snowflake_generator<id::layouts::discord, manual_clock&, static_lease, memory_mark&> ids(
        static_lease(1), {.mark_ahead = 1s}, clock, mark);
    CHECK(mark.stores() == 0);
    for (int ms = 0; ms < 10'000; ++ms) {
        const auto next = ids.next();
        REQUIRE(next.has_value());
        REQUIRE(next->timestamp() < mark.load().value());
        clock.advance(1ms);
    }
    // Every half second, in the second half of what is covered.
    CHECK(mark.stores() >= 10);
    CHECK(mark.stores() <= 21);
    CHECK(mark.load().value() - std::chrono::floor<std::chrono::milliseconds>(clock.now()) <=
          1002ms);
}

TEST_CASE("after a restart ids begin at the mark, as the policy allows") {
    memory_mark mark;
    REQUIRE(mark.store(some_ms + 800ms).has_value());
    manual_clock clock(some_day);
    eventful_sleeper sleeper([&](nanoseconds d) {
        clock.advance(d);
        return true;
    });
    const auto begin = [&](const id::clock_policy& policy) {
        clock.set(some_day);
        memory_mark copy = mark;
        manual_generator<id::layouts::discord, static_lease, memory_mark> ids(
            static_lease(1), {.clock = policy}, clock, copy, sleeper);
        return ids.next();
    };
    SECTION("held: ahead of the clock, within the tolerance") {
        const auto first = begin({});
        REQUIRE(first.has_value());
        CHECK(first->timestamp() == some_ms + 800ms);
        CHECK(sleeper.slept().empty());
        CHECK(begin({.tolerance = 800ms - 1ns}) ==
              std::unexpected(id_error{id_errc::clock_regressed, 1ns}));
    }
    SECTION("waited for") {
        const auto first = begin({.regression = id::on_regression::wait});
        REQUIRE(first.has_value());
        CHECK(first->timestamp() == some_ms + 800ms);
        CHECK(sleeper.slept() == std::vector<nanoseconds>{800ms});
    }
    SECTION("refused") {
        CHECK(begin({.regression = id::on_regression::fail}) ==
              std::unexpected(id_error{id_errc::clock_regressed, 800ms}));
    }
    SECTION("behind the clock it changes nothing") {
        REQUIRE(mark.store(some_ms - 1ms).has_value());
        CHECK(begin({}).value().timestamp() == some_ms);
    }
    SECTION("within a unit it is the next unit's") {
        REQUIRE(mark.store(some_ms + 1ms).has_value());
        clock.set(some_day);
        snowflake_generator<id::layouts::sonyflake_v2, manual_clock&, static_lease, memory_mark&>
            ids(static_lease(1), {}, clock, mark);
        CHECK(ids.next().value().timestamp() == some_ms + 10ms);
    }
}

namespace {

/// A mark that fails, and that calls somebody while it is written.
struct eventful_mark {
    bool load_fails = false;
    bool store_fails = false;
    std::function<void()> during = [] {};

    std::expected<id::sys_milliseconds, mark_errc> load() const {
        if (load_fails) return std::unexpected(mark_errc::load_failed);
        return id::sys_milliseconds::min();
    }
    std::expected<void, mark_errc> store(id::sys_milliseconds) const {
        during();
        if (store_fails) return std::unexpected(mark_errc::store_failed);
        return {};
    }
};

}  // namespace

TEST_CASE("a mark that fails: no ids beyond it, all ids before it") {
    manual_clock clock(some_day);
    eventful_mark mark;
    using generator =
        snowflake_generator<id::layouts::discord, manual_clock&, static_lease, eventful_mark&>;
    const id_error failed{id_errc::mark_failed};
    mark.load_fails = true;
    generator ids(static_lease(1), {.mark_ahead = 10ms}, clock, mark);
    CHECK(ids.next() == std::unexpected(failed));
    mark.load_fails = false;
    CHECK(ids.next() == std::unexpected(failed));  // it was not asked again
    CHECK(ids.adopt(static_lease(1)).has_value());

    mark.store_fails = true;
    CHECK(ids.next() == std::unexpected(failed));
    mark.store_fails = false;
    CHECK(ids.next().has_value());
    mark.store_fails = true;
    int covered = 0;
    for (;; ++covered) {
        clock.advance(1ms);
        const auto next = ids.next();
        if (!next.has_value()) {
            CHECK(next.error() == failed);
            break;
        }
        REQUIRE(covered < 100);
    }
    CHECK(covered >= 10);
    CHECK(covered <= 11);
    mark.store_fails = false;
    CHECK(ids.next().has_value());
}

TEST_CASE("while a thread writes the mark the others go on, or hear that it is busy") {
    manual_clock clock(some_day);
    eventful_mark mark;
    eventful_sleeper sleeper(no_sleep);
    snowflake_generator<id::layouts::discord, manual_clock&, static_lease, eventful_mark&,
                        eventful_sleeper&>
        ids(static_lease(1), {.mark_ahead = 10ms}, clock, mark, sleeper);
    int calls = 0;
    // Called in the middle of the first store: nothing is covered yet.
    mark.during = [&] {
        ++calls;
        CHECK(ids.try_next() == std::unexpected(id_error{id_errc::mark_busy, 1ms}));
        CHECK(ids.next() == std::unexpected(id_error{id_errc::mark_busy, 1ms}));
        CHECK(sleeper.slept() == std::vector<nanoseconds>{1ms});
    };
    REQUIRE(ids.next().has_value());
    CHECK(calls == 1);
    // In the middle of the second one the old mark still covers this unit.
    mark.during = [&] {
        ++calls;
        CHECK(ids.try_next().has_value());
    };
    clock.advance(8ms);
    REQUIRE(ids.next().has_value());
    CHECK(calls == 2);
}

TEST_CASE("a new lease comes with its own mark") {
    manual_clock clock(some_day);
    snowflake_generator<tiny, manual_clock&, static_lease, memory_mark> ids(static_lease(1), {},
                                                                            clock);
    REQUIRE(ids.next().has_value());
    memory_mark of_worker_2;
    REQUIRE(of_worker_2.store(some_ms + 7ms).has_value());
    REQUIRE(ids.adopt(static_lease(2), of_worker_2).has_value());
    const auto next = ids.next();
    REQUIRE(next.has_value());
    CHECK(next->node() == 2);
    CHECK(unit_in(*next) == 7);
    // It is the new mark that is written from then on.
    struct borrowed_mark {
        memory_mark* mark;
        std::expected<id::sys_milliseconds, mark_errc> load() const { return mark->load(); }
        std::expected<void, mark_errc> store(id::sys_milliseconds t) const {
            return mark->store(t);
        }
    };
    memory_mark first, second;
    snowflake_generator<tiny, manual_clock&, static_lease, borrowed_mark> borrowing(
        static_lease(1), {}, clock, borrowed_mark{&first});
    REQUIRE(borrowing.next().has_value());
    CHECK(first.stores() == 1);
    REQUIRE(borrowing.adopt(static_lease(2), borrowed_mark{&second}).has_value());
    clock.advance(1ms);
    REQUIRE(borrowing.next().has_value());
    CHECK(first.stores() == 1);
    CHECK(second.stores() == 1);
    // A mark that lies beyond the layout's time is the end of it.
    REQUIRE(of_worker_2.store(some_ms + 64ms).has_value());
    CHECK(ids.adopt(static_lease(3), of_worker_2) ==
          std::unexpected(id_error{id_errc::time_exhausted}));
    CHECK(ids.next() == std::unexpected(id_error{id_errc::time_exhausted}));
}

TEST_CASE("marks at the ends of time") {
    for (const auto t :
         {id::sys_milliseconds::min(), id::sys_milliseconds{}, id::sys_milliseconds::max()}) {
        memory_mark mark;
        REQUIRE(mark.store(t).has_value());
        millisecond_clock clock(some_ms);
        snowflake_generator<id::layouts::mastodon, millisecond_clock&, static_lease, memory_mark&>
            ids(static_lease(0), {.clock = {.tolerance = nanoseconds::max()}}, clock, mark);
        CHECK(ids.next().has_value() == (t != id::sys_milliseconds::max()));
        // The last unit: its mark lies beyond what a layout can say, but not beyond what a mark can.
        clock.set(id::sys_milliseconds(std::chrono::milliseconds((std::int64_t{1} << 48) - 1)));
        CHECK(ids.next().has_value() == (t != id::sys_milliseconds::max()));
    }
}

// --- clocks ----------------------------------------------------------------------------------------

TEST_CASE("clocks at the ends of time") {
    millisecond_clock clock;
    snowflake_generator<id::layouts::discord, millisecond_clock&> ids(static_lease(1), {}, clock);
    for (const auto t :
         {id::sys_milliseconds::min(), id::sys_milliseconds{}, id::layouts::discord::epoch - 1ms}) {
        clock.set(t);
        const auto next = ids.next();
        REQUIRE_FALSE(next.has_value());
        CHECK(next.error().code == id_errc::before_epoch);
        if (t == id::layouts::discord::epoch - 1ms) CHECK(next.error().retry_after == 1ms);
    }
    for (const auto t :
         {id::sys_milliseconds::max(),
          // Shifted into its place, this one would wrap to something small.
          id::layouts::discord::epoch + std::chrono::milliseconds((std::int64_t{1} << 52) + 5),
          id::layouts::discord::epoch + std::chrono::milliseconds(std::int64_t{1} << 42)}) {
        clock.set(t);
        CHECK(ids.next() == std::unexpected(id_error{id_errc::time_exhausted}));
    }
    clock.set(id::layouts::discord::epoch);
    CHECK(ids.next().has_value());
    clock.set(id::layouts::discord::epoch + std::chrono::milliseconds((std::int64_t{1} << 42) - 1));
    CHECK(ids.next().has_value());
    clock.set(id::sys_milliseconds::min());
    CHECK(ids.next().error().code == id_errc::clock_regressed);
}

TEST_CASE("what others do between a reading of the clock and the claim is no regression") {
    // Between the reading and the compare-exchange the time goes on, and another thread takes an id of it.
    eventful_clock clock(some_day);
    snowflake_generator<id::layouts::discord, eventful_clock&> ids(
        static_lease(1), {.clock = {.regression = id::on_regression::fail}}, clock);
    std::uint64_t other = 0;
    clock.at_reading(2, [&] {
        clock.advance(5ms);
        other = ids.next().value().value();
    });
    const auto mine = ids.next();
    REQUIRE(mine.has_value());
    CHECK(mine->value() == other + 1);
}

TEST_CASE("the last unit of all has one id less, and then there are no more") {
    manual_clock clock(some_day + 63ms);
    snowflake_generator<tiny, manual_clock&> ids(
        static_lease(1), {.clock = {.exhaustion = id::on_exhaustion::borrow, .max_borrow = 1h}},
        clock);
    const auto [made, error] = drain(ids);
    CHECK(made == 3);
    CHECK(error == id_error{id_errc::time_exhausted});
}

TEST_CASE("a clock of seconds will do") {
    snowflake_generator<id::layouts::discord, second_clock> ids(
        static_lease(1), {.clock = {.exhaustion = id::on_exhaustion::fail}},
        second_clock(some_day));
    CHECK(ids.next().value().timestamp() == some_ms);
    const auto [made, error] = drain(ids);
    CHECK(made == 4095);
    CHECK(error == id_error{id_errc::sequence_exhausted, 1ms});
}

TEST_CASE("Snowflakes on a coarse clock are a tick ahead of the truth at most") {
    constexpr nanoseconds tick = 4ms;
    manual_clock truth(some_day + 1ms);
    test::manual_coarse_clock coarse(truth, tick);
    eventful_sleeper sleeper(no_sleep);
    using generator = snowflake_generator<id::layouts::discord, test::manual_coarse_clock&,
                                          static_lease, no_mark, eventful_sleeper&>;
    {
        INFO("borrowed within a tick, then settled precisely, then exhausted");
        generator ids(static_lease(1), {}, coarse, {}, sleeper);
        // The tick's own milliseconds 0 to 3, and the one at its end; nothing precise is read until then.
        for (int i = 0; i < 5 * 4096; ++i) REQUIRE(ids.try_next().has_value());
        CHECK(coarse.precise_reads() == 0);
        const auto [made, error] = drain(ids);
        CHECK(made == 0);
        CHECK(coarse.precise_reads() == 1);
        CHECK(error == id_error{id_errc::sequence_exhausted, 4ms});
    }
    {
        INFO("late ticks are settled precisely, steps back are regressions");
        truth.set(some_day + 100ms);
        generator ids(static_lease(1), {.clock = {.regression = id::on_regression::fail}}, coarse,
                      {}, sleeper);
        const auto first = ids.next();
        REQUIRE(first.has_value());
        coarse.be_late(7ms);
        const auto before = coarse.precise_reads();
        CHECK(ids.next().value().value() == first->value() + 1);
        CHECK(coarse.precise_reads() == before + 1);
        coarse.be_late(0ns);
        truth.step_back(20ms);
        CHECK(ids.next() == std::unexpected(id_error{id_errc::clock_regressed, 20ms}));
    }
}

// --- threads ---------------------------------------------------------------------------------------

TEST_CASE("four threads share a generator and make ten million different ids", "[concurrent]") {
    snowflake_generator<id::layouts::discord> ids(static_lease(1));
    test::hunt_duplicates<id::snowflake<id::layouts::discord>>([&ids](auto out) {
        // A loaded machine may hold a thread up for longer than the default of a second.
        for (auto& x : out) {
            auto next = ids.next();
            while (!next.has_value()) next = ids.next();
            x = *next;
        }
    });
}

TEST_CASE("blocks of four threads make ten million different ids", "[concurrent]") {
    snowflake_generator<id::layouts::mastodon, coarse_clock> ids(static_lease(0));
    test::hunt_duplicates<id::snowflake<id::layouts::mastodon>>([&ids](auto out) {
        id::snowflake_block<id::layouts::mastodon> block;
        for (auto& x : out) {
            auto next = block.next();
            while (!next.has_value()) {
                if (auto more = ids.reserve(64)) block = std::move(*more);
                next = block.next();
            }
            x = *next;
        }
    });
}

TEST_CASE("threads under a policy without any tolerance never see each other as a regression",
          "[concurrent]") {
    snowflake_generator<id::layouts::mastodon> ids(
        static_lease(0), {.clock = {.regression = id::on_regression::fail}});
    std::atomic<int> regressed = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 100'000; ++n) {
                    const auto next = ids.next();
                    if (!next.has_value() && next.error().code == id_errc::clock_regressed)
                        ++regressed;
                }
            });
        }
    }
    CHECK(regressed == 0);
}

TEST_CASE("threads share a mark, which one of them writes at a time", "[concurrent]") {
    struct slow_mark {
        std::atomic<int> inside = 0;
        std::atomic<int> most = 0;
        std::atomic<std::int64_t> stored = 0;
        std::expected<id::sys_milliseconds, mark_errc> load() {
            return id::sys_milliseconds::min();
        }
        std::expected<void, mark_errc> store(id::sys_milliseconds t) {
            most = std::max(most.load(), ++inside);
            std::this_thread::sleep_for(500us);
            stored = t.time_since_epoch().count();
            --inside;
            return {};
        }
    };
    slow_mark mark;
    snowflake_generator<id::layouts::discord, system_clock, static_lease, slow_mark&> ids(
        static_lease(1), {.mark_ahead = 5ms}, {}, mark);
    std::atomic<int> beyond = 0;
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                const auto end = steady_clock::now() + 200ms;
                while (steady_clock::now() < end) {
                    const auto next = ids.next();
                    if (!next.has_value()) continue;
                    ++made;
                    if (next->timestamp().time_since_epoch().count() >= mark.stored) ++beyond;
                }
            });
        }
    }
    CHECK(mark.most == 1);
    CHECK(beyond == 0);
    CHECK(made > 1000);
}

TEST_CASE("a lease is renewed beside the threads that use it", "[concurrent]") {
    renewable_lease lease(lease_until(system_clock::now() + 1s));
    snowflake_generator<id::layouts::discord, system_clock, renewable_lease&> ids(
        lease, {.lease_margin = 10ms});
    std::atomic<bool> is_over = false;
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                while (!is_over) made += ids.next().has_value() ? 1 : 0;
            });
        }
        for (int i = 0; i < 100; ++i) {
            lease.renew(system_clock::now() + 1s);
            std::this_thread::sleep_for(1ms);
        }
        is_over = true;
    }
    CHECK(made > 0);
}
