// SPDX-License-Identifier: BSL-1.0
#pragma once

// A high-water mark in a file: what keeps a restarted generator from repeating ids when the clock went
// back meanwhile.
//
//   adapt::file_mark::create("/var/lib/orders/worker-3.mark");   // once, when the worker is set up
//
//   id::snowflake_generator<id::layouts::discord, system_clock, id::static_lease, adapt::file_mark> ids(
//       id::static_lease(3), {}, {}, adapt::file_mark("/var/lib/orders/worker-3.mark"));
//
// A mark that should be there and is not is an error, and there are no ids: a volume that is not mounted yet
// must not look like a worker that never made any. So only `create` makes a file, and `store` replaces one.
//
// The file is one line, the mark in milliseconds since 1970. A new mark is written beside it, synced and
// renamed over it, so that a crash leaves the old one or the new one. For POSIX systems.

#include <fcntl.h>
#include <stdio.h>  // renameat
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>

namespace coterie::inline v0::adapt {

/// Keeps the mark of one worker id in one file.
///
/// The path has to name a regular file. A symbolic link in its place is refused, whatever it points to; links
/// among the directories before it are followed. Two generators must not share a file, in one process or
/// in two, and nothing here notices when they do.
/// Errors: load_failed where there is no such file, or it cannot be read, or holds anything else than a mark;
/// store_failed where there is no such file any more, or the new one cannot be written, synced or renamed.
/// Complexity: a store writes and syncs a file of 14 bytes and its directory, which takes milliseconds on
/// most disks. Thread safety: none.
class file_mark {
public:
    /// The mark in a file that exists. Touches nothing yet.
    explicit file_mark(std::string path) : path_(std::move(path)) {}

    /// Makes the file of a worker id that has made no ids yet, for its set-up: `load` then gives the minimum.
    /// Returns when the file is on the disk.
    ///
    /// Errors: store_failed where there is anything of that name, or the file cannot be written or synced.
    [[nodiscard]] static std::expected<file_mark, mark_errc> create(std::string path);

    /// What was stored last, or the minimum where nothing was since `create`.
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

/// An open file or directory, or none.
class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int get() const noexcept { return fd_; }

    [[nodiscard]] bool is_regular() const noexcept {
        struct stat found = {};
        return ::fstat(fd_, &found) == 0 && S_ISREG(found.st_mode);
    }

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

/// The directory of a file, open, and the file's name in it. All that is done to the file is done there, so
/// that nobody who mounts or renames something meanwhile gets between the steps.
class place {
public:
    explicit place(const std::string& path)
        : name_(path.substr(path.rfind('/') + 1)),
          directory_(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

    /// Opens a file here; never by a link, and without waiting for anybody.
    [[nodiscard]] descriptor open(const std::string& name, int flags) const {
        // Without O_NONBLOCK it would wait for the other end of a pipe.
        return descriptor(::openat(directory_.get(), name.c_str(),
                                   flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    }

    /// Writes a file, through to the disk. Its name is durable once the directory is synced.
    [[nodiscard]] bool write(const std::string& name, std::string_view text, int flags) const {
        const descriptor file = open(name, O_WRONLY | O_CREAT | flags);
        if (!file.is_open() || !file.is_regular()) return false;
        if (file.write_all(text) && file.sync()) return true;
        remove(name);
        return false;
    }

    /// Whether there is a regular file of the name; a link is none.
    [[nodiscard]] bool holds(const std::string& name) const noexcept {
        struct stat found = {};
        return ::fstatat(directory_.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(found.st_mode);
    }

    [[nodiscard]] bool rename(const std::string& from, const std::string& to) const noexcept {
        return ::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) == 0;
    }

    void remove(const std::string& name) const noexcept {
        static_cast<void>(::unlinkat(directory_.get(), name.c_str(), 0));
    }

    [[nodiscard]] bool sync() const noexcept { return directory_.sync(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    static std::string directory_of(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos) return ".";
        return path.substr(0, slash + 1);
    }

    std::string name_;
    descriptor directory_;
};

/// The text of a mark.
inline std::string mark_text(sys_milliseconds t) {
    return std::to_string(t.time_since_epoch().count()) + '\n';
}

}  // namespace detail

inline std::expected<file_mark, mark_errc> file_mark::create(std::string path) {
    const detail::place at(path);
    if (!at.write(at.name(), detail::mark_text(sys_milliseconds::min()), O_EXCL)) {
        return std::unexpected(mark_errc::store_failed);
    }
    if (!at.sync()) {
        at.remove(at.name());
        return std::unexpected(mark_errc::store_failed);
    }
    return file_mark(std::move(path));
}

inline std::expected<sys_milliseconds, mark_errc> file_mark::load() const {
    const detail::place at(path_);
    const detail::descriptor file = at.open(at.name(), O_RDONLY);
    if (!file.is_open() || !file.is_regular()) return std::unexpected(mark_errc::load_failed);
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
    const detail::place at(path_);
    const std::string beside = at.name() + ".new";
    if (!at.holds(at.name()) || !at.write(beside, detail::mark_text(t), O_TRUNC)) {
        return std::unexpected(mark_errc::store_failed);
    }
    if (!at.rename(beside, at.name())) {
        at.remove(beside);
        return std::unexpected(mark_errc::store_failed);
    }
    if (!at.sync()) return std::unexpected(mark_errc::store_failed);
    return {};
}

}  // namespace coterie::inline v0::adapt
