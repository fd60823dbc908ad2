// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/retry_after.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/retry_state.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::parse_http_date;
using retry::parse_retry_after;
using retry::retry_after_at;
using std::chrono::nanoseconds;
using std::chrono::sys_seconds;

namespace {

constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                "Thursday", "Friday", "Saturday"};
constexpr const char* short_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// The fields of a date, and what they mean by the school's calendar.
struct fields {
    int year, month, day, hour, minute, second;  // from 1

    static bool is_leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }
    static int days_of(int y, int m) {
        constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        return m == 2 && is_leap(y) ? 29 : lengths[m - 1];
    }
    bool exists() const {
        const bool is_leap_second = hour == 23 && minute == 59 && second == 60;
        return 1 <= month && month <= 12 && 1 <= day && day <= days_of(year, month) && hour < 24 &&
               minute < 60 && (second < 60 || is_leap_second);
    }
    std::int64_t day_number() const {  // days since 1970
        std::int64_t n = day - 1;
        for (int y = 1970; y < year; ++y) n += is_leap(y) ? 366 : 365;
        for (int y = year; y < 1970; ++y) n -= is_leap(y) ? 366 : 365;
        for (int m = 1; m < month; ++m) n += days_of(year, m);
        return n;
    }
    sys_seconds time() const {
        return sys_seconds(
            std::chrono::seconds(day_number() * 86'400 + hour * 3600 + minute * 60 + second));
    }
    std::size_t weekday() const {  // from Sunday; 1970 began with a Thursday
        return static_cast<std::size_t>(((day_number() + 4) % 7 + 7) % 7);
    }
};

template <class... Args>
std::string printed(const char* format, Args... args) {
    std::array<char, 200> out{};
    const int size = std::snprintf(out.data(), out.size(), format, args...);
    return {out.data(), static_cast<std::size_t>(size)};
}

const char* name_of_month(const fields& f) {
    return 1 <= f.month && f.month <= 12 ? months[f.month - 1] : "Xyz";
}
std::string fixdate(const fields& f) {
    return printed("%s, %02d %s %04d %02d:%02d:%02d GMT", short_days[f.weekday()], f.day,
                   name_of_month(f), f.year, f.hour, f.minute, f.second);
}
std::string rfc850(const fields& f) {
    return printed("%s, %02d-%s-%02d %02d:%02d:%02d GMT", days[f.weekday()], f.day,
                   name_of_month(f), f.year % 100, f.hour, f.minute, f.second);
}
std::string asctime(const fields& f) {
    return printed("%s %s %2d %02d:%02d:%02d %04d", short_days[f.weekday()], name_of_month(f),
                   f.day, f.hour, f.minute, f.second, f.year);
}

fields random_fields(rng& random, int first_year, int last_year) {
    fields f{uniform_between(random, first_year, last_year),
             uniform_between(random, 1, 12),
             1,
             uniform_between(random, 0, 23),
             uniform_between(random, 0, 59),
             uniform_between(random, 0, 59)};
    f.day = uniform_between(random, 1, fields::days_of(f.year, f.month));
    return f;
}

constexpr fields present_fields{2026, 7, 1, 12, 0, 0};
const wall_time present = present_fields.time();

constexpr auto in_a_constant =
    parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", wall_time{}).value();
static_assert(in_a_constant == sys_seconds(784'111'777s));

}  // namespace

