// SPDX-License-Identifier: BSL-1.0

// Ids through the codec of core/wire.hpp: their bytes, as they are.

#include <coterie/core/wire.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/id/layouts.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "id/outcome.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie::test;
using namespace coterie::id::literals;
using coterie::decode;
using coterie::encode;
using coterie::id::ulid;
using coterie::id::uuid;
using tweet = coterie::id::snowflake<coterie::id::layouts::twitter>;
using photo = coterie::id::snowflake<coterie::id::layouts::instagram>;
using safe = coterie::id::snowflake<coterie::id::layouts::js_safe53>;

static_assert(coterie::encodable<ulid> && coterie::encodable<uuid> && coterie::encodable<tweet>);

template <class Id>
Id random_id(std::mt19937_64& random);
template <>
ulid random_id(std::mt19937_64& random) {
    const std::uint64_t high = random() >> random() % 64;
    return ulid::from_words(high, random());
}
template <>
uuid random_id(std::mt19937_64& random) {
    const std::uint64_t high = random() >> random() % 64;
    return uuid::from_words(high, random());
}
template <>
tweet random_id(std::mt19937_64& random) {
    return tweet::from_value(random() >> (1 + random() % 63)).value();
}
template <>
photo random_id(std::mt19937_64& random) {
    return photo::from_value(random() >> random() % 64).value();
}
template <>
safe random_id(std::mt19937_64& random) {
    return safe::from_value(random() >> (11 + random() % 53)).value();
}

template <class T>
std::string error_of(std::span<const std::byte> bytes) {
    const auto result = decode<T>(bytes);
    return result.has_value() ? "none" : coterie::to_string(result.error());
}

}  // namespace

TEMPLATE_TEST_CASE("id wire: an id is its bytes, in the order of the ids", "", ulid, uuid, tweet,
                   photo, safe) {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 2'000; ++round) {
        const auto a = random_id<TestType>(random), b = random_id<TestType>(random);
        const std::vector<std::byte> bytes = encode(a);
        INFO(a.to_string() << " and " << b.to_string());
        REQUIRE(std::ranges::equal(bytes, a.bytes()));
        REQUIRE(decode<TestType>(bytes) == a);
        REQUIRE(((a <=> b) == (bytes <=> encode(b))));
    }
}

TEMPLATE_TEST_CASE("id wire: bytes that are too few or too many are no id", "", ulid, uuid, tweet,
                   photo) {
    std::mt19937_64 random(seed());
    std::vector<std::byte> bytes = encode(random_id<TestType>(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK(error_of<TestType>(std::span(bytes).first(size)) ==
              "input ends inside a value at byte 0");
    }
    const std::string size = std::to_string(bytes.size());
    bytes.push_back(std::byte{0});
    CHECK(error_of<TestType>(bytes) == "bytes left over after the value at byte " + size);
}

TEST_CASE("id wire: an id with an unused bit is an invalid value, where it stands") {
    auto bytes = encode(std::vector<tweet>{1_twitter, 9'223'372'036'854'775'807_twitter});
    REQUIRE(bytes.size() == 17);
    REQUIRE(decode<std::vector<tweet>>(bytes).has_value());
    bytes[9] |= std::byte{0x80};
    CHECK(error_of<std::vector<tweet>>(bytes) == "invalid value at byte 9");
    bytes[1] |= std::byte{0x80};
    CHECK(error_of<std::vector<tweet>>(bytes) == "invalid value at byte 1");

    // js_safe53 leaves eleven bits unused; each alone is refused.
    for (unsigned bit = 0; bit < 64; ++bit) {
        std::array<std::byte, 8> word{};
        word[7 - bit / 8] = std::byte{1} << bit % 8;
        INFO("bit " << bit);
        CHECK(error_of<safe>(word) == (bit < 53 ? "none" : "invalid value at byte 0"));
        CHECK(error_of<photo>(word) == "none");
    }
}

TEST_CASE("id wire: ids stand in columns, pairs and optionals beside other values") {
    using row = std::pair<ulid, std::vector<std::optional<uuid>>>;
    const row sent{"01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid,
                   {std::nullopt, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"_uuid, std::nullopt}};
    const auto bytes = encode(sent);
    CHECK(bytes.size() == 16 + 1 + 1 + 17 + 1);
    CHECK(decode<row>(bytes) == sent);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO("first " << size << " bytes");
        CHECK_FALSE(decode<row>(std::span(bytes).first(size)).has_value());
    }
}
