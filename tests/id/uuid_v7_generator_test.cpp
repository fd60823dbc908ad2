// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/uuid_v7_generator.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include <coterie/core/clock.hpp>
#include <coterie/id/uuid.hpp>

#include "id/duplicates.hpp"
#include "id/monotonic_engine_checks.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::uuid;
using coterie::id::uuid_v7_method;

namespace {

template <uuid_v7_method Method, int KeysPerMs, int HighBits, bool HasCounter>
struct uuids {
    using id = uuid;
    static constexpr test::tail_shape shape{KeysPerMs, HighBits, 62, HasCounter};
    template <class Clock, class Entropy, class Sleeper>
    using generator = coterie::id::uuid_v7_generator<Clock, Entropy, Sleeper>;
    static coterie::id::uuid_v7_options options(const coterie::id::monotonic_options& o) {
        return {
            .method = Method, .clock = o.clock, .increment = o.increment, .headroom = o.headroom};
    }
    static test::modelled_id parts(const uuid& x) {
        REQUIRE(x.version() == 7);
        REQUIRE(x.low() >> 62 == 2);
        const auto ms = static_cast<std::int64_t>(x.high() >> 16);
        const std::uint64_t rand_a = x.high() & 0xFFF;
        const std::uint64_t rand_b = x.low() & ~std::uint64_t{0} >> 2;
        if (KeysPerMs == 4096) return {ms * 4096 + static_cast<std::int64_t>(rand_a), rand_b};
        return {ms, test::uint128{rand_a} << 62 | rand_b};
    }
};

using by_counter = uuids<uuid_v7_method::fixed_length_counter, 1, 12, true>;
using by_chance = uuids<uuid_v7_method::monotonic_random, 1, 12, false>;
using by_precision = uuids<uuid_v7_method::increased_clock_precision, 4096, 0, false>;

}  // namespace

TEMPLATE_TEST_CASE("UUIDv7 on the clock schedules, under each policy, as the model says", "",
                   by_counter, by_chance, by_precision) {
    test::check_clock_schedules<TestType>();
}

TEMPLATE_TEST_CASE("UUIDv7 on any clock under any policy, as the model says", "", by_counter,
                   by_chance, by_precision) {
    test::check_against_model<TestType>();
}

TEMPLATE_TEST_CASE("retry_after is when there is a UUIDv7 again, and no earlier", "", by_counter,
                   by_chance, by_precision) {
    test::check_retry_after<TestType>();
}

TEMPLATE_TEST_CASE("who waits for UUIDs, and for how long", "", by_counter, by_chance,
                   by_precision) {
    test::check_waiting<TestType>();
}

TEMPLATE_TEST_CASE("many UUIDv7 at once", "", by_counter, by_chance, by_precision) {
    test::check_next_n<TestType>();
}

TEMPLATE_TEST_CASE("no UUIDv7 without entropy", "", by_counter, by_chance, by_precision) {
    test::check_failing_entropy<TestType>();
}

TEMPLATE_TEST_CASE("the first and the last millisecond of UUIDv7", "", by_counter, by_chance,
                   by_precision) {
    test::check_time_bounds<TestType>();
}

TEMPLATE_TEST_CASE("a child makes other UUIDs than its parent", "", by_counter, by_chance,
                   by_precision) {
    test::check_fork<TestType>();
}

TEMPLATE_TEST_CASE("no UUIDv7 without memory", "", by_counter, by_chance, by_precision) {
    test::check_no_memory<TestType>();
}

TEMPLATE_TEST_CASE("a cloned machine makes other UUIDs once it is reseeded", "", by_counter,
                   by_chance, by_precision) {
    test::check_reseed<TestType>();
}

TEMPLATE_TEST_CASE("UUIDv7 on a coarse clock", "", by_counter, by_chance, by_precision) {
    test::check_coarse_clock<TestType>();
}

TEST_CASE("a UUIDv7 says what its method puts where") {
    manual_clock clock(test::some_day + 500us);
    test::constant_entropy entropy(std::byte{0x5A});
    const auto make = [&](uuid_v7_method method) {
        id::uuid_v7_generator<manual_clock&, test::constant_entropy&> ids({.method = method}, clock,
                                                                          entropy);
        return ids.next().value();
    };
    // 2026-02-03T00:00:00Z is 0x019c20cc8400 ms.
    CHECK(make(uuid_v7_method::fixed_length_counter).to_string() ==
          "019c20cc-8400-725a-9a5a-5a5a5a5a5a5a");
    CHECK(make(uuid_v7_method::monotonic_random).to_string() ==
          "019c20cc-8400-725a-9a5a-5a5a5a5a5a5a");
    CHECK(make(uuid_v7_method::increased_clock_precision).to_string() ==
          "019c20cc-8400-7800-9a5a-5a5a5a5a5a5a");
}

TEST_CASE("a counter leaves its other bits fresh") {
    manual_clock clock(test::some_day);
    id::uuid_v7_generator<manual_clock&> ids({.method = uuid_v7_method::fixed_length_counter},
                                             clock);
    std::set<std::uint64_t> tails;
    const auto first = ids.next().value();
    for (std::uint64_t i = 1; i < 1000; ++i) {
        const auto next = ids.next().value();
        CHECK((next.high() & 0xFFF) == (first.high() & 0xFFF) + i);
        CHECK(tails.insert(next.low()).second);
    }
}

TEST_CASE("generators of four threads make ten million different UUIDs", "[concurrent]") {
    test::hunt_duplicates<uuid>([](std::span<uuid> out) {
        id::uuid_v7_generator ids;
        for (auto& x : out) x = ids.next().value();
    });
}
