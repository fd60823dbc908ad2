// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/dedup_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/dedup_wire.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::dedup_snapshot;
using retry::dedup_window;

namespace {

constexpr steady_time start(1000s);

}  // namespace

TEST_CASE("a key is new once, until it is forgotten") {
    dedup_window<std::string> seen({.remember_for = 10s, .capacity = 100});
    CHECK(seen.insert("a", start));
    CHECK(!seen.insert("a", start));
    CHECK(!seen.insert("a", start + 10s - 1ns));  // which makes it no younger
    CHECK(seen.insert("a", start + 10s));
    CHECK(seen.size() == 1);
    CHECK(seen.forgotten_until() == steady_time::min());
}

TEST_CASE("where there is no room the oldest goes, and that is told") {
    dedup_window<int> seen({.remember_for = 1h, .capacity = 3});
    for (int i = 0; i < 5; ++i) CHECK(seen.insert(i, start + i * 1s));
    CHECK(seen.size() == 3);
    CHECK(seen.forgotten_until() == start + 1s);
    for (int i = 2; i < 5; ++i) CHECK(!seen.insert(i, start + 9s));
    CHECK(seen.insert(0, start + 9s));
    CHECK(seen.forgotten_until() == start + 2s);
}

TEST_CASE("a clock that steps back forgets nothing early") {
    dedup_window<int> seen({.remember_for = 10s, .capacity = 100});
    CHECK(seen.insert(1, start));
    CHECK(seen.insert(2, start - 1h));  // as if at `start`
    CHECK(!seen.insert(2, start + 9s));
    CHECK(!seen.insert(1, steady_time::min()));
    CHECK(seen.insert(2, start + 10s));
}

TEST_CASE("a window does what a list of keys and times does") {
    rng random(test::seed(), "dedup");
    for (int run = 0; run < 100; ++run) {
        const auto capacity = uniform_between(random, std::size_t{1}, std::size_t{12});
        dedup_window<int> seen({.remember_for = 100ms, .capacity = capacity});
        std::vector<std::pair<int, steady_time>> expected;
        steady_time now = start, latest = steady_time::min();
        for (int i = 0; i < 500; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, -5, 20));
            latest = std::max(latest, now);
            const int key = uniform_between(random, 0, 20);
            std::erase_if(expected, [&](const auto& e) { return latest - e.second >= 100ms; });
            const bool is_new = std::none_of(expected.begin(), expected.end(),
                                             [&](const auto& e) { return e.first == key; });
            if (is_new) expected.emplace_back(key, latest);
            if (expected.size() > capacity) expected.erase(expected.begin());
            REQUIRE(seen.insert(key, now) == is_new);
            REQUIRE(seen.size() == expected.size());
        }
    }
}

TEST_CASE("a window that is restored from its bytes goes on as the other would have") {
    rng random(test::seed(), "restored");
    // The new process has a clock of its own, which shows less, or more.
    const steady_time elsewhere[] = {steady_time{}, start - 900s, start + 1h};
    for (int run = 0; run < 60; ++run) {
        const auto capacity = uniform_between(random, std::size_t{1}, std::size_t{12});
        const retry::dedup_options options{.remember_for = 100ms, .capacity = capacity};
        dedup_window<int> first(options);
        steady_time now = start;
        for (int i = uniform_between(random, 0, 60); i > 0; --i) {
            now += std::chrono::milliseconds(uniform_between(random, -5, 20));
            (void)first.insert(uniform_between(random, 0, 20), now);
        }
        now = start + 2s;  // after every time so far
        now -= std::chrono::milliseconds(uniform_between(random, 0, 2000));
        const auto bytes = encode(first.snapshot(now));
        const auto snapshot = decode<dedup_snapshot<int>>(bytes).value();
        CHECK(snapshot == first.snapshot(now));
        for (const steady_time then : elsewhere) {
            dedup_window<int> copy(options, snapshot, then);
            CHECK(copy.snapshot(then) == snapshot);
            CHECK(copy.size() == snapshot.seen.size());
            for (int key = 0; key <= 20; ++key) {
                const bool is_known = std::any_of(snapshot.seen.begin(), snapshot.seen.end(),
                                                  [&](const auto& e) { return e.key == key; });
                dedup_window<int> asked(options, snapshot, then);
                CHECK(asked.insert(key, then) == !is_known);
            }
        }
    }
}

