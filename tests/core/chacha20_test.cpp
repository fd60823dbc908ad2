// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/chacha20.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <coterie/core/random.hpp>

#include "core/bytes.hpp"
#include "core/chacha20_reference.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::detail::chacha20_block;
using coterie::detail::chacha20_blocks;
using coterie::test::chacha20_reference;
using coterie::test::from_hex;
using coterie::test::to_hex;

namespace {

template <std::size_t Lanes>
std::array<std::byte, Lanes * chacha20_block> blocks(std::span<const std::byte, 32> key,
                                                     std::span<const std::byte, 12> nonce,
                                                     std::uint32_t counter) {
    std::array<std::byte, Lanes * chacha20_block> out{};
    chacha20_blocks<Lanes>({.key = key, .nonce = nonce, .counter = counter}, out);
    return out;
}

constexpr std::array<std::byte, 32> counting_key = [] {
    std::array<std::byte, 32> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
    return key;
}();
constexpr std::array<std::byte, 32> zero_key{};
constexpr std::array<std::byte, 12> zero_nonce{};
constexpr std::array<std::byte, 12> section_2_3_2_nonce = {
    std::byte{0}, std::byte{0},    std::byte{0}, std::byte{9}, std::byte{0}, std::byte{0},
    std::byte{0}, std::byte{0x4a}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};

constexpr std::string_view section_2_3_2 =
    "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
    "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e";

}  // namespace

TEST_CASE("a ChaCha20 block is that of RFC 8439, section 2.3.2") {
    CHECK(to_hex(blocks<1>(counting_key, section_2_3_2_nonce, 1)) == section_2_3_2);
}

TEST_CASE("ChaCha20 blocks are those of RFC 8439, appendix A.1") {
    // Test vectors 1 and 2, 3, 4 and 5.
    CHECK(to_hex(blocks<1>(zero_key, zero_nonce, 0)) ==
          "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
          "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
    CHECK(to_hex(blocks<1>(zero_key, zero_nonce, 1)) ==
          "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
          "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
    auto key = zero_key;
    key[31] = std::byte{1};
    CHECK(to_hex(blocks<1>(key, zero_nonce, 1)) ==
          "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
          "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
    key = zero_key;
    key[1] = std::byte{0xFF};
    CHECK(to_hex(blocks<1>(key, zero_nonce, 2)) ==
          "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
          "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
    auto nonce = zero_nonce;
    nonce[11] = std::byte{2};
    CHECK(to_hex(blocks<1>(zero_key, nonce, 0)) ==
          "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
          "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d");
}

TEST_CASE(
    "any number of lanes gives the blocks of one lane in a row, also where the counter wraps") {
    coterie::rng random(coterie::test::seed(), "chacha20");
    for (const std::uint32_t counter : {0U, 1U, 0x7FFF'FFFDU, 0xFFFF'FFF0U, 0xFFFF'FFF8U,
                                        0xFFFF'FFF9U, 0xFFFF'FFFCU, 0xFFFF'FFFFU}) {
        std::array<std::byte, 32> key{};
        std::array<std::byte, 12> nonce{};
        for (auto& b : key) b = static_cast<std::byte>(random() & 0xFF);
        for (auto& b : nonce) b = static_cast<std::byte>(random() & 0xFF);
        CAPTURE(counter, to_hex(key), to_hex(nonce));

        const auto twice = to_hex(chacha20_reference::stream(key, nonce, counter, 16));
        CHECK(to_hex(blocks<16>(key, nonce, counter)) == twice);
        std::array<std::byte, 2 * coterie::detail::chacha20_batch> batches{};
        coterie::detail::chacha20_sixteen_blocks({.key = key, .nonce = nonce, .counter = counter},
                                                 batches);
        CHECK(to_hex(batches) == twice);

        const auto expected = twice.substr(0, 8 * 128);
        std::string one_by_one;
        for (std::uint32_t i = 0; i < 8; ++i)
            one_by_one += to_hex(blocks<1>(key, nonce, counter + i));
        CHECK(one_by_one == expected);
        CHECK(to_hex(blocks<8>(key, nonce, counter)) == expected);
        CHECK(to_hex(blocks<4>(key, nonce, counter)) == expected.substr(0, 4 * 128));

        std::array<std::byte, coterie::detail::chacha20_batch> batch{};
        const coterie::detail::chacha20_input input{.key = key, .nonce = nonce, .counter = counter};
        coterie::detail::chacha20_batch_portable(input, batch);
        CHECK(to_hex(batch) == expected);
        batch = {};
        coterie::detail::chacha20_eight_blocks(input, batch);
        CHECK(to_hex(batch) == expected);
    }
}
