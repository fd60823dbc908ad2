// SPDX-License-Identifier: BSL-1.0
#include <coterie/adapt/file_mark.hpp>

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake_generator.hpp>

#include "core/child.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::adapt::file_mark;
using coterie::mark_errc;
using coterie::sys_milliseconds;

namespace {

namespace fs = std::filesystem;

/// A new folder, which goes when the test ends.
struct scratch {
    fs::path path = fs::temp_directory_path() / ("coterie-mark-" + std::to_string(test::seed()));
    scratch() {
        fs::remove_all(path);
        fs::create_directory(path);
    }
    ~scratch() { fs::remove_all(path); }
};

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a file keeps a mark") {
    STATIC_REQUIRE(high_water_mark<file_mark>);
    STATIC_REQUIRE(high_water_mark<const file_mark&>);
    const scratch dir;
    const fs::path path = dir.path / "worker-3.mark";
    const file_mark mark(path.string());
    CHECK(mark.path() == path.string());
    CHECK(mark.load() == sys_milliseconds::min());
    CHECK_FALSE(fs::exists(path));
    for (const auto t :
         {sys_milliseconds(1770076800000ms), sys_milliseconds(0ms), sys_milliseconds(-1ms),
          sys_milliseconds::max(), sys_milliseconds::min()}) {
        REQUIRE(mark.store(t).has_value());
        CHECK(mark.load() == t);
        CHECK(file_mark(path.string()).load() == t);
    }
    REQUIRE(mark.store(sys_milliseconds(1770076800000ms)).has_value());
    CHECK(read(path) == "1770076800000\n");
    // Nothing is left beside it.
    CHECK(std::distance(fs::directory_iterator(dir.path), {}) == 1);
}

TEST_CASE("a file that holds anything else than a mark is no mark") {
    const scratch dir;
    const fs::path path = dir.path / "mark";
    const std::string whole = "1770076800000\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        write(path, whole.substr(0, size));
        CHECK(file_mark(path.string()).load() == std::unexpected(mark_errc::load_failed));
    }
    for (const std::string text :
         {"\n", "x\n", " 1\n", "+1\n", "1 \n", "1\n\n", "1\r\n", "0x10\n", "1.5\n", "--1\n",
          "9223372036854775808\n", "-9223372036854775809\n", "99999999999999999999999999\n"}) {
        INFO(text);
        write(path, text);
        CHECK(file_mark(path.string()).load() == std::unexpected(mark_errc::load_failed));
    }
    write(path, std::string("1\0\n", 3));
    CHECK(file_mark(path.string()).load() == std::unexpected(mark_errc::load_failed));
    write(path, "-9223372036854775808\n");
    CHECK(file_mark(path.string()).load() == sys_milliseconds::min());
}

TEST_CASE("a file that cannot be read or written is an error") {
    const scratch dir;
    const file_mark nowhere((dir.path / "no" / "such" / "folder").string());
    CHECK(nowhere.load() == sys_milliseconds::min());
    CHECK(nowhere.store({}) == std::unexpected(mark_errc::store_failed));
    // A folder is opened, and cannot be read.
    const file_mark folder(dir.path.string());
    CHECK(folder.load() == std::unexpected(mark_errc::load_failed));
    CHECK(folder.store({}) == std::unexpected(mark_errc::store_failed));
    CHECK(file_mark((dir.path / std::string(300, 'x')).string()).load() ==
          std::unexpected(mark_errc::load_failed));
}

TEST_CASE("a disk that is full leaves the old mark") {
    const scratch dir;
    const file_mark mark((dir.path / "mark").string());
    REQUIRE(mark.store(sys_milliseconds(5ms)).has_value());
    const auto child = test::in_child([&](int descriptor) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{3, 3};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const bool failed =
            mark.store(sys_milliseconds(1770076800000ms)) == std::unexpected(mark_errc::store_failed);
        test::write_all(descriptor, failed ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
    CHECK(mark.load() == sys_milliseconds(5ms));
}

TEST_CASE("a mark in the working directory needs no slash") {
    const scratch dir;
    const auto child = test::in_child([&](int descriptor) {
        fs::current_path(dir.path);
        const file_mark mark("mark");
        const bool works =
            mark.store(sys_milliseconds(7ms)).has_value() && mark.load() == sys_milliseconds(7ms);
        test::write_all(descriptor, works ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
    CHECK(read(dir.path / "mark") == "7\n");
}

TEST_CASE("a generator that is restarted on a clock that went back begins beyond its file") {
    const scratch dir;
    const std::string path = (dir.path / "mark").string();
    constexpr std::chrono::sys_days day{std::chrono::year{2026} / 2 / 3};
    manual_clock clock(day + 1s);
    using generator =
        id::snowflake_generator<id::layouts::discord, manual_clock&, id::static_lease, file_mark>;
    std::uint64_t last = 0;
    {
        generator ids(id::static_lease(3), {.mark_ahead = 100ms}, clock, file_mark(path));
        for (int i = 0; i < 50; ++i) {
            last = ids.next().value().value();
            clock.advance(1ms);
        }
    }
    clock.set(day);
    generator ids(id::static_lease(3), {.mark_ahead = 100ms}, clock, file_mark(path));
    CHECK(ids.next().value().value() > last);
}
