// SPDX-License-Identifier: BSL-1.0
#pragma once

// The places of a half-open circuit breaker's probes. A place is leased: it is free again when its probe gives it
// up, or when the lease is over. For the library's own headers.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/retry/call_window.hpp>

namespace coterie::inline v0::retry::detail {

/// The places of the probes.
class probe_slots {
public:
    static constexpr std::size_t capacity = 32;

    std::optional<std::uint32_t> try_lease(steady_time now, std::chrono::nanoseconds lease,
                                           std::uint32_t limit) noexcept;
    /// Gives up a place. Returns: whether it was still held.
    bool give_up(std::uint32_t at, std::uint64_t lease, steady_time now) noexcept;
    /// When the first of the leases that hold now is over.
    steady_time earliest_end(steady_time now, std::uint32_t limit) const noexcept;
    void clear() noexcept;

    std::uint64_t lease_of(std::uint32_t at) const noexcept { return slots_[at].lease; }

    call_tally results{};

private:
    struct slot {
        std::uint64_t lease = 0;  // zero: free
        steady_time expires;
    };

    std::array<slot, capacity> slots_{};
    std::uint64_t last_lease_ = 0;
};

inline std::optional<std::uint32_t> probe_slots::try_lease(steady_time now,
                                                           std::chrono::nanoseconds lease,
                                                           std::uint32_t limit) noexcept {
    std::uint32_t held = results.calls;  // what has returned is not to be asked again
    std::uint32_t free = 0;
    for (std::uint32_t i = 0; i < limit; ++i) {
        if (slots_[i].lease != 0 && now < slots_[i].expires) {
            ++held;
        } else {
            free = i;
        }
    }
    if (held >= limit) return std::nullopt;
    slots_[free] = {++last_lease_, saturating_add(now, lease)};
    return free;
}

inline bool probe_slots::give_up(std::uint32_t at, std::uint64_t lease, steady_time now) noexcept {
    if (slots_[at].lease != lease) return false;
    slots_[at].lease = 0;
    return now < slots_[at].expires;
}

inline steady_time probe_slots::earliest_end(steady_time now, std::uint32_t limit) const noexcept {
    steady_time first = steady_time::max();
    for (std::uint32_t i = 0; i < limit; ++i) {
        const slot& s = slots_[i];
        if (s.lease != 0 && now < s.expires && s.expires < first) first = s.expires;
    }
    return first;
}

inline void probe_slots::clear() noexcept {
    slots_ = {};
    results = {};
}

}  // namespace coterie::inline v0::retry::detail
