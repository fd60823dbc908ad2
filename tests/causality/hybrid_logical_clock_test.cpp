// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/hybrid_logical_clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <fstream>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <nlohmann/json.hpp>

#include "id/duplicates.hpp"
#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::causality::atomic_hybrid_logical_clock;
using coterie::causality::clock_errc;
using coterie::causality::clock_error;
using coterie::causality::hybrid_clock_options;
using coterie::causality::hybrid_logical_clock;
using coterie::causality::hybrid_timestamp;
using coterie::test::eventful_clock;
using coterie::test::millisecond_clock;
using coterie::test::nanoseconds;
using coterie::test::second_clock;
using coterie::test::some_day;

namespace {

using std::chrono::milliseconds;
using stamped = std::expected<hybrid_timestamp, clock_error>;

constexpr std::uint64_t max_physical = hybrid_timestamp::max_physical;

/// The two kinds of clock, to run the same tests.
struct owned {
    template <class Clock, class Mark = no_mark>
    using type = hybrid_logical_clock<Clock, Mark>;
};
struct shared {
    template <class Clock, class Mark = no_mark>
    using type = atomic_hybrid_logical_clock<Clock, Mark>;
};

constexpr hybrid_timestamp at(std::uint64_t physical, std::uint64_t logical) {
    return hybrid_timestamp::from_word(physical << 16 | logical);
}
constexpr hybrid_timestamp at(sys_milliseconds physical, std::uint64_t logical) {
    return at(static_cast<std::uint64_t>(physical.time_since_epoch().count()), logical);
}

std::unexpected<clock_error> refused(clock_errc code, milliseconds ahead = {}) {
    return std::unexpected(clock_error{code, ahead});
}

std::string said(const stamped& x) { return x.has_value() ? x->to_string() : to_string(x.error()); }

constexpr hybrid_timestamp in_a_constant() {
    hybrid_logical_clock<manual_clock> clock({}, manual_clock(wall_time(some_day)));
    return std::max(clock.now().value(), clock.receive(at(some_day, 4)).value());
}
static_assert(in_a_constant() == at(some_day, 5));
static_assert(!std::is_copy_constructible_v<hybrid_logical_clock<>>);
static_assert(!std::is_move_constructible_v<hybrid_logical_clock<>>);
static_assert(!std::is_copy_constructible_v<atomic_hybrid_logical_clock<>>);

}  // namespace

// --- the event tables ---------------------------------------------------------------------------------

