// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the models and checkers of this room write a value in a report. For the library's own headers.

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

namespace coterie::inline v0::check::detail {

/// A number in decimal, a string in quotes, what has to_string(x) or x.to_string() by that, nothing as "nil".
template <class T>
std::string text_of(const T& x) {
    if constexpr (std::is_same_v<T, bool>) {
        return x ? "true" : "false";
    } else if constexpr (std::is_enum_v<T>) {
        return std::to_string(static_cast<std::underlying_type_t<T>>(x));
    } else if constexpr (std::is_arithmetic_v<T>) {
        return std::to_string(x);
    } else if constexpr (std::convertible_to<const T&, std::string>) {
        return '"' + std::string(x) + '"';
    } else if constexpr (requires { x.to_string(); }) {
        return x.to_string();
    } else if constexpr (requires {
                             { to_string(x) } -> std::convertible_to<std::string>;
                         }) {
        return to_string(x);
    } else {
        return "?";
    }
}

template <class T>
std::string text_of(const std::optional<T>& x) {
    return x.has_value() ? text_of(*x) : "nil";
}

}  // namespace coterie::inline v0::check::detail
