// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/call_window.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "retry/torn_windows.hpp"
#include "support/catch.hpp"
#include "support/interleave.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::call_tally;
using retry::count_window;
using retry::time_window;
using retry::detail::count_ring;
using retry::detail::time_slices;
using test::interleave;
using test::interleaved;
using test::interleaved_threads;

namespace {

constexpr steady_time start(1000s);

/// A call that failed or not, and the tally that its thread was given.
struct recorded {
    bool has_failed;
    call_tally tally;
};
using records = std::vector<std::vector<recorded>>;  // of each thread

/// Whether there is an order of all calls in which each tally was the true one when it was given: the window holds at
/// most `size` calls, and each call adds one or takes the place of another one; all are there when it is over.
class window_explanation {
public:
    window_explanation(std::uint32_t size, const records& all, call_tally begin, call_tally end)
        : size_(size), records_(all), end_(end), calls_(begin.calls), done_(all.size()) {
        for (const auto& of_thread : all) calls_ += static_cast<std::uint32_t>(of_thread.size());
    }

    bool exists_from(call_tally now) {
        bool is_over = true;
        for (std::size_t t = 0; t < records_.size(); ++t) {
            if (done_[t] == 2 * records_[t].size()) continue;
            is_over = false;
            const recorded& r = records_[t][done_[t] / 2];
            if (done_[t] % 2 == 1) {
                if (r.tally == now && next(t, now)) return true;
                continue;
            }
            const std::uint32_t failed = r.has_failed ? 1 : 0;
            if (now.calls < size_ && next(t, {now.calls + 1, now.failures + failed, 0}))
                return true;
            if (now.failures > 0 && next(t, {now.calls, now.failures - 1 + failed, 0})) return true;
            if (now.failures < now.calls && next(t, {now.calls, now.failures + failed, 0})) {
                return true;
            }
        }
        return is_over && now == end_ && now.calls == std::min(size_, calls_);
    }

private:
    bool next(std::size_t t, call_tally now) {
        ++done_[t];
        const bool exists = exists_from(now);
        --done_[t];
        return exists;
    }

    std::uint32_t size_;
    const records& records_;
    call_tally end_;
    std::uint32_t calls_;  // in all
    std::vector<std::size_t> done_;
};

/// What threads do: 'F' and 'S' record a failure and a success.
using programs = std::vector<std::string>;

/// Tries all orders of what the threads record into a window that begins with `before`.
template <class Ring>
test::interleave_result try_ring(std::uint32_t size, const std::string& before,
                                 const programs& threads, test::interleave_options o = {}) {
    return interleave(o, [&](interleaved_threads& run) {
        struct state {
            explicit state(std::uint32_t n) : ring(count_window{n}) {}
            Ring ring;
            records all;
        };
        const auto s = std::make_shared<state>(size);
        for (const char c : before) (void)s->ring.record(0, start, c == 'F', false);
        const call_tally begin = s->ring.tally(0, start);
        s->all.resize(threads.size());
        for (std::size_t t = 0; t < threads.size(); ++t) {
            run.add([s, t, &threads] {
                for (const char c : threads[t]) {
                    s->all[t].push_back({c == 'F', s->ring.record(0, start, c == 'F', false)});
                }
            });
        }
        run.at_end([s, size, begin] {
            window_explanation why(size, s->all, begin, s->ring.tally(0, start));
            test::require(why.exists_from(begin), "each tally is one that was");
        });
    });
}

}  // namespace

