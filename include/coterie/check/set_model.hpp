// SPDX-License-Identifier: BSL-1.0
#pragma once

// A set with add, remove and contains, as a model of linearizable(). Elements are independent of each other, so
// each is checked by itself.
//
//   check::history_of<check::set_model<int>> h;
//   h.complete(h.invoke(0, {check::set_call::add, 3}, t0), true, t1);   // it was new

#include <cstddef>
#include <cstdint>
#include <string>

#include <coterie/check/text_of.hpp>

namespace coterie::inline v0::check {

/// What a client asks of a set.
enum class set_call : std::uint8_t {
    add,
    remove,
    contains
};

/// A call of a set.
template <class T>
struct set_input {
    set_call kind = set_call::contains;
    T value{};

    friend bool operator==(const set_input&, const set_input&) = default;
};

/// A set that is empty at first. An add gives whether the element was new, remove and contains whether it was
/// there. T: regular and ordered.
template <class T>
struct set_model {
    using state = bool;  // whether the element is in the set
    using input = set_input<T>;
    using output = bool;

    /// The state at first.
    [[nodiscard]] state initial() const { return false; }

    /// What it is on.
    [[nodiscard]] const T& key(const input& in) const { return in.value; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] bool step(state& is_in, const input& in, const output* out) const {
        const bool given = in.kind == set_call::add ? !is_in : is_in;
        if (in.kind != set_call::contains) is_in = in.kind == set_call::add;
        return out == nullptr || *out == given;
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        static constexpr const char* names[] = {"add ", "remove ", "contains "};
        return names[static_cast<std::size_t>(in.kind)] + detail::text_of(in.value) + ": " +
               (out == nullptr ? "?"
                : *out         ? "yes"
                               : "no");
    }
};

}  // namespace coterie::inline v0::check
