// SPDX-License-Identifier: BSL-1.0
#pragma once

// The four guarantees of a session: what a client may count on although it talks to replicas that lag.
//
//   std::vector<check::versioned_access<std::string, int>> log;   // in the order of each client
//   const check::verdict v = check::read_your_writes(std::span(std::as_const(log)));
//
// A client is a session. Versions may be ordered partially: then what a client sees later must not be concurrent with
// what it knows either. The guarantees are judged for each key by itself.
// Source: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", PDIS 1994.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>

namespace coterie::inline v0::check {

/// Accesses in the order in which each client made them. Key: ordered.
template <class Key, class Version>
using session_log = std::span<const versioned_access<Key, Version>>;

/// Whether every read saw what its client had written before, or something later.
///
/// Here and below: the offending are two indices into the log, and the complexity is n log n where versions are
/// ordered totally.
template <class Key, class Version>
[[nodiscard]] verdict read_your_writes(session_log<Key, Version> log);

/// Whether every read saw what its client had read before, or something later.
template <class Key, class Version>
[[nodiscard]] verdict monotonic_reads(session_log<Key, Version> log);

/// Whether every write came after those that its client had made before.
template <class Key, class Version>
[[nodiscard]] verdict monotonic_writes(session_log<Key, Version> log);

/// Whether every write came after what its client had read before.
template <class Key, class Version>
[[nodiscard]] verdict writes_follow_reads(session_log<Key, Version> log);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Whether each access of one kind is beyond all of the other kind that its client made before.
template <class Key, class Version>
verdict in_session_order(session_log<Key, Version> log, access_kind earlier, access_kind later,
                         const char* what) {
    std::vector<std::size_t> in_order(log.size());
    for (std::size_t i = 0; i < log.size(); ++i) in_order[i] = i;
    const auto less = [&](std::size_t a, std::size_t b) {
        if (log[a].client != log[b].client) return log[a].client < log[b].client;
        return log[a].key < log[b].key;
    };
    std::sort(in_order.begin(), in_order.end(),
              [&](std::size_t a, std::size_t b) { return less(a, b) || (!less(b, a) && a < b); });
    std::vector<std::size_t> greatest;  // versions so far: one, but where some are concurrent
    for (std::size_t n = 0; n < in_order.size(); ++n) {
        const std::size_t i = in_order[n];
        const auto& a = log[i];
        if (n == 0 || less(in_order[n - 1], i)) greatest.clear();
        for (const std::size_t before : greatest) {
            if (a.kind != later) break;
            // What two writes make is never the same.
            const bool is_beyond = later == access_kind::write ? log[before].version < a.version
                                                               : log[before].version <= a.version;
            if (!is_beyond)
                return no("client " + std::to_string(a.client) + " " + what, {before, i});
        }
        if (a.kind != earlier) continue;
        std::erase_if(greatest, [&](std::size_t k) { return log[k].version <= a.version; });
        const bool is_covered = std::any_of(greatest.begin(), greatest.end(), [&](std::size_t k) {
            return a.version <= log[k].version;
        });
        if (!is_covered) greatest.push_back(i);
    }
    return {};
}

}  // namespace detail

template <class Key, class Version>
verdict read_your_writes(session_log<Key, Version> log) {
    return detail::in_session_order(log, access_kind::write, access_kind::read,
                                    "read something older than it had written");
}

template <class Key, class Version>
verdict monotonic_reads(session_log<Key, Version> log) {
    return detail::in_session_order(log, access_kind::read, access_kind::read,
                                    "read something older than it had read");
}

template <class Key, class Version>
verdict monotonic_writes(session_log<Key, Version> log) {
    return detail::in_session_order(log, access_kind::write, access_kind::write,
                                    "wrote something that is not after what it had written");
}

template <class Key, class Version>
verdict writes_follow_reads(session_log<Key, Version> log) {
    return detail::in_session_order(log, access_kind::read, access_kind::write,
                                    "wrote something that is not after what it had read");
}

}  // namespace coterie::inline v0::check
