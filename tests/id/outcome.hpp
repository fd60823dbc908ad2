// SPDX-License-Identifier: BSL-1.0
#pragma once

// Results as text, so that a failed comparison says what came and what was wanted.

#include <array>
#include <concepts>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/text.hpp>

namespace coterie::test {

/// The text of the value, or "error: " and that of the error.
template <text_form T, text_form E>
[[nodiscard]] std::string outcome(const std::expected<T, E>& result) {
    return result.has_value() ? to_string(*result) : "error: " + to_string(result.error());
}

/// As outcome, with the bytes that an oracle found made into an id of type T.
template <class T, std::size_t N, text_form E>
[[nodiscard]] std::string outcome_as(const std::expected<std::array<unsigned char, N>, E>& result) {
    if (!result.has_value()) return "error: " + to_string(result.error());
    std::array<std::byte, N> bytes{};
    for (std::size_t i = 0; i < N; ++i) bytes[i] = std::byte{(*result)[i]};
    return to_string(T::from_bytes(bytes));
}

/// The text of an id in an array, which every compiler can make while it compiles.
template <class Id>
[[nodiscard]] constexpr std::array<char, Id::max_text_size> text_of(const Id& id) {
    std::array<char, Id::max_text_size> text{};
    id.to_chars(text);
    return text;
}

/// Whether the text of an id is `wanted`, exactly up to the end that to_chars returns.
template <class Id>
[[nodiscard]] constexpr bool prints(const Id& id, std::string_view wanted) {
    std::array<char, Id::max_text_size> text{};
    const char* const end = id.to_chars(text);
    return std::string_view(text.data(), static_cast<std::size_t>(end - text.data())) == wanted;
}

/// A text with every byte that is not printable written as \xNN, for messages.
[[nodiscard]] inline std::string visible(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F && c != '\\') {
            out += c;
        } else {
            out += "\\x";
            out += digits[byte / 16U];
            out += digits[byte % 16U];
        }
    }
    return out;
}

/// Bytes from numbers, so that tests can write them as they are printed.
template <std::convertible_to<int>... B>
[[nodiscard]] constexpr std::array<std::byte, sizeof...(B)> bytes_of(B... b) {
    return {static_cast<std::byte>(b)...};
}

}  // namespace coterie::test
