// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a text could be.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/explain.hpp"

namespace id_tool {

/// Why a text is no id of the kind that it looks like.
struct refusal {
    std::string kind;
    std::string reason;
    std::size_t position;
};

/// Everything that a text could be; where that is nothing, why not.
struct verdict {
    std::vector<examples::explanation> candidates;
    std::optional<refusal> refused;
};

/// Reads `text` as whatever it could be; or, where `kind` is not empty, as that alone: "ulid", "uuid" or
/// the name of a layout.
verdict identify(std::string_view text, std::string_view kind);

/// The names that `kind` can have.
std::vector<std::string> kinds();

}  // namespace id_tool
