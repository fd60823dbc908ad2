// SPDX-License-Identifier: BSL-1.0
#pragma once

// The ChaCha20 key stream (RFC 8439, section 2.3), eight blocks at a time so that compilers turn the
// inner loops into vector code. It is what os_entropy expands its key with; it is not a cipher API.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <coterie/core/bits.hpp>

namespace coterie::inline v0::detail {

struct chacha20_input {
    std::span<const std::byte, 32> key;
    std::span<const std::byte, 12> nonce;
    std::uint32_t counter;
};

inline constexpr std::size_t chacha20_block = 64;

/// Writes `Lanes` consecutive blocks of key stream.
template <std::size_t Lanes>
constexpr void chacha20_blocks(const chacha20_input& input,
                               std::span<std::byte, Lanes * chacha20_block> out) noexcept {
    std::uint32_t initial[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
    for (std::size_t i = 0; i < 8; ++i) {
        initial[4 + i] = load<std::uint32_t, std::endian::little>(input.key.data() + 4 * i);
    }
    initial[12] = input.counter;
    for (std::size_t i = 0; i < 3; ++i) {
        initial[13 + i] = load<std::uint32_t, std::endian::little>(input.nonce.data() + 4 * i);
    }

    std::uint32_t x[16][Lanes] = {};
    for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) x[i][lane] = initial[i];
    }
    for (std::size_t lane = 0; lane < Lanes; ++lane) x[12][lane] += static_cast<std::uint32_t>(lane);

    const auto quarter_round = [&x](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            x[a][lane] += x[b][lane];
            x[d][lane] = std::rotl(x[d][lane] ^ x[a][lane], 16);
            x[c][lane] += x[d][lane];
            x[b][lane] = std::rotl(x[b][lane] ^ x[c][lane], 12);
            x[a][lane] += x[b][lane];
            x[d][lane] = std::rotl(x[d][lane] ^ x[a][lane], 8);
            x[c][lane] += x[d][lane];
            x[b][lane] = std::rotl(x[b][lane] ^ x[c][lane], 7);
        }
    };
    for (int double_round = 0; double_round < 10; ++double_round) {
        quarter_round(0, 4, 8, 12);
        quarter_round(1, 5, 9, 13);
        quarter_round(2, 6, 10, 14);
        quarter_round(3, 7, 11, 15);
        quarter_round(0, 5, 10, 15);
        quarter_round(1, 6, 11, 12);
        quarter_round(2, 7, 8, 13);
        quarter_round(3, 4, 9, 14);
    }

    for (std::size_t lane = 0; lane < Lanes; ++lane) {
        for (std::size_t i = 0; i < 16; ++i) {
            std::uint32_t word = x[i][lane] + initial[i];
            if (i == 12) word += static_cast<std::uint32_t>(lane);
            store<std::endian::little>(word, out.data() + lane * chacha20_block + 4 * i);
        }
    }
}

}  // namespace coterie::inline v0::detail
