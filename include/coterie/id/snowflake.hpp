// SPDX-License-Identifier: BSL-1.0
#pragma once

// A Snowflake: a 64-bit id of a time, the node that made it, and a sequence number. Take it where a key
// must fit a 64-bit integer and nodes can be numbered; where numbering is a burden, a ulid needs none.
// How the bits are shared out is a layout (layout.hpp): Twitter's, Discord's, your own.
//
//   auto tweet = id::snowflake<id::layouts::twitter>::from_value(1541815603606036480).value();
//   tweet.timestamp();    // 2022-06-28 16:07:40.105
//   tweet.datacenter();   // 11; does not compile for a layout without a datacenter
//   tweet.get<"worker">() // 26; any field, by its name
//
// Order is by value: that of time where the timestamp is the topmost field, and that of the decimal
// texts only among texts of equal length. JavaScript's numbers hold 53 bits: send others as text.
// Source: Twitter, "Announcing Snowflake", 2010, and each layout's own.

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <coterie/core/error.hpp>
#include <coterie/core/text.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/field_places.hpp>
#include <coterie/id/layout.hpp>

namespace coterie::inline v0::id {

namespace detail {

/// Makes an id of bits that are known to be in range.
struct unchecked;

}  // namespace detail

/// A 64-bit id of the given layout. A regular type; the default is the value zero.
template <snowflake_layout Layout>
class snowflake {
    static_assert(layout_check<Layout>::ok);

public:
    using layout = Layout;

    static constexpr unsigned total_bits = detail::total_bits<Layout>();
    static constexpr unsigned timestamp_bits = detail::role_bits<Layout>(field_role::timestamp);
    static constexpr unsigned node_bits = detail::role_bits<Layout>(field_role::node);
    static constexpr unsigned sequence_bits = detail::role_bits<Layout>(field_role::sequence);

    /// Whether ids of this layout sort by time: nothing but unused bits stands above the timestamp.
    static constexpr bool sorts_by_time = detail::sorts_by_time<Layout>();

    /// The largest value that the layout allows: its unused bits are zero.
    static constexpr std::uint64_t max_value = [] {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < Layout::fields.size(); ++i) {
            const auto& f = Layout::fields[i];
            if (f.role != field_role::unused)
                bits |= detail::ones(f.bits) << detail::shift_of<Layout>(i);
        }
        return bits;
    }();

    /// No id has more decimal digits.
    static constexpr std::size_t max_text_size = 20;

    constexpr snowflake() = default;

    /// The id of a number. Errors: out_of_range where a bit is set that the layout leaves unused.
    [[nodiscard]] static constexpr std::expected<snowflake, parse_error> from_value(
        std::uint64_t value) noexcept;

    /// As `from_value`, for constants: a number that is out of range does not compile.
    [[nodiscard]] static consteval snowflake constant(std::uint64_t value);

    /// Reads a decimal number without sign, space or leading zeros.
    ///
    /// Errors: wrong_length (nothing, or more than 20 digits), invalid_character, not_canonical (a
    /// leading zero), out_of_range (too large for the layout). Never reads past `text`.
    [[nodiscard]] static constexpr std::expected<snowflake, parse_error> parse(
        std::string_view text) noexcept;

    /// Its 8 bytes, big-endian. Errors: as from_value.
    [[nodiscard]] static constexpr std::expected<snowflake, parse_error> from_bytes(
        std::span<const std::byte, 8> bytes) noexcept;

    /// The id of a time (rounded down to the layout's unit), a node and a sequence number; a node of
    /// several fields is their bits side by side. Pass 0 where the layout has no such field.
    /// Errors: before_epoch, time_exhausted, node_too_large, sequence_too_large.
    [[nodiscard]] static constexpr std::expected<snowflake, id_errc> compose(
        sys_milliseconds t, std::uint64_t node, std::uint64_t sequence) noexcept;

