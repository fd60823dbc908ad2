// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/pacelc.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/quorum/consistency_level.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/tally.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;
using namespace std::chrono_literals;
using coterie::to_string;
using level = consistency_level;

namespace {

constexpr std::array<unsigned, 3> one_each{1, 1, 1};
constexpr std::array<unsigned, 2> two_zones{3, 2};
constexpr delay within = 250us, across = 40ms;

static_assert(
    pacelc::of(nrw{5, 3, 3}, *network::uniform(two_zones, within, across))->is_consistent());

network net_of(std::span<const unsigned> replicas) {
    return network::uniform(replicas, within, across).value();
}

pacelc report_of(const nrw& c, std::span<const unsigned> replicas) {
    return pacelc::of(c, net_of(replicas)).value();
}

pacelc report_of(level read, level write, std::span<const unsigned> replicas) {
    return pacelc::of(read, write, net_of(replicas)).value();
}

const delay endless(std::numeric_limits<double>::infinity());

}  // namespace

TEST_CASE(
    "majorities are consistent: the smaller side is refused, and everybody waits for a majority") {
    const pacelc report = report_of({5, 3, 3}, two_zones);
    CHECK(report.under_partition() == choice::consistency);
    CHECK(report.otherwise() == choice::consistency);
    REQUIRE(report.cuts().size() == 1);
    CHECK(report.cuts()[0].first == side{node_set(0b1), node_set(0b00111), true, true});
    CHECK(report.cuts()[0].second == side{node_set(0b10), node_set(0b11000), false, false});
    CHECK(report.latencies() ==
          std::vector<zone_latency>{{delay(.5), delay(.5), delay(.5)}, {80ms, 80ms, delay(.5)}});
    CHECK(to_string(report) ==
          "PC/EC: reads see all writes\n"
          "partition: zones {0} read and write; zones {1} are refused both\n"
          "else: in zone 0 a read takes 0.5 ms, a write 0.5 ms; the nearest replica alone 0.5 ms\n"
          "else: in zone 1 a read takes 80 ms, a write 80 ms; the nearest replica alone 0.5 ms\n");
}

TEST_CASE("one of each is available and fast, and reads go stale") {
    const pacelc report = report_of({5, 1, 1}, two_zones);
    CHECK(report.under_partition() == choice::other);
    CHECK(report.otherwise() == choice::other);
    CHECK(
        to_string(report) ==
        "PA/EL: reads may miss writes\n"
        "partition: zones {0} read and write; zones {1} read and write; reads go stale, writes "
        "conflict\n"
        "else: in zone 0 a read takes 0.5 ms, a write 0.5 ms; the nearest replica alone 0.5 ms\n"
        "else: in zone 1 a read takes 0.5 ms, a write 0.5 ms; the nearest replica alone 0.5 ms\n");
}

TEST_CASE("N=5, R=2, W=3 waits and refuses, and is stale all the same") {
    const pacelc report = report_of({5, 2, 3}, two_zones);
    CHECK(report.under_partition() == choice::neither);
    CHECK(report.otherwise() == choice::neither);
    CHECK(report.cuts()[0].is_stale());
    CHECK_FALSE(report.cuts()[0].conflicts());
    CHECK(
        to_string(report).starts_with("P-/E-: reads may miss writes\n"
                                      "partition: zones {0} read and write; zones {1} read, and "
                                      "are refused writes; reads go stale\n"));
}

TEST_CASE("reads of one and writes of all: every side reads, and none writes") {
    const pacelc report = report_of({3, 1, 3}, one_each);
    REQUIRE(report.cuts().size() == 3);
    for (const cut& c : report.cuts()) {
        CHECK((c.first.reads && c.second.reads && !c.first.writes && !c.second.writes));
        CHECK_FALSE(c.is_stale());
    }
    CHECK(report.latencies()[1] == zone_latency{delay(.5), 80ms, delay(.5)});
}

TEST_CASE(
    "local quorums are available and fast in every data centre, and consistent in none together") {
    const pacelc report = report_of(level::local_quorum, level::local_quorum, two_zones);
    CHECK_FALSE(report.is_consistent());
    CHECK(report.under_partition() == choice::other);
    CHECK(report.otherwise() == choice::other);
    CHECK((report.cuts()[0].is_stale() && report.cuts()[0].conflicts()));

    const pacelc each = report_of(level::local_quorum, level::each_quorum, two_zones);
    CHECK(each.is_consistent());
    CHECK((each.cuts()[0].first.reads && !each.cuts()[0].first.writes));
    CHECK(each.latencies()[0] == zone_latency{delay(.5), 80ms, delay(.5)});
}

TEST_CASE(
    "the partitions are all ways to part the zones, each once, and every node is on one side") {
    const std::array<unsigned, 4> zones{2, 0, 1, 3};
    const pacelc report = report_of({6, 3, 4}, zones);
    CHECK(report.cuts().size() == 7);
    std::vector<std::uint64_t> seen;
    for (const cut& c : report.cuts()) {
        CHECK((c.first.zones | c.second.zones) == node_set::all(4));
        CHECK((c.first.zones & c.second.zones).empty());
        CHECK((c.first.nodes | c.second.nodes) == node_set::all(6));
        CHECK((c.first.nodes & c.second.nodes).empty());
        CHECK_FALSE((c.first.zones.empty() || c.second.zones.empty()));
        seen.push_back(std::min(c.first.zones.word(), c.second.zones.word()));
    }
    std::sort(seen.begin(), seen.end());
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    CHECK(report_of({3, 2, 2}, std::array<unsigned, 1>{3}).cuts().empty());
}

