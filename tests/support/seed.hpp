// SPDX-License-Identifier: BSL-1.0
#pragma once

// Randomness in tests: everything random starts from one seed, which main() prints.

#include <cstdint>

namespace coterie::test {

/// The seed of this run: COTERIE_TEST_SEED (decimal) where it is set, else a new one for each process.
[[nodiscard]] std::uint64_t seed();

}  // namespace coterie::test
