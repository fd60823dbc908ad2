// SPDX-License-Identifier: BSL-1.0
#pragma once

// The engine of the ULID and UUIDv7 generators. An id is a number of two parts: a key made of the time,
// and a tail of chance. A later key gets a fresh tail from the entropy source; under the same key, or
// when the clock is behind, the tail is counted up, so that ids only grow. The state lies in memory that
// a child process finds wiped: parent and child have nothing in common. For the library's own headers.
//
// Source: RFC 9562, section 6.2; the monotonicity of the ULID specification.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include <coterie/core/fork.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/monotonic_options.hpp>

namespace coterie::inline v0::id::detail {

/// How the number `high`, `low` of an id is shared out between key, tail and counter. The drawing beside
/// monotonic_engine::state shows it for each kind of id.
struct bit_shape {
    unsigned key_fraction = 0;  ///< a key counts 2^-key_fraction milliseconds
    unsigned high_tail = 0;  ///< the lowest bits of `high` that are tail; the rest of it is the key
    unsigned low_bits = 64;  ///< the bits of `low`, all of them tail
    bool counter = false;    ///< whether the tail in `high` is a counter, and `low` fresh each time
};

/// What the engine knows of one kind of id. A shape derives from it and adds how an id is made of the
/// number: `id make(high, low)`.
template <class Id, bit_shape Bits>
struct id_shape {
    using id = Id;
    static constexpr unsigned key_fraction = Bits.key_fraction;
    static constexpr unsigned high_tail = Bits.high_tail;
    static constexpr std::uint32_t high_tail_mask = (std::uint32_t{1} << Bits.high_tail) - 1;
    static constexpr std::uint64_t low_mask = ~std::uint64_t{0} >> (64 - Bits.low_bits);
    static constexpr bool counter = Bits.counter;
};

/// Makes the numbers of ids, each larger than the one before. Shape: an id_shape.
template <class Clock, class Entropy, class Sleeper>
class monotonic_engine {
public:
    monotonic_engine(const monotonic_options& options, Clock clock, Entropy entropy,
                     Sleeper sleeper) noexcept
        : options_(options),
          allowed_(options.clock),
          clock_(std::forward<Clock>(clock)),
          entropy_(std::forward<Entropy>(entropy)),
          sleeper_(std::forward<Sleeper>(sleeper)) {}

    /// The next number, without waiting.
    template <class Shape>
    std::expected<typename Shape::id, id_error> try_next() noexcept {
        state* const s = state_.get();
        const auto now = clock_.now();
        if (s != nullptr && in_window(*s, now)) [[likely]] {
            if (bump<Shape>(*s) == step::done) [[likely]]
                return last<Shape>(*s);
        }
        return try_next_slowly<Shape>(now);
    }

    /// The next number, after waiting where the policy says so.
    template <class Shape>
    std::expected<typename Shape::id, id_error> next() {
        // The way of almost all calls once more, so that the id is built where it is returned.
        state* const s = state_.get();
        const auto now = clock_.now();
        if (s != nullptr && in_window(*s, now)) [[likely]] {
            if (bump<Shape>(*s) == step::done) [[likely]]
                return last<Shape>(*s);
        }
        return next_slowly<Shape>(now);
    }

    /// Fills `out`, on one reading of the clock for as many as its unit has.
    template <class Shape>
    std::expected<void, id_error> next_n(std::span<typename Shape::id> out) {
        for (std::size_t i = 0; i < out.size();) {
            const auto first = next<Shape>();
            if (!first.has_value()) return std::unexpected(first.error());
            out[i++] = *first;
            state& s = *state_.get();
            while (i < out.size() && bump<Shape>(s) == step::done) out[i++] = last<Shape>(s);
        }
        return {};
    }

    /// Forgets the last id, and the entropy source's key if it has one.
    void reseed() noexcept {
        if (state* const s = state_.get()) *s = state{};
        if constexpr (requires { entropy_.reseed(); }) entropy_.reseed();
    }

private:
    // The number of the last id, and what is known of its key. A key is a count of milliseconds, or of 4096ths
    // of one where the clock's precision is increased. All tail bits together are one number, which is counted
    // up. A counter is counted up by itself, and the bits behind it are fresh in each id.
    //
    //                                               high                             low
    //   ULID                         63                 16 15        0   63                     0
    //                               |      key : 48       | tail : 16 | |       tail : 64        |
    //
    //   UUIDv7                       59                 12 11        0   61                     0
    //     fixed_length_counter      |      key : 48       | count : 12| |       fresh : 62       |
    //     monotonic_random          |      key : 48       | tail : 12 | |       tail : 62        |
    //     increased_clock_precision |            key : 60             | |       tail : 62        |
    //
    // All zero: no id yet. That is also what a child process finds.
    struct state {
        std::int64_t next_key;       // one more than the last id's
        std::uint64_t window_begin;  // the readings of the clock in which
        std::uint64_t window_size;   // that key goes on
        std::uint64_t high;
        std::uint64_t low;
        std::size_t left;  // words of chance not used yet
        std::array<std::uint32_t, 64> chance;
    };

