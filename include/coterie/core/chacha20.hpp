// SPDX-License-Identifier: BSL-1.0
#pragma once

// The ChaCha20 key stream (RFC 8439, section 2.3), several blocks at a time: each word of the state is a
// vector with one lane for each block. It is what os_entropy expands its key with; it is not a cipher.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <coterie/core/bits.hpp>

#if defined(__GNUC__)
#define COTERIE_DETAIL_INLINE [[gnu::always_inline]] inline
#else
#define COTERIE_DETAIL_INLINE inline
#endif

namespace coterie::inline v0::detail {

struct chacha20_input {
    std::span<const std::byte, 32> key;
    std::span<const std::byte, 12> nonce;
    std::uint32_t counter;
};

inline constexpr std::size_t chacha20_block = 64;

#if defined(__GNUC__)

template <std::size_t Lanes>
struct chacha20_vector {
    using type [[gnu::vector_size(4 * Lanes)]] = std::uint32_t;
};

/// Swaps lane i + Step of `a` with lane i of `b`, for each i without the bit Step.
template <std::size_t Step, class Vector, std::size_t... Lane>
COTERIE_DETAIL_INLINE void chacha20_swap(Vector& a, Vector& b,
                                         std::index_sequence<Lane...>) noexcept {
    constexpr std::size_t lanes = sizeof...(Lane);
    const Vector low =
        __builtin_shufflevector(a, b, ((Lane & Step) == 0 ? Lane : lanes + Lane - Step)...);
    b = __builtin_shufflevector(a, b, ((Lane & Step) == 0 ? Lane + Step : lanes + Lane)...);
    a = low;
}

#else

/// What the compilers above have built in.
template <std::size_t Lanes>
struct chacha20_vector {
    struct type {
        std::uint32_t lane[Lanes];

        std::uint32_t& operator[](std::size_t i) { return lane[i]; }
        type& operator+=(const type& b) {
            for (std::size_t i = 0; i < Lanes; ++i) lane[i] += b.lane[i];
            return *this;
        }
        friend type operator+(type a, const type& b) { return a += b; }
        friend type operator^(type a, const type& b) {
            for (std::size_t i = 0; i < Lanes; ++i) a.lane[i] ^= b.lane[i];
            return a;
        }
        friend type operator|(type a, const type& b) {
            for (std::size_t i = 0; i < Lanes; ++i) a.lane[i] |= b.lane[i];
            return a;
        }
        friend type operator<<(type a, int by) {
            for (std::size_t i = 0; i < Lanes; ++i) a.lane[i] <<= by;
            return a;
        }
        friend type operator>>(type a, int by) {
            for (std::size_t i = 0; i < Lanes; ++i) a.lane[i] >>= by;
            return a;
        }
    };
};

template <std::size_t Step, class Vector, std::size_t... Lane>
COTERIE_DETAIL_INLINE void chacha20_swap(Vector& a, Vector& b,
                                         std::index_sequence<Lane...>) noexcept {
    const auto swap = [&](std::size_t lane) {
        if ((lane & Step) == 0) std::swap(a[lane + Step], b[lane]);
    };
    (swap(Lane), ...);
}

#endif

/// Makes rows of columns in each square of `Lanes` vectors, by swaps in squares of two, four, eight rows.
template <std::size_t Lanes, std::size_t Step = 1, class Vector>
COTERIE_DETAIL_INLINE void chacha20_transpose(Vector (&x)[16]) noexcept {
    if constexpr (Step < Lanes) {
        for (std::size_t i = 0; i < 16; ++i) {
            if ((i & Step) != 0) continue;
            chacha20_swap<Step>(x[i], x[i + Step], std::make_index_sequence<Lanes>());
        }
        chacha20_transpose<Lanes, 2 * Step>(x);
    }
}

/// Writes `Lanes` consecutive blocks of key stream; Lanes is a power of two.
template <std::size_t Lanes>
COTERIE_DETAIL_INLINE void chacha20_blocks(
    const chacha20_input& input, std::span<std::byte, Lanes * chacha20_block> out) noexcept {
    using vector = typename chacha20_vector<Lanes>::type;

    std::uint32_t initial[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
    for (std::size_t i = 0; i < 8; ++i) {
        initial[4 + i] = load<std::uint32_t, std::endian::little>(input.key.data() + 4 * i);
    }
    initial[12] = input.counter;
    for (std::size_t i = 0; i < 3; ++i) {
        initial[13 + i] = load<std::uint32_t, std::endian::little>(input.nonce.data() + 4 * i);
    }
    vector start[16];
    for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) start[i][lane] = initial[i];
    }
    for (std::uint32_t lane = 0; lane < Lanes; ++lane) start[12][lane] += lane;

