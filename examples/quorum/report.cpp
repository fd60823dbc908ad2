// SPDX-License-Identifier: BSL-1.0

#include "quorum/report.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <coterie/quorum/analysis.hpp>
#include <nlohmann/json.hpp>

namespace quorum_tool {

namespace {

using namespace coterie;
using nlohmann::ordered_json;

std::string members(const solution& s, const std::vector<unsigned>& nodes) {
    std::string text;
    for (const unsigned node : nodes) {
        text += (text.empty() ? "" : " ") + s.system.names()[node];
    }
    return text;
}

std::vector<quorum::weighted_quorum> most_asked_first(
    std::vector<quorum::weighted_quorum> quorums) {
    std::ranges::sort(quorums, [](const auto& a, const auto& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.nodes < b.nodes;
    });
    return quorums;
}

std::string side(const solution& s, const char* name, const quorum::expression& e,
                 const std::vector<quorum::weighted_quorum>& quorums) {
    const auto resilience = quorum::resilience(e);
    std::string text = fmt::format("{:<7} {}\n", name, e.to_string());
    if (resilience.has_value()) {
        text += fmt::format("        any {} of its nodes may fail\n", *resilience);
    }
    for (const auto& [nodes, probability] : most_asked_first(quorums)) {
        text += fmt::format("        {:6.2f} %  {}\n", 100 * probability, members(s, nodes));
    }
    return text;
}

ordered_json side(const solution& s, const quorum::expression& e,
                  const std::vector<quorum::weighted_quorum>& quorums) {
    ordered_json asked = ordered_json::array();
    for (const auto& [nodes, probability] : most_asked_first(quorums)) {
        ordered_json names = ordered_json::array();
        for (const unsigned node : nodes) {
            names.push_back(s.system.names()[node]);
        }
        asked.push_back({{"nodes", names}, {"probability", probability}});
    }
    return {{"expression", e.to_string()}, {"asked", asked}};
}

constexpr int steps = 40;
constexpr double width = 640;
constexpr double height = 360;
constexpr double margin = 60;

std::string curve(const std::vector<double>& loads, double largest, std::string_view colour) {
    std::string points;
    for (int i = 0; i <= steps; ++i) {
        points += fmt::format("{:.1f},{:.1f} ", margin + width * i / steps,
                              margin + height * (1 - loads[static_cast<std::size_t>(i)] / largest));
    }
    return fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='{}'/>\n", colour,
                       points);
}

std::string label(double x, double y, std::string_view anchor, std::string_view colour,
                  std::string_view text) {
    return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' fill='{}'>{}</text>\n", x, y,
                       anchor, colour, text);
}

}  // namespace

std::string to_table(const solution& s) {
    const auto& cost = s.best.cost;
    return side(s, "reads", s.system.reads(), s.best.chosen.reads()) +
           side(s, "writes", s.system.writes(), s.best.chosen.writes()) +
           fmt::format(
               "\nload          {:.6g}\ncapacity      {:.6g} requests in a unit of time\n"
               "network load  {:.6g} nodes a request\nlatency       {:.6g} s\n"
               "No strategy is better by more than a part in 10^9.\n",
               cost.load, cost.capacity, cost.network_load, cost.latency.count());
}

std::string to_json(const solution& s) {
    const auto& cost = s.best.cost;
    const ordered_json json{{"reads", side(s, s.system.reads(), s.best.chosen.reads())},
                            {"writes", side(s, s.system.writes(), s.best.chosen.writes())},
                            {"load", cost.load},
                            {"capacity", cost.capacity},
                            {"network_load", cost.network_load},
                            {"latency_s", cost.latency.count()},
                            {"bound", s.best.bound},
                            {"gap", s.best.gap}};
    return json.dump(2) + "\n";
}

std::string draw_load(const solution& s) {
    std::vector<double> chosen;
    std::vector<double> best;
    for (int i = 0; i <= steps; ++i) {
        quorum::workload work = s.work;
        work.reads = {{static_cast<double>(i) / steps}};
        chosen.push_back(quorum::evaluate(s.system, work, s.best.chosen).load);
        const auto plan = quorum::optimize(s.system, quorum::objective::load, work);
        best.push_back(plan.has_value() ? plan->cost.load : chosen.back());
    }
    const double largest = std::ranges::max(chosen);
    std::string svg = fmt::format(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}' "
        "font-family='sans-serif' font-size='13'>\n<rect width='100%' height='100%' "
        "fill='white'/>\n"
        "<path d='M{2},{2} V{3} H{4}' fill='none' stroke='black'/>\n",
        width + 2 * margin, height + 2 * margin, margin, margin + height, margin + width);
    svg += curve(chosen, largest, "#c0392b") + curve(best, largest, "#2471a3");
    svg += label(margin, margin - 30, "start", "#c0392b", "load of this strategy");
    svg += label(margin, margin - 12, "start", "#2471a3", "load of the best for each fraction");
    svg += label(margin - 8, margin + 4, "end", "black", fmt::format("{:.3g}", largest));
    svg += label(margin - 8, margin + height, "end", "black", "0");
    svg += label(margin, margin + height + 20, "middle", "black", "0");
    svg += label(margin + width, margin + height + 20, "middle", "black", "1");
    svg += label(margin + width / 2, margin + height + 36, "middle", "black", "fraction of reads");
    return svg + "</svg>\n";
}

}  // namespace quorum_tool
