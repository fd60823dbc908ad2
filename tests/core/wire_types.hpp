// SPDX-License-Identifier: BSL-1.0
#pragma once

// Types with codecs as users write them.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>

namespace coterie::test {

/// The example of core/wire.hpp.
struct point {
    std::int64_t x, y;
    friend bool operator==(const point&, const point&) = default;
};

/// Refers to itself: so only the limit of depth stops a decoder.
struct tree {
    std::uint32_t number = 0;
    std::vector<tree> children;
    friend bool operator==(const tree&, const tree&) = default;
};

/// Everything within everything.
struct nested {
    std::vector<std::pair<std::string, std::vector<std::int32_t>>> entries;
    std::optional<std::array<bool, 2>> flags;
    friend bool operator==(const nested&, const nested&) = default;
};

}  // namespace coterie::test

template <>
struct coterie::codec<coterie::test::point> {
    static void encode(writer& w, const test::point& p) {
        w.svarint(p.x);
        w.svarint(p.y);
    }
    static std::expected<test::point, decode_error> decode(reader& r) {
        const test::point p{.x = r.svarint(), .y = r.svarint()};
        return r.result(p);
    }
};

template <>
struct coterie::codec<coterie::test::tree> {
    static void encode(writer& w, const test::tree& x) {
        w.varint(x.number);
        encode_to(w, x.children);
    }
    static std::expected<test::tree, decode_error> decode(reader& r) {
        test::tree x;
        x.number = r.value<std::uint32_t>();
        x.children = r.value<std::vector<test::tree>>();
        return r.result(std::move(x));
    }
};

template <>
struct coterie::codec<coterie::test::nested> {
    static void encode(writer& w, const test::nested& x) {
        encode_to(w, x.entries);
        encode_to(w, x.flags);
    }
    static std::expected<test::nested, decode_error> decode(reader& r) {
        test::nested x;
        x.entries = r.value<decltype(x.entries)>();
        x.flags = r.value<decltype(x.flags)>();
        return r.result(std::move(x));
    }
};
