// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which replicated value bytes are of; see envelope.hpp.

#include <cstdint>

namespace coterie::inline v0::crdt {

/// What an envelope holds. The numbers are for ever.
enum class wire_type : std::uint8_t {
    g_counter = 1,
    pn_counter = 2,
    bounded_counter = 3,
    g_set = 4,
    two_phase_set = 5,
    or_set = 6,
    rw_set = 7,
    lww_register = 8,
    mv_register = 9,
    max_register = 10,
    min_register = 11,
    ew_flag = 12,
    dw_flag = 13,
    lww_map = 14,
    or_map = 15,
};

}  // namespace coterie::inline v0::crdt
