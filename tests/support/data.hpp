// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where data-driven tests read their rows.

#include <filesystem>

namespace coterie::test {

/// The folder that COTERIE_TEST_DATA names, else tests/data.
[[nodiscard]] std::filesystem::path data_dir();

/// The project's tests/data, whatever COTERIE_TEST_DATA names.
[[nodiscard]] std::filesystem::path project_data_dir();

}  // namespace coterie::test
