// SPDX-License-Identifier: BSL-1.0
#pragma once

// The chapters of the tour, in the order in which they are told. Each prints itself to standard output
// and prints the same every time.

namespace tour {

/// Chapter 1: ids that the world knows, field by field.
void ids_explained();

}  // namespace tour
