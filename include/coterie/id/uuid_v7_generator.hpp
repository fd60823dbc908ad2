// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes version 7 UUIDs that only grow and are never made twice, by one of the three methods of RFC 9562,
// section 6.2:
//
//   fixed_length_counter (method 1)       rand_a is a counter that starts at random below 2048 in each
//                                         millisecond; the other 62 bits are fresh each time
//   monotonic_random (method 2)           all 74 bits are one number, counted up within a millisecond by a
//                                         random step: the default
//   increased_clock_precision (method 3)  rand_a is the fraction of the millisecond in 4096ths; the other
//                                         62 bits are fresh, and counted up where even that is equal
//
//   id::uuid_v7_generator ids;                               // one for each thread
//   std::expected<id::uuid, id::id_error> order = ids.next();

#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/monotonic_engine.hpp>
#include <coterie/id/monotonic_options.hpp>
#include <coterie/id/uuid.hpp>

namespace coterie::inline v0::id {

/// How ids of one millisecond are kept in order (RFC 9562, section 6.2).
enum class uuid_v7_method : std::uint8_t {
    fixed_length_counter,
    monotonic_random,
    increased_clock_precision,
};

/// What a generator of version 7 UUIDs does.
struct uuid_v7_options {
    uuid_v7_method method = uuid_v7_method::monotonic_random;
    clock_policy clock{};
    tail_increment increment = tail_increment::random;  ///< of methods 2 and 3
    bool headroom = true;                               ///< as in monotonic_options
};

/// A source of version 7 UUIDs in growing order.
///
/// A clock, entropy source or sleeper may be a reference type: then the generator shares it.
/// Errors: clock_regressed, sequence_exhausted, before_epoch, time_exhausted, no_entropy; each by the
/// policy in the options. Nothing is lost by an error: the next call goes on.
/// Complexity: one clock read, and 4 (method 1: 8) bytes of entropy. Thread safety: none; fork() is safe.
template <class Clock = system_clock, class Entropy = os_entropy, class Sleeper = blocking_sleeper>
    requires wall_clock<Clock> && entropy_source<Entropy>
class uuid_v7_generator {
public:
    explicit uuid_v7_generator(const uuid_v7_options& options = {}, Clock clock = Clock(),
                               Entropy entropy = Entropy(), Sleeper sleeper = Sleeper()) noexcept
        : engine_({options.clock, options.increment, options.headroom}, std::forward<Clock>(clock),
                  std::forward<Entropy>(entropy), std::forward<Sleeper>(sleeper)),
          method_(options.method) {}

    /// The next id; may wait, at most options.clock.max_wait, where the policy says so.
    [[nodiscard]] std::expected<uuid, id_error> next() {
        return by_method([this]<class Shape>() { return engine_.template next<Shape>(); });
    }

    /// The next id without ever waiting; the error says how long it would take.
    [[nodiscard]] std::expected<uuid, id_error> try_next() noexcept {
        return by_method([this]<class Shape>() { return engine_.template try_next<Shape>(); });
    }

    /// Fills all of `out` on one clock read, in growing order. After an error its contents mean nothing.
    [[nodiscard]] std::expected<void, id_error> next_n(std::span<uuid> out) {
        return by_method(
            [this, out]<class Shape>() { return engine_.template next_n<Shape>(out); });
    }

    /// Begins anew, with a new key: for a cloned or restored virtual machine, whose copies hold the same
    /// state. The next id may sort before the last one of the same millisecond.
    void reseed() noexcept { engine_.reseed(); }

private:
    // The number is what is left of the id without version and variant: 60 bits and 62.
    using bit_shape = detail::bit_shape;
    template <bit_shape Bits>
    struct shape : detail::id_shape<uuid, Bits> {
        static uuid make(std::uint64_t high, std::uint64_t low) noexcept {
            const std::uint64_t time = high >> 12 << 16;
            return uuid::from_words(time | 0x7000 | (high & 0xFFF), std::uint64_t{2} << 62 | low);
        }
    };
    using counter_shape = shape<bit_shape{.high_tail = 12, .low_bits = 62, .counter = true}>;
    using random_shape = shape<bit_shape{.high_tail = 12, .low_bits = 62}>;
    using precision_shape = shape<bit_shape{.key_fraction = 12, .low_bits = 62}>;

    template <class Call>
    auto by_method(Call&& call) {
        if (method_ == uuid_v7_method::monotonic_random) [[likely]] {
            return call.template operator()<random_shape>();
        }
        return by_other_method(call);
    }

    // By itself, so that it does not take registers from the default, which on a coarse clock would cost a
    // third more then.
    template <class Call>
    [[gnu::noinline]] auto by_other_method(Call& call) {
        return method_ == uuid_v7_method::fixed_length_counter
                   ? call.template operator()<counter_shape>()
                   : call.template operator()<precision_shape>();
    }

    detail::monotonic_engine<Clock, Entropy, Sleeper> engine_;
    uuid_v7_method method_;
};

}  // namespace coterie::inline v0::id
