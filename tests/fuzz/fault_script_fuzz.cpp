// SPDX-License-Identifier: BSL-1.0

// Any text is a script, or an error with a place in it; a script is printed so that it is read again, and
// printed the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <coterie/core/text.hpp>
#include <coterie/sim/parse_fault_script.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = coterie::sim::parse_fault_script(text);
    if (!parsed.has_value()) {
        if (parsed.error().column == 0 || parsed.error().column > size + 1) std::abort();
        return 0;
    }
    const std::string printed = coterie::to_string(*parsed);
    const auto again = coterie::sim::parse_fault_script(printed);
    if (again != parsed || coterie::to_string(*again) != printed) std::abort();
    return 0;
}
