// SPDX-License-Identifier: BSL-1.0

// Apart from main.cpp: this unit alone depends on where the sources lie.

#include "support/data.hpp"

#include <cstdlib>
#include <filesystem>

namespace coterie::test {

std::filesystem::path data_dir() {
    const char* const given = std::getenv("COTERIE_TEST_DATA");
    return given != nullptr ? given : project_data_dir();
}

std::filesystem::path project_data_dir() { return COTERIE_TEST_DATA_DIR; }

}  // namespace coterie::test
