// SPDX-License-Identifier: BSL-1.0
#pragma once

// A hash that is the same on every machine, in every process and every version of this library: XXH3,
// by Yann Collet's xxHash. For digests that travel or are stored (Merkle trees, placement on a ring,
// equality of replicas); not against an adversary, and not needed for std::hash of an id. This is the
// only header that includes xxHash: it needs <xxhash.h> (0.8 or later) on the include path, no library.

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace coterie::inline v0 {

/// A 128-bit hash, ordered as the number high * 2^64 + low.
struct digest128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr auto operator<=>(const digest128&, const digest128&) = default;
};

/// The 64-bit XXH3 of some bytes. Complexity: linear, tens of gigabytes a second.
[[nodiscard]] inline std::uint64_t hash64(std::span<const std::byte> bytes,
                                          std::uint64_t seed = 0) noexcept {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// The 64-bit XXH3 of a text.
[[nodiscard]] inline std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) noexcept {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

/// The 128-bit XXH3 of some bytes.
[[nodiscard]] inline digest128 hash128(std::span<const std::byte> bytes,
                                       std::uint64_t seed = 0) noexcept {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.high64, hash.low64};
}

/// The 128-bit XXH3 of a text.
[[nodiscard]] inline digest128 hash128(std::string_view text, std::uint64_t seed = 0) noexcept {
    return hash128(std::as_bytes(std::span(text)), seed);
}

/// Hashes what comes in pieces: the digests are those of all the pieces in a row.
///
/// A copy goes on by itself. Size: 576 bytes, no allocation. Thread safety: none.
class streaming_hash {
public:
    explicit streaming_hash(std::uint64_t seed = 0) noexcept {
        XXH3_64bits_reset_withSeed(&state_, seed);
    }

    /// Appends bytes. Complexity: linear.
    streaming_hash& update(std::span<const std::byte> bytes) noexcept {
        // One state serves both widths: XXH3 differs between them only in how it ends.
        XXH3_64bits_update(&state_, bytes.data(), bytes.size());
        return *this;
    }

    /// Appends a text.
    streaming_hash& update(std::string_view text) noexcept {
        return update(std::as_bytes(std::span(text)));
    }

    /// The hash of all that came so far; more may follow.
    [[nodiscard]] std::uint64_t hash64() const noexcept { return XXH3_64bits_digest(&state_); }

    /// The 128-bit hash of all that came so far; more may follow.
    [[nodiscard]] digest128 hash128() const noexcept {
        const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
        return {hash.high64, hash.low64};
    }

private:
    XXH3_state_t state_{};  // reset reads some of it
};

}  // namespace coterie::inline v0
