// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/generate.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>

#include "core/child.hpp"
#include "support/catch.hpp"

using namespace coterie;
using coterie::id::ulid;
using coterie::id::uuid;

namespace {

/// Makes ids when its thread ends, after the thread's generators are gone: it is older than they are.
struct last_words {
    std::vector<ulid>* said = nullptr;
    ~last_words() {
        if (said == nullptr) return;
        for (int i = 0; i < 10; ++i) said->push_back(id::generate_ulid().value());
        (void)id::generate_uuid_v7().value();
        (void)id::generate_uuid_v4().value();
        id::reseed_this_thread();
    }
};

template <class Id, class Generate>
void check_fork(Generate generate) {
    std::set<Id> seen;
    for (int i = 0; i < 100; ++i) seen.insert(generate().value());
    const auto child = test::in_child([&](int descriptor) {
        std::vector<Id> mine;
        for (int i = 0; i < 1000; ++i) mine.push_back(generate().value());
        test::write_all(descriptor, mine.data(), mine.size() * sizeof(Id));
    });
    REQUIRE(child.output.size() == 1000 * sizeof(Id));
    std::vector<Id> theirs(1000);
    std::memcpy(static_cast<void*>(theirs.data()), child.output.data(), child.output.size());
    for (const auto& x : theirs) CHECK(seen.insert(x).second);
    for (int i = 0; i < 1000; ++i) CHECK(seen.insert(generate().value()).second);
}

}  // namespace

TEST_CASE("ids in one line: of now, of their version, and growing") {
    const auto before = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    const std::vector<ulid> ulids{id::generate_ulid().value(), id::generate_ulid().value(),
                                  id::generate_ulid().value()};
    const std::vector<uuid> uuids{id::generate_uuid_v7().value(), id::generate_uuid_v7().value(),
                                  id::generate_uuid_v7().value()};
    const auto after = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
    CHECK(ulids[0] < ulids[1]);
    CHECK(ulids[1] < ulids[2]);
    CHECK(ulids[0].timestamp() >= before);
    CHECK(ulids[2].timestamp() <= after);
    CHECK(uuids[0] < uuids[1]);
    CHECK(uuids[1] < uuids[2]);
    CHECK(uuids[0].version() == 7);
    CHECK(uuids[0].timestamp().value() >= before);
    CHECK(uuids[2].timestamp().value() <= after);
}

TEST_CASE("a version 4 is version 4, and the rest of it is chance") {
    std::uint64_t high_or = 0, high_and = ~std::uint64_t{0}, low_or = 0,
                  low_and = ~std::uint64_t{0};
    std::set<uuid> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto x = id::generate_uuid_v4().value();
        CHECK(x.version() == 4);
        CHECK(seen.insert(x).second);
        high_or |= x.high();
        high_and &= x.high();
        low_or |= x.low();
        low_and &= x.low();
    }
    CHECK((high_or & ~high_and) == ~std::uint64_t{0xF000});
    CHECK((low_or & ~low_and) == ~std::uint64_t{0} >> 2);
}

TEST_CASE("a child of fork has nothing of its parent's") {
    check_fork<ulid>(id::generate_ulid);
    check_fork<uuid>(id::generate_uuid_v7);
    check_fork<uuid>(id::generate_uuid_v4);
}

TEST_CASE("reseeding forgets the last id") {
    const auto before = id::generate_ulid().value();
    id::reseed_this_thread();
    const auto after = id::generate_ulid().value();
    CHECK(before != after);
    CHECK(after.timestamp() >= before.timestamp());
}

TEST_CASE("ids of many threads differ, until the very end of the thread", "[concurrent]") {
    constexpr std::size_t threads = 4, each = 20'000;
    std::vector<std::vector<ulid>> made(threads), last(threads);
    {
        std::vector<std::jthread> running;
        for (std::size_t i = 0; i < threads; ++i) {
            running.emplace_back([&, i] {
                thread_local last_words words;
                words.said = &last[i];
                for (std::size_t n = 0; n < each; ++n)
                    made[i].push_back(id::generate_ulid().value());
            });
        }
    }
    std::vector<ulid> all;
    for (std::size_t i = 0; i < threads; ++i) {
        CHECK(std::ranges::is_sorted(made[i]));
        CHECK(last[i].size() == 10);
        all.insert(all.end(), made[i].begin(), made[i].end());
        all.insert(all.end(), last[i].begin(), last[i].end());
    }
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
}
