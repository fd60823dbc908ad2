// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/high_water_mark.hpp>

#include <chrono>
#include <expected>

#include <coterie/core/text.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::high_water_mark;
using coterie::mark_errc;
using coterie::memory_mark;
using coterie::no_mark;
using coterie::sys_milliseconds;

namespace {

struct cannot_store {
    std::expected<sys_milliseconds, mark_errc> load() const;
};
struct tells_nothing {
    std::expected<sys_milliseconds, mark_errc> load() const;
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

TEST_CASE("a mark says what failed") {
    CHECK(coterie::to_string(mark_errc::load_failed) == "high-water mark cannot be read");
    CHECK(coterie::to_string(mark_errc::store_failed) == "high-water mark cannot be written");
    CHECK(coterie::to_string(static_cast<mark_errc>(99)) == "unknown mark error");
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
