// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/unique_ids.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/nothing.hpp>

#include "support/catch.hpp"

using namespace coterie;
using std::chrono::nanoseconds;

namespace {

steady_time at(std::int64_t t) { return steady_time(nanoseconds(t)); }

using ids = std::vector<check::operation_id>;

}  // namespace

TEST_CASE("ids are unique until one is given twice") {
    check::history<nothing, int> h;
    const auto give = [&](int id, int t) {
        const auto op = h.invoke(static_cast<check::client_id>(t), {}, at(t));
        h.complete(op, id, at(t + 1));
        return op;
    };
    CHECK(check::unique_ids(h));
    give(5, 1);
    const auto first = give(7, 2);
    h.invoke(9, {}, at(3));
    h.fail(h.invoke(9, {}, at(3)), at(4));
    CHECK(check::unique_ids(h));
    const auto second = give(7, 8);
    const check::verdict v = check::unique_ids(h);
    CHECK(v.answer == check::answer::no);
    CHECK(v.reason == "clients 2 and 8 were given the same id, 7");
    CHECK(v.offending == ids{first, second});
}
