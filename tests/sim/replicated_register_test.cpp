// SPDX-License-Identifier: BSL-1.0
#include "sim/scenarios/replicated_register.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/quorum/builders.hpp>
#include <coterie/quorum/consistency_level.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/parse.hpp>
#include <coterie/quorum/quorum_system.hpp>

#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using namespace coterie::test;
namespace reg = coterie::test::replicated_register;

using quorum::nrw;
using quorum::practice;
using quorum::read_guarantee;

namespace {

/// The guarantee that a configuration has holds, and the next better one does not.
void check_guarantee(const nrw& c, const practice& use, std::uint64_t seeds) {
    const read_guarantee given = c.guarantee(use);
    const reg::design program = reg::counting(c, use);
    CAPTURE(c.n, c.r, c.w, use.sloppy, use.pr, use.pw, use.write_back, describe(given));
    check_holds(reg::scenario{program, given}, seeds);
    if (given == read_guarantee::atomic) return;
    const auto better =
        given == read_guarantee::eventual ? read_guarantee::regular : read_guarantee::atomic;
    CHECK(first_caught(reg::scenario{program, better}, 2'000) != 0);
}

void check_atomic(const quorum::quorum_system& system, std::uint64_t seeds) {
    reg::design program{.replicas = system.node_count(),
                        .rules_of = {{system.reads(), system.writes()}},
                        .write_back = true};
    CAPTURE(system.reads().to_string());
    check_holds(reg::scenario{program, read_guarantee::atomic}, seeds);
    program.write_back = false;
    check_holds(reg::scenario{program, read_guarantee::regular}, seeds);
}

}  // namespace

TEST_CASE("every configuration of two and three replicas keeps its promise and no more") {
    for (unsigned n = 2; n <= 3; ++n)
        for (unsigned r = 1; r <= n; ++r)
            for (unsigned w = 1; w <= n; ++w)
                for (const bool back : {false, true})
                    check_guarantee({n, r, w}, {.write_back = back}, 50);
}

TEST_CASE("five replicas: majorities, and what is as good") {
    check_guarantee({5, 3, 3}, {.write_back = true}, 50);
    check_guarantee({5, 3, 3}, {}, 100);
    check_guarantee({5, 2, 4}, {.write_back = true}, 100);
    check_guarantee({5, 2, 3}, {.write_back = true}, 100);
}

TEST_CASE("sloppy quorums: nothing, unless enough answers are from home") {
    for (const bool back : {false, true}) {
        check_guarantee({3, 2, 2}, {.sloppy = true, .write_back = back}, 50);
        check_guarantee({3, 2, 2}, {.sloppy = true, .pr = 1, .pw = 2, .write_back = back}, 50);
        check_guarantee({3, 2, 2}, {.sloppy = true, .pr = 2, .pw = 2, .write_back = back}, 50);
    }
    // All are asked, but a fallback may answer.
    check_guarantee({3, 3, 2}, {.sloppy = true, .pr = 2, .pw = 2}, 50);
    check_guarantee({3, 3, 2}, {.sloppy = true, .pr = 3, .pw = 2}, 50);
}

TEST_CASE("quorum systems: a grid, a hierarchy, a tree, weights") {
    const auto four = quorum::numbered_nodes("n", 4);
    check_atomic(quorum::quorum_system::from_reads(quorum::grid(four, 2).value()), 50);
    const auto nine = quorum::numbered_nodes("n", 9);
    check_atomic(quorum::quorum_system::from_reads(quorum::hierarchy(nine, 3).value()), 50);
    const auto seven = quorum::numbered_nodes("n", 7);
    check_atomic(quorum::quorum_system::from_writes(quorum::tree(seven).value()), 50);
    const auto weighted = quorum::parse("weighted(4, a: 3, b: 1, c: 1, d: 1, e: 1)").value();
    check_atomic(quorum::quorum_system::from_reads(weighted), 50);
}

TEST_CASE("two sides that miss each other are refused, and are caught where they are used") {
    const auto reads = quorum::parse("a * b").value();
    const auto writes = quorum::parse("c * d").value().over({"a", "b", "c", "d"});
    const auto refused = quorum::quorum_system::make(reads, writes);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == quorum::system_errc::no_intersection);
    const reg::design program{.replicas = 4,
                              .rules_of = {{reads.over({"a", "b", "c", "d"}), writes}},
                              .write_back = true};
    CHECK(first_caught(reg::scenario{program, read_guarantee::regular}, 10'000) != 0);
}

TEST_CASE("weights: more than half of them, and half of them") {
    static constexpr std::array<std::uint32_t, 3> weights = {2, 1, 1};
    const quorum::weight_of most{3, weights};
    const quorum::weight_of half{2, weights};
    check_holds(reg::scenario{{.replicas = 3, .rules_of = {{most, most}}, .write_back = true}},
                200);
    CHECK(
        first_caught(reg::scenario{{.replicas = 3, .rules_of = {{half, half}}, .write_back = true}},
                     1'000) != 0);
}

TEST_CASE("levels of two data centres keep what they are judged to") {
    using enum quorum::consistency_level;
    static constexpr std::array<unsigned, 2> replicas = {3, 3};
    struct pair {
        quorum::consistency_level read;
        quorum::consistency_level write;
    };
    for (const auto [read, write] :
         {pair{quorum, quorum}, pair{local_quorum, each_quorum}, pair{one, all},
          pair{local_quorum, local_quorum}, pair{one, quorum}, pair{local_one, each_quorum}}) {
        CAPTURE(describe(read), describe(write));
        reg::design program{.replicas = 6};
        for (unsigned dc = 0; dc < 2; ++dc)
            program.rules_of.push_back({quorum::level_rule::of(replicas, {read, dc}).value(),
                                        quorum::level_rule::of(replicas, {write, dc}).value()});
        const reg::scenario regular{program, read_guarantee::regular};
        if (quorum::judge(replicas, read, write) == quorum::level_verdict::everywhere)
            check_holds(regular, 50);
        else
            CHECK(first_caught(regular, 2'000) != 0);
    }
}

TEST_CASE("a run of the register is the same twice") {
    const reg::scenario s{reg::counting({3, 2, 2}, {.write_back = true})};
    check_same_twice(s, 20);
}
