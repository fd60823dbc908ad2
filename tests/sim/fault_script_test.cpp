// SPDX-License-Identifier: BSL-1.0

#include <coterie/sim/fault_script.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/script_error.hpp>

#include "sim/random_script.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using namespace std::chrono_literals;
using sim::fault_kind;
using sim::parse_fault_script;
using sim::script_errc;

// Every kind, in its canonical text.
constexpr std::string_view everything = R"(at 0s     partition n1 n2 | n3 n4 n5
at 5s     heal
at 13s    cut n1 -> n2
at 13s    hold n1 -> n2
at 13s    release n1 -> n2
at 14s    link n1 -> n2 loss 10% delay 50ms..200ms duplicate 1% corrupt 0.1% bandwidth 10kB/s
at 14s    link n1 -> n2 well
at 15s    links loss 5%
at 15500ms links well
at 6s     crash n3
at 8s     restart n3
at 9s     pause n1 for 3s
at 9s     pause n1
at 1min   resume n1
at 10s    clock n2 step -2s
at 11s    clock n2 drift 200ppm
at 11s    clock n2 drift -1500ppb
at 12s    clock n4 freeze for 5s
at 12s    clock n4 freeze
at 12s    clock n4 thaw
at 16s    disk n3 full
at 16s    disk n3 slow 100ms..1s
at 16s    disk n3 failing 20%
at 16s    disk n3 corrupt wal/1.log
at 16s    disk n3 wipe
at 16s    disk n3 well
from 20s  calm
)";

sim::script_error error_of(std::string_view text) {
    const auto parsed = parse_fault_script(text);
    REQUIRE(!parsed.has_value());
    return parsed.error();
}

TEST_CASE("every fault has a text that is read back", "[sim]") {
    const auto script = parse_fault_script(everything);
    REQUIRE(script.has_value());
    CHECK(to_string(*script) == everything);
    for (std::size_t kind = 0; kind <= static_cast<std::size_t>(fault_kind::calm); ++kind)
        CHECK(std::any_of(script->faults.begin(), script->faults.end(), [&](const sim::fault& f) {
            return f.kind == static_cast<fault_kind>(kind);
        }));
}

