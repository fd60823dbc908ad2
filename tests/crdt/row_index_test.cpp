// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/row_index.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <coterie/core/bits.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using crdt::detail::row_index;

namespace {

using row = row_index::row;

/// What an index must amount to: the hash of each row that is in it.
using plain_index = std::map<row, std::uint64_t>;

std::set<row> rows_of(const plain_index& plain, std::uint64_t hash) {
    std::set<row> all;
    for (const auto& [r, h] : plain) {
        if (h == hash) all.insert(r);
    }
    return all;
}

/// The rows that an index finds, but for those whose hash merely looks the same.
std::set<row> rows_of(const row_index& index, const plain_index& plain, std::uint64_t hash) {
    std::set<row> all;
    std::size_t wrong = 0;
    index.find(hash, [&](row r) {
        const auto at = plain.find(r);
        if (at == plain.end()) ++wrong;
        if (at != plain.end() && at->second == hash && !all.insert(r).second) ++wrong;
        return true;
    });
    REQUIRE(wrong == 0);  // neither erased, nor made up, nor told twice
    return all;
}

constexpr auto never = [](row) { return false; };

}  // namespace

TEST_CASE("a row_index is a map from hashes to rows") {
    std::mt19937_64 random(test::seed());
    for (const std::size_t size : {4U, 65U, 600U}) {
        // Many rows for one hash; and hashes that begin in the last slot, so that their rows go on in the first.
        std::set<std::uint64_t> hashes;
        for (std::uint64_t x = 0; x < 8; ++x) hashes.insert(0xFFFF'FFFF'0000'0000U + x);
        while (hashes.size() < 8 + size / 4) hashes.insert(detail::mix64(random()));
        const std::vector<std::uint64_t> known(hashes.begin(), hashes.end());

        row_index index;
        CHECK_FALSE(index.is_built());
        CHECK_FALSE(index.has_room(1));
        CHECK(index.bytes() == 0);
        index.reset(size);
        CHECK(index.is_built());
        CHECK(index.has_room(size));
        CHECK(index.bytes() >= 2 * size * sizeof(row));

        plain_index plain;
        row next = (row{1} << 48) - 3;  // the largest first
        while (index.has_room(1)) {
            if (random() % 3 == 0 && !plain.empty()) {
                const auto gone =
                    std::next(plain.begin(), static_cast<std::ptrdiff_t>(random() % plain.size()));
                index.erase(gone->second, gone->first);
                plain.erase(gone);
                continue;
            }
            const std::uint64_t hash = known[random() % known.size()];
            const bool was_there = !rows_of(plain, hash).empty();
            index.prefetch(hash);
            const auto is_equal = [&](row r) { return rows_of(plain, hash).contains(r); };
            REQUIRE(index.insert(hash, next, is_equal) == was_there);
            plain[next] = hash;
            next = plain.size() % 2 == 0 ? random() >> 17 : next + 1;
            if (next > (row{1} << 48) - 3 || plain.contains(next)) next = random() >> 17;
        }
        for (const std::uint64_t hash : known) {
            REQUIRE(rows_of(index, plain, hash) == rows_of(plain, hash));
        }

        // An erased row still takes its place; a reset gives it free.
        for (const auto& [r, hash] : plain) index.erase(hash, r);
        CHECK_FALSE(index.has_room(1));
        for (const std::uint64_t hash : known) REQUIRE(rows_of(index, {}, hash).empty());
        index.reset(size);
        CHECK(index.has_room(size));
        for (const std::uint64_t hash : known) REQUIRE(rows_of(index, {}, hash).empty());
    }
}

TEST_CASE("find in a row_index stops when it is told so") {
    row_index index;
    index.reset(10);
    for (row r = 0; r < 10; ++r) index.insert(7, r, never);
    int calls = 0;
    index.find(7, [&calls](row) { return ++calls < 3; });
    CHECK(calls == 3);
}

TEST_CASE("insert in a row_index asks no further once a row is equal") {
    row_index index;
    index.reset(10);
    for (row r = 0; r < 9; ++r) index.insert(7, r, never);
    int calls = 0;
    CHECK(index.insert(7, 9, [&calls](row) { return ++calls == 2; }));
    CHECK(calls == 2);
}
