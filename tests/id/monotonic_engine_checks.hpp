// SPDX-License-Identifier: BSL-1.0
#pragma once

// What generators of ULIDs and of UUIDv7s have in common, checked for each of them. A case C says:
//
//   C::id, C::shape                               the id, and its bits (monotonic_engine_model.hpp)
//   C::generator<Clock, Entropy, Sleeper>         the generator
//   C::options(monotonic_options)                 its options
//   C::parts(id)                                  key and tail of an id

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/monotonic_options.hpp>

#include "core/child.hpp"
#include "id/hostile.hpp"
#include "id/monotonic_engine_model.hpp"
#include "id/outcome.hpp"
#include "id/retry_after.hpp"
#include "id/samples.hpp"
#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

namespace coterie::test {

template <class C>
using manual_generator =
    typename C::template generator<manual_clock&, constant_entropy&, eventful_sleeper&>;

/// A result as the model has it.
template <class C>
std::expected<modelled_id, id::id_error> parts_of(
    const std::expected<typename C::id, id::id_error>& made) {
    if (!made.has_value()) return std::unexpected(made.error());
    return C::parts(*made);
}

inline std::string said(const std::expected<modelled_id, id::id_error>& r) {
    if (!r.has_value())
        return to_string(r.error()) + " (" + std::to_string(r.error().retry_after.count()) + " ns)";
    return std::to_string(r->key) + ":" +
           std::to_string(static_cast<std::uint64_t>(r->tail >> 64)) + ":" +
           std::to_string(static_cast<std::uint64_t>(r->tail));
}

/// The generator beside the model, over a clock's readings, `per_reading` ids at each.
template <class C>
void check_schedule(const std::vector<nanoseconds>& readings, const id::monotonic_options& options,
                    std::byte chance, int per_reading) {
    manual_clock clock(some_day);
    constant_entropy entropy(chance);
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    manual_generator<C> ids(C::options(options), clock, entropy, sleeper);
    monotonic_engine_model model(C::shape, options);
    std::optional<typename C::id> last;
    for (const nanoseconds at : readings) {
        clock.set(some_day + at);
        for (int i = 0; i < per_reading; ++i) {
            const auto made = ids.try_next();
            const auto wanted = model.next(some_day + at, chance);
            REQUIRE(said(parts_of<C>(made)) == said(wanted));
            if (!made.has_value()) continue;
            REQUIRE((!last || *last < *made));
            last = *made;
        }
    }
    CHECK(sleeper.slept().empty());
}

/// The clock schedules under each policy, with tails that are never, soon and at once exhausted.
template <class C>
void check_clock_schedules() {
    using namespace std::chrono_literals;
    using regressions = id::on_regression;
    using exhaustions = id::on_exhaustion;
    const nanoseconds unit = C::shape.keys_per_ms == 1 ? 1ms : 245ns;
    const nanoseconds tolerance = 10 * unit;
    for (const auto& schedule : clock_schedules(unit, tolerance)) {
        for (const auto regression : {regressions::hold, regressions::wait, regressions::fail}) {
            for (const auto exhaustion :
                 {exhaustions::wait, exhaustions::fail, exhaustions::borrow}) {
                for (const auto chance : {std::byte{0}, std::byte{0x5A}, std::byte{0xFF}}) {
                    INFO(schedule.name << " regression " << int(regression) << " exhaustion "
                                       << int(exhaustion) << " chance " << int(chance));
                    const id::clock_policy policy{.regression = regression,
                                                  .tolerance = tolerance,
                                                  .exhaustion = exhaustion,
                                                  .max_borrow = 3 * unit};
                    for (const bool headroom : {true, false}) {
                        for (const auto increment :
                             {id::tail_increment::random, id::tail_increment::one}) {
                            check_schedule<C>(schedule.readings, {policy, increment, headroom},
                                              chance, 3);
                        }
                    }
                }
            }
        }
    }
}

/// Clocks, policies and chances of any kind, beside the model.
template <class C>
void check_against_model() {
    using namespace std::chrono_literals;
    std::mt19937_64 random(seed());
    const nanoseconds unit = C::shape.keys_per_ms == 1 ? 1ms : 245ns;
    for (int round = 0; round < 2000; ++round) {
        const id::monotonic_options options{
            any_policy(random, unit, 10ms),
            random() % 2 == 0 ? id::tail_increment::random : id::tail_increment::one,
            random() % 2 == 0};
        const std::array chances{std::byte{0}, std::byte{0xFF}, static_cast<std::byte>(random())};
        const std::byte chance = chances[random() % chances.size()];
        const unruly_steps step(unit, 10ms);
        std::vector<nanoseconds> readings;
        nanoseconds at =
            random() % 8 == 0 ? wall_time{} - some_day : 0ns;  // sometimes at the epoch
        for (int i = 0; i < 40; ++i) readings.push_back(at += step(random));
        INFO("round " << round << " chance " << int(chance));
        check_schedule<C>(readings, options, chance, 1 + static_cast<int>(random() % 3));
    }
}

/// Entropy that is mostly ones, so that tails begin near their end.
class nearly_ones {
public:
    explicit nearly_ones(std::uint64_t seed) : random_(seed) {}

    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        for (auto& byte : out)
            byte = random_() % 8 == 0 ? static_cast<std::byte>(random_()) : std::byte{0xFF};
        return {};
    }

private:
    std::mt19937_64 random_;
};

