// SPDX-License-Identifier: BSL-1.0
#pragma once

// A high-water mark in a file: what keeps a restarted generator from repeating ids when the clock went
// back meanwhile.
//
//   id::snowflake_generator<id::layouts::discord, system_clock, id::static_lease, adapt::file_mark> ids(
//       id::static_lease(3), {}, {}, adapt::file_mark("/var/lib/orders/worker-3.mark"));
//
// The file is one line, the mark in milliseconds since 1970. A new mark is written beside it, synced and
// renamed over it, so that a crash leaves the old one or the new one. For POSIX systems.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>

namespace coterie::inline v0::adapt {

/// Keeps the mark of one worker id in one file. Two generators must not share it.
///
/// Errors: load_failed where the file cannot be read, or holds anything else than a mark; store_failed
/// where it cannot be written or synced. A file that does not exist is no error: nothing was marked yet. Its directory must exist.
/// Complexity: a store writes and syncs a file of 14 bytes and its directory, which takes milliseconds on
/// most disks. Thread safety: none.
class file_mark {
public:
    /// Touches nothing yet.
    explicit file_mark(std::string path) : path_(std::move(path)) {}

    /// What was stored last, or the minimum where there is no file.
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const;

    /// Returns when the mark is on the disk.
    [[nodiscard]] std::expected<void, mark_errc> store(sys_milliseconds t) const;

    /// Where the mark is.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// An open file, or none.
class descriptor {
public:
    descriptor(const std::string& path, int flags) noexcept
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

    /// Reads all, at most `most` bytes. Returns false where that fails or there is more.
    bool read_all(std::string& out, std::size_t most) const {
        out.resize(most + 1);
        std::size_t size = 0;
        while (size < out.size()) {
            const auto got = ::read(fd_, out.data() + size, out.size() - size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return false;
            if (got == 0) break;
            size += static_cast<std::size_t>(got);
        }
        out.resize(size);
        return size <= most;
    }

    [[nodiscard]] bool write_all(std::string_view text) const noexcept {
        while (!text.empty()) {
            const auto put = ::write(fd_, text.data(), text.size());
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(put));
        }
        return true;
    }

    [[nodiscard]] bool sync() const noexcept { return ::fsync(fd_) == 0; }

private:
    int fd_;
};

inline std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace detail

inline std::expected<sys_milliseconds, mark_errc> file_mark::load() const {
    const detail::descriptor file(path_, O_RDONLY);
    if (!file.is_open()) {
        if (errno == ENOENT) return sys_milliseconds::min();
        return std::unexpected(mark_errc::load_failed);
    }
    constexpr std::size_t longest = 21;  // a sign, 19 digits, the end of the line
    std::string text;
    if (!file.read_all(text, longest)) return std::unexpected(mark_errc::load_failed);
    std::chrono::milliseconds::rep ms = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, ms);
    if (error != std::errc{} || std::string_view(rest, end) != "\n") {
        return std::unexpected(mark_errc::load_failed);
    }
    return sys_milliseconds(std::chrono::milliseconds(ms));
}

inline std::expected<void, mark_errc> file_mark::store(sys_milliseconds t) const {
    const std::string beside = path_ + ".new";
    {
        const detail::descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
        const std::string text = std::to_string(t.time_since_epoch().count()) + '\n';
        if (!file.is_open() || !file.write_all(text) || !file.sync()) {
            return std::unexpected(mark_errc::store_failed);
        }
    }
    if (std::rename(beside.c_str(), path_.c_str()) != 0) {
        return std::unexpected(mark_errc::store_failed);
    }
    // The new name is durable once the directory is.
    const detail::descriptor directory(detail::directory_of(path_), O_RDONLY);
    if (!directory.is_open() || !directory.sync()) return std::unexpected(mark_errc::store_failed);
    return {};
}

}  // namespace coterie::inline v0::adapt
