// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/circuit_breaker.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sharing.hpp>
#include <coterie/core/text.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/interleave.hpp"
#include "support/preempted.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::atomic_circuit_breaker;
using retry::breaker_errc;
using retry::breaker_options;
using retry::breaker_permit;
using retry::breaker_state;
using retry::call_tally;
using retry::circuit_breaker;
using retry::count_window;
using retry::time_window;

namespace {

constexpr steady_time start(1000s);

// Opens for 5 s at half of ten calls; two of three probes decide.
constexpr breaker_options<> small{.window = {10},
                                  .slow_after = 2s,
                                  .minimum_calls = 4,
                                  .open_for = 5s,
                                  .half_open_calls = 3,
                                  .probe_lease = 1s};

void call(auto& breaker, steady_time now, bool succeeds) {
    const auto permit = breaker.try_acquire(now).value();
    succeeds ? breaker.on_success(permit, now) : breaker.on_failure(permit, now);
}

void open(auto& breaker, steady_time now) {
    for (int i = 0; i < 4; ++i) call(breaker, now, false);
    REQUIRE(breaker.state(now) == breaker_state::open);
}

/// What a breaker is, written down with lists instead of rings, words and slots.
class reference_breaker {
public:
    explicit reference_breaker(const breaker_options<>& o) : options_(o) {}

    struct permit {
        int period;
        bool is_probe;
        std::uint64_t probe;
        steady_time began;
    };

    std::optional<permit> try_acquire(steady_time now) {
        if (state_ == breaker_state::open && now >= open_until_) change(breaker_state::half_open);
        if (state_ == breaker_state::open) return std::nullopt;
        if (state_ == breaker_state::closed) return permit{period_, false, 0, now};
        std::erase_if(probes_, [&](const probe& p) { return p.expires <= now; });
        if (probes_.size() + results_.size() >= options_.half_open_calls) return std::nullopt;
        probes_.push_back({++last_probe_, now + options_.probe_lease});
        return permit{period_, true, last_probe_, now};
    }

    void settle(const permit& p, steady_time now, bool failed) {
        if (p.period != period_) return;
        const result r{failed, now - p.began >= options_.slow_after};
        if (p.is_probe && !take(p.probe, now)) return;
        results_.push_back(r);
        const auto most = p.is_probe ? options_.half_open_calls : options_.window.calls;
        if (results_.size() > most) results_.pop_front();
        const auto of = p.is_probe ? options_.half_open_calls : results_.size();
        const auto minimum = std::min(options_.minimum_calls, options_.window.calls);
        if (!p.is_probe && results_.size() < minimum) return;
        const auto share = [&](auto member) {
            return static_cast<double>(std::count_if(results_.begin(), results_.end(), member)) /
                   static_cast<double>(of);
        };
        if (share([](const result& x) { return x.failed; }) >= options_.failure_rate ||
            share([](const result& x) { return x.slow; }) >= options_.slow_rate) {
            change(breaker_state::open);
            open_until_ = now + options_.open_for;
        } else if (p.is_probe && results_.size() == options_.half_open_calls) {
            change(breaker_state::closed);
        }
    }

    void release(const permit& p) {
        if (p.period == period_ && p.is_probe) take(p.probe, p.began);
    }

    breaker_state state(steady_time now) const {
        return state_ == breaker_state::open && now >= open_until_ ? breaker_state::half_open
                                                                   : state_;
    }

private:
    struct result {
        bool failed, slow;
    };
    struct probe {
        std::uint64_t number;
        steady_time expires;
    };

    bool take(std::uint64_t number, steady_time now) {
        std::erase_if(probes_, [&](const probe& p) { return p.expires <= now; });
        return std::erase_if(probes_, [&](const probe& p) { return p.number == number; }) != 0;
    }
    void change(breaker_state s) {
        state_ = s;
        ++period_;
        results_.clear();
        probes_.clear();
    }

    breaker_options<> options_;
    breaker_state state_ = breaker_state::closed;
    int period_ = 0;
    std::uint64_t last_probe_ = 0;
    steady_time open_until_{};
    std::deque<result> results_;
    std::vector<probe> probes_;
};

}  // namespace

