// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <chrono>
#include <string>

#include <fmt/core.h>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/optimize.hpp>
#include <coterie/quorum/pacelc.hpp>
#include <coterie/quorum/pbs.hpp>
#include <coterie/quorum/quorum_system.hpp>
#include <coterie/quorum/search.hpp>

#include "tour/chapters.hpp"

namespace tour {

namespace {

using namespace coterie;
using namespace std::chrono_literals;

// One-way delays in milliseconds, as LinkedIn measured them: Bailis et al., PVLDB 5(8), 2012.
constexpr quorum::mixture ssd{.9122, quorum::pareto{quorum::delay(.235), 10},
                              quorum::exponential{1.66}};
constexpr quorum::mixture disk{.38, quorum::pareto{quorum::delay(1.05), 1.51},
                               quorum::exponential{.183}};

void tell_what_sizes_mean() {
    fmt::print(
        "The carts are to be kept on more than one machine. Of N replicas a write waits for W and "
        "a read for R\n"
        "answers. A widely copied text calls N=5, R=2, W=3 strongly consistent:\n\n");
    for (const quorum::finding& f : quorum::nrw{5, 2, 3}.diagnose()) {
        if (is_fault(f.kind)) fmt::print("   {}\n", to_string(f));
    }
    fmt::print(
        "\nWhat one gets for how many answers, where each machine is up 99 % of the time and "
        "writes go to disks\n"
        "(delays as measured at LinkedIn, 100,000 writes and reads simulated):\n\n"
        "   {:9} {:10} {:>13} {:>11} {:>10} {:>11} {:>17}\n",
        "N R W", "reads are", "may fail r/w", "read 99.9 %", "write", "up r and w",
        "99.9 % fresh after");
    for (const quorum::nrw c :
         {quorum::nrw{3, 1, 1}, {3, 1, 2}, {3, 2, 1}, {3, 2, 2}, {3, 1, 3}, {5, 2, 3}, {5, 3, 3}}) {
        rng random(1, "tour");
        const auto seen = simulate(c, quorum::wars{disk, ssd, ssd, ssd}, 100'000, random);
        fmt::print("   {:9} {:10} {:>13} {:>8.1f} ms {:>7.1f} ms {:>11.6f} {:>15.1f} ms\n",
                   fmt::format("{} {} {}", c.n, c.r, c.w), describe(c.guarantee()),
                   fmt::format("{}/{}", c.read_failures_tolerated(), c.write_failures_tolerated()),
                   seen.read_latency(.999).value.count(), seen.write_latency(.999).value.count(),
                   c.availability(.99), seen.time_to(.999).value.count());
    }
}

void tell_what_a_partition_does() {
    constexpr std::array<unsigned, 2> replicas{3, 2};
    const auto network = quorum::network::uniform(replicas, 250us, 40ms);
    if (!network.has_value()) return;
    const auto report = quorum::pacelc::of(quorum::nrw{5, 3, 3}, *network);
    if (!report.has_value()) return;
    fmt::print(
        "\nThree of five machines are in Frankfurt (zone 0) and two in Virginia (zone 1), 40 ms "
        "away. When the\n"
        "cable breaks, and when it does not:\n\n");
    std::string line;
    for (const char c : to_string(*report)) {
        line += c;
        if (c != '\n') continue;
        fmt::print("   {}", line);
        line.clear();
    }
}

void tell_what_machines_can_carry() {
    const quorum::workload work{.reads = {{.9, 3}, {.5, 1}},
                                .nodes = {{4000, 2000, 1s},
                                          {4000, 2000, 1s},
                                          {2000, 1000, 1s},
                                          {2000, 1000, 1s},
                                          {1000, 500, 1s}}};
    const auto majority =
        quorum::quorum_system::from_reads(quorum::majority(quorum::numbered_nodes("m", 5)).value());
    const auto usual = quorum::optimize(majority, quorum::objective::load, work);
    auto search =
        quorum::search::start({"m0", "m1", "m2", "m3", "m4"}, {.work = work, .resilience = 1});
    if (!usual.has_value() || !search.has_value()) return;
    while (search->step()) {
    }
    if (!search->best().has_value()) return;
    const auto& [system, plan] = *search->best();
    fmt::print(
        "\nThe machines are not alike: m0 and m1 take 4000 reads a second, m2 and m3 half of that, "
        "m4 a quarter;\n"
        "writes cost twice as much, and nine of ten requests are reads, but for one hour in four, "
        "when it is half.\n"
        "One machine may fail. Of all ways to make quorums of five:\n\n"
        "   {:36} {:>8.0f} requests a second\n   {:36} {:>8.0f}, at most 1e-9 from the best there "
        "is\n",
        "any three, asked as cleverly as can be", usual->cost.capacity,
        "reads ask " + system.reads().to_string(), plan.cost.capacity);
}

}  // namespace

void how_many_must_answer(const telling&) {
    tell_what_sizes_mean();
    tell_what_a_partition_does();
    tell_what_machines_can_carry();
    fmt::print(
        "\n`quorum`, which is built beside the tour, does this for your numbers: `quorum check -n "
        "5 -r 2 -w 3`,\n"
        "`quorum staleness --delays measured.csv`, `quorum search a,b,c,d,e --resilience 1`.\n");
}

}  // namespace tour
