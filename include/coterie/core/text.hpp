// SPDX-License-Identifier: BSL-1.0
#pragma once

// What it takes to be printable, and `to_string` for all that is. A type has a text form in one of
// three ways, whichever fits it:
//   - `x.to_chars(span<char, X::max_text_size>)` writes a bounded text and returns its end (ids);
//   - `x.append_to(string)` appends a text of any length (errors, later vector clocks and CRDTs);
//   - `describe(e)` gives a static phrase (enums).
// adapt/fmt.hpp and adapt/format.hpp make every such type formattable.

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>

namespace coterie::inline v0 {

/// A type whose text has at most `T::max_text_size` characters and is written in place.
template <class T>
concept bounded_text = requires(const T& x, std::span<char, T::max_text_size> out) {
    { x.to_chars(out) } noexcept -> std::same_as<char*>;
};

/// A type that appends its text to a string.
template <class T>
concept appendable_text = requires(const T& x, std::string& out) { x.append_to(out); };

/// A type with a text form, in one of the three ways.
template <class T>
concept text_form = bounded_text<T> || appendable_text<T> || described_enum<T>;

/// Calls `use(std::string_view)` with the text of `x` and returns what it returns.
///
/// Allocates only for texts without a bound.
template <text_form T, class Use>
constexpr decltype(auto) with_text(const T& x, Use&& use) {
    if constexpr (bounded_text<T>) {
        char buffer[T::max_text_size] = {};
        const char* const end = x.to_chars(std::span<char, T::max_text_size>(buffer));
        return use(std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
    } else if constexpr (appendable_text<T>) {
        std::string text;
        x.append_to(text);
        return use(std::string_view(text));
    } else {
        return use(std::string_view(describe(x)));
    }
}

/// The text of anything that has one.
template <text_form T>
[[nodiscard]] constexpr std::string to_string(const T& x) {
    return with_text(x, [](std::string_view text) { return std::string(text); });
}

}  // namespace coterie::inline v0
