// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes everything in the library that has a text form formattable by std::format, where the standard
// library has <format>; else this header does nothing. adapt/fmt.hpp does the same for {fmt}.

#include <version>

#ifdef __cpp_lib_format

#include <format>
#include <string_view>

#include <coterie/core/text.hpp>

/// Formats by the text form; format specifications are those of a string.
template <coterie::text_form T>
struct std::formatter<T> {
    template <class Context>
    constexpr auto parse(Context& context) {
        return text_.parse(context);
    }

    template <class Context>
    auto format(const T& x, Context& context) const {
        return coterie::with_text(
            x, [&](std::string_view text) { return text_.format(text, context); });
    }

private:
    // A member and not a base: what a range of strings does to their formatter (quotes) is not for ids.
    std::formatter<std::string_view> text_;
};

#ifdef __cpp_lib_format_ranges
/// Not a range to std::format, so that the library makes no second formatter for it.
template <coterie::text_form T>
constexpr auto std::format_kind<T> = std::range_format::disabled;
#endif

#endif
