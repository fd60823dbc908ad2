// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/sortable_ids.hpp"

#include <vector>

#include <coterie/id/uuid_v7_generator.hpp>

#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::id::uuid_v7_method;
using test::sortable_ids;

namespace {

using ulids = sortable_ids<test::detail::ulid_source>;
template <uuid_v7_method Method>
using uuids = sortable_ids<test::detail::uuid_source<Method>>;
using naive_ulids = sortable_ids<test::detail::naive_ulid_source>;

std::vector<test::planted> mistakes() {
    return {{"an equality test on the clock, in a generator of ULIDs", naive_ulids{}, ulids{}, 1}};
}

}  // namespace

TEST_CASE("ULIDs of a node grow, whatever its clock does") { test::check_holds(ulids{}, 100); }

TEST_CASE("version 7 UUIDs of a node grow, whatever its clock does") {
    test::check_holds(uuids<uuid_v7_method::fixed_length_counter>{}, 50);
    test::check_holds(uuids<uuid_v7_method::monotonic_random>{}, 50);
    test::check_holds(uuids<uuid_v7_method::increased_clock_precision>{}, 50);
}

TEST_CASE("a mistake with ULIDs is found") { test::check_caught(mistakes()); }

TEST_CASE("a mistake with ULIDs: a sweep", "[.sweep]") { test::check_sweep(mistakes()); }
