// SPDX-License-Identifier: BSL-1.0
#pragma once

// Properties that RapidCheck tries to refute, with values that it draws, and shrinks where it succeeds:
//
//   CHECK(test::check_property("a sum", [] {
//       const auto x = test::any<std::uint64_t>(), y = test::any<std::uint64_t>();
//       test::require(x + y == y + x);
//   }));
//
// RapidCheck's own headers are dear to compile: only properties.cpp includes them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

namespace coterie::test {

/// Tries a property a hundred times, and prints what refutes it. Returns whether nothing did.
[[nodiscard]] bool check_property(const std::string& name, const std::function<void()>& property);

// What follows is for use within a property.

/// What must hold: the property is refuted otherwise.
void require(bool holds, std::source_location where = std::source_location::current());

/// A value of a type, at first small or short. The types are those that are named below.
template <class T>
[[nodiscard]] T any();

extern template std::uint64_t any();
extern template std::int64_t any();
extern template std::string any();
extern template std::vector<std::uint16_t> any();
extern template std::vector<std::int32_t> any();

/// A number less than `end`, which is not 0.
[[nodiscard]] std::size_t any_below(std::size_t end);

}  // namespace coterie::test
