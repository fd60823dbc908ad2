// SPDX-License-Identifier: BSL-1.0

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/core.h>

#include <coterie/core/clock.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/trace/space_time_diagram.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_window.hpp>

#include "common/partition.hpp"
#include "tour/chapters.hpp"

namespace tour {

namespace {

using namespace std::chrono_literals;
using coterie::steady_time;

constexpr coterie::trace::trace_window end_of_partition{.from = steady_time(6900ms),
                                                        .until = steady_time(8500ms)};

}  // namespace

void a_partition(const telling& how) {
    examples::partition_options options;
    auto faults = coterie::sim::parse_fault_script(examples::example_fault_script);
    if (!faults.has_value()) return;
    options.faults = *std::move(faults);
    coterie::trace::trace recorder;
    const std::string report = examples::play_partition(options, &recorder);
    fmt::print(
        "All of it at once, in a world that is made from one seed: five nodes keep a set that "
        "takes "
        "writes\n"
        "anywhere and a register of which a majority must answer. The network breaks down the "
        "middle, both\n"
        "sides go on, and it heals; then a node crashes. This is the script of faults:\n\n{}\n{}\n",
        examples::example_fault_script, report);
    const std::string path = std::filesystem::absolute(how.diagram).string();
    std::ofstream file(path, std::ios::binary);
    if (file << to_svg(recorder,
                       {.title = "A partition down the middle, seed 1", .part = end_of_partition}))
        fmt::print("The last second of the partition, and what follows, is drawn in {}.\n", path);
    else
        fmt::print(
            "{} cannot be written, or the last second of the partition would be drawn in it.\n",
            path);
    fmt::print(
        "The same seed gives the same run, every time. `partition`, which is built beside the "
        "tour, "
        "plays\n"
        "scripts of yours: `partition --print-script > my.faults`, then `partition --script "
        "my.faults`.\n");
}

}  // namespace tour
