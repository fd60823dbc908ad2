// SPDX-License-Identifier: BSL-1.0
#pragma once

// What becomes different on a link: any of its loss, delay, duplicates, damage and bandwidth.
//
//   const sim::link_change bad{.loss = sim::percent(10), .delay = sim::delay_range{50ms, 200ms}};
//   world.links().set_profile(bad.applied_to(profile));         // what it does not name stays
//
// Numbers are exact, so that a fault script (sim/fault_script.hpp) is printed as it was read.

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>

#include <coterie/sim/latency.hpp>
#include <coterie/sim/links.hpp>

namespace coterie::inline v0::sim {

/// A probability in millionths, so that it is printed as it was read.
struct probability {
    std::uint32_t per_million = 0;

    /// From 0 to 1.
    [[nodiscard]] constexpr double value() const noexcept { return per_million / 1e6; }

    friend constexpr auto operator<=>(const probability&, const probability&) = default;
};

/// So many in a hundred.
[[nodiscard]] constexpr probability percent(std::uint32_t p) noexcept { return {p * 10'000}; }

/// Any time from `low` to `high`, each included.
struct delay_range {
    std::chrono::nanoseconds low{};
    std::chrono::nanoseconds high{};

    friend constexpr bool operator==(const delay_range&, const delay_range&) = default;
};

/// What becomes different on a link.
struct link_change {
    std::optional<probability> loss = std::nullopt;
    std::optional<delay_range> delay = std::nullopt;
    std::optional<probability> duplicate = std::nullopt;
    std::optional<probability> corrupt = std::nullopt;
    std::optional<std::uint64_t> bytes_per_second = std::nullopt;

    /// A profile with the change made to it.
    [[nodiscard]] constexpr link_profile applied_to(link_profile p) const {
        if (loss) p.loss = loss->value();
        if (delay) p.delay = latency::uniform(delay->low, delay->high);
        if (duplicate) p.duplication = duplicate->value();
        if (corrupt) p.corruption = corrupt->value();
        if (bytes_per_second) p.bytes_per_second = *bytes_per_second;
        return p;
    }

    friend constexpr bool operator==(const link_change&, const link_change&) = default;
};

}  // namespace coterie::inline v0::sim
