// SPDX-License-Identifier: BSL-1.0
#pragma once

// Bytes as hexadecimal text and back, so that a test shows them as a specification prints them.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coterie::test {

/// The bytes of "0a 1B ff"; what is no hexadecimal digit separates.
constexpr std::vector<std::byte> from_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    int high = -1;
    for (const char c : text) {
        int digit = -1;
        if (c >= '0' && c <= '9') digit = c - '0';
        if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit < 0) continue;
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<std::byte>(high * 16 + digit));
            high = -1;
        }
    }
    return bytes;
}

/// Bytes as lower-case digits without separators.
inline std::string to_hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) {
        text.push_back("0123456789abcdef"[std::to_integer<unsigned>(b) >> 4]);
        text.push_back("0123456789abcdef"[std::to_integer<unsigned>(b) & 15]);
    }
    return text;
}

}  // namespace coterie::test
