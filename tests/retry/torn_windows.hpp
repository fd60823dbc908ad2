// SPDX-License-Identifier: BSL-1.0
#pragma once

// How not to share a window between threads: what looks right, and is not where a thread is held up between two
// steps. The tests of call_window.hpp must find both faults.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/retry/call_window.hpp>

namespace coterie::test {

inline std::uint64_t torn_word(bool is_call, bool has_failed) {
    return std::uint64_t{is_call} | std::uint64_t{has_failed} << 21;
}

inline retry::call_tally torn_tally(std::uint64_t word) {
    constexpr std::uint64_t field = (1U << 21) - 1;
    return {static_cast<std::uint32_t>(word & field),
            static_cast<std::uint32_t>(word >> 21 & field), static_cast<std::uint32_t>(word >> 42)};
}

/// Puts an outcome into its place, and then adds what it changed. In between another thread may take it out again, and
/// subtract what was not added yet.
template <class Sharing>
class torn_count_ring {
public:
    explicit torn_count_ring(const retry::count_window& w) : places_(w.calls) {}

    retry::call_tally record(std::uint32_t /*period*/, steady_time now, bool has_failed,
                             bool /*is_slow*/) {
        const auto at = next_.fetch_add(1, std::memory_order_relaxed) % places_.size();
        put(at, static_cast<std::uint8_t>(1 | (has_failed ? 2 : 0)));
        return tally(0, now);
    }

    retry::call_tally tally(std::uint32_t /*period*/, steady_time /*now*/) const {
        return torn_tally(tally_.load(std::memory_order_relaxed));
    }

    void clear(std::uint32_t /*period*/) {
        for (std::size_t i = 0; i < places_.size(); ++i) put(i, 0);
    }

private:
    void put(std::size_t at, std::uint8_t outcome) {
        const auto word_of = [](int o) { return torn_word((o & 1) != 0, (o & 2) != 0); };
        if (places_[at].load(std::memory_order_relaxed) == outcome) return;
        const std::uint8_t old = places_[at].exchange(outcome, std::memory_order_relaxed);
        tally_.fetch_add(word_of(outcome) - word_of(old), std::memory_order_relaxed);
    }

    std::vector<typename Sharing::template cell<std::uint8_t>> places_;
    typename Sharing::template cell<std::uint64_t> next_{0};
    typename Sharing::template cell<std::uint64_t> tally_{0};
};

/// Turns a slice to its new number, and then subtracts what was counted for the old one. In between a clear() may have
/// set the tally to zero.
template <class Sharing>
class torn_time_slices {
public:
    explicit torn_time_slices(const retry::time_window& w)
        : slice_ns_(w.length.count() / static_cast<std::int64_t>(count)) {}

    retry::call_tally record(std::uint32_t /*period*/, steady_time now, bool has_failed,
                             bool /*is_slow*/) {
        const std::int64_t number = advance(now);
        slice& s = slices_[static_cast<std::size_t>(number) % count];
        std::int64_t old = s.number.load();
        const std::uint64_t stale = s.tally.load();
        if (old < number && s.number.compare_exchange_strong(old, number)) {
            s.tally.fetch_add(0 - stale);
        }
        s.tally.fetch_add(torn_word(true, has_failed), std::memory_order_relaxed);
        return sum(number);
    }

    retry::call_tally tally(std::uint32_t /*period*/, steady_time now) { return sum(advance(now)); }

    void clear(std::uint32_t /*period*/) {
        for (slice& s : slices_) s.tally.store(0);
    }

private:
    static constexpr std::size_t count = 10;
    struct slice {
        typename Sharing::template cell<std::int64_t> number{0};
        typename Sharing::template cell<std::uint64_t> tally{0};
    };

    std::int64_t advance(steady_time now) {
        const std::int64_t number = 1 + now.time_since_epoch().count() / slice_ns_;
        std::int64_t newest = newest_.load(std::memory_order_relaxed);
        while (newest < number && !newest_.compare_exchange_strong(newest, number)) {
        }
        return newest < number ? number : newest;
    }

    retry::call_tally sum(std::int64_t number) const {
        retry::call_tally all;
        for (const slice& s : slices_) {
            if (s.number.load(std::memory_order_relaxed) <= number - std::int64_t{count}) continue;
            const auto part = torn_tally(s.tally.load(std::memory_order_relaxed));
            all.calls += part.calls;
            all.failures += part.failures;
        }
        return all;
    }

    std::int64_t slice_ns_;
    typename Sharing::template cell<std::int64_t> newest_{0};
    std::array<slice, count> slices_;
};

}  // namespace coterie::test
