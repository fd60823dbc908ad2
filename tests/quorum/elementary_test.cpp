// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/elementary.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::quorum::detail::exponential_of;
using coterie::quorum::detail::natural_log;

static_assert(natural_log(1) == 0 && exponential_of(0) == 1);

namespace {

/// How many units in the last place of `expected` it is off.
double error_of(double value, long double expected) {
    const double unit = std::abs(std::nextafter(static_cast<double>(expected), INFINITY) -
                                 static_cast<double>(expected));
    return static_cast<double>(std::abs(static_cast<long double>(value) - expected)) / unit;
}

}  // namespace

TEST_CASE("logarithm and exponential are right to two units in the last place") {
    coterie::rng random(coterie::test::seed());
    double worst_log = 0, worst_exponential = 0;
    for (int i = 0; i < 200'000; ++i) {
        const double uniform = 1 - coterie::uniform_real(random);
        // Any positive normal number: exponents 1 to 2046.
        const double any = std::bit_cast<double>(coterie::uniform_between(
            random, std::uint64_t{1} << 52, (std::uint64_t{2047} << 52) - 1));
        for (const double x : {uniform, any})
            worst_log = std::max(worst_log,
                                 error_of(natural_log(x), std::log(static_cast<long double>(x))));
        const double x = (uniform - 0.5) * 2 * (i % 2 == 0 ? 700 : 1);
        worst_exponential = std::max(
            worst_exponential, error_of(exponential_of(x), std::exp(static_cast<long double>(x))));
    }
    CHECK(worst_log <= 2);
    CHECK(worst_exponential <= 2);
}

TEST_CASE("the exponential ends where doubles do") {
    CHECK(exponential_of(-709) == 0);
    CHECK(exponential_of(-1e300) == 0);
    CHECK(exponential_of(1e300) == exponential_of(709));
    CHECK(std::isfinite(exponential_of(709)));
}

// The same bits with every compiler and library: a simulation that a seed replays rests on it.
TEST_CASE("the digits are the same everywhere") {
    CHECK(std::bit_cast<std::uint64_t>(natural_log(0.1)) == 0xC002'6BB1'BBB5'5515);
    CHECK(std::bit_cast<std::uint64_t>(natural_log(0x1p-53)) == 0xC042'5E4F'7B27'37FA);
    CHECK(std::bit_cast<std::uint64_t>(exponential_of(1)) == 0x4005'BF0A'8B14'576A);
    CHECK(std::bit_cast<std::uint64_t>(exponential_of(-20.25)) == 0x3E1B'93DE'1E27'CA3B);
}
