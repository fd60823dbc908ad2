// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/lamport_clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>

#include "id/duplicates.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::causality::atomic_lamport_clock;
using coterie::causality::clock_errc;
using coterie::causality::clock_error;
using coterie::causality::lamport_clock;
using coterie::causality::lamport_timestamp;

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
constexpr std::unexpected exhausted(clock_errc::counter_exhausted);

constexpr std::uint64_t after_a_message() {
    lamport_clock here(6), there;
    return there.receive(here.tick().value()).value();
}
static_assert(after_a_message() == 8);
static_assert(std::is_trivially_copyable_v<lamport_clock> && sizeof(lamport_clock) == 8);
static_assert(!std::is_copy_constructible_v<atomic_lamport_clock>);

}  // namespace

TEST_CASE("a clock error says what, and by how much") {
    using namespace std::chrono_literals;
    const std::array codes{clock_errc::counter_exhausted,    clock_errc::before_epoch,
                           clock_errc::time_exhausted,       clock_errc::remote_too_far_ahead,
                           clock_errc::clock_too_far_behind, clock_errc::mark_busy,
                           clock_errc::mark_failed};
    std::set<std::string> texts;
    for (const auto code : codes) texts.insert(coterie::to_string(code));
    CHECK(texts.size() == codes.size());
    CHECK(coterie::to_string(static_cast<clock_errc>(99)) == "unknown clock error");
    CHECK_FALSE(texts.contains("unknown clock error"));
    CHECK(coterie::to_string(clock_error{clock_errc::remote_too_far_ahead, 998999ms}) ==
          "remote timestamp too far ahead, by 998999 ms");
    CHECK(coterie::to_string(clock_error{clock_errc::before_epoch}) ==
          "physical clock before 1970");
    CHECK(coterie::to_string(clock_error{clock_errc::before_epoch, -1ms}) ==
          "physical clock before 1970");
}

TEMPLATE_TEST_CASE("a Lamport clock counts events, and goes past what it receives", "",
                   lamport_clock, atomic_lamport_clock) {
    TestType clock;
    CHECK(clock.time() == 0);
    CHECK(clock.tick() == 1U);
    CHECK(clock.tick() == 2U);
    CHECK(clock.receive(7) == 8U);
    CHECK(clock.receive(3) == 9U);
    CHECK(clock.receive(9) == 10U);
    CHECK(clock.receive(0) == 11U);
    CHECK(clock.time() == 11);
    TestType resumed(41);
    CHECK(resumed.time() == 41);
    CHECK(resumed.tick() == 42U);
}

TEMPLATE_TEST_CASE("a Lamport clock never wraps", "", lamport_clock, atomic_lamport_clock) {
    TestType clock(most - 2);
    CHECK(clock.receive(most) == exhausted);
    CHECK(clock.time() == most - 2);
    CHECK(clock.tick() == most - 1);
    CHECK(clock.receive(most - 1) == most);
    CHECK(clock.tick() == exhausted);
    CHECK(clock.receive(5) == exhausted);
    CHECK(clock.receive(most) == exhausted);
    CHECK(clock.time() == most);
}

TEST_CASE("a Lamport clock is a value") {
    lamport_clock a(5);
    lamport_clock b = a;
    CHECK(a == b);
    CHECK(b.tick() == 6U);
    CHECK(a.time() == 5);
    CHECK(a != b);
}

TEST_CASE("Lamport timestamps are in a total order: by time, then by replica") {
    using stamp = lamport_timestamp<std::string>;
    const std::vector<stamp> sorted{{0, ""}, {1, "a"}, {1, "b"}, {2, "a"}, {most, ""}, {most, "z"}};
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        for (std::size_t j = 0; j < sorted.size(); ++j) {
            CHECK((sorted[i] <=> sorted[j]) == (i <=> j));
            CHECK((sorted[i] == sorted[j]) == (i == j));
        }
    }
    STATIC_REQUIRE(lamport_timestamp<int>{} == lamport_timestamp<int>{0, 0});
}

TEST_CASE("a Lamport timestamp on the wire is its time, then its replica") {
    using stamp = lamport_timestamp<std::string>;
    const auto bytes = coterie::encode(stamp{300, "ab"});
    CHECK(bytes.size() == 2 + 1 + 2);
    CHECK(coterie::decode<stamp>(bytes) == stamp{300, "ab"});
    CHECK(coterie::decode<stamp>(coterie::encode(stamp{most, ""})) == stamp{most, ""});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(coterie::decode<stamp>(std::span(bytes).first(size)).has_value());
    }
}

TEST_CASE("what happened before has a smaller Lamport time, in random runs") {
    std::mt19937_64 random(coterie::test::seed());
    constexpr std::size_t processes = 5;
    struct event {
        std::uint64_t time;
        std::array<std::uint32_t, processes> known;  // of each process, how many events
        std::size_t process;
    };
    for (int run = 0; run < 20; ++run) {
        std::array<lamport_clock, processes> clocks;
        std::array<std::array<std::uint32_t, processes>, processes> known{};
        std::vector<event> events;
        for (int step = 0; step < 200; ++step) {
            const std::size_t here = random() % processes;
            std::uint64_t time = 0;
            if (!events.empty() && random() % 2 == 0) {
                const event& message = events[random() % events.size()];
                time = clocks[here].receive(message.time).value();
                for (std::size_t i = 0; i < processes; ++i) {
                    known[here][i] = std::max(known[here][i], message.known[i]);
                }
            } else {
                time = clocks[here].tick().value();
            }
            ++known[here][here];
            events.push_back({time, known[here], here});
        }
        bool holds = true;
        for (const event& a : events) {
            for (const event& b : events) {
                if (&a == &b || b.known[a.process] < a.known[a.process]) continue;
                holds = holds && a.time < b.time;
            }
        }
        REQUIRE(holds);
    }
}

TEST_CASE("threads share a Lamport clock, and no two get the same time", "[concurrent]") {
    atomic_lamport_clock clock;
    coterie::test::hunt_duplicates<std::uint64_t>([&clock](auto out) {
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            // Every other one receives what this thread saw last, which others may be past or not.
            out[i] = (i % 2 == 0 ? clock.tick() : clock.receive(seen)).value();
            seen = out[i];
        }
    });
    CHECK(clock.time() == coterie::test::ids_to_hunt);
}

TEST_CASE("threads that use up a Lamport clock are all told", "[concurrent]") {
    atomic_lamport_clock clock(most - 1000);
    std::array<std::size_t, 4> made{};
    {
        std::vector<std::jthread> running;
        for (auto& mine : made) {
            running.emplace_back([&clock, &mine] {
                while (clock.tick().has_value()) ++mine;
            });
        }
    }
    CHECK(made[0] + made[1] + made[2] + made[3] == 1000);
    CHECK(clock.time() == most);
}
