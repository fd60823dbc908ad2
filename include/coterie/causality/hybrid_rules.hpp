// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the hybrid logical clock of one owner and that of threads have in common: the arithmetic of their words.
// A word is 48 bits of milliseconds and 16 logical ones, and the next word is one more, unless the physical clock
// is ahead of it. For the library's own headers.

#include <chrono>
#include <cstdint>
#include <expected>
#include <ratio>
#include <type_traits>

#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/hybrid_timestamp.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>

namespace coterie::inline v0::causality::detail {

/// How one word follows from another. Requires: neither duration is negative; see hybrid_clock_options.
class hybrid_rules {
public:
    static constexpr std::uint64_t logical_mask = 0xFFFF;
    /// Its logical part is used up, so that the quick way never takes it.
    static constexpr std::uint64_t no_word = ~std::uint64_t{0};

    constexpr hybrid_rules(std::chrono::milliseconds max_offset,
                           std::chrono::milliseconds mark_ahead) noexcept
        : max_offset_(static_cast<std::uint64_t>(max_offset.count())),
          mark_ahead_(static_cast<std::uint64_t>(mark_ahead.count())) {
        COTERIE_ASSERT(max_offset.count() >= 0);
        COTERIE_ASSERT(mark_ahead.count() >= 0);
    }

    /// Whether the next word after `word` is just one more, if the clock says `now`: a comparison, and no
    /// division. Where the product wraps, `word` is later than any reading: the comparison may fail then, but
    /// it does not err.
    template <class Duration>
    static constexpr bool goes_on(std::uint64_t word,
                                  std::chrono::sys_time<Duration> now) noexcept {
        if constexpr (std::ratio_greater_v<typename Duration::period, std::milli>) {
            return false;
        } else {
            using finer = std::common_type_t<Duration, std::chrono::milliseconds>;
            constexpr auto per_ms =
                static_cast<std::uint64_t>(finer(std::chrono::milliseconds(1)).count());
            const auto count = static_cast<std::uint64_t>(finer(now.time_since_epoch()).count());
            return now.time_since_epoch() >= Duration::zero() &&
                   (word & logical_mask) != logical_mask && count < ((word >> 16) + 1) * per_ms;
        }
    }

    /// The word after `last` and `remote`, if the clock says `now`. The zero timestamp is no remote one.
    template <class Duration>
    [[nodiscard]] constexpr std::expected<std::uint64_t, clock_error> next(
        std::uint64_t last, hybrid_timestamp remote,
        std::chrono::sys_time<Duration> now) const noexcept {
        const auto physical = milliseconds_of(now);
        if (!physical.has_value()) return std::unexpected(clock_error{physical.error()});
        const std::uint64_t there = remote.word() >> 16;
        if (is_too_far(there, *physical)) {
            return refuse(clock_errc::remote_too_far_ahead, there - *physical);
        }
        const bool is_remote_last = remote.word() > last;
        const std::uint64_t seen = is_remote_last ? remote.word() : last;
        const std::uint64_t clock = *physical << 16;
        if (clock > seen) return clock;
        if (seen == ~std::uint64_t{0}) {
            return std::unexpected(clock_error{clock_errc::time_exhausted});
        }
        const std::uint64_t word = seen + 1;
        const bool has_carried = (word & logical_mask) == 0;
        if (has_carried && is_too_far(word >> 16, *physical)) {
            return refuse(is_remote_last ? clock_errc::remote_too_far_ahead
                                         : clock_errc::clock_too_far_behind,
                          (word >> 16) - *physical);
        }
        return word;
    }

    /// The word to begin after, where `mark` is what was written down last; and that time itself.
    struct beginning {
        std::uint64_t word;
        std::uint64_t mark;
    };

    /// The logical part is used up: the next word is at the mark or after it, by the rule for a carry.
    static constexpr std::expected<beginning, clock_error> begin_at(
        sys_milliseconds mark) noexcept {
        const std::int64_t count = mark.time_since_epoch().count();
        const std::uint64_t ms = count < 1 ? 1 : static_cast<std::uint64_t>(count);
        if (ms > hybrid_timestamp::max_physical) {
            return std::unexpected(clock_error{clock_errc::time_exhausted});
        }
        return beginning{(ms - 1) << 16 | logical_mask, ms};
    }

    /// Whether what is marked lasts beyond `physical`, and for how long.
    [[nodiscard]] static constexpr bool is_covered(std::uint64_t physical,
                                                   std::uint64_t marked) noexcept {
        return physical < marked;
    }
    [[nodiscard]] constexpr bool is_far_from(std::uint64_t physical,
                                             std::uint64_t marked) const noexcept {
        return physical < marked && marked - physical > mark_ahead_ / 2;
    }
    /// What to mark next.
    [[nodiscard]] constexpr std::uint64_t target_of(std::uint64_t physical) const noexcept {
        constexpr std::uint64_t most = hybrid_timestamp::max_physical + 1;
        const std::uint64_t room = most - (physical + 1);
        return physical + 1 + (mark_ahead_ < room ? mark_ahead_ : room);
    }
    static constexpr sys_milliseconds time_of(std::uint64_t ms) noexcept {
        return sys_milliseconds(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
    }

private:
    [[nodiscard]] constexpr bool is_too_far(std::uint64_t ms, std::uint64_t clock) const noexcept {
        return ms > clock && ms - clock > max_offset_;
    }

    static constexpr std::unexpected<clock_error> refuse(clock_errc code,
                                                         std::uint64_t ahead) noexcept {
        return std::unexpected(
            clock_error{code, std::chrono::milliseconds(static_cast<std::int64_t>(ahead))});
    }

    template <class Duration>
    static constexpr std::expected<std::uint64_t, clock_errc> milliseconds_of(
        std::chrono::sys_time<Duration> now) noexcept {
        using std::chrono::milliseconds;
        constexpr milliseconds last(static_cast<std::int64_t>(hybrid_timestamp::max_physical));
        const Duration since = now.time_since_epoch();
        if (since < Duration::zero()) return std::unexpected(clock_errc::before_epoch);
        if constexpr (std::ratio_greater_v<typename Duration::period, std::milli>) {
            // In its own unit, so that nothing overflows.
            if (since > std::chrono::floor<Duration>(last)) {
                return std::unexpected(clock_errc::time_exhausted);
            }
        }
        const auto ms = std::chrono::duration_cast<milliseconds>(since);
        if (ms > last) return std::unexpected(clock_errc::time_exhausted);
        return static_cast<std::uint64_t>(ms.count());
    }

    std::uint64_t max_offset_;
    std::uint64_t mark_ahead_;
};

/// Whether a clock has a high-water mark at all.
template <class Mark>
inline constexpr bool keeps_mark = !std::is_same_v<std::remove_cvref_t<Mark>, no_mark>;

}  // namespace coterie::inline v0::causality::detail