TEST_CASE("ages go on in the new process, and what was forgotten stays so") {
    const retry::dedup_options options{.remember_for = 10s, .capacity = 3};
    dedup_window<std::string> seen(options);
    for (const char* key : {"a", "b", "c", "d"}) CHECK(seen.insert(key, start));
    const auto snapshot = seen.snapshot(start + 4s);
    CHECK(snapshot.forgotten_for == 4s);
    CHECK(snapshot.seen.size() == 3);
    CHECK(snapshot.seen.front() == dedup_snapshot<std::string>::entry{4s, "b"});

    dedup_window<std::string> again(options, snapshot, steady_time(1s));
    CHECK(again.forgotten_until() == steady_time(-3s));
    CHECK(!again.insert("b", steady_time(7s - 1ns)));
    CHECK(again.insert("b", steady_time(7s)));

    CHECK(seen.snapshot(start + 10s) == dedup_snapshot<std::string>{{}, 10s});
    // Less room, less time
    const dedup_window<std::string> small({.remember_for = 10s, .capacity = 2}, snapshot, start);
    CHECK((small.size() == 2 && small.forgotten_until() == start - 4s));
    const dedup_window<std::string> brief({.remember_for = 4s, .capacity = 3}, snapshot, start);
    CHECK((brief.size() == 0 && brief.forgotten_until() == steady_time::min()));
    // The times of both ends: no overflow.
    const dedup_snapshot<std::string> oldest{{{std::chrono::nanoseconds::max(), "x"}},
                                             std::chrono::nanoseconds::max()};
    for (const auto now : {steady_time::min(), steady_time::max()}) {
        const dedup_window<std::string> w(
            {.remember_for = std::chrono::nanoseconds::max(), .capacity = 3}, oldest, now);
        CHECK(w.size() == 0);
    }
}

TEST_CASE(
    "whatever restarts with whatever options, what is taken for new is new or said to be "
    "forgotten") {
    rng random(test::seed(), "dedup model");
    int forgotten = 0;
    for (int run = 0; run < 300; ++run) {
        retry::dedup_options options;
        const auto choose = [&] {
            options = {.remember_for = std::chrono::milliseconds(uniform_between(random, 1, 200)),
                       .capacity = uniform_between(random, std::size_t{1}, std::size_t{12})};
        };
        choose();
        std::optional<dedup_window<int>> window(std::in_place, options);
        std::map<int, steady_time> seen;  // by a memory without bounds
        steady_time now = start;
        for (int i = 0; i < 100; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, 0, 10));
            if (bernoulli(random, 0.1)) {
                if (bernoulli(random, 0.7)) choose();
                const auto bytes = encode(window->snapshot(now));
                window.emplace(options, decode<dedup_snapshot<int>>(bytes).value(), now);
                continue;
            }
            const int key = uniform_between(random, 0, 20);
            const bool is_new = window->insert(key, now);
            const auto [at, is_first] = seen.try_emplace(key, now);
            if (!is_new) {
                REQUIRE(!is_first);
            } else if (!is_first) {
                const bool has_expired = at->second <= now - options.remember_for;
                REQUIRE((has_expired || at->second <= window->forgotten_until()));
                forgotten += has_expired ? 0 : 1;
                at->second = now;
            }
        }
    }
    CHECK(forgotten > 100);
}

TEST_CASE("the bytes of a snapshot, and what is not one") {
    const dedup_snapshot<std::string> snapshot{{{300ns, "a"}, {300ns, "b"}, {0ns, "c"}}, 301ns};
    const auto bytes = encode(snapshot);
    const unsigned char golden[] = {0,    1, 0xad, 2,   3,  // version, forgotten, 301; three keys
                                    0xac, 2, 1,    'a',     // 300
                                    0xac, 2, 1,    'b',     //
                                    0,    1, 'c'};
    CHECK(std::equal(bytes.begin(), bytes.end(), std::as_bytes(std::span(golden)).begin(),
                     std::as_bytes(std::span(golden)).end()));
    CHECK(decode<dedup_snapshot<std::string>>(bytes) == snapshot);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        CHECK(!decode<dedup_snapshot<std::string>>(std::span(bytes).first(cut)).has_value());

    const auto fails = [](const dedup_snapshot<std::string>& x) {
        return decode<dedup_snapshot<std::string>>(encode(x)).error().code;
    };
    CHECK(fails({{{1ns, "a"}, {2ns, "b"}}, {}}) == decode_errc::invalid_value);
    CHECK(fails({{{-1ns, "a"}}, {}}) == decode_errc::out_of_range);
    CHECK(fails({{}, -1ns}) == decode_errc::out_of_range);
    // A key that comes twice is one key.
    const dedup_window<std::string> twice({}, {{{2ns, "a"}, {1ns, "a"}}, {}}, start);
    CHECK(twice.size() == 1);
}
