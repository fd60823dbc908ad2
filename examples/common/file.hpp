// SPDX-License-Identifier: BSL-1.0
#pragma once

// Files as texts.

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace examples {

/// All of a file; nothing where it cannot be read.
inline std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    // An empty file has nothing to copy, a folder fails at the first look.
    std::ostringstream text;
    const bool is_empty = file.peek() == std::ifstream::traits_type::eof();
    if (file.bad() || (!is_empty && !(text << file.rdbuf()))) return std::nullopt;
    return text.str();
}

}  // namespace examples