    /// Draws a word of chance, and leaves none of it behind. Returns false where entropy fails.
    bool draw(state& s, std::uint32_t& word) noexcept {
        if (s.left == 0) [[unlikely]] {
            if (!entropy_.fill(std::as_writable_bytes(std::span(s.chance))).has_value())
                return false;
            s.left = s.chance.size();
        }
        word = std::exchange(s.chance[--s.left], 0);
        return true;
    }

    bool draw(state& s, std::uint64_t& words) noexcept {
        std::uint32_t high = 0, low = 0;
        if (!draw(s, high) || !draw(s, low)) return false;
        words = std::uint64_t{high} << 32 | low;
        return true;
    }

    /// The key of a time. Those that no id can say have keys that none has: one less, or one more.
    template <class Shape, class Time>
    static constexpr std::int64_t key_of(Time now) noexcept {
        const auto ms = std::chrono::floor<std::chrono::milliseconds>(now);
        const std::int64_t count = ms.time_since_epoch().count();
        if (count < 0) return -1;
        if (count >> 48 != 0) return std::int64_t{1} << 48 << Shape::key_fraction;
        const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(now - ms).count();
        return count << Shape::key_fraction | ((rest << Shape::key_fraction) / 1'000'000);
    }

    /// How far after its millisecond a key begins.
    template <class Shape>
    static constexpr std::chrono::nanoseconds fraction_of(std::int64_t key) noexcept {
        constexpr std::int64_t mask = (std::int64_t{1} << Shape::key_fraction) - 1;
        return std::chrono::nanoseconds(((key & mask) * 1'000'000 + mask) >> Shape::key_fraction);
    }

    /// How long the clock takes from `now` to the beginning of a key, which lies ahead.
    template <class Shape, class Time>
    static constexpr std::chrono::nanoseconds until(std::int64_t key, Time now) noexcept {
        return time_until(key >> Shape::key_fraction, fraction_of<Shape>(key), now);
    }

    /// The first reading of a clock that has at least this key.
    template <class Shape, class Duration>
    static constexpr std::uint64_t first_reading(std::int64_t key) noexcept {
        // Unsigned, because what a clock cannot say may wrap around: it is compared by its distance.
        constexpr auto per_ms =
            static_cast<std::uint64_t>(Duration(std::chrono::milliseconds(1)).count());
        return static_cast<std::uint64_t>(key >> Shape::key_fraction) * per_ms +
               static_cast<std::uint64_t>(
                   std::chrono::ceil<Duration>(fraction_of<Shape>(key)).count());
    }

    /// Whether a reading of the clock has the key of the last id, or one as much earlier as a coarse clock
    /// may lag. One comparison, and no division.
    template <class Time>
    static constexpr bool in_window(const state& s, Time now) noexcept {
        return static_cast<std::uint64_t>(now.time_since_epoch().count()) - s.window_begin <
               s.window_size;
    }

    template <class Shape>
    [[nodiscard]] constexpr std::int64_t lag_keys() const noexcept {
        return clock_.lag_ms() << Shape::key_fraction;
    }

    /// The id that was made last.
    template <class Shape>
    static typename Shape::id last(const state& s) noexcept {
        return Shape::make(s.high, s.low);
    }

    enum class step : std::uint8_t {
        done,
        exhausted,
        no_entropy
    };

    /// Counts the tail up. Changes nothing unless it is done.
    template <class Shape>
    step bump(state& s) noexcept {
        std::uint64_t low = s.low;
        std::uint64_t high = s.high;
        if constexpr (Shape::counter) {
            if (!draw(s, low)) return step::no_entropy;
            low &= Shape::low_mask;
            ++high;
        } else {
            std::uint32_t extra = 0;
            if (options_.increment == tail_increment::random && !draw(s, extra))
                return step::no_entropy;
            const std::uint64_t by = std::uint64_t{1} + extra;
            low = (low + by) & Shape::low_mask;
            high += low < by ? 1 : 0;
        }
        if (high >> Shape::high_tail != s.high >> Shape::high_tail) return step::exhausted;
        s.high = high;
        s.low = low;
        return step::done;
    }

    /// Counts the tail to its end, so that another step, which may be shorter, finds no room either: who was
    /// told to wait for the next key gets no id before it.
    template <class Shape>
    static constexpr void use_up(state& s) noexcept {
        s.high |= Shape::high_tail_mask;
        s.low = Shape::low_mask;
    }