/// After what an error says there is an id again, and no earlier, whatever the policy and the entropy.
template <class C>
void check_retry_after() {
    using namespace std::chrono_literals;
    std::mt19937_64 random(seed());
    const nanoseconds unit = C::shape.keys_per_ms == 1 ? 1ms : 245ns;
    std::size_t promises = 0;
    const auto check = [&]<class Entropy>(Entropy entropy, int round) {
        INFO("round " << round);
        const id::monotonic_options options{
            any_policy(random, unit, 10ms),
            random() % 2 == 0 ? id::tail_increment::random : id::tail_increment::one,
            random() % 4 == 0};
        const bool begins_before_epoch = random() % 8 == 0;
        manual_clock clock(begins_before_epoch ? wall_time{} - 3ms : some_day + 3ms);
        eventful_sleeper sleeper([](nanoseconds) { return false; });
        typename C::template generator<manual_clock&, Entropy, eventful_sleeper&> ids(
            C::options(options), clock, entropy, sleeper);
        const auto attempt = [&]() -> std::optional<id::id_error> {
            const auto next = ids.try_next();
            return next.has_value() ? std::nullopt : std::optional(next.error());
        };
        const unruly_steps step(unit, 10ms);
        for (int i = 0; i < 20; ++i) {
            std::optional<id::id_error> error;
            const std::uint64_t most = C::shape.has_counter && i % 8 == 0 ? 4097 : 3;
            for (std::uint64_t some = 0; some < most && !error.has_value(); ++some)
                error = attempt();
            if (error.has_value()) {
                ++promises;
                check_promise(clock, random, *error, attempt);
            }
            clock.set(clock.now() + step(random));
        }
    };
    for (int round = 0; round < 200; ++round) {
        check(constant_entropy(std::byte{0xFF}), round);
        check(constant_entropy(std::byte{0}), round);
        check(nearly_ones(random()), round);
        check(seeded_entropy(random()), round);
    }
    CHECK(promises > 500);
}

