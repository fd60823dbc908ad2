// SPDX-License-Identifier: BSL-1.0
#pragma once

// The two clocks of a simulated machine, as functions of the world's true time. The steady one starts
// anywhere, drifts, and stands still while it is frozen; the wall clock is the steady one and an offset,
// which steps. Both are corrected as NTP does it: small errors by running faster or slower, large ones
// by a step of the wall clock.
//
//   node_clock clock(start, 10h);
//   clock.set_drift(now, ppm(200));          // 0.2 ms too fast every second
//   clock.step(-2s);                         // the wall clock goes back, the steady one does not notice

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::sim {

/// A rate's error: how many nanoseconds too much in a second. 1000 are a part per million.
struct drift {
    std::int64_t parts_per_billion = 0;

    friend constexpr auto operator<=>(const drift&, const drift&) = default;
};

/// So many parts per million.
[[nodiscard]] constexpr drift ppm(std::int64_t parts) noexcept { return {parts * 1000}; }

/// How a clock is kept right: as ntpd does by default.
struct ntp_discipline {
    /// How often the true time is asked for.
    std::chrono::nanoseconds interval = std::chrono::seconds(64);
    /// How wrong the answer is at most, either way.
    std::chrono::nanoseconds precision = std::chrono::milliseconds(5);
    /// From this error on, the wall clock is stepped.
    std::chrono::nanoseconds step_above = std::chrono::milliseconds(128);
    /// How much faster or slower the clock may be made to run.
    drift max_slew = ppm(500);
};

/// The clocks of one machine. Every `now` is the world's true time, and no call may go back in it.
class node_clock {
public:
    /// A machine whose steady clock says `steady` where the world's time is zero, and whose wall clock
    /// is right.
    constexpr node_clock(wall_time wall, steady_time steady) noexcept
        : steady_(steady), wall_offset_(wall.time_since_epoch() - steady.time_since_epoch()) {}

    /// What the machine's steady clock says.
    [[nodiscard]] constexpr steady_time steady(steady_time now) const noexcept {
        return steady_ + elapsed(now - since_);
    }

    /// What the machine's wall clock says.
    [[nodiscard]] constexpr wall_time wall(steady_time now) const noexcept {
        return wall_time(steady(now).time_since_epoch() + wall_offset_);
    }

    /// The first true time at which the steady clock says `local` or more; the end of time for a frozen
    /// clock that does not yet.
    [[nodiscard]] constexpr steady_time true_time(steady_time local) const noexcept {
        if (local <= steady_) return since_;
        if (frozen_) return steady_time::max();
        const std::int64_t wanted = (local - steady_).count();
        const std::int64_t rate = billion + rate_.parts_per_billion;
        if (wanted / rate > (steady_time::max() - since_).count() / billion - 1)
            return steady_time::max();
        std::int64_t d = wanted / rate * billion + wanted % rate * billion / rate;
        while (elapsed(std::chrono::nanoseconds(d)).count() < wanted) ++d;
        while (d > 0 && elapsed(std::chrono::nanoseconds(d - 1)).count() >= wanted) --d;
        return since_ + std::chrono::nanoseconds(d);
    }

    /// From now on both clocks run so much too fast, or too slow. Requires: less than one in two.
    constexpr void set_drift(steady_time now, drift error) {
        hardware_ = error;
        set_rate(now, {hardware_.parts_per_billion + slew_.parts_per_billion});
    }

    /// Both clocks stand still, as those of a suspended virtual machine.
    constexpr void freeze(steady_time now) {
        rebase(now);
        frozen_ = true;
    }

    /// They go on from where they stand.
    constexpr void unfreeze(steady_time now) {
        rebase(now);
        frozen_ = false;
    }

    /// Steps the wall clock, forwards or back.
    constexpr void step(std::chrono::nanoseconds by) noexcept { wall_offset_ += by; }

    /// One correction: `error` is by how much the wall clock was found to be ahead.
    constexpr void correct(steady_time now, std::chrono::nanoseconds error,
                           const ntp_discipline& how) {
        if (error > how.step_above || -error > how.step_above) {
            step(-error);
            slew_ = {};
        } else {
            const std::int64_t wanted = -error.count() * 1000 / (how.interval.count() / 1'000'000);
            slew_ = {std::clamp(wanted, -how.max_slew.parts_per_billion,
                                how.max_slew.parts_per_billion)};
        }
        set_rate(now, {hardware_.parts_per_billion + slew_.parts_per_billion});
    }

    /// Whether the clocks stand still.
    [[nodiscard]] constexpr bool frozen() const noexcept { return frozen_; }

private:
    static constexpr std::int64_t billion = 1'000'000'000;

    constexpr void rebase(steady_time now) {
        steady_ = steady(now);
        since_ = now;
    }

    constexpr void set_rate(steady_time now, drift rate) {
        COTERIE_ASSERT(rate.parts_per_billion > -billion / 2 &&
                       rate.parts_per_billion < billion / 2);
        rebase(now);
        rate_ = rate;
    }

    // What the steady clock goes on by in so much true time. Never less for more; whole seconds and the
    // rest apart, so that nothing overflows.
    [[nodiscard]] constexpr std::chrono::nanoseconds elapsed(
        std::chrono::nanoseconds d) const noexcept {
        if (frozen_) return std::chrono::nanoseconds(0);
        const std::int64_t seconds = d.count() / billion;
        const std::int64_t rest = d.count() % billion;
        const std::int64_t error =
            seconds * rate_.parts_per_billion + rest * rate_.parts_per_billion / billion;
        return d + std::chrono::nanoseconds(error);
    }

    // At the true time `since_` the steady clock said `steady_`.
    steady_time since_;
    steady_time steady_;
    std::chrono::nanoseconds wall_offset_;
    drift hardware_;
    drift slew_;
    drift rate_;
    bool frozen_ = false;
};

}  // namespace coterie::inline v0::sim
