// SPDX-License-Identifier: BSL-1.0

// Empty: the source for whose sake catch.hpp is precompiled once for all test programs.