/// Who waits, and what ends it.
template <class C>
void check_waiting() {
    using namespace std::chrono_literals;
    // A counter is exhausted after 2049 ids with this chance, a whole tail at once.
    const std::byte chance{0xFF};
    const id::monotonic_options options{.headroom = false};
    const auto drain = [](auto& ids) {
        std::size_t made = 0;
        for (;; ++made) {
            const auto next = ids.try_next();
            if (!next.has_value()) return std::pair(made, next.error());
        }
    };

    manual_clock clock(some_day + 300us);
    constant_entropy entropy(chance);
    {
        INFO("exhausted: it waits for the rest of the unit, and no longer");
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        manual_generator<C> ids(C::options(options), clock, entropy, sleeper);
        const auto [made, error] = drain(ids);
        CHECK(made == (C::shape.has_counter ? 2049 : 1));
        CHECK(error.code == id::id_errc::sequence_exhausted);
        const auto wait = error.retry_after;
        CHECK(wait > 0ns);
        CHECK((C::shape.keys_per_ms == 1 ? wait == 700us : wait <= 245ns));
        const auto after = ids.next();
        REQUIRE(after.has_value());
        // Not less than a microsecond at a time.
        CHECK(sleeper.slept() == std::vector<nanoseconds>{std::max<nanoseconds>(wait, 1us)});
        CHECK(clock.now() == some_day + 300us + std::max<nanoseconds>(wait, 1us));
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
        manual_generator<C> ids(C::options(options), clock, entropy, sleeper);
        REQUIRE(drain(ids).second.code == id::id_errc::sequence_exhausted);
        const auto next = ids.next();
        REQUIRE_FALSE(next.has_value());
        CHECK(next.error().code == id::id_errc::sequence_exhausted);
        CHECK(slept <= 1s);
        CHECK(slept > 900ms);
        CHECK(slept + next.error().retry_after > 1s);
    }
    {
        INFO("a clock that stands still is not asked for ever");
        clock.set(some_day);
        eventful_sleeper sleeper([](nanoseconds) { return true; });
        manual_generator<C> ids(C::options(options), clock, entropy, sleeper);
        REQUIRE(drain(ids).second.code == id::id_errc::sequence_exhausted);
        CHECK(ids.next().error().code == id::id_errc::sequence_exhausted);
        CHECK(sleeper.slept().size() <= 1'000'000);
        CHECK(sleeper.slept().size() >= 1000);
    }
    {
        INFO("a clock that stepped back is waited for, where the policy says so");
        clock.set(some_day);
        eventful_sleeper sleeper([&](nanoseconds d) {
            clock.advance(d);
            return true;
        });
        const id::monotonic_options patient{.clock = {.regression = id::on_regression::wait}};
        manual_generator<C> ids(C::options(patient), clock, entropy, sleeper);
        const auto first = ids.next();
        REQUIRE(first.has_value());
        clock.step_back(500ms);
        CHECK(ids.try_next() == std::unexpected(id::id_error{id::id_errc::clock_regressed, 500ms}));
        const auto second = ids.next();
        REQUIRE(second.has_value());
        CHECK(sleeper.slept() == std::vector<nanoseconds>{500ms});
        CHECK(*first < *second);
        CHECK(C::parts(*first).key == C::parts(*second).key);

        clock.step_back(1s + 1ms);
        CHECK(ids.next() == std::unexpected(id::id_error{id::id_errc::clock_regressed, 1s + 1ms}));
        CHECK(sleeper.slept().size() == 1);
    }
    {
        INFO("a cancelled wait is the error that it waited for");
        clock.set(some_day);
        eventful_sleeper sleeper([](nanoseconds) { return false; });
        manual_generator<C> ids(C::options(options), clock, entropy, sleeper);
        REQUIRE(drain(ids).second.code == id::id_errc::sequence_exhausted);
        CHECK(ids.next().error().code == id::id_errc::sequence_exhausted);
        CHECK(sleeper.slept().size() == 1);
    }
}