    vector x[16];
    for (std::size_t i = 0; i < 16; ++i) x[i] = start[i];
#define COTERIE_DETAIL_ADD_XOR_ROTATE(a, b, c, by) \
    x[a] += x[b];                                  \
    x[c] = x[c] ^ x[a];                            \
    x[c] = (x[c] << (by)) | (x[c] >> (32 - (by)));
#define COTERIE_DETAIL_QUARTER_ROUND(a, b, c, d) \
    COTERIE_DETAIL_ADD_XOR_ROTATE(a, b, d, 16)   \
    COTERIE_DETAIL_ADD_XOR_ROTATE(c, d, b, 12)   \
    COTERIE_DETAIL_ADD_XOR_ROTATE(a, b, d, 8)    \
    COTERIE_DETAIL_ADD_XOR_ROTATE(c, d, b, 7)
    for (int double_round = 0; double_round < 10; ++double_round) {
        COTERIE_DETAIL_QUARTER_ROUND(0, 4, 8, 12)
        COTERIE_DETAIL_QUARTER_ROUND(1, 5, 9, 13)
        COTERIE_DETAIL_QUARTER_ROUND(2, 6, 10, 14)
        COTERIE_DETAIL_QUARTER_ROUND(3, 7, 11, 15)
        COTERIE_DETAIL_QUARTER_ROUND(0, 5, 10, 15)
        COTERIE_DETAIL_QUARTER_ROUND(1, 6, 11, 12)
        COTERIE_DETAIL_QUARTER_ROUND(2, 7, 8, 13)
        COTERIE_DETAIL_QUARTER_ROUND(3, 4, 9, 14)
    }
#undef COTERIE_DETAIL_QUARTER_ROUND
#undef COTERIE_DETAIL_ADD_XOR_ROTATE

    for (std::size_t i = 0; i < 16; ++i) x[i] += start[i];
    if constexpr (std::endian::native == std::endian::little && Lanes > 1) {
        // A block is one lane of all sixteen vectors.
        chacha20_transpose<Lanes>(x);
        for (std::size_t i = 0; i < 16; ++i) {
            std::memcpy(out.data() + i % Lanes * chacha20_block + i / Lanes * sizeof(vector), &x[i],
                        sizeof(vector));
        }
    } else {
        for (std::size_t i = 0; i < 16; ++i) {
            for (std::size_t lane = 0; lane < Lanes; ++lane) {
                store<std::endian::little>(std::uint32_t{x[i][lane]},
                                           out.data() + lane * chacha20_block + 4 * i);
            }
        }
    }
}

inline constexpr std::size_t chacha20_batch = 8 * chacha20_block;

/// Eight blocks as every x86-64, and every other machine, can compute them.
inline void chacha20_batch_portable(const chacha20_input& input,
                                    std::span<std::byte, chacha20_batch> out) noexcept {
    chacha20_blocks<4>(input, out.first<chacha20_batch / 2>());
    chacha20_blocks<4>({.key = input.key, .nonce = input.nonce, .counter = input.counter + 4},
                       out.last<chacha20_batch / 2>());
}

// Not on Windows: there g++ does not align the stack for 32-byte registers (GCC bug 54412).
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)

[[gnu::target("avx2")]] inline void chacha20_batch_avx2(
    const chacha20_input& input, std::span<std::byte, chacha20_batch> out) noexcept {
    chacha20_blocks<8>(input, out);
}

/// Eight blocks, by AVX2 where the processor has it.
inline void chacha20_eight_blocks(const chacha20_input& input,
                                  std::span<std::byte, chacha20_batch> out) noexcept {
    if (__builtin_cpu_supports("avx2")) {
        chacha20_batch_avx2(input, out);
    } else {
        chacha20_batch_portable(input, out);
    }
}

/// AVX-512 rotates in one instruction: sixteen blocks take less time than eight by AVX2.
[[gnu::target("avx512f")]] inline void chacha20_sixteen_blocks_avx512(
    const chacha20_input& input, std::span<std::byte, 2 * chacha20_batch> out) noexcept {
    chacha20_blocks<16>(input, out);
}

/// Whether 512-bit vectors pay. The processors before VBMI lower their clock for them.
[[nodiscard]] inline bool chacha20_has_sixteen_lanes() noexcept {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vbmi");
}

#else

inline void chacha20_eight_blocks(const chacha20_input& input,
                                  std::span<std::byte, chacha20_batch> out) noexcept {
    chacha20_batch_portable(input, out);
}

#endif

/// Sixteen blocks, by AVX-512 or AVX2 where the processor has it.
inline void chacha20_sixteen_blocks(const chacha20_input& input,
                                    std::span<std::byte, 2 * chacha20_batch> out) noexcept {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
    if (chacha20_has_sixteen_lanes()) return chacha20_sixteen_blocks_avx512(input, out);
#endif
    chacha20_eight_blocks(input, out.first<chacha20_batch>());
    chacha20_eight_blocks({.key = input.key, .nonce = input.nonce, .counter = input.counter + 8},
                          out.last<chacha20_batch>());
}

}  // namespace coterie::inline v0::detail

#undef COTERIE_DETAIL_INLINE
