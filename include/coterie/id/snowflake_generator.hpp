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
//
// Source: Twitter, "Announcing Snowflake", 2010; the shared word of (time, sequence) is common practice.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/fork.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/sharing.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/bits128.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/layout.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/offered_leases.hpp>
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
/// Complexity: an increment for each id. Thread safety: none; it is one thread's own. A block moves and is
/// never copied, for a copy would give the same ids again; what it was moved from is empty. The time in the
/// ids is that of the reservation: use them up soon. Those that are dropped are lost. A block is empty in a
/// child of fork(), and once its generator has adopted another lease; it must not outlive its generator.
template <snowflake_layout Layout>
class snowflake_block {
public:
    constexpr snowflake_block() = default;
    constexpr snowflake_block(snowflake_block&& other) noexcept
        : next_(other.next_),
          left_(std::exchange(other.left_, 0)),
          home_(other.home_),
          adoption_(other.adoption_) {}
    constexpr snowflake_block& operator=(snowflake_block&& other) noexcept {
        next_ = other.next_;
        left_ = std::exchange(other.left_, 0);
        home_ = other.home_;
        adoption_ = other.adoption_;
        return *this;
    }

    /// How many ids are left.
    [[nodiscard]] bool empty() const noexcept { return left_ == 0 || !is_valid(); }
    [[nodiscard]] std::size_t size() const noexcept { return empty() ? 0 : left_; }

    /// The next id, or nothing where the block is empty.
    [[nodiscard]] std::optional<snowflake<Layout>> next() noexcept {
        if (empty()) [[unlikely]]
            return std::nullopt;
        --left_;
        const std::uint64_t value = next_;
        next_ += step;
        return detail::unchecked::make<Layout>(value);
    }

private:
    template <snowflake_layout L, class Clock, class Lease, class Mark, class Sleeper,
              class Sharing>
        requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
    friend class snowflake_generator;

    static constexpr std::uint64_t step = detail::place_role<Layout>(field_role::sequence, 1);

    snowflake_block(snowflake<Layout> first, std::size_t size,
                    const fork_wiped<std::uint64_t>& home, std::uint64_t adoption) noexcept
        : next_(first.value()), left_(size), home_(&home), adoption_(adoption) {}

    [[nodiscard]] bool is_valid() const noexcept {
        const std::uint64_t* const here = home_->peek();
        return here != nullptr && *here == adoption_;
    }

    std::uint64_t next_ = 0;
    std::size_t left_ = 0;
    const fork_wiped<std::uint64_t>* home_ = nullptr;
    std::uint64_t adoption_ = 0;
};

/// A source of Snowflakes of one worker, shared between threads.
///
/// A clock, lease, mark or sleeper may be a reference type: then the generator shares it; a clock must
/// then bear being read by several threads. The worker id is all the node fields of the layout, side by
/// side. Ids of one thread grow; ids of all threads differ.
///
/// Errors: clock_regressed, sequence_exhausted, before_epoch, time_exhausted, by the policy in the
/// options; lease_expired; forked; node_too_large where the lease's worker does not fit the layout;
/// mark_failed, mark_busy; no_memory. Nothing is lost by an error: the next call goes on.
/// Complexity: one clock read and one compare-exchange; the lease is judged, and the mark compared, once in
/// each unit of time, and for each claim that is ahead of the clock. Thread safety: next, try_next, next_n and
/// reserve from any number of threads.
template <snowflake_layout Layout, class Clock = system_clock, class Lease = static_lease,
          class Mark = no_mark, class Sleeper = blocking_sleeper,
          class Sharing = coterie::detail::shared_by_threads>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
class snowflake_generator {
public:
    using id_type = snowflake<Layout>;
    using block_type = snowflake_block<Layout>;

    /// Begins beyond the mark, if there is one. What is wrong with lease or mark is the error of every call.
    explicit snowflake_generator(Lease lease, const snowflake_options& options = {},
                                 Clock clock = Clock(), Mark mark = Mark(),
                                 Sleeper sleeper = Sleeper());

    snowflake_generator(const snowflake_generator&) = delete;
    snowflake_generator& operator=(const snowflake_generator&) = delete;

    /// The next id; may wait, at most options.clock.max_wait, where the policy says so.
    [[nodiscard]] std::expected<id_type, id_error> next() {
        if (std::uint64_t number = 0; claim_soon(number)) [[likely]]
            return assemble(number);
        const auto claimed = claim_waiting(1);
        if (!claimed.has_value()) [[unlikely]]
            return std::unexpected(claimed.error());
        return assemble(claimed->first);
    }

