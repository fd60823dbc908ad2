// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <expected>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <coterie/core/text.hpp>
#include <coterie/quorum/consistency_level.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/pacelc.hpp>

#include "quorum/commands.hpp"

namespace quorum_tool {
namespace {

using namespace coterie::quorum;
using nlohmann::ordered_json;

constexpr std::array levels{consistency_level::one,          consistency_level::two,
                            consistency_level::three,        consistency_level::quorum,
                            consistency_level::all,          consistency_level::local_one,
                            consistency_level::local_quorum, consistency_level::each_quorum};

/// The level of a name that the command line has checked.
consistency_level level_of(const std::string& name) {
    for (const consistency_level l : levels)
        if (describe(l) == name) return l;
    return consistency_level::quorum;
}

std::expected<pacelc, pacelc_errc> judge_request(const pacelc_request& q) {
    const auto net = network::uniform(q.zones, delay(q.within), delay(q.across));
    if (!net.has_value()) return std::unexpected(net.error());
    if (!q.read_level.empty())
        return pacelc::of(level_of(q.read_level), level_of(q.write_level), *net);
    return pacelc::of(nrw{net->nodes().size(), q.r, q.w}, *net);
}

ordered_json to_json(const side& s) {
    return {{"zones", std::vector<unsigned>(s.zones.begin(), s.zones.end())},
            {"reads", s.reads},
            {"writes", s.writes}};
}

const char* name_of(choice c, const char* other) {
    return c == choice::consistency ? "consistency" : c == choice::other ? other : "neither";
}

ordered_json to_json(const pacelc& report) {
    ordered_json partitions = ordered_json::array(), zones = ordered_json::array();
    for (const cut& c : report.cuts()) {
        partitions.push_back({{"sides", {to_json(c.first), to_json(c.second)}},
                              {"stale", c.is_stale()},
                              {"conflicts", c.conflicts()}});
    }
    for (const zone_latency& l : report.latencies()) {
        zones.push_back({{"read_ms", l.read.count()},
                         {"write_ms", l.write.count()},
                         {"nearest_ms", l.nearest.count()}});
    }
    return {{"consistent", report.is_consistent()},
            {"under_partition", name_of(report.under_partition(), "availability")},
            {"else", name_of(report.otherwise(), "latency")},
            {"partitions", partitions},
            {"zones", zones}};
}

}  // namespace

std::vector<std::string> level_names() {
    std::vector<std::string> names;
    for (const consistency_level l : levels) names.emplace_back(describe(l));
    return names;
}

int show_pacelc(const pacelc_request& q) {
    const auto report = judge_request(q);
    if (!report.has_value()) {
        fmt::print(stderr, "quorum: {}\n", describe(report.error()));
        return bad_input;
    }
    if (q.json)
        fmt::print("{}\n", to_json(*report).dump(2));
    else
        fmt::print("{}", coterie::to_string(*report));
    return 0;
}

}  // namespace quorum_tool