    /// Whether the tail has no room for the next step. If it has, nothing changes.
    template <class Shape>
    bool is_used_up(state& s) noexcept {
        const std::uint64_t high = s.high, low = s.low;
        if constexpr (Shape::counter) {
            return (high & Shape::high_tail_mask) == Shape::high_tail_mask;
        } else {
            const step bumped = bump<Shape>(s);
            if (bumped == step::exhausted) use_up<Shape>(s);
            if (bumped != step::done) return bumped == step::exhausted;
            // What was drawn for the step is put back, so that the next one is the same.
            if (options_.increment == tail_increment::random)
                s.chance[s.left++] = static_cast<std::uint32_t>(s.low - low - 1);
            s.high = high;
            s.low = low;
            return false;
        }
    }

    /// Begins a key with a fresh tail.
    template <class Shape>
    std::expected<typename Shape::id, id_error> begin(state& s, std::int64_t key) noexcept {
        if (key >> Shape::key_fraction >> 48 != 0) {
            return std::unexpected(id_error{id_errc::time_exhausted});
        }
        std::uint32_t high = 0;
        std::uint64_t low = 0;
        if (!draw(s, high) || !draw(s, low)) return std::unexpected(id_error{id_errc::no_entropy});
        high &= Shape::high_tail_mask;
        low &= Shape::low_mask;
        if (options_.headroom || Shape::counter) {
            high &= Shape::high_tail_mask >> 1;
            if constexpr (Shape::high_tail == 0) low &= Shape::low_mask >> 1;
        }
        using duration = typename decltype(clock_.now())::duration;
        s.next_key = key + 1;
        s.window_begin = first_reading<Shape, duration>(key - lag_keys<Shape>());
        s.window_size = first_reading<Shape, duration>(key + 1) - s.window_begin;
        s.high = static_cast<std::uint64_t>(key) << Shape::high_tail | high;
        s.low = low;
        return last<Shape>(s);
    }

    template <class Shape, class Time>
    std::expected<typename Shape::id, id_error> try_next_slowly(Time now) noexcept;

    template <class Shape, class Time>
    std::expected<typename Shape::id, id_error> next_slowly(Time now) {
        auto id = try_next_slowly<Shape>(now);
        if (id.has_value() || !waits_for(options_.clock, id.error().code)) return id;
        return with_waiting(options_.clock, sleeper_, [this] { return try_next<Shape>(); });
    }

    monotonic_options options_;
    allowed_ahead allowed_;
    paced_clock<Clock> clock_;
    [[no_unique_address]] Entropy entropy_;
    [[no_unique_address]] Sleeper sleeper_;
    fork_wiped<state> state_;
};

template <class Clock, class Entropy, class Sleeper>
template <class Shape, class Time>
std::expected<typename Shape::id, id_error>
monotonic_engine<Clock, Entropy, Sleeper>::try_next_slowly(Time now) noexcept {
    const auto fail = [](id_errc code, std::chrono::nanoseconds retry_after = {}) {
        return std::unexpected(id_error{code, retry_after});
    };
    state* const s = state_.acquire();
    if (s == nullptr) return fail(id_errc::no_memory);

    // A coarse clock settles nothing where it is behind the last id by more than it may lag.
    const std::int64_t last_key = s->next_key - 1;
    std::int64_t key = key_of<Shape>(now);
    bool settled = clock_.lag_ms() == 0;
    const auto settle = [&] {
        now = clock_.precise_now();
        key = key_of<Shape>(now);
        settled = true;
    };
    if (!settled && key < last_key - lag_keys<Shape>()) settle();
    if (key > last_key) return begin<Shape>(*s, key);
    if (s->next_key == 0) return fail(id_errc::before_epoch, until<Shape>(0, now));

    // Go on with the last id's tail, unless the clock is too far behind it ...
    const auto refuse_new = [&](std::chrono::nanoseconds behind) {
        if (s->next_key >> Shape::key_fraction >> 48 != 0) return fail(id_errc::time_exhausted);
        return std::unexpected(
            used_up(options_.clock, allowed_, behind, until<Shape>(s->next_key, now)));
    };
    if (settled && key < last_key) {
        const auto behind = until<Shape>(last_key, now);
        if (behind > allowed_.same_unit) {
            if (is_used_up<Shape>(*s)) return refuse_new(behind);
            return fail(id_errc::clock_regressed, behind - allowed_.same_unit);
        }
    }
    const step bumped = bump<Shape>(*s);
    if (bumped == step::done) return last<Shape>(*s);
    if (bumped == step::no_entropy) return fail(id_errc::no_entropy);
    use_up<Shape>(*s);

    // ... and with the next key when that tail is exhausted, unless it is too far ahead. Within the lag of
    // a coarse clock it is not ahead of the true time by more than a tick.
    if (!settled) {
        if (until<Shape>(s->next_key, now) <= std::chrono::milliseconds(clock_.lag_ms())) {
            return begin<Shape>(*s, s->next_key);
        }
        settle();
        if (key > last_key) return begin<Shape>(*s, key);
    }
    const auto early = until<Shape>(s->next_key, now);
    if (early <= allowed_.new_unit) return begin<Shape>(*s, s->next_key);
    return refuse_new({});
}

}  // namespace coterie::inline v0::id::detail
