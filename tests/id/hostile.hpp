// SPDX-License-Identifier: BSL-1.0
#pragma once

// What generators are tested against: clocks that disobey, sleepers during which something happens, and
// entropy that fails or is no chance at all.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/id/clock_policy.hpp>

namespace coterie::test {

using nanoseconds = std::chrono::nanoseconds;

/// What a clock says, one reading after another, relative to where it began.
struct clock_schedule {
    std::string name;
    std::vector<nanoseconds> readings;
};

/// The schedules that a clock has in store for a generator of the given unit and tolerance; `per_step` ids
/// are asked for at each reading. (The seventh, back while somebody waits, is a sleeper's doing.)
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

/// A policy of any kind, whose bounds are of the size of a unit and a tolerance.
[[nodiscard]] inline id::clock_policy any_policy(std::mt19937_64& random, nanoseconds unit,
                                                 nanoseconds tolerance) {
    constexpr std::array regressions{id::on_regression::hold, id::on_regression::wait,
                                     id::on_regression::fail};
    constexpr std::array exhaustions{id::on_exhaustion::wait, id::on_exhaustion::fail,
                                     id::on_exhaustion::borrow};
    const std::array bounds{nanoseconds(0), unit, 2 * unit, tolerance, 3 * tolerance};
    return {.regression = regressions[random() % 3],
            .tolerance = random() % 2 == 0 ? tolerance : bounds[random() % bounds.size()],
            .exhaustion = exhaustions[random() % 3],
            .max_borrow = bounds[random() % bounds.size()]};
}

/// A sleeper during which a function of the test runs: sleep_for(d) returns what it returns.
class eventful_sleeper {
public:
    explicit eventful_sleeper(std::function<bool(nanoseconds)> during)
        : during_(std::move(during)) {}

    bool sleep_until(wall_time) { return false; }
    bool sleep_for(nanoseconds d) {
        slept_.push_back(d);
        return during_(d);
    }

    [[nodiscard]] const std::vector<nanoseconds>& slept() const { return slept_; }

private:
    std::function<bool(nanoseconds)> during_;
    std::vector<nanoseconds> slept_;
};

/// "Entropy" that is one byte over and over, and that can be made to fail.
class constant_entropy {
public:
    explicit constant_entropy(std::byte value) : value_(value) {}

    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        if (fails_) return std::unexpected(entropy_errc::not_ready);
        std::ranges::fill(out, value_);
        return {};
    }

    void set(std::byte value) { value_ = value; }
    void fail(bool fails = true) { fails_ = fails; }

private:
    std::byte value_;
    bool fails_ = false;
};

/// Entropy that is the same for the same seed.
class seeded_entropy {
public:
    explicit seeded_entropy(std::uint64_t seed) : random_(seed) {}

    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        for (auto& byte : out) byte = static_cast<std::byte>(random_());
        return {};
    }

private:
    std::mt19937_64 random_;
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

}  // namespace coterie::test
