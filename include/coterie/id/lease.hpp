// SPDX-License-Identifier: BSL-1.0
#pragma once

// The right to a worker id. Two processes with one worker id make the same Snowflakes, so the id must be
// somebody's alone for a known time: a lease, from a coordinator that gives it to nobody else until it
// has expired. The fencing token that came with it lets what stores the ids refuse a holder of an older
// lease. Where worker ids are fixed by hand, `static_lease` is the whole of it.

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::id {

/// The right to make ids as `worker` until `expires`.
struct worker_lease {
    std::uint64_t worker = 0;
    wall_time expires = wall_time::max();
    /// Larger than that of every earlier lease of this worker id.
    std::uint64_t fencing_token = 0;

    friend constexpr bool operator==(const worker_lease&, const worker_lease&) = default;
};

/// Something that holds a lease: `current()` gives it as it is now, from any thread.
template <class L>
concept lease_source = requires(std::remove_reference_t<L>& lease) {
    { lease.current() } noexcept -> std::same_as<worker_lease>;
};

/// A worker id that is assigned by hand, for ever.
class static_lease {
public:
    explicit constexpr static_lease(std::uint64_t worker) noexcept : worker_(worker) {}

    /// Always the same.
    [[nodiscard]] constexpr worker_lease current() const noexcept { return {.worker = worker_}; }

private:
    std::uint64_t worker_;
};

/// A lease that somebody keeps alive: one thread renews, generators look.
///
/// Thread safety: any number of threads. Give it to a generator by reference.
class renewable_lease {
public:
    explicit renewable_lease(const worker_lease& lease) noexcept
        : worker_(lease.worker),
          fencing_token_(lease.fencing_token),
          expires_(lease.expires.time_since_epoch().count()) {}

    /// Says until when the same lease holds now. An earlier time ends it early.
    void renew(wall_time expires) noexcept {
        expires_.store(expires.time_since_epoch().count(), std::memory_order_release);
    }

    /// As renewed last.
    [[nodiscard]] worker_lease current() const noexcept {
        const std::chrono::nanoseconds expires(expires_.load(std::memory_order_acquire));
        return {worker_, wall_time(expires), fencing_token_};
    }

private:
    std::uint64_t worker_;
    std::uint64_t fencing_token_;
    std::atomic<std::int64_t> expires_;
};

}  // namespace coterie::inline v0::id
