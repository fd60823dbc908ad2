// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/links.hpp>

#include <chrono>

#include <coterie/sim/latency.hpp>
#include <coterie/trace/node_id.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;

TEST_CASE("links: one way, by pair, by group") {
    sim::links all;
    all.set_node_count(3);
    using state = sim::links::state;
    const sim::link_profile slow{.delay = sim::latency::constant(200ms)};
    const sim::link_profile lossy{.loss = 0.5};
    all.set_profile(0, 1, slow);
    CHECK(all.profile(0, 1) == slow);
    CHECK(all.profile(1, 0) == sim::link_profile{});
    all.set_state(1, 2, state::cut);
    all.set_state(2, 0, state::held);
    all.set_node_count(5);
    CHECK(all.profile(0, 1) == slow);
    CHECK(all.state_of(1, 2) == state::cut);
    CHECK(all.state_of(2, 1) == state::open);
    CHECK(all.state_of(2, 0) == state::held);
    CHECK(all.state_of(4, 3) == state::open);
    all.set_profile(lossy);
    CHECK(all.profile(0, 1) == lossy);

    all.partition({{0, 1}, {3}});
    for (trace::node_id from = 0; from < 5; ++from)
        for (trace::node_id to = 0; to < 5; ++to) {
            const auto group = [](trace::node_id n) { return n <= 1 ? 0 : n == 3 ? 1 : 2; };
            CHECK((all.state_of(from, to) == state::open) == (group(from) == group(to)));
        }
    all.heal();
    CHECK(all.state_of(0, 4) == state::open);
    CHECK(all.profile(0, 4) == lossy);
}
