// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/flag.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/flags.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::test::flag_case;

namespace {

constexpr replica_id a{1, 0}, b{2, 0};

}  // namespace

TEST_CASE("an ew_flag is enabled if an enable is the latest, or among the latest") {
    test::check_specification<flag_case<crdt::ew_flag<>, true>>(100, 80);
}

TEST_CASE("a dw_flag is disabled if a disable is the latest, or among the latest") {
    test::check_specification<flag_case<crdt::dw_flag<>, false>>(100, 80);
}

TEST_CASE("the first state of a flag") {
    CHECK_FALSE(crdt::ew_flag<>().is_enabled());
    CHECK(crdt::dw_flag<>().is_enabled());
}

TEST_CASE("hostile bytes of flags") {
    crdt::ew_flag<> x, y;
    (void)x.enable(a);
    (void)y.enable(b);
    x.merge(y);
    test::check_hostile_bytes(x);
    crdt::dw_flag<> z;
    (void)z.disable(a);
    (void)z.enable(a);
    (void)z.disable(b);
    test::check_hostile_bytes(z);
}
