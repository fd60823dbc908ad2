// SPDX-License-Identifier: BSL-1.0
#include <fmt/ranges.h>
// The line between keeps the order.
#include <coterie/adapt/fmt.hpp>

#include "adapt/fmt_ranges_cases.hpp"

TEST_CASE("adapt/fmt.hpp stands after <fmt/ranges.h>") { check_beside_ranges(); }
