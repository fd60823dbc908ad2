// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why a text is no fault script (sim/parse_fault_script.hpp) and no setup (sim/scenario_setup.hpp), and where.
//
//   const auto script = sim::parse_fault_script(text);
//   if (!script) print(to_string(script.error()));          // "line 2, column 11: no such fault"

#include <cstddef>
#include <cstdint>

#include <coterie/core/error.hpp>

namespace coterie::inline v0::sim {

/// Why a text is no script.
enum class script_errc : std::uint8_t {
    expected_at,        ///< a line begins with "at" or "from"
    expected_time,      ///< a time since the beginning, such as 2s
    expected_fault,     ///< no fault is called so
    expected_node,      ///< the name of a node: letters, digits, "_", "-" and "."
    unknown_node,       ///< a name that is not among those given
    same_node,          ///< a node twice in a partition, or both ends of a link
    expected_duration,  ///< a positive time, such as 200ms
    expected_step,      ///< a time, such as -2s
    expected_range,     ///< such as 50ms..200ms, the shorter time first
    expected_drift,     ///< such as 200ppm, or -300ppb; at most 400000ppm
    expected_share,     ///< from 0% to 100%, with at most four decimals
    expected_rate,      ///< such as 10kB/s; also B/s, MB/s, GB/s
    expected_change,    ///< loss, delay, duplicate, corrupt or bandwidth, each once
    expected_file,      ///< the name of a file
    expected_end,       ///< nothing more belongs on the line
    expected_number,    ///< a whole number; in scenario_setup
    too_long,           ///< more than max_script_text, or more than max_script_faults
};

[[nodiscard]] constexpr const char* describe(script_errc code) noexcept {
    switch (code) {
        case script_errc::expected_at: return "expected 'at' or 'from' and a time";
        case script_errc::expected_time: return "expected a time such as 2s";
        case script_errc::expected_fault: return "no such fault";
        case script_errc::expected_node: return "expected the name of a node";
        case script_errc::unknown_node: return "unknown node";
        case script_errc::same_node: return "the same node twice";
        case script_errc::expected_duration: return "expected a duration such as 200ms";
        case script_errc::expected_step: return "expected a duration such as -2s";
        case script_errc::expected_range: return "expected a range such as 50ms..200ms";
        case script_errc::expected_drift: return "expected a drift such as 200ppm";
        case script_errc::expected_share: return "expected a share such as 5%";
        case script_errc::expected_rate: return "expected a rate such as 10kB/s";
        case script_errc::expected_change:
            return "expected loss, delay, duplicate, corrupt or bandwidth, each once";
        case script_errc::expected_file: return "expected the name of a file";
        case script_errc::expected_end: return "expected the end of the line";
        case script_errc::expected_number: return "expected a number";
        case script_errc::too_long: return "script too long";
    }
    return "unknown script error";
}

/// Why a text is no script, and where. Lines and columns count from 1; a column is a byte.
struct script_error {
    script_errc code;
    std::size_t line;
    std::size_t column;

    /// Appends "line 2, column 11: no such fault".
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append("line ");
        coterie::detail::append_decimal(out, line);
        out.append(", column ");
        coterie::detail::append_decimal(out, column);
        out.append(": ");
        out.append(describe(code));
    }

    friend constexpr bool operator==(const script_error&, const script_error&) = default;
};

}  // namespace coterie::inline v0::sim
