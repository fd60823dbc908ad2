// SPDX-License-Identifier: BSL-1.0

#include <coterie/sim/scenario_setup.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/script_error.hpp>

#include "sim/random_script.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using sim::parse_scenario_setup;
using sim::script_errc;

TEST_CASE("a setup has a text that is read back", "[sim]") {
    constexpr std::string_view text = "seed 17\nnodes 3\noperations 4\nat 2s     crash n1\n";
    const auto setup = parse_scenario_setup(text);
    REQUIRE(setup.has_value());
    CHECK(setup->seed == 17);
    CHECK(setup->nodes == 3);
    CHECK(setup->operations == 4);
    CHECK(setup->faults == sim::parse_fault_script("at 2s crash n1"));
    CHECK(to_string(*setup) == text);
    CHECK(parse_scenario_setup("# none\n") == sim::scenario_setup{});
    CHECK(parse_scenario_setup("operations 4 # four\n\nseed 18446744073709551615") ==
          sim::scenario_setup{.seed = ~std::uint64_t{0}, .operations = 4});
}

TEST_CASE("any setup that is printed is read back", "[sim]") {
    rng random(test::seed(), "setups");
    for (int round = 0; round < 200; ++round) {
        const sim::scenario_setup setup{.seed = random(),
                                        .nodes = uniform_between(random, 0U, 10'000U),
                                        .operations = random(),
                                        .faults = test::random_script(random)};
        INFO(to_string(setup));
        CHECK(parse_scenario_setup(to_string(setup)) == setup);
    }
}

TEST_CASE("what is no setup says why and where", "[sim]") {
    using E = sim::script_error;
    const auto error_of = [](std::string_view text) { return parse_scenario_setup(text).error(); };
    CHECK(error_of("seed") == E{script_errc::expected_number, 1, 5});
    CHECK(error_of("seed x") == E{script_errc::expected_number, 1, 6});
    CHECK(error_of("seed 1x") == E{script_errc::expected_number, 1, 6});
    CHECK(error_of("seed -1") == E{script_errc::expected_number, 1, 6});
    CHECK(error_of("seed 18446744073709551616") == E{script_errc::expected_number, 1, 6});
    CHECK(error_of("nodes 10001") == E{script_errc::expected_number, 1, 7});
    CHECK(error_of("nodes 1 2") == E{script_errc::expected_end, 1, 9});
    CHECK(error_of("nodes 1\nnodes 1") == E{script_errc::expected_at, 2, 1});
    CHECK(error_of("at 1s heal\nseed 1") == E{script_errc::expected_at, 2, 1});
    CHECK(error_of("seed 1\n\nat 1s explode") == E{script_errc::expected_fault, 3, 7});
}

TEST_CASE("failures are of the same kind by what stands before the colon", "[sim]") {
    const auto failed = [](std::string text) {
        return sim::scenario_result{.passed = false, .failure = std::move(text)};
    };
    CHECK(same_failure(failed("lost: 1"), failed("lost: 2")));
    CHECK(same_failure(failed("lost"), failed("lost: 2")));
    CHECK(!same_failure(failed("lost: 1"), failed("stale: 1")));
    CHECK(!same_failure(failed(""), sim::scenario_result{}));
    CHECK(!same_failure(sim::scenario_result{}, failed("")));
}

TEST_CASE("nodes are called n1 and so on", "[sim]") {
    CHECK(sim::node_names(0).empty());
    CHECK(sim::node_names(3) == std::vector<std::string>{"n1", "n2", "n3"});
    CHECK(sim::node_names(12).back() == "n12");
}

}  // namespace
