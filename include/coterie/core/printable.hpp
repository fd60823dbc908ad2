// SPDX-License-Identifier: BSL-1.0
#pragma once

// A name or a text that a peer chose may hold anything: bytes that are no UTF-8, line breaks, markup. These
// functions make it fit to print on one line of a terminal, and in XML and JSON.
//
//   append_printable(out, "a\nb\xFF");      // a\nb and U+FFFD, on one line
//   append_xml(out, "a < b");               // a &lt; b
//   append_json(out, "say \"no\"");         // "say \"no\"", with its quotes

#include <cstddef>
#include <string>
#include <string_view>

#include <coterie/core/utf8.hpp>

namespace coterie::inline v0 {

/// Calls `use(code, bytes)` for each character, as it is to be printed.
template <class Use>
constexpr void for_each_printable(std::string_view text, Use use) {
    while (!text.empty()) {
        const detail::character c = detail::first_character(text);
        if (!c.is_valid) {
            use(c.code, std::string_view("\xEF\xBF\xBD"));
        } else if (detail::must_be_escaped(c.code)) {
            std::string escape;
            detail::append_escape(escape, c.code);
            use(c.code, std::string_view(escape));
        } else {
            use(c.code, text.substr(0, c.size));
        }
        text.remove_prefix(c.size);
    }
}

/// Appends a text as one line of UTF-8.
constexpr void append_printable(std::string& out, std::string_view text) {
    for_each_printable(text, [&out](char32_t, std::string_view bytes) { out.append(bytes); });
}

/// How many columns a character takes where all letters are equally wide: two for the scripts of East Asia
/// and for pictographs.
constexpr std::size_t columns(char32_t c) noexcept {
    if (c < 0x1100) return 1;
    const bool is_wide = c <= 0x115F || (c >= 0x2E80 && c <= 0xA4CF) ||
                         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                         (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
    return is_wide ? 2 : 1;
}

/// How many columns a character takes that is printed as these bytes.
constexpr std::size_t columns(char32_t code, std::string_view bytes) noexcept {
    return detail::must_be_escaped(code) ? bytes.size() : columns(code);
}

/// How many columns a text takes once it is printable.
constexpr std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for_each_printable(
        text, [&count](char32_t code, std::string_view bytes) { count += columns(code, bytes); });
    return count;
}

/// The beginning of a text, of `most` columns at most, with an ellipsis if that is not all of it.
/// Requires: most > 0.
constexpr std::string clipped(std::string_view text, std::size_t most) {
    std::string out;
    const bool is_cut = columns(text) > most;
    std::size_t left = is_cut ? most - 1 : most;
    for_each_printable(text, [&](char32_t code, std::string_view bytes) {
        const std::size_t width = columns(code, bytes);
        if (width <= left) out.append(bytes);
        left = width <= left ? left - width : 0;
    });
    return is_cut ? out + "\xE2\x80\xA6" : out;
}

/// Appends a text as the content of an element or attribute of XML.
constexpr void append_xml(std::string& out, std::string_view text) {
    for_each_printable(text, [&out](char32_t code, std::string_view bytes) {
        switch (code) {
            case '&': out.append("&amp;"); break;
            case '<': out.append("&lt;"); break;
            case '>': out.append("&gt;"); break;
            case '"': out.append("&quot;"); break;
            default: out.append(bytes);
        }
    });
}

/// Appends a text as a string of JSON.
constexpr void append_json(std::string& out, std::string_view text) {
    out.push_back('"');
    for_each_printable(text, [&out](char32_t, std::string_view bytes) {
        for (const char c : bytes) {
            if (c == '"' || c == '\\') out.push_back('\\');
            out.push_back(c);
        }
    });
    out.push_back('"');
}

/// Appends spaces until what was appended since `start` takes `width` columns.
constexpr void pad_to(std::string& out, std::size_t start, std::size_t width) {
    const std::size_t has = columns(std::string_view(out).substr(start));
    if (has < width) out.append(width - has, ' ');
}

}  // namespace coterie::inline v0
