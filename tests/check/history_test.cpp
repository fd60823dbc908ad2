// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/history.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>

#include "support/catch.hpp"

using namespace coterie;

namespace {

steady_time at(std::int64_t t) { return steady_time(std::chrono::nanoseconds(t)); }

using calls = check::history<std::string, int>;

}  // namespace

TEST_CASE("a history keeps what was invoked, and how it ended") {
    calls h;
    CHECK(h.empty());
    const auto done = h.invoke(3, "a", at(1));
    const auto failed = h.invoke(4, "b", at(2));
    const auto open = h.invoke(3, "c", at(3));
    h.fail(failed, at(5));
    h.complete(done, 7, at(4));
    REQUIRE(h.size() == 3);

    CHECK(h[done].client == 3);
    CHECK(h[done].input == "a");
    CHECK(h[done].invoked == at(1));
    CHECK(h[done].result == check::outcome::completed);
    CHECK(h[done].output == 7);
    CHECK(h[done].ended == at(4));

    CHECK(h[failed].result == check::outcome::failed);
    CHECK_FALSE(h[failed].output.has_value());
    CHECK(h[failed].ended == at(5));

    CHECK(h[open].result == check::outcome::unknown);
    CHECK(h[open].ended == steady_time::max());
}

TEST_CASE("operations precede each other or are concurrent") {
    calls h;
    h.complete(h.invoke(0, "", at(1)), 0, at(4));
    h.complete(h.invoke(1, "", at(4)), 0, at(6));
    h.invoke(2, "", at(5));
    h.complete(h.invoke(3, "", at(7)), 0, at(8));
    CHECK_FALSE(h[0].precedes(h[1]));
    CHECK_FALSE(h[1].precedes(h[0]));
    CHECK(h[0].precedes(h[2]));
    CHECK_FALSE(h[2].precedes(h[3]));
    CHECK(h[1].precedes(h[3]));
}

TEST_CASE("histories of several threads are joined") {
    calls mine, theirs;
    mine.complete(mine.invoke(0, "a", at(1)), 1, at(2));
    const auto first = theirs.invoke(1, "b", at(1));
    const auto second = theirs.invoke(1, "c", at(3));
    const auto here = mine.append(theirs);
    REQUIRE(mine.size() == 3);
    CHECK(mine[here + first].input == "b");
    CHECK(mine[here + second].input == "c");
    mine.complete(here + second, 5, at(9));
    CHECK(mine[2].output == 5);
}

TEST_CASE("outcomes and answers have words") {
    CHECK(describe(check::outcome::unknown) == std::string("unknown"));
    CHECK(describe(check::outcome::completed) == std::string("completed"));
    CHECK(describe(check::outcome::failed) == std::string("failed"));
    CHECK(describe(check::answer::no) == std::string("no"));
    CHECK(describe(check::answer::yes) == std::string("yes"));
    CHECK(describe(check::answer::unknown) == std::string("unknown"));
    CHECK(check::verdict());
    CHECK_FALSE(check::verdict{check::answer::unknown, "why", {}});
}
