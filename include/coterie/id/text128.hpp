// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the texts of ulid and uuid have in common: one length, a fast way that may decline, a portable way, and
// a literal. For the library's own headers.
//
// What differs is in a type Text. Its functions are constants, not functions that call others: through those,
// compilers inline less.
//   Text::size                         the number of characters
//   Text::encode(bits, out)            writes them
//   Text::decode(text)                 reads them; the length is right
//   Text::decode_lenient(text)         reads a text of any length and of other spellings
//   Text::write(bits, out, level)      the same as encode and decode by vector instructions; false where
//   Text::read(text, bits, level)      they are not there, or where the text is none

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/text_x86.hpp>

namespace coterie::inline v0::id::detail {

/// The id of bits that were read, or the error.
template <class Id>
constexpr std::expected<Id, parse_error> id_of(
    const std::expected<bits128, parse_error>& bits) noexcept {
    if (!bits.has_value()) return std::unexpected(bits.error());
    return Id::from_words(bits->high, bits->low);
}

/// Reads a text strictly.
template <class Id, class Text>
constexpr std::expected<Id, parse_error> parse_id(std::string_view text) noexcept {
    if (text.size() != Text::size) return wrong_length(text.size(), Text::size);
    if !consteval {
        if (bits128 fast; Text::read(text, fast, best_text_level()))
            return Id::from_words(fast.high, fast.low);
    }
    return id_of<Id>(Text::decode(text));
}

/// Writes a text. Returns: its end.
template <class Text>
constexpr char* write_id(const bits128& bits, std::span<char, Text::size> out) noexcept {
    if consteval {
        Text::encode(bits, out);
    } else {
        if (!Text::write(bits, out, best_text_level())) Text::encode(bits, out);
    }
    return out.data() + out.size();
}

/// The id of a literal, parsed strictly by the compiler.
template <class Id>
consteval Id id_literal(const char* text, std::size_t size) {
    const auto id = Id::parse(std::string_view(text, size));
    if (!id.has_value()) invalid_id_literal();
    return *id;
}

}  // namespace coterie::inline v0::id::detail
