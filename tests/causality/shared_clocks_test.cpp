// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/lamport_clock.hpp>
#include <coterie/core/clock.hpp>

#include "support/catch.hpp"
#include "support/check_all_tried.hpp"
#include "support/clocks.hpp"
#include "support/interleave.hpp"
#include "support/interleaved_parts.hpp"

// The clocks that threads share, in all interleavings of a few threads.
using namespace std::chrono_literals;
using namespace coterie;
using causality::clock_errc;
using causality::hybrid_clock_options;
using test::check_all_tried;
using test::interleave;
using test::interleaved;
using test::interleaved_clock;
using test::interleaved_mark;
using test::interleaved_threads;
using test::some_day;

namespace {

template <class Mark = no_mark>
struct hybrid {
    explicit hybrid(Mark m, const hybrid_clock_options& o = {}) : clock(o, physical, m) {}

    interleaved_clock physical{some_day};
    causality::atomic_hybrid_logical_clock<interleaved_clock&, Mark, interleaved> clock;
    std::set<std::uint64_t> issued;

    void note(std::uint64_t& last, const auto& stamp) {
        test::require(stamp.has_value(), "there is a timestamp");
        if (!stamp.has_value()) return;
        test::require(stamp->word() > last, "the timestamps of a thread grow");
        test::require(issued.insert(stamp->word()).second, "no timestamp is issued twice");
        last = stamp->word();
    }
};

}  // namespace

TEST_CASE("in any order of threads a Lamport clock gives each time once, and grows",
          "[interleaved]") {
    const auto found = interleave({.spurious_failures = 1}, [](interleaved_threads& run) {
        struct state {
            causality::detail::basic_atomic_lamport_clock<interleaved> clock;
            std::set<std::uint64_t> given;
        };
        const auto s = std::make_shared<state>();
        for (int t = 0; t < 3; ++t) {
            run.add([s, t] {
                std::uint64_t last = 0;
                for (int i = 0; i < (t == 0 ? 2 : 1); ++i) {
                    const std::uint64_t remote = t == 2 ? 2 : 0;
                    const std::uint64_t now = s->clock.receive(remote).value();
                    test::require(now > last && now > remote, "the times of a thread grow");
                    test::require(s->given.insert(now).second, "no time is given twice");
                    last = now;
                }
            });
        }
        run.at_end(
            [s] { test::require(s->clock.time() == *s->given.rbegin(), "the last time is kept"); });
    });
    check_all_tried(found, 1000);
}

TEST_CASE(
    "in any order of threads a hybrid clock issues nothing twice, whatever the physical one does",
    "[interleaved]") {
    const auto found = interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto s = std::make_shared<hybrid<>>(no_mark());
        for (int t = 0; t < 2; ++t) {
            run.add([s] {
                std::uint64_t last = 0;
                for (int i = 0; i < 2; ++i) s->note(last, s->clock.now());
            });
        }
        run.add([s] {
            s->physical.set(some_day + 2ms);
            s->physical.set(some_day - 1ms);
        });
    });
    check_all_tried(found, 1000);
}

TEST_CASE(
    "in any order of threads what a hybrid clock received is smaller than what it issues then",
    "[interleaved]") {
    const auto found = interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto s = std::make_shared<hybrid<>>(no_mark());
        const auto remote = causality::hybrid_timestamp::from_word(
            static_cast<std::uint64_t>((some_day + 5ms).time_since_epoch().count()) << 16 | 0xFFFE);
        for (int t = 0; t < 2; ++t) {
            run.add([s, remote] {
                std::uint64_t last = remote.word();
                s->note(last, s->clock.receive(remote));
                s->note(last, s->clock.now());
            });
        }
        run.add([s] {
            std::uint64_t last = 0;
            s->note(last, s->clock.now());
        });
    });
    check_all_tried(found, 1000);
}

TEST_CASE("in any order of threads a hybrid clock issues nothing that its mark does not cover",
          "[interleaved]") {
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        const auto mark = std::make_shared<interleaved_mark>();
        const auto s = std::make_shared<hybrid<interleaved_mark&>>(
            *mark, hybrid_clock_options{.max_offset = 500ms, .mark_ahead = 2ms});
        for (int t = 0; t < 2; ++t) {
            run.add([s, mark] {
                std::uint64_t last = 0;
                for (int i = 0; i < 2; ++i) {
                    const auto stamp = s->clock.now();
                    if (!stamp.has_value()) {
                        test::require(stamp.error().code == clock_errc::mark_busy,
                                      "another thread writes the mark");
                        continue;
                    }
                    s->note(last, stamp);
                    test::require(stamp->physical() < mark->durable(), "the mark covers it");
                }
            });
        }
        run.add([s] { s->physical.set(some_day + 3ms); });
    });
    check_all_tried(found, 1000);
}
