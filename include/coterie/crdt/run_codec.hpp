// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs of counters as bytes: as a list or as a bitmap, whichever is shorter. So a set that was only added to
// costs a few bytes, and one with many gaps a bit for each counter. For the library's own headers.
//
//   boolean  whether a bitmap follows
//   list:    the number of runs; then for each its distance from the one before, and its length, each less one
//   bitmap:  the first counter and the span, each less one; then a bit for each counter of the span, the first
//            the lowest of its byte
//
// Numbers are varints. Of equal lengths the list is taken; decoding refuses the other form, so that the same
// runs always have the same bytes.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <coterie/causality/error.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::crdt::detail {

/// Counters in a row, both ends included.
struct counter_run {
    std::uint64_t first;
    std::uint64_t last;
};

/// Writes runs. Requires: there is one; they are in order, with a gap between each two; the first > 0.
void encode_runs(writer& w, const std::vector<counter_run>& runs);

/// Reads runs; empty where the reader has failed. Errors: limit_exceeded for counters beyond max_counter;
/// invalid_value for no runs, runs without a gap between them, and the longer form.
std::vector<counter_run> decode_runs(reader& r);

// --- details ---------------------------------------------------------------------------------------

/// Whether a list of the runs is longer than a bitmap.
inline bool is_shorter_as_bitmap(const std::vector<counter_run>& runs) {
    const auto bytes_of = [](std::uint64_t number) {
        std::uint64_t bytes = 1;
        for (; number >= 0x80; number >>= 7) ++bytes;
        return bytes;
    };
    std::uint64_t as_list = bytes_of(runs.size()), before = 0;
    for (const counter_run& run : runs) {
        as_list += bytes_of(run.first - before - 1) + bytes_of(run.last - run.first);
        before = run.last;
    }
    const std::uint64_t span = runs.back().last - runs.front().first + 1;
    const std::uint64_t as_bitmap =
        bytes_of(runs.front().first - 1) + bytes_of(span - 1) + (span - 1) / 8 + 1;
    return as_bitmap < as_list;
}

inline void encode_runs(writer& w, const std::vector<counter_run>& runs) {
    const bool is_bitmap = is_shorter_as_bitmap(runs);
    w.boolean(is_bitmap);
    if (!is_bitmap) {
        w.varint(runs.size());
        std::uint64_t before = 0;
        for (const counter_run& run : runs) {
            w.varint(run.first - before - 1);
            w.varint(run.last - run.first);
            before = run.last;
        }
        return;
    }
    const std::uint64_t first = runs.front().first;
    const std::uint64_t span = runs.back().last - first + 1;
    w.varint(first - 1);
    w.varint(span - 1);
    std::vector<std::byte> bits(static_cast<std::size_t>((span - 1) / 8 + 1));
    for (const counter_run& run : runs) {
        for (std::uint64_t c = run.first - first; c <= run.last - first; ++c) {
            bits[static_cast<std::size_t>(c / 8)] |= static_cast<std::byte>(1U << c % 8);
        }
    }
    w.raw(bits);
}

/// Appends the run of `first` and `more` counters after it.
inline void append_run(reader& r, std::vector<counter_run>& runs, std::uint64_t first,
                       std::uint64_t more) {
    // Each distance and length is below max_counter, so no sum of two wraps.
    const std::uint64_t before = runs.empty() ? 0 : runs.back().last;
    if (first <= before || more > causality::max_counter || first > causality::max_counter - more) {
        r.fail(decode_errc::limit_exceeded);
        return;
    }
    runs.push_back({first, first + more});
}

inline std::vector<counter_run> decode_bitmap(reader& r) {
    const std::uint64_t first = r.varint(), span = r.varint();
    if (r.ok() && (first > causality::max_counter || span > causality::max_counter)) {
        r.fail(decode_errc::limit_exceeded);
    }
    if (!r.ok()) return {};
    const auto bits = r.raw(static_cast<std::size_t>(span / 8 + 1));
    if (!r.ok()) return {};
    const auto bit = [&bits](std::uint64_t i) {
        return (std::to_integer<unsigned>(bits[static_cast<std::size_t>(i / 8)]) >> i % 8 & 1) != 0;
    };
    const bool has_more =
        span % 8 != 7 && std::to_integer<unsigned>(bits.back()) >> (span % 8 + 1) != 0;
    if (!bit(0) || !bit(span) || has_more) r.fail(decode_errc::invalid_value);
    std::vector<counter_run> runs;
    for (std::uint64_t i = 0; i <= span && r.ok(); ++i) {
        if (!bit(i)) continue;
        if (!runs.empty() && runs.back().last == first + i) {
            ++runs.back().last;
        } else {
            append_run(r, runs, first + 1 + i, 0);
        }
    }
    return runs;
}

inline std::vector<counter_run> decode_list(reader& r) {
    std::vector<counter_run> runs;
    const std::size_t count = r.count(2);
    if (r.ok() && count == 0) r.fail(decode_errc::invalid_value);
    runs.reserve(r.reservable(count, sizeof(counter_run)));
    for (std::size_t i = 0; i < count && r.ok(); ++i) {
        const std::uint64_t distance = r.varint(), more = r.varint();
        if (!r.ok()) break;
        if (i > 0 && distance == 0) r.fail(decode_errc::invalid_value);
        if (distance > causality::max_counter) r.fail(decode_errc::limit_exceeded);
        if (r.ok()) append_run(r, runs, (runs.empty() ? 0 : runs.back().last) + distance + 1, more);
    }
    return runs;
}

inline std::vector<counter_run> decode_runs(reader& r) {
    const bool is_bitmap = r.boolean();
    std::vector<counter_run> runs = is_bitmap ? decode_bitmap(r) : decode_list(r);
    if (r.ok() && is_shorter_as_bitmap(runs) != is_bitmap) r.fail(decode_errc::invalid_value);
    if (!r.ok()) runs.clear();
    return runs;
}

}  // namespace coterie::inline v0::crdt::detail
