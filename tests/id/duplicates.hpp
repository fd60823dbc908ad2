// SPDX-License-Identifier: BSL-1.0
#pragma once

// Ten million ids of four threads, and no two alike.

#include <algorithm>
#include <cstddef>
#include <span>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace coterie::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

/// Under a sanitizer a tenth: it looks at each step, and takes ten times as long.
inline constexpr std::size_t ids_to_hunt = is_sanitized ? 1'000'000 : 10'000'000;

/// Calls `fill(out)` in four threads at once, each with a quarter of the ids. A thread's ids must grow, and
/// all must differ.
template <class Id, class Fill>
void hunt_duplicates(Fill fill) {
    constexpr std::size_t threads = 4;
    std::vector<Id> all(ids_to_hunt);
    const std::size_t share = all.size() / threads;
    {
        std::vector<std::jthread> running;
        for (std::size_t i = 0; i < threads; ++i) {
            running.emplace_back(
                [&fill, mine = std::span(all).subspan(i * share, share)] { fill(mine); });
        }
    }
    bool grows = true;
    for (std::size_t i = 0; i < threads; ++i) {
        const auto mine = std::span(all).subspan(i * share, share);
        grows =
            grows && std::ranges::adjacent_find(mine, std::ranges::greater_equal{}) == mine.end();
    }
    CHECK(grows);
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
}

}  // namespace coterie::test
