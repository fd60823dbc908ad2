// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes Snowflakes of one worker, for any number of threads, without a lock: one 64-bit word holds the
// next (time, sequence), and each id is one compare-exchange of max(now, next) on it. Nothing repeats,
// whatever the clock does; a lease says whose the worker id is and until when; a mark carries the
// promise across restarts; and a forked child makes no ids until it has a worker id of its own.
//
//   id::snowflake_generator<id::layouts::discord> ids(id::static_lease(3));
//   auto order = ids.next();           // std::expected<id::snowflake<...>, id::id_error>; may wait
//   auto soon  = ids.try_next();       // never waits; the error says how long it would take
//   auto block = ids.reserve(64);      // 64 ids at once, to hand out without touching the word again
//
// Waiting happens outside of everything: a thread that waits holds nothing that another one needs.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <type_traits>
#include <utility>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/fork.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/high_water_mark.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake.hpp>

namespace coterie::inline v0::id {

/// Where the sequence begins in a new unit of time.
enum class sequence_start : std::uint8_t {
    zero,        ///< at 0; with little traffic all ids are 0 modulo most shard counts
    carry_over,  ///< where it stopped: spreads ids over shards; units that begin late hold fewer ids
    random,      ///< anywhere in the lower half, by a keyed hash of the time
};

/// What a generator of Snowflakes does.
struct snowflake_options {
    clock_policy clock{};
    sequence_start start = sequence_start::zero;
    /// The key of sequence_start::random: a random number, if nobody shall foresee it.
    std::uint64_t start_key = 0;
    /// How wrong the clock may be when the lease's end is judged: ids stop this long before it.
    std::chrono::nanoseconds lease_margin = std::chrono::milliseconds(500);
    /// How far ahead the mark is written: the shorter, the more writes; the longer, the more a restart waits.
    std::chrono::milliseconds mark_ahead = std::chrono::seconds(1);
};

/// Some ids of one unit of time, in a row: what snowflake_generator::reserve gives.
///
/// Complexity: an increment for each id. Thread safety: none; it is one thread's own. The time in the ids
/// is that of the reservation: use them up soon. Those that are dropped are lost.
template <snowflake_layout Layout>
class snowflake_block {
public:
    constexpr snowflake_block() = default;

    /// `size` ids, of which `first` is the first and the others differ in the sequence.
    /// Requires: that many sequence numbers are left from `first` on.
    constexpr snowflake_block(snowflake<Layout> first, std::size_t size) noexcept
        : next_(first.value()), left_(size) {}

    [[nodiscard]] constexpr std::size_t size() const noexcept { return left_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return left_ == 0; }

    /// The next id. Requires: !empty().
    constexpr snowflake<Layout> next() noexcept {
        COTERIE_ASSERT(left_ != 0);
        --left_;
        const std::uint64_t value = next_;
        next_ += step;
        return detail::unchecked::make<Layout>(value);
    }

private:
    static constexpr std::uint64_t step =
        detail::place_role<Layout>(field_role::sequence, 1);

    std::uint64_t next_ = 0;
    std::size_t left_ = 0;
};

/// A source of Snowflakes of one worker, shared between threads.
///
/// A clock, lease, mark or sleeper may be a reference type: then the generator shares it; a clock must
/// then bear being read by several threads. The worker id is all the node fields of the layout, side by
/// side. Ids of one thread grow; ids of all threads differ.
///
/// Errors: clock_regressed, sequence_exhausted, before_epoch, time_exhausted, by the policy in the
/// options; lease_expired; forked; node_too_large where the lease's worker does not fit the layout;
/// mark_failed. Nothing is lost by an error: the next call goes on.
/// Complexity: one clock read and one compare-exchange; the lease is judged, and the mark compared, once in
/// each unit of time. Thread safety: next, try_next, next_n and reserve from any number of threads.
template <snowflake_layout Layout, class Clock = system_clock, class Lease = static_lease,
          class Mark = no_mark, class Sleeper = blocking_sleeper>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
class snowflake_generator {
public:
    using id_type = snowflake<Layout>;
    using block_type = snowflake_block<Layout>;

    /// Begins beyond the mark, if there is one. What is wrong with lease or mark is the error of every call.
    explicit snowflake_generator(Lease lease, const snowflake_options& options = {}, Clock clock = Clock(),
                                 Mark mark = Mark(), Sleeper sleeper = Sleeper());

    snowflake_generator(const snowflake_generator&) = delete;
    snowflake_generator& operator=(const snowflake_generator&) = delete;

    /// The next id; may wait, at most options.clock.max_wait, where the policy says so.
    [[nodiscard]] std::expected<id_type, id_error> next() {
        const auto claimed = claim_waiting(1);
        if (!claimed.has_value()) [[unlikely]] return std::unexpected(claimed.error());
        return assemble(claimed->first);
    }

    /// The next id without ever waiting; the error says how long it would take.
    [[nodiscard]] std::expected<id_type, id_error> try_next() {
        const auto claimed = claim(1);
        if (!claimed.has_value()) [[unlikely]] return std::unexpected(claimed.error());
        return assemble(claimed->first);
    }

