// SPDX-License-Identifier: BSL-1.0
#pragma once

// Types with a text form that a formatting library might also take for something else.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/text.hpp>

namespace coterie::test {

/// A range of characters, with a text of its own.
struct letters {
    static constexpr std::size_t max_text_size = 8;
    std::string_view held;

    [[nodiscard]] auto begin() const { return held.begin(); }
    [[nodiscard]] auto end() const { return held.end(); }
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept {
        char* to = out.data();
        *to++ = '<';
        for (const char c : held.substr(0, 6)) *to++ = c;
        *to++ = '>';
        return to;
    }
};

/// A range of numbers, with a text without a bound.
struct numbers {
    int held[3] = {1, 2, 3};

    [[nodiscard]] const int* begin() const { return held; }
    [[nodiscard]] const int* end() const { return held + 3; }
    void append_to(std::string& out) const { out.append("one to three"); }
};

/// Converts to a string, and to a number.
struct convertible {
    // NOLINTBEGIN(google-explicit-constructor)
    operator std::string_view() const { return "as a string"; }
    operator int() const { return 7; }
    // NOLINTEND(google-explicit-constructor)
    void append_to(std::string& out) const { out.append("as its text"); }
};

/// An unscoped enum, which is a number to many.
enum weekday : int {
    monday,
    tuesday
};
constexpr const char* describe(weekday day) noexcept {
    return day == monday ? "monday" : day == tuesday ? "tuesday" : "no weekday";
}

}  // namespace coterie::test
