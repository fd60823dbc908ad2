// SPDX-License-Identifier: BSL-1.0
#pragma once

// Characters of UTF-8 in a text that may be none, and how those are written that cannot be printed as they are.
// For the library's own headers; printable.hpp is for everybody.

#include <cstddef>
#include <string>
#include <string_view>

namespace coterie::inline v0::detail {

/// The first character of a text, and how many bytes it takes.
struct character {
    char32_t code = 0;
    std::size_t size = 1;
    bool is_valid = true;
};

constexpr std::size_t size_by_lead(unsigned char lead) noexcept {
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// Reads a character of UTF-8; a byte that starts none is an invalid character. Requires: !text.empty().
constexpr character first_character(std::string_view text) noexcept {
    constexpr character invalid{.code = 0xFFFD, .size = 1, .is_valid = false};
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = size_by_lead(byte(0));
    if (size == 1) return {.code = byte(0)};
    if (size == 0 || size > text.size()) return invalid;
    char32_t code = byte(0) & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return invalid;
        code = code << 6 | (byte(i) & 0x3FU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < least[size] || code > 0x10FFFF || is_surrogate) return invalid;
    return {.code = code, .size = size};
}

/// Whether a character would break the line, steer the terminal, turn the direction of writing, or cannot
/// stand in XML.
constexpr bool must_be_escaped(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

constexpr void append_hex(std::string& out, char32_t code) {
    int shift = code < 0x100 ? 4 : 20;
    while (shift > 4 && code >> shift == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) out.push_back("0123456789ABCDEF"[code >> shift & 0xF]);
}

constexpr void append_escape(std::string& out, char32_t code) {
    switch (code) {
        case '\n': out.append("\\n"); return;
        case '\r': out.append("\\r"); return;
        case '\t': out.append("\\t"); return;
        default: break;
    }
    out.append(code < 0x100 ? "\\x" : "\\u{");
    append_hex(out, code);
    if (code >= 0x100) out.push_back('}');
}

}  // namespace coterie::inline v0::detail
