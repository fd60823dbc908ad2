// SPDX-License-Identifier: BSL-1.0
#pragma once

// Reads and writes with the versions that they saw and made: what session_guarantees.hpp and bounded_staleness.hpp
// judge. Versions come from the system under test: a number, a hybrid timestamp, a version vector.

#include <compare>
#include <cstdint>

#include <coterie/check/history.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check {

/// What an access did.
enum class access_kind : std::uint8_t {
    read,
    write
};

/// An access that completed: of a read the version that it saw, of a write the one that it made. What nobody has
/// written has the version Version().
template <class Key, class Version>
    requires std::three_way_comparable<Version, std::partial_ordering>
struct versioned_access {
    client_id client;
    access_kind kind;
    Key key;
    Version version;
    // NOLINTBEGIN(readability-redundant-member-init): so that g++ takes an access without them
    steady_time invoked{};
    steady_time completed{};
    // NOLINTEND(readability-redundant-member-init)
};

}  // namespace coterie::inline v0::check
