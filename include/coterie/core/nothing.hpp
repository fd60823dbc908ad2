// SPDX-License-Identifier: BSL-1.0
#pragma once

// A type for where a template asks for a value and there is none to give: the input of an operation that asks
// for nothing in particular, the value of a mark that is only there or not there.
//
//   check::history<nothing, id::ulid> h;     // each operation asks for an id, and gets one

#include <compare>

namespace coterie::inline v0 {

/// A type with one value. A regular type; its encoding has no bytes.
struct nothing {
    friend constexpr auto operator<=>(const nothing&, const nothing&) = default;
};

}  // namespace coterie::inline v0