TEST_CASE("no order of threads shows a tally of the last calls that never was", "[interleaved]") {
    using ring = count_ring<interleaved>;
    const std::vector<std::string> beginnings{"", "F", "SS", "FS"};
    const std::vector<programs> all{
        {"F", "S"}, {"FS", "S"}, {"FS", "SF"}, {"SF", "SF"}, {"F", "S", "F"}};
    std::uint64_t runs = 0;
    for (const std::uint32_t size : {1U, 2U, 3U}) {
        for (const auto& before : beginnings) {
            for (const auto& threads : all) {
                CAPTURE(size, before, threads);
                const bool is_small = threads.size() == 2 && threads[1].size() == 1;
                const auto found =
                    try_ring<ring>(size, before, threads, {.preemptions = is_small ? ~0U : 2});
                REQUIRE(found.failure == "");
                CHECK(found.is_complete);
                runs += found.runs;
            }
        }
    }
    CHECK(runs > 10'000);
}

TEST_CASE("a window that puts first and counts then is found out", "[interleaved]") {
    using torn = test::torn_count_ring<interleaved>;
    CHECK(try_ring<torn>(2, "SS", {"FS", "FS"}).failure.starts_with("each tally is one that was"));
    CHECK(try_ring<torn>(1, "", {"F", "S"}).failure.starts_with("each tally is one that was"));
}

TEST_CASE("what is recorded for a period that is over counts for nothing, in whatever order",
          "[interleaved]") {
    const auto found = interleave({}, [](interleaved_threads& run) {
        const auto ring = std::make_shared<count_ring<interleaved>>(count_window{2});
        (void)ring->record(0, start, true, false);
        run.add([ring] {
            const call_tally t = ring->record(0, start, true, false);
            test::require(t == call_tally{} || t == call_tally{2, 2, 0} || t == call_tally{1, 1, 0},
                          "it counts, in a place of its own or in the other's, or does not");
        });
        run.add([ring] {
            ring->clear(1);
            const call_tally t = ring->record(1, start, false, true);
            test::require(t == call_tally{1, 0, 1}, "it is the only one of its period");
        });
        run.add([ring] {
            const call_tally t = ring->tally(1, start);
            test::require(t == call_tally{} || t == call_tally{1, 0, 1}, "none of the last period");
        });
        run.at_end([ring] {
            test::require(ring->tally(0, start) == call_tally{}, "the period is over");
            test::require(ring->tally(1, start) == call_tally{1, 0, 1},
                          "the late call is not here");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
}

TEST_CASE("a late call of the last period leaves the places of this one as they are",
          "[interleaved]") {
    const auto found = interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto ring = std::make_shared<count_ring<interleaved>>(count_window{1});
        run.add([ring] { (void)ring->record(0, start, true, true); });
        run.add([ring] {
            ring->clear(1);
            (void)ring->record(1, start, true, false);
            (void)ring->record(1, start, false, false);
        });
        run.at_end([ring] {
            test::require(ring->tally(1, start) == call_tally{1, 0, 0}, "the last call is there");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
}

namespace {

/// Tries all orders of threads that record at these seconds, the first thread failures and the others successes. No
/// tally has more of a thread than it began to record, nor less of one's own than one did; at the end all are there.
test::interleave_result try_slices(const std::vector<std::vector<int>>& seconds,
                                   test::interleave_options o) {
    return interleave(o, [&](interleaved_threads& run) {
        struct state {
            time_slices<interleaved> slices{time_window{10s}};
            std::vector<std::uint32_t> begun;
        };
        const auto s = std::make_shared<state>();
        s->begun.resize(seconds.size());
        (void)s->slices.record(0, steady_time(0s), true, false);  // too old for all that follows
        const auto others = [s] {
            return std::accumulate(s->begun.begin() + 1, s->begun.end(), std::uint32_t{0});
        };
        for (std::size_t t = 0; t < seconds.size(); ++t) {
            run.add([s, t, others, &seconds] {
                for (const int second : seconds[t]) {
                    const auto own = ++s->begun[t];
                    const steady_time now{std::chrono::seconds(second)};
                    const call_tally seen = s->slices.record(0, now, t == 0, false);
                    test::require(seen.failures <= seen.calls, "no count exceeds the calls");
                    const auto successes = seen.calls - seen.failures;
                    test::require(seen.failures <= s->begun[0] && successes <= others(),
                                  "no call is there before it was recorded");
                    test::require((t == 0 ? seen.failures : successes) >= own,
                                  "what a thread recorded is in its tally");
                }
            });
        }
        run.at_end([s, others] {
            const call_tally all{s->begun[0] + others(), s->begun[0], 0};
            test::require(s->slices.tally(0, steady_time(19s)) == all, "all are there at the end");
        });
    });
}

/// A thread records at a time at which a slice turns, while another one clears and records.
template <class Slices>
test::interleave_result try_clear() {
    return interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto slices = std::make_shared<Slices>(time_window{10s});
        (void)slices->record(0, steady_time(0s), true, false);
        run.add([slices] { (void)slices->record(0, steady_time(10s), true, false); });
        run.add([slices] {
            slices->clear(1);
            const call_tally t = slices->record(1, steady_time(11s), false, false);
            test::require(t.calls <= 3 && t.failures <= t.calls, "a tally that can be");
        });
        run.at_end([slices] {
            const call_tally t = slices->tally(1, steady_time(11s));
            test::require(t.calls <= 3 && t.failures <= t.calls, "a tally that can be");
        });
    });
}

}  // namespace

TEST_CASE("no order of threads loses or invents a call in a slice of time", "[interleaved]") {
    // One slice; one that both turn; one that is turned while another thread is late.
    const std::vector<std::vector<std::vector<int>>> all{
        {{15}, {15}}, {{10}, {10, 11}}, {{15, 15}, {15}}, {{11, 12}, {12, 13}}, {{10}, {11}, {10}},
    };
    std::uint64_t runs = 0;
    for (const auto& seconds : all) {
        CAPTURE(seconds);
        const bool is_small = seconds.size() == 2 && seconds[0].size() + seconds[1].size() == 2;
        const auto found = try_slices(seconds, {.preemptions = is_small ? ~0U : 1U});
        CHECK(found.failure == "");
        CHECK(found.is_complete);
        runs += found.runs;
    }
    CHECK(runs > 10'000);
}

TEST_CASE("a call is in its tally with all that ended before it began", "[interleaved]") {
    // Two calls, one after the other, in two slices: who sees the second one sees the first.
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        const auto slices = std::make_shared<time_slices<interleaved>>(time_window{10s});
        const auto ended = std::make_shared<interleaved::cell<std::uint32_t>>();
        run.add([slices, ended] {
            (void)slices->record(0, steady_time(15s), true, false);
            ended->store(1, std::memory_order_release);
        });
        run.add([slices, ended] {
            if (ended->load(std::memory_order_acquire) == 0) return;
            (void)slices->record(0, steady_time(16s), false, false);
        });
        run.add([slices] {
            const call_tally t = slices->tally(0, steady_time(16s));
            test::require(t.calls == t.failures || t.failures == 1, "the earlier call is there");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
}

TEST_CASE("a slice that is turned in two steps is found out", "[interleaved]") {
    CHECK(try_clear<time_slices<interleaved>>().failure == "");
    CHECK(try_clear<test::torn_time_slices<interleaved>>().failure.starts_with("a tally that can"));
}

TEST_CASE("slices: what is recorded for a period that is over counts for nothing",
          "[interleaved]") {
    const auto found = interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto slices = std::make_shared<time_slices<interleaved>>(time_window{10s});
        (void)slices->record(0, start, true, false);
        run.add([slices] { (void)slices->record(0, start, true, false); });
        run.add([slices] {
            slices->clear(1);
            const call_tally t = slices->record(1, start, false, true);
            test::require(t == call_tally{1, 0, 1}, "it is the only one of its period");
        });
        run.at_end([slices] {
            test::require(slices->tally(1, start) == call_tally{1, 0, 1},
                          "the late call counts not");
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
}
