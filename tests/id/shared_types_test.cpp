// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include <coterie/core/clock.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake_generator.hpp>

#include "id/odd_layouts.hpp"
#include "support/catch.hpp"
#include "support/check_all_tried.hpp"
#include "support/clocks.hpp"
#include "support/interleave.hpp"
#include "support/interleaved_parts.hpp"

// Leases and generators that threads share, in all interleavings of a few threads.
using namespace std::chrono_literals;
using namespace coterie;
using id::id_errc;
using id::worker_lease;
using test::check_all_tried;
using test::interleave;
using test::interleaved;
using test::interleaved_clock;
using test::interleaved_mark;
using test::interleaved_threads;
using test::some_ms;
using test::tiny;

namespace {

using shared_lease = id::detail::basic_renewable_lease<interleaved>;

/// Nobody waits here.
struct no_sleeper {
    static bool sleep_for(std::chrono::nanoseconds) { return false; }
};

/// A generator of four ids a millisecond, and what it made.
template <class Lease = id::static_lease, class Mark = no_mark>
struct minting {
    explicit minting(Lease lease, Mark mark = Mark(), const id::snowflake_options& o = {})
        : ids(static_cast<Lease>(lease), o, clock, static_cast<Mark>(mark)) {}

    interleaved_clock clock{some_ms};
    id::snowflake_generator<tiny, interleaved_clock&, Lease, Mark, no_sleeper, interleaved> ids;
    std::set<std::uint64_t> made;

    void note(std::uint64_t& last, id::snowflake<tiny> made_now) {
        test::require(made.insert(made_now.value()).second, "no id is made twice");
        test::require(made_now.value() > last || last == 0, "the ids of a thread grow");
        last = made_now.value();
    }
};

}  // namespace

TEST_CASE("in any order of threads a lease is read as it was written", "[interleaved]") {
    const worker_lease first{3, wall_time(10s), 1}, second{4, wall_time(20s), 2},
        third{5, wall_time(30s), 3};
    const auto found = interleave({}, [&](interleaved_threads& run) {
        const auto lease = std::make_shared<shared_lease>(first);
        run.add([=] {
            lease->renew(wall_time(11s));
            lease->replace(second);
            lease->replace(third);
        });
        run.add([=] {
            std::uint64_t last = 0;
            for (int i = 0; i < 2; ++i) {
                worker_lease now = lease->current();
                if (now.expires == wall_time(11s)) now.expires = first.expires;
                test::require(now == first || now == second || now == third,
                              "all of it belongs together");
                test::require(now.fencing_token >= last, "it does not go back");
                last = now.fencing_token;
            }
        });
    });
    check_all_tried(found, 100);
}

TEST_CASE("in any order of threads no Snowflake is made twice, whatever the clock does",
          "[interleaved]") {
    for (const bool clock_steps : {false, true}) {
        const test::interleave_options o{.preemptions = clock_steps ? 1U : 2U};
        const auto found = interleave(o, [clock_steps](interleaved_threads& run) {
            const auto s = std::make_shared<minting<>>(id::static_lease(3));
            for (int t = 0; t < 2; ++t) {
                run.add([s, t] {
                    std::uint64_t last = 0;
                    for (int i = 0; i < 3 - t; ++i) {
                        const auto made = s->ids.try_next();
                        if (made.has_value()) {
                            s->note(last, *made);
                        } else {
                            test::require(made.error().code == id_errc::sequence_exhausted,
                                          "the unit is used up");
                        }
                    }
                });
            }
            if (clock_steps) {
                run.add([s] {
                    s->clock.set(some_ms + 1ms);
                    s->clock.set(some_ms);
                });
            }
            run.at_end([s] { test::require(s->made.size() >= 4, "a unit has four ids"); });
        });
        check_all_tried(found, 500);
    }
}

TEST_CASE("in any order of threads blocks of Snowflakes do not overlap", "[interleaved]") {
    const auto found = interleave({.preemptions = 3}, [](interleaved_threads& run) {
        const auto s = std::make_shared<minting<>>(id::static_lease(3));
        for (const std::size_t n : {1U, 2U, 3U}) {
            run.add([s, n] {
                auto block = s->ids.reserve(n);
                if (!block.has_value()) return;
                std::uint64_t last = 0;
                while (const auto made = block->next()) s->note(last, *made);
            });
        }
        run.at_end([s] { test::require(s->made.size() >= 4, "a unit has four ids"); });
    });
    check_all_tried(found, 1000);
}

TEST_CASE("in any order of threads no Snowflake is made that the mark does not cover",
          "[interleaved]") {
    const auto found = interleave({.preemptions = 1}, [](interleaved_threads& run) {
        const auto mark = std::make_shared<interleaved_mark>();
        const auto s = std::make_shared<minting<id::static_lease, interleaved_mark&>>(
            id::static_lease(3), *mark, id::snowflake_options{.mark_ahead = 2ms});
        for (int t = 0; t < 2; ++t) {
            run.add([s, mark] {
                std::uint64_t last = 0;
                for (int i = 0; i < 2; ++i) {
                    const auto made = s->ids.try_next();
                    if (!made.has_value()) {
                        test::require(made.error().code == id_errc::mark_busy,
                                      "another thread writes the mark");
                        continue;
                    }
                    s->note(last, *made);
                    test::require(made->timestamp() < mark->durable(), "the mark covers it");
                }
            });
        }
        run.add([s] { s->clock.set(some_ms + 3ms); });
    });
    check_all_tried(found, 100);
}

TEST_CASE("in any order of threads a lease that was replaced makes no ids in a new unit",
          "[interleaved]") {
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        const auto lease = std::make_shared<shared_lease>(worker_lease{3, wall_time::max(), 1});
        const auto s = std::make_shared<minting<shared_lease&>>(*lease);
        const auto is_replaced = std::make_shared<interleaved::cell<int>>();
        run.add([=] {
            std::uint64_t last = 0;
            const bool was_replaced = is_replaced->load(std::memory_order_acquire) == 1;
            const auto made = s->ids.try_next();
            if (made.has_value()) {
                s->note(last, *made);
                test::require(!was_replaced, "the lease is another one");
            } else {
                test::require(made.error().code == id_errc::lease_expired, "it says so");
            }
        });
        run.add([=] {
            lease->replace(worker_lease{4, wall_time::max(), 2});
            is_replaced->store(1, std::memory_order_release);
        });
    });
    check_all_tried(found, 10);
}