    /// The next id without ever waiting; the error says how long it would take.
    /// (With a mark, the call that finds it used up writes it: that takes as long as the mark does.)
    [[nodiscard]] std::expected<id_type, id_error> try_next() {
        if (std::uint64_t number = 0; claim_soon(number)) [[likely]]
            return assemble(number);
        const auto claimed = claim(1);
        if (!claimed.has_value()) [[unlikely]]
            return std::unexpected(claimed.error());
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
        if (!claimed.has_value()) [[unlikely]]
            return std::unexpected(claimed.error());
        return block_type(assemble(claimed->first), claimed->size, home_, adoption_);
    }

    /// Takes another lease: in a child process after fork(), or when the old one was lost. A mark must
    /// be that of the new worker id; `adopt(lease, mark)` changes both. The lease is judged and the mark is
    /// written before the next id, also in the unit of time that the last id was of.
    ///
    /// Errors: forked in a child, where a parent process gave this generator that lease, or a later one of its
    /// worker id, before the fork, whatever came of it; node_too_large, mark_failed, time_exhausted, no_memory.
    /// After an error there are no ids until another adopt succeeds. A generator remembers the leases of 8
    /// worker ids: after more, its child takes none of an id that is not among them; make a new generator.
    /// Thread safety: none; call it while no other thread uses the generator.
    std::expected<void, id_error> adopt(Lease lease)
        requires(!std::is_reference_v<Lease>)
    {
        lease_ = std::move(lease);
        return adopt();
    }
    /// \copydoc adopt(Lease)
    std::expected<void, id_error> adopt(Lease lease, Mark mark)
        requires(!std::is_reference_v<Lease> && !std::is_reference_v<Mark>)
    {
        mark_ = std::move(mark);
        return adopt(std::move(lease));
    }

    /// As above, where the lease is a reference: after what it refers to was given a new lease, as by
    /// renewable_lease::replace. One that was put there before a fork, and not adopted, is not noticed.
    std::expected<void, id_error> adopt();
    /// \copydoc adopt()
    std::expected<void, id_error> adopt(Mark mark)
        requires(std::is_reference_v<Lease> && !std::is_reference_v<Mark>)
    {
        mark_ = std::move(mark);
        return adopt();
    }

    /// The lease that ids are made under, as renewed last; its fencing token goes with what is written under
    /// these ids. A lease that was not adopted yet is not it, unless there is no other.
    [[nodiscard]] worker_lease lease() const noexcept {
        const worker_lease now = lease_.current();
        return !is_usable() || is_same(now, *adopted_) ? now : *adopted_;
    }

private:
    static constexpr unsigned sequence_bits = id_type::sequence_bits;
    static constexpr std::uint64_t sequence_mask = detail::ones(sequence_bits);
    static constexpr std::uint64_t max_unit = detail::ones(id_type::timestamp_bits);
    static constexpr auto unit_ms = static_cast<std::uint64_t>(detail::unit_ms<Layout>);
    static constexpr std::int64_t epoch_ms =
        sys_milliseconds(Layout::epoch).time_since_epoch().count();

    /// (time, sequence) as one number: the time above, the sequence below. This one is never used, so that
    /// the number after every used one exists.
    static constexpr std::uint64_t last_number =
        detail::ones(id_type::timestamp_bits + sequence_bits);

    /// Some such numbers in a row.
    struct claimed_run {
        std::uint64_t first;
        std::size_t size;
    };

    [[nodiscard]] id_type assemble(std::uint64_t number) const noexcept {
        return detail::unchecked::make<Layout>(
            detail::place_role<Layout>(field_role::timestamp, number >> sequence_bits) |
            detail::place_role<Layout>(field_role::sequence, number & sequence_mask) | node_);
    }

    /// Whether it is one lease, however long it was extended.
    static constexpr bool is_same(const worker_lease& a, const worker_lease& b) noexcept {
        return a.worker == b.worker && a.fencing_token == b.fencing_token;
    }

    /// How far ahead the mark is written, in units: one at least.
    [[nodiscard]] constexpr std::uint64_t mark_ahead_units() const noexcept {
        const std::int64_t ms = options_.mark_ahead.count();
        return ms < 0 ? 1 : static_cast<std::uint64_t>(ms) / unit_ms + 1;
    }

