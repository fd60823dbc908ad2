// SPDX-License-Identifier: BSL-1.0
#include <coterie/adapt/file_mark.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

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
using coterie::mark_errc;
using coterie::sys_milliseconds;
using coterie::adapt::file_mark;

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
    const file_mark mark = file_mark::create(path.string()).value();
    CHECK(mark.path() == path.string());
    CHECK(mark.load() == sys_milliseconds::min());
    CHECK(fs::is_regular_file(path));
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
    CHECK(nowhere.load() == std::unexpected(mark_errc::load_failed));
    CHECK(nowhere.store({}) == std::unexpected(mark_errc::store_failed));
    // A folder is opened, and cannot be read.
    const file_mark folder(dir.path.string());
    CHECK(folder.load() == std::unexpected(mark_errc::load_failed));
    CHECK(folder.store({}) == std::unexpected(mark_errc::store_failed));
    CHECK_FALSE(fs::exists(dir.path.string() + ".new"));
    CHECK(file_mark((dir.path / std::string(300, 'x')).string()).load() ==
          std::unexpected(mark_errc::load_failed));
}

namespace {

/// What may be where a mark should be: how it comes there, and whether it is a mark.
struct thing {
    const char* name;
    void (*put)(const fs::path&);
    bool is_mark;
};

constexpr std::string_view stored = "1770076800000\n";

void put_link(const fs::path& at, const fs::path& target) { fs::create_symlink(target, at); }

const std::array things{
    thing{"nothing", [](const fs::path&) {}, false},
    thing{"a mark", [](const fs::path& at) { write(at, std::string(stored)); }, true},
    thing{"an empty file", [](const fs::path& at) { write(at, ""); }, false},
    thing{"a truncated mark",
          [](const fs::path& at) { write(at, std::string(stored.substr(0, 5))); }, false},
    thing{"a folder", [](const fs::path& at) { fs::create_directory(at); }, false},
    thing{"a link to nothing", [](const fs::path& at) { put_link(at, "gone"); }, false},
    thing{"a link to itself", [](const fs::path& at) { put_link(at, at.filename()); }, false},
    thing{"a link to a folder", [](const fs::path& at) { put_link(at, "."); }, false},
    thing{"a link to a mark",
          [](const fs::path& at) {
              write(at.parent_path() / "elsewhere", std::string(stored));
              put_link(at, "elsewhere");
          },
          false},
    thing{"a pipe", [](const fs::path& at) { REQUIRE(::mkfifo(at.c_str(), 0600) == 0); }, false},
    thing{"no folder", [](const fs::path& at) { fs::remove(at.parent_path()); }, false},
    thing{"a file for a folder",
          [](const fs::path& at) {
              fs::remove(at.parent_path());
              write(at.parent_path(), std::string(stored));
          },
          false},
};

/// All that is in a folder: names, kinds, and what is in files.
std::string listing(const fs::path& folder) {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        std::string line = entry.path().string();
        if (entry.is_symlink()) {
            line += " -> " + fs::read_symlink(entry.path()).string();
        } else if (entry.is_regular_file()) {
            line += ": " + read(entry.path());
        }
        all.insert(line);
    }
    std::string text;
    for (const auto& line : all) text += line + '\n';
    return text;
}

}  // namespace

TEST_CASE("whatever is in a mark's place and is none is an error, and stays as it is") {
    for (const auto& thing : things) {
        INFO(thing.name);
        const scratch dir;
        const fs::path folder = dir.path / "folder";
        fs::create_directory(folder);
        thing.put(folder / "mark");
        const file_mark mark((folder / "mark").string());
        const std::string before = listing(dir.path);
        const auto loaded = mark.load();
        if (thing.is_mark) {
            CHECK(loaded == sys_milliseconds(1770076800000ms));
        } else {
            CHECK(loaded == std::unexpected(mark_errc::load_failed));
        }
        CHECK(listing(dir.path) == before);

        // What is made anew is only what is not there.
        const bool is_free = std::string_view(thing.name) == "nothing";
        if (!is_free) {
            CHECK(file_mark::create(mark.path()).error() == mark_errc::store_failed);
            CHECK(listing(dir.path) == before);
        }

        // What is replaced is only a file.
        const bool is_file = fs::is_regular_file(fs::symlink_status(folder / "mark"));
        CHECK(mark.store(sys_milliseconds(9ms)).has_value() == is_file);
        if (is_file) {
            CHECK(mark.load() == sys_milliseconds(9ms));
        } else {
            CHECK(listing(dir.path) == before);
        }

        // No ids, but under a mark.
        id::snowflake_generator<id::layouts::discord, system_clock, id::static_lease, file_mark>
            ids(id::static_lease(3), {}, {}, mark);
        CHECK(ids.next().has_value() == is_file);
    }
}