/// next_n gives what as many calls of next give, on one reading of the clock a unit.
template <class C>
void check_next_n() {
    using namespace std::chrono_literals;
    for (const auto increment : {id::tail_increment::random, id::tail_increment::one}) {
        eventful_clock clock(some_day);
        using generator =
            typename C::template generator<eventful_clock&, seeded_entropy, blocking_sleeper>;
        const auto options = C::options({.increment = increment});
        generator one_by_one(options, clock, seeded_entropy(7));
        generator at_once(options, clock, seeded_entropy(7));
        std::vector<typename C::id> some(1000);
        const auto before = clock.reads();
        REQUIRE(at_once.next_n(some).has_value());
        CHECK(clock.reads() == before + 1);
        for (const auto& x : some) REQUIRE(one_by_one.next() == x);
        CHECK(std::ranges::is_sorted(some));
        CHECK(std::ranges::adjacent_find(some) == some.end());
        REQUIRE(at_once.next_n({}).has_value());
        // Another thousand, of another unit.
        clock.advance(1ms);
        const auto last = some.back();
        REQUIRE(at_once.next_n(some).has_value());
        CHECK(last < some.front());
        CHECK(C::parts(last).key < C::parts(some.front()).key);
    }
    manual_clock clock(some_day);
    constant_entropy entropy(std::byte{0xFF});
    eventful_sleeper sleeper([&](nanoseconds d) {
        clock.advance(d);
        return true;
    });
    // It waits where a unit is exhausted, and says so where it must not.
    const std::size_t many = C::shape.has_counter ? 2049 * 3 : 3;
    std::vector<typename C::id> some(many);
    manual_generator<C> patient(C::options({.headroom = false}), clock, entropy, sleeper);
    REQUIRE(patient.next_n(some).has_value());
    CHECK(sleeper.slept().size() == 2);
    CHECK(std::ranges::is_sorted(some));
    manual_generator<C> strict(
        C::options({.clock = {.exhaustion = id::on_exhaustion::fail}, .headroom = false}), clock,
        entropy, sleeper);
    const auto failed = strict.next_n(some);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == id::id_errc::sequence_exhausted);
}

/// Entropy that fails is an error each time that it is needed, and no id is lost or repeated by it.
template <class C>
void check_failing_entropy() {
    using namespace std::chrono_literals;
    manual_clock clock(some_day);
    constant_entropy entropy(std::byte{1});
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    manual_generator<C> ids(C::options({}), clock, entropy, sleeper);
    entropy.fail();
    CHECK(ids.next() == std::unexpected(id::id_error{id::id_errc::no_entropy}));
    CHECK(ids.try_next() == std::unexpected(id::id_error{id::id_errc::no_entropy}));
    entropy.fail(false);
    auto last = ids.next();
    REQUIRE(last.has_value());
    entropy.fail();
    int more = 0;
    for (;; ++more) {
        const auto next = ids.next();
        if (!next.has_value()) {
            CHECK(next.error() == id::id_error{id::id_errc::no_entropy});
            break;
        }
        REQUIRE(*last < *next);
        last = next;
        REQUIRE(more < 1000);
    }
    clock.advance(1ms);
    CHECK(ids.next() == std::unexpected(id::id_error{id::id_errc::no_entropy}));
    entropy.fail(false);
    const auto next = ids.next();
    REQUIRE(next.has_value());
    CHECK(*last < *next);
    CHECK(sleeper.slept().empty());
}