    /// The smallest id of the unit of time that `t` is in: where a scan of a table by time begins.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<snowflake, id_errc> min_at(
        sys_milliseconds t) noexcept
        requires(sorts_by_time)
    {
        return compose(t, 0, 0);
    }

    /// The largest id of the unit of time that `t` is in: where a scan of a table by time ends, included.
    /// Errors: before_epoch, time_exhausted.
    [[nodiscard]] static constexpr std::expected<snowflake, id_errc> max_at(
        sys_milliseconds t) noexcept
        requires(sorts_by_time)
    {
        return compose(t, detail::ones(node_bits), detail::ones(sequence_bits));
    }

    /// When it was made, by the clock of its maker; as exact as the layout's unit.
    [[nodiscard]] constexpr sys_milliseconds timestamp() const noexcept;

    /// The node that made it: all its node fields side by side.
    [[nodiscard]] constexpr std::uint64_t node() const noexcept
        requires(node_bits > 0);

    /// The sequence number, whatever the layout calls it.
    [[nodiscard]] constexpr std::uint64_t sequence() const noexcept
        requires(sequence_bits > 0)
    {
        return field_value<detail::role_index<Layout>(field_role::sequence)>();
    }

    /// A field by the name that the layout gives it.
    template <detail::fixed_string Name>
    [[nodiscard]] constexpr std::uint64_t get() const noexcept
        requires detail::has_field<Layout, Name>
    {
        return field_value<detail::field_index<Layout>(Name.view())>();
    }

    /// The names that published layouts use; each exists only where the layout has the field.
    [[nodiscard]] constexpr std::uint64_t datacenter() const noexcept
        requires detail::has_field<Layout, "datacenter">
    {
        return get<"datacenter">();
    }
    [[nodiscard]] constexpr std::uint64_t worker() const noexcept
        requires detail::has_field<Layout, "worker">
    {
        return get<"worker">();
    }
    [[nodiscard]] constexpr std::uint64_t process() const noexcept
        requires detail::has_field<Layout, "process">
    {
        return get<"process">();
    }
    [[nodiscard]] constexpr std::uint64_t increment() const noexcept
        requires detail::has_field<Layout, "increment">
    {
        return get<"increment">();
    }
    [[nodiscard]] constexpr std::uint64_t shard() const noexcept
        requires detail::has_field<Layout, "shard">
    {
        return get<"shard">();
    }
    [[nodiscard]] constexpr std::uint64_t machine() const noexcept
        requires detail::has_field<Layout, "machine">
    {
        return get<"machine">();
    }

    /// The number itself.
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

    /// Its 8 bytes, big-endian: in the order of the ids.
    [[nodiscard]] constexpr std::array<std::byte, 8> bytes() const noexcept;

    /// Writes the number in decimal, without leading or terminating zeros. Returns: the end.
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept;
    [[nodiscard]] constexpr std::string to_string() const { return coterie::to_string(*this); }

    /// What std::hash gives.
    [[nodiscard]] constexpr std::size_t hash() const noexcept {
        return static_cast<std::size_t>(detail::mix64(value_ + 0x9E3779B97F4A7C15U));
    }

    friend constexpr auto operator<=>(const snowflake&, const snowflake&) = default;

private:
    friend struct detail::unchecked;

    explicit constexpr snowflake(std::uint64_t value) noexcept : value_(value) {}

    template <std::size_t Index>
    [[nodiscard]] constexpr std::uint64_t field_value() const noexcept {
        return value_ >> detail::shift_of<Layout>(Index) & detail::ones(Layout::fields[Index].bits);
    }

    std::uint64_t value_ = 0;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

struct unchecked {
    template <class Layout>
    static constexpr snowflake<Layout> make(std::uint64_t value) noexcept {
        return snowflake<Layout>(value);
    }
};

/// Calls `f` with each index of the layout's fields, from the top down, as a constant.
template <class Layout, class F>
constexpr void for_each_field(F&& f) {
    [&f]<std::size_t... I>(std::index_sequence<I...>) {
        (f(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<Layout::fields.size()>{});
}

/// The bits of a value in the fields of a role: those of several side by side, the lowest in the last.
template <class Layout>
constexpr std::uint64_t place_role(field_role role, std::uint64_t value) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = Layout::fields.size(); i-- > 0;) {
        const layout_field& f = Layout::fields[i];
        if (f.role != role) continue;
        bits |= (value & ones(f.bits)) << shift_of<Layout>(i);
        value = f.bits < 64 ? value >> f.bits : 0;
    }
    return bits;
}

}  // namespace detail

