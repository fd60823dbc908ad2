// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/consistency_level.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>

#include "support/catch.hpp"

using namespace coterie::quorum;
using level = consistency_level;

namespace {

constexpr std::array<unsigned, 1> single{3};
constexpr std::array<unsigned, 2> pair{3, 3};
constexpr std::array all_levels{level::one,          level::two,        level::three,
                                level::quorum,       level::all,        level::local_one,
                                level::local_quorum, level::each_quorum};

static_assert(quorum_rule<level_rule>);
static_assert(judge(pair, level::local_quorum, level::each_quorum) == level_verdict::everywhere);

/// Up to three data centres with up to seven replicas in all.
std::vector<std::vector<unsigned>> topologies() {
    std::vector<std::vector<unsigned>> found;
    for (unsigned a = 0; a <= 5; ++a) {
        found.push_back({a});
        for (unsigned b = 0; b <= 3; ++b) {
            found.push_back({a, b});
            for (unsigned c = 0; c <= 2 && a + b + c <= 7; ++c) found.push_back({a, b, c});
        }
    }
    return found;
}

/// What the documentation says that a level is, in so many words.
bool satisfies(const std::vector<unsigned>& replicas, level_at at, node_set answers) {
    std::vector<unsigned> answered(replicas.size());
    unsigned node = 0, total = 0;
    for (std::size_t dc = 0; dc < replicas.size(); ++dc)
        for (unsigned i = 0; i < replicas[dc]; ++i)
            answered[dc] += answers.contains(node++) ? 1U : 0U;
    for (const unsigned a : answered) total += a;
    const unsigned local = answered[at.datacenter];
    switch (at.level) {
        case level::one: return total >= 1;
        case level::two: return total >= 2;
        case level::three: return total >= 3;
        case level::quorum: return 2 * total > node;
        case level::all: return node > 0 && total == node;
        case level::local_one: return local >= 1;
        case level::local_quorum: return 2 * local > replicas[at.datacenter];
        case level::each_quorum:
            for (std::size_t dc = 0; dc < replicas.size(); ++dc)
                if (replicas[dc] > 0 && 2 * answered[dc] <= replicas[dc]) return false;
            return node > 0;
    }
    return false;
}

std::uint64_t sets_of(const std::vector<unsigned>& replicas) {
    unsigned total = 0;
    for (const unsigned r : replicas) total += r;
    return std::uint64_t{1} << total;
}

template <class Check>
void for_each_level(const std::vector<unsigned>& replicas, Check check) {
    for (const level l : all_levels)
        for (unsigned dc = 0; dc < replicas.size(); ++dc) check(level_at{l, dc});
}

}  // namespace

TEST_CASE("a level is satisfied by the sets that its documentation says") {
    for (const auto& replicas : topologies()) {
        for_each_level(replicas, [&](level_at at) {
            const auto rule = level_rule::of(replicas, at);
            const node_set every(sets_of(replicas) - 1);
            REQUIRE(rule.has_value() == satisfies(replicas, at, every));
            if (!rule.has_value()) {
                REQUIRE(rule.error() == level_errc::too_few_replicas);
                return;
            }
            REQUIRE(rule->nodes() == every);
            for (std::uint64_t word = 0; word < sets_of(replicas); ++word)
                REQUIRE(rule->is_quorum(node_set(word)) == satisfies(replicas, at, node_set(word)));
        });
    }
}

TEST_CASE("levels miss each other if and only if two of their sets do") {
    for (const auto& replicas : topologies()) {
        for_each_level(replicas, [&](level_at read) {
            for_each_level(replicas, [&](level_at write) {
                const auto miss = find_miss(replicas, read, write);
                if (!miss.has_value()) return;
                // The sets grow with the write's nodes: it is enough to read all that it has not written.
                const node_set every(sets_of(replicas) - 1);
                bool some_miss = false;
                for (std::uint64_t word = 0; word < sets_of(replicas); ++word)
                    some_miss = some_miss || (satisfies(replicas, write, node_set(word)) &&
                                              satisfies(replicas, read, every - node_set(word)));
                REQUIRE(miss->has_value() == some_miss);
                if (!some_miss) return;
                REQUIRE(satisfies(replicas, read, (*miss)->read));
                REQUIRE(satisfies(replicas, write, (*miss)->write));
                REQUIRE(((*miss)->read & (*miss)->write).empty());
            });
        });
    }
}