/// The ends of the 48 bits of milliseconds, on a clock that goes beyond them.
template <class C>
void check_time_bounds() {
    using namespace std::chrono;
    millisecond_clock clock;
    constant_entropy entropy(std::byte{0});
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    using generator =
        typename C::template generator<millisecond_clock&, constant_entropy&, eventful_sleeper&>;
    const auto expect_error = [](auto&& result, id::id_errc code) {
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == code);
    };

    for (const auto early :
         {sys_time<milliseconds>::min(), sys_time<milliseconds>(milliseconds(-1))}) {
        generator ids(C::options({}), clock, entropy, sleeper);
        clock.set(early);
        expect_error(ids.next(), id::id_errc::before_epoch);
        CHECK(ids.next().error().retry_after ==
              (early == sys_time<milliseconds>::min() ? nanoseconds::max() : milliseconds(1)));
        clock.set(sys_time<milliseconds>(milliseconds(0)));
        const auto first = ids.next();
        REQUIRE(first.has_value());
        CHECK(C::parts(*first).key == 0);
        // Before the epoch again: behind the last id, and no longer without any.
        clock.set(early);
        if (early == sys_time<milliseconds>::min()) {
            expect_error(ids.next(), id::id_errc::clock_regressed);
        } else {
            CHECK(ids.next().has_value());
        }
    }
    for (const auto late : {sys_time<milliseconds>::max(), at_ms(time_end), at_ms(time_end * 16)}) {
        generator ids(C::options({}), clock, entropy, sleeper);
        clock.set(at_ms(time_end - 1));
        const auto last = ids.next();
        REQUIRE(last.has_value());
        CHECK(C::parts(*last).key / C::shape.keys_per_ms == time_end - 1);
        clock.set(late);
        expect_error(ids.next(), id::id_errc::time_exhausted);
        expect_error(ids.next(), id::id_errc::time_exhausted);
        // Nothing is lost: the last millisecond has more.
        clock.set(at_ms(time_end - 1));
        const auto more = ids.next();
        REQUIRE(more.has_value());
        CHECK(*last < *more);
    }
    // The last tail of all: nothing to borrow behind it.
    entropy.set(std::byte{0xFF});
    generator ids(
        C::options({.clock = {.exhaustion = id::on_exhaustion::borrow, .max_borrow = hours(1)},
                    .headroom = false}),
        clock, entropy, sleeper);
    clock.set(at_ms(time_end - 1));
    std::expected<typename C::id, id::id_error> made = ids.next();
    for (int i = 0; i < 5000 && made.has_value() && C::shape.keys_per_ms == 1; ++i)
        made = ids.next();
    if (C::shape.keys_per_ms == 1) expect_error(made, id::id_errc::time_exhausted);
    // Nor is it worth waiting for the millisecond behind it.
    if (C::shape.keys_per_ms == 1) {
        generator patient(C::options({.headroom = false}), clock, entropy, sleeper);
        auto next = patient.try_next();
        for (int i = 0; i < 5000 && next.has_value(); ++i) next = patient.try_next();
        CHECK(next == std::unexpected(id::id_error{id::id_errc::time_exhausted}));
    }
}

/// A child shares nothing with its parent: with one clock that stands still, all ids differ.
template <class C>
void check_fork() {
    manual_clock clock(some_day);
    using generator = typename C::template generator<manual_clock&, os_entropy, blocking_sleeper>;
    generator ids(C::options({}), clock);
    std::set<typename C::id> seen;
    for (int i = 0; i < 100; ++i) seen.insert(ids.next().value());
    constexpr std::size_t many = 1000;
    const auto child = in_child([&](int descriptor) {
        std::vector<typename C::id> mine;
        for (std::size_t i = 0; i < many; ++i) mine.push_back(ids.next().value());
        // And its own child.
        const auto grandchild = in_child([&](int deeper) {
            std::vector<typename C::id> its;
            for (std::size_t i = 0; i < many; ++i) its.push_back(ids.next().value());
            write_all(deeper, its.data(), its.size() * sizeof(typename C::id));
        });
        write_all(descriptor, mine.data(), mine.size() * sizeof(typename C::id));
        write_all(descriptor, grandchild.output.data(), grandchild.output.size());
    });
    REQUIRE(child.exited_with(0));
    REQUIRE(child.output.size() == 2 * many * sizeof(typename C::id));
    std::vector<typename C::id> theirs(2 * many);
    std::memcpy(static_cast<void*>(theirs.data()), child.output.data(), child.output.size());
    for (const auto& x : theirs) CHECK(seen.insert(x).second);
    for (std::size_t i = 0; i < many; ++i) CHECK(seen.insert(ids.next().value()).second);
}

