// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a dedup window (dedup_window.hpp) remembers, apart from its clock, so that it can outlive the process.

#include <chrono>
#include <optional>
#include <vector>

namespace coterie::inline v0::retry {

/// What a window remembers, in ages: a steady time means nothing to the next process. A value; its
/// codec is in dedup_wire.hpp.
template <class Key>
struct dedup_snapshot {
    /// A key, and how long ago it was seen.
    struct entry {
        std::chrono::nanoseconds age{};
        Key key;
        friend bool operator==(const entry&, const entry&) = default;
    };

    /// From the oldest to the youngest. No age is negative.
    std::vector<entry> seen;
    /// How long ago the last key was seen that is forgotten: for lack of room, or by the remember_for of the window.
    std::optional<std::chrono::nanoseconds> forgotten_for;

    friend bool operator==(const dedup_snapshot&, const dedup_snapshot&) = default;
};

}  // namespace coterie::inline v0::retry
