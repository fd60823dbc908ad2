// SPDX-License-Identifier: BSL-1.0
#pragma once

// The texts of what a fault has beside its words: shares, drifts, rates, ranges of durations, changes of a
// link, groups of nodes. For the headers beside it. `read_` takes a whole word and returns nothing where it
// is no such text; `append_` writes what `read_` reads.
//
//   read_probability("0.1%");                       // 1'000 in a million
//   append_range(out, {50ms, 200ms});               // 50ms..200ms

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/node_clock.hpp>

namespace coterie::inline v0::sim::detail {

/// Takes the end off a text. Returns: whether it had that end.
[[nodiscard]] constexpr bool strip_end(std::string_view& text, std::string_view end) noexcept {
    if (!text.ends_with(end)) return false;
    text.remove_suffix(end.size());
    return true;
}

struct scaled_unit {
    std::string_view name;
    std::uint64_t factor;
};

inline constexpr scaled_unit rate_units[] = {
    {"GB/s", 1'000'000'000}, {"MB/s", 1'000'000}, {"kB/s", 1'000}, {"B/s", 1}};
inline constexpr scaled_unit drift_units[] = {{"ppm", 1'000}, {"ppb", 1}};

inline constexpr std::uint64_t max_rate = 1'000'000'000'000;
inline constexpr std::uint64_t max_drift = 400'000'000;

/// A whole number and one of the units.
[[nodiscard]] constexpr std::optional<std::uint64_t> read_scaled(std::string_view text,
                                                                 std::span<const scaled_unit> units,
                                                                 std::uint64_t most) noexcept {
    for (const scaled_unit& unit : units) {
        if (!strip_end(text, unit.name)) continue;
        const std::size_t digits = count_digits(text);
        if (digits != text.size()) return {};
        const auto number = read_number(text, digits, most / unit.factor);
        if (!number.has_value()) return {};
        return *number * unit.factor;
    }
    return {};
}

template <class Out>
constexpr void append_scaled(Out& out, std::uint64_t number, std::span<const scaled_unit> units) {
    for (const scaled_unit& unit : units) {
        if (number % unit.factor != 0) continue;
        coterie::detail::append_decimal(out, number / unit.factor);
        return void(out.append(unit.name));
    }
}

[[nodiscard]] constexpr std::optional<probability> read_probability(
    std::string_view text) noexcept {
    if (!strip_end(text, "%")) return {};
    const std::size_t digits = count_digits(text);
    const auto whole = read_number(text, digits, 100);
    if (!whole.has_value()) return {};
    auto millionths = static_cast<std::uint32_t>(*whole * 10'000);
    std::string_view decimals = text.substr(digits);
    if (!decimals.empty()) {
        if (decimals.front() != '.' || decimals.size() == 1 || decimals.size() > 5) return {};
        decimals.remove_prefix(1);
        if (count_digits(decimals) != decimals.size()) return {};
        std::uint32_t unit = 1'000;
        for (const char c : decimals) {
            millionths += static_cast<std::uint32_t>(c - '0') * unit;
            unit /= 10;
        }
    }
    if (millionths > 1'000'000) return {};
    return probability{millionths};
}

template <class Out>
constexpr void append_probability(Out& out, probability p) {
    coterie::detail::append_decimal(out, p.per_million / 10'000);
    std::uint32_t rest = p.per_million % 10'000;
    if (rest != 0) out.push_back('.');
    for (std::uint32_t unit = 1'000; rest != 0; unit /= 10) {
        out.push_back(static_cast<char>('0' + rest / unit));
        rest %= unit;
    }
    out.push_back('%');
}

[[nodiscard]] constexpr std::optional<std::chrono::nanoseconds> read_positive(
    std::string_view text) noexcept {
    const auto d = parse_duration(text);
    return d.has_value() && d->count() > 0 ? std::optional(*d) : std::nullopt;
}

[[nodiscard]] constexpr std::optional<delay_range> read_range(std::string_view text) noexcept {
    const std::size_t dots = text.find("..");
    const auto low = parse_duration(text.substr(0, dots));
    if (!low.has_value() || low->count() < 0) return {};
    if (dots == std::string_view::npos) return delay_range{*low, *low};
    const auto high = parse_duration(text.substr(dots + 2));
    if (!high.has_value() || *high < *low) return {};
    return delay_range{*low, *high};
}

template <class Out>
constexpr void append_range(Out& out, delay_range r) {
    append_duration(out, r.low);
    if (r.low == r.high) return;
    out.append("..");
    append_duration(out, r.high);
}

[[nodiscard]] constexpr std::optional<drift> read_drift(std::string_view text) noexcept {
    const bool slow = text.starts_with('-');
    text.remove_prefix(slow ? 1 : 0);
    const auto magnitude = read_scaled(text, drift_units, max_drift);
    if (!magnitude) return {};
    const auto error = static_cast<std::int64_t>(*magnitude);
    return drift{slow ? -error : error};
}

template <class Out>
constexpr void append_drift(Out& out, drift d) {
    if (d.parts_per_billion < 0) out.push_back('-');
    const auto magnitude = static_cast<std::uint64_t>(d.parts_per_billion);
    append_scaled(out, d.parts_per_billion < 0 ? 0 - magnitude : magnitude, drift_units);
}

template <class Out>
constexpr void append_change(Out& out, const link_change& change) {
    const auto add = [&](std::string_view key, const auto& value, auto append) {
        if (!value) return;
        out.push_back(' ');
        out.append(key);
        out.push_back(' ');
        append(*value);
    };
    const auto share = [&](probability p) { append_probability(out, p); };
    add("loss", change.loss, share);
    add("delay", change.delay, [&](delay_range r) { append_range(out, r); });
    add("duplicate", change.duplicate, share);
    add("corrupt", change.corrupt, share);
    add("bandwidth", change.bytes_per_second,
        [&](std::uint64_t rate) { append_scaled(out, rate, rate_units); });
}

template <class Out>
constexpr void append_groups(Out& out, const std::vector<std::vector<std::string>>& groups) {
    for (const auto& group : groups) {
        if (&group != groups.data()) out.append(" |");
        for (const std::string& name : group) {
            out.push_back(' ');
            out.append(name);
        }
    }
}

}  // namespace coterie::inline v0::sim::detail
