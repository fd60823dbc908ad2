// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether reads lag by no more than a bound: of time, or of versions.
//
//   std::vector<check::versioned_access<std::string, int>> log;
//   const check::verdict v = check::stale_by_at_most(50ms, std::span(std::as_const(log)));
//   const check::verdict w = check::stale_by_at_most(2, std::span(std::as_const(log)));   // versions
//
// A read is judged when it begins, and a write counts when it has completed: what overlaps a read is never missed by
// it. Versions of a key are ordered totally.
// Source: Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", PVLDB 5(8), 2012.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check {

/// Whether no read saw a version that had been replaced for longer than `bound` when the read began.
///
/// The offending are two indices into the log: the write of a newer version, and the read. Key: ordered.
/// Complexity: n log n.
template <class Key, std::totally_ordered Version>
[[nodiscard]] verdict stale_by_at_most(std::chrono::nanoseconds bound,
                                       std::span<const versioned_access<Key, Version>> log);

/// Whether for no read there were more than `versions` newer ones when it began.
///
/// The offending are indices into the log: the writes of the newer versions, and the read. Key: ordered.
/// Complexity: n log n, and moving at most 8 n bytes for a write.
template <class Key, std::totally_ordered Version>
[[nodiscard]] verdict stale_by_at_most(std::size_t versions,
                                       std::span<const versioned_access<Key, Version>> log);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Plays the accesses of each key in the order of time: write(i) for one that has completed, read(i) for one that
/// begins `delay` after what it sees, until read(i) gives a verdict that is not yes. start() comes before each key.
template <class Log, class Start, class Write, class Read>
verdict replay(const Log& log, std::chrono::nanoseconds delay, Start start, Write write,
               Read read) {
    struct moment {
        std::size_t access;
        steady_time at;
        bool is_write;
    };
    std::vector<moment> moments;
    for (std::size_t i = 0; i < log.size(); ++i) {
        const bool is_write = log[i].kind == access_kind::write;
        moments.push_back(
            {i, is_write ? saturating_add(log[i].completed, delay) : log[i].invoked, is_write});
    }
    // At one time reads come first: only what was over before a read began can be missed by it.
    std::sort(moments.begin(), moments.end(), [&](const moment& a, const moment& b) {
        if (log[a.access].key < log[b.access].key) return true;
        if (log[b.access].key < log[a.access].key) return false;
        return a.at != b.at ? a.at < b.at : a.is_write < b.is_write;
    });
    for (std::size_t m = 0; m < moments.size(); ++m) {
        const auto [access, at, is_write] = moments[m];
        if (m == 0 || log[moments[m - 1].access].key < log[access].key) start();
        if (is_write)
            write(access);
        else if (verdict v = read(access); !v)
            return v;
    }
    return {};
}

}  // namespace detail

template <class Key, std::totally_ordered Version>
verdict stale_by_at_most(std::chrono::nanoseconds bound,
                         std::span<const versioned_access<Key, Version>> log) {
    std::size_t newest = log.size();  // of the writes so far; none: the size of the log
    return detail::replay(
        log, bound, [&] { newest = log.size(); },
        [&](std::size_t write) {
            if (newest == log.size() || log[newest].version < log[write].version) newest = write;
        },
        [&](std::size_t read) -> verdict {
            if (newest == log.size() || log[newest].version <= log[read].version) return {};
            const auto late = log[read].invoked - log[newest].completed;
            return detail::no("client " + std::to_string(log[read].client) +
                                  " missed a version that had been there for " +
                                  std::to_string(late.count()) + " ns",
                              {newest, read});
        });
}

template <class Key, std::totally_ordered Version>
verdict stale_by_at_most(std::size_t versions,
                         std::span<const versioned_access<Key, Version>> log) {
    std::vector<std::size_t> writes;  // that have completed, by version
    const auto newer_than = [&](const Version& v) {
        return std::upper_bound(
            writes.begin(), writes.end(), v,
            [&](const Version& x, std::size_t w) { return x < log[w].version; });
    };
    return detail::replay(
        log, std::chrono::nanoseconds(0), [&] { writes.clear(); },
        [&](std::size_t write) { writes.insert(newer_than(log[write].version), write); },
        [&](std::size_t read) -> verdict {
            const auto first = newer_than(log[read].version);
            const auto newer = static_cast<std::size_t>(writes.end() - first);
            if (newer <= versions) return {};
            std::vector<operation_id> offending(first, writes.end());
            std::sort(offending.begin(), offending.end());
            offending.push_back(read);
            return detail::no("client " + std::to_string(log[read].client) +
                                  " read a version that was " + std::to_string(newer) + " behind",
                              std::move(offending));
        });
}

}  // namespace coterie::inline v0::check
