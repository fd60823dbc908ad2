// SPDX-License-Identifier: BSL-1.0
#pragma once

// ChaCha20 as RFC 8439 writes it down, section 2.3, one block at a time: what the library's is held to.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace coterie::test {

class chacha20_reference {
public:
    /// The key stream of `blocks` blocks from `counter` on.
    static std::vector<std::byte> stream(std::span<const std::byte> key,
                                         std::span<const std::byte> nonce, std::uint32_t counter,
                                         std::size_t blocks) {
        std::vector<std::byte> out;
        for (std::size_t i = 0; i < blocks; ++i) {
            for (const std::uint32_t word : block(key, nonce, counter++)) {
                for (unsigned shift = 0; shift < 32; shift += 8) {
                    out.push_back(static_cast<std::byte>(word >> shift & 0xFF));
                }
            }
        }
        return out;
    }

private:
    using words = std::array<std::uint32_t, 16>;

    static std::uint32_t rotate(std::uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

    static std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t i) {
        std::uint32_t word = 0;
        for (std::size_t k = 4; k-- > 0;) {
            word = word << 8 | std::to_integer<std::uint32_t>(bytes[4 * i + k]);
        }
        return word;
    }

    static void quarter_round(words& s, std::size_t a, std::size_t b, std::size_t c,
                              std::size_t d) {
        s[a] += s[b], s[d] ^= s[a], s[d] = rotate(s[d], 16);
        s[c] += s[d], s[b] ^= s[c], s[b] = rotate(s[b], 12);
        s[a] += s[b], s[d] ^= s[a], s[d] = rotate(s[d], 8);
        s[c] += s[d], s[b] ^= s[c], s[b] = rotate(s[b], 7);
    }

    static words block(std::span<const std::byte> key, std::span<const std::byte> nonce,
                       std::uint32_t counter) {
        words start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
        for (std::size_t i = 0; i < 8; ++i) start[4 + i] = word_at(key, i);
        start[12] = counter;
        for (std::size_t i = 0; i < 3; ++i) start[13 + i] = word_at(nonce, i);
        words s = start;
        for (int round = 0; round < 10; ++round) {
            for (std::size_t i = 0; i < 4; ++i) quarter_round(s, i, 4 + i, 8 + i, 12 + i);
            for (std::size_t i = 0; i < 4; ++i) {
                quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
            }
        }
        for (std::size_t i = 0; i < 16; ++i) s[i] += start[i];
        return s;
    }
};

}  // namespace coterie::test
