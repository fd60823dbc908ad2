// SPDX-License-Identifier: BSL-1.0

// A program of somebody else that needs nothing but the headers.

#include <cstdio>

#include <coterie/core/error.hpp>
#include <coterie/version.hpp>

int main() {
    std::puts("coterie " COTERIE_VERSION);
    std::puts(coterie::describe(coterie::parse_errc::wrong_length));
}
