// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/time_text.hpp>

#include <chrono>
#include <string>

#include "support/catch.hpp"

using namespace coterie::trace::detail;

namespace {

std::string seconds(std::chrono::nanoseconds t, unsigned places) {
    std::string out;
    append_seconds(out, t, places);
    return out;
}

}  // namespace

TEST_CASE("Seconds are written with the places that were asked for") {
    using namespace std::chrono_literals;
    CHECK(seconds(0ns, 3) == "0.000");
    CHECK(seconds(1250ms, 3) == "1.250");
    CHECK(seconds(1250ms, 0) == "1");
    CHECK(seconds(1'999'999'999ns, 3) == "1.999");
    CHECK(seconds(12'000'000'001ns, 9) == "12.000000001");
    CHECK(seconds(-1500ms, 1) == "-1.5");
    CHECK(seconds(std::chrono::nanoseconds::min(), 9) == "-9223372036.854775808");
    CHECK(seconds(std::chrono::nanoseconds::max(), 9) == "9223372036.854775807");
}
