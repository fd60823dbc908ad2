// SPDX-License-Identifier: BSL-1.0
#pragma once

// The leases that a generator was ever given, so that a child process takes none that its parent may use. What
// became of a lease does not matter: one that was refused, for a mark that could not be read, may be taken
// later by the parent and by the child. For the library's own headers.
//
// A later lease of a worker id has a larger fencing token, so the largest token of each worker says which leases
// were there before. The list is short; what no longer fits makes a child refuse more, and never less.

#include <array>
#include <cstddef>
#include <cstdint>

#include <coterie/id/lease.hpp>

namespace coterie::inline v0::id::detail {

/// Remembers the largest fencing token of each worker id, and which of them are from before a fork.
class offered_leases {
public:
    /// The number of worker ids that one list holds.
    static constexpr std::size_t most_workers = 8;

    /// In a child process, before its first lease: all leases so far are those of its parents.
    constexpr void inherit() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            rows_[i].is_inherited = true;
            rows_[i].inherited_token = rows_[i].token;
        }
        has_inherited_unlisted_ = has_inherited_unlisted_ || has_unlisted_;
    }

    /// Notes a lease. Returns false, and notes nothing, where a parent process may have been given it.
    constexpr bool offer(const worker_lease& lease) noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            row& r = rows_[i];
            if (r.worker != lease.worker) continue;
            if (r.is_inherited && lease.fencing_token <= r.inherited_token) return false;
            if (r.token < lease.fencing_token) r.token = lease.fencing_token;
            return true;
        }
        // A parent may have been given this worker id when the list was full.
        if (has_inherited_unlisted_) return false;
        if (size_ == most_workers) {
            has_unlisted_ = true;
            return true;
        }
        rows_[size_++] = {.worker = lease.worker, .token = lease.fencing_token};
        return true;
    }

private:
    struct row {
        std::uint64_t worker = 0;
        std::uint64_t token = 0;            // the largest
        std::uint64_t inherited_token = 0;  // the largest that a parent process was given
        bool is_inherited = false;
    };

    std::array<row, most_workers> rows_{};
    std::size_t size_ = 0;
    bool has_unlisted_ = false;  // whether there was a worker id that the list had no room for
    bool has_inherited_unlisted_ = false;
};

}  // namespace coterie::inline v0::id::detail
