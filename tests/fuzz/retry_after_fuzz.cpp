// SPDX-License-Identifier: BSL-1.0

// Any text as a Retry-After: an error at one of its characters, or a wait that is not negative; and a date that is read
// alike with blanks around it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/retry/retry_after.hpp>

using namespace coterie;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The first 8 bytes are the present. The rest is on the heap and of exactly its size, so that the sanitizer sees a
    // read past its end.
    std::int64_t nanoseconds = 0;
    if (size < sizeof nanoseconds) return 0;
    std::memcpy(&nanoseconds, data, sizeof nanoseconds);
    const wall_time now{std::chrono::nanoseconds(nanoseconds)};
    const std::vector<char> text(data + sizeof nanoseconds, data + size);
    const std::string_view view(text.data(), text.size());

    const auto after = retry::parse_retry_after(view, now);
    if (!after) require(after.error().position <= view.size());
    if (after) require(after->count() >= 0);
    const auto date = retry::parse_http_date(view, now);
    if (!date) {
        require(date.error().position <= view.size());
        return 0;
    }
    require(after == retry::retry_after_at(*date, now));
    require(retry::parse_retry_after(" \t" + std::string(view) + "\t", now) == after);
    const auto year =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*date)).year();
    require(int(year) >= 0 && int(year) <= 10'000);  // the last leap second of 9999
    return 0;
}
