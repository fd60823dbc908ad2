// SPDX-License-Identifier: BSL-1.0
#pragma once

// The version, stated here and nowhere else: the build and the packages read it from these three lines.

#define COTERIE_VERSION_MAJOR 0
#define COTERIE_VERSION_MINOR 1
#define COTERIE_VERSION_PATCH 0

#define COTERIE_DETAIL_QUOTE_(x) #x
#define COTERIE_DETAIL_QUOTE(x) COTERIE_DETAIL_QUOTE_(x)

/// The version as a string literal: "major.minor.patch".
#define COTERIE_VERSION                         \
    COTERIE_DETAIL_QUOTE(COTERIE_VERSION_MAJOR) \
    "." COTERIE_DETAIL_QUOTE(COTERIE_VERSION_MINOR) "." COTERIE_DETAIL_QUOTE(COTERIE_VERSION_PATCH)
