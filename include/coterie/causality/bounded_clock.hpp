// SPDX-License-Identifier: BSL-1.0
#pragma once

// A clock that says how wrong it may be: not "it is t" but "it is between these two", and whether anything
// vouches for that. Where the kernel is disciplined by NTP it keeps a bound of its error; this asks for it
// now and then, and widens it in between by as much as the clock may drift. Two such intervals that do not
// overlap are in order for sure, whichever machines they come from; and who waits until a timestamp is
// surely past before he shows its write gives every later transaction a later timestamp.
//
//   causality::bounded_clock clock;
//   auto stamp = clock.now();                      // earliest, latest, status
//   if (stamp.status != causality::clock_status::synchronised) ...   // no promise: do without
//   auto wait = causality::commit_wait(stamp);     // about 2 * error: sleep, and ask again
//
// The bound is as good as what disciplines the clock: NTP's covers the delay to its servers, the servers'
// own error and drift, not a server that lies. Some daemons write no bound at all, and one does not clear the
// kernel's flag: kernel_clock_options is for these. A host that nothing synchronises says so, and there the
// order of timestamps is not known: take a hybrid clock, which needs no bound to respect causality.
//
// Source: RFC 5905, section 11 (maximum error, frequency tolerance); adjtimex(2); Corbett et al.,
// "Spanner: Google's Globally-Distributed Database", OSDI 2012, for the interval and the commit wait.

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#ifdef __linux__
#include <sys/timex.h>
#endif

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::causality {

/// What vouches for a clock.
enum class clock_status : std::uint8_t {
    unknown,           ///< nothing says anything about the clock's error
    not_synchronised,  ///< the kernel says that nothing disciplines the clock
    synchronised,      ///< the true time is within the bounds
};

[[nodiscard]] constexpr const char* describe(clock_status status) noexcept {
    switch (status) {
        case clock_status::unknown: return "unknown";
        case clock_status::not_synchronised: return "not synchronised";
        case clock_status::synchronised: return "synchronised";
    }
    return "not a clock status";
}

/// What is known of a clock's error at one moment.
struct clock_error_bound {
    clock_status status = clock_status::unknown;
    /// How far the clock is from the true time, at most.
    std::chrono::nanoseconds max_error{0};
    /// How much further it may get in each second: NTP's frequency tolerance.
    std::chrono::nanoseconds drift_per_second{0};

    friend constexpr bool operator==(const clock_error_bound&, const clock_error_bound&) = default;
};

/// Something that knows the error of the wall clock at this moment.
template <class S>
concept clock_error_source = requires(std::remove_reference_t<S>& source) {
    { source.read() } noexcept -> std::same_as<clock_error_bound>;
};

/// When the kernel's clock counts as synchronised.
enum class kernel_clock_rule : std::uint8_t {
    /// While the kernel says so: no STA_UNSYNC. Right for every daemon that clears that flag.
    sync_flag,
    /// While the kernel's maximum error is below 16 s, where it ends, whatever STA_UNSYNC says. For chronyd without
    /// `rtcsync`, which keeps the maximum error up to date and never clears the flag.
    max_error,
};

/// How the kernel's error is read.
struct kernel_clock_options {
    /// When the clock counts as synchronised.
    kernel_clock_rule rule = kernel_clock_rule::sync_flag;
    /// What is added to the kernel's maximum error. Not negative. For daemons that set the maximum error to zero
    /// (systemd-timesyncd, phc2sys), and for what a daemon has measured but not yet corrected.
    std::chrono::nanoseconds additional_error{0};
};

/// What the kernel says: adjtimex(2) on Linux; elsewhere, and where the call is barred, unknown.
///
/// The kernel does not compute a bound: it repeats what the daemon wrote, and adds 500 us each second. Which daemon
/// writes what is on the page docs/causality.md.
/// Complexity: one system call on Linux, about a microsecond. Thread safety: any number of threads.
class kernel_clock_error {
public:
    /// Requires: options that are not negative.
    explicit constexpr kernel_clock_error(const kernel_clock_options& options = {}) noexcept
        : options_(options) {
        COTERIE_ASSERT(options.additional_error.count() >= 0);
    }

    /// The error at this moment.
    [[nodiscard]] clock_error_bound read() const noexcept;

private:
    kernel_clock_options options_;
};

/// An error in the hand of a test.
///
/// Thread safety: none. Give it to a clock by reference.
class manual_clock_error {
public:
    explicit constexpr manual_clock_error(const clock_error_bound& bound = {}) noexcept
        : bound_(bound) {}

    /// What was set last.
    [[nodiscard]] constexpr clock_error_bound read() noexcept {
        ++reads_;
        return bound_;
    }
    constexpr void set(const clock_error_bound& bound) noexcept { bound_ = bound; }

    /// How often it was read.
    [[nodiscard]] constexpr std::uint64_t reads() const noexcept { return reads_; }

private:
    clock_error_bound bound_;
    std::uint64_t reads_ = 0;
};

/// When it is: between the two, both included, if the status is `synchronised`. Requires: earliest <= latest.
///
/// Where nothing disciplines the clock, the bounds are the best guess there is; where nothing is known, they
/// are all of time. Such an interval is in no order with any other.
struct clock_interval {
    wall_time earliest = wall_time::min();
    wall_time latest = wall_time::max();
    clock_status status = clock_status::unknown;

    friend constexpr bool operator==(const clock_interval&, const clock_interval&) = default;

    /// Less where one surely ended before the other began; unordered where they overlap, or where nothing
    /// vouches for one of them; equivalent where they are the same. A partial order.
    friend constexpr std::partial_ordering operator<=>(const clock_interval& a,
                                                       const clock_interval& b) noexcept;
};

/// Whether the moment that `a` was taken at is before that of `b`, whatever the clocks' errors were.
[[nodiscard]] constexpr bool surely_before(const clock_interval& a,
                                           const clock_interval& b) noexcept {
    return a.status == clock_status::synchronised && b.status == clock_status::synchronised &&
           a.latest < b.earliest;
}

/// How long it takes from `now` until `t` is surely past, if the error stays what it is. It may grow
/// meanwhile by drift, so sleep, and ask again until the answer is zero. Arithmetic only: nothing waits.
///
/// Returns: zero where it is past; the maximum where nothing vouches for `now`, and nothing is sure.
[[nodiscard]] constexpr std::chrono::nanoseconds commit_wait(const clock_interval& now,
                                                             wall_time t) noexcept;

/// How long a timestamp taken now at `now.latest` must wait: twice the error.
[[nodiscard]] constexpr std::chrono::nanoseconds commit_wait(const clock_interval& now) noexcept {
    return commit_wait(now, now.latest);
}

/// What a bounded clock does.
struct bounded_clock_options {
    /// How long a reading of the error is used: the longer, the wider it gets by drift. Not negative; zero
    /// asks each time.
    std::chrono::nanoseconds cache_for = std::chrono::milliseconds(100);
};

/// A wall clock with bounds. Clocks and Source may be reference types: then the clock shares them.
///
/// A coarse clock will not do: nobody knows how far it lags. Between readings of the source the error grows
/// with steady time by the drift, and by what the wall clock moved otherwise than the steady one: a step is
/// within the bounds, and one of a millisecond asks anew.
/// Bounds end at the first and the last time that the type can say. What the source says is unknown where
/// an error or a drift is negative, or the drift more than a second in a second.
/// Complexity: a reading of each clock, and of the source once in `cache_for`. Thread safety: none; a thread
/// may well have one of its own.
template <wall_clock Clock = system_clock, clock_error_source Source = kernel_clock_error,
          monotonic_clock SteadyClock = steady_clock>
    requires(!coarse_wall_clock<Clock>)
class bounded_clock {
public:
    /// Reads nothing yet. Requires: options that are not negative.
    explicit constexpr bounded_clock(const bounded_clock_options& options = {},
                                     Clock clock = Clock(), Source source = Source(),
                                     SteadyClock steady = SteadyClock()) noexcept
        : options_(options),
          clock_(std::forward<Clock>(clock)),
          source_(std::forward<Source>(source)),
          steady_(std::forward<SteadyClock>(steady)) {
        COTERIE_ASSERT(options.cache_for.count() >= 0);
    }

    /// When it is.
    [[nodiscard]] constexpr clock_interval now();

    /// The error as it was read last; unknown before the first `now`.
    [[nodiscard]] constexpr const clock_error_bound& last_read() const noexcept { return bound_; }

private:
    constexpr void ask();

    bounded_clock_options options_;
    [[no_unique_address]] Clock clock_;
    [[no_unique_address]] Source source_;
    [[no_unique_address]] SteadyClock steady_;
    clock_error_bound bound_;
    bool has_read_ = false;
    steady_time steady_then_;  // when the source was read
    wall_time wall_then_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

using std::chrono::nanoseconds;

/// As long as it is; the longest that the type can say, where it is longer.
constexpr nanoseconds saturated(std::uint64_t length) noexcept {
    constexpr auto most = static_cast<std::uint64_t>(nanoseconds::max().count());
    return nanoseconds(static_cast<std::int64_t>(length < most ? length : most));
}

/// The distance of two times, either way, exactly.
template <class Time>
constexpr std::uint64_t exactly_apart(Time a, Time b) noexcept {
    const auto x = static_cast<std::uint64_t>(a.time_since_epoch().count());
    const auto y = static_cast<std::uint64_t>(b.time_since_epoch().count());
    return a < b ? y - x : x - y;
}

/// The distance of two times, either way.
template <class Time>
constexpr nanoseconds apart(Time a, Time b) noexcept {
    return saturated(exactly_apart(a, b));
}

/// The sum of two durations that are not negative.
constexpr nanoseconds add(nanoseconds a, nanoseconds b) noexcept {
    return a > nanoseconds::max() - b ? nanoseconds::max() : a + b;
}

constexpr wall_time earlier(wall_time t, nanoseconds by) noexcept {
    return t < wall_time::min() + by ? wall_time::min() : t - by;
}

/// What a drift of at most a second in a second comes to, rounded up.
constexpr nanoseconds drifted(nanoseconds drift_per_second, nanoseconds elapsed) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t drift = drift_per_second.count();
    const std::int64_t whole = elapsed.count() / second, rest = elapsed.count() % second;
    return nanoseconds(whole * drift + (rest * drift + second - 1) / second);
}

/// How much further the wall clock went than the steady one, or less far.
constexpr nanoseconds stepped(wall_time wall_then, wall_time wall, steady_time steady_then,
                              steady_time steady) noexcept {
    const std::uint64_t elapsed = exactly_apart(steady_then, steady);
    const std::uint64_t moved = exactly_apart(wall_then, wall);
    if (wall < wall_then) return add(saturated(moved), saturated(elapsed));
    return saturated(moved < elapsed ? elapsed - moved : moved - elapsed);
}

/// Wall time in nanoseconds, as much as they can say.
template <class Duration>
constexpr wall_time nanoseconds_of(std::chrono::sys_time<Duration> t) noexcept {
    if constexpr (!std::is_same_v<Duration, nanoseconds>) {
        constexpr auto first = std::chrono::ceil<Duration>(wall_time::min());
        constexpr auto last = std::chrono::floor<Duration>(wall_time::max());
        if (t < first) return wall_time::min();
        if (t > last) return wall_time::max();
    }
    return std::chrono::time_point_cast<nanoseconds>(t);
}

/// What a clock's readings are rounded down by, at most.
template <class Duration>
constexpr nanoseconds grain() noexcept {
    if constexpr (std::is_same_v<Duration, nanoseconds>) return nanoseconds(0);
    return std::chrono::ceil<nanoseconds>(Duration(1));
}

}  // namespace detail

