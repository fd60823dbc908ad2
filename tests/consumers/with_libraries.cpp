// SPDX-License-Identifier: BSL-1.0

// A program of somebody else that also uses the headers that tie to fmt and xxHash.

#include <fmt/format.h>
#include <coterie/adapt/fmt.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/hash.hpp>

int main() {
    fmt::print("{}: {:016x}\n", coterie::parse_errc::out_of_range, coterie::hash64("coterie"));
}
