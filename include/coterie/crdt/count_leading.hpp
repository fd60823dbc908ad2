// SPDX-License-Identifier: BSL-1.0
#pragma once

// A binary search in a vector, where <algorithm> would be a quarter of what a header may cost. For the library's
// own headers.

#include <cstddef>
#include <vector>

namespace coterie::inline v0::crdt::detail {

/// How many elements at the beginning have a property that no later one has. Complexity: logarithmic.
template <class T, class Property>
std::size_t count_leading(const std::vector<T>& elements, Property has_it) {
    std::size_t first = 0;
    for (std::size_t size = elements.size(); size != 0;) {
        const std::size_t half = size / 2;
        const bool goes_on = has_it(elements[first + half]);
        first += goes_on ? half + 1 : 0;
        size = goes_on ? size - half - 1 : half;
    }
    return first;
}

}  // namespace coterie::inline v0::crdt::detail
