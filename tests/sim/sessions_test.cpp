// SPDX-License-Identifier: BSL-1.0
#include "sim/scenarios/sessions.hpp"

#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using namespace coterie::test;
namespace ses = coterie::test::sessions;

using ses::claim;
using ses::mistake;

TEST_CASE("a client that carries its version vector has all four guarantees") {
    check_holds(ses::scenario{}, 300);
    check_holds(ses::scenario{{.replicas = 5}}, 100);
}

TEST_CASE("without what it has read: reads go back, and writes come before what they follow") {
    const ses::design forgetful{.planted = mistake::reads_not_remembered};
    CHECK(first_caught(ses::scenario{forgetful, claim::monotonic_reads}, 200) != 0);
    CHECK(first_caught(ses::scenario{forgetful, claim::writes_follow_reads}, 200) != 0);
    // What depends on its writes alone still holds.
    check_holds(ses::scenario{forgetful, claim::read_your_writes}, 100);
    check_holds(ses::scenario{forgetful, claim::monotonic_writes}, 100);
}

TEST_CASE("without what it has written: its writes are not there, and come in any order") {
    const ses::design forgetful{.planted = mistake::writes_not_remembered};
    CHECK(first_caught(ses::scenario{forgetful, claim::read_your_writes}, 200) != 0);
    CHECK(first_caught(ses::scenario{forgetful, claim::monotonic_writes}, 200) != 0);
    check_holds(ses::scenario{forgetful, claim::monotonic_reads}, 100);
    check_holds(ses::scenario{forgetful, claim::writes_follow_reads}, 100);
}

TEST_CASE("a run of sessions is the same twice") { check_same_twice(ses::scenario{}, 20); }
