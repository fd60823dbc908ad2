// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/callback.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

/// Counts those that are alive.
struct counted {
    explicit counted(int& alive) : alive_(&alive) { ++alive; }
    counted(counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
    counted(const counted& other) : alive_(other.alive_) { ++*alive_; }
    counted& operator=(const counted&) = delete;
    ~counted() { --*alive_; }

private:
    int* alive_;
};

}  // namespace

TEST_CASE("a callback calls what it holds, small or large, and destroys it once") {
    int alive = 0;
    {
        coterie::callback<int(int)> small = [token = counted(alive)](int x) { return x + 1; };
        std::vector<std::byte> ballast(100);
        coterie::callback<int(int)> large = [token = counted(alive), a = ballast, b = ballast,
                                             c = ballast, sum = std::int64_t{0}](int x) mutable {
            sum += x;
            return static_cast<int>(sum);
        };
        CHECK(alive == 2);
        CHECK(small(1) == 2);
        CHECK(large(5) == 5);
        CHECK(large(5) == 10);
        coterie::callback<int(int)> moved = std::move(large);
        CHECK(!large);  // NOLINT(bugprone-use-after-move): that is what is tested
        CHECK(moved(5) == 15);
        moved = std::move(small);
        CHECK(alive == 1);
        CHECK(moved(1) == 2);
        auto& itself = moved;
        moved = std::move(itself);
        CHECK(moved(2) == 3);
        moved.reset();
        CHECK(!moved);
        CHECK(alive == 0);
    }
    CHECK(alive == 0);
}

TEST_CASE("a callback passes on what cannot be copied, and references as they are") {
    coterie::callback<std::string(std::string, int&)> f = [](std::string s, int& n) {
        ++n;
        return s + "!";
    };
    int n = 0;
    CHECK(f("on", n) == "on!");
    CHECK(n == 1);
}
