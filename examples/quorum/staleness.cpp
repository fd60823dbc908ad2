// SPDX-License-Identifier: BSL-1.0

#include <algorithm>
#include <array>
#include <cmath>
#include <expected>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/measured.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/pbs.hpp>

#include "quorum/commands.hpp"

namespace quorum_tool {
namespace {

using namespace coterie::quorum;
using nlohmann::ordered_json;

using fit = mixture<pareto, exponential>;

// Fits of Bailis et al., PVLDB 5(8), 2012, table 3; of YMMR's writes the tail that its results were made with.
constexpr fit ssd{.9122, {delay(.235), 10}, {1.66}};
constexpr fit disk{.38, {delay(1.05), 1.51}, {.183}};
constexpr fit ymmr_write{.939, {delay(3), 3.5}, {.0028}};
constexpr fit ymmr_other{.982, {delay(1.5), 3.8}, {.0217}};

struct named_model {
    const char* name;
    fit write, other;
};
constexpr std::array models{named_model{"ssd", ssd, ssd}, named_model{"disk", disk, ssd},
                            named_model{"ymmr", ymmr_write, ymmr_other}};

std::expected<empirical, std::string> read_delays(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected("cannot read " + path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto parsed = parse_delays(text);
    if (!parsed.has_value())
        return std::unexpected(path + ": " + coterie::to_string(parsed.error()));
    const auto measured = empirical::from(*parsed);
    if (!measured.has_value()) return std::unexpected(path + ": " + describe(measured.error()));
    return *measured;
}

template <class W, class Other>
staleness run(const staleness_request& q, const W& write, const Other& other) {
    coterie::rng random(q.seed);
    const wars near{write, other, other, other};
    if (q.distance > 0) return simulate(q.sizes, wan{near, delay(q.distance)}, q.trials, random);
    return simulate(q.sizes, near, q.trials, random);
}

}  // namespace

std::expected<staleness, std::string> play_staleness(const staleness_request& q) {
    if (!q.delays.empty()) {
        const auto other = read_delays(q.delays);
        if (!other.has_value()) return std::unexpected(other.error());
        if (q.write_delays.empty()) return run(q, *other, *other);
        const auto write = read_delays(q.write_delays);
        if (!write.has_value()) return std::unexpected(write.error());
        return run(q, *write, *other);
    }
    const auto* const model = std::find_if(models.begin(), models.end(),
                                           [&](const named_model& m) { return m.name == q.model; });
    return run(q, model->write, model->other);
}

namespace {

constexpr std::array quantiles{.5, .95, .99, .999};
constexpr std::array probabilities{.9, .99, .999};
constexpr std::array times{0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0};

template <class T, class Count>
ordered_json to_json(const estimate<T>& e, Count count) {
    return {{"value", count(e.value)}, {"low", count(e.low)}, {"high", count(e.high)}};
}

ordered_json to_json(const staleness& seen) {
    const auto ms = [](delay d) { return d.count(); };
    ordered_json latencies = ordered_json::array(), curve = latencies, reached = latencies;
    for (const double q : quantiles) {
        latencies.push_back({{"quantile", q},
                             {"read_ms", to_json(seen.read_latency(q), ms)},
                             {"write_ms", to_json(seen.write_latency(q), ms)}});
    }
    for (const double t : times) {
        const auto e = seen.consistency(delay(t));
        curve.push_back({{"ms", t}, {"probability", to_json(e, [](double p) { return p; })}});
    }
    for (const double p : probabilities)
        reached.push_back({{"probability", p}, {"ms", to_json(seen.time_to(p), ms)}});
    return {{"trials", seen.trials()},
            {"latencies", latencies},
            {"consistency", curve},
            {"time_to", reached}};
}

void print_table(const staleness& seen) {
    fmt::print("latency      read             write\n");
    for (const double q : quantiles) {
        fmt::print("{:5.1f} %   {:8.2f} ms   {:10.2f} ms\n", 100 * q,
                   seen.read_latency(q).value.count(), seen.write_latency(q).value.count());
    }
    fmt::print("\na read sees the last write\n");
    for (const double t : times) {
        const auto e = seen.consistency(delay(t));
        fmt::print("{:8g} ms after it with probability {:.4f}   ({:.4f} to {:.4f})\n", t, e.value,
                   e.low, e.high);
        if (e.value == 1) break;
    }
    fmt::print("\n");
    for (const double p : probabilities) {
        const auto t = seen.time_to(p);
        fmt::print("{:5.1f} % see it after {:8.2f} ms   ({:.2f} to {:.2f})\n", 100 * p,
                   t.value.count(), t.low.count(), t.high.count());
    }
}

/// Consistency against time, to a little beyond where 99.9 % see the write.
std::string draw_curve(const staleness_request& q, const staleness& seen) {
    constexpr int width = 640, height = 320, left = 60, right = 600, bottom = 280, top = 40,
                  steps = 200;
    const double last = round_up(seen.time_to(.999).value.count());
    const double low = std::floor(std::min(.9, seen.consistency(delay(0)).value) * 5) / 5;
    const auto x = [&](double t) { return left + t / last * (right - left); };
    const auto y = [&](double p) { return bottom - (p - low) / (1 - low) * (bottom - top); };
    std::string upper, lower, line;
    for (int i = 0; i <= steps; ++i) {
        const double t = last * i / steps;
        const auto e = seen.consistency(delay(t));
        line += fmt::format("{:.1f},{:.1f} ", x(t), y(e.value));
        upper += fmt::format("{:.1f},{:.1f} ", x(t), y(std::min(1.0, e.high)));
        lower = fmt::format("{:.1f},{:.1f} ", x(t), y(std::max(low, e.low))) + lower;
    }
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{}\" "
        "y=\"22\" font-size=\"14\">A read sees the last write, N={}, R={}, W={}</text>\n",
        width, height, left, q.sizes.n, q.sizes.r, q.sizes.w);
    for (int i = 0; i <= 4; ++i) {
        const double p = low + (1 - low) * i / 4, t = last * i / 4;
        svg += fmt::format(
            "<path d=\"M{} {:.1f}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1f}\" "
            "text-anchor=\"end\">{:.0f} %</text>\n<text x=\"{:.1f}\" y=\"{}\" "
            "text-anchor=\"middle\">{:.4g} ms</text>\n",
            left, y(p), right, left - 6, y(p) + 4, 100 * p, x(t), bottom + 18, t);
    }
    return svg + fmt::format(
                     "<polygon points=\"{}{}\" fill=\"#9bd\" fill-opacity=\"0.5\"/>\n<polyline "
                     "points=\"{}\" fill=\"none\" stroke=\"#269\" stroke-width=\"2\"/>\n</svg>\n",
                     upper, lower, line);
}

}  // namespace

double round_up(double x) {
    double unit = 1;
    while (unit * 10 <= x) unit *= 10;
    for (const double step : {1, 2, 4, 8})
        if (step * unit >= x) return step * unit;
    return 10 * unit;
}

std::vector<std::string> model_names() {
    std::vector<std::string> names;
    for (const named_model& m : models) names.emplace_back(m.name);
    return names;
}

int show_staleness(const staleness_request& q) {
    if (!q.sizes.is_valid() || q.sizes.n > node_set::max_nodes) {
        fmt::print(stderr, "quorum: N is at most 64, R and W are between 1 and N\n");
        return bad_input;
    }
    if (q.front) return show_front(q);
    const auto seen = play_staleness(q);
    if (!seen.has_value()) {
        fmt::print(stderr, "quorum: {}\n", seen.error());
        return bad_input;
    }
    if (q.json)
        fmt::print("{}\n", to_json(*seen).dump(2));
    else
        print_table(*seen);
    if (q.svg.empty()) return 0;
    std::ofstream file(q.svg);
    if (file << draw_curve(q, *seen) << std::flush) return 0;
    fmt::print(stderr, "quorum: cannot write {}\n", q.svg);
    return 1;
}

}  // namespace quorum_tool
