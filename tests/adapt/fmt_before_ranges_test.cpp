// SPDX-License-Identifier: BSL-1.0
#include <coterie/adapt/fmt.hpp>
// The line between keeps the order.
#include <fmt/ranges.h>

#include "adapt/fmt_ranges_cases.hpp"

TEST_CASE("adapt/fmt.hpp stands before <fmt/ranges.h>") { check_beside_ranges(); }