TEMPLATE_TEST_CASE("a breaker does what its description in lists does", "", circuit_breaker<>,
                   atomic_circuit_breaker<>) {
    rng random(test::seed(), "breaker");
    std::uint64_t seen[3] = {};
    for (int run = 0; run < 200; ++run) {
        const breaker_options<> o{.window = {uniform_between(random, 1U, 12U)},
                                  .failure_rate = uniform_between(random, 1, 4) / 4.0,
                                  .slow_rate = uniform_between(random, 1, 4) / 4.0,
                                  .slow_after = 2s,
                                  .minimum_calls = uniform_between(random, 0U, 12U),
                                  .open_for = 5s,
                                  .half_open_calls = uniform_between(random, 1U, 5U),
                                  .probe_lease = 3s};
        TestType breaker(o);
        reference_breaker expected(o);
        std::vector<std::pair<breaker_permit, reference_breaker::permit>> away;
        const double health = uniform_real(random);
        steady_time now = start;
        for (int i = 0; i < 400; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, 0, 600));
            REQUIRE(breaker.state(now) == expected.state(now));
            ++seen[static_cast<int>(breaker.state(now))];
            if (away.empty() || bernoulli(random, 0.5)) {
                const auto got = breaker.try_acquire(now);
                const auto wanted = expected.try_acquire(now);
                REQUIRE(got.has_value() == wanted.has_value());
                if (got) away.emplace_back(*got, *wanted);
            } else {  // some never return
                const auto which = uniform_below(random, away.size());
                const auto [mine, theirs] = away[which];
                away.erase(away.begin() + static_cast<std::ptrdiff_t>(which));
                if (bernoulli(random, 0.1)) {
                    breaker.release(mine);
                    expected.release(theirs);
                } else if (bernoulli(random, 0.9)) {
                    const bool fails = !bernoulli(random, health);
                    fails ? breaker.on_failure(mine, now) : breaker.on_success(mine, now);
                    expected.settle(theirs, now, fails);
                }
            }
        }
    }
    for (const auto n : seen) CHECK(n > 100);
}

TEMPLATE_TEST_CASE("a breaker opens, asks after a while, and closes", "", circuit_breaker<>,
                   atomic_circuit_breaker<>) {
    TestType breaker(small);
    for (int i = 0; i < 20; ++i) call(breaker, start, true);
    CHECK(breaker.tally(start) == call_tally{10, 0, 0});
    for (int i = 0; i < 4; ++i) call(breaker, start, false);
    CHECK(breaker.state(start) == breaker_state::closed);
    call(breaker, start, false);  // five of ten
    CHECK(breaker.try_acquire(start).error() == breaker_errc::open);
    CHECK(breaker.try_acquire(start + 5s - 1ns).error() == breaker_errc::open);

    const steady_time later = start + 5s;
    CHECK(breaker.state(later) == breaker_state::half_open);
    std::vector<breaker_permit> probes;
    for (int i = 0; i < 3; ++i) probes.push_back(breaker.try_acquire(later).value());
    CHECK(breaker.try_acquire(later).error() == breaker_errc::probes_away);
    breaker.on_success(probes[0], later);
    breaker.on_failure(probes[1], later);
    CHECK(breaker.try_acquire(later).error() == breaker_errc::probes_away);
    breaker.on_success(probes[2], later);
    CHECK(breaker.state(later) == breaker_state::closed);
    CHECK(breaker.tally(later) == call_tally{});
    CHECK(breaker.try_acquire(later).has_value());
}

TEMPLATE_TEST_CASE("two failed probes of three open it again, without waiting for the third", "",
                   circuit_breaker<>, atomic_circuit_breaker<>) {
    TestType breaker(small);
    open(breaker, start);
    const auto one = breaker.try_acquire(start + 5s).value();
    const auto two = breaker.try_acquire(start + 5s).value();
    const auto three = breaker.try_acquire(start + 5s).value();
    breaker.on_failure(one, start + 5s);
    CHECK(breaker.state(start + 5s) == breaker_state::half_open);
    breaker.on_failure(two, start + 6s - 1ns);  // its lease ends at 6 s
    CHECK(breaker.state(start + 6s) == breaker_state::open);
    CHECK(breaker.state(start + 11s - 2ns) == breaker_state::open);
    CHECK(breaker.try_acquire(start + 11s).has_value());
    for (int i = 0; i < 9; ++i) breaker.on_success(three, start + 11s);  // says nothing any more
    CHECK(breaker.state(start + 11s) == breaker_state::half_open);
}

