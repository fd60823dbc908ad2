// SPDX-License-Identifier: BSL-1.0

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/pbs.hpp>

#include "quorum/commands.hpp"

namespace quorum_tool {
namespace {

constexpr unsigned most_replicas = 7;

/// One R and W: milliseconds, each of 99.9 %.
struct point {
    coterie::quorum::nrw sizes;
    double read, write, fresh_after;
    bool is_best = false;

    [[nodiscard]] double latency() const { return read + write; }
};

/// Whether `b` is as good in all, and better in something.
bool is_beaten(const point& a, const point& b) {
    return b.read <= a.read && b.write <= a.write && b.fresh_after <= a.fresh_after &&
           (b.read < a.read || b.write < a.write || b.fresh_after < a.fresh_after);
}

void mark_best(std::vector<point>& points) {
    for (point& p : points) {
        p.is_best = std::none_of(points.begin(), points.end(),
                                 [&p](const point& other) { return is_beaten(p, other); });
    }
}

nlohmann::ordered_json to_json(std::span<const point> points) {
    auto all = nlohmann::ordered_json::array();
    for (const point& p : points) {
        all.push_back({{"r", p.sizes.r},
                       {"w", p.sizes.w},
                       {"read_ms", p.read},
                       {"write_ms", p.write},
                       {"fresh_after_ms", p.fresh_after},
                       {"on_the_front", p.is_best}});
    }
    return all;
}

void print_table(std::span<const point> points) {
    fmt::print("   R  W   read 99.9 %   write 99.9 %   99.9 % fresh after\n");
    for (const point& p : points) {
        fmt::print(" {} {:1}  {:1}   {:8.2f} ms    {:8.2f} ms          {:8.2f} ms\n",
                   p.is_best ? '*' : ' ', p.sizes.r, p.sizes.w, p.read, p.write, p.fresh_after);
    }
    fmt::print("\n * no other one is as good in all three\n");
}

/// What a read and a write take together, against how long a write may be missed.
std::string draw(const staleness_request& q, std::vector<point> points) {
    constexpr int width = 640, height = 360, left = 70, right = 600, bottom = 300, top = 40;
    double last_x = 1, last_y = 1;
    for (const point& p : points) {
        last_x = std::max(last_x, p.latency());
        last_y = std::max(last_y, p.fresh_after);
    }
    last_x = round_up(last_x);
    last_y = round_up(last_y);
    const auto x = [&](const point& p) { return left + p.latency() / last_x * (right - left); };
    const auto y = [&](const point& p) { return bottom - p.fresh_after / last_y * (bottom - top); };
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{}\" "
        "y=\"22\" font-size=\"14\">N={}: latency against staleness</text>\n"
        "<path d=\"M{} {}V{}H{}\" fill=\"none\" stroke=\"#888\"/>\n"
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">read and write, 99.9 % each: up to {:g} "
        "ms</text>\n"
        "<text x=\"{}\" y=\"{}\">99.9 % fresh after, up to {:g} ms</text>\n",
        width, height, left, q.sizes.n, left, top, bottom, right, right, bottom + 34, last_x,
        left + 6, top + 4, last_y);
    std::sort(points.begin(), points.end(),
              [](const point& a, const point& b) { return a.latency() < b.latency(); });
    std::string front;
    double least = last_y + 1;
    for (const point& p : points) {
        if (p.fresh_after >= least) continue;
        least = p.fresh_after;
        front += fmt::format("{:.1f},{:.1f} ", x(p), y(p));
    }
    svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"#269\"/>\n", front);
    for (const point& p : points) {
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"><title>R={}, "
            "W={}</title></circle>"
            "<text x=\"{:.1f}\" y=\"{:.1f}\">{},{}</text>\n",
            x(p), y(p), p.is_best ? "#269" : "#bbb", p.sizes.r, p.sizes.w, x(p) + 6, y(p) - 6,
            p.sizes.r, p.sizes.w);
    }
    return svg + "</svg>\n";
}

}  // namespace

int show_front(const staleness_request& request) {
    staleness_request q = request;
    const unsigned n = q.sizes.n;
    if (n > most_replicas) {
        fmt::print(stderr, "quorum: --front is for up to {} replicas\n", most_replicas);
        return bad_input;
    }
    const bool shows_progress = isatty(fileno(stderr)) != 0;
    std::vector<point> points;
    for (q.sizes.r = 1; q.sizes.r <= n; ++q.sizes.r) {
        for (q.sizes.w = 1; q.sizes.w <= n; ++q.sizes.w) {
            if (shows_progress) fmt::print(stderr, "\r{}/{}", points.size(), n * n);
            const auto seen = play_staleness(q);
            if (!seen.has_value()) {
                fmt::print(stderr, "quorum: {}\n", seen.error());
                return bad_input;
            }
            points.push_back({q.sizes, seen->read_latency(.999).value.count(),
                              seen->write_latency(.999).value.count(),
                              seen->time_to(.999).value.count()});
        }
    }
    if (shows_progress) fmt::print(stderr, "\r{:10}\r", "");
    mark_best(points);
    if (q.json)
        fmt::print("{}\n", to_json(points).dump(2));
    else
        print_table(points);
    if (q.svg.empty()) return 0;
    std::ofstream file(q.svg);
    if (file << draw(q, points) << std::flush) return 0;
    fmt::print(stderr, "quorum: cannot write {}\n", q.svg);
    return 1;
}

}  // namespace quorum_tool