TEST_CASE("pairs of levels in one data centre") {
    CHECK(judge(single, level::quorum, level::quorum) == level_verdict::everywhere);
    CHECK(judge(single, level::one, level::all) == level_verdict::everywhere);
    CHECK(judge(single, level::all, level::quorum) == level_verdict::everywhere);
    CHECK(judge(single, level::one, level::quorum) == level_verdict::nowhere);
    CHECK(judge(single, level::two, level::two) == level_verdict::everywhere);
    CHECK(judge(single, level::three, level::one) == level_verdict::everywhere);
    CHECK(find_miss(single, {level::one, 0}, {level::two, 0}).value() ==
          level_miss{node_set(0b001), node_set(0b110)});
}

TEST_CASE("wrong claim: READ ALL and WRITE QUORUM are not strong") {
    CHECK(judge(pair, level::all, level::quorum) == level_verdict::everywhere);
    CHECK(judge(pair, level::all, level::one) == level_verdict::everywhere);
}

TEST_CASE("wrong claim: LOCAL_QUORUM on both sides is strong") {
    CHECK(judge(pair, level::local_quorum, level::local_quorum) == level_verdict::one_datacenter);
    CHECK(find_miss(pair, {level::local_quorum, 0}, {level::local_quorum, 1}).value() ==
          level_miss{node_set(0b000011), node_set(0b011000)});
    CHECK(find_miss(pair, {level::local_quorum, 1}, {level::local_quorum, 1}).value() ==
          std::nullopt);
    CHECK(judge(pair, level::local_quorum, level::quorum) == level_verdict::nowhere);
    CHECK(judge(pair, level::local_quorum, level::each_quorum) == level_verdict::everywhere);
    CHECK(judge(pair, level::local_one, level::each_quorum) == level_verdict::nowhere);
    CHECK(judge(pair, level::quorum, level::each_quorum) == level_verdict::everywhere);
}

TEST_CASE("EACH_QUORUM cannot go on without a data centre, QUORUM over three can") {
    constexpr std::array<unsigned, 3> replicas{3, 3, 3};
    tally each(level_rule::of(replicas, {level::each_quorum, 0}).value(), node_set::all(9));
    CHECK(each.failed(0) == verdict::possible);
    CHECK(each.failed(1) == verdict::impossible);
    tally quorum(level_rule::of(replicas, {level::quorum, 0}).value(), node_set::all(9));
    for (unsigned node = 0; node < 3; ++node) CHECK(quorum.failed(node) == verdict::possible);
}

TEST_CASE("levels and places that there are not") {
    const auto error = [](const std::vector<unsigned>& replicas, level_at at) {
        return level_rule::of(replicas, at).error();
    };
    CHECK(error({}, {}) == level_errc::bad_topology);
    CHECK(error({1, 1, 1, 1, 1, 1, 1, 1, 1}, {}) == level_errc::bad_topology);
    CHECK(error({60, 5}, {}) == level_errc::bad_topology);
    CHECK(error({0xFFFF'FFFF, 1}, {}) == level_errc::bad_topology);
    CHECK(error({1, 0xFFFF'FFFF}, {}) == level_errc::bad_topology);
    CHECK(error({3}, {level::one, 1}) == level_errc::unknown_datacenter);
    CHECK(error({0, 3}, {level::local_quorum, 0}) == level_errc::too_few_replicas);
    CHECK(error({2}, {level::three, 0}) == level_errc::too_few_replicas);
    CHECK(error({0}, {level::all, 0}) == level_errc::too_few_replicas);
    CHECK(level_rule::of(std::vector<unsigned>{60, 4}, {level::all, 1})->needed() == 64);
    CHECK(judge(std::span<const unsigned>{}, level::one, level::one).error() ==
          level_errc::bad_topology);
    CHECK(find_miss(single, {level::one, 0}, {level::one, 7}).error() ==
          level_errc::unknown_datacenter);
}

TEST_CASE("levels, verdicts and errors have words") {
    CHECK(describe(level::local_quorum) == std::string("LOCAL_QUORUM"));
    for (const level l : all_levels) CHECK(describe(l) != std::string("unknown level"));
    for (unsigned i = 0; i < 3; ++i) {
        CHECK(describe(static_cast<level_errc>(i)) != std::string("unknown level error"));
        CHECK(describe(static_cast<level_verdict>(i)) != std::string("unknown verdict"));
    }
}
