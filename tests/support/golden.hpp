// SPDX-License-Identifier: BSL-1.0
#pragma once

// Compares with a file of tests/data. Where it differs, what was made is left in the working directory, to be
// looked at and taken over.

#include <fstream>
#include <sstream>
#include <string>

#include "support/data.hpp"

namespace coterie::test {

inline bool is_golden(const std::string& made, const std::string& file) {
    std::ifstream in(data_dir() / file);
    std::ostringstream golden;
    golden << in.rdbuf();
    if (in.good() && golden.str() == made) return true;
    std::ofstream(file) << made;
    return false;
}

}  // namespace coterie::test
