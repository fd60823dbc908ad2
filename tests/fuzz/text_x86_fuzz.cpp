// SPDX-License-Identifier: BSL-1.0

// Any bytes as the text of an id: each level of this processor must say what the portable code says.
// Sixteen bytes are also an id to be written.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <coterie/id/bits128.hpp>
#include <coterie/id/text_x86.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

namespace {

using namespace coterie::id::detail;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

template <class Text>
void compare(std::string_view text, bits128 bits) {
    std::array<char, Text::size> wanted{};
    Text::encode(bits, wanted);
    for (const auto level : {text_level::avx2, text_level::avx512_vbmi}) {
        if (level > best_text_level()) continue;
        std::array<char, Text::size> written{};
        require(Text::write(bits, written, level));
        require(written == wanted);

        bits128 got;
        const bool has_read = Text::read(text, got, level);
        if (text.size() != Text::size) {
            require(!has_read);
            continue;
        }
        const auto expected = Text::decode(text);
        require(has_read == expected.has_value());
        if (has_read) require(got == *expected);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    bits128 bits;
    if (size >= 16) bits = bits128::from_bytes(std::as_bytes(std::span(data, size)).first<16>());
    compare<ulid_text>(text, bits);
    compare<uuid_text>(text, bits);
    return 0;
}
