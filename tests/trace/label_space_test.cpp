// SPDX-License-Identifier: BSL-1.0
#include <coterie/trace/label_space.hpp>

#include <array>
#include <cstddef>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::trace::detail;

TEST_CASE("Boxes meet if they share more than an edge") {
    constexpr box a{0, 0, 10, 10};
    CHECK(a.meets({5, 5, 15, 15}));
    CHECK(a.meets({2, 2, 3, 3}));
    CHECK_FALSE(a.meets({10, 0, 20, 10}));
    CHECK_FALSE(a.meets({0, 10, 10, 20}));
    CHECK_FALSE(a.meets({-5, 0, 0, 10}));
    CHECK_FALSE(a.meets({0, -5, 10, 0}));
}

TEST_CASE("A segment meets the boxes that it crosses") {
    constexpr box b{0, 0, 10, 10};
    CHECK(segment{{-5, 5}, {15, 5}}.meets(b));
    CHECK(segment{{5, -5}, {5, 15}}.meets(b));
    CHECK(segment{{-5, -5}, {15, 15}}.meets(b));
    CHECK(segment{{15, 15}, {-5, -5}}.meets(b));
    CHECK(segment{{4, 4}, {6, 5}}.meets(b));
    CHECK_FALSE(segment{{-5, 5}, {-1, 5}}.meets(b));
    CHECK_FALSE(segment{{11, 5}, {15, 5}}.meets(b));
    CHECK_FALSE(segment{{-5, 12}, {15, 12}}.meets(b));
    CHECK_FALSE(segment{{-5, 8}, {5, 18}}.meets(b));
    CHECK_FALSE(segment{{12, 0}, {12, 10}}.meets(b));
}

TEST_CASE("A segment meets a box where one of its points is inside") {
    std::mt19937_64 random(coterie::test::seed());
    const auto draw = [&random] { return static_cast<double>(random() % 400) / 10; };
    int met = 0;
    for (int i = 0; i < 20'000; ++i) {
        const box b = box::around({draw(), draw()}, 1 + draw() / 4, 1 + draw() / 4);
        const segment s{{draw(), draw()}, {draw(), draw()}};
        bool inside = false;
        for (int k = 0; k <= 400; ++k) {
            const double t = k / 400.0;
            const point p{s.from.x + (s.to.x - s.from.x) * t, s.from.y + (s.to.y - s.from.y) * t};
            // By more than rounding: a corner may be touched.
            inside = inside || (p.x > b.left + 1e-9 && p.x < b.right - 1e-9 && p.y > b.top + 1e-9 &&
                                p.y < b.bottom - 1e-9);
        }
        if (inside) REQUIRE(s.meets(b));
        // Smaller by more than the distance of two points: then what it meets holds one of them.
        const box core{b.left + 0.2, b.top + 0.2, b.right - 0.2, b.bottom - 0.2};
        if (!inside) REQUIRE_FALSE(s.meets(core));
        met += inside ? 1 : 0;
    }
    CHECK(met > 1000);
}

TEST_CASE("A label takes the free place with the fewest lines behind it") {
    label_space space({0, 0, 1000, 100});
    const std::array<box, 3> places{{{10, 10, 60, 20}, {10, 30, 60, 40}, {10, 50, 60, 60}}};
    space.add(segment{{0, 15}, {100, 15}});
    space.add(segment{{0, 35}, {100, 35}});
    space.add(segment{{0, 36}, {100, 36}});
    const auto top = [&](std::size_t most) {
        const auto b = space.take_best(places, most);
        return b.has_value() ? b->top : -1;
    };
    CHECK(top(2) == 50);
    CHECK(top(0) == -1);
    CHECK(top(2) == 10);
    CHECK(top(1) == -1);
    CHECK(top(2) == 30);
    CHECK(top(2) == -1);
}

TEST_CASE("A label stays within bounds") {
    label_space space({10, 10, 100, 50});
    const auto fits = [&space](box b) { return space.take_best(std::array{b}, 0).has_value(); };
    CHECK_FALSE(fits({9, 20, 30, 30}));
    CHECK_FALSE(fits({90, 20, 101, 30}));
    CHECK_FALSE(fits({20, 9, 30, 20}));
    CHECK_FALSE(fits({20, 45, 30, 51}));
    CHECK(fits({10, 10, 100, 50}));
}

TEST_CASE("No two labels overlap, wherever they are") {
    std::mt19937_64 random(coterie::test::seed());
    label_space space({0, 0, 3000, 500});
    std::vector<box> taken;
    for (int i = 0; i < 3000; ++i) {
        const point p{static_cast<double>(random() % 3000), static_cast<double>(random() % 500)};
        const auto got = space.take_best(
            std::array{box::around(p, static_cast<double>(1 + random() % 90), 6)}, 0);
        if (got.has_value()) taken.push_back(*got);
    }
    CHECK(taken.size() > 100);
    std::size_t overlaps = 0;
    for (std::size_t a = 0; a < taken.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) overlaps += taken[a].meets(taken[b]) ? 1U : 0U;
    }
    CHECK(overlaps == 0);
}
