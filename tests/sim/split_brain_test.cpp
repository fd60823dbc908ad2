// SPDX-License-Identifier: BSL-1.0
#include "sim/scenarios/split_brain.hpp"

#include <cstdint>

#include <coterie/sim/nemesis.hpp>

#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using namespace coterie::test;
namespace sb = coterie::test::split_brain;

using sb::claim;
using sb::mistake;

TEST_CASE("leaders by time-out alone: two at once, two in one term, and conflicting writes") {
    const sb::design alone{.quorum = false, .lease = false};
    CHECK(first_caught(sb::scenario{alone, claim::one_leader}, 500) != 0);
    CHECK(first_caught(sb::scenario{alone, claim::leader_of_term}, 500) != 0);
    const sb::design unfenced{
        .quorum = false, .lease = false, .planted = mistake::token_not_checked};
    CHECK(first_caught(sb::scenario{unfenced, claim::one_writer}, 2'000) != 0);
}

TEST_CASE("leaders by a quorum: one a term, but an old one does not know that it is deposed") {
    const sb::design elected{.lease = false};
    check_holds(sb::scenario{elected, claim::leader_of_term}, 200);
    CHECK(first_caught(sb::scenario{elected, claim::one_leader}, 500) != 0);
    const sb::design unfenced{.lease = false, .planted = mistake::token_not_checked};
    CHECK(first_caught(sb::scenario{unfenced, claim::one_writer}, 2'000) != 0);
}

TEST_CASE("a quorum and a fencing token: no write of a deposed leader gets through") {
    check_holds(sb::scenario{{.lease = false}, claim::one_writer}, 200);
    check_holds(sb::scenario{{.nodes = 3, .lease = false}, claim::one_writer}, 200);
}

TEST_CASE("a lease with a margin for drift: one leader at a time") {
    check_holds(sb::scenario{{}, claim::one_leader}, 200);
    check_holds(sb::scenario{{.nodes = 3}, claim::one_leader}, 200);
    check_holds(sb::scenario{{}, claim::leader_of_term}, 100);
}

TEST_CASE("clocks that stand still break a lease, and not a fence") {
    sim::nemesis_profile rough = sb::rough_for_leases();
    rough.weights.freeze = 4;
    CHECK(first_caught(sb::scenario{{}, claim::one_leader, rough}, 2'000) != 0);
    check_holds(sb::scenario{{}, claim::one_writer, rough}, 200);
}

TEST_CASE("a run of elections is the same twice") { check_same_twice(sb::scenario{}, 10); }
