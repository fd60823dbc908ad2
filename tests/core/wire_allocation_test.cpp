// SPDX-License-Identifier: BSL-1.0

// How much a decoder allocates for bytes that lie. The program's allocations are counted by its own
// operator new.

#include <coterie/core/wire.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/id/ulid.hpp>

#include "core/bytes.hpp"
#include "core/wire_types.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

// Of this thread, since the last reset. The sum of all requests is an upper bound of what was ever in
// use at once.
struct allocations {
    std::size_t total = 0;
    std::size_t largest = 0;
};
thread_local constinit allocations counted;

void* count_and_allocate(std::size_t size) {
    counted.total += size;
    if (size > counted.largest) counted.largest = size;
    return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

// Not inlined: else the compiler sees malloc and free and takes them for a mistake. All forms without an
// alignment, for a sanitizer brings forms of its own, which must not be mixed with these.
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* const memory = count_and_allocate(size);
    if (memory == nullptr) std::abort();
    return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return count_and_allocate(size);
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return ::operator new(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return count_and_allocate(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

using coterie::decode;
using coterie::decode_errc;
using coterie::decode_limits;
using coterie::test::from_hex;
using coterie::test::nested;
using coterie::test::to_hex;
using coterie::test::tree;

namespace {

constexpr decode_limits no_limits{.max_bytes = std::numeric_limits<std::size_t>::max(),
                                  .max_elements = std::numeric_limits<std::size_t>::max()};

template <class T>
allocations decoding(const std::vector<std::byte>& bytes, const decode_limits& limits = no_limits) {
    counted = {};
    (void)decode<T>(bytes, limits);
    return counted;
}

// Counts that lie, from slightly to absurdly, before a given number of real bytes.
std::vector<std::vector<std::byte>> lies(std::size_t real) {
    std::vector<std::vector<std::byte>> inputs;
    for (const std::uint64_t count :
         {std::uint64_t{real + 1}, std::uint64_t{real} * 2 + 1, std::uint64_t{1} << 24,
          std::uint64_t{1} << 31, std::uint64_t{1} << 32, std::uint64_t{1} << 61,
          std::uint64_t{1} << 62, std::uint64_t{1} << 63, ~std::uint64_t{0} / 24,
          ~std::uint64_t{0} - 1, ~std::uint64_t{0}}) {
        std::vector<std::byte> bytes = coterie::encode(count);
        bytes.insert(bytes.end(), real, std::byte{1});
        inputs.push_back(std::move(bytes));
    }
    return inputs;
}

using wide = std::array<std::uint64_t, 16>;

}  // namespace

TEST_CASE("the counter counts, and honest input allocates what it needs") {
    std::vector<std::uint64_t> column(1000, 1);
    const auto bytes = coterie::encode(column);
    CHECK(decoding<std::vector<std::uint64_t>>(bytes).total >= 8000);
    CHECK(decoding<std::uint64_t>(from_hex("05")).total == 0);
}

TEST_CASE("a count that the input cannot hold allocates nothing at all") {
    for (const std::size_t real : {0U, 1U, 7U, 8U, 100U}) {
        for (const auto& bytes : lies(real)) {
            CAPTURE(real, to_hex(bytes));
            CHECK(decoding<std::vector<bool>>(bytes).total == 0);
            CHECK(decoding<std::vector<std::uint8_t>>(bytes).total == 0);
            CHECK(decoding<std::vector<std::uint64_t>>(bytes).total == 0);
            CHECK(decoding<std::vector<std::string>>(bytes).total == 0);
            CHECK(decoding<std::vector<std::vector<std::uint64_t>>>(bytes).total == 0);
            CHECK(decoding<std::vector<wide>>(bytes).total == 0);
            CHECK(decoding<std::vector<coterie::id::ulid>>(bytes).total == 0);
            CHECK(decoding<std::string>(bytes).total == 0);

            counted = {};
            coterie::reader varints(bytes, no_limits);
            (void)varints.varint_column();
            coterie::reader words(bytes, no_limits);
            (void)words.fixed_column<std::uint64_t>();
            coterie::reader runs(bytes, no_limits);
            (void)runs.bytes();
            const std::size_t total = counted.total;
            CHECK(total == 0);
            CHECK_FALSE(varints.ok());
            CHECK_FALSE(words.ok());
            CHECK_FALSE(runs.ok());
        }
    }
}

TEST_CASE("a count of large elements reserves no more than the remaining bytes would fill") {
    // 10,000 elements of 128 bytes each would be 1.28 MB; 10,000 bytes are there, and each element that
    // comes is cut off or costs at least 16 of them.
    std::vector<std::byte> bytes = coterie::encode(std::uint64_t{10'000});
    bytes.insert(bytes.end(), 10'000, std::byte{0x80});
    CHECK(decoding<std::vector<wide>>(bytes).total <= 10'000 + sizeof(wide));
    std::fill(bytes.begin() + 2, bytes.end(), std::byte{1});
    CHECK(decoding<std::vector<wide>>(bytes).total <= 4 * 8 * 10'000);

    // Words of eight bytes, of which 80,000 are claimed as a fixed column and 10,000 bytes are there.
    bytes = coterie::encode(std::uint64_t{1'251});
    bytes.insert(bytes.end(), 10'000, std::byte{1});
    counted = {};
    coterie::reader r(bytes, no_limits);
    (void)r.fixed_column<std::uint64_t>();
    const std::size_t total = counted.total;
    CHECK(total == 0);
    CHECK(r.error().code == decode_errc::truncated);
}

TEST_CASE("whatever the bytes say, memory stays in proportion to them") {
    coterie::rng random(coterie::test::seed(), "allocation");
    for (int i = 0; i < 3000; ++i) {
        std::vector<std::byte> bytes(uniform_below(random, 400));
        const std::uint64_t style = uniform_below(random, 3);
        for (auto& b : bytes) {
            b = static_cast<std::byte>(style == 0   ? random() & 0xFF
                                       : style == 1 ? random() & 0x7F
                                                    : random() % 3);
        }
        CAPTURE(to_hex(bytes));
        const auto within = [&]<class T>(std::type_identity<T>, std::size_t factor) {
            return decoding<T>(bytes).total <= factor * (bytes.size() + 1);
        };
        // The smallest element takes a byte on the wire and sizeof(element) in memory; growing by
        // doubling at most triples what is asked for over all.
        REQUIRE(within(std::type_identity<std::vector<std::uint8_t>>(), 4));
        REQUIRE(
            within(std::type_identity<std::vector<std::uint64_t>>(), 4 * sizeof(std::uint64_t)));
        REQUIRE(within(std::type_identity<std::vector<std::string>>(), 4 * sizeof(std::string)));
        REQUIRE(within(std::type_identity<std::vector<std::vector<std::uint64_t>>>(),
                       4 * sizeof(std::vector<std::uint64_t>) + 4 * sizeof(std::uint64_t)));
        REQUIRE(within(std::type_identity<std::vector<std::optional<std::string>>>(),
                       4 * sizeof(std::optional<std::string>)));
        REQUIRE(within(std::type_identity<nested>(), 4 * 56 + 4 * 8));
    }
}

TEST_CASE("columns within columns, each claiming all that remains, do not add up") {
    // Each level of a tree says that it has as many children as there are bytes left, and before the
    // first of them has come, so does the next level. What is reserved for one level was justified by
    // the same bytes as what is reserved for the others.
    std::vector<std::byte> bytes;
    const std::size_t size = 100'000;
    coterie::writer w(bytes);
    for (int level = 0; level < 40; ++level) {
        w.varint(7);
        w.varint(size - bytes.size() - 10);
    }
    bytes.resize(size, std::byte{0x80});
    const allocations asked = decoding<tree>(bytes);
    CAPTURE(asked.total, asked.largest);
    CHECK(asked.largest <= size + sizeof(tree));
    CHECK(asked.total <= 4 * size);
}
