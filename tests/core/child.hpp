// SPDX-License-Identifier: BSL-1.0
#pragma once

// Code that runs in a child process: what forks must not share, and preconditions that end the program.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <coterie/core/assert.hpp>

namespace coterie::test {

/// How a child ended, and what it wrote to the descriptor that it was given.
struct child_result {
    bool started = false;
    int status = -1;
    std::string output;

    [[nodiscard]] bool exited_with(int code) const {
        return started && WIFEXITED(status) && WEXITSTATUS(status) == code;
    }
    [[nodiscard]] bool aborted() const {
        return started && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    }
};

/// Writes all of a buffer, or ends the process.
inline void write_all(int descriptor, const void* data, std::size_t size) {
    const char* from = static_cast<const char*>(data);
    while (size > 0) {
        const auto written = ::write(descriptor, from, size);
        if (written <= 0) ::_exit(99);
        from += written;
        size -= static_cast<std::size_t>(written);
    }
}

/// Runs `f(descriptor)` in a child of fork(), which exits with 0 when f returns.
template <class F>
child_result in_child(F&& f) {
    child_result result;
    int ends[2] = {};
    if (::pipe(ends) != 0) return result;
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        return result;
    }
    if (child == 0) {
        ::close(ends[0]);
        f(ends[1]);
        ::_exit(0);
    }
    ::close(ends[1]);
    char buffer[4096];
    for (;;) {
        const auto got = ::read(ends[0], buffer, sizeof(buffer));
        if (got <= 0) break;
        result.output.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    result.started = ::waitpid(child, &result.status, 0) == child;
    return result;
}

namespace detail {

inline int report_to = -1;

inline void report(const char* condition, const char*, unsigned) {
    write_all(report_to, condition, std::string_view(condition).size());
}

}  // namespace detail

/// The text of the precondition that `f()` breaks, if it then aborts; else what happened instead.
template <class F>
std::string broken_precondition(F&& f) {
    const child_result result = in_child([&f](int descriptor) {
        // The test framework catches the signal, and a core file would be litter.
        std::signal(SIGABRT, SIG_DFL);
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        detail::report_to = descriptor;
        set_assert_handler(detail::report);
        f();
    });
    if (!result.started) return "(no child process)";
    if (!result.aborted()) return "(not aborted) " + result.output;
    return result.output;
}

}  // namespace coterie::test