namespace {

template <class Kind>
void check_row(const nlohmann::json& row) {
    const hybrid_clock_options options{.max_offset = milliseconds(row.value("max_offset", 500))};
    std::map<std::string, manual_clock> physical;
    // By pointer: a pair asks whether its parts have a default, which a clock by reference has not.
    using clock_type = typename Kind::template type<manual_clock&>;
    std::map<std::string, std::unique_ptr<clock_type>> clocks;
    for (const auto& step : row.at("steps")) {
        INFO("step " << step.dump());
        const std::string node = step.at("node"), event = step.at("event");
        physical[node].set(wall_time(milliseconds(step.at("clock").get<std::int64_t>())));
        auto& owner = clocks[node];
        if (!owner) owner = std::make_unique<clock_type>(options, physical[node]);
        clock_type& clock = *owner;
        stamped made;
        if (event == "recv") {
            made = clock.receive(at(step.at("remote").at(0).get<std::uint64_t>(),
                                    step.at("remote").at(1).get<std::uint64_t>()));
        } else {
            REQUIRE((event == "local" || event == "send"));
            made = clock.now();
        }
        const auto& expect = step.at("expect");
        if (expect.is_array()) {
            const auto wanted =
                at(expect.at(0).get<std::uint64_t>(), expect.at(1).get<std::uint64_t>());
            CHECK(said(made) == wanted.to_string());
        } else {
            REQUIRE(expect == "refused");
            CHECK_FALSE(made.has_value());
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("a hybrid clock gives what the event tables say", "", owned, shared) {
    const auto path = test::data_dir() / "hlc_scenarios.json";
    INFO("file " << path.string());
    std::ifstream in(path);
    REQUIRE(in.good());
    const auto file = nlohmann::json::parse(in);
    std::size_t rows = 0;
    for (const auto& row : file.at("rows")) {
        INFO(row.at("name") << ", from " << row.at("provenance"));
        REQUIRE_FALSE(row.at("steps").empty());
        check_row<TestType>(row);
        ++rows;
    }
    CHECK(rows > 0);
}

// --- bounds -------------------------------------------------------------------------------------------

TEMPLATE_TEST_CASE("a remote timestamp too far ahead is refused, and changes nothing", "", owned,
                   shared) {
    manual_clock physical(wall_time(some_day) + 999'999ns);
    typename TestType::template type<manual_clock&> clock({.max_offset = 500ms}, physical);
    const auto now = at(some_day, 0);
    CHECK(clock.now() == now);
    CHECK(clock.receive(at(some_day + 501ms, 0)) ==
          refused(clock_errc::remote_too_far_ahead, 501ms));
    CHECK(clock.receive(at(max_physical, 0xFFFF)) ==
          refused(
              clock_errc::remote_too_far_ahead,
              milliseconds(static_cast<std::int64_t>(max_physical)) - some_day.time_since_epoch()));
    // The last logical part would carry beyond.
    CHECK(clock.receive(at(some_day + 500ms, 0xFFFF)) ==
          refused(clock_errc::remote_too_far_ahead, 501ms));
    CHECK(clock.now() == at(some_day, 1));
    CHECK(clock.receive(at(some_day + 499ms, 0xFFFF)) == at(some_day + 500ms, 0));
    CHECK(clock.receive(at(some_day + 500ms, 5)) == at(some_day + 500ms, 6));
    CHECK(clock.receive(at(some_day + 500ms, 2)) == at(some_day + 500ms, 7));
    CHECK(clock.receive(hybrid_timestamp()) == at(some_day + 500ms, 8));
    CHECK(clock.now() == at(some_day + 500ms, 9));
    // Also where this clock was there itself, and then stepped back.
    physical.step_back(1ms);
    CHECK(clock.receive(at(some_day + 500ms, 0)) ==
          refused(clock_errc::remote_too_far_ahead, 501ms));
    CHECK(clock.now() == at(some_day + 500ms, 10));
}

TEMPLATE_TEST_CASE("the logical part carries into the physical one, within max_offset", "", owned,
                   shared) {
    manual_clock physical{wall_time(some_day)};
    typename TestType::template type<manual_clock&> clock({.max_offset = 2ms}, physical);
    auto last = clock.now().value();
    CHECK(last == at(some_day, 0));
    for (std::uint32_t i = 1; i < 3 * 65536; ++i) {
        const auto next = clock.now();
        if (next != hybrid_timestamp::from_word(last.word() + 1)) REQUIRE(said(next) == "one more");
        last = *next;
    }
    CHECK(last == at(some_day + 2ms, 0xFFFF));
    const auto behind = refused(clock_errc::clock_too_far_behind, 3ms);
    CHECK(clock.now() == behind);
    CHECK(clock.receive(at(some_day, 3)) == behind);
    CHECK(clock.receive(last) == behind);
    physical.advance(1ms - 1ns);
    CHECK(clock.now() == behind);
    physical.advance(1ns);
    CHECK(clock.now() == at(some_day + 3ms, 0));
    physical.advance(2ms);
    CHECK(clock.now() == at(some_day + 3ms, 1));
    physical.advance(1ms);
    CHECK(clock.now() == at(some_day + 4ms, 0));
}

TEMPLATE_TEST_CASE("with no offset at all a millisecond has 65,536 timestamps", "", owned, shared) {
    manual_clock physical{wall_time(some_day)};
    typename TestType::template type<manual_clock&> clock({.max_offset = 0ms}, physical);
    std::size_t made = 0;
    while (clock.now().has_value()) ++made;
    CHECK(made == 65536);
    CHECK(clock.now() == refused(clock_errc::clock_too_far_behind, 1ms));
    CHECK(clock.receive(at(some_day, 0)) == refused(clock_errc::clock_too_far_behind, 1ms));
    CHECK(clock.receive(at(some_day + 1ms, 0)) == refused(clock_errc::remote_too_far_ahead, 1ms));
}

TEMPLATE_TEST_CASE("while the clock is stepped back the last millisecond is held", "", owned,
                   shared) {
    manual_clock physical{wall_time(some_day)};
    typename TestType::template type<manual_clock&> clock({}, physical);
    CHECK(clock.now() == at(some_day, 0));
    physical.step_back(1h);
    for (std::uint64_t i = 1; i <= 0xFFFF; ++i) {
        const auto next = clock.now();
        if (next != at(some_day, i)) REQUIRE(said(next) == "held");
    }
    CHECK(clock.now() == refused(clock_errc::clock_too_far_behind, 3'600'001ms));
    physical.advance(1h - 500ms);
    CHECK(clock.now() == refused(clock_errc::clock_too_far_behind, 501ms));
    physical.advance(1ms);
    CHECK(clock.now() == at(some_day + 1ms, 0));
}

TEMPLATE_TEST_CASE("a clock before 1970 is an error, whatever was before", "", owned, shared) {
    const auto before = refused(clock_errc::before_epoch);
    manual_clock physical{wall_time(-1ns)};
    typename TestType::template type<manual_clock&> clock({}, physical);
    CHECK(clock.now() == before);
    CHECK(clock.receive(at(5, 5)) == before);
    physical.set(wall_time::min());
    CHECK(clock.now() == before);
    CHECK(clock.receive({}) == before);
    physical.set(wall_time(0ns));
    CHECK(clock.now() == at(0, 1));
    CHECK(clock.receive(at(500, 5)) == at(500, 6));
    physical.set(wall_time(-1ns));
    CHECK(clock.now() == before);
    physical.set(wall_time(999'999ns));
    CHECK(clock.now() == at(500, 7));
    // The far end of nanoseconds, and back over it.
    physical.set(wall_time::max());
    CHECK(clock.now() == at(9'223'372'036'854, 0));
    physical.set(wall_time::min());
    CHECK(clock.now() == before);
}

TEMPLATE_TEST_CASE("a time beyond 48 bits is an error", "", owned, shared) {
    const milliseconds end(static_cast<std::int64_t>(max_physical));
    const auto exhausted = refused(clock_errc::time_exhausted);
    SECTION("by the clock") {
        millisecond_clock physical{sys_milliseconds(end + 1ms)};
        typename TestType::template type<millisecond_clock&> clock({}, physical);
        CHECK(clock.now() == exhausted);
        physical.set(sys_milliseconds::max());
        CHECK(clock.now() == exhausted);
        CHECK(clock.receive({}) == exhausted);
        physical.set(sys_milliseconds(end));
        CHECK(clock.now() == at(max_physical, 0));
        CHECK(clock.receive(at(max_physical, 0xFFFE)) == at(max_physical, 0xFFFF));
        CHECK(clock.now() == exhausted);
        CHECK(clock.receive({}) == exhausted);
        CHECK(clock.receive(at(max_physical, 0xFFFF)) == exhausted);
        physical.set({});
        CHECK(clock.now() == exhausted);
    }
    SECTION("by a message") {
        millisecond_clock physical{sys_milliseconds(end - 1ms)};
        typename TestType::template type<millisecond_clock&> clock({}, physical);
        CHECK(clock.receive(at(max_physical, 0xFFFF)) == exhausted);
        CHECK(clock.now() == at(max_physical - 1, 0));
    }
}

TEMPLATE_TEST_CASE("any resolution of the physical clock will do", "", owned, shared) {
    SECTION("seconds") {
        second_clock physical{std::chrono::sys_seconds(some_day)};
        typename TestType::template type<second_clock&> clock({}, physical);
        CHECK(clock.now() == at(some_day, 0));
        CHECK(clock.now() == at(some_day, 1));
        physical.advance(1s);
        CHECK(clock.now() == at(some_day + 1s, 0));
        physical.set(std::chrono::sys_seconds::max());
        CHECK(clock.now() == refused(clock_errc::time_exhausted));
        physical.set(std::chrono::sys_seconds::min());
        CHECK(clock.now() == refused(clock_errc::before_epoch));
        const std::chrono::seconds last(static_cast<std::int64_t>(max_physical / 1000));
        physical.set(std::chrono::sys_seconds(last + 1s));
        CHECK(clock.now() == refused(clock_errc::time_exhausted));
        physical.set(std::chrono::sys_seconds(last));
        CHECK(clock.now() == at(max_physical / 1000 * 1000, 0));
    }
    SECTION("microseconds") {
        using us_clock = basic_manual_clock<std::chrono::sys_time<std::chrono::microseconds>>;
        us_clock physical{some_day + 999us};
        typename TestType::template type<us_clock&> clock({}, physical);
        CHECK(clock.now() == at(some_day, 0));
        physical.advance(1us);
        CHECK(clock.now() == at(some_day + 1ms, 0));
    }
}

TEMPLATE_TEST_CASE("the machine's clock is the default", "", hybrid_logical_clock<>,
                   atomic_hybrid_logical_clock<>, hybrid_logical_clock<coarse_clock>) {
    TestType clock;
    using clock_type =
        std::conditional_t<std::is_same_v<TestType, hybrid_logical_clock<coarse_clock>>,
                           coarse_clock, system_clock>;
    const auto before = std::chrono::floor<milliseconds>(clock_type::now());
    std::vector<hybrid_timestamp> made;
    for (int i = 0; i < 10'000; ++i) made.push_back(clock.now().value());
    const auto after = std::chrono::floor<milliseconds>(clock_type::now());
    CHECK(std::ranges::adjacent_find(made, std::ranges::greater_equal{}) == made.end());
    CHECK(made.front().physical() >= before);
    CHECK(made.back().physical() <= after);
}

// --- hostile clocks, beside the paper's algorithm as it is written -------------------------------------

namespace {

/// Figure 5 of the paper, on two numbers, with the bounds beside it.
class paper_model {
public:
    explicit paper_model(std::int64_t max_offset) : max_offset_(max_offset) {}

    stamped now(nanoseconds reading) {
        if (reading < 0ns) return refused(clock_errc::before_epoch);
        const std::int64_t pt = reading / 1ms;
        std::int64_t l = std::max(l_, pt), c = 0;
        if (l == l_) c = c_ + 1;
        return settle(l, c, pt, clock_errc::clock_too_far_behind);
    }

    stamped receive(nanoseconds reading, hybrid_timestamp remote) {
        if (reading < 0ns) return refused(clock_errc::before_epoch);
        const std::int64_t pt = reading / 1ms;
        const std::int64_t lm = remote.physical().time_since_epoch().count(), cm = remote.logical();
        if (lm - pt > max_offset_) {
            return refused(clock_errc::remote_too_far_ahead, milliseconds(lm - pt));
        }
        const std::int64_t l = std::max({l_, lm, pt});
        std::int64_t c = 0;
        if (l == l_ && l == lm) {
            c = std::max(c_, cm) + 1;
        } else if (l == l_) {
            c = c_ + 1;
        } else if (l == lm) {
            c = cm + 1;
        }
        const bool is_remotes = std::pair(lm, cm) > std::pair(l_, c_);
        return settle(
            l, c, pt,
            is_remotes ? clock_errc::remote_too_far_ahead : clock_errc::clock_too_far_behind);
    }

private:
    stamped settle(std::int64_t l, std::int64_t c, std::int64_t pt, clock_errc why) {
        if (c > 0xFFFF) {
            ++l;
            c = 0;
            if (l - pt > max_offset_) return refused(why, milliseconds(l - pt));
        }
        l_ = l;
        c_ = c;
        return at(static_cast<std::uint64_t>(l), static_cast<std::uint64_t>(c));
    }

    std::int64_t max_offset_;
    std::int64_t l_ = 0;
    std::int64_t c_ = 0;
};

template <class Kind>
void check_schedule(wall_time start, const std::vector<nanoseconds>& readings,
                    milliseconds max_offset, std::mt19937_64& random) {
    manual_clock physical(start);
    typename Kind::template type<manual_clock&> clock({.max_offset = max_offset}, physical);
    paper_model model(max_offset.count());
    hybrid_timestamp last;
    milliseconds furthest{0};
    for (const nanoseconds reading : readings) {
        physical.set(start + reading);
        const nanoseconds since = physical.now().time_since_epoch();
        const std::int64_t ms = std::max<std::int64_t>(since / 1ms, 0);
        furthest = std::max(furthest, milliseconds(ms));
        for (int i = 0; i < 4; ++i) {
            stamped made, wanted;
            if (random() % 2 == 0) {
                made = clock.now();
                wanted = model.now(since);
            } else {
                // About the bounds of everything.
                const std::int64_t around =
                    ms + static_cast<std::int64_t>(random() % 3) * max_offset.count() -
                    max_offset.count() + static_cast<std::int64_t>(random() % 5) - 2;
                const std::uint64_t logical =
                    random() % 3 == 0 ? 0xFFFF - random() % 3 : random() % 4;
                const auto remote =
                    random() % 4 == 0
                        ? last
                        : at(static_cast<std::uint64_t>(std::max<std::int64_t>(around, 0)),
                             logical);
                made = clock.receive(remote);
                wanted = model.receive(since, remote);
                if (made.has_value()) REQUIRE(*made > remote);
            }
            INFO("reading " << reading.count());
            REQUIRE(said(made) == said(wanted));
            if (!made.has_value()) continue;
            REQUIRE(*made > last);
            last = *made;
            REQUIRE(last.physical().time_since_epoch().count() >= ms);
            REQUIRE(last.physical().time_since_epoch() <= furthest + max_offset);
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("hostile clocks: a hybrid clock does what the paper says", "", owned, shared) {
    std::mt19937_64 random(test::seed());
    constexpr milliseconds max_offset = 50ms;
    for (const wall_time start : {wall_time(some_day), wall_time(0ns), wall_time(30ms)}) {
        for (const auto& schedule : test::clock_schedules(1ms, max_offset)) {
            INFO(schedule.name);
            check_schedule<TestType>(start, schedule.readings, max_offset, random);
        }
        const test::unruly_steps step(1ms, max_offset);
        for (int run = 0; run < 50; ++run) {
            std::vector<nanoseconds> readings;
            nanoseconds reading{0};
            for (int i = 0; i < 200; ++i) readings.push_back(reading += step(random));
            check_schedule<TestType>(start, readings, run % 5 * max_offset, random);
        }
    }
}

// --- the theorems -------------------------------------------------------------------------------------

TEST_CASE("theorems: happened-before is order, l is the latest clock heard of, and c is bounded") {
    std::mt19937_64 random(test::seed());
    const auto any = [&random](std::int64_t most) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
    };
    struct event {
        std::size_t node;
        std::vector<std::uint32_t> known;  // of each node, how many events
        std::int64_t latest;               // physical clock among these
        hybrid_timestamp stamp;
    };
    for (int run = 0; run < 12; ++run) {
        const std::size_t nodes = std::array<std::size_t, 3>{2, 4, 8}[random() % 3];
        const std::int64_t epsilon = std::array<std::int64_t, 4>{0, 1, 5, 100}[random() % 4];
        std::vector<manual_clock> physical(nodes);
        std::list<hybrid_logical_clock<manual_clock&>> clocks;
        std::vector<hybrid_logical_clock<manual_clock&>*> clock;
        std::vector<std::int64_t> fast(nodes), latest(nodes, 0);
        std::vector<std::vector<std::uint32_t>> known(nodes, std::vector<std::uint32_t>(nodes, 0));
        for (std::size_t i = 0; i < nodes; ++i) {
            clock.push_back(&clocks.emplace_back(
                hybrid_clock_options{.max_offset = milliseconds(epsilon)}, physical[i]));
            fast[i] = any(epsilon);
        }
        std::vector<event> events;
        std::uint64_t largest_c = 0;
        for (std::int64_t t = 1'000; t < 1'080; ++t) {
            for (std::size_t i = 0; i < nodes; ++i) {
                // A clock that is at most epsilon fast, and runs: at most an event in each of its ticks.
                const auto pt_before = physical[i].now();
                fast[i] = std::clamp<std::int64_t>(fast[i] + any(2) - 1, 0, epsilon);
                physical[i].advance_to(wall_time(milliseconds(t + fast[i])));
                if (physical[i].now() == pt_before || random() % 4 == 0) continue;
                const std::int64_t pt = physical[i].now().time_since_epoch() / 1ms;
                latest[i] = std::max(latest[i], pt);
                stamped made;
                if (events.empty() || random() % 2 == 0) {
                    made = clock[i]->now();
                } else {
                    const std::uint64_t recent = std::min<std::uint64_t>(events.size(), 3 * nodes);
                    const event& message = events[events.size() - 1 - random() % recent];
                    made = clock[i]->receive(message.stamp);
                    for (std::size_t j = 0; j < nodes; ++j) {
                        known[i][j] = std::max(known[i][j], message.known[j]);
                    }
                    latest[i] = std::max(latest[i], message.latest);
                }
                ++known[i][i];
                REQUIRE(made.has_value());
                events.push_back({i, known[i], latest[i], *made});
                const std::int64_t l = made->physical().time_since_epoch().count();
                REQUIRE(l >= pt);            // theorem 2
                REQUIRE(l == latest[i]);     // theorem 3
                REQUIRE(l - pt <= epsilon);  // corollary 1
                largest_c = std::max<std::uint64_t>(largest_c, made->logical());
            }
        }
        INFO(nodes << " nodes, epsilon " << epsilon);
        REQUIRE(largest_c <= nodes * (static_cast<std::uint64_t>(epsilon) + 1));
        bool is_ordered = true;  // theorem 1
        for (const event& a : events) {
            for (const event& b : events) {
                if (&a == &b || b.known[a.node] < a.known[a.node]) continue;
                is_ordered = is_ordered && a.stamp < b.stamp;
            }
        }
        REQUIRE(is_ordered);
    }
}

// --- restarts -----------------------------------------------------------------------------------------

namespace {

/// A mark that fails, and that calls somebody while it is written.
struct eventful_mark {
    bool load_fails = false;
    bool store_fails = false;
    sys_milliseconds t = sys_milliseconds::min();
    std::uint64_t stores = 0;
    std::function<void()> during = [] {};

    std::expected<sys_milliseconds, mark_errc> load() const {
        if (load_fails) return std::unexpected(mark_errc::load_failed);
        return t;
    }
    std::expected<void, mark_errc> store(sys_milliseconds next) {
        during();
        if (store_fails) return std::unexpected(mark_errc::store_failed);
        CHECK(next > t);
        t = next;
        ++stores;
        return {};
    }
};

}  // namespace

TEMPLATE_TEST_CASE("no timestamp is issued at or above the mark, in any life of a clock", "", owned,
                   shared) {
    std::mt19937_64 random(test::seed());
    const test::unruly_steps step(1ms, 50ms);
    for (int run = 0; run < 20; ++run) {
        eventful_mark mark;
        manual_clock physical{run % 2 == 0 ? wall_time(some_day) : wall_time(0ns)};
        const hybrid_clock_options options{.max_offset = 50ms, .mark_ahead = milliseconds(run * 5)};
        hybrid_timestamp last;
        for (int life = 0; life < 10; ++life) {
            typename TestType::template type<manual_clock&, eventful_mark&> clock(options, physical,
                                                                                  mark);
            for (int i = 0; i < 50; ++i) {
                const nanoseconds next = physical.now().time_since_epoch() + step(random);
                physical.set(wall_time(std::max(next, -2'000'000ns)));
                mark.store_fails = random() % 8 == 0;
                const auto remote =
                    hybrid_timestamp::from_word(last.word() + (random() % 4 << 16) + random() % 3);
                const auto made = random() % 2 == 0 ? clock.now() : clock.receive(remote);
                if (!made.has_value()) continue;
                REQUIRE(*made > last);
                last = *made;
                REQUIRE(last.physical() < mark.t);
            }
            mark.store_fails = false;
        }
        CHECK(last > hybrid_timestamp());
    }
}

TEMPLATE_TEST_CASE("a mark is written ahead, and in its second half again", "", owned, shared) {
    memory_mark mark;
    manual_clock physical{wall_time(some_day)};
    typename TestType::template type<manual_clock&, memory_mark&> clock({.mark_ahead = 100ms},
                                                                        physical, mark);
    CHECK(mark.stores() == 0);
    CHECK(clock.now() == at(some_day, 0));
    CHECK(mark.load() == sys_milliseconds(some_day + 101ms));
    for (int i = 0; i < 1000; ++i) REQUIRE(clock.now().has_value());
    physical.advance(50ms);
    REQUIRE(clock.now().has_value());
    CHECK(mark.stores() == 1);
    physical.advance(1ms);
    REQUIRE(clock.now().has_value());
    CHECK(mark.stores() == 2);
    CHECK(mark.load() == sys_milliseconds(some_day + 152ms));
    // What is received counts as well.
    CHECK(clock.receive(at(some_day + 300ms, 0)) == at(some_day + 300ms, 1));
    CHECK(mark.load() == sys_milliseconds(some_day + 401ms));
}

TEMPLATE_TEST_CASE("a restarted clock begins at the mark, within max_offset", "", owned, shared) {
    memory_mark mark;
    manual_clock physical{wall_time(some_day)};
    using clock_type = typename TestType::template type<manual_clock&, memory_mark&>;
    const hybrid_clock_options options{.max_offset = 500ms, .mark_ahead = 800ms};
    {
        clock_type clock(options, physical, mark);
        CHECK(clock.now() == at(some_day, 0));
    }
    clock_type clock(options, physical, mark);
    CHECK(clock.now() == refused(clock_errc::clock_too_far_behind, 801ms));
    physical.advance(300ms);
    CHECK(clock.now() == refused(clock_errc::clock_too_far_behind, 501ms));
    physical.advance(1ms);
    CHECK(clock.now() == at(some_day + 801ms, 0));
    CHECK(clock.now() == at(some_day + 801ms, 1));
    CHECK(mark.stores() == 2);
    physical.advance(2s);
    clock_type later(options, physical, mark);
    CHECK(later.now() == at(some_day + 2301ms, 0));
}

TEMPLATE_TEST_CASE("what is wrong with the mark is the error of every call", "", owned, shared) {
    eventful_mark mark;
    manual_clock physical{wall_time(some_day)};
    using clock_type = typename TestType::template type<manual_clock&, eventful_mark&>;
    const auto failed = refused(clock_errc::mark_failed);
    SECTION("it cannot be read, until it can") {
        mark.load_fails = true;
        clock_type clock({}, physical, mark);
        for (int i = 0; i < 3; ++i) {
            CHECK(clock.now() == failed);
            CHECK(clock.receive(at(some_day, 0)) == failed);
        }
        CHECK(clock.resume() == std::unexpected(clock_error{clock_errc::mark_failed}));
        CHECK(mark.stores == 0);
        mark.load_fails = false;
        mark.t = sys_milliseconds(some_day + 7ms);
        CHECK(clock.resume().has_value());
        CHECK(clock.now() == at(some_day + 7ms, 0));
        // Once it goes on there is nothing to resume.
        mark.t = sys_milliseconds::min();
        CHECK(clock.resume().has_value());
        CHECK(clock.now() == at(some_day + 7ms, 1));
    }
    SECTION("it cannot be written: no timestamp beyond what is covered") {
        clock_type clock({.mark_ahead = 10ms}, physical, mark);
        mark.store_fails = true;
        CHECK(clock.now() == failed);
        CHECK(clock.receive(at(some_day, 3)) == failed);
        mark.store_fails = false;
        CHECK(clock.now() == at(some_day, 0));
        mark.store_fails = true;
        physical.advance(10ms);
        CHECK(clock.now() == at(some_day + 10ms, 0));
        physical.advance(1ms);
        CHECK(clock.now() == failed);
        physical.step_back(1ms);
        CHECK(clock.now() == at(some_day + 10ms, 1));
    }
    SECTION("it is beyond the last timestamp") {
        mark.t = sys_milliseconds(milliseconds(std::int64_t{1} << 48));
        clock_type clock({}, physical, mark);
        CHECK(clock.now() == refused(clock_errc::time_exhausted));
        mark.t = sys_milliseconds::max();
        CHECK_FALSE(clock.resume().has_value());
        CHECK(clock.now() == refused(clock_errc::time_exhausted));
    }
    SECTION("the last millisecond of all") {
        millisecond_clock end{
            sys_milliseconds(milliseconds(static_cast<std::int64_t>(max_physical)))};
        mark.t = end.now();
        typename TestType::template type<millisecond_clock&, eventful_mark&> clock({}, end, mark);
        CHECK(clock.now() == at(max_physical, 0));
        CHECK(mark.t == end.now() + 1ms);
    }
}

TEST_CASE("while one thread writes the mark, the others go on as far as it covers") {
    eventful_mark mark;
    manual_clock physical{wall_time(some_day)};
    atomic_hybrid_logical_clock<manual_clock&, eventful_mark&> clock({.mark_ahead = 10ms}, physical,
                                                                     mark);
    std::vector<stamped> meanwhile;
    mark.during = [&] { meanwhile.push_back(clock.now()); };
    CHECK(clock.now() == at(some_day, 0));
    REQUIRE(meanwhile.size() == 1);
    CHECK(meanwhile[0] == refused(clock_errc::mark_busy));
    physical.advance(9ms);
    CHECK(clock.now() == at(some_day + 9ms, 1));
    REQUIRE(meanwhile.size() == 2);
    CHECK(meanwhile[1] == at(some_day + 9ms, 0));
}

// --- threads ------------------------------------------------------------------------------------------

TEST_CASE("the word is loaded before the clock is read") {
    // A clock during whose reading another thread takes a timestamp of a later millisecond, with the last
    // logical part: the carry must not be held against a reading that is older than it.
    eventful_clock physical(some_day);
    atomic_hybrid_logical_clock<eventful_clock&> clock({.max_offset = 0ms}, physical);
    CHECK(clock.now() == at(some_day, 0));
    bool is_in_order = true;
    sys_milliseconds there = some_day;
    for (const bool receives : {false, true}) {
        there += 1ms;
        physical.at_reading(1, [&] {
            physical.advance(1ms);
            is_in_order = is_in_order && clock.receive(at(there, 0xFFFE)) == at(there, 0xFFFF);
            physical.advance(1ms);
        });
        const auto made = receives ? clock.receive({}) : clock.now();
        there += 1ms;
        CHECK(made == at(there, 0));
    }
    CHECK(is_in_order);
}

TEST_CASE("threads share a hybrid clock, and no two get the same timestamp", "[concurrent]") {
    atomic_hybrid_logical_clock<> clock;
    std::atomic<std::size_t> failed = 0;
    test::hunt_duplicates<hybrid_timestamp>([&](auto out) {
        hybrid_timestamp seen;
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto made = i % 4 == 3 ? clock.receive(seen) : clock.now();
            if (!made.has_value()) ++failed;
            seen = out[i] = made.value_or(hybrid_timestamp());
        }
    });
    CHECK(failed == 0);
}

TEST_CASE("threads share a hybrid clock with a mark", "[concurrent]") {
    memory_mark mark;
    atomic_hybrid_logical_clock<system_clock, memory_mark&> clock({.mark_ahead = 2ms}, {}, mark);
    std::array<std::vector<hybrid_timestamp>, 4> made;
    {
        std::vector<std::jthread> running;
        for (auto& mine : made) {
            running.emplace_back([&clock, &mine] {
                while (mine.size() < 20'000) {
                    if (const auto next = clock.now()) mine.push_back(*next);
                }
            });
        }
    }
    std::vector<hybrid_timestamp> all;
    for (const auto& mine : made) {
        CHECK(std::ranges::adjacent_find(mine, std::ranges::greater_equal{}) == mine.end());
        all.insert(all.end(), mine.begin(), mine.end());
    }
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
    CHECK(all.back().physical() < mark.load().value());
}
