// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/dot_block.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include <coterie/crdt/block_mask.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using crdt::detail::block_dots;
using crdt::detail::block_mask;
using block = crdt::detail::dot_block<std::string>;
using plain_block = std::map<std::size_t, std::string>;

namespace {

void check_equal(const block& b, const plain_block& plain) {
    plain_block walked;
    b.for_each([&](std::size_t slot, const std::string& x) {
        walked.emplace_hint(walked.end(), slot, x);
    });
    REQUIRE(walked == plain);
    REQUIRE(b.values().size() == plain.size());
    REQUIRE(b.alive().count() == plain.size());
    for (const auto& [slot, x] : plain) {
        if (b.at(slot) != x) FAIL("another value in slot " << slot);
    }
}

}  // namespace

TEST_CASE("a dot_block is a map from slots to values") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 20; ++round) {
        block a, b;
        plain_block plain_a, plain_b;
        for (int step = 0; step < 40; ++step) {
            const std::size_t slot = random() % block_dots;
            const std::string x = std::to_string(random());
            if (!plain_a.contains(slot)) a.insert(slot, std::string(x));
            plain_a.emplace(slot, x);
            if (random() % 4 == 0) {
                // A few slots or many, and all of them now and then.
                const std::uint64_t one_in = std::uint64_t{1} << random() % 5;
                block_mask removed;
                std::size_t count = 0;
                std::erase_if(plain_a, [&](const auto& entry) {
                    if (random() % one_in != 0) return false;
                    removed.set(entry.first);
                    ++count;
                    return true;
                });
                REQUIRE(a.remove(removed) == count);
            }
            if (random() % 4 == 0) {
                // What the one has and the other has not, or a part of that.
                const std::uint64_t one_in = 1 + random() % 2;
                block_mask added;
                std::size_t count = 0;
                for (const auto& [s, y] : plain_a) {
                    if (random() % one_in != 0 || !plain_b.emplace(s, y).second) continue;
                    added.set(s);
                    ++count;
                }
                REQUIRE(b.add(added, a) == count);
                check_equal(b, plain_b);
            }
            check_equal(a, plain_a);
            REQUIRE((a == b) == (plain_a == plain_b));
        }
    }
}
