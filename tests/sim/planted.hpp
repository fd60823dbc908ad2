// SPDX-License-Identifier: BSL-1.0
#pragma once

// Scenarios in ctest: some hundred seeds each, and for each planted mistake the seed that killed it. By hand,
// COTERIE_TEST_SEEDS says how many seeds, and the tests tagged [.sweep] look for a killer of each mistake.

#include <cstdint>
#include <cstdio>

#include <coterie/trace/trace.hpp>

#include "sim/scenarios/scenario.hpp"
#include "sim/scenarios/seeds.hpp"
#include "support/catch.hpp"

namespace coterie::test {

/// A mistake, its name, and the seed by which it was found.
template <class Mistake>
struct planted {
    Mistake mistake;
    const char* name;
    std::uint64_t killer;
};

/// Runs a scenario with the first seeds, so many or as many as were asked for; some of them twice.
template <class Scenario>
void check_passes(const Scenario& scenario, setup s, std::uint64_t seeds) {
    seeds = seeds_or(seeds);
    for (s.seed = 1; s.seed <= seeds; ++s.seed) {
        const result r = scenario.run(s, nullptr);
        INFO("seed " << s.seed << ": " << r.failure);
        REQUIRE(r.passed);
        if (s.seed % 64 == 1) REQUIRE(scenario.run(s, nullptr).hash == r.hash);
    }
}

/// The seed that killed a mistake kills it still, and nothing is wrong with it without the mistake.
template <class Right, class Wrong>
void check_killed(const Right& right, const Wrong& wrong, setup s, const char* name,
                  std::uint64_t killer) {
    s.seed = killer;
    const result good = right.run(s, nullptr);
    const result bad = wrong.run(s, nullptr);
    INFO(name << ", seed " << killer << ": " << good.failure);
    CHECK(good.passed);
    CHECK_FALSE(bad.passed);
    CHECK_FALSE(bad.failure.empty());
}

/// Looks for the first seed that kills a mistake, among 10,000.
template <class Wrong>
void sweep(const Wrong& wrong, setup s, const char* name) {
    for (s.seed = 1; s.seed <= 10'000; ++s.seed) {
        const result r = wrong.run(s, nullptr);
        if (r.passed) continue;
        std::printf("%s: seed %llu: %s\n", name, static_cast<unsigned long long>(s.seed),
                    r.failure.c_str());
        std::fflush(stdout);
        return;
    }
    FAIL_CHECK(name << " survived 10,000 seeds");
}

/// The same of a scenario that has its mistakes behind a switch.
template <class Scenario, class Mistake>
void check_killed(const Scenario& right, const setup& s, const planted<Mistake>& p) {
    Scenario wrong = right;
    wrong.mistake = p.mistake;
    check_killed(right, wrong, s, p.name, p.killer);
}
template <class Scenario, class Mistake>
void sweep(Scenario scenario, const setup& s, const planted<Mistake>& p) {
    scenario.mistake = p.mistake;
    sweep(scenario, s, p.name);
}

}  // namespace coterie::test
