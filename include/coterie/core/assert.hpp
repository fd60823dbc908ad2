// SPDX-License-Identifier: BSL-1.0
#pragma once

// A broken precondition is a bug in the calling code, not a failure of the world: it is asserted, not
// returned. COTERIE_ASSERT checks in every build mode, costs one predictable branch, and stops the
// program before the bug reaches somebody's data. In a constant expression it stops the compilation.
//
// To change what happens (log, dump, end the process in your own way), set the handler once, before
// threads start. To replace the check itself, define COTERIE_ASSERT on the command line of the whole
// program: never in one source file alone, since the same inline functions would then mean two things.

#include <cstdio>
#include <cstdlib>

#ifndef COTERIE_ASSERT
/// Checks a precondition; see the top of this header.
#define COTERIE_ASSERT(...) \
    ((__VA_ARGS__) ? void() : ::coterie::detail::assert_failed(#__VA_ARGS__, __FILE__, __LINE__))
#endif

namespace coterie::inline v0 {

/// What a broken precondition calls: the text of the condition, and where it stands.
///
/// If the handler returns, the program is aborted.
using assert_handler = void (*)(const char* condition, const char* file, unsigned line);

/// Sets what a broken precondition calls, for the whole program; null restores the default.
///
/// Returns: the handler that was set before.
/// Thread safety: none; call it before threads start.
inline assert_handler set_assert_handler(assert_handler handler) noexcept;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline void print_broken_precondition(const char* condition, const char* file, unsigned line) {
    std::fprintf(stderr, "%s:%u: precondition broken: %s\n", file, line, condition);
}

inline constinit assert_handler current_assert_handler = print_broken_precondition;

[[noreturn]] inline void assert_failed(const char* condition, const char* file, unsigned line) {
    current_assert_handler(condition, file, line);
    std::abort();
}

}  // namespace detail

inline assert_handler set_assert_handler(assert_handler handler) noexcept {
    const assert_handler previous = detail::current_assert_handler;
    detail::current_assert_handler =
        handler != nullptr ? handler : detail::print_broken_precondition;
    return previous;
}

}  // namespace coterie::inline v0
