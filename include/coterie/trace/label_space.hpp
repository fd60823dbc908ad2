// SPDX-License-Identifier: BSL-1.0
#pragma once

// Finds room for labels in a diagram: none covers another or a mark, and as few lines as possible run behind.
// For the headers beside it.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace coterie::inline v0::trace::detail {

/// A place in a diagram; y grows downwards.
struct point {
    double x = 0;
    double y = 0;
};

/// A rectangle.
struct box {
    double left, top, right, bottom;

    static constexpr box around(point p, double half_width, double half_height) noexcept {
        return {p.x - half_width, p.y - half_height, p.x + half_width, p.y + half_height};
    }

    [[nodiscard]] constexpr bool meets(const box& b) const noexcept {
        return left < b.right && b.left < right && top < b.bottom && b.top < bottom;
    }
};

/// A line from one point to another.
struct segment {
    point from, to;

    /// Whether some of it is in a box: the line cut to the box, one side after the other.
    [[nodiscard]] constexpr bool meets(const box& b) const noexcept {
        double enters = 0, leaves = 1;
        return cut(from.x, to.x - from.x, b.left, b.right, enters, leaves) &&
               cut(from.y, to.y - from.y, b.top, b.bottom, enters, leaves);
    }

private:
    static constexpr bool cut(double start, double delta, double low, double high, double& enters,
                              double& leaves) noexcept {
        if (delta == 0) return start > low && start < high;
        const double a = (low - start) / delta, b = (high - start) / delta;
        enters = std::max(enters, std::min(a, b));
        leaves = std::min(leaves, std::max(a, b));
        return enters < leaves;
    }
};

/// What of a diagram is taken. Complexity: linear in what was added near by.
class label_space {
public:
    explicit label_space(box bounds) : bounds_(bounds) {}

    void add(const box& b) {
        for (std::size_t s = strip(b.left); s <= strip(b.right); ++s) at(s).boxes.push_back(b);
    }

    void add(const segment& line) {
        const auto [left, right] = std::minmax(line.from.x, line.to.x);
        for (std::size_t s = strip(left); s <= strip(right); ++s) at(s).lines.push_back(line);
    }

    /// The first of the places with the fewest lines behind it, `most_lines` at most, where nothing else is;
    /// it is taken then.
    std::optional<box> take_best(std::span<const box> places, std::size_t most_lines) {
        std::optional<box> best;
        std::size_t fewest = most_lines + 1;
        for (const box& b : places) {
            if (!is_free(b)) continue;
            const std::size_t lines = lines_behind(b);
            if (lines >= fewest) continue;
            fewest = lines;
            best = b;
        }
        if (best.has_value()) add(*best);
        return best;
    }

private:
    static constexpr double strip_width = 256;

    struct things {
        std::vector<box> boxes;
        std::vector<segment> lines;
    };

    static std::size_t strip(double x) noexcept {
        return x <= 0 ? 0 : static_cast<std::size_t>(x / strip_width);
    }

    things& at(std::size_t s) {
        if (strips_.size() <= s) strips_.resize(s + 1);
        return strips_[s];
    }

    [[nodiscard]] bool is_free(const box& b) {
        if (b.left < bounds_.left || b.right > bounds_.right || b.top < bounds_.top ||
            b.bottom > bounds_.bottom)
            return false;
        for (std::size_t s = strip(b.left); s <= strip(b.right); ++s) {
            const auto& boxes = at(s).boxes;
            if (std::any_of(boxes.begin(), boxes.end(), [&b](const box& x) { return x.meets(b); }))
                return false;
        }
        return true;
    }

    /// By the strip of its middle: a label is narrower than a strip.
    [[nodiscard]] std::size_t lines_behind(const box& b) {
        const auto& lines = at(strip((b.left + b.right) / 2)).lines;
        return static_cast<std::size_t>(std::count_if(
            lines.begin(), lines.end(), [&b](const segment& l) { return l.meets(b); }));
    }

    box bounds_;
    std::vector<things> strips_;
};

}  // namespace coterie::inline v0::trace::detail
