// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an id_error promises: there is an id again when the clock has gone on by retry_after, and none before.

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include <coterie/core/clock.hpp>
#include <coterie/id/clock_policy.hpp>

#include "support/catch.hpp"
#include "support/clocks.hpp"

namespace coterie::test {

/// Lets the clock go on by what `error` says, in some steps. Attempt: makes ids, and returns its error if any.
template <class Attempt>
void check_promise(manual_clock& clock, std::mt19937_64& random, const id::id_error& error,
                   Attempt&& attempt) {
    constexpr nanoseconds shortest(1);
    nanoseconds left = error.retry_after;
    INFO("retry after " << left.count() << " ns");
    REQUIRE(left >= shortest);
    for (int steps = 0; steps < 3 && left > shortest; ++steps) {
        const auto most = static_cast<std::uint64_t>((left - shortest).count());
        const auto part =
            nanoseconds(static_cast<std::int64_t>(steps == 2 ? most : random() % most + 1));
        clock.advance(part);
        left -= part;
        INFO(left.count() << " ns are left");
        const std::optional<id::id_error> still = attempt();
        REQUIRE(still.has_value());
        REQUIRE(still->retry_after == left);
    }
    clock.advance(left);
    REQUIRE(attempt() == std::nullopt);
}

}  // namespace coterie::test
