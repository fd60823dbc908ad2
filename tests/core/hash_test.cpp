// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::digest128;
using coterie::hash128;
using coterie::hash64;
using coterie::streaming_hash;

namespace {

// xxHash's own sanity check (xsum_sanity_check.c) hashes prefixes of this sequence.
constexpr std::uint64_t prime32 = 2654435761U;
constexpr std::uint64_t prime64 = 11400714785074694797U;

std::vector<std::byte> sanity_buffer(std::size_t size) {
    std::vector<std::byte> buffer;
    std::uint64_t generator = prime32;
    for (std::size_t i = 0; i < size; ++i) {
        buffer.push_back(static_cast<std::byte>(generator >> 56));
        generator *= prime64;
    }
    return buffer;
}

// Memory that looks like a state with this seed, but is none. Functions of their own, so that the compiler
// cannot see that the memory is overwritten.
[[gnu::noinline]] void dirty(std::byte* memory, std::uint64_t seed) {
    std::memset(memory, 0, sizeof(streaming_hash));
    std::memcpy(memory + offsetof(XXH3_state_t, seed), &seed, sizeof(seed));
    asm volatile("" : : "r"(memory) : "memory");
}

[[gnu::noinline]] streaming_hash* begin(std::byte* memory, std::uint64_t seed) {
    return new (memory) streaming_hash(seed);
}

struct vector64 {
    std::size_t size;
    std::uint64_t seed;
    std::uint64_t hash;
};
struct vector128 {
    std::size_t size;
    std::uint64_t low;
    std::uint64_t high;
};

}  // namespace

TEST_CASE("the hashes of nothing are the published ones") {
    CHECK(hash64("") == 0x2D06800538D394C2);
    CHECK(hash64(std::string_view()) == 0x2D06800538D394C2);
    CHECK(hash64(std::span<const std::byte>()) == 0x2D06800538D394C2);
    CHECK(hash128("") == digest128{.high = 0x99AA06D3014798D8, .low = 0x6001C324468D497F});
    CHECK(hash128(std::span<const std::byte>()) == hash128(""));
    CHECK(streaming_hash().hash64() == 0x2D06800538D394C2);
    CHECK(streaming_hash().hash128() == hash128(""));
}

TEST_CASE("the hashes of short texts are those that xxhsum prints") {
    CHECK(hash64("a") == 0xE6C632B61E964E1F);
    CHECK(hash64("abc") == 0x78AF5F94892F3950);
    CHECK(hash128("a") == digest128{.high = 0xA96FAF705AF16834, .low = 0xE6C632B61E964E1F});
    CHECK(hash128("abc") == digest128{.high = 0x06B05AB6733A6185, .low = 0x78AF5F94892F3950});
}

TEST_CASE("hash64 reproduces xxHash's sanity check, with and without a seed") {
    const std::vector<std::byte> buffer = sanity_buffer(2367);
    for (const auto& [size, seed, hash] : {
             vector64{0, prime64, 0xA8A6B918B2F0364A},    vector64{1, 0, 0xC44BDFF4074EECDB},
             vector64{1, prime64, 0x032BE332DD766EF8},    vector64{6, 0, 0x27B56A84CD2D7325},
             vector64{6, prime64, 0x84589C116AB59AB9},    vector64{12, 0, 0xA713DAF0DFBB77E7},
             vector64{12, prime64, 0xE7303E1B2336DE0E},   vector64{24, 0, 0xA3FE70BF9D3510EB},
             vector64{24, prime64, 0x850E80FC35BDD690},   vector64{48, 0, 0x397DA259ECBA1F11},
             vector64{48, prime64, 0xADC2CBAA44ACC616},   vector64{80, 0, 0xBCDEFBBB2C47C90A},
             vector64{80, prime64, 0xC6DD0CB699532E73},   vector64{195, 0, 0xCD94217EE362EC3A},
             vector64{195, prime64, 0xBA68003D370CB3D9},  vector64{403, 0, 0xCDEB804D65C6DEA4},
             vector64{403, prime64, 0x6259F6ECFD6443FD},  vector64{512, 0, 0x617E49599013CB6B},
             vector64{512, prime64, 0x3CE457DE14C27708},  vector64{2048, 0, 0xDD59E2C3A5F038E0},
             vector64{2048, prime64, 0x66F81670669ABABC}, vector64{2240, 0, 0x6E73A90539CF2948},
             vector64{2240, prime64, 0x757BA8487D1B5247}, vector64{2367, 0, 0xCB37AEB9E5D361ED},
             vector64{2367, prime64, 0xD2DB3415B942B42A},
         }) {
        CAPTURE(size, seed);
        const auto bytes = std::span(buffer).first(size);
        CHECK(hash64(bytes, seed) == hash);
        CHECK(streaming_hash(seed).update(bytes).hash64() == hash);
    }
}

