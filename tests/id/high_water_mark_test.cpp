// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/high_water_mark.hpp>

#include <chrono>
#include <expected>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::id::high_water_mark;
using coterie::id::id_errc;
using coterie::id::memory_mark;
using coterie::id::no_mark;
using coterie::id::sys_milliseconds;

namespace {

struct cannot_store {
    std::expected<sys_milliseconds, id_errc> load() const;
};
struct tells_nothing {
    std::expected<sys_milliseconds, id_errc> load() const;
    void store(sys_milliseconds);
};

}  // namespace

TEST_CASE("a mark loads and stores a time, and says whether it did") {
    STATIC_REQUIRE(high_water_mark<no_mark>);
    STATIC_REQUIRE(high_water_mark<memory_mark>);
    STATIC_REQUIRE(high_water_mark<memory_mark&>);
    STATIC_REQUIRE_FALSE(high_water_mark<const memory_mark&>);
    STATIC_REQUIRE_FALSE(high_water_mark<cannot_store>);
    STATIC_REQUIRE_FALSE(high_water_mark<tells_nothing>);
}

TEST_CASE("without a mark nothing is remembered") {
    CHECK(no_mark::store(sys_milliseconds(5ms)).has_value());
    CHECK(no_mark::load() == sys_milliseconds::min());
}

TEST_CASE("a mark in memory gives what was stored last, and counts") {
    memory_mark mark;
    CHECK(mark.load() == sys_milliseconds::min());
    CHECK(mark.stores() == 0);
    CHECK(mark.store(sys_milliseconds(7ms)).has_value());
    CHECK(mark.store(sys_milliseconds(5ms)).has_value());
    CHECK(mark.load() == sys_milliseconds(5ms));
    CHECK(mark.stores() == 2);
}
