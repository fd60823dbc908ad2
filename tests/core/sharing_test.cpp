// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/sharing.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/interleave.hpp"

// What finds the faults of others must be right itself: programs of which the literature says what they may do.
using namespace coterie;
using test::interleave;
using test::interleaved;
using test::interleaved_threads;

namespace {

using cell = interleaved::cell<std::uint32_t>;
using words = std::pair<std::uint32_t, std::uint32_t>;

struct two_cells {
    cell x{0}, y{0};
    std::uint32_t a = 9, b = 9;
};

/// What two threads may see: all pairs of what they put into a and b.
template <class First, class Second>
std::set<words> outcomes(First first, Second second, bool needs_all = true) {
    std::set<words> seen;
    const auto found = interleave({}, [&](interleaved_threads& threads) {
        const auto s = std::make_shared<two_cells>();
        threads.add([s, first] { first(*s); });
        threads.add([s, second] { second(*s); });
        threads.at_end([s, &seen] { seen.emplace(s->a, s->b); });
    });
    CHECK(found.failure == "");
    if (needs_all) CHECK(found.is_complete);
    return seen;
}

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto sequential = std::memory_order_seq_cst;

std::set<words> store_buffering(std::memory_order store, std::memory_order load) {
    return outcomes(
        [=](two_cells& s) {
            s.x.store(1, store);
            s.a = s.y.load(load);
        },
        [=](two_cells& s) {
            s.y.store(1, store);
            s.b = s.x.load(load);
        });
}

std::set<words> message_passing(std::memory_order store, std::memory_order load) {
    return outcomes(
        [=](two_cells& s) {
            s.x.store(7, relaxed);
            s.y.store(1, store);
        },
        [=](two_cells& s) {
            s.a = s.y.load(load);
            s.b = s.x.load(relaxed);
        });
}

/// How many orders there are of two threads that each do `n` things to one cell, or to one of their own.
std::uint64_t orders(int n, bool is_shared, test::interleave_options o = {}) {
    const auto found = interleave(o, [&](interleaved_threads& threads) {
        const auto s = std::make_shared<two_cells>();
        threads.add([s, n] {
            for (int i = 0; i < n; ++i) s->x.fetch_add(1);
        });
        threads.add([s, n, is_shared] {
            for (int i = 0; i < n; ++i) (is_shared ? s->x : s->y).fetch_add(1);
        });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    return found.runs;
}

}  // namespace

TEST_CASE("store buffering: both may miss the other, unless all is sequentially consistent",
          "[interleaved]") {
    const std::set<words> strong{{0, 1}, {1, 0}, {1, 1}};
    std::set<words> weak = strong;
    weak.emplace(0, 0);
    CHECK(store_buffering(relaxed, relaxed) == weak);
    CHECK(store_buffering(release, acquire) == weak);
    CHECK(store_buffering(sequential, sequential) == strong);
}

TEST_CASE(
    "message passing: who sees the flag sees the message, if one releases and the other acquires",
    "[interleaved]") {
    const std::set<words> strong{{0, 0}, {0, 7}, {1, 7}};
    std::set<words> weak = strong;
    weak.emplace(1, 0);
    CHECK(message_passing(release, acquire) == strong);
    CHECK(message_passing(sequential, sequential) == strong);
    CHECK(message_passing(relaxed, acquire) == weak);
    CHECK(message_passing(release, relaxed) == weak);
}

TEST_CASE("a cell does not go back: two loads see its values in their order", "[interleaved]") {
    const auto seen = outcomes([](two_cells& s) { s.x.store(1, relaxed); },
                               [](two_cells& s) {
                                   s.a = s.x.load(relaxed);
                                   s.b = s.x.load(relaxed);
                               });
    CHECK(seen == std::set<words>{{0, 0}, {0, 1}, {1, 1}});
}

TEST_CASE("a release is passed on by those who modify the cell, and not by those who store to it",
          "[interleaved]") {
    for (const bool modifies : {true, false}) {
        bool saw_less = false;
        const auto found = interleave({}, [&](interleaved_threads& threads) {
            const auto s = std::make_shared<two_cells>();
            threads.add([s] {
                s->x.store(7, relaxed);
                s->y.store(1, release);
            });
            threads.add([s, modifies] {
                if (s->y.load(relaxed) != 1) return;
                modifies ? (void)s->y.fetch_add(1, relaxed) : s->y.store(2, relaxed);
            });
            threads.add([s, &saw_less] {
                if (s->y.load(acquire) == 2 && s->x.load(relaxed) == 0) saw_less = true;
            });
        });
        CHECK(found.is_complete);
        CHECK(saw_less == !modifies);
    }
}

TEST_CASE("all orders are tried, and those that come to the same are tried once", "[interleaved]") {
    CHECK(orders(1, true) == 2);
    CHECK(orders(3, true) == 20);  // 6 choose 3
    CHECK(orders(5, true) == 252);
    CHECK(orders(5, false) == 1);
    CHECK(orders(5, true, {.preemptions = 0}) == 2);
    CHECK(orders(5, true, {.preemptions = 1}) == 2 + 2 * 4);
    // What bounded preemption tries, it tries without leaving out what commutes.
    CHECK(orders(5, false, {.preemptions = 1}) == 2 + 2 * 4);
}

TEST_CASE("a lost update is found, and its steps are told", "[interleaved]") {
    const auto found = interleave({}, [](interleaved_threads& threads) {
        const auto s = std::make_shared<two_cells>();
        for (int t = 0; t < 2; ++t) threads.add([s] { s->x.store(s->x.load() + 1); });
        threads.at_end([s] { test::require(s->x.load() == 2, "no update is lost"); });
    });
    CHECK(found.failure ==
          "no update is lost\n"
          "  thread 1: load seq_cst -> 0  [cell 0]\n"
          "  thread 2: load seq_cst -> 0  [cell 0]\n"
          "  thread 2: store seq_cst 1  [cell 0]\n"
          "  thread 1: store seq_cst 1  [cell 0]");
}

TEST_CASE("a compare-exchange in a loop loses nothing, also where it fails for no reason",
          "[interleaved]") {
    const auto found = interleave({.spurious_failures = 2}, [](interleaved_threads& threads) {
        const auto s = std::make_shared<two_cells>();
        for (int t = 0; t < 3; ++t) {
            threads.add([s] {
                std::uint32_t old = s->x.load(relaxed);
                while (!s->x.compare_exchange_weak(old, old + 1, relaxed)) {
                }
            });
        }
        threads.at_end([s] { test::require(s->x.load() == 3, "no update is lost"); });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs > 100);
}

namespace {

/// Two threads that write one thing, under a lock or without it.
template <class Enter, class Leave>
std::string use_guarded(Enter enter, Leave leave) {
    struct state {
        interleaved::lock lock;
        cell flag{0};
        interleaved::guarded<int> data;
    };
    return interleave({},
                      [&](interleaved_threads& threads) {
                          const auto s = std::make_shared<state>();
                          for (int t = 0; t < 2; ++t) {
                              threads.add([s, enter, leave] {
                                  if (!enter(*s)) return;
                                  ++s->data.write();
                                  leave(*s);
                              });
                          }
                      })
        .failure;
}

}  // namespace

TEST_CASE("guarded data is safe under a lock, and not without, or with too weak an order",
          "[interleaved]") {
    const auto none = [](auto&) { return true; };
    CHECK(use_guarded([](auto& s) { return s.lock.acquire(), true; },
                      [](auto& s) { s.lock.release(); }) == "");
    CHECK(use_guarded([](auto& s) { return s.lock.try_acquire(); },
                      [](auto& s) { s.lock.release(); }) == "");
    CHECK(use_guarded(none, none).starts_with("guarded data is "));
    const auto enter = [](std::memory_order o) {
        return [o](auto& s) { return s.flag.exchange(1, o) == 0; };
    };
    const auto leave = [](std::memory_order o) { return [o](auto& s) { s.flag.store(0, o); }; };
    CHECK(use_guarded(enter(acquire), leave(release)) == "");
    CHECK(use_guarded(enter(relaxed), leave(release)).starts_with("guarded data is "));
    CHECK(use_guarded(enter(acquire), leave(relaxed)).starts_with("guarded data is "));
}

TEST_CASE("threads that wait for one another for ever are found", "[interleaved]") {
    const auto found = interleave({}, [](interleaved_threads& threads) {
        const auto locks = std::make_shared<std::pair<interleaved::lock, interleaved::lock>>();
        threads.add([locks] {
            locks->first.acquire();
            locks->second.acquire();
            locks->second.release();
            locks->first.release();
        });
        threads.add([locks] {
            locks->second.acquire();
            locks->first.acquire();
            locks->first.release();
            locks->second.release();
        });
    });
    CHECK(found.failure.starts_with("no thread can go on"));
}

TEST_CASE("who pauses goes on when another thread has stored, and sees it", "[interleaved]") {
    const auto found = interleave({}, [](interleaved_threads& threads) {
        const auto s = std::make_shared<two_cells>();
        for (int t = 0; t < 2; ++t) {
            threads.add([s] {
                while (s->x.load(relaxed) == 0) {
                    s->y.fetch_add(1);
                    interleaved::pause();
                }
            });
        }
        threads.add([s] { s->x.store(1, relaxed); });
    });
    CHECK(found.failure == "");
    CHECK(found.is_complete);
}
