// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes everything in the library that has a text form formattable by {fmt}: ids, errors, enums, and
// your own types that satisfy `text_form` (core/text.hpp). Format specifications are those of a string.
//
//   fmt::print("{:>40}", coterie::id::ulid::parse(text).value());
//
// Works beside <fmt/ranges.h>, in whatever order they are included: a type that is both a range and has
// a text form is printed by its text form. Needs fmt 9 or later.

#include <string_view>

#include <fmt/format.h>

#include <coterie/core/text.hpp>

FMT_BEGIN_NAMESPACE
template <typename T, typename Char>
struct is_range;
FMT_END_NAMESPACE

/// Not a range to {fmt}, so that <fmt/ranges.h> makes no second formatter for it.
template <coterie::text_form T, typename Char>
struct fmt::is_range<T, Char> {
    static constexpr bool value = false;
};

/// Formats by the text form.
template <coterie::text_form T>
struct fmt::formatter<T> {
    constexpr auto parse(fmt::format_parse_context& context) { return text_.parse(context); }

    auto format(const T& x, fmt::format_context& context) const {
        return coterie::with_text(
            x, [&](std::string_view text) { return text_.format(text, context); });
    }

private:
    // A member and not a base: what a range of strings does to their formatter (quotes) is not for ids.
    fmt::formatter<std::string_view> text_;
};
