// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the generators of ULIDs and UUIDv7s let their users choose. Ids of one unit of time share a key made
// of the time, and differ in a tail of chance that is counted up. The choices are: what happens when the clock
// disobeys (clock_policy.hpp), by how much the tail is counted up, and where a fresh tail may begin. Whatever
// is chosen, ids only grow and none is made twice.
//
//   id::ulid_generator ids({.increment = id::tail_increment::one});    // fast, and easy to guess
//
// Source: RFC 9562, section 6.2; the monotonicity of the ULID specification.

#include <cstdint>

#include <coterie/id/clock_policy.hpp>

namespace coterie::inline v0::id {

/// How the tail of an id is counted up within a unit of time.
enum class tail_increment : std::uint8_t {
    random,  ///< by 1 to 2^32, unpredictably: seeing an id does not help to guess the next
    one,     ///< by 1: the fastest, and as guessable as it sounds
};

/// What a generator of ULIDs or UUIDv7s does.
struct monotonic_options {
    clock_policy clock{};
    tail_increment increment = tail_increment::random;
    /// Whether a fresh tail begins with a zero bit, so that at least half of its range lies ahead. Without
    /// it a tail may begin anywhere, and a unit of time may be exhausted after a few ids.
    bool headroom = true;
};

}  // namespace coterie::inline v0::id