TEST_CASE(
    "a consistent configuration never goes stale, and what it serves is what its sizes allow") {
    const std::array<std::array<unsigned, 3>, 3> networks{{{1, 1, 1}, {2, 1, 0}, {3, 2, 2}}};
    for (const auto& zones : networks) {
        const unsigned n = zones[0] + zones[1] + zones[2];
        for (unsigned r = 1; r <= n; ++r) {
            for (unsigned w = 1; w <= n; ++w) {
                const nrw c{n, r, w};
                const pacelc report = report_of(c, zones);
                REQUIRE(report.is_consistent() == c.reads_meet_writes());
                for (const cut& p : report.cuts()) {
                    for (const side& s : {p.first, p.second}) {
                        REQUIRE(s.reads == (s.nodes.size() >= r));
                        REQUIRE(s.writes == (s.nodes.size() >= w));
                    }
                    REQUIRE_FALSE((report.is_consistent() && p.is_stale()));
                    REQUIRE_FALSE((c.writes_meet_writes() && p.conflicts()));
                }
            }
        }
    }
}

TEST_CASE("a read waits for the r-th nearest replica, on any network") {
    coterie::rng random(coterie::test::seed());
    for (int round = 0; round < 100; ++round) {
        std::vector<unsigned> zones(1 + coterie::uniform_below(random, 5));
        for (unsigned& z : zones) z = coterie::uniform_between(random, 0U, 3U);
        zones[0] += 1;
        network net = net_of(zones);
        std::vector<std::vector<delay>> delays(zones.size(), std::vector<delay>(zones.size()));
        for (std::size_t a = 0; a < zones.size(); ++a) {
            for (std::size_t b = a; b < zones.size(); ++b) {
                delays[a][b] = delays[b][a] = delay(coterie::uniform_between(random, 0, 9));
                REQUIRE(net.set_delay(b, a, delays[a][b]).has_value());
            }
        }
        const unsigned n = net.nodes().size();
        const auto r = coterie::uniform_between(random, 1U, n),
                   w = coterie::uniform_between(random, 1U, n);
        const pacelc report = pacelc::of(nrw{n, r, w}, net).value();
        for (std::size_t zone = 0; zone < zones.size(); ++zone) {
            std::vector<delay> trips;
            for (std::size_t other = 0; other < zones.size(); ++other)
                trips.insert(trips.end(), zones[other], 2 * delays[zone][other]);
            std::sort(trips.begin(), trips.end());
            REQUIRE(report.latencies()[zone] == zone_latency{trips[r - 1], trips[w - 1], trips[0]});
        }
    }
}

TEST_CASE("any rules, and those that nothing satisfies") {
    const network net = net_of(two_zones);
    const std::array<std::uint32_t, 5> weights{1, 1, 1, 3, 3};
    const pacelc report =
        pacelc::of(weight_of{5, weights}, count_of{6, node_set::all(5)}, true, net);
    CHECK(report.cuts()[0].second.reads);
    CHECK_FALSE(report.cuts()[0].first.reads);
    CHECK(report.latencies()[1] == zone_latency{delay(.5), endless, delay(.5)});
    CHECK(to_string(report).ends_with("a write for ever; the nearest replica alone 0.5 ms\n"));
}

TEST_CASE("delays as text") {
    const auto text = [](delay d) {
        std::string out;
        detail::say_delay(out, d);
        return out;
    };
    CHECK(text(0ms) == "0 ms");
    CHECK(text(delay(.25)) == "0.25 ms");
    CHECK(text(delay(1.007)) == "1.007 ms");
    CHECK(text(delay(12.3456)) == "12.346 ms");
    CHECK(text(delay(999.9999)) == "1000 ms");
    CHECK(text(1h) == "3600000 ms");
    CHECK(text(endless) == "for ever");
    CHECK(text(delay::max()) == "for ever");
}

TEST_CASE("networks and configurations that there are not") {
    const auto bad = [](const std::vector<unsigned>& zones, delay a, delay b) {
        return network::uniform(zones, a, b).error() == pacelc_errc::bad_network;
    };
    CHECK(bad({}, within, across));
    CHECK(bad({0, 0}, within, across));
    CHECK(bad({1, 1, 1, 1, 1, 1, 1, 1, 1}, within, across));
    CHECK(bad({64, 1}, within, across));
    CHECK(bad({0xFFFF'FFFF, 2}, within, across));
    CHECK(bad({2, 0xFFFF'FFFF}, within, across));
    CHECK(bad({3}, -1ms, across));
    CHECK(bad({3}, within, endless));
    network net = net_of(two_zones);
    const network before = net;
    CHECK(net.set_delay(2, 0, 1ms).error() == pacelc_errc::bad_network);
    CHECK(net.set_delay(0, 2, 1ms).error() == pacelc_errc::bad_network);
    CHECK(net.set_delay(0, 1, -1ms).error() == pacelc_errc::bad_network);
    CHECK(net == before);
    for (const nrw& c : {nrw{3, 2, 2}, nrw{5, 0, 3}, nrw{5, 3, 6}})
        CHECK(pacelc::of(c, net).error() == pacelc_errc::bad_configuration);
    CHECK(pacelc::of(level::local_one, level::one, net_of(std::array<unsigned, 2>{2, 0})).error() ==
          pacelc_errc::bad_configuration);
    CHECK(describe(pacelc_errc::bad_network) ==
          std::string("not 1 to 8 zones with 1 to 64 replicas and finite delays"));
    CHECK(describe(pacelc_errc::bad_configuration) ==
          std::string("the configuration does not fit the replicas"));
}
