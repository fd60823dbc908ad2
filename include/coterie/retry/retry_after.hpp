// SPDX-License-Identifier: BSL-1.0
#pragma once

// When a server asks to be tried again: the header Retry-After of HTTP, in seconds or as a date, as what on_failure() takes.
//
//   const auto after = retry::parse_retry_after("120", now);                                // 2 min
//   const auto after = retry::parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", now);      // zero: that is over
//   return retry::failure{retry::error_class::throttled, after ? *after : retry::no_retry};
//   return retry::failure{retry::error_class::throttled, retry::retry_after_at(date, now)}; // of a date that is read
//
// A date that has passed means "now". Do not give on_failure() the difference `date - now` itself: it is negative for such
// a date, and a negative duration means that the server forbids a retry.
//
// Source: RFC 9110, section 10.2.3 (Retry-After) and section 5.6.7 (dates, with the two obsolete forms).

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>

namespace coterie::inline v0::retry {

/// How long it is until `date`, a time of any whole unit: zero if it has passed. Saturates: 292 years are the longest
/// duration.
template <class Duration>
[[nodiscard]] constexpr std::chrono::nanoseconds retry_after_at(
    std::chrono::sys_time<Duration> date, wall_time now) noexcept;

/// The time that the text of a Retry-After asks to wait, from `now` on: a number of seconds, or the time until a date.
/// Spaces and tabs around it do not count. It is never negative; a number beyond all bounds is the longest duration.
///
/// Errors: invalid_character; wrong_length if it is cut off; out_of_range for a day or a time that does not exist.
/// Complexity: linear in the text.
[[nodiscard]] constexpr std::expected<std::chrono::nanoseconds, parse_error> parse_retry_after(
    std::string_view text, wall_time now) noexcept;

/// A date of HTTP: "Sun, 06 Nov 1994 08:49:37 GMT", or one of the obsolete forms "Sunday, 06-Nov-94 08:49:37 GMT" and
/// "Sun Nov  6 08:49:37 1994". Case counts, and nothing may stand around it.
///
/// A year of two digits is the last one with these digits that is at most 50 years after `now`. The name of the day must be
/// one, and is not compared with the date. The leap second 23:59:60 is the second after it.
/// Errors: as of parse_retry_after().
[[nodiscard]] constexpr std::expected<std::chrono::sys_seconds, parse_error> parse_http_date(
    std::string_view text, wall_time now) noexcept;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// A date of HTTP, read from left to right. The first error stays; what is read after it means nothing.
class http_date_reader {
public:
    explicit constexpr http_date_reader(std::string_view text) noexcept : text_(text) {}

