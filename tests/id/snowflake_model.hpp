// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a generator of Snowflakes is to do for one thread, written as plainly as possible: the last unit and
// what is left of it, and no packed word.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>

#include <coterie/core/clock.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/snowflake_generator.hpp>

namespace coterie::test {

/// Some ids of one unit.
struct modelled_run {
    std::int64_t unit;
    std::uint64_t sequence;
    std::uint64_t size;
    friend bool operator==(const modelled_run&, const modelled_run&) = default;
};

template <class Layout>
class snowflake_model {
public:
    explicit snowflake_model(const id::snowflake_options& options) : options_(options) {}

    std::expected<modelled_run, id::id_error> reserve(wall_time now, std::uint64_t n) {
        using id::id_errc;
        using std::chrono::nanoseconds;
        const auto fail = [](id_errc code, nanoseconds wait = {}) {
            return std::unexpected(id::id_error{code, wait});
        };
        const auto& policy = options_.clock;
        const nanoseconds borrowed =
            policy.exhaustion == id::on_exhaustion::borrow ? policy.max_borrow : nanoseconds(0);
        const nanoseconds held =
            policy.regression == id::on_regression::hold ? policy.tolerance : nanoseconds(0);
        const std::int64_t unit =
            std::chrono::floor<typename Layout::unit>(now - Layout::epoch).count();
        if (!has_begun_) {
            if (unit < 0) return fail(id_errc::before_epoch, begin_of(0) - now);
            return begin(unit, n);
        }
        if (unit > last_unit_) return begin(unit, n);
        // The very last number of all is not used; where only that is left, no waiting helps.
        if (last_unit_ == last_unit && next_ >= slots - 1) return fail(id_errc::time_exhausted);
        const nanoseconds behind = begin_of(last_unit_) - now;
        const nanoseconds tolerated = std::max(held, borrowed);
        if (next_ < slots) {
            if (behind > tolerated) return fail(id_errc::clock_regressed, behind - tolerated);
            return take(n);
        }
        // The next unit has to come, and that is later than the last one's tolerance allows.
        const nanoseconds early = begin_of(last_unit_ + 1) - now;
        if (early <= borrowed) return begin(last_unit_ + 1, n);
        const bool nobody_waits = policy.regression == id::on_regression::wait &&
                                  policy.exhaustion == id::on_exhaustion::fail;
        return fail(behind > tolerated && !nobody_waits ? id_errc::clock_regressed
                                                        : id_errc::sequence_exhausted,
                    early - borrowed);
    }

private:
    using snowflake = id::snowflake<Layout>;
    static constexpr std::uint64_t slots = std::uint64_t{1} << snowflake::sequence_bits;
    static constexpr auto last_unit =
        static_cast<std::int64_t>(~std::uint64_t{0} >> (64 - snowflake::timestamp_bits));

    static wall_time begin_of(std::int64_t unit) {
        return Layout::epoch + typename Layout::unit(unit);
    }

    std::expected<modelled_run, id::id_error> begin(std::int64_t unit, std::uint64_t n) {
        if (unit > last_unit) return std::unexpected(id::id_error{id::id_errc::time_exhausted});
        std::uint64_t start = 0;
        if (options_.start == id::sequence_start::carry_over) start = next_ == slots ? 0 : next_;
        if (unit == last_unit && start >= slots - 1) {
            return std::unexpected(id::id_error{id::id_errc::time_exhausted});
        }
        has_begun_ = true;
        last_unit_ = unit;
        next_ = start;
        return take(n);
    }

    modelled_run take(std::uint64_t n) {
        const std::uint64_t end = last_unit_ == last_unit ? slots - 1 : slots;
        const std::uint64_t size = std::min(n, end - next_);
        const modelled_run run{last_unit_, next_, size};
        next_ += size;
        return run;
    }

    id::snowflake_options options_;
    bool has_begun_ = false;
    std::int64_t last_unit_ = 0;
    std::uint64_t next_ = 0;  // in the last unit
};

}  // namespace coterie::test
