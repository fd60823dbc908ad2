// SPDX-License-Identifier: BSL-1.0
#pragma once

// The right to a worker id. Two processes with one worker id make the same Snowflakes, so the id must be
// somebody's alone for a known time: a lease, from a coordinator that gives it to nobody else until it
// has expired. The fencing token that came with it lets what stores the ids refuse a holder of an older
// lease. Where worker ids are fixed by hand, `static_lease` is the whole of it.

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include <coterie/core/clock.hpp>
#include <coterie/core/sharing.hpp>

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

namespace detail {

/// A lease that somebody keeps alive: one thread renews and replaces it, generators look.
///
/// A generator that shares it stops when the lease is replaced, until its `adopt()` takes the new one.
/// Thread safety: `current` from any number of threads, beside one thread that calls `renew` and `replace`.
/// No thread waits for another, and nobody sees the worker of one lease with the end of another.
template <class Sharing>
class basic_renewable_lease {
public:
    explicit basic_renewable_lease(const worker_lease& lease) noexcept { write(slots_[0], lease); }

    /// Says until when the same lease holds now. An earlier time ends it early.
    void renew(wall_time expires) noexcept {
        slot& now = slots_[version_.load(std::memory_order_relaxed) % 2];
        now.expires.store(expires.time_since_epoch().count(), std::memory_order_release);
    }

    /// Puts another lease in its place: of another worker id, or of the same with a larger fencing token.
    void replace(const worker_lease& lease) noexcept {
        const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
        write(slots_[next % 2], lease);
        version_.store(next, std::memory_order_release);
    }

    /// As renewed or replaced last.
    [[nodiscard]] worker_lease current() const noexcept {
        for (std::uint64_t version = version_.load(std::memory_order_acquire);;) {
            const slot& now = slots_[version % 2];
            const worker_lease lease{
                now.worker.load(std::memory_order_acquire),
                wall_time(std::chrono::nanoseconds(now.expires.load(std::memory_order_acquire))),
                now.fencing_token.load(std::memory_order_acquire)};
            // A slot is written again only after the version has changed. Whoever sees one of its new words,
            // which are released, sees that change here.
            const std::uint64_t after = version_.load(std::memory_order_acquire);
            if (after == version) [[likely]]
                return lease;
            version = after;
        }
    }

private:
    struct slot {
        typename Sharing::template cell<std::uint64_t> worker{0};
        typename Sharing::template cell<std::uint64_t> fencing_token{0};
        typename Sharing::template cell<std::int64_t> expires{0};
    };

    static void write(slot& to, const worker_lease& lease) noexcept {
        to.worker.store(lease.worker, std::memory_order_release);
        to.fencing_token.store(lease.fencing_token, std::memory_order_release);
        to.expires.store(lease.expires.time_since_epoch().count(), std::memory_order_release);
    }

    std::array<slot, 2> slots_;  // the next lease is written beside the one that is read
    typename Sharing::template cell<std::uint64_t> version_{
        0};  // how often it was replaced; its last bit says which slot
};

}  // namespace detail

/// A lease that somebody keeps alive, for generators in any number of threads.
using renewable_lease = detail::basic_renewable_lease<coterie::detail::shared_by_threads>;

}  // namespace coterie::inline v0::id
