// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes ULIDs that only grow, cannot be guessed from each other, and are never made twice: not in one
// millisecond, not when the clock steps back, not in a child process.
//
//   id::ulid_generator ids;                                  // one for each thread
//   std::expected<id::ulid, id::id_error> order = ids.next();
//
// Within a millisecond the random part is counted up by a random step (or by one: an option). What
// happens when the clock is behind is clock_policy's choice. id::generate_ulid() (generate.hpp) is this
// with nothing to hold.

#include <cstdint>
#include <expected>
#include <span>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/monotonic_engine.hpp>
#include <coterie/id/monotonic_options.hpp>
#include <coterie/id/ulid.hpp>

namespace coterie::inline v0::id {

/// What a generator of ULIDs does.
using ulid_options = monotonic_options;

/// A source of ULIDs in growing order.
///
/// A clock, entropy source or sleeper may be a reference type: then the generator shares it.
/// Errors: clock_regressed, sequence_exhausted, before_epoch, time_exhausted, no_entropy; each by the
/// policy in the options. Nothing is lost by an error: the next call goes on.
/// Complexity: one clock read, and 4 bytes of entropy. Thread safety: none; fork() is safe.
template <class Clock = system_clock, class Entropy = os_entropy, class Sleeper = blocking_sleeper>
    requires wall_clock<Clock> && entropy_source<Entropy>
class ulid_generator {
public:
    explicit ulid_generator(const ulid_options& options = {}, Clock clock = Clock(),
                            Entropy entropy = Entropy(), Sleeper sleeper = Sleeper()) noexcept
        : engine_(options, std::forward<Clock>(clock), std::forward<Entropy>(entropy),
                  std::forward<Sleeper>(sleeper)) {}

    /// The next id; may wait, at most options.clock.max_wait, where the policy says so.
    [[nodiscard]] std::expected<ulid, id_error> next() { return engine_.template next<shape>(); }

    /// The next id without ever waiting; the error says how long it would take.
    [[nodiscard]] std::expected<ulid, id_error> try_next() noexcept {
        return engine_.template try_next<shape>();
    }

    /// Fills all of `out` on one clock read, in growing order. After an error its contents mean nothing.
    [[nodiscard]] std::expected<void, id_error> next_n(std::span<ulid> out) {
        return engine_.template next_n<shape>(out);
    }

    /// Begins anew, with a new key: for a cloned or restored virtual machine, whose copies hold the same
    /// state. The next id may sort before the last one of the same millisecond.
    void reseed() noexcept { engine_.reseed(); }

private:
    // The number is the id.
    struct shape : detail::id_shape<ulid, detail::bit_shape{.high_tail = 16, .low_bits = 64}> {
        static ulid make(std::uint64_t high, std::uint64_t low) noexcept {
            return ulid::from_words(high, low);
        }
    };

    detail::monotonic_engine<Clock, Entropy, Sleeper> engine_;
};

}  // namespace coterie::inline v0::id