TEST_CASE("the RFC's dates are one time, in all three forms") {
    for (const char* const text : {"Sun, 06 Nov 1994 08:49:37 GMT",
                                   "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        INFO(text);
        CHECK(parse_http_date(text, present) == sys_seconds(784'111'777s));
        CHECK(parse_retry_after(text, present) == 0ns);  // that is over
        CHECK(parse_retry_after(text, wall_time(784'111'770s)) == 7s);
    }
    CHECK(parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", present) == 0ns);
    CHECK(parse_retry_after("120", present) == 120s);
}

TEST_CASE("what is past is now, and what is too far is the longest duration") {
    CHECK(retry_after_at(wall_time(99s), wall_time(100s)) == 0ns);
    CHECK(retry_after_at(wall_time(100s), wall_time(100s)) == 0ns);
    CHECK(retry_after_at(wall_time(100s + 1ns), wall_time(100s)) == 1ns);
    CHECK(retry_after_at(sys_seconds(101s), wall_time(100s + 1ns)) == 1s - 1ns);
    CHECK(retry_after_at(sys_milliseconds(101'500ms), wall_time(100s)) == 1500ms);
    CHECK(retry_after_at(std::chrono::sys_days(std::chrono::days(2)), wall_time(24h)) == 24h);
    CHECK(retry_after_at(wall_time::max(), wall_time::min()) == nanoseconds::max());
    CHECK(retry_after_at(sys_seconds::max(), wall_time::min()) == nanoseconds::max());
    CHECK(retry_after_at(sys_seconds::max(), wall_time::max()) == nanoseconds::max());
    CHECK(retry_after_at(sys_seconds::min(), wall_time::max()) == 0ns);
    CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", wall_time::min()) ==
          nanoseconds::max());
    CHECK(parse_retry_after("Sat, 01 Jan 0000 00:00:00 GMT", wall_time::max()) == 0ns);
    CHECK(parse_retry_after(std::string(1000, '9'), present) == nanoseconds::max());
    CHECK(parse_retry_after("9223372036", present) == 9'223'372'036s);
    CHECK(parse_retry_after("9223372037", present) == nanoseconds::max());
    CHECK(parse_retry_after(std::string(1000, '0') + "7", present) == 7s);

    // and so a date that has passed is not a server that forbids a retry
    constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{}};
    rng random(1);
    retry::retry_state call(policy, steady_time(1h));
    CHECK(call.on_failure(steady_time(1h), retry::error_class::throttled,
                          retry_after_at(wall_time(1s), present), random) == steady_time(1h));
}

TEST_CASE("a date that is printed is read again, in all forms, from the year 0 to 9999") {
    rng random(test::seed(), "round trip");
    for (int i = 0; i < 2000; ++i) {
        const fields f = random_fields(random, 0, 9999);
        INFO(fixdate(f));
        REQUIRE(parse_http_date(fixdate(f), present) == f.time());
        REQUIRE(parse_http_date(asctime(f), present) == f.time());
        const wall_time now =
            wall_time(std::chrono::seconds(uniform_between(random, -5'000'000'000, 5'000'000'000)));
        REQUIRE(parse_retry_after(" \t" + fixdate(f) + "\t ", now) ==
                retry_after_at(f.time(), now));
    }
}

TEST_CASE("a year of two digits is at most 50 years ahead") {
    rng random(test::seed(), "two digits");
    for (int i = 0; i < 2000; ++i) {
        const fields now = random_fields(random, 1700, 2200);
        const fields f = random_fields(random, 1700, 2200);
        if (f.month == 2 && f.day == 29) continue;  // which not every year has
        fields expected = f;
        expected.year = now.year - now.year % 100 + 100 + f.year % 100;
        const auto is_ahead = [&] {  // by more than 50 years
            fields latest = now;
            latest.year += 50;
            if (latest.month == 2 && !fields::is_leap(latest.year))
                latest.day = std::min(latest.day, 28);
            return expected.time() > latest.time();
        };
        while (is_ahead()) expected.year -= 100;
        INFO(rfc850(f) << " in " << now.year);
        REQUIRE(parse_http_date(rfc850(f), wall_time(now.time())) == expected.time());
    }
    const auto year_of = [](const char* text, const fields& now) {
        const auto t = parse_http_date(text, wall_time(now.time())).value();
        return int(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(t)).year());
    };
    CHECK(year_of("Wednesday, 01-Jul-76 12:00:00 GMT", present_fields) ==
          2076);  // 50, and not more
    CHECK(year_of("Wednesday, 01-Jul-76 12:00:01 GMT", present_fields) == 1976);
    CHECK(year_of("Saturday, 01-Jan-77 00:00:00 GMT", present_fields) == 1977);
    CHECK(year_of("Friday, 01-Jan-05 00:00:00 GMT", {2099, 1, 1, 0, 0, 0}) == 2105);
}

TEST_CASE("each field is read if there is such a day and time, and else refused where it is") {
    const auto check = [](const fields& f) {
        INFO(f.year << '-' << f.month << '-' << f.day << ' ' << f.hour << ':' << f.minute << ':'
                    << f.second);
        for (const std::string& text :
             {printed("Mon, %02d %s %04d %02d:%02d:%02d GMT", f.day, name_of_month(f), f.year,
                      f.hour, f.minute, f.second),
              printed("Mon %s %2d %02d:%02d:%02d %04d", name_of_month(f), f.day, f.hour, f.minute,
                      f.second, f.year)}) {
            const auto t = parse_http_date(text, present);
            REQUIRE(t.has_value() == f.exists());
            if (f.exists()) REQUIRE(*t == f.time());
            if (!f.exists()) REQUIRE(t.error().position < text.size());
        }
    };
    for (int m = 1; m <= 13; ++m)
        for (int d = 0; d <= 33; ++d)
            for (const int y : {1900, 2000, 2023, 2024, 2100}) check({y, m, d, 1, 2, 3});
    for (int h = 0; h <= 99; ++h) check({2024, 2, 29, h, 0, 0});
    for (int m = 0; m <= 99; ++m) check({2024, 2, 29, 0, m, 0});
    for (int s = 0; s <= 99; ++s) {
        check({2024, 2, 29, 0, 0, s});
        check({2016, 12, 31, 23, 59, s});  // a leap second
    }
    CHECK(parse_http_date("Fri, 30 Feb 2024 00:00:00 GMT", present).error() ==
          parse_error{parse_errc::out_of_range, 5});
    CHECK(parse_http_date("Fri, 01 Mar 2024 24:00:00 GMT", present).error() ==
          parse_error{parse_errc::out_of_range, 17});
    // The name of the day is one, and need not be that of the date.
    CHECK(parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT", present).has_value());
}

TEST_CASE("what is no Retry-After is refused where it goes wrong") {
    const struct {
        const char* text;
        parse_error error;
    } rows[] = {{"", {parse_errc::wrong_length, 0}},
                {" \t ", {parse_errc::wrong_length, 3}},
                {"-1", {parse_errc::invalid_character, 0}},
                {"+1", {parse_errc::invalid_character, 0}},
                {"1.5", {parse_errc::invalid_character, 1}},
                {" 12 s", {parse_errc::invalid_character, 3}},
                {"0x10", {parse_errc::invalid_character, 1}},
                {"soon", {parse_errc::invalid_character, 0}},
                {"Mon", {parse_errc::wrong_length, 3}},
                {"sun, 06 Nov 1994 08:49:37 GMT", {parse_errc::invalid_character, 0}},
                {"Sun, 06 nov 1994 08:49:37 GMT", {parse_errc::invalid_character, 8}},
                {"Sun, 6 Nov 1994 08:49:37 GMT", {parse_errc::invalid_character, 6}},
                {"Sun, 06 Nov 94 08:49:37 GMT", {parse_errc::invalid_character, 14}},
                {"Sun, 06 Nov 1994 08:49:37 UTC", {parse_errc::invalid_character, 26}},
                {"Sun, 06 Nov 1994 08:49:37 GMT+1", {parse_errc::invalid_character, 29}},
                {"Sun, 06 Nov 1994 08:49", {parse_errc::wrong_length, 22}},
                {"Sunday, 06-Nov-1994 08:49:37 GMT", {parse_errc::invalid_character, 17}},
                {"Sun Nov 6 08:49:37 1994", {parse_errc::invalid_character, 9}},
                {"Sun Nov  6 08:49:37 1994 GMT", {parse_errc::invalid_character, 24}},
                {"1994-11-06T08:49:37Z", {parse_errc::invalid_character, 4}}};
    for (const auto& [text, error] : rows) {
        INFO('"' << text << '"');
        const auto read = parse_retry_after(text, present);
        REQUIRE(!read.has_value());
        CHECK(read.error() == error);
    }
}

TEST_CASE("hostile bytes are refused, and what is read is spelt as one of the forms") {
    rng random(test::seed(), "hostile");
    constexpr std::string_view alphabet = "0123456789 ,:-GMTSunMonTueday\t\0\xff";
    int read_count = 0;
    for (int i = 0; i < 20'000; ++i) {
        const fields f = random_fields(random, 1970, 2070);
        std::string text = bernoulli(random, 0.4)   ? fixdate(f)
                           : bernoulli(random, 0.5) ? rfc850(f)
                                                    : asctime(f);
        for (int n = uniform_between(random, 0, 2); n > 0 && !text.empty(); --n) {
            const auto at = uniform_below(random, text.size());
            const char c = alphabet[uniform_below(random, alphabet.size())];
            switch (uniform_between(random, 0, 2)) {
                case 0: text[at] = c; break;
                case 1: text.insert(at, 1, c); break;
                default: text.erase(at, 1);
            }
        }
        const std::vector<char> exact(text.begin(), text.end());
        const std::string_view view(exact.data(), exact.size());
        const auto after = parse_retry_after(view, present);
        if (after) REQUIRE(*after >= 0ns);
        if (!after) REQUIRE(after.error().position <= text.size());
        const auto t = parse_http_date(view, present);
        if (!t || view.find(":60") != view.npos) continue;  // a leap second has another name too
        ++read_count;
        INFO(text);
        const auto day = std::chrono::floor<std::chrono::days>(*t);
        const std::chrono::year_month_day ymd(day);
        const std::chrono::hh_mm_ss clock(*t - day);
        const fields again{int(ymd.year()),
                           static_cast<int>(unsigned(ymd.month())),
                           static_cast<int>(unsigned(ymd.day())),
                           static_cast<int>(clock.hours().count()),
                           static_cast<int>(clock.minutes().count()),
                           static_cast<int>(clock.seconds().count())};
        // But for the name of the day, which is not compared, and the first digit of asctime's day, blank or zero.
        const auto rest = [](std::string_view s) { return std::string(s.substr(s.find(' '))); };
        auto spelt = rest(view);
        if (spelt.size() > 5 && spelt[4] == ' ' && spelt[5] == '0') spelt[5] = ' ';
        REQUIRE((spelt == rest(fixdate(again)) || spelt == rest(rfc850(again)) ||
                 spelt == rest(asctime(again))));
    }
    CHECK(read_count > 1000);
}
