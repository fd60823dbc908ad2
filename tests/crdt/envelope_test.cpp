// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/envelope.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/crc32c.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/or_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

using words = crdt::or_set<std::string>;

words some_words() {
    words x;
    (void)x.add({1, 0}, "apples");
    (void)x.add({2, 5}, "pears");
    x.remove({1, 0}, "apples");
    return x;
}

/// With the checksum made right again.
std::vector<std::byte> resealed(std::vector<std::byte> bytes) {
    bytes.resize(bytes.size() - 4);
    const std::uint32_t sum = crc32c(bytes);
    writer(bytes).fixed(sum);
    return bytes;
}

}  // namespace

TEST_CASE("a value comes out of its envelope as it went in, and equal values are equal bytes") {
    const words x = some_words();
    const auto bytes = crdt::seal(x);
    CHECK(crdt::open<words>(bytes) == x);
    words y;
    y.merge(x);
    CHECK(crdt::seal(y) == bytes);
    CHECK(crdt::open<words>(crdt::seal(words())) == words());
}

TEST_CASE("what was cut or damaged is told before anything is decoded") {
    const auto bytes = crdt::seal(some_words());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto opened = crdt::open<words>(std::span(bytes).first(size));
        REQUIRE_FALSE(opened.has_value());
        CHECK((opened.error().code == decode_errc::truncated ||
               opened.error().code == decode_errc::damaged));
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = bytes;
            changed[at] ^= static_cast<std::byte>(1 << bit);
            const auto opened = crdt::open<words>(changed);
            REQUIRE_FALSE(opened.has_value());
            CHECK(opened.error() == decode_error{decode_errc::damaged, bytes.size() - 4});
        }
    }
}

TEST_CASE("what is no envelope, of another version, or of another type is told, and where") {
    const auto bytes = crdt::seal(some_words());
    for (std::size_t at = 0; at < 4; ++at) {
        auto changed = bytes;
        changed[at] = std::byte{'X'};
        CHECK(crdt::open<words>(resealed(changed)).error() ==
              decode_error{decode_errc::invalid_value, at});
    }
    for (const std::byte version : {std::byte{0}, std::byte{2}, std::byte{255}}) {
        auto changed = bytes;
        changed[4] = version;
        CHECK(crdt::open<words>(resealed(changed)).error() ==
              decode_error{decode_errc::unsupported_version, 4});
    }
    CHECK(crdt::open<crdt::ew_flag<>>(bytes).error() ==
          decode_error{decode_errc::invalid_value, 5});
    auto longer = bytes;
    longer.insert(longer.end() - 4, std::byte{0});
    CHECK(crdt::open<words>(resealed(longer)).error() ==
          decode_error{decode_errc::trailing_bytes, bytes.size() - 4});
}

TEST_CASE("an envelope with a right checksum may still be hostile") {
    std::mt19937_64 random(test::seed());
    const auto bytes = crdt::seal(some_words());
    for (int round = 0; round < 20'000; ++round) {
        auto changed = bytes;
        for (int n = 0; n < 3; ++n)
            changed[6 + random() % (changed.size() - 10)] = static_cast<std::byte>(random());
        changed = resealed(changed);
        const auto opened = crdt::open<words>(changed);
        if (opened.has_value()) CHECK(crdt::seal(*opened) == changed);
    }
}

TEST_CASE("an envelope keeps to the limits") {
    CHECK(crdt::open<words>(crdt::seal(some_words()), {.max_bytes = 10}).error().code ==
          decode_errc::limit_exceeded);
}
