// SPDX-License-Identifier: BSL-1.0
#pragma once

// The parts that clocks and generators are made of, for runs in all orders (interleave.hpp): a clock that threads may
// set, and a mark that only one thread may use at a time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>

#include "support/interleave.hpp"

namespace coterie::test {

/// A clock of milliseconds. Give it by reference.
class interleaved_clock {
public:
    explicit interleaved_clock(sys_milliseconds t) : ms_(t.time_since_epoch().count()) {}

    sys_milliseconds now() const {
        return sys_milliseconds(std::chrono::milliseconds(ms_.load(std::memory_order_relaxed)));
    }
    void set(sys_milliseconds t) {
        ms_.store(t.time_since_epoch().count(), std::memory_order_relaxed);
    }

private:
    interleaved_cell<std::int64_t> ms_;
};

/// A mark in memory. Give it by reference.
class interleaved_mark {
public:
    std::expected<sys_milliseconds, mark_errc> load() const { return time_.read(); }
    std::expected<void, mark_errc> store(sys_milliseconds t) {
        require(t >= time_.read(), "a mark does not go back");
        begun_.fetch_add(1);  // another thread may go on meanwhile
        time_.write() = durable_ = t;
        return {};
    }

    /// What is durable now, for the tests to look at.
    [[nodiscard]] sys_milliseconds durable() const { return durable_; }

private:
    interleaved_data<sys_milliseconds> time_{sys_milliseconds::min()};
    sys_milliseconds durable_ = sys_milliseconds::min();
    interleaved_cell<int> begun_{0};
};

}  // namespace coterie::test