TEMPLATE_TEST_CASE("probes that never return do not stick", "", circuit_breaker<>,
                   atomic_circuit_breaker<>) {
    TestType breaker(small);
    open(breaker, start);
    steady_time now = start + 5s;
    std::vector<breaker_permit> lost;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 3; ++i) lost.push_back(breaker.try_acquire(now).value());
        CHECK(!breaker.try_acquire(now).has_value());
        CHECK(!breaker.try_acquire(now + 1s - 1ns).has_value());
        now += 1s;  // the lease
    }
    const auto mine = breaker.try_acquire(now).value();
    for (const auto& p : lost) breaker.on_failure(p, now);  // too late to be heard
    CHECK(breaker.state(now) == breaker_state::half_open);
    for (int i = 0; i < 9; ++i) breaker.on_success(mine, now);  // counts once
    CHECK(breaker.state(now) == breaker_state::half_open);
    for (int i = 0; i < 2; ++i) call(breaker, now, true);
    CHECK(breaker.state(now) == breaker_state::closed);
}

TEMPLATE_TEST_CASE("a probe that was not made gives its place to another", "", circuit_breaker<>,
                   atomic_circuit_breaker<>) {
    TestType breaker(small);
    open(breaker, start);
    const steady_time now = start + 5s;
    for (int i = 0; i < 100; ++i) breaker.release(breaker.try_acquire(now).value());
    std::vector<breaker_permit> probes;
    for (int i = 0; i < 3; ++i) probes.push_back(breaker.try_acquire(now).value());
    breaker.release(probes[0]);
    breaker.release(probes[0]);
    CHECK(breaker.try_acquire(now).has_value());
    CHECK(!breaker.try_acquire(now).has_value());
}

TEMPLATE_TEST_CASE("a result from before the last change of state counts for nothing", "",
                   circuit_breaker<>, atomic_circuit_breaker<>) {
    TestType breaker(small);
    std::vector<breaker_permit> old;
    for (int i = 0; i < 10; ++i) old.push_back(breaker.try_acquire(start).value());
    open(breaker, start);
    for (int i = 0; i < 3; ++i) call(breaker, start + 5s, true);
    REQUIRE(breaker.state(start + 5s) == breaker_state::closed);
    for (const auto& p : old) breaker.on_failure(p, start + 5s);
    CHECK(breaker.state(start + 5s) == breaker_state::closed);
    CHECK(breaker.tally(start + 5s).calls == 0);
}

TEMPLATE_TEST_CASE("slow calls open it too", "", circuit_breaker<>, atomic_circuit_breaker<>) {
    auto o = small;
    o.slow_rate = 0.75;
    TestType breaker(o);
    for (int i = 0; i < 4; ++i) {
        const auto p = breaker.try_acquire(start).value();
        CHECK(breaker.state(start) == breaker_state::closed);
        breaker.on_success(p, start + (i == 0 ? 2s - 1ns : 2s));
    }
    CHECK(breaker.state(start + 2s) == breaker_state::open);
}

TEMPLATE_TEST_CASE("a time window forgets, and a clock that steps back brings nothing back", "",
                   circuit_breaker<time_window>, atomic_circuit_breaker<time_window>) {
    TestType breaker({.window = {10s}, .minimum_calls = 1000});
    for (int i = 0; i < 10; ++i) call(breaker, start + i * 1s, i % 2 == 0);
    CHECK(breaker.tally(start + 9s) == call_tally{10, 5, 0});
    CHECK(breaker.tally(start + 10s) == call_tally{9, 5, 0});
    CHECK(breaker.tally(start + 18s) == call_tally{1, 1, 0});
    CHECK(breaker.tally(start) == call_tally{1, 1, 0});
    CHECK(breaker.tally(start + 19s) == call_tally{});
    call(breaker, steady_time::min(), false);
    CHECK(breaker.tally(start) == call_tally{1, 1, 0});
    CHECK(breaker.tally(start + 1h) == call_tally{});
}

