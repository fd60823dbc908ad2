// SPDX-License-Identifier: BSL-1.0

// Apart from main.cpp: this unit alone depends on where the sources lie.

#include "support/data.hpp"

#include <cstdlib>
#include <filesystem>

std::filesystem::path coterie::test::data_dir() {
    const char* const given = std::getenv("COTERIE_TEST_DATA");
    return given != nullptr ? given : COTERIE_TEST_DATA_DIR;
}
