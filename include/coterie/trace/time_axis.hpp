// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a time stands in a diagram. The scale is the same everywhere, but for stretches in which nothing
// happens: these are cut short, and said to be. For the headers beside it.
//
//   const time_axis axis(times, 5ms, {.least = 600, .most = 4000});
//   axis.x(t);                                   // pixels from the first of the times
//   for (const axis_tick& tick : axis.ticks()) ...

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/printable.hpp>
#include <coterie/trace/time_text.hpp>

namespace coterie::inline v0::trace::detail {

/// Appends a time or duration in the largest unit in which it is not below one, or that `like` has.
inline void append_time(std::string& out, std::chrono::nanoseconds t, std::chrono::nanoseconds like,
                        std::int64_t step) {
    struct unit {
        std::int64_t size;
        const char* name;
    };
    constexpr unit units[] = {
        {1'000'000'000, " s"}, {1'000'000, " ms"}, {1000, " \xC2\xB5s"}, {1, " ns"}};
    const unit* u = units;
    while (u->size > 1 && like.count() < u->size && like.count() > -u->size) ++u;
    unsigned places = 0;
    for (std::int64_t least = u->size; least > 1 && step % least != 0; least /= 10) ++places;
    append_in_units(out, t, static_cast<std::uint64_t>(u->size), places);
    out.append(u->name);
}

/// A round time, and where it stands.
struct axis_tick {
    double x;
    std::string label;
};

/// A stretch that was cut short.
struct axis_skip {
    double from;
    double until;
    std::chrono::nanoseconds length;
};

/// How wide an axis may be.
struct axis_width {
    double least = 640;
    double most = 4000;
};

/// The places of times. Complexity: made in n log n; a question in log n.
class time_axis {
public:
    /// From the times at which something happens (one at least), in any order; and a duration that should be
    /// well visible, if there is room.
    time_axis(std::vector<steady_time> times, std::chrono::nanoseconds usual, axis_width width)
        : times_(std::move(times)) {
        std::sort(times_.begin(), times_.end());
        times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
        const auto gaps = static_cast<double>(times_.size() - 1);
        longest_gap_ = std::max(shortest_skip, gaps > 0 ? width.least / gaps : 0);
        scale_ = usual_length / std::max(1.0, static_cast<double>(usual.count()));
        fit(width);
        place();
    }

    /// Pixels from the first time; what is before it or after the last stands where that does.
    [[nodiscard]] double x(steady_time t) const noexcept {
        const auto after = std::upper_bound(times_.begin(), times_.end(), t);
        if (after == times_.begin()) return 0;
        const auto i = static_cast<std::size_t>(after - times_.begin()) - 1;
        if (after == times_.end()) return xs_[i];
        return xs_[i] + (xs_[i + 1] - xs_[i]) * (between(times_[i], t) / gap(i));
    }

    /// Where the last time stands.
    [[nodiscard]] double width() const noexcept { return xs_.back(); }

    /// Nanoseconds as pixels, where nothing is cut.
    [[nodiscard]] double length(std::chrono::nanoseconds d) const noexcept {
        return static_cast<double>(d.count()) * scale_;
    }

    /// What was cut short.
    [[nodiscard]] std::vector<axis_skip> skips() const {
        std::vector<axis_skip> skips;
        for (std::size_t i = 0; i + 1 < times_.size(); ++i) {
            if (is_skip(i)) skips.push_back({xs_[i], xs_[i + 1], times_[i + 1] - times_[i]});
        }
        return skips;
    }

    /// Round times, far enough from each other for their labels: multiples of one step, and where there is none
    /// between two skips, one of a finer step.
    [[nodiscard]] std::vector<axis_tick> ticks() const {
        std::vector<axis_tick> ticks;
        const std::int64_t step = round_step(tick_distance / scale_);
        for (std::size_t start = 0; start < times_.size();) {
            std::size_t end = start;
            while (end + 1 < times_.size() && !is_skip(end)) ++end;
            tick_stretch(ticks, times_[start], times_[end], step);
            start = end + 1;
        }
        return ticks;
    }

private:
    static constexpr double shortest_skip = 110;  // pixels
    static constexpr double usual_length = 56;
    static constexpr double tick_distance = 90;
    static constexpr double column = 6.6;  // a character of a label

    static double between(steady_time a, steady_time b) noexcept {
        return static_cast<double>(b.time_since_epoch().count()) -
               static_cast<double>(a.time_since_epoch().count());
    }

    [[nodiscard]] double gap(std::size_t i) const noexcept {
        return between(times_[i], times_[i + 1]);
    }
    [[nodiscard]] bool is_skip(std::size_t i) const noexcept {
        return gap(i) * scale_ > longest_gap_;
    }

    [[nodiscard]] double width_at(double scale) const noexcept {
        double sum = 0;
        for (std::size_t i = 0; i + 1 < times_.size(); ++i)
            sum += std::min(longest_gap_, gap(i) * scale);
        return sum;
    }

    /// Chooses the scale so that the width is within bounds: it grows with the scale, until all is cut.
    void fit(axis_width bounds) noexcept {
        const double usual = width_at(scale_);
        const double target = std::clamp(usual, bounds.least, bounds.most);
        if (usual == target || times_.size() == 1) return;
        double low = scale_, high = scale_;
        for (int i = 0; i < 64 && width_at(low) > target; ++i) low /= 2;
        for (int i = 0; i < 64 && width_at(high) < target; ++i) high *= 2;
        for (int i = 0; i < 40; ++i) {
            scale_ = (low + high) / 2;
            (width_at(scale_) < target ? low : high) = scale_;
        }
    }

    void place() {
        xs_.assign(times_.size(), 0);
        for (std::size_t i = 0; i + 1 < times_.size(); ++i)
            xs_[i + 1] = xs_[i] + std::min(longest_gap_, gap(i) * scale_);
    }

    /// The least 1, 2 or 5 times a power of ten that is not below.
    static std::int64_t round_step(double least) noexcept {
        constexpr std::int64_t longest = 1'000'000'000'000'000'000;
        std::int64_t step = 1;
        while (static_cast<double>(step) < least && step < longest) step = coarser(step);
        return step;
    }

    static int first_digit(std::int64_t step) noexcept {
        while (step >= 10) step /= 10;
        return static_cast<int>(step);
    }
    static std::int64_t coarser(std::int64_t step) noexcept {
        return first_digit(step) == 2 ? step / 2 * 5 : step * 2;
    }
    static std::int64_t finer(std::int64_t step) noexcept {
        return first_digit(step) == 5 ? step / 5 * 2 : step / 2;
    }

    /// The first multiple of a step that is not before a time; the time itself, where there is none any more.
    static std::int64_t first_multiple(steady_time t, std::int64_t step) noexcept {
        const std::int64_t count = t.time_since_epoch().count();
        const std::int64_t rest = count % step;
        if (rest <= 0) return count - rest;
        const std::int64_t up = step - rest;
        return count > steady_time::max().time_since_epoch().count() - up ? count : count + up;
    }

    void tick_stretch(std::vector<axis_tick>& ticks, steady_time from, steady_time until,
                      std::int64_t step) const {
        const std::int64_t last = until.time_since_epoch().count();
        while (step > 1 && first_multiple(from, step) > last) step = finer(step);
        for (std::int64_t t = first_multiple(from, step); t <= last;) {
            add_tick(ticks, std::chrono::nanoseconds(t), step);
            const auto left = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(t);
            if (left < static_cast<std::uint64_t>(step)) break;
            t += step;
        }
    }

    void add_tick(std::vector<axis_tick>& ticks, std::chrono::nanoseconds t,
                  std::int64_t step) const {
        axis_tick tick{x(steady_time(t)), {}};
        append_time(tick.label, t, times_.back().time_since_epoch(), step);
        const auto columns_of = [](const axis_tick& a) {
            return static_cast<double>(columns(std::string_view(a.label)));
        };
        if (!ticks.empty()) {
            const double half = (columns_of(ticks.back()) + columns_of(tick)) / 2 + 1;
            if (tick.x - ticks.back().x < half * column) return;
        }
        ticks.push_back(std::move(tick));
    }

    std::vector<steady_time> times_;  // ascending, each once
    std::vector<double> xs_;
    double longest_gap_ = 0;
    double scale_ = 0;  // pixels a nanosecond
};

}  // namespace coterie::inline v0::trace::detail