constexpr std::partial_ordering operator<=>(const clock_interval& a,
                                            const clock_interval& b) noexcept {
    if (a == b) return std::partial_ordering::equivalent;
    if (surely_before(a, b)) return std::partial_ordering::less;
    if (surely_before(b, a)) return std::partial_ordering::greater;
    return std::partial_ordering::unordered;
}

constexpr std::chrono::nanoseconds commit_wait(const clock_interval& now, wall_time t) noexcept {
    using std::chrono::nanoseconds;
    if (now.status != clock_status::synchronised) return nanoseconds::max();
    if (t < now.earliest) return nanoseconds(0);
    return detail::add(detail::apart(now.earliest, t), nanoseconds(1));
}

template <wall_clock Clock, clock_error_source Source, monotonic_clock SteadyClock>
    requires(!coarse_wall_clock<Clock>)
constexpr void bounded_clock<Clock, Source, SteadyClock>::ask() {
    // The steady clock first: what passes until the source is read counts as drift, not the other way round.
    steady_then_ = steady_.now();
    bound_ = source_.read();
    wall_then_ = detail::nanoseconds_of(clock_.now());
    const bool is_sound = bound_.max_error.count() >= 0 && bound_.drift_per_second.count() >= 0 &&
                          bound_.drift_per_second <= std::chrono::seconds(1);
    if (!is_sound) bound_ = {};
    has_read_ = true;
}

