// SPDX-License-Identifier: BSL-1.0

#include <coterie/sim/explore.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/shrink.hpp>
#include <coterie/sim/world.hpp>

#include "sim/failover.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using namespace std::chrono_literals;
using sim::fault_kind;
using sim::scenario_result;
using sim::scenario_setup;
using test::failover_scenario;

// Fails for the seeds that `fails` says; later ones before earlier ones, as far as threads have their way.
template <class Fails>
struct seeded {
    Fails fails;

    [[nodiscard]] scenario_setup setup(std::uint64_t seed) const { return {.seed = seed}; }
    [[nodiscard]] scenario_result run(const scenario_setup& setup, trace::trace*) const {
        if (setup.seed % 10 == 7) std::this_thread::sleep_for(2ms);
        if (!fails(setup.seed)) return {.hash = setup.seed * 3, .events = 1};
        return {.passed = false, .failure = "planted: " + std::to_string(setup.seed)};
    }
};
template <class Fails>
seeded(Fails) -> seeded<Fails>;

const sim::explore_options quiet{.report = nullptr};

sim::explore_options with_threads(unsigned threads) {
    sim::explore_options options = quiet;
    options.threads = threads;
    return options;
}

TEST_CASE("the smallest failing seed is found, whatever the number of threads",
          "[sim][concurrent]") {
    const seeded scenario{[](std::uint64_t seed) { return seed >= 157; }};
    for (const unsigned threads : {1U, 2U, 4U, 8U}) {
        const auto sum =
            sim::explore(scenario, {.first = 100, .count = 200}, with_threads(threads));
        REQUIRE(sum.failure);
        CHECK(sum.failure->setup.seed == 157);
        CHECK(sum.failure->result.failure == "planted: 157");
        CHECK(sum.runs == 58);
        CHECK(sum.events == 57);
    }
}

TEST_CASE("a failure that comes late does not replace that of a smaller seed",
          "[sim][concurrent]") {
    const seeded scenario{[](std::uint64_t seed) {
        if (seed == 2) std::this_thread::sleep_for(5ms);
        if (seed == 3) std::this_thread::sleep_for(50ms);
        return seed >= 2;
    }};
    const auto sum = sim::explore(scenario, {.first = 1, .count = 10}, with_threads(4));
    REQUIRE(sum.failure);
    CHECK(sum.failure->setup.seed == 2);
    CHECK(sum.runs == 2);
    CHECK(sum.events == 1);
}

TEST_CASE("a sweep without a failure tries every seed, once", "[sim][concurrent]") {
    std::vector<std::atomic<int>> tried(300);
    const seeded scenario{[&](std::uint64_t seed) {
        ++tried[seed];
        return false;
    }};
    const auto one = sim::explore(scenario, {.first = 3, .count = 290}, with_threads(1));
    const auto many = sim::explore(scenario, {.first = 3, .count = 290}, with_threads(5));
    CHECK(!one.failure);
    CHECK(one.runs == 290);
    CHECK(one.events == 290);
    CHECK(one.hash == many.hash);
    for (std::size_t seed = 0; seed < 300; ++seed)
        CHECK(tried[seed] == (seed >= 3 && seed < 293 ? 2 : 0));
    const auto other = sim::explore(scenario, {.first = 4, .count = 290}, with_threads(1));
    CHECK(other.hash != one.hash);
    CHECK(sim::explore(scenario, {.first = 3, .count = 0}, quiet).runs == 0);
}

// Fails if a script both crashes n2 and steps the clock of n4, and there are enough nodes and operations.
struct needs_a_pair {
    [[nodiscard]] scenario_setup setup(std::uint64_t seed) const {
        rng random(seed);
        return {.seed = seed,
                .nodes = 7,
                .operations = 1000,
                .faults = sim::draw_script({.between = 300ms}, sim::node_names(7), random)};
    }
    [[nodiscard]] scenario_result run(const scenario_setup& setup, trace::trace*) const {
        const auto has = [&](fault_kind kind, std::string_view node) {
            const auto& faults = setup.faults.faults;
            return std::any_of(faults.begin(), faults.end(), [&](const sim::fault& f) {
                return f.kind == kind && f.node == node;
            });
        };
        const bool crashed = has(fault_kind::crash, "n2");
        const bool stepped = has(fault_kind::step, "n4");
        if (stepped && setup.nodes < 4) return {.passed = false, .failure = "other: no n4"};
        if (!crashed || !stepped || setup.operations < 123) return {};
        return {.passed = false, .failure = "pair: " + std::to_string(setup.operations)};
    }
};

