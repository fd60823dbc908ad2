// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "support/catch.hpp"
#include "support/interleave.hpp"

namespace coterie::test {

/// Checks that all interleavings were tried, that there were so many at least, and that nothing failed.
inline void check_all_tried(const interleave_result& found, std::uint64_t at_least) {
    CHECK(found.failure == "");
    CHECK(found.is_complete);
    CHECK(found.runs >= at_least);
}

}  // namespace coterie::test