template <wall_clock Clock, clock_error_source Source, monotonic_clock SteadyClock>
    requires(!coarse_wall_clock<Clock>)
constexpr clock_interval bounded_clock<Clock, Source, SteadyClock>::now() {
    constexpr std::chrono::nanoseconds largest_step = std::chrono::milliseconds(1);
    const bool is_fresh = !has_read_;
    if (is_fresh) ask();
    steady_time steady = steady_.now();
    wall_time wall = detail::nanoseconds_of(clock_.now());
    auto step = detail::stepped(wall_then_, wall, steady_then_, steady);
    const bool is_old = detail::apart(steady_then_, steady) >= options_.cache_for;
    if (!is_fresh && (is_old || step >= largest_step)) {
        ask();
        steady = steady_.now();
        wall = detail::nanoseconds_of(clock_.now());
        step = detail::stepped(wall_then_, wall, steady_then_, steady);
    }
    if (bound_.status == clock_status::unknown) return {};
    auto error = detail::drifted(bound_.drift_per_second, detail::apart(steady_then_, steady));
    error = detail::add(detail::add(error, bound_.max_error), step);
    using reading = decltype(clock_.now());
    const auto grain = detail::grain<typename reading::duration>();
    return {detail::earlier(wall, error), saturating_add(wall, detail::add(error, grain)),
            bound_.status};
}

