// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a generator of ULIDs or UUIDv7s is to do, written as plainly as possible: a 128-bit tail, no
// windows, no pools. Entropy is one byte over and over, so that the order of draws does not matter.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/monotonic_options.hpp>

namespace coterie::test {

__extension__ using uint128 = unsigned __int128;

/// The bits of an id: keys to the millisecond, and a tail of two parts, of which the higher one counts and
/// the lower one is fresh each time where it has a counter.
struct tail_shape {
    int keys_per_ms;
    int high_bits;
    int low_bits;
    bool has_counter;
};

/// An id as the model sees it.
struct modelled_id {
    std::int64_t key;
    uint128 tail;
    friend bool operator==(const modelled_id&, const modelled_id&) = default;
};

class monotonic_engine_model {
public:
    monotonic_engine_model(tail_shape shape, const id::monotonic_options& options)
        : shape_(shape), options_(options) {}

    std::expected<modelled_id, id::id_error> next(wall_time now, std::byte chance) {
        using id::id_errc;
        using std::chrono::nanoseconds;
        const auto fail = [](id_errc code, nanoseconds wait = {}) {
            return std::unexpected(id::id_error{code, wait});
        };
        const auto& policy = options_.clock;
        const nanoseconds borrowed =
            policy.exhaustion == id::on_exhaustion::borrow ? policy.max_borrow : nanoseconds(0);
        nanoseconds held =
            policy.regression == id::on_regression::hold ? policy.tolerance : nanoseconds(0);
        if (held < borrowed) held = borrowed;

        const std::int64_t key = key_of(now);
        if (!last_) {
            if (now < wall_time{}) return fail(id_errc::before_epoch, wall_time{} - now);
            return begin(key, chance);
        }
        if (key > last_->key) return begin(key, chance);
        const nanoseconds behind = begin_of(last_->key) - now;
        modelled_id next = *last_;
        if (shape_.has_counter) {
            next.tail = ((last_->tail >> shape_.low_bits) + 1) << shape_.low_bits |
                        fresh(chance, shape_.low_bits);
        } else {
            next.tail += options_.increment == id::tail_increment::one ? 1 : 1 + fresh(chance, 32);
        }
        if (next.tail >> tail_bits() == 0) {
            if (behind > held) return fail(id_errc::clock_regressed, behind - held);
            last_ = next;
            return next;
        }
        // The next key has to come, and that is later than the last one's tolerance allows.
        const nanoseconds early = begin_of(last_->key + 1) - now;
        if (early <= borrowed) return begin(last_->key + 1, chance);
        const bool nobody_waits = policy.regression == id::on_regression::wait &&
                                  policy.exhaustion == id::on_exhaustion::fail;
        return fail(
            behind > held && !nobody_waits ? id_errc::clock_regressed : id_errc::sequence_exhausted,
            early - borrowed);
    }

private:
    static uint128 fresh(std::byte chance, int bits) {
        uint128 all = 0;
        for (int i = 0; i < 16; ++i) all = all << 8 | static_cast<std::uint8_t>(chance);
        return all & ((uint128{1} << bits) - 1);
    }

    [[nodiscard]] int tail_bits() const { return shape_.high_bits + shape_.low_bits; }

    [[nodiscard]] std::int64_t key_of(wall_time t) const {
        using namespace std::chrono;
        const auto ms = floor<milliseconds>(t);
        return ms.time_since_epoch().count() * shape_.keys_per_ms +
               nanoseconds(t - ms).count() * shape_.keys_per_ms / 1'000'000;
    }

    /// The first nanosecond that has a key.
    [[nodiscard]] wall_time begin_of(std::int64_t key) const {
        const std::int64_t whole = key / shape_.keys_per_ms, part = key % shape_.keys_per_ms;
        return wall_time(std::chrono::nanoseconds(
            whole * 1'000'000 + (part * 1'000'000 + shape_.keys_per_ms - 1) / shape_.keys_per_ms));
    }

    modelled_id begin(std::int64_t key, std::byte chance) {
        uint128 tail =
            fresh(chance, shape_.high_bits) << shape_.low_bits | fresh(chance, shape_.low_bits);
        if (shape_.has_counter || options_.headroom) tail &= ~(uint128{1} << (tail_bits() - 1));
        last_ = modelled_id{key, tail};
        return *last_;
    }

    tail_shape shape_;
    id::monotonic_options options_;
    std::optional<modelled_id> last_;
};

}  // namespace coterie::test