    [[nodiscard]] bool is_usable() const noexcept {
        const std::uint64_t* const here = home_.peek();
        return here != nullptr && *here == adoption_;
    }

    template <class Time>
    static constexpr std::int64_t ms_of(Time now) noexcept {
        return std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
    }

    /// When a unit begins, in milliseconds since 1970, or the last that the type can say.
    static constexpr std::int64_t begin_of(std::uint64_t unit) noexcept {
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        const std::uint64_t ms = static_cast<std::uint64_t>(epoch_ms) + unit * unit_ms;
        return static_cast<std::int64_t>(ms < most ? ms : most);
    }

    /// Where the sequence begins in a unit of time; `next` is where it would go on in the last one.
    [[nodiscard]] std::uint64_t start_of(std::uint64_t unit, std::uint64_t next) const noexcept {
        switch (options_.start) {
            case sequence_start::zero: break;
            case sequence_start::carry_over: return next & sequence_mask;
            case sequence_start::random:
                return detail::mix64(options_.start_key + detail::mix64(unit)) & sequence_mask >> 1;
        }
        return 0;
    }

    /// Whether a reading of the clock lies in a unit, or as much before it as a coarse clock may lag. One
    /// comparison, and no division.
    template <class Time>
    [[nodiscard]] bool is_now(std::uint64_t unit, Time now) const noexcept {
        using duration = typename Time::duration;
        constexpr auto per_ms =
            static_cast<std::uint64_t>(duration(std::chrono::milliseconds(1)).count());
        constexpr std::uint64_t per_unit = unit_ms * per_ms;
        constexpr std::uint64_t epoch = static_cast<std::uint64_t>(epoch_ms) * per_ms;
        const std::uint64_t lag = static_cast<std::uint64_t>(clock_.lag_ms()) * per_ms;
        // Modulo 2^64, where the times of a clock and what the tolerance adds to them are all different.
        const std::uint64_t begin = epoch + unit * per_unit - lag;
        return static_cast<std::uint64_t>(now.time_since_epoch().count()) - begin < per_unit + lag;
    }

    /// The way of almost all calls: claims the next number if it is of a unit that the clock is in and
    /// that ids were made in already.
    [[nodiscard]] bool claim_soon(std::uint64_t& number) noexcept {
        if (!is_usable()) [[unlikely]]
            return false;
        number = next_.load(std::memory_order_acquire);
        const auto now = clock_.now();
        while ((number & sequence_mask) != 0 && number != last_number &&
               is_now(number >> sequence_bits, now)) [[likely]] {
            if (next_.compare_exchange_weak(number, number + 1, std::memory_order_acq_rel,
                                            std::memory_order_acquire)) [[likely]] {
                return true;
            }
        }
        return false;
    }

    /// Claims up to `n` numbers of one unit, without waiting.
    std::expected<claimed_run, id_error> claim(std::size_t n);

    std::expected<claimed_run, id_error> claim_waiting(std::size_t n) {
        auto claimed = claim(n);
        if (claimed.has_value()) [[likely]]
            return claimed;
        if (!detail::waits_for(options_.clock, claimed.error().code)) return claimed;
        return detail::with_waiting(options_.clock, sleeper_, [this, n] { return claim(n); });
    }

    /// Whether ids may be made in a unit of time, by the lease and by the mark. The lease has to last until the
    /// unit's end, which is after the clock wherever that is: in the unit, or behind it.
    std::expected<void, id_error> open(std::uint64_t unit);
    std::expected<void, id_error> cover(std::uint64_t unit);

    typename Sharing::template cell<std::uint64_t> next_{0};  // one more than the last number
    std::uint64_t node_ = 0;                                  // in its place in the id
    std::uint64_t adoption_ = 1;          // one more than how often adopt was called
    fork_wiped<std::uint64_t> home_;      // that number, if it succeeded, else 1; zero in a child
    id_errc unusable_ = id_errc::forked;  // why there are no ids where the two differ
    snowflake_options options_;
    detail::allowed_ahead allowed_;
    detail::paced_clock<Clock> clock_;
    Lease lease_;
    [[no_unique_address]] Mark mark_;
    [[no_unique_address]] Sleeper sleeper_;
    std::optional<worker_lease> adopted_;
    detail::offered_leases offered_;
    long process_ = coterie::detail::process_id();  // that called adopt last
    std::uint64_t floor_ = 0;    // the next number at the last adopt: none below it is made
    std::uint64_t resumed_ = 0;  // the unit that the mark made it begin with
    typename Sharing::template cell<std::uint64_t> marked_{
        0};  // units below this one are covered by the mark
    Sharing::lock marking_;
};

