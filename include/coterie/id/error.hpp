// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why an id cannot be made. (Why a text is not an id is a parse_error, of core/error.hpp.)

#include <cstddef>
#include <cstdint>
#include <expected>

#include <coterie/core/error.hpp>  // IWYU pragma: export

namespace coterie::inline v0::id {

/// Why there is no id for what was asked.
enum class id_errc : std::uint8_t {
    before_epoch,        ///< the time lies before the first that the id can say
    time_exhausted,      ///< the time lies after the last that the id can say
    node_too_large,      ///< the node does not fit its fields
    sequence_too_large,  ///< the sequence number does not fit its field
    no_successor,        ///< the largest id of its millisecond has no next one in it
    not_time_ordered,    ///< asked for the order in time of an id that has none (a UUIDv4)
    clock_regressed,     ///< the clock is further behind the last id than the policy allows
    sequence_exhausted,  ///< no id is left in this unit of time
    lease_expired,       ///< the right to the worker id has ended, or will before the unit does
    forked,              ///< this process is a child of the one that the worker id was leased to
    mark_busy,           ///< another thread is writing the high-water mark
    mark_failed,         ///< the high-water mark could not be read or written
    no_entropy,          ///< the source of secure bytes failed
    no_memory,           ///< the page that a fork would wipe could not be mapped
};

[[nodiscard]] constexpr const char* describe(id_errc code) noexcept {
    switch (code) {
        case id_errc::before_epoch: return "time before the id's epoch";
        case id_errc::time_exhausted: return "time after the end of the id's time field";
        case id_errc::node_too_large: return "node does not fit the id's node field";
        case id_errc::sequence_too_large: return "sequence does not fit the id's sequence field";
        case id_errc::no_successor: return "no larger id in this millisecond";
        case id_errc::not_time_ordered: return "id is not ordered by time";
        case id_errc::clock_regressed: return "clock stepped back behind the last id";
        case id_errc::sequence_exhausted: return "no id left in this unit of time";
        case id_errc::lease_expired: return "lease of the worker id has expired";
        case id_errc::forked: return "forked process needs a worker id of its own";
        case id_errc::mark_busy: return "high-water mark is being written";
        case id_errc::mark_failed: return "high-water mark cannot be read or written";
        case id_errc::no_entropy: return "no secure random bytes";
        case id_errc::no_memory: return "no memory for the generator's state";
    }
    return "unknown id error";
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The error of a text that has not the length that it should have, at the first character too many or where
/// the first one is missing.
constexpr std::unexpected<parse_error> wrong_length(std::size_t size, std::size_t wanted) noexcept {
    return std::unexpected(parse_error{parse_errc::wrong_length, size < wanted ? size : wanted});
}

/// Not constexpr: a literal that is no id calls it, and so does not compile.
inline void invalid_id_literal() {}

}  // namespace detail

}  // namespace coterie::inline v0::id