/// Without a page to wipe there are no ids, and with one there are.
template <class C>
void check_no_memory() {
    const auto child = in_child([](int descriptor) {
        constant_entropy entropy(std::byte{1});
        using generator =
            typename C::template generator<system_clock, constant_entropy&, blocking_sleeper>;
        generator ids(C::options({}), {}, entropy);
        rlimit before{};
        ::getrlimit(RLIMIT_AS, &before);
        const rlimit none{0, before.rlim_max};
        ::setrlimit(RLIMIT_AS, &none);
        const bool refuses = ids.next() == std::unexpected(id::id_error{id::id_errc::no_memory});
        ::setrlimit(RLIMIT_AS, &before);
        write_all(descriptor, refuses && ids.next().has_value() ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
}

/// After reseed two copies of one machine's memory go apart. Here: two generators of one entropy, of
/// which the second is given another one.
template <class C>
void check_reseed() {
    manual_clock clock(some_day);
    struct cloned_entropy {
        std::mt19937_64 random{5};
        std::uint64_t& machine;
        std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
            for (auto& byte : out) byte = static_cast<std::byte>(random());
            return {};
        }
        void reseed() { random.seed(machine); }
    };
    std::uint64_t machine = 1;
    using generator =
        typename C::template generator<manual_clock&, cloned_entropy, blocking_sleeper>;
    generator original(C::options({}), clock, cloned_entropy{.machine = machine});
    generator clone(C::options({}), clock, cloned_entropy{.machine = machine});
    for (int i = 0; i < 10; ++i) REQUIRE(original.next() == clone.next());
    original.reseed();
    machine = 2;
    clone.reseed();
    std::set<typename C::id> seen;
    for (int i = 0; i < 200; ++i) {
        CHECK(seen.insert(original.next().value()).second);
        CHECK(seen.insert(clone.next().value()).second);
    }
}

/// On a coarse clock ids are as far ahead of the truth as a tick at most, and the precise clock is read only
/// where the coarse one does not suffice.
template <class C>
void check_coarse_clock() {
    using namespace std::chrono_literals;
    constexpr nanoseconds tick = 4ms;
    manual_clock truth(some_day);
    manual_coarse_clock coarse(truth, tick);
    eventful_sleeper sleeper([](nanoseconds) { return true; });
    using generator =
        typename C::template generator<manual_coarse_clock&, constant_entropy&, eventful_sleeper&>;
    {
        INFO("within a tick nothing precise is read");
        constant_entropy entropy(std::byte{0x11});
        generator ids(C::options({}), coarse, entropy, sleeper);
        typename C::id last{};
        for (int i = 0; i < 10'000; ++i) {
            truth.advance(1us);
            const auto next = ids.next();
            REQUIRE(next.has_value());
            REQUIRE(last < *next);
            last = *next;
        }
        // The counter runs out after 3823 ids and takes the next milliseconds of the tick before it asks.
        CHECK(coarse.precise_reads() <= (C::shape.has_counter ? 3 : 0));
    }
    {
        INFO("exhausted tails: borrowed within a tick, then settled precisely, then exhausted");
        truth.set(some_day + 1ms);
        constant_entropy entropy(std::byte{0xFF});
        generator ids(
            C::options({.clock = {.regression = id::on_regression::fail}, .headroom = false}),
            coarse, entropy, sleeper);
        std::int64_t last_key = 0;
        id::id_error error{};
        for (int i = 0; i < 100'000; ++i) {
            const auto next = ids.try_next();
            if (!next.has_value()) {
                error = next.error();
                break;
            }
            last_key = C::parts(*next).key;
        }
        CHECK(error.code == id::id_errc::sequence_exhausted);
        // From the tick's first millisecond to a tick after it.
        const std::int64_t tick_key = some_day.time_since_epoch() / 1ms * C::shape.keys_per_ms;
        CHECK(last_key == tick_key + 4 * C::shape.keys_per_ms);
        CHECK(error.retry_after > 0ns);
    }
    {
        INFO("a clock that is late is settled precisely, one that stepped back is a regression");
        truth.set(some_day + 100ms);
        constant_entropy entropy(std::byte{0x11});
        generator ids(C::options({.clock = {.regression = id::on_regression::fail}}), coarse,
                      entropy, sleeper);
        const auto first = ids.next();
        REQUIRE(first.has_value());
        coarse.be_late(7ms);
        const auto before = coarse.precise_reads();
        const auto late = ids.next();
        REQUIRE(late.has_value());
        CHECK(*first < *late);
        CHECK(coarse.precise_reads() == before + 1);
        coarse.be_late(0ns);
        truth.step_back(20ms);
        const auto regressed = ids.next();
        REQUIRE_FALSE(regressed.has_value());
        CHECK(regressed.error() == id::id_error{id::id_errc::clock_regressed, 20ms});
    }
}

}  // namespace coterie::test
