// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which field of a layout is which, by name or by role, and where its bits lie. For the library's own headers.

#include <cstddef>
#include <string_view>

#include <coterie/id/layout.hpp>

namespace coterie::inline v0::id::detail {

/// A string that can be a template argument.
template <std::size_t N>
struct fixed_string {
    char text[N];
    // NOLINTNEXTLINE(google-explicit-constructor): "name" is meant to convert
    consteval fixed_string(const char (&from)[N]) {
        for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
    }
    [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

/// Where a field lies: its lowest bit.
template <class Layout>
constexpr unsigned shift_of(std::size_t index) {
    unsigned shift = 0;
    for (std::size_t i = index + 1; i < Layout::fields.size(); ++i) shift += Layout::fields[i].bits;
    return shift;
}

/// The index of a named field, or the number of fields.
template <class Layout>
constexpr std::size_t field_index(std::string_view name) {
    std::size_t i = 0;
    while (i < Layout::fields.size() && Layout::fields[i].name != name) ++i;
    return i;
}

/// The index of the only field of a role, or the number of fields.
template <class Layout>
consteval std::size_t role_index(field_role role) {
    std::size_t i = 0;
    while (i < Layout::fields.size() && Layout::fields[i].role != role) ++i;
    return i;
}

/// Whether no node or sequence stands above the timestamp, so that ids sort by time.
template <class Layout>
consteval bool sorts_by_time() {
    for (const auto& f : Layout::fields) {
        if (f.role == field_role::timestamp) return true;
        if (f.role != field_role::unused) return false;
    }
    return false;
}

template <class Layout, fixed_string Name>
concept has_field = field_index<Layout>(Name.view()) < Layout::fields.size();

}  // namespace coterie::inline v0::id::detail
