// SPDX-License-Identifier: BSL-1.0
#pragma once

// With how many seeds a scenario is tried.

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace coterie::test {

/// COTERIE_TEST_SEEDS, where it says a number, or else `count`.
[[nodiscard]] inline std::uint64_t seeds_or(std::uint64_t count) {
    const char* const given = std::getenv("COTERIE_TEST_SEEDS");
    if (given == nullptr) return count;
    const std::string_view text = given;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

}  // namespace coterie::test