    constexpr std::expected<std::chrono::sys_seconds, parse_error> read(wall_time now) noexcept;

private:
    static constexpr std::array<std::string_view, 7> days{
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    struct date {
        int year = 0;
        unsigned month = 0, day = 0;
        std::size_t day_at = 0;
    };

    constexpr bool skip(std::string_view expected) noexcept {
        if (!text_.substr(at_).starts_with(expected)) return false;
        at_ += expected.size();
        return true;
    }
    constexpr void expect(std::string_view expected) noexcept {
        if (skip(expected)) return;
        while (at_ < text_.size() && text_[at_] == expected.front()) {
            ++at_;
            expected.remove_prefix(1);
        }
        fail_here();
    }
    constexpr void fail(parse_errc code, std::size_t position) noexcept {
        if (!has_failed_) error_ = {code, position};
        has_failed_ = true;
    }
    constexpr void fail_here() noexcept {
        const bool is_cut_off = at_ >= text_.size();
        fail(is_cut_off ? parse_errc::wrong_length : parse_errc::invalid_character, at_);
    }
    constexpr unsigned digits(int count) noexcept;
    constexpr unsigned below(unsigned limit) noexcept;
    constexpr unsigned month() noexcept;
    constexpr date fixed_or_850(bool is_850) noexcept;
    constexpr std::chrono::seconds time_of_day() noexcept;
    constexpr std::chrono::sys_seconds whole(const date& d, std::chrono::seconds time) noexcept;
    /// Whether it comes later in its year than `now` does.
    static constexpr bool is_later_in_year(const date& d, std::chrono::seconds time,
                                           wall_time now) noexcept;
    static constexpr int full_year(const date& d, std::chrono::seconds time,
                                   wall_time now) noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    bool has_failed_ = false;
    parse_error error_{};
};

constexpr unsigned http_date_reader::digits(int count) noexcept {
    unsigned value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        if (c < '0' || c > '9') return fail_here(), 0;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

/// Two digits. Errors: out_of_range if they are not below the limit.
constexpr unsigned http_date_reader::below(unsigned limit) noexcept {
    const std::size_t from = at_;
    const unsigned value = digits(2);
    if (value >= limit) fail(parse_errc::out_of_range, from);
    return value;
}

constexpr unsigned http_date_reader::month() noexcept {
    for (unsigned m = 0; m < months.size(); ++m)
        if (skip(months[m])) return m + 1;
    return fail_here(), 0;
}

constexpr http_date_reader::date http_date_reader::fixed_or_850(bool is_850) noexcept {
    const std::string_view separator = is_850 ? "-" : " ";
    expect(", ");
    date d{.day_at = at_};
    d.day = digits(2);
    expect(separator);
    d.month = month();
    expect(separator);
    d.year = static_cast<int>(digits(is_850 ? 2 : 4));
    expect(" ");
    return d;
}

constexpr std::chrono::seconds http_date_reader::time_of_day() noexcept {
    const unsigned hour = below(24);
    expect(":");
    const unsigned minute = below(60);
    expect(":");
    const bool may_leap = hour == 23 && minute == 59;
    const unsigned second = below(may_leap ? 61 : 60);
    return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

constexpr std::chrono::sys_seconds http_date_reader::whole(const date& d,
                                                           std::chrono::seconds time) noexcept {
    const std::chrono::year_month_day day{std::chrono::year(d.year), std::chrono::month(d.month),
                                          std::chrono::day(d.day)};
    if (!day.ok()) return fail(parse_errc::out_of_range, d.day_at), std::chrono::sys_seconds{};
    return std::chrono::sys_days(day) + time;
}

constexpr bool http_date_reader::is_later_in_year(const date& d, std::chrono::seconds time,
                                                  wall_time now) noexcept {
    // NOLINTNEXTLINE(misc-include-cleaner): <chrono> it is
    const auto today = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day n(today);
    const std::chrono::month_day day{std::chrono::month(d.month), std::chrono::day(d.day)};
    const std::chrono::month_day present{n.month(), n.day()};
    return day > present || (day == present && time > now - today);
}

constexpr int http_date_reader::full_year(const date& d, std::chrono::seconds time,
                                          wall_time now) noexcept {
    const int present{
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year()};
    const int latest = present + 50;
    const int year = latest - (latest - d.year) % 100;
    return year == latest && is_later_in_year(d, time, now) ? year - 100 : year;
}

constexpr std::expected<std::chrono::sys_seconds, parse_error> http_date_reader::read(
    wall_time now) noexcept {
    bool is_long = false, is_day = false;
    for (const std::string_view name : days) {
        if (is_day) break;
        is_long = skip(name);
        is_day = is_long || skip(name.substr(0, 3));
    }
    if (!is_day) fail_here();
    date d;
    std::chrono::seconds time{};
    if (is_long || !skip(" ")) {
        d = fixed_or_850(is_long);
        time = time_of_day();
        expect(" GMT");
        if (is_long) d.year = full_year(d, time, now);
    } else {
        d.month = month();
        expect(" ");
        d.day_at = at_;
        d.day = skip(" ") ? digits(1) : digits(2);
        expect(" ");
        time = time_of_day();
        expect(" ");
        d.year = static_cast<int>(digits(4));
    }
    if (at_ < text_.size()) fail_here();
    const auto result = has_failed_ ? std::chrono::sys_seconds{} : whole(d, time);
    if (has_failed_) return std::unexpected(error_);
    return result;
}

}  // namespace detail

template <class Duration>
constexpr std::chrono::nanoseconds retry_after_at(std::chrono::sys_time<Duration> date,
                                                  wall_time now) noexcept {
    using std::chrono::nanoseconds, std::chrono::seconds;
    constexpr auto most = std::chrono::duration_cast<seconds>(nanoseconds::max());
    // NOLINTBEGIN(misc-include-cleaner): <chrono> it is
    const std::chrono::sys_seconds from = std::chrono::floor<seconds>(now);
    const std::chrono::sys_seconds to = std::chrono::floor<seconds>(date);
    // NOLINTEND(misc-include-cleaner)
    if (to < from) return {};
    // A date beyond the range of `now` is that far from it as well; else the difference has no 36 bits.
    if (to.time_since_epoch() > 2 * most || to - from >= most) return nanoseconds::max();
    const nanoseconds left = nanoseconds(to - from) + (date - to) - (now - from);
    return left.count() > 0 ? left : nanoseconds::zero();
}

constexpr std::expected<std::chrono::nanoseconds, parse_error> parse_retry_after(
    std::string_view text, wall_time now) noexcept {
    constexpr std::string_view blank = " \t";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) {
        return std::unexpected(parse_error{parse_errc::wrong_length, text.size()});
    }
    const std::string_view value = text.substr(first, text.find_last_not_of(blank) - first + 1);
    if (value.front() < '0' || value.front() > '9') {
        auto date = parse_http_date(value, now);
        if (date) return retry_after_at(*date, now);
        date.error().position += first;
        return std::unexpected(date.error());
    }
    constexpr auto far =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds::max()).count();
    std::int64_t seconds = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c < '0' || c > '9') {
            return std::unexpected(parse_error{parse_errc::invalid_character, first + i});
        }
        if (seconds <= far) seconds = seconds * 10 + (c - '0');
    }
    return seconds > far ? std::chrono::nanoseconds::max()
                         : std::chrono::nanoseconds(std::chrono::seconds(seconds));
}

constexpr std::expected<std::chrono::sys_seconds, parse_error> parse_http_date(
    std::string_view text, wall_time now) noexcept {
    return detail::http_date_reader(text).read(now);
}

}  // namespace coterie::inline v0::retry
