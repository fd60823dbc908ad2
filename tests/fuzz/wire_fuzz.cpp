// SPDX-License-Identifier: BSL-1.0

// Any bytes as an encoding. The first byte picks a type, the rest is decoded as one: what decodes must
// encode to the very same bytes, and what does not must say why, at a place within the input.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/ulid.hpp>

#include "../core/wire_types.hpp"

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

template <class T>
void check(std::span<const std::byte> input) {
    const auto x = coterie::decode<T>(input);
    if (!x.has_value()) {
        require(x.error().offset <= input.size());
        require(static_cast<unsigned>(x.error().code) <= 6);
        return;
    }
    const std::vector<std::byte> bytes = coterie::encode(*x);
    require(std::ranges::equal(bytes, input));
    const auto again = coterie::decode<T>(bytes);
    require(again.has_value());
    require(*again == *x);
}

// Both kinds of column, a version and bytes, through a reader's own functions.
void check_columns(std::span<const std::byte> input) {
    coterie::reader r(input);
    const auto version = r.version(3);
    const auto varints = r.varint_column();
    const auto words = r.fixed_column<std::uint32_t>();
    const auto octets = r.fixed_column<std::uint8_t>();
    const auto run = r.bytes();
    const auto text = r.string();
    if (!r.finish()) {
        require(r.error().offset <= input.size());
        require(r.varint() == 0 && r.raw(1).empty());
        return;
    }
    std::vector<std::byte> bytes;
    coterie::writer w(bytes);
    w.version(version);
    w.varint_column(varints);
    w.fixed_column<std::uint32_t>(words);
    w.fixed_column<std::uint8_t>(octets);
    w.bytes(run);
    w.string(text);
    require(std::ranges::equal(bytes, input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    std::vector<std::byte> input;
    for (std::size_t i = 1; i < size; ++i) input.push_back(static_cast<std::byte>(data[i]));
    using coterie::id::snowflake;
    switch (data[0] % 12) {
        case 0: check<std::uint64_t>(input); break;
        case 1: check<std::int64_t>(input); break;
        case 2: check<std::vector<std::uint16_t>>(input); break;
        case 3: check<std::vector<std::int16_t>>(input); break;
        case 4: check<std::vector<bool>>(input); break;
        case 5: check<std::vector<std::string>>(input); break;
        case 6:
            check<std::vector<std::optional<std::pair<std::int8_t, std::uint32_t>>>>(input);
            break;
        case 7: check<std::array<std::vector<std::uint64_t>, 3>>(input); break;
        case 8: check<coterie::test::nested>(input); break;
        case 9: check<coterie::test::tree>(input); break;
        case 10:
            check<std::vector<
                std::pair<coterie::id::ulid, snowflake<coterie::id::layouts::twitter>>>>(input);
            break;
        default: check_columns(input); break;
    }
    return 0;
}