TEST_CASE("hash128 reproduces xxHash's sanity check") {
    const std::vector<std::byte> buffer = sanity_buffer(2048);
    for (const auto& [size, low, high] : {
             vector128{1, 0xC44BDFF4074EECDB, 0xA6CD5E9392000F6A},
             vector128{6, 0x3E7039BDDA43CFC6, 0x082AFE0B8162D12A},
             vector128{12, 0x061A192713F69AD9, 0x6E3EFD8FC7802B18},
             vector128{24, 0x1E7044D28B1B901D, 0x0CE966E4678D3761},
             vector128{48, 0xF942219AED80F67B, 0xA002AC4E5478227E},
             vector128{81, 0x5E8BAFB9F95FB803, 0x4952F58181AB0042},
             vector128{222, 0xF1AEBD597CEC6B3A, 0x337E09641B948717},
             vector128{403, 0xCDEB804D65C6DEA4, 0x1B6DE21E332DD73D},
             vector128{512, 0x617E49599013CB6B, 0x18D2D110DCC9BCA1},
             vector128{2048, 0xDD59E2C3A5F038E0, 0xF736557FD47073A5},
         }) {
        CAPTURE(size);
        const auto bytes = std::span(buffer).first(size);
        CHECK(hash128(bytes) == digest128{.high = high, .low = low});
        CHECK(streaming_hash().update(bytes).hash128() == digest128{.high = high, .low = low});
    }
}

TEST_CASE("the hashes of every length from 0 to 300 never change between versions") {
    const std::vector<std::byte> buffer = sanity_buffer(300);
    std::uint64_t narrow = 0;
    digest128 wide;
    for (std::size_t size = 0; size <= buffer.size(); ++size) {
        const auto bytes = std::span(buffer).first(size);
        // Each hash is the seed of the next, so that no two differences can cancel out.
        narrow = hash64(bytes, narrow);
        const digest128 next = hash128(bytes, wide.high ^ wide.low);
        wide = {next.high ^ wide.low, next.low ^ wide.high};
    }
    CAPTURE(narrow, wide.high, wide.low);
    CHECK(narrow == 0xDB732AC139E319BD);
    CHECK(wide == digest128{.high = 0xBE7C61A8D8E87DB4, .low = 0xD68F056EE13A73E8});
}

TEST_CASE("a text hashes as its bytes, zero bytes included") {
    const std::string_view text("a\0b\xFF", 4);
    const auto bytes = std::as_bytes(std::span(text));
    CHECK(hash64(text) == hash64(bytes));
    CHECK(hash64(text, 9) == hash64(bytes, 9));
    CHECK(hash128(text, 9) == hash128(bytes, 9));
    CHECK(hash64(text) != hash64(text.substr(0, 1)));
    CHECK(hash64(text) != hash64(text, 1));
    CHECK(hash128(text) != hash128(text, 1));
}

