// SPDX-License-Identifier: BSL-1.0
#pragma once

// A Snowflake layout is a type: which fields a 64-bit id has, from the most significant bit down, how
// long a unit of its time is, and when its time begins. The compiler checks it. Write your own so:
//
//   struct my_layout {
//       static constexpr std::string_view name = "mine";
//       using unit = std::chrono::milliseconds;
//       static constexpr id::sys_milliseconds epoch{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
//       static constexpr std::array fields{id::field::unused(1), id::field::timestamp(41),
//                                          id::field::node("region", 4), id::field::node("host", 6),
//                                          id::field::sequence(12)};
//   };
//   using my_id = id::snowflake<my_layout>;      // snowflake.hpp
//
// Fields that take fewer than 64 bits together are the low bits; the rest must be zero. The layouts
// that the world uses are in layouts.hpp.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <coterie/id/bits128.hpp>

namespace coterie::inline v0::id {

/// What a field is for.
enum class field_role : std::uint8_t {
    unused,     ///< always zero
    timestamp,  ///< units of time since the epoch
    node,       ///< part of the identity of the maker
    sequence,   ///< distinguishes ids of one maker and one unit of time
};

/// A run of bits of an id.
struct layout_field {
    std::string_view name;
    unsigned bits;
    field_role role;
};

/// Makes the fields of a layout.
namespace field {

constexpr layout_field unused(unsigned bits) noexcept {
    return {"unused", bits, field_role::unused};
}
constexpr layout_field timestamp(unsigned bits) noexcept {
    return {"timestamp", bits, field_role::timestamp};
}
constexpr layout_field node(std::string_view name, unsigned bits) noexcept {
    return {name, bits, field_role::node};
}
constexpr layout_field sequence(unsigned bits, std::string_view name = "sequence") noexcept {
    return {name, bits, field_role::sequence};
}

}  // namespace field

namespace detail {

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// How many bits the fields of one role have together.
template <class Layout>
consteval unsigned role_bits(field_role role) {
    unsigned bits = 0;
    for (const auto& f : Layout::fields) bits += f.role == role ? f.bits : 0;
    return bits;
}

template <class Layout>
consteval unsigned total_bits() {
    unsigned bits = 0;
    for (const auto& f : Layout::fields) bits += f.bits;
    return bits;
}

template <class Layout>
consteval unsigned role_count(field_role role) {
    unsigned count = 0;
    for (const auto& f : Layout::fields) count += f.role == role ? 1 : 0;
    return count;
}

template <class Layout>
consteval bool has_empty_field() {
    for (const auto& f : Layout::fields) {
        if (f.bits == 0 || f.name.empty()) return true;
    }
    return false;
}

template <class Layout>
consteval bool has_repeated_name() {
    for (std::size_t i = 0; i < Layout::fields.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (Layout::fields[i].role != field_role::unused &&
                Layout::fields[i].name == Layout::fields[j].name) {
                return true;
            }
        }
    }
    return false;
}

/// The largest number of `bits` bits; bits is 0 to 64.
constexpr std::uint64_t ones(unsigned bits) noexcept {
    return bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
}

/// Milliseconds in one unit of the layout's time.
template <class Layout>
inline constexpr std::int64_t unit_ms =
    std::chrono::duration_cast<std::chrono::milliseconds>(typename Layout::unit(1)).count();

/// Whether the end of the time field is a time that sys_milliseconds can say.
template <class Layout>
consteval bool time_fits() {
    const std::uint64_t units = ones(role_bits<Layout>(field_role::timestamp));
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto epoch = static_cast<std::uint64_t>(Layout::epoch.time_since_epoch().count());
    return units <= (most - epoch) / static_cast<std::uint64_t>(unit_ms<Layout>);
}

}  // namespace detail

/// A type with the members of a layout. Whether they make sense, layout_check says.
template <class L>
concept snowflake_layout = requires {
    requires detail::is_duration<typename L::unit>;
    { L::epoch } -> std::convertible_to<sys_milliseconds>;
    { L::name } -> std::convertible_to<std::string_view>;
    { L::fields[0] } -> std::convertible_to<layout_field>;
    L::fields.size();
};

/// Rejects a layout that makes no sense, with the reason; `snowflake` instantiates it.
template <snowflake_layout L>
struct layout_check {
    static_assert(!detail::has_empty_field<L>(),
                  "each field of a layout has a name and at least one bit");
    static_assert(detail::total_bits<L>() <= 64,
                  "the fields of a layout have at most 64 bits together");
    static_assert(detail::role_count<L>(field_role::timestamp) == 1,
                  "a layout has exactly one timestamp");
    static_assert(detail::role_count<L>(field_role::sequence) <= 1,
                  "a layout has at most one sequence");
    static_assert(!detail::has_repeated_name<L>(), "the fields of a layout have different names");
    static_assert(detail::unit_ms<L> >= 1 &&
                      std::chrono::milliseconds(detail::unit_ms<L>) == typename L::unit(1),
                  "the unit of a layout is a whole number of milliseconds");
    static_assert(sys_milliseconds(L::epoch) >= sys_milliseconds{},
                  "a layout begins in 1970 or later");
    static_assert(detail::time_fits<L>(),
                  "the layout's time field ends later than its type can say");

    static constexpr bool ok = true;
};

}  // namespace coterie::inline v0::id
