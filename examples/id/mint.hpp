// SPDX-License-Identifier: BSL-1.0
#pragma once

// New ids from the command line.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace id_tool {

/// What is to be made.
struct mint_request {
    std::string kind;  // "ulid", "uuid-v7", "uuid-v4" or "snowflake"
    std::size_t count = 1;
    std::string increment;  // of ULIDs and UUIDv7s: "random" or "one"
    std::string method;     // of UUIDv7s: one of v7_methods()
    std::string layout;     // of Snowflakes
    std::uint64_t worker = 0;
    std::vector<std::string> fields;  // other node fields: "process=1"
    std::string start;                // where a sequence starts: one of sequence_starts()
    std::string mark;                 // the file of a high-water mark, or nothing
    bool is_new_mark = false;         // whether that file is to be made first
};

std::vector<std::string> v7_methods();
std::vector<std::string> sequence_starts();

/// Prints the ids, one a line; to standard error how far it is, when it takes longer than a second, or one
/// line that says what is wrong. Returns the exit status.
int mint(const mint_request& request);

}  // namespace id_tool