TEST_CASE("a slice of time stops counting rather than overflow") {
    circuit_breaker<time_window> breaker({.failure_rate = 1});
    call(breaker, start, true);
    for (int i = 0; i < 1'200'000; ++i) call(breaker, start, false);
    CHECK(breaker.tally(start) == call_tally{1'000'000, 999'999, 0});
}

TEST_CASE("the defaults are resilience4j's") {
    std::ifstream file(test::data_dir() / "retry_rules.json");
    const auto rule = nlohmann::json::parse(file).at("resilience4j_circuit_defaults");
    const breaker_options<> o;
    CHECK(o.failure_rate * 100 == rule.at("failure_rate").get<double>());
    CHECK(o.slow_rate * 100 == rule.at("slow_call_rate").get<double>());
    CHECK(o.slow_after / 1s == rule.at("slow_call_duration_s").get<int>());
    CHECK(o.open_for / 1s == rule.at("wait_open_s").get<int>());
    CHECK(o.half_open_calls == rule.at("permitted_half_open").get<std::uint32_t>());
    CHECK(o.minimum_calls == rule.at("minimum_calls").get<std::uint32_t>());
    CHECK(o.window.calls == rule.at("window").get<std::uint32_t>());
}

TEST_CASE("states and errors of a breaker have texts") {
    CHECK(to_string(breaker_state::closed) == "closed");
    CHECK(to_string(breaker_state::open) == "open");
    CHECK(to_string(breaker_state::half_open) == "half open");
    CHECK(to_string(static_cast<breaker_state>(9)) == "not a breaker state");
    CHECK(to_string(breaker_errc::open) == "circuit breaker is open");
    CHECK(to_string(breaker_errc::probes_away) == "circuit breaker waits for its probes");
    CHECK(to_string(static_cast<breaker_errc>(9)) == "not a breaker error");
}

TEMPLATE_TEST_CASE("threads: never more probes than places, and the tally is right", "[concurrent]",
                   atomic_circuit_breaker<>, atomic_circuit_breaker<time_window>) {
    TestType breaker({.minimum_calls = 1, .open_for = 5s, .half_open_calls = 5, .probe_lease = 1h});
    call(breaker, start, false);
    REQUIRE(breaker.state(start) == breaker_state::open);

    std::atomic<int> probes{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i)
                if (breaker.try_acquire(start + 5s)) probes.fetch_add(1);
        });
    }
    for (auto& t : threads) t.join();
    CHECK(probes.load() == 5);
}

TEST_CASE("threads: whatever they do, a healthy service is found again", "[concurrent]") {
    atomic_circuit_breaker<> breaker({.window = {50},
                                      .minimum_calls = 10,
                                      .open_for = 5us,
                                      .half_open_calls = 3,
                                      .probe_lease = 50us});
    std::atomic<std::int64_t> tick{0};
    const auto run = [&](double failure_rate) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                rng random(test::seed(), "threads", static_cast<std::uint64_t>(t));
                for (int i = 0; i < 5000; ++i) {
                    const steady_time now = start + std::chrono::nanoseconds(tick.fetch_add(100));
                    const auto p = breaker.try_acquire(now);
                    if (!p || bernoulli(random, 0.05)) continue;  // refused, or lost
                    bernoulli(random, failure_rate) ? breaker.on_failure(*p, now)
                                                    : breaker.on_success(*p, now);
                }
            });
        }
        for (auto& t : threads) t.join();
    };
    run(0.6);
    run(0.0);
    const steady_time end = start + std::chrono::nanoseconds(tick.load());
    CHECK(breaker.state(end) == breaker_state::closed);
    const call_tally t = breaker.tally(end);
    CHECK(t == call_tally{50, 0, 0});
}

namespace {

template <retry::call_window Window>
using interleaved_breaker = retry::detail::basic_circuit_breaker<Window, test::interleaved>;

}  // namespace

