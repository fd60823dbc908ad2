// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a checker says of a history: yes, no and why, or that it gave up.
//
//   if (const check::verdict v = check::linearizable(h, model); !v) std::puts(v.reason.c_str());

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>

namespace coterie::inline v0::check {

/// Whether a history is what it should be.
enum class answer : std::uint8_t {
    no,
    yes,
    unknown,  ///< the checker came to its bound first
};

[[nodiscard]] constexpr const char* describe(answer a) noexcept {
    switch (a) {
        case answer::no: return "no";
        case answer::yes: return "yes";
        case answer::unknown: return "unknown";
    }
    return "no answer";
}

/// An answer with its evidence.
struct verdict {
    check::answer answer = check::answer::yes;
    /// One sentence for a test report; empty where the answer is yes.
    std::string reason;
    /// The operations that are to blame, in the order of the history. Of a checker that does not work on a
    /// history but on a list, the indices into that.
    std::vector<operation_id> offending;

    /// True for yes alone.
    explicit operator bool() const noexcept { return answer == check::answer::yes; }
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline verdict no(std::string reason, std::vector<operation_id> offending) {
    return {answer::no, std::move(reason), std::move(offending)};
}

}  // namespace detail

}  // namespace coterie::inline v0::check
