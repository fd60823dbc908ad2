// SPDX-License-Identifier: BSL-1.0
#pragma once

// The chapters of the tour, in the order in which they are told. Each prints itself to standard output
// and, unless it is told live, prints the same every time.

#include <string>

namespace tour {

/// How a chapter is told.
struct telling {
    bool live = false;  // with the machine's clock and entropy, where the chapter uses any
    std::string diagram = "tour.svg";  // where the last chapter draws
};

/// Chapter 1: ids that the world knows, field by field.
void ids_explained(const telling& how);

/// Chapter 2: ids are made, while the clock steps back, stands still and jumps, and the process forks.
void ids_minted(const telling& how);

/// Chapter 3: a shopping cart on three replicas, through a partition.
void a_shared_cart(const telling& how);

/// Chapter 4: how many replicas there are to be, and how many must answer.
void how_many_must_answer(const telling& how);

/// Chapter 5: a thousand clients retry.
void a_herd(const telling& how);

/// Chapter 6: five nodes, a partition down the middle, both sides writing, healing.
void a_partition(const telling& how);

}  // namespace tour
