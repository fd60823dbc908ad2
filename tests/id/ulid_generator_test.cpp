// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/ulid_generator.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/id/ulid.hpp>

#include "id/duplicates.hpp"
#include "id/monotonic_engine_checks.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::ulid;

namespace {

struct ulids {
    using id = ulid;
    static constexpr test::tail_shape shape{1, 16, 64, false};
    template <class Clock, class Entropy, class Sleeper>
    using generator = coterie::id::ulid_generator<Clock, Entropy, Sleeper>;
    static coterie::id::ulid_options options(const coterie::id::monotonic_options& o) { return o; }
    static test::modelled_id parts(const ulid& x) {
        return {x.timestamp().time_since_epoch().count(),
                test::uint128{x.high() & 0xFFFF} << 64 | x.low()};
    }
};

}  // namespace

TEST_CASE("a generator of ULIDs is one line, and its ids only grow") {
    id::ulid_generator ids;
    const auto before = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    std::vector<ulid> made;
    for (int i = 0; i < 10'000; ++i) made.push_back(ids.next().value());
    const auto after = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    CHECK(std::ranges::is_sorted(made));
    CHECK(std::ranges::adjacent_find(made) == made.end());
    CHECK(made.front().timestamp() >= before);
    CHECK(made.back().timestamp() <= after);
}

TEST_CASE("ULIDs on the seven clock schedules, under each policy, as the model says") {
    test::check_clock_schedules<ulids>();
}

TEST_CASE("ULIDs on any clock under any policy, as the model says") {
    test::check_against_model<ulids>();
}

TEST_CASE("retry_after is when there is a ULID again, and no earlier") {
    test::check_retry_after<ulids>();
}

TEST_CASE("who waits for ULIDs, and for how long") { test::check_waiting<ulids>(); }

TEST_CASE("many ULIDs at once") { test::check_next_n<ulids>(); }

TEST_CASE("no ULID without entropy") { test::check_failing_entropy<ulids>(); }

TEST_CASE("the first and the last millisecond of ULIDs") { test::check_time_bounds<ulids>(); }

TEST_CASE("a child makes other ULIDs than its parent") { test::check_fork<ulids>(); }

TEST_CASE("no ULID without memory") { test::check_no_memory<ulids>(); }

TEST_CASE("a cloned machine makes other ULIDs once it is reseeded") { test::check_reseed<ulids>(); }

TEST_CASE("ULIDs on a coarse clock") { test::check_coarse_clock<ulids>(); }

TEST_CASE("random steps cannot be told from the ids, and are one at least") {
    manual_clock clock(test::some_day);
    id::ulid_generator<manual_clock&> ids({}, clock);
    auto last = ids.next().value();
    std::vector<std::uint64_t> steps;
    for (int i = 0; i < 4096; ++i) {
        const auto next = ids.next().value();
        const auto step =
            static_cast<std::uint64_t>(ulids::parts(next).tail - ulids::parts(last).tail);
        REQUIRE(step >= 1);
        REQUIRE(step <= std::uint64_t{1} << 32);
        steps.push_back(step - 1);
        last = next;
    }
    // Each of the 32 bits is set about half of the time: 2048, and 8 standard deviations are 256.
    for (int bit = 0; bit < 32; ++bit) {
        const auto set =
            std::ranges::count_if(steps, [bit](auto s) { return (s >> bit & 1) != 0; });
        CHECK(set > 2048 - 256);
        CHECK(set < 2048 + 256);
    }
    // Two of 4096 draws of 2^32 are equal once in 500 runs, five pairs never.
    std::ranges::sort(steps);
    CHECK(std::ranges::unique(steps).size() < 5);
}

TEST_CASE("plus one is plus one, with a carry into the upper bits") {
    manual_clock clock(test::some_day);
    test::constant_entropy entropy(std::byte{0xFF});
    id::ulid_generator<manual_clock&, test::constant_entropy&> ids(
        {.increment = id::tail_increment::one}, clock, entropy);
    const auto first = ids.next().value();
    CHECK((first.high() & 0xFFFF) == 0x7FFF);
    CHECK(first.low() == test::all);
    const auto second = ids.next().value();
    CHECK((second.high() & 0xFFFF) == 0x8000);
    CHECK(second.low() == 0);
    CHECK(ids.next().value().low() == 1);
}

TEST_CASE("with headroom a fresh tail has its top bit clear, without it any") {
    manual_clock clock(test::some_day);
    int set = 0;
    id::ulid_generator<manual_clock&> with({}, clock);
    id::ulid_generator<manual_clock&> without({.headroom = false}, clock);
    for (int i = 0; i < 200; ++i) {
        clock.advance(1ms);
        CHECK((with.next().value().high() & 0x8000) == 0);
        set += (without.next().value().high() & 0x8000) != 0 ? 1 : 0;
    }
    CHECK(set > 50);
    CHECK(set < 150);
}

TEST_CASE("generators of four threads make ten million different ULIDs", "[concurrent]") {
    test::hunt_duplicates<ulid>([](std::span<ulid> out) {
        id::ulid_generator ids;
        for (auto& x : out) x = ids.next().value();
    });
}
