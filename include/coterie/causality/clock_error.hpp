// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why a logical clock gives no timestamp. Whatever fails leaves the clock as it was.

#include <chrono>
#include <cstdint>

#include <coterie/core/error.hpp>  // IWYU pragma: export

namespace coterie::inline v0::causality {

/// Why a clock gives no timestamp for an event.
enum class clock_errc : std::uint8_t {
    counter_exhausted,     ///< the largest number has no next one
    before_epoch,          ///< the physical clock is before 1970
    time_exhausted,        ///< the time lies after the last that a timestamp can say
    remote_too_far_ahead,  ///< a received timestamp is further ahead of the physical clock than allowed
    clock_too_far_behind,  ///< the next timestamp would be further ahead of the physical clock than allowed
    mark_busy,             ///< another thread is writing the high-water mark
    mark_failed,           ///< the high-water mark could not be read or written
};

[[nodiscard]] constexpr const char* describe(clock_errc code) noexcept {
    switch (code) {
        case clock_errc::counter_exhausted: return "no larger logical time";
        case clock_errc::before_epoch: return "physical clock before 1970";
        case clock_errc::time_exhausted: return "time after the last that a timestamp can say";
        case clock_errc::remote_too_far_ahead: return "remote timestamp too far ahead";
        case clock_errc::clock_too_far_behind: return "physical clock too far behind";
        case clock_errc::mark_busy: return "high-water mark is being written";
        case clock_errc::mark_failed: return "high-water mark cannot be read or written";
    }
    return "unknown clock error";
}

/// Why a hybrid clock gives no timestamp, and by how much.
struct clock_error {
    clock_errc code;
    /// How far ahead of the physical clock the timestamp is, or would be; zero where that is not the matter.
    std::chrono::milliseconds ahead{0};

    /// Appends "remote timestamp too far ahead, by 998999 ms" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append(describe(code));
        if (ahead.count() <= 0) return;
        out.append(", by ");
        coterie::detail::append_decimal(out, static_cast<std::uint64_t>(ahead.count()));
        out.append(" ms");
    }

    friend constexpr bool operator==(const clock_error&, const clock_error&) = default;
};

}  // namespace coterie::inline v0::causality