    /// Fills all of `out`; may wait as next does, for each unit of time that it needs.
    /// After an error its contents mean nothing.
    [[nodiscard]] std::expected<void, id_error> next_n(std::span<id_type> out);

    /// Up to `n` ids in a row, of one unit of time: at least one, and fewer than `n` where the unit has no
    /// more. May wait as next does. Requires: n > 0.
    [[nodiscard]] std::expected<block_type, id_error> reserve(std::size_t n) {
        COTERIE_ASSERT(n > 0);
        const auto claimed = claim_waiting(n);
        if (!claimed.has_value()) [[unlikely]] return std::unexpected(claimed.error());
        return block_type(assemble(claimed->first), claimed->size);
    }

    /// Takes another lease: in a child process after fork(), or when the old one was lost.
    ///
    /// Errors: forked if in a child it is still the parent's lease; node_too_large.
    /// Thread safety: none; call it before other threads use the generator.
    std::expected<void, id_error> adopt(Lease lease)
        requires(!std::is_reference_v<Lease>)
    {
        lease_ = std::move(lease);
        return adopt();
    }

    /// As above, where the lease is a reference: after what it refers to was given a new lease.
    std::expected<void, id_error> adopt();

    /// The lease as it is now; its fencing token goes with what is written under these ids.
    [[nodiscard]] worker_lease lease() const noexcept { return lease_.current(); }

private:
    static constexpr unsigned sequence_bits = id_type::sequence_bits;
    static constexpr std::uint64_t sequence_mask = detail::ones(sequence_bits);
    static constexpr std::uint64_t max_unit = detail::ones(id_type::timestamp_bits);

    // Some (time, sequence) pairs in a row, as one number each: the time above, the sequence below.
    struct claimed_run {
        std::uint64_t first;
        std::size_t size;
    };

    [[nodiscard]] id_type assemble(std::uint64_t number) const noexcept {
        return detail::unchecked::make<Layout>(
            detail::place_role<Layout>(field_role::timestamp, number >> sequence_bits) |
            detail::place_role<Layout>(field_role::sequence, number & sequence_mask) | node_);
    }

    /// Whole units of the layout since its epoch; negative before it.
    template <class Time>
    static constexpr std::int64_t unit_of(Time now) noexcept {
        return std::chrono::floor<typename Layout::unit>(now - sys_milliseconds(Layout::epoch)).count();
    }

    /// How long the clock takes from `now` to the beginning of a unit.
    template <class Time>
    static constexpr std::chrono::nanoseconds until(std::uint64_t unit, Time now) noexcept {
        const auto units = unit - static_cast<std::uint64_t>(unit_of(now));
        const auto whole = detail::saturated(units, detail::unit_ms<Layout> * std::uint64_t{1'000'000});
        const auto since_epoch = now - sys_milliseconds(Layout::epoch);
        const auto into = since_epoch - std::chrono::floor<typename Layout::unit>(since_epoch);
        return whole - std::chrono::duration_cast<std::chrono::nanoseconds>(into);
    }

    static constexpr wall_time end_of(std::uint64_t unit) noexcept {
        const auto ms = static_cast<std::uint64_t>(Layout::epoch.time_since_epoch().count());
        const auto unit_ms = static_cast<std::uint64_t>(detail::unit_ms<Layout>);
        return wall_time(detail::saturated(ms + (unit + 1) * unit_ms, 1'000'000));
    }

    /// Where the sequence begins in a new unit of time; `next` is where it would go on in the old one.
    [[nodiscard]] std::uint64_t start_of(std::uint64_t unit, std::uint64_t next) const noexcept {
        switch (options_.start) {
            case sequence_start::zero: break;
            case sequence_start::carry_over: return next & sequence_mask;
            case sequence_start::random:
                return detail::mix64(options_.start_key + detail::mix64(unit)) & sequence_mask >> 1;
        }
        return 0;
    }

    /// Claims up to `n` numbers of one unit, without waiting.
    std::expected<claimed_run, id_error> claim(std::size_t n);

    std::expected<claimed_run, id_error> claim_waiting(std::size_t n) {
        auto claimed = claim(n);
        if (claimed.has_value()) [[likely]] return claimed;
        if (!detail::waits_for(options_.clock, claimed.error().code)) return claimed;
        return detail::with_waiting(options_.clock, sleeper_, [this, n] { return claim(n); });
    }

    /// Why ids cannot be made in a unit of time that none was made in yet, if so.
    std::expected<void, id_error> open(std::uint64_t unit);
    std::expected<void, id_error> move_mark(std::uint64_t unit);

    std::atomic<std::uint64_t> next_{0};  // one more than the last number
    snowflake_options options_;
    detail::allowed_ahead allowed_;
    detail::paced_clock<Clock> clock_;
    Lease lease_;
    [[no_unique_address]] Mark mark_;
    [[no_unique_address]] Sleeper sleeper_;
    worker_lease adopted_{};
    std::uint64_t node_ = 0;
    id_errc unusable_ = id_errc::forked;  // why, while home_ is not set
    fork_wiped<bool> home_;               // true in the process that the lease belongs to
    std::atomic<std::uint64_t> marked_{0};  // units below this one are covered by the mark
    std::atomic_flag marking_{};
};

}  // namespace coterie::inline v0::id
