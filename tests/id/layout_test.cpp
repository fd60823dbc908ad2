// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/layout.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string_view>

#include "support/catch.hpp"

// Named, since what a layout has in vain would count as unused in a namespace without a name.
namespace coterie::test::layout {

namespace id = coterie::id;
using id::field_role;
using id::sys_milliseconds;
using std::chrono::milliseconds;

struct sound {
    static constexpr std::string_view name = "sound";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::timestamp(41), id::field::node("worker", 10),
                                       id::field::sequence(12)};
};

struct without_name : sound {
    static constexpr int name = 7;
};
struct without_epoch {
    static constexpr std::string_view name = "without_epoch";
    using unit = std::chrono::milliseconds;
    static constexpr auto fields = sound::fields;
};
struct without_unit {
    static constexpr std::string_view name = "without_unit";
    static constexpr id::sys_milliseconds epoch{};
    static constexpr auto fields = sound::fields;
};
struct unit_is_a_number : sound {
    using unit = int;
};
struct fields_are_numbers : sound {
    static constexpr std::array fields{41U, 10U, 12U};
};
struct without_fields {
    static constexpr std::string_view name = "without_fields";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{};
};
struct epoch_in_days : sound {
    static constexpr std::chrono::sys_days epoch{std::chrono::year{2024} / 1 / 1};
};
struct epoch_too_fine : sound {
    static constexpr std::chrono::sys_time<std::chrono::microseconds> epoch{};
};

static_assert(id::snowflake_layout<sound>);
static_assert(!id::snowflake_layout<without_name>);
static_assert(!id::snowflake_layout<without_epoch>);
static_assert(!id::snowflake_layout<without_unit>);
static_assert(!id::snowflake_layout<unit_is_a_number>);
static_assert(!id::snowflake_layout<fields_are_numbers>);
static_assert(!id::snowflake_layout<without_fields>);
static_assert(!id::snowflake_layout<int>);
static_assert(id::snowflake_layout<epoch_in_days>);
static_assert(!id::snowflake_layout<epoch_too_fine>);
static_assert(id::layout_check<sound>::ok && id::layout_check<epoch_in_days>::ok);

// Several unused runs are no repetition of a name.
struct two_gaps : sound {
    static constexpr std::array fields{id::field::unused(1), id::field::timestamp(41),
                                       id::field::unused(3), id::field::sequence(12)};
};
static_assert(id::layout_check<two_gaps>::ok);

// What is needed at the least, and what is allowed at the most.
struct one_bit : sound {
    static constexpr std::array fields{id::field::timestamp(1)};
};
struct longest_time : sound {
    static constexpr std::array fields{id::field::timestamp(63), id::field::sequence(1)};
};
static_assert(id::layout_check<one_bit>::ok);
static_assert(id::layout_check<longest_time>::ok);

// Whole units of any name, integral or not.
struct in_hours : sound {
    using unit = std::chrono::hours;
};
struct in_real_seconds : sound {
    using unit = std::chrono::duration<double>;
};
struct in_small_seconds : sound {
    using unit = std::chrono::duration<std::int8_t, std::ratio<10>>;
};
static_assert(id::layout_check<in_hours>::ok && id::detail::unit_ms<in_hours> == 3'600'000);
static_assert(id::layout_check<in_real_seconds>::ok &&
              id::detail::unit_ms<in_real_seconds> == 1'000);
static_assert(id::layout_check<in_small_seconds>::ok &&
              id::detail::unit_ms<in_small_seconds> == 10'000);

// The end of the time field, exactly at and just after the last millisecond that the type can say.
struct ends_with_the_type : sound {
    static constexpr std::array fields{id::field::timestamp(62)};
    static constexpr id::sys_milliseconds epoch{milliseconds(std::int64_t{1} << 62)};
};
struct ends_after_the_type : ends_with_the_type {
    static constexpr id::sys_milliseconds epoch{milliseconds((std::int64_t{1} << 62) + 1)};
};
struct sixty_four_bits : sound {
    static constexpr std::array fields{id::field::timestamp(64)};
};
static_assert(id::detail::time_fits<ends_with_the_type>());
static_assert(!id::detail::time_fits<ends_after_the_type>());
static_assert(!id::detail::time_fits<sixty_four_bits>());
static_assert(id::detail::time_fits<longest_time>());

// One fault each.
struct no_bits : sound {
    static constexpr std::array<id::layout_field, 2> fields{id::field::timestamp(41),
                                                            id::field::sequence(0)};
};
struct no_name : sound {
    static constexpr std::array<id::layout_field, 2> fields{id::field::timestamp(41),
                                                            id::field::node("", 3)};
};
struct named_twice : sound {
    static constexpr std::array fields{id::field::node("worker", 5), id::field::timestamp(41),
                                       id::field::node("worker", 5)};
};
struct two_sequences : sound {
    static constexpr std::array fields{id::field::timestamp(41), id::field::sequence(4),
                                       id::field::sequence(4, "increment")};
};
struct node_named_timestamp : sound {
    static constexpr std::array fields{id::field::timestamp(41), id::field::node("timestamp", 4)};
};

static_assert(id::detail::ones(0) == 0 && id::detail::ones(1) == 1 && id::detail::ones(12) == 4095);
static_assert(id::detail::ones(63) == std::numeric_limits<std::uint64_t>::max() / 2);
static_assert(id::detail::ones(64) == std::numeric_limits<std::uint64_t>::max());

static_assert(id::detail::total_bits<sound>() == 63 && id::detail::total_bits<two_gaps>() == 57);
static_assert(id::detail::role_bits<two_gaps>(field_role::unused) == 4);
static_assert(id::detail::role_count<two_gaps>(field_role::unused) == 2);
static_assert(id::detail::role_bits<two_gaps>(field_role::node) == 0);

}  // namespace coterie::test::layout

using namespace coterie::test::layout;

TEST_CASE("layout: the functions that make fields name them and give them their roles") {
    const auto is = [](const id::layout_field& f, std::string_view name, unsigned bits,
                       field_role role) {
        return f.name == name && f.bits == bits && f.role == role;
    };
    CHECK(is(id::field::unused(1), "unused", 1, field_role::unused));
    CHECK(is(id::field::timestamp(41), "timestamp", 41, field_role::timestamp));
    CHECK(is(id::field::node("worker", 5), "worker", 5, field_role::node));
    CHECK(is(id::field::sequence(12), "sequence", 12, field_role::sequence));
    CHECK(is(id::field::sequence(12, "increment"), "increment", 12, field_role::sequence));
}

TEST_CASE("layout: what makes no sense is found, each fault by its own question") {
    CHECK(id::detail::has_empty_field<no_bits>());
    CHECK(id::detail::has_empty_field<no_name>());
    CHECK_FALSE(id::detail::has_empty_field<sound>());
    CHECK(id::detail::has_repeated_name<named_twice>());
    CHECK(id::detail::has_repeated_name<node_named_timestamp>());
    CHECK_FALSE(id::detail::has_repeated_name<two_gaps>());
    CHECK_FALSE(id::detail::has_repeated_name<two_sequences>());
    CHECK(id::detail::role_count<two_sequences>(field_role::sequence) == 2);
}
