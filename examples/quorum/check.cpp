// SPDX-License-Identifier: BSL-1.0

#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <coterie/core/text.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/nrw.hpp>

#include "quorum/commands.hpp"

namespace quorum_tool {
namespace {

using namespace coterie::quorum;
using nlohmann::ordered_json;

ordered_json to_json(const nrw& c) { return {{"n", c.n}, {"r", c.r}, {"w", c.w}}; }

ordered_json to_json(const findings& found) {
    ordered_json list = ordered_json::array();
    for (const finding& f : found) {
        ordered_json row{{"kind", describe(f.kind)},
                         {"fault", is_fault(f.kind)},
                         {"text", coterie::to_string(f)}};
        if (!f.first.empty()) row["first"] = std::vector<unsigned>(f.first.begin(), f.first.end());
        if (!f.second.empty())
            row["second"] = std::vector<unsigned>(f.second.begin(), f.second.end());
        if (f.repair != f.found_in) row["repair"] = to_json(f.repair);
        if (f.other_repair != f.repair) row["other_repair"] = to_json(f.other_repair);
        list.push_back(row);
    }
    return list;
}

void print_json(const check_request& q, const findings& found) {
    const nrw& c = q.sizes;
    ordered_json json{{"configuration", to_json(c)}, {"findings", to_json(found)}};
    if (c.is_valid()) {
        json["guarantee"] = describe(c.guarantee(q.use));
        json["failures_tolerated"] = {{"reads", c.read_failures_tolerated()},
                                      {"writes", c.write_failures_tolerated()}};
        json["availability"] = {{"each", q.up},
                                {"reads", c.read_availability(q.up)},
                                {"writes", c.write_availability(q.up)}};
        json["miss_probability"] = c.miss_probability();
    }
    fmt::print("{}\n", json.dump(2));
}

void print_numbers(const check_request& q) {
    const nrw& c = q.sizes;
    fmt::print("reads are            {}\n", describe(c.guarantee(q.use)));
    fmt::print("failures tolerated   {} by reads, {} by writes\n", c.read_failures_tolerated(),
               c.write_failures_tolerated());
    fmt::print("availability         {:.9f} of reads, {:.9f} of writes, each node {}\n",
               c.read_availability(q.up), c.write_availability(q.up), q.up);
    fmt::print("misses last write    {:.6g}, if it goes no further\n", c.miss_probability());
}

}  // namespace

int check(const check_request& q) {
    const auto found = q.sizes.diagnose(q.use);
    if (q.json) {
        print_json(q, found);
    } else {
        fmt::print("N={}, R={}, W={}\n", q.sizes.n, q.sizes.r, q.sizes.w);
        if (q.sizes.is_valid()) print_numbers(q);
        for (const finding& f : found)
            fmt::print("\n{}: {}\n  {}\n", is_fault(f.kind) ? "FAULT" : "note", describe(f.kind),
                       coterie::to_string(f));
    }
    if (!q.sizes.is_valid()) return bad_input;
    return found.has_fault() ? has_fault : 0;
}

}  // namespace quorum_tool
