// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/stability_frontier.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/version_vector.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using frontier = causality::stability_frontier<std::uint64_t, std::string>;
using vector = causality::version_vector<std::uint64_t>;
using context = causality::causal_context<std::uint64_t>;

namespace {

vector counts(const std::vector<std::uint64_t>& of_each) {
    vector v;
    for (std::size_t r = 0; r < of_each.size(); ++r) v.raise(r, of_each[r]);
    return v;
}

}  // namespace

TEST_CASE("stable is what the least informed member has seen") {
    frontier f({"a", "b", "a"});
    CHECK(f.members() == 2);
    CHECK(f.stable() == vector());
    CHECK(f.observe("a", counts({3, 5})).has_value());
    CHECK(f.stable() == vector());
    CHECK(f.observe("b", counts({4, 2, 7})).has_value());
    CHECK(f.stable() == counts({3, 2}));
    CHECK(f.is_stable({0, 3}));
    CHECK_FALSE(f.is_stable({0, 4}));
    CHECK_FALSE(f.is_stable({0, 0}));
    CHECK_FALSE(f.is_stable({2, 1}));
    CHECK_FALSE(f.is_stable({9, 1}));

    SECTION("older news changes nothing") {
        CHECK(f.observe("b", counts({1, 1})).has_value());
        CHECK(f.stable() == counts({3, 2}));
    }
    SECTION("who is no member does not count") {
        CHECK(f.observe("c", counts({9, 9})) ==
              std::unexpected(causality::causality_errc::unknown_member));
        CHECK(f.stable() == counts({3, 2}));
    }
    SECTION("a new member holds it back until it is heard of") {
        f.add_member("c");
        CHECK(f.stable() == vector());
        CHECK(f.observe("c", counts({4, 1})).has_value());
        CHECK(f.stable() == counts({3, 1}));
        f.add_member("c");
        CHECK(f.stable() == counts({3, 1}));
    }
    SECTION("nobody waits for who has left") {
        f.remove_member("b");
        CHECK(f.stable() == counts({3, 5}));
        f.remove_member("a");
        CHECK(f.stable() == vector());
        CHECK_FALSE(f.is_stable({0, 1}));
    }
}

TEST_CASE("what lies beyond a gap is not stable") {
    frontier f({"a"});
    context c;
    c.insert({1, 1});
    c.insert({1, 3});
    CHECK(f.observe("a", c).has_value());
    CHECK(f.is_stable({1, 1}));
    CHECK_FALSE(f.is_stable({1, 2}));
    CHECK_FALSE(f.is_stable({1, 3}));
}

TEST_CASE("a frontier is the least of what was observed, in any order") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 200; ++round) {
        const std::vector<std::string> names{"a", "b", "c"};
        frontier f(names);
        std::map<std::string, std::map<std::uint64_t, std::uint64_t>> known;
        for (int step = 0; step < 20; ++step) {
            const auto& who = names[random() % 3];
            vector v;
            for (std::uint64_t r = 0; r < 4; ++r) {
                const std::uint64_t n = random() % 6;
                v.raise(r, n);
                auto& k = known[who][r];
                if (k < n) k = n;
            }
            REQUIRE(f.observe(who, v).has_value());
            const vector stable = f.stable();
            for (std::uint64_t r = 0; r < 5; ++r) {
                std::uint64_t least = 9;
                for (const auto& name : names) {
                    const std::uint64_t k = known[name][r];
                    if (k < least) least = k;
                }
                REQUIRE(stable.at(r) == least);
                for (std::uint64_t n = 0; n < 8; ++n)
                    REQUIRE(f.is_stable({r, n}) == (n != 0 && n <= least));
            }
        }
    }
}