#ifdef __linux__

// NOLINTBEGIN(misc-include-cleaner): <sys/timex.h> it is

namespace detail {

/// Where the kernel's maximum error ends.
inline constexpr std::int64_t largest_max_error = 16'000'000;

/// Whether nothing disciplines the clock, by the flags that adjtimex gave.
constexpr bool is_free(int state, unsigned status) noexcept {
    return state == TIME_ERROR || (status & (STA_UNSYNC | STA_CLOCKERR)) != 0;
}

/// The same by the maximum error alone: TIME_ERROR counts unless STA_UNSYNC explains it.
constexpr bool is_out_of_bounds(int state, unsigned status, std::int64_t max_error) noexcept {
    const bool lost_pulse =
        (status & (STA_PPSFREQ | STA_PPSTIME)) != 0 && (status & STA_PPSSIGNAL) == 0;
    return max_error >= largest_max_error || lost_pulse || (status & STA_CLOCKERR) != 0 ||
           (state == TIME_ERROR && (status & STA_UNSYNC) == 0);
}

/// What adjtimex returned and said: microseconds, and parts in a million times 2^16.
constexpr clock_error_bound bound_of(int state, unsigned status, std::int64_t max_error,
                                     std::int64_t tolerance,
                                     const kernel_clock_options& options = {}) noexcept {
    constexpr std::int64_t most_error = nanoseconds::max().count() / 1000;
    constexpr std::int64_t most_tolerance = std::int64_t{1'000'000} << 16;
    if (state < 0 || max_error < 0 || max_error > most_error || tolerance < 0 ||
        tolerance > most_tolerance) {
        return {};
    }
    const bool is_loose = options.rule == kernel_clock_rule::max_error
                              ? is_out_of_bounds(state, status, max_error)
                              : is_free(state, status);
    return {.status = is_loose ? clock_status::not_synchronised : clock_status::synchronised,
            .max_error = add(std::chrono::microseconds(max_error), options.additional_error),
            .drift_per_second = nanoseconds((tolerance * 1000 + 0xFFFF) >> 16)};
}

}  // namespace detail

inline clock_error_bound kernel_clock_error::read() const noexcept {
    timex t{};  // no modes: nothing is changed
    const int state = ::adjtimex(&t);
    return detail::bound_of(state, static_cast<unsigned>(t.status), t.maxerror, t.tolerance,
                            options_);
}

// NOLINTEND(misc-include-cleaner)

#else

inline clock_error_bound kernel_clock_error::read() const noexcept { return {}; }

#endif

}  // namespace coterie::inline v0::causality
