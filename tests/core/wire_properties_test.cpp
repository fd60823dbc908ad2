// SPDX-License-Identifier: BSL-1.0

// The laws of the wire format on nested types, with counterexamples that RapidCheck shrinks.

#include <coterie/core/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "core/wire_types.hpp"
#include "support/catch.hpp"

using coterie::decode;
using coterie::decode_errc;
using coterie::encode;
using coterie::test::nested;
using coterie::test::tree;

namespace rc {

template <>
struct Arbitrary<nested> {
    static Gen<nested> arbitrary() {
        return gen::apply(
            [](decltype(nested::entries) entries, bool present, bool a, bool b) {
                nested x{.entries = std::move(entries), .flags = {}};
                if (present) x.flags = {a, b};
                return x;
            },
            gen::arbitrary<decltype(nested::entries)>(), gen::arbitrary<bool>(),
            gen::arbitrary<bool>(), gen::arbitrary<bool>());
    }
};

template <>
struct Arbitrary<tree> {
    static Gen<tree> arbitrary() { return of_depth(4); }

    static Gen<tree> of_depth(int depth) {
        return gen::apply(
            [](std::uint32_t number, std::vector<tree> children) {
                return tree{.number = number, .children = std::move(children)};
            },
            gen::arbitrary<std::uint32_t>(),
            depth == 0 ? gen::just(std::vector<tree>())
                       : gen::scale(0.2, gen::container<std::vector<tree>>(
                                             gen::exec([depth] { return *of_depth(depth - 1); }))));
    }
};

}  // namespace rc

namespace {

template <class T>
void round_trip(const T& x) {
    const std::vector<std::byte> bytes = encode(x);
    const auto back = decode<T>(bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT((*back == x));
    RC_ASSERT(encode(*back) == bytes);
}

using deep = std::vector<std::pair<std::string, std::vector<std::array<std::int16_t, 2>>>>;

}  // namespace

TEST_CASE("decode undoes encode, for nested types") {
    CHECK(rc::check("columns of pairs of texts and columns", [](const deep& x) { round_trip(x); }));
    CHECK(rc::check("columns of columns of booleans",
                    [](const std::vector<std::vector<bool>>& x) { round_trip(x); }));
    CHECK(rc::check("a user's type", [](const nested& x) { round_trip(x); }));
    CHECK(rc::check("a recursive type", [](const tree& x) { round_trip(x); }));
    CHECK(rc::check("pairs of integers of all widths",
                    [](std::uint64_t a, std::int64_t b, std::uint16_t c, std::int8_t d) {
                        round_trip(std::pair(std::pair(a, b), std::pair(c, d)));
                    }));
}

TEST_CASE("equal values have equal bytes, and different ones different bytes") {
    CHECK(rc::check("bytes tell values apart", [](const nested& a, const nested& b) {
        RC_ASSERT((a == b) == (encode(a) == encode(b)));
        RC_ASSERT(encode(a) == encode(nested(a)));
    }));
    CHECK(rc::check("bytes tell recursive values apart", [](const tree& a, const tree& b) {
        RC_ASSERT((a == b) == (encode(a) == encode(b)));
    }));
}

TEST_CASE("no encoding begins another of the same type") {
    CHECK(rc::check("a cut encoding is truncated", [](const deep& x) {
        const std::vector<std::byte> bytes = encode(x);
        const auto size = *rc::gen::inRange<std::size_t>(0, bytes.size());
        const auto cut = decode<deep>(std::vector<std::byte>(
            bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
        RC_ASSERT(!cut.has_value());
        RC_ASSERT(cut.error().code == decode_errc::truncated);
        RC_ASSERT(cut.error().offset <= size);
    }));
    CHECK(rc::check("encodings in a row are read in a row", [](const nested& a, const tree& b) {
        std::vector<std::byte> bytes;
        coterie::writer w(bytes);
        encode_to(w, a);
        encode_to(w, b);
        encode_to(w, a);
        coterie::reader r(bytes);
        RC_ASSERT((r.value<nested>() == a));
        RC_ASSERT((r.value<tree>() == b));
        RC_ASSERT((r.value<nested>() == a));
        RC_ASSERT(r.finish());
    }));
}

TEST_CASE("bytes that decode are the encoding of what they decode to") {
    CHECK(rc::check("one spelling for each value", [](std::vector<std::uint8_t> noise) {
        // An encoding with a few bytes changed: pure noise seldom decodes.
        std::vector<std::byte> bytes = encode(*rc::gen::arbitrary<nested>());
        for (const std::uint8_t b : noise) {
            const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
            if (b % 4 == 0) bytes[at] = static_cast<std::byte>(b >> 2);
        }
        const auto x = decode<nested>(bytes);
        if (x.has_value()) RC_ASSERT(encode(*x) == bytes);
    }));
}