TEST_CASE("a failure that needs two faults is shrunk to these two", "[sim]") {
    const auto sum = sim::explore(needs_a_pair{}, {.first = 1, .count = 1000}, quiet);
    REQUIRE(sum.failure);
    CHECK(sum.failure->setup.faults.faults.size() > 50);
    const auto& small = sum.failure->shrunk;
    INFO(to_string(small.setup));
    CHECK(small.is_minimal);
    REQUIRE(small.setup.faults.faults.size() == 2);
    for (const sim::fault& f : small.setup.faults.faults) {
        CHECK(((f.kind == fault_kind::crash && f.node == "n2") ||
               (f.kind == fault_kind::step && f.node == "n4")));
        CHECK(f.at % 1s == 0s);
    }
    CHECK(small.setup.nodes == 4);  // with fewer it fails in another way
    CHECK(small.setup.operations == 123);
    CHECK(small.result.failure == "pair: 123");
    CHECK(small.runs < 300);
}

TEST_CASE("shrinking keeps to its budget and its bounds", "[sim]") {
    const auto sum = sim::explore(needs_a_pair{}, {.first = 1, .count = 1000},
                                  {.report = nullptr, .shrink = {.max_runs = 7}});
    CHECK(sum.failure->shrunk.runs == 7);
    CHECK(!sum.failure->shrunk.is_minimal);
    CHECK(needs_a_pair{}.run(sum.failure->shrunk.setup, nullptr) == sum.failure->shrunk.result);
    const auto bounded = sim::shrink(needs_a_pair{}, sum.failure->setup, sum.failure->result,
                                     {.min_nodes = 6, .min_operations = 200});
    CHECK(bounded.setup.nodes == 6);
    CHECK(bounded.setup.operations == 200);
}

// Fails if one fault is as `fails` says.
template <class Fails>
struct one_fault {
    Fails fails;

    [[nodiscard]] scenario_setup setup(std::uint64_t seed) const { return {.seed = seed}; }
    [[nodiscard]] scenario_result run(const scenario_setup& setup, trace::trace*) const {
        const auto& faults = setup.faults.faults;
        return {.passed = !std::any_of(faults.begin(), faults.end(), fails), .failure = "it"};
    }
};
template <class Fails>
one_fault(Fails) -> one_fault<Fails>;

template <class Fails>
std::string shrunk_script(Fails fails, std::string_view script) {
    const one_fault scenario{fails};
    const scenario_setup setup{.faults = sim::parse_fault_script(script).value()};
    return to_string(sim::shrink(scenario, setup, scenario.run(setup, nullptr)).setup.faults);
}

TEST_CASE("faults become simpler", "[sim]") {
    CHECK(shrunk_script([](const sim::fault& f) { return f.amount >= 700ms; },
                        "at 12345ms pause n1 for 3456789us") == "at 12s    pause n1 for 700ms\n");
    CHECK(shrunk_script([](const sim::fault& f) { return f.at > 12300ms && f.at <= 12350ms; },
                        "at 12345ms heal") == "at 12345ms heal\n");
    CHECK(shrunk_script([](const sim::fault& f) { return f.at > 12300ms && f.at <= 12400ms; },
                        "at 12345ms heal") == "at 12400ms heal\n");
    CHECK(shrunk_script([](const sim::fault& f) { return f.at > 12300ms; }, "at 12345ms heal") ==
          "at 13s    heal\n");
    constexpr std::string_view links =
        "at 1s links loss 5% delay 1ms duplicate 1% corrupt 1% bandwidth 1kB/s";
    CHECK(shrunk_script([](const sim::fault& f) { return f.change.duplicate.has_value(); },
                        links) == "at 1s     links duplicate 1%\n");
    CHECK(shrunk_script([](const sim::fault& f) { return f.kind == fault_kind::links; }, links) ==
          "at 1s     links bandwidth 1kB/s\n");
    CHECK(shrunk_script(
              [](const sim::fault& f) { return f.change.loss && f.change.bytes_per_second; },
              links) == "at 1s     links loss 5% bandwidth 1kB/s\n");
}