template <snowflake_layout Layout>
constexpr std::expected<snowflake<Layout>, parse_error> snowflake<Layout>::from_value(
    std::uint64_t value) noexcept {
    if ((value & ~max_value) != 0) return std::unexpected(parse_error{parse_errc::out_of_range, 0});
    return snowflake(value);
}

template <snowflake_layout Layout>
consteval snowflake<Layout> snowflake<Layout>::constant(std::uint64_t value) {
    if ((value & ~max_value) != 0) detail::invalid_id_literal();
    return snowflake(value);
}

template <snowflake_layout Layout>
constexpr std::expected<snowflake<Layout>, parse_error> snowflake<Layout>::parse(
    std::string_view text) noexcept {
    if (text.empty() || text.size() > max_text_size) {
        return detail::wrong_length(text.size(), max_text_size);
    }
    std::uint64_t value = 0;
    bool overflow = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return std::unexpected(parse_error{parse_errc::invalid_character, i});
        }
        const auto digit = static_cast<std::uint64_t>(text[i] - '0');
        overflow = overflow || value > (~std::uint64_t{0} - digit) / 10;
        value = value * 10 + digit;
    }
    if (text.size() > 1 && text.front() == '0') {
        return std::unexpected(parse_error{parse_errc::not_canonical, 0});
    }
    if (overflow) return std::unexpected(parse_error{parse_errc::out_of_range, 0});
    return from_value(value);
}

template <snowflake_layout Layout>
constexpr std::expected<snowflake<Layout>, parse_error> snowflake<Layout>::from_bytes(
    std::span<const std::byte, 8> bytes) noexcept {
    return from_value(detail::load<std::uint64_t, std::endian::big>(bytes.data()));
}

template <snowflake_layout Layout>
constexpr std::expected<snowflake<Layout>, id_errc> snowflake<Layout>::compose(
    sys_milliseconds t, std::uint64_t node, std::uint64_t sequence) noexcept {
    constexpr sys_milliseconds epoch = Layout::epoch;
    if (t < epoch) return std::unexpected(id_errc::before_epoch);
    const auto units = static_cast<std::uint64_t>((t - epoch).count()) /
                       static_cast<std::uint64_t>(detail::unit_ms<Layout>);
    if (units > detail::ones(timestamp_bits)) return std::unexpected(id_errc::time_exhausted);
    if (node > detail::ones(node_bits)) return std::unexpected(id_errc::node_too_large);
    if (sequence > detail::ones(sequence_bits)) return std::unexpected(id_errc::sequence_too_large);

    return snowflake(detail::place_role<Layout>(field_role::timestamp, units) |
                     detail::place_role<Layout>(field_role::node, node) |
                     detail::place_role<Layout>(field_role::sequence, sequence));
}

template <snowflake_layout Layout>
constexpr sys_milliseconds snowflake<Layout>::timestamp() const noexcept {
    const std::uint64_t units = field_value<detail::role_index<Layout>(field_role::timestamp)>();
    return sys_milliseconds(Layout::epoch) +
           std::chrono::milliseconds(static_cast<std::int64_t>(units) * detail::unit_ms<Layout>);
}

template <snowflake_layout Layout>
constexpr std::uint64_t snowflake<Layout>::node() const noexcept
    requires(node_bits > 0)
{
    std::uint64_t node = 0;
    detail::for_each_field<Layout>([&](auto index) {
        constexpr const layout_field& f = Layout::fields[index];
        if constexpr (f.role == field_role::node) node = node << f.bits | field_value<index>();
    });
    return node;
}

template <snowflake_layout Layout>
constexpr std::array<std::byte, 8> snowflake<Layout>::bytes() const noexcept {
    std::array<std::byte, 8> out{};
    detail::store<std::endian::big>(value_, out.data());
    return out;
}

template <snowflake_layout Layout>
constexpr char* snowflake<Layout>::to_chars(std::span<char, max_text_size> out) const noexcept {
    char digits[max_text_size] = {};
    std::size_t size = 0;
    std::uint64_t rest = value_;
    do {
        digits[size++] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    for (std::size_t i = 0; i < size; ++i) out[i] = digits[size - 1 - i];
    return out.data() + size;
}

}  // namespace coterie::inline v0::id

template <class Layout>
struct std::hash<coterie::id::snowflake<Layout>> {
    constexpr std::size_t operator()(const coterie::id::snowflake<Layout>& x) const noexcept {
        return x.hash();
    }
};