TEST_CASE("the text says what the value is", "[sim]") {
    const auto script = parse_fault_script(everything);
    REQUIRE(script.has_value());
    const auto& faults = script->faults;
    using groups = std::vector<std::vector<std::string>>;
    CHECK(faults[0] == sim::fault{.kind = fault_kind::partition,
                                  .groups = groups{{"n1", "n2"}, {"n3", "n4", "n5"}}});
    CHECK(faults[5] == sim::fault{.at = 14s,
                                  .kind = fault_kind::link,
                                  .node = "n1",
                                  .to = "n2",
                                  .change = {.loss = sim::percent(10),
                                             .delay = sim::delay_range{50ms, 200ms},
                                             .duplicate = sim::percent(1),
                                             .corrupt = sim::probability{1'000},
                                             .bytes_per_second = 10'000}});
    CHECK(faults[11] ==
          sim::fault{.at = 9s, .kind = fault_kind::pause, .node = "n1", .amount = 3s});
    CHECK(faults[14] ==
          sim::fault{.at = 10s, .kind = fault_kind::step, .node = "n2", .amount = -2s});
    CHECK(faults[15] ==
          sim::fault{.at = 11s, .kind = fault_kind::drift, .node = "n2", .rate = sim::ppm(200)});
    CHECK(faults[16].rate == sim::drift{-1500});
    CHECK(faults[21].sync == sim::delay_range{100ms, 1s});
    CHECK(faults[22].failing == sim::percent(20));
    CHECK(faults[23].file == "wal/1.log");
    CHECK(faults[26] == sim::fault{.at = 20s, .kind = fault_kind::calm});
}

TEST_CASE("a script may be written with comments, tabs and empty lines", "[sim]") {
    const auto script =
        parse_fault_script("# two faults\n\n\tat 1s  crash\tn1# now\r\n   from  2s heal #\n#");
    REQUIRE(script.has_value());
    CHECK(to_string(*script) == "at 1s     crash n1\nat 2s     heal\n");
    CHECK(parse_fault_script("")->faults.empty());
    CHECK(to_string(*parse_fault_script("at 1s links delay 5ms loss 0.0100%")) ==
          "at 1s     links loss 0.01% delay 5ms\n");
    CHECK(to_string(*parse_fault_script("at 1000ms clock a drift 2000ppb")) ==
          "at 1s     clock a drift 2ppm\n");
}

TEST_CASE("what is no script says why and where", "[sim]") {
    using E = sim::script_error;
    CHECK(error_of("in 2s heal") == E{script_errc::expected_at, 1, 1});
    CHECK(error_of("\n  at") == E{script_errc::expected_time, 2, 5});
    CHECK(error_of("at soon heal") == E{script_errc::expected_time, 1, 4});
    CHECK(error_of("at -1s heal") == E{script_errc::expected_time, 1, 4});
    CHECK(error_of("at 1s") == E{script_errc::expected_fault, 1, 6});
    CHECK(error_of("at 1s explode") == E{script_errc::expected_fault, 1, 7});
    CHECK(error_of("at 1s N") == E{script_errc::expected_fault, 1, 7});
    CHECK(error_of("at 1s crash") == E{script_errc::expected_node, 1, 12});
    CHECK(error_of("at 1s crash |") == E{script_errc::expected_node, 1, 13});
    CHECK(error_of("at 1s crash n1 n2") == E{script_errc::expected_end, 1, 16});
    CHECK(error_of("at 1s heal n2") == E{script_errc::expected_end, 1, 12});
    CHECK(error_of("at 1s clock n1 stop") == E{script_errc::expected_fault, 1, 16});
    CHECK(error_of("at 1s clock n1 step") == E{script_errc::expected_step, 1, 20});
    CHECK(error_of("at 1s clock n1 step 101h") == E{script_errc::expected_step, 1, 21});
    CHECK(error_of("at 1s clock n1 drift 400001ppm") == E{script_errc::expected_drift, 1, 22});
    CHECK(error_of("at 1s clock n1 drift 1s") == E{script_errc::expected_drift, 1, 22});
    CHECK(error_of("at 1s pause n1 3s") == E{script_errc::expected_end, 1, 16});
    CHECK(error_of("at 1s pause n1 for") == E{script_errc::expected_duration, 1, 19});
    CHECK(error_of("at 1s pause n1 for 0s") == E{script_errc::expected_duration, 1, 20});
    CHECK(error_of("at 1s pause n1 for -1s") == E{script_errc::expected_duration, 1, 20});
    CHECK(error_of("at 1s partition") == E{script_errc::expected_node, 1, 16});
    CHECK(error_of("at 1s partition n1 |") == E{script_errc::expected_node, 1, 21});
    CHECK(error_of("at 1s partition | n1") == E{script_errc::expected_node, 1, 17});
    CHECK(error_of("at 1s partition n1 | n2 n1") == E{script_errc::same_node, 1, 25});
    CHECK(error_of("at 1s cut n1 n2") == E{script_errc::expected_fault, 1, 14});
    CHECK(error_of("at 1s cut n1 -> n1") == E{script_errc::same_node, 1, 17});
    CHECK(error_of("at 1s link n1 -> n2") == E{script_errc::expected_change, 1, 20});
    CHECK(error_of("at 1s link n1 -> n2 lost 1%") == E{script_errc::expected_change, 1, 21});
    CHECK(error_of("at 1s links loss 1% loss 2%") == E{script_errc::expected_change, 1, 21});
    CHECK(error_of("at 1s links delay 1s delay 2s") == E{script_errc::expected_change, 1, 22});
    CHECK(error_of("at 1s links loss 101%") == E{script_errc::expected_share, 1, 18});
    CHECK(error_of("at 1s links loss 100.1%") == E{script_errc::expected_share, 1, 18});
    CHECK(error_of("at 1s links loss 1.%") == E{script_errc::expected_share, 1, 18});
    CHECK(error_of("at 1s links loss 1.00001%") == E{script_errc::expected_share, 1, 18});
    CHECK(error_of("at 1s links loss 1") == E{script_errc::expected_share, 1, 18});
    CHECK(error_of("at 1s links delay 2s..1s") == E{script_errc::expected_range, 1, 19});
    CHECK(error_of("at 1s links delay -2s..1s") == E{script_errc::expected_range, 1, 19});
    CHECK(error_of("at 1s links delay ..1s") == E{script_errc::expected_range, 1, 19});
    CHECK(error_of("at 1s links bandwidth 0B/s") == E{script_errc::expected_rate, 1, 23});
    CHECK(error_of("at 1s links bandwidth 9999GB/s") == E{script_errc::expected_rate, 1, 23});
    CHECK(error_of("at 1s links bandwidth 1kB") == E{script_errc::expected_rate, 1, 23});
    CHECK(error_of("at 1s disk n1 slow") == E{script_errc::expected_range, 1, 19});
    CHECK(error_of("at 1s disk n1 corrupt") == E{script_errc::expected_file, 1, 22});
    CHECK(error_of("at 1s disk n1 corrupt ..") == E{script_errc::expected_file, 1, 23});
    CHECK(error_of("at 1s disk n1 failing") == E{script_errc::expected_share, 1, 22});
    CHECK(to_string(error_of("\nat 1s explode")) == "line 2, column 7: no such fault");
}

TEST_CASE("nodes can be checked against those of a world", "[sim]") {
    const std::vector<std::string> nodes{"n1", "n2"};
    CHECK(parse_fault_script("at 1s partition n1 | n2", nodes).has_value());
    for (const auto* text : {"at 1s crash n3", "at 1s partition n1 | n3", "at 1s cut n1 -> n3",
                             "at 1s cut n3 -> n1"}) {
        INFO(text);
        const auto parsed = parse_fault_script(text, nodes);
        REQUIRE(!parsed.has_value());
        CHECK(parsed.error().code == script_errc::unknown_node);
        const auto unchecked = parse_fault_script(std::string("at 1s heal\n") + text);
        CHECK(sim::find_unknown_node(*unchecked, nodes) == std::size_t{1});
    }
    CHECK(!sim::find_unknown_node(*parse_fault_script("at 1s cut n2 -> n1"), nodes));
}

TEST_CASE("a script has its limits", "[sim]") {
    CHECK(error_of(std::string(sim::max_script_text + 1, ' ')).code == script_errc::too_long);
    CHECK(parse_fault_script(std::string(sim::max_script_text, ' ')).has_value());
    std::string many;
    for (std::size_t i = 0; i < sim::max_script_faults; ++i) many += "at 1s heal\n";
    CHECK(parse_fault_script(many).has_value());
    CHECK(error_of(many + "at 1s heal") ==
          sim::script_error{script_errc::too_long, sim::max_script_faults + 1, 1});
}

TEST_CASE("any script that is printed is read back", "[sim]") {
    rng random(test::seed(), "scripts");
    for (int round = 0; round < 500; ++round) {
        const sim::fault_script script = test::random_script(random);
        const std::string text = to_string(script);
        INFO(text);
        const auto read = parse_fault_script(text);
        REQUIRE(read.has_value());
        CHECK(*read == script);
    }
}

TEST_CASE("damaged scripts are read or refused, and never half", "[sim]") {
    rng random(test::seed(), "damage");
    for (int round = 0; round < 20'000; ++round) {
        std::string text(everything);
        for (auto hits = uniform_between(random, 1, 4); hits > 0; --hits) {
            const std::size_t at = uniform_below(random, text.size());
            switch (uniform_below(random, 3)) {
                case 0: text[at] = everything[uniform_below(random, everything.size())]; break;
                case 1: text.erase(at, uniform_below(random, 20)); break;
                default: text.insert(at, 1, static_cast<char>(random())); break;
            }
        }
        const auto parsed = parse_fault_script(text);
        if (parsed.has_value()) {
            REQUIRE(parse_fault_script(to_string(*parsed)) == parsed);
        } else {
            const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
            REQUIRE(parsed.error().line <= lines + 1);
            REQUIRE(parsed.error().column >= 1);
        }
    }
}

TEST_CASE("a change of a link leaves the rest of its profile", "[sim]") {
    const sim::link_profile before{.loss = 0.25, .duplication = 0.5, .in_order = true};
    sim::link_profile expected = before;
    CHECK(sim::link_change{}.applied_to(before) == before);
    expected.loss = 0.1;
    CHECK(sim::link_change{.loss = sim::percent(10)}.applied_to(before) == expected);
    expected.delay = sim::latency::uniform(1ms, 2ms);
    expected.corruption = 0.03;
    expected.duplication = 0.02;
    expected.bytes_per_second = 7;
    CHECK(sim::link_change{.loss = sim::percent(10),
                           .delay = sim::delay_range{1ms, 2ms},
                           .duplicate = sim::percent(2),
                           .corrupt = sim::percent(3),
                           .bytes_per_second = 7}
              .applied_to(before) == expected);
}

}  // namespace
