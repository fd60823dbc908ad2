// SPDX-License-Identifier: BSL-1.0
#pragma once

// What generators are tested against, besides clocks (support/clocks.hpp): sleepers during which something
// happens, and entropy that fails or is no chance at all.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/id/clock_policy.hpp>

#include "support/clocks.hpp"

namespace coterie::test {

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

}  // namespace coterie::test