TEST_CASE("a lost increment is found, and shrunk to what loses it", "[sim]") {
    const auto sum = sim::explore(failover_scenario{}, {.first = 1, .count = 1000},
                                  {.report = nullptr, .shrink = {.min_nodes = 2}});
    REQUIRE(sum.failure);
    const auto& small = sum.failure->shrunk;
    INFO(to_string(small.setup));
    CHECK(small.is_minimal);
    CHECK(small.setup.faults.faults.size() <= 4);
    CHECK(small.setup.faults.faults.size() >= 2);
    CHECK(small.setup.nodes == 2);
    CHECK(std::any_of(small.setup.faults.faults.begin(), small.setup.faults.faults.end(),
                      [](const sim::fault& f) {
                          return (f.kind == fault_kind::crash || f.kind == fault_kind::restart) &&
                                 f.node == "n1";
                      }));
    // The text is enough to do it again.
    CHECK(sim::replay(failover_scenario{}, to_string(small.setup)) == small.result);
    CHECK(!small.result.passed);
    // And no fault can be spared.
    for (std::size_t i = 0; i < small.setup.faults.faults.size(); ++i) {
        scenario_setup without = small.setup;
        without.faults.faults.erase(without.faults.faults.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK(!same_failure(failover_scenario{}.run(without, nullptr), small.result));
    }
}

TEST_CASE("runs are the same with every compiler, optimized or not", "[sim]") {
    const auto sum =
        sim::explore(failover_scenario{.waits_for_backup = true}, {.first = 1, .count = 40}, quiet);
    CHECK(sum.hash == 0x739bd8242be3835d);
    CHECK(sum.events == 11356);
    CHECK(sum.runs == 40);
}

std::string read_all(std::FILE* f) {
    std::rewind(f);
    std::string text;
    for (int c = std::fgetc(f); c != EOF; c = std::fgetc(f)) text += static_cast<char>(c);
    return text;
}

TEST_CASE("what failed is reported, with the way to see it again", "[sim]") {
    std::FILE* const out = std::tmpfile();
    REQUIRE(out != nullptr);
    (void)sim::explore(needs_a_pair{}, {.first = 1, .count = 1000},
                       {.report = out, .replay_command = "pair_test"});
    const std::string text = read_all(out);
    std::fclose(out);
    INFO(text);
    CHECK(text.find(" fails: pair: 1000\nto see it again: pair_test --seed ") != std::string::npos);
    CHECK(text.find("shrunk from 7 nodes, 1000 operations, ") != std::string::npos);
    CHECK(text.find(" to 4 nodes, 123 operations, 2 faults, in ") != std::string::npos);
    // The end is a setup.
    const auto setup = sim::parse_scenario_setup(text.substr(text.find("\nseed ") + 1));
    REQUIRE(setup.has_value());
    CHECK(setup->faults.faults.size() == 2);
}

TEST_CASE("progress is told once a second, and only then", "[sim]") {
    const auto lines = [](std::chrono::milliseconds each, std::uint64_t count) {
        struct slow {
            std::chrono::milliseconds each;
            [[nodiscard]] scenario_setup setup(std::uint64_t seed) const { return {.seed = seed}; }
            [[nodiscard]] scenario_result run(const scenario_setup&, trace::trace*) const {
                std::this_thread::sleep_for(each);
                return {};
            }
        };
        std::FILE* const out = std::tmpfile();
        REQUIRE(out != nullptr);
        (void)sim::explore(slow{each}, {.first = 1, .count = count}, {.threads = 1, .report = out});
        const std::string text = read_all(out);
        std::fclose(out);
        return text;
    };
    CHECK(lines(0ms, 5).empty());
    CHECK(lines(1001ms, 1).starts_with("1 of 1 seeds, "));
}

// Asks something that is another thing in every run.
struct undetermined {
    mutable int calls = 0;
    [[nodiscard]] scenario_setup setup(std::uint64_t seed) const { return {.seed = seed}; }
    [[nodiscard]] scenario_result run(const scenario_setup& setup, trace::trace* recorder) const {
        sim::world world(setup.seed);
        world.record_to(recorder);
        world.note("same");
        world.note("call " + std::to_string(++calls));
        return {.hash = world.hash(), .events = world.events()};
    }
};

TEST_CASE("a scenario that asks the machine is not deterministic", "[sim]") {
    const auto checked = sim::check_determinism(undetermined{}, 1);
    REQUIRE(!checked.has_value());
    CHECK(checked.error().first.hash != checked.error().second.hash);

    struct asks_the_clock {
        [[nodiscard]] scenario_setup setup(std::uint64_t seed) const { return {.seed = seed}; }
        [[nodiscard]] scenario_result run(const scenario_setup& setup, trace::trace*) const {
            sim::world world(setup.seed);
            const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
            world.observe(static_cast<std::uint64_t>(now));
            return {.hash = world.hash()};
        }
    };
    CHECK(!sim::check_determinism(asks_the_clock{}, 1).has_value());
}

TEST_CASE("a scenario of a world alone is deterministic", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto checked = sim::check_determinism(failover_scenario{}, seed);
        REQUIRE(checked.has_value());
        CHECK(checked->hash != 0);
    }
}

