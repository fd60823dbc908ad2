// SPDX-License-Identifier: BSL-1.0

// Any bytes as a decimal id of each published layout: against the slow parser, and apart and together again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <coterie/id/layouts.hpp>

#include "../id/oracle.hpp"

namespace id = coterie::id;
namespace oracle = coterie::test::oracle;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

template <class Layout>
void check(std::string_view text) {
    using flake = id::snowflake<Layout>;
    const auto got = flake::parse(text);
    const auto wanted = oracle::decimal(text, flake::max_value);
    require(got.has_value() == wanted.has_value());
    if (!got.has_value()) {
        require(got.error() == wanted.error());
        require(got.error().position <= text.size());
        return;
    }
    require(got->value() == *wanted);
    std::array<char, 20> printed{};
    const char* const end = got->to_chars(printed);
    require(std::string_view(printed.data(), static_cast<std::size_t>(end - printed.data())) ==
            text);
    require(flake::from_bytes(got->bytes()) == *got);
    std::uint64_t node = 0, sequence = 0;
    if constexpr (flake::node_bits > 0) node = got->node();
    if constexpr (flake::sequence_bits > 0) sequence = got->sequence();
    require(flake::compose(got->timestamp(), node, sequence) == *got);
    require(flake::min_at(got->timestamp()).value() <= *got);
    require(flake::max_at(got->timestamp()).value() >= *got);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    const std::vector<char> bytes(data, data + size);
    const std::string_view text(bytes.data(), bytes.size());
    check<id::layouts::twitter>(text);
    check<id::layouts::discord>(text);
    check<id::layouts::instagram>(text);
    check<id::layouts::sonyflake_v1>(text);
    check<id::layouts::mastodon>(text);
    check<id::layouts::js_safe53>(text);
    return 0;
}