TEST_CASE("in any order of threads a breaker opens once, and then lets nothing through",
          "[interleaved]") {
    const auto found = test::interleave({.preemptions = 3}, [](test::interleaved_threads& run) {
        const auto breaker = std::make_shared<interleaved_breaker<count_window>>(
            breaker_options<>{.window = {2}, .minimum_calls = 2, .open_for = 5s});
        for (int t = 0; t < 2; ++t) {
            run.add([breaker] {
                const auto permit = breaker->try_acquire(start);
                if (!permit) return;
                breaker->on_failure(*permit, start);
                const bool is_open = breaker->state(start) == breaker_state::open;
                test::require(!is_open || !breaker->try_acquire(start), "open, it refuses");
            });
        }
        run.at_end([breaker] {
            test::require(breaker->state(start) == breaker_state::open, "two of two failed");
            test::require(breaker->state(start + 5s) == breaker_state::half_open, "for 5 s");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 100);
}

TEST_CASE(
    "in any order of threads a breaker that a probe has closed is not opened by older failures",
    "[interleaved]") {
    const auto found = test::interleave({.preemptions = 2}, [](test::interleaved_threads& run) {
        struct state {
            interleaved_breaker<count_window> breaker{
                {.window = {2}, .minimum_calls = 1, .open_for = 5s, .half_open_calls = 1}};
            bool has_closed = false;
        };
        const auto s = std::make_shared<state>();
        for (int t = 0; t < 2; ++t) {
            const auto permit = s->breaker.try_acquire(start).value();
            run.add([s, permit] { s->breaker.on_failure(permit, start); });
        }
        run.add([s] {
            const auto probe = s->breaker.try_acquire(start + 5s);
            if (!probe || probe->lease == 0) return;
            s->breaker.on_success(*probe, start + 5s);
            s->has_closed = true;
        });
        run.at_end([s] {
            const bool is_closed = s->breaker.state(start + 5s) == breaker_state::closed;
            test::require(is_closed == s->has_closed, "it is as the probe left it");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 100);
}

TEST_CASE("in any order of threads there are as many probes as places, and their results decide",
          "[interleaved]") {
    const auto found = test::interleave({.preemptions = 2}, [](test::interleaved_threads& run) {
        struct state {
            interleaved_breaker<count_window> breaker{
                {.window = {2}, .minimum_calls = 1, .open_for = 5s, .half_open_calls = 2}};
            int probes = 0;
        };
        const auto s = std::make_shared<state>();
        call(s->breaker, start, false);
        for (int t = 0; t < 3; ++t) {
            run.add([s] {
                const auto permit = s->breaker.try_acquire(start + 5s);
                if (!permit) {
                    test::require(permit.error() == breaker_errc::probes_away, "probes are away");
                    return;
                }
                ++s->probes;
                s->breaker.on_success(*permit, start + 5s);
            });
        }
        run.at_end([s] {
            test::require(s->probes >= 2, "places are given away");
            test::require(s->breaker.state(start + 5s) == breaker_state::closed, "both succeeded");
            const call_tally t = s->breaker.tally(start + 5s);
            test::require(t == call_tally{static_cast<std::uint32_t>(s->probes - 2), 0, 0},
                          "probes are not calls of the window");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 100);
}

TEMPLATE_TEST_CASE(
    "in any order of threads a result from before a change of state counts for nothing",
    "[interleaved]", count_window, time_window) {
    const auto found = test::interleave({.preemptions = 2}, [](test::interleaved_threads& run) {
        const auto breaker = std::make_shared<interleaved_breaker<TestType>>(
            breaker_options<TestType>{.minimum_calls = 1, .open_for = 5s, .half_open_calls = 1});
        const auto late = breaker->try_acquire(start).value();
        call(*breaker, start, false);
        run.add([breaker, late] { breaker->on_failure(late, start + 5s); });
        run.add([breaker] {
            const auto probe = breaker->try_acquire(start + 5s);
            if (probe) breaker->on_success(*probe, start + 5s);
            const auto permit = breaker->try_acquire(start + 5s);
            test::require(permit.has_value(), "the probe has closed it");
            if (permit) breaker->on_success(*permit, start + 5s);
        });
        run.at_end([breaker] {
            test::require(breaker->state(start + 5s) == breaker_state::closed, "it is closed");
            test::require(breaker->tally(start + 5s) == call_tally{1, 0, 0}, "with one call");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 10);
}

TEST_CASE("in any order of threads a place that is given back is not refused", "[interleaved]") {
    const auto found = test::interleave({.preemptions = 3}, [](test::interleaved_threads& run) {
        struct state {
            interleaved_breaker<count_window> breaker{
                {.minimum_calls = 1, .open_for = 5s, .half_open_calls = 1}};
            breaker_permit probe{};
            bool is_lent = false;
        };
        const auto s = std::make_shared<state>();
        call(s->breaker, start, false);
        s->probe = s->breaker.try_acquire(start + 5s).value();
        run.add([s] {
            s->breaker.release(s->probe);
            const bool was_lent = s->is_lent;
            const auto again = s->breaker.try_acquire(start + 5s);
            test::require(again.has_value() || was_lent || s->is_lent, "it is free again");
            if (again) s->breaker.release(*again);
        });
        run.add([s] {
            const auto p = s->breaker.try_acquire(start + 5s);
            if (!p) return;
            s->is_lent = true;
            s->breaker.release(*p);
        });
        run.at_end([s] {
            test::require(s->breaker.try_acquire(start + 5s).has_value(), "it is free at the end");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 100);
}

TEMPLATE_TEST_CASE("threads that are interrupted anywhere see no tally that never was",
                   "[concurrent]", count_window, time_window) {
    // One call in a hundred fails: the window never holds the share of half that would open it.
    retry::detail::basic_circuit_breaker<TestType, test::preempted> breaker;
    std::atomic<int> wrong{0}, refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = t; i < 20'000; ++i) {
                const steady_time now = start + i * 1ms;
                const auto permit = breaker.try_acquire(now);
                if (!permit) {
                    ++refused;
                    continue;
                }
                i % 100 == 0 ? breaker.on_failure(*permit, now) : breaker.on_success(*permit, now);
                const call_tally seen = breaker.tally(now);
                if (seen.failures > seen.calls || seen.slow != 0) ++wrong;
                if (std::is_same_v<TestType, count_window> && seen.calls > 100) ++wrong;
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
    CHECK(refused == 0);
}

namespace {

int operations = 0;  // on cells
int locks = 0;

/// A plain word that counts what is done to it.
template <class T>
struct counted_cell : coterie::detail::plain_cell<T> {
    using base = coterie::detail::plain_cell<T>;
    using base::base;

    T load(std::memory_order = {}) const { return ++operations, base::load(); }
    void store(T v, std::memory_order = {}) { ++operations, base::store(v); }
    T fetch_add(T n, std::memory_order = {}) { return ++operations, base::fetch_add(n); }
    bool compare_exchange_strong(T& e, T v, std::memory_order = {}, std::memory_order = {}) {
        return ++operations, base::compare_exchange_strong(e, v);
    }
    bool compare_exchange_weak(T& e, T v, std::memory_order = {}, std::memory_order = {}) {
        return ++operations, base::compare_exchange_strong(e, v);
    }
};

struct counted : coterie::detail::single_owner {
    template <class T>
    using cell = counted_cell<T>;
    struct lock {
        void acquire() { ++locks; }
        void release() {}
    };
};

/// How many operations and locks a function takes.
std::pair<int, int> cost_of(auto&& f) {
    operations = locks = 0;
    f();
    return {operations, locks};
}

}  // namespace

TEST_CASE("a breaker refuses by two loads, and closes by a few operations whatever its window") {
    for (const std::uint32_t calls : {10U, 1'000'000U}) {
        retry::detail::basic_circuit_breaker<count_window, counted> breaker(
            {.window = {calls}, .minimum_calls = 1, .open_for = 5s, .half_open_calls = 1});
        for (std::uint32_t i = 0; i < calls; ++i) call(breaker, start, true);
        CHECK(cost_of([&] { call(breaker, start, true); }) == std::pair(3, 0));
        for (std::uint32_t i = 0; i < (calls + 1) / 2; ++i) call(breaker, start, false);
        const auto refuse = [&](steady_time now) {
            return cost_of([&] { REQUIRE(!breaker.try_acquire(now)); });
        };
        CHECK(refuse(start) == std::pair(2, 0));

        const auto probe = breaker.try_acquire(start + 5s).value();
        CHECK(refuse(start + 5s).second == 1);         // finds out that all places are taken
        CHECK(refuse(start + 5s) == std::pair(2, 0));  // and then knows it
        const auto [steps, held] = cost_of([&] { breaker.on_success(probe, start + 5s); });
        CHECK(steps <= 5);
        CHECK(held == 1);
        REQUIRE(breaker.state(start + 5s) == breaker_state::closed);
    }
}