TEST_CASE("a mark whose volume goes while ids are made is not begun anew in its place") {
    const scratch dir;
    const fs::path folder = dir.path / "volume", away = dir.path / "away";
    fs::create_directory(folder);
    const file_mark mark = file_mark::create((folder / "mark").string()).value();
    REQUIRE(mark.store(sys_milliseconds(5ms)).has_value());
    // The volume is unmounted: the folder below is there, and empty.
    fs::rename(folder, away);
    fs::create_directory(folder);
    CHECK(mark.store(sys_milliseconds(6ms)) == std::unexpected(mark_errc::store_failed));
    CHECK(mark.load() == std::unexpected(mark_errc::load_failed));
    CHECK(fs::is_empty(folder));
    // And comes back.
    fs::remove(folder);
    fs::rename(away, folder);
    CHECK(mark.load() == sys_milliseconds(5ms));
    CHECK(mark.store(sys_milliseconds(6ms)).has_value());
}

TEST_CASE("links among the folders of a mark are followed") {
    const scratch dir;
    fs::create_directory(dir.path / "volume");
    fs::create_directory_symlink("volume", dir.path / "link");
    const file_mark mark = file_mark::create((dir.path / "link" / "mark").string()).value();
    REQUIRE(mark.store(sys_milliseconds(5ms)).has_value());
    CHECK(read(dir.path / "volume" / "mark") == "5\n");
    CHECK(fs::is_symlink(dir.path / "link"));
}

TEST_CASE("what a crash left beside a mark is replaced, unless it is no file") {
    const scratch dir;
    const file_mark mark = file_mark::create((dir.path / "mark").string()).value();
    write(dir.path / "mark.new", "17700");
    REQUIRE(mark.store(sys_milliseconds(5ms)).has_value());
    CHECK(read(dir.path / "mark") == "5\n");
    CHECK_FALSE(fs::exists(dir.path / "mark.new"));
    write(dir.path / "other", "dear");
    fs::create_symlink("other", dir.path / "mark.new");
    CHECK(mark.store(sys_milliseconds(6ms)) == std::unexpected(mark_errc::store_failed));
    CHECK(read(dir.path / "other") == "dear");
    CHECK(mark.load() == sys_milliseconds(5ms));
}

TEST_CASE("a mark that nobody may read or write is an error") {
    if (::geteuid() == 0) return;  // who may do all
    const scratch dir;
    const file_mark mark = file_mark::create((dir.path / "mark").string()).value();
    fs::permissions(dir.path / "mark", fs::perms::none);
    CHECK(mark.load() == std::unexpected(mark_errc::load_failed));
    fs::permissions(dir.path / "mark", fs::perms::owner_all);
    fs::permissions(dir.path, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(mark.store(sys_milliseconds(5ms)) == std::unexpected(mark_errc::store_failed));
    CHECK_FALSE(file_mark::create((dir.path / "mark2").string()).has_value());
    fs::permissions(dir.path, fs::perms::owner_all);
    CHECK(mark.load() == sys_milliseconds::min());
}

TEST_CASE("a disk that is full leaves the old mark") {
    const scratch dir;
    const file_mark mark = file_mark::create((dir.path / "mark").string()).value();
    REQUIRE(mark.store(sys_milliseconds(5ms)).has_value());
    const auto child = test::in_child([&](int descriptor) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{3, 3};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const bool failed = mark.store(sys_milliseconds(1770076800000ms)) ==
                            std::unexpected(mark_errc::store_failed);
        test::write_all(descriptor, failed ? "y" : "n", 1);
    });
    CHECK(child.output == "y");
    CHECK(mark.load() == sys_milliseconds(5ms));
    CHECK(std::distance(fs::directory_iterator(dir.path), {}) == 1);
}

TEST_CASE("a mark in the working directory needs no slash") {
    const scratch dir;
    const auto child = test::in_child([&](int descriptor) {
        fs::current_path(dir.path);
        const auto mark = file_mark::create("mark").value();
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
    REQUIRE(file_mark::create(path).has_value());
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
