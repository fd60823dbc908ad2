// SPDX-License-Identifier: BSL-1.0
#pragma once

// The clocks that tests hold in their hands, beyond the manual clocks of core/clock.hpp; and what clocks do that
// disobey.

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>

namespace coterie::test {

using nanoseconds = std::chrono::nanoseconds;

/// The day on which tests of clocks begin.
inline constexpr std::chrono::sys_days some_day{std::chrono::year{2026} / 2 / 3};

/// Manual clocks of other resolutions. They also go further than the year 2262.
using millisecond_clock = basic_manual_clock<sys_milliseconds>;
using second_clock = basic_manual_clock<std::chrono::sys_seconds>;

/// A manual clock that counts its readings, and during one of which something happens.
class eventful_clock : public manual_clock {
public:
    using manual_clock::manual_clock;

    [[nodiscard]] wall_time now() {
        const wall_time read = manual_clock::now();
        if (++reads_ == event_at_) std::exchange(event_, nullptr)();
        return read;
    }

    /// In the n-th reading from now on, `event` runs when the time is read and not yet returned.
    void at_reading(std::uint64_t n, std::function<void()> event) {
        event_at_ = reads_ + n;
        event_ = std::move(event);
    }

    [[nodiscard]] std::uint64_t reads() const { return reads_; }

private:
    std::uint64_t reads_ = 0;
    std::uint64_t event_at_ = 0;
    std::function<void()> event_;
};

/// A coarse clock in the hand: it says the time of the last tick of a manual clock, or an earlier one.
class manual_coarse_clock {
public:
    manual_coarse_clock(manual_clock& precise, nanoseconds tick)
        : precise_(&precise), tick_(tick) {}

    [[nodiscard]] wall_time now() {
        ++reads_;
        const auto t = precise_->now().time_since_epoch();
        return wall_time(t - t % tick_ - late_);
    }
    [[nodiscard]] nanoseconds resolution() const { return tick_; }
    [[nodiscard]] wall_time precise_now() {
        ++precise_reads_;
        return precise_->now();
    }

    /// From now on it is `late` behind its last tick, as on a machine that missed some.
    void be_late(nanoseconds late) { late_ = late; }

    [[nodiscard]] std::uint64_t reads() const { return reads_; }
    [[nodiscard]] std::uint64_t precise_reads() const { return precise_reads_; }

private:
    manual_clock* precise_;
    nanoseconds tick_;
    nanoseconds late_{0};
    std::uint64_t reads_ = 0;
    std::uint64_t precise_reads_ = 0;
};

/// What a clock says, one reading after another, relative to where it began.
struct clock_schedule {
    std::string name;
    std::vector<nanoseconds> readings;
};

/// The schedules that a clock has in store for a generator of the given unit and tolerance. (The seventh, back
/// while somebody waits, is a sleeper's doing.)
[[nodiscard]] inline std::vector<clock_schedule> clock_schedules(nanoseconds unit,
                                                                 nanoseconds tolerance) {
    using namespace std::chrono_literals;
    const auto repeat = [](std::vector<nanoseconds> some, int times) {
        std::vector<nanoseconds> all;
        for (int i = 0; i < times; ++i) all.insert(all.end(), some.begin(), some.end());
        return all;
    };
    return {
        {"frozen", std::vector<nanoseconds>(20, 0ns)},
        {"one unit back", {0ns, unit, 0ns, unit, 2 * unit, unit, unit - 1ns, 3 * unit}},
        {"back within the tolerance",
         {0ns, unit, unit - tolerance, unit - tolerance, 0ns, 2 * unit}},
        {"back beyond the tolerance",
         {0ns, -tolerance - 1ns, -2 * tolerance - 10 * unit, -tolerance, 0ns, unit}},
        {"forward jump", {0ns, 24h * 365, 24h * 365 + unit, unit, 24h * 365 + 2 * unit, 0ns}},
        {"oscillating", repeat({0ns, unit, -unit, 2 * unit, unit / 2, -tolerance}, 5)},
    };
}

/// A clock between the schedules above: mostly small steps forward, sometimes none, back, or far.
class unruly_steps {
public:
    unruly_steps(nanoseconds unit, nanoseconds tolerance) : unit_(unit), tolerance_(tolerance) {}

    [[nodiscard]] nanoseconds operator()(std::mt19937_64& random) const {
        const auto any = [&random](nanoseconds most) {
            return nanoseconds(static_cast<std::int64_t>(
                random() % (static_cast<std::uint64_t>(most.count()) + 1)));
        };
        switch (random() % 16) {
            case 0: return unit_;
            case 1: return -unit_;
            case 2: return -any(2 * tolerance_);
            case 3: return -tolerance_;
            case 4: return any(10 * tolerance_);
            case 5: return -any(10 * tolerance_);
            case 6:
            case 7:
            case 8: return any(2 * unit_);
            case 9: return nanoseconds(1);
            case 10: return nanoseconds(-1);
            default: return nanoseconds(0);
        }
    }

private:
    nanoseconds unit_;
    nanoseconds tolerance_;
};

}  // namespace coterie::test
