// SPDX-License-Identifier: BSL-1.0

// Any text as measured delays: an error at one of its characters, or delays that a simulation can draw.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/measured.hpp>

using namespace coterie::quorum;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    const std::vector<char> text(data, data + size);
    const auto delays = parse_delays(std::string_view(text.data(), text.size()));
    if (!delays.has_value()) {
        require(delays.error().position < size);
        return 0;
    }
    const auto measured = empirical::from(*delays);
    require(measured.has_value() == !delays->empty());
    if (!measured.has_value()) return 0;
    const auto& sorted = measured->samples();
    for (std::size_t i = 1; i < sorted.size(); ++i) require(sorted[i - 1] <= sorted[i]);
    coterie::rng random(size);
    const delay drawn = (*measured)(random);
    require(drawn >= sorted.front() && drawn <= sorted.back());
    require(measured->cdf(sorted.back()) == 1);
    return 0;
}