TEST_CASE("a stream in any pieces hashes as one piece, in both widths and with any seed") {
    coterie::rng random(coterie::test::seed(), "hash");
    std::vector<std::byte> data(5000);
    for (auto& b : data) b = static_cast<std::byte>(random() & 0xFF);
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t seed = round % 3 == 0 ? 0 : random();
        const std::size_t size = uniform_below(random, round % 2 == 0 ? 300 : data.size());
        const auto all = std::span<const std::byte>(data).first(size);
        streaming_hash hash(seed);
        for (auto rest = all; !rest.empty();) {
            // Empty pieces, too.
            const std::size_t piece =
                uniform_between(random, std::size_t{0}, std::min(rest.size(), std::size_t{700}));
            hash.update(rest.first(piece));
            rest = rest.subspan(piece);
        }
        CAPTURE(seed, size);
        REQUIRE(hash.hash64() == hash64(all, seed));
        REQUIRE(hash.hash128() == hash128(all, seed));
        // Asking changes nothing.
        REQUIRE(hash.hash64() == hash64(all, seed));
    }
}

TEST_CASE("a stream may be asked at any point and goes on") {
    streaming_hash hash;
    std::string so_far;
    for (int i = 0; i < 400; ++i) {
        so_far += static_cast<char>('a' + i % 26);
        hash.update(std::string_view(so_far).substr(so_far.size() - 1));
        REQUIRE(hash.hash64() == hash64(so_far));
        REQUIRE(hash.hash128() == hash128(so_far));
    }
}

TEST_CASE("a copy of a stream goes on by itself") {
    // Long enough that the state holds more than it buffers, with and without a seed.
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{99}}) {
        const std::string start(3000, 's');
        streaming_hash original(seed);
        original.update(start);
        std::vector<streaming_hash> copies(3, original);
        copies[0].update("one");
        copies[1].update("two");
        original.update("three");
        CHECK(copies[0].hash64() == hash64(start + "one", seed));
        CHECK(copies[1].hash128() == hash128(start + "two", seed));
        CHECK(copies[2].hash64() == hash64(start, seed));
        CHECK(original.hash64() == hash64(start + "three", seed));
        copies[2] = original;
        original = streaming_hash(1);
        CHECK(copies[2].hash128() == hash128(start + "three", seed));
    }
}

TEST_CASE("a stream begins afresh, whatever lay in its memory before") {
    // xxHash's reset looks at the state that it resets, and trusts what it finds there.
    struct alignas(64) memory {
        std::byte bytes[sizeof(streaming_hash)];
    };
    const std::string text(1000, 't');
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}}) {
        auto used = std::make_unique<memory>();
        dirty(used->bytes, seed);
        auto* const hash = begin(used->bytes, seed);
        hash->update(text);
        CHECK(hash->hash64() == hash64(text, seed));
        CHECK(hash->hash128() == hash128(text, seed));
        hash->~streaming_hash();
    }
}

TEST_CASE("update chains, over texts and bytes alike") {
    const std::array<std::byte, 2> bytes = {std::byte{'c'}, std::byte{'d'}};
    CHECK(streaming_hash().update("ab").update(bytes).update("").hash64() == hash64("abcd"));
    STATIC_REQUIRE(std::is_same_v<decltype(streaming_hash().update("ab")), streaming_hash&>);
}

TEST_CASE("a digest is ordered as its 128-bit number") {
    constexpr digest128 zero;
    STATIC_REQUIRE(zero == digest128{.high = 0, .low = 0});
    STATIC_REQUIRE(digest128{.high = 0, .low = ~std::uint64_t{0}} < digest128{.high = 1, .low = 0});
    STATIC_REQUIRE(digest128{.high = 1, .low = 1} > digest128{.high = 1, .low = 0});
    STATIC_REQUIRE(digest128{.high = 1, .low = 0} != digest128{.high = 0, .low = 1});
    STATIC_REQUIRE(sizeof(streaming_hash) == 576);
}
