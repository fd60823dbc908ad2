// SPDX-License-Identifier: BSL-1.0
#include <coterie/sim/disk.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using sim::disk;
using sim::disk_errc;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text(const disk& d, std::string_view file) {
    std::string s;
    for (const std::byte b : d.read(file)) s += static_cast<char>(b);
    return s;
}

disk new_disk(std::uint64_t number = 0) { return disk(rng(test::seed(), "disk", number)); }

}  // namespace

TEST_CASE("what is written can be read, synced or not") {
    disk d = new_disk();
    CHECK(text(d, "log").empty());
    CHECK(d.append("log", bytes("one ")));
    CHECK(d.append("log", bytes("two")));
    CHECK(text(d, "log") == "one two");
    CHECK(d.sync_now("log"));
    CHECK(d.sync_now("no such file"));
    CHECK(d.replace("log", bytes("three")));
    CHECK(d.append("other", bytes("x")));
    CHECK(text(d, "log") == "three");
    CHECK(d.files() == std::vector<std::string>{"log", "other"});
    d.wipe();
    CHECK(d.size() == 0);
    CHECK(text(d, "log").empty());
}

TEST_CASE("a crash keeps what is synced and a beginning of what is not") {
    bool lost = false;
    bool kept = false;
    bool torn = false;
    for (std::uint64_t round = 0; round < 400; ++round) {
        disk d = new_disk(round);
        (void)d.append("log", bytes("synced."));
        (void)d.sync_now("log");
        (void)d.append("log", bytes("first."));
        (void)d.append("log", bytes("second."));
        d.crash();
        const std::string left = text(d, "log");
        const std::string whole = "synced.first.second.";
        REQUIRE(left.size() >= 7);
        REQUIRE(whole.starts_with(left));
        lost |= left.size() == 7;
        kept |= left == whole;
        torn |= left.size() != 7 && left.size() != 13 && left != whole;
        d.crash();
        REQUIRE(text(d, "log") == left);
    }
    CHECK(lost);
    CHECK(kept);
    CHECK(torn);
}

TEST_CASE("without survival and tearing, all that is unsynced is lost") {
    for (std::uint64_t round = 0; round < 50; ++round) {
        disk d = new_disk(round);
        d.set_profile({.survival = 0, .tearing = 0});
        (void)d.append("log", bytes("a"));
        (void)d.sync_now("log");
        (void)d.append("log", bytes("b"));
        d.crash();
        REQUIRE(text(d, "log") == "a");
    }
}

TEST_CASE("a replacement is there or not, whole") {
    int old = 0;
    for (std::uint64_t round = 0; round < 400; ++round) {
        disk d = new_disk(round);
        d.set_profile({.survival = 0.5, .tearing = 1});
        (void)d.append("state", bytes("old"));
        (void)d.sync_now("state");
        (void)d.replace("state", bytes("new"));
        d.crash();
        REQUIRE((text(d, "state") == "old" || text(d, "state") == "new"));
        old += text(d, "state") == "old" ? 1 : 0;
    }
    CHECK(old == Approx(200).margin(5 * std::sqrt(400 * 0.25)));
}

TEST_CASE("full, failing, rotten") {
    disk d = new_disk();
    d.set_profile({.capacity = 5});
    CHECK(d.append("a", bytes("123")));
    CHECK(d.append("b", bytes("456")).error() == disk_errc::full);
    CHECK(d.append("b", bytes("45")));
    CHECK(d.append("a", bytes("")));
    CHECK(text(d, "a") == "123");

    d.set_profile({.failure = 1});
    CHECK(d.append("a", bytes("x")).error() == disk_errc::io_error);
    CHECK(d.sync_now("a").error() == disk_errc::io_error);
    CHECK(std::string_view(describe(disk_errc::io_error)) == "the disk failed");

    d.set_profile({});
    (void)d.sync_now("a");
    const auto before = d.read("a");
    d.corrupt("a");
    d.corrupt("no such file");
    const auto after = d.read("a");
    int flipped = 0;
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i)
        flipped += std::popcount(std::to_integer<unsigned>(before[i] ^ after[i]));
    CHECK(flipped == 1);
}

TEST_CASE("a sync goes up to where it began") {
    disk d = new_disk();
    d.set_profile({.survival = 0, .tearing = 0});
    CHECK(d.position("log") == 0);
    (void)d.append("log", bytes("a"));
    const auto begun = d.position("log");
    (void)d.append("log", bytes("b"));
    CHECK(d.position("log") == 2);
    CHECK(d.sync_now("log", begun));
    CHECK(d.position("log") == 2);
    d.crash();
    CHECK(text(d, "log") == "a");
    // An earlier sync that comes late makes nothing durable that came after it.
    (void)d.append("log", bytes("c"));
    CHECK(d.sync_now("log", begun));
    d.crash();
    CHECK(text(d, "log") == "a");
}

TEST_CASE("a replacement makes room") {
    disk d = new_disk();
    d.set_profile({.capacity = 10});
    for (int i = 0; i < 20; ++i) {
        REQUIRE(d.replace("state", bytes("four")));
        REQUIRE(d.sync_now("state"));
    }
    CHECK(d.size() == 4);
}
