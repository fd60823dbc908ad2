// SPDX-License-Identifier: BSL-1.0

// The laws of the wire format on nested types, with counterexamples that RapidCheck shrinks.

#include <coterie/core/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/wire_types.hpp"
#include "support/catch.hpp"
#include "support/properties.hpp"

using coterie::decode;
using coterie::decode_errc;
using coterie::encode;
using coterie::test::any;
using coterie::test::any_below;
using coterie::test::check_property;
using coterie::test::nested;
using coterie::test::require;
using coterie::test::tree;

namespace {

using deep = std::vector<std::pair<std::string, std::vector<std::array<std::int16_t, 2>>>>;
using bits = std::vector<std::vector<bool>>;

/// A container of so many elements, up to a hundred.
template <class Container>
Container any_size() {
    return Container(any_below(101));
}

bool any_bool() { return any_below(2) == 1; }

deep any_deep() {
    auto x = any_size<deep>();
    for (auto& [text, column] : x) {
        text = any<std::string>();
        for (const std::int32_t n : any<std::vector<std::int32_t>>())
            column.push_back({static_cast<std::int16_t>(n), static_cast<std::int16_t>(n >> 16)});
    }
    return x;
}

bits any_bits() {
    auto x = any_size<bits>();
    for (auto& column : x)
        for (const auto n : any<std::vector<std::uint16_t>>()) column.push_back(n % 2 == 1);
    return x;
}

nested any_nested() {
    nested x{.entries = any_size<decltype(nested::entries)>(), .flags = {}};
    for (auto& [text, column] : x.entries) {
        text = any<std::string>();
        column = any<std::vector<std::int32_t>>();
    }
    if (any_bool()) x.flags = {any_bool(), any_bool()};
    return x;
}

tree any_tree(int depth = 4) {
    tree x{.number = static_cast<std::uint32_t>(any<std::uint64_t>()), .children = {}};
    if (depth > 0) x.children.resize(any_below(4));
    for (tree& child : x.children) child = any_tree(depth - 1);
    return x;
}

template <class T>
void round_trip(const T& x) {
    const std::vector<std::byte> bytes = encode(x);
    const auto back = decode<T>(bytes);
    require(back.has_value());
    require(*back == x);
    require(encode(*back) == bytes);
}

}  // namespace

TEST_CASE("decode undoes encode, for nested types") {
    CHECK(check_property("columns of pairs of texts and columns", [] { round_trip(any_deep()); }));
    CHECK(check_property("columns of columns of booleans", [] { round_trip(any_bits()); }));
    CHECK(check_property("a user's type", [] { round_trip(any_nested()); }));
    CHECK(check_property("a recursive type", [] { round_trip(any_tree()); }));
    CHECK(check_property("pairs of integers of all widths", [] {
        const auto a = any<std::uint64_t>();
        const auto b = any<std::int64_t>();
        const auto c = static_cast<std::uint16_t>(any<std::uint64_t>());
        const auto d = static_cast<std::int8_t>(any<std::int64_t>());
        round_trip(std::pair(std::pair(a, b), std::pair(c, d)));
    }));
}

TEST_CASE("equal values have equal bytes, and different ones different bytes") {
    CHECK(check_property("bytes tell values apart", [] {
        const nested a = any_nested(), b = any_nested();
        require((a == b) == (encode(a) == encode(b)));
        require(encode(a) == encode(nested(a)));
    }));
    CHECK(check_property("bytes tell recursive values apart", [] {
        const tree a = any_tree(), b = any_tree();
        require((a == b) == (encode(a) == encode(b)));
    }));
}

TEST_CASE("no encoding begins another of the same type") {
    CHECK(check_property("a cut encoding is truncated", [] {
        const std::vector<std::byte> bytes = encode(any_deep());
        const auto size = any_below(bytes.size());
        const auto cut = decode<deep>(std::span(bytes).first(size));
        require(!cut.has_value());
        require(cut.error().code == decode_errc::truncated);
        require(cut.error().offset <= size);
    }));
    CHECK(check_property("encodings in a row are read in a row", [] {
        const nested a = any_nested();
        const tree b = any_tree();
        std::vector<std::byte> bytes;
        coterie::writer w(bytes);
        encode_to(w, a);
        encode_to(w, b);
        encode_to(w, a);
        coterie::reader r(bytes);
        require(r.value<nested>() == a);
        require(r.value<tree>() == b);
        require(r.value<nested>() == a);
        require(r.finish());
    }));
}

TEST_CASE("bytes that decode are the encoding of what they decode to") {
    CHECK(check_property("one spelling for each value", [] {
        // An encoding with a few bytes changed: pure noise seldom decodes.
        std::vector<std::byte> bytes = encode(any_nested());
        for (const unsigned n : any<std::vector<std::uint16_t>>()) {
            const auto at = any_below(bytes.size());
            if (n % 4 == 0) bytes[at] = static_cast<std::byte>(n % 256 >> 2);
        }
        const auto x = decode<nested>(bytes);
        if (x.has_value()) require(encode(*x) == bytes);
    }));
}