// --- details ---------------------------------------------------------------------------------------

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::snowflake_generator(
    Lease lease, const snowflake_options& options, Clock clock, Mark mark, Sleeper sleeper)
    : options_(options),
      allowed_(options.clock),
      clock_(std::forward<Clock>(clock)),
      lease_(std::forward<Lease>(lease)),
      mark_(std::forward<Mark>(mark)),
      sleeper_(std::forward<Sleeper>(sleeper)) {
    static_cast<void>(adopt());
}

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
std::expected<void, id_error>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::adopt() {
    const auto refuse = [this](id_errc code) {
        unusable_ = code;
        return std::unexpected(id_error{code});
    };
    ++adoption_;
    // A child is known by a page that is wiped, and by its number where its parent had no page.
    const std::uint64_t* const before = home_.get();
    const long process = coterie::detail::process_id();
    if ((before != nullptr && *before == 0) || process != process_) offered_.inherit();
    process_ = process;
    std::uint64_t* const home = home_.acquire();
    if (home != nullptr) *home = 1;
    const worker_lease lease = lease_.current();
    if (lease.worker > detail::ones(id_type::node_bits)) return refuse(id_errc::node_too_large);
    if (!offered_.offer(lease)) return refuse(id_errc::forked);
    if (home == nullptr) return refuse(id_errc::no_memory);

    const auto mark = mark_.load();
    if (!mark.has_value()) return refuse(id_errc::mark_failed);
    const std::int64_t mark_ms = mark->time_since_epoch().count();
    std::uint64_t unit = 0;
    if (mark_ms > epoch_ms) {
        unit = (static_cast<std::uint64_t>(mark_ms - epoch_ms) + unit_ms - 1) / unit_ms;
    }
    if (unit > max_unit) return refuse(id_errc::time_exhausted);

    // The word goes back to the beginning of its unit, where `claim` opens the unit anew; what it was is
    // kept, so that no number is claimed twice. The word is never again below that once ids are made.
    floor_ = std::max(floor_, next_.load(std::memory_order_relaxed));
    if (unit << sequence_bits > floor_) {
        floor_ = unit << sequence_bits;
        resumed_ = unit;
    }
    next_.store(floor_ & ~sequence_mask, std::memory_order_relaxed);
    marked_.store(unit, std::memory_order_relaxed);
    marking_.release();
    node_ = detail::place_role<Layout>(field_role::node, lease.worker);
    adopted_ = lease;
    unusable_ = id_errc::forked;
    *home = adoption_;
    return {};
}

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
std::expected<
    typename snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::claimed_run,
    id_error>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::claim(std::size_t n) {
    const auto fail = [](id_errc code, std::chrono::nanoseconds retry_after = {}) {
        return std::unexpected(id_error{code, retry_after});
    };
    if (!is_usable()) [[unlikely]]
        return fail(unusable_);

    // The word is loaded before the clock is read: what other threads put into it meanwhile must not
    // look like a clock that stepped back.
    std::uint64_t next = next_.load(std::memory_order_acquire);
    auto now = clock_.now();
    bool settled = clock_.lag_ms() == 0;  // whether `now` is precise, and later than `next`
    for (;;) {
        const std::int64_t ms = ms_of(now);
        const bool is_before_epoch = ms < epoch_ms;
        const std::uint64_t unit_now =
            is_before_epoch ? 0 : static_cast<std::uint64_t>(ms - epoch_ms) / unit_ms;

        // max(now, last + 1), and never a question whether the two are equal. After `adopt` the word is at the
        // beginning of the last unit, and `from` in it.
        const std::uint64_t from = next < floor_ ? floor_ : next;
        const std::uint64_t next_unit = from >> sequence_bits;
        const std::uint64_t unit = unit_now > next_unit ? unit_now : next_unit;
        const bool is_begun = unit == next_unit && (from & sequence_mask) != 0;
        const std::uint64_t first = is_begun ? from : unit << sequence_bits | start_of(unit, from);
        if (unit > max_unit || first >= last_number) return fail(id_errc::time_exhausted);

        const bool is_ahead = unit > unit_now || is_before_epoch;
        if (is_ahead) [[unlikely]] {
            // The last id's unit; at the beginning, the one that the mark allows.
            const std::uint64_t last = is_begun || unit == resumed_ ? unit : unit - 1;
            const auto behind = unit_now < last || is_before_epoch
                                    ? detail::time_until(begin_of(last), {}, now)
                                    : std::chrono::nanoseconds(0);
            const auto early = detail::time_until(begin_of(unit), {}, now);
            if (!settled && early > std::chrono::milliseconds(clock_.lag_ms())) {
                now = clock_.precise_now();
                settled = true;
                continue;
            }
            if (settled) {
                if (from == 0 && is_before_epoch) return fail(id_errc::before_epoch, early);
                if (unit != last && early > allowed_.new_unit) {
                    return std::unexpected(
                        detail::used_up(options_.clock, allowed_, behind, early));
                }
                if (behind > allowed_.same_unit) {
                    return fail(id_errc::clock_regressed, behind - allowed_.same_unit);
                }
            }
        }
        // Once in each unit. A unit that the clock is not in may go on for long, so it is judged each time.
        if (!is_begun || next < floor_ || is_ahead) {
            const auto opened = open(unit);
            if (!opened.has_value()) [[unlikely]]
                return std::unexpected(opened.error());
        }

        const std::uint64_t rest_of_unit = sequence_mask - (first & sequence_mask) + 1;
        const std::uint64_t most = std::min(rest_of_unit, last_number - first);
        const std::uint64_t size = n < most ? n : most;
        if (next_.compare_exchange_weak(next, first + size, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) [[likely]] {
            return claimed_run{first, static_cast<std::size_t>(size)};
        }
        settled = false;
    }
}

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
std::expected<void, id_error>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::open(std::uint64_t unit) {
    const worker_lease lease = lease_.current();
    if (!is_same(lease, *adopted_)) return std::unexpected(id_error{id_errc::lease_expired});
    if (lease.expires != wall_time::max()) {
        const wall_time end(
            detail::saturated(static_cast<std::uint64_t>(begin_of(unit + 1)), 1'000'000));
        if (end > lease.expires || lease.expires - end < options_.lease_margin) {
            return std::unexpected(id_error{id_errc::lease_expired});
        }
    }
    if constexpr (!std::is_same_v<std::remove_cvref_t<Mark>, no_mark>) return cover(unit);
    return {};
}

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
std::expected<void, id_error>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::cover(std::uint64_t unit) {
    // Far from the end of what is covered: nothing to do. In its second half somebody moves the mark,
    // and the others go on meanwhile, as long as they are covered.
    const std::uint64_t ahead = mark_ahead_units();
    const auto lasts = [&] {
        const std::uint64_t marked = marked_.load(std::memory_order_acquire);
        return unit < marked && marked - unit > ahead / 2;
    };
    if (lasts()) return {};
    if (!marking_.try_acquire()) {
        if (unit < marked_.load(std::memory_order_acquire)) return {};
        return std::unexpected(id_error{id_errc::mark_busy, std::chrono::milliseconds(1)});
    }
    bool is_covered = lasts();
    if (!is_covered) {
        const std::uint64_t target = unit + 1 + ahead;
        const bool is_stored =
            mark_.store(sys_milliseconds(std::chrono::milliseconds(begin_of(target)))).has_value();
        if (is_stored) marked_.store(target, std::memory_order_release);
        is_covered = unit < marked_.load(std::memory_order_relaxed);
    }
    marking_.release();
    if (!is_covered) return std::unexpected(id_error{id_errc::mark_failed});
    return {};
}

template <snowflake_layout Layout, class Clock, class Lease, class Mark, class Sleeper,
          class Sharing>
    requires wall_clock<Clock> && lease_source<Lease> && high_water_mark<Mark>
std::expected<void, id_error>
snowflake_generator<Layout, Clock, Lease, Mark, Sleeper, Sharing>::next_n(std::span<id_type> out) {
    while (!out.empty()) {
        auto block = reserve(out.size());
        if (!block.has_value()) return std::unexpected(block.error());
        const std::size_t size = block->size();
        for (std::size_t i = 0; i < size; ++i) out[i] = *block->next();
        out = out.subspan(size);
    }
    return {};
}

}  // namespace coterie::inline v0::id
