// SPDX-License-Identifier: BSL-1.0

// Any text is an expression within the limits, or an error with a place in it; an expression is printed so
// that it is read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/parse.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = coterie::quorum::parse(text);
    if (!parsed.has_value()) {
        if (parsed.error().position > size) std::abort();
        return 0;
    }
    if (parsed->depth() > coterie::quorum::max_depth) std::abort();
    if (parsed->elements()[0].extent != parsed->elements().size()) std::abort();
    if (coterie::quorum::parse(parsed->to_string()) != *parsed) std::abort();
    if (parsed->dual().dual() != *parsed) std::abort();
    return 0;
}