// An event to be recorded.
struct told {
    steady_time at{};
    trace::trace_kind kind = trace::trace_kind::send;
    trace::node_id node = 0, peer = 0;
    trace::message_number message = 0;
    std::string text{};
};

trace::trace traced(const std::vector<told>& events) {
    trace::trace t;
    for (const told& e : events) t.record(e.at, e.kind, e.node, e.peer, e.message, e.text);
    return t;
}

TEST_CASE("the first difference of two traces is named", "[sim]") {
    const std::vector<told> a{{.text = "one"}, {.text = "two"}, {.text = "three"}};
    const auto compare = [&](const std::vector<told>& b) {
        sim::nondeterminism n{};
        sim::detail::find_difference(traced(a), traced(b), n);
        std::string text;
        n.append_to(text);
        return text;
    };
    CHECK(compare(a) == "the runs differ, but not in what was traced");
    CHECK(compare({{.text = "one"}, {.text = "2"}, {.text = "3"}}) ==
          "the runs differ from event 1 on: two / 2");
    CHECK(compare({{.text = "one"}, {.text = "two"}}) ==
          "the runs differ from event 2 on: three / the end");
    CHECK(compare({}) == "the runs differ from event 0 on: one / the end");
    auto later = a;
    for (std::size_t i : {1U, 2U}) later[i].at += 1ns;
    CHECK(compare(later) == "the runs differ from event 1 on: two / two");
    const auto differs_by = [&](auto told::* member, auto value) {
        auto other = a;
        other[2].*member = value;
        CHECK(compare(other) == "the runs differ from event 2 on: three / three");
    };
    differs_by(&told::kind, trace::trace_kind::receive);
    differs_by(&told::node, 1U);
    differs_by(&told::peer, 1U);
    differs_by(&told::message, 1U);
}

TEST_CASE("the shrunk run is drawn where it is asked for", "[sim]") {
    const auto report_of = [](const std::string& path) {
        std::FILE* const report = std::tmpfile();
        REQUIRE(report != nullptr);
        (void)sim::explore(failover_scenario{}, {.first = 41, .count = 1},
                           {.threads = 1, .report = report, .diagram = path});
        std::string text(static_cast<std::size_t>(std::ftell(report)), ' ');
        std::rewind(report);
        CHECK(std::fread(text.data(), 1, text.size(), report) == text.size());
        std::fclose(report);
        return text;
    };
    const auto path = std::filesystem::temp_directory_path() /
                      ("coterie-explore-" + std::to_string(test::seed()) + ".svg");
    CHECK(report_of(path.string()).ends_with("drawn in " + path.string() + "\n"));
    std::ifstream file(path);
    const std::string svg(std::istreambuf_iterator<char>(file), {});
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.find("n1") != std::string::npos);
    CHECK(svg.ends_with("</svg>\n"));
    std::filesystem::remove(path);
    CHECK(
        report_of("/no/such/folder/x.svg").ends_with("/no/such/folder/x.svg cannot be written\n"));
}

TEST_CASE("the shrunk run is recorded where it is asked for", "[sim]") {
    struct records {
        mutable std::vector<trace::trace*> traces{};
        [[nodiscard]] scenario_setup setup(std::uint64_t seed) const {
            return {.seed = seed, .operations = 5};
        }
        [[nodiscard]] scenario_result run(const scenario_setup& setup,
                                          trace::trace* recorder) const {
            if (recorder != nullptr) {
                traces.push_back(recorder);
                CHECK(setup.operations == 2);
            }
            return {.passed = setup.operations < 2, .failure = "two"};
        }
    };
    trace::trace recorder;
    const records scenario;
    (void)sim::explore(scenario, {.first = 1, .count = 1},
                       {.threads = 1, .report = nullptr, .recorder = &recorder});
    CHECK(scenario.traces == std::vector{&recorder});
}

}  // namespace
