// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/share.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "support/catch.hpp"

using namespace coterie;

namespace {

/// Whether the three functions know that `share` of `n` is exactly `k`.
bool is_exactly(double share, std::uint64_t n, std::uint64_t k) {
    return detail::reaches_share(k, share, n) &&
           !(k > 0 && detail::reaches_share(k - 1, share, n)) &&
           detail::most_of_share(share, n) == k && detail::least_of_share(share, n) == k;
}

}  // namespace

TEST_CASE("k of n is the share k / n, for all n up to 1,000, however the share was computed") {
    int wrong = 0;
    for (std::uint64_t n = 1; n <= 1000; ++n) {
        for (std::uint64_t k = 0; k <= n; ++k) {
            const double share = static_cast<double>(k) / static_cast<double>(n);
            const double rest = 1 - static_cast<double>(n - k) / static_cast<double>(n);
            const double sum = static_cast<double>(k) * (1.0 / static_cast<double>(n));
            wrong += is_exactly(share, n, k) ? 0 : 1;
            wrong += is_exactly(sum, n, k) ? 0 : 1;
            if (10 * k >= n) wrong += is_exactly(rest, n, k) ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a share in decimals means its digits, of small and of large counts") {
    for (const std::uint64_t scale : {std::uint64_t{1}, std::uint64_t{1'000'000}}) {
        int wrong = 0;
        for (std::uint64_t k = 1; k <= 1000; ++k) {
            const std::string digits = std::to_string(1000 + k).substr(1);
            const std::string text = k == 1000 ? "1" : "0." + digits;
            const double share = std::strtod(text.c_str(), nullptr);
            wrong += is_exactly(share, 1000 * scale, k * scale) ? 0 : 1;
        }
        CHECK(wrong == 0);
    }
    CHECK(is_exactly(0.55, 100, 55));
    CHECK(is_exactly(0.29, 100, 29));
    CHECK(is_exactly(0.1 + 0.2, 10, 3));
}

TEST_CASE("between two counts a share is neither") {
    CHECK(detail::most_of_share(0.555, 100) == 55);
    CHECK(detail::least_of_share(0.555, 100) == 56);
    CHECK(!detail::reaches_share(55, 0.5500000001, 100));
    CHECK(detail::reaches_share(56, 0.5500000001, 100));
    CHECK(detail::least_of_share(0, 100) == 0);
    CHECK(detail::reaches_share(0, 0, 0));
    CHECK(detail::most_of_share(1000, 7) == 7000);
    CHECK(detail::most_of_share(1e300, 7) == std::uint64_t{1} << 62);
}
