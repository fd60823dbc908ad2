// SPDX-License-Identifier: BSL-1.0

// Any bytes as a ULID: both parsers against the slow one, and what they take printed and read again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <coterie/id/ulid.hpp>

#include "../id/oracle.hpp"

using coterie::id::ulid;
namespace oracle = coterie::test::oracle;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

void check(std::string_view text, bool lenient) {
    const auto got = lenient ? ulid::parse_lenient(text) : ulid::parse(text);
    const auto wanted = oracle::ulid(text, lenient);
    require(got.has_value() == wanted.has_value());
    if (!got.has_value()) {
        require(got.error() == wanted.error());
        require(got.error().position <= text.size());
        return;
    }
    require(got->bytes() == oracle::as_bytes(*wanted));
    require(ulid::from_bytes(got->bytes()) == *got);
    std::array<char, 26> printed{};
    require(got->to_chars(printed) == printed.data() + printed.size());
    const std::string_view canonical(printed.data(), printed.size());
    require(ulid::parse(canonical) == *got);
    require(ulid::parse_lenient(canonical) == *got);
    require(ulid::compose(got->timestamp(), got->random()) == *got);
    if (lenient) return;
    for (std::size_t i = 0; i < 26; ++i)
        require(oracle::lower(text[i]) == oracle::lower(canonical[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    const std::vector<char> text(data, data + size);
    const std::string_view exact(text.data(), text.size());
    check(exact, false);
    check(exact, true);
    return 0;
}
