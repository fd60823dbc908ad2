// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/counters_x86.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::causality::detail::counters_order;
namespace detail = coterie::causality::detail;

namespace {

using counters = std::vector<std::uint64_t>;

/// Each way that this processor has, the chosen one among them.
template <class F>
void for_each_compare(F&& f) {
    f(detail::compare_counters);
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
    if (detail::x86::best_level() >= detail::x86::level::avx2) f(detail::x86::compare_avx2);
    if (detail::x86::best_level() >= detail::x86::level::avx512) f(detail::x86::compare_avx512);
#endif
}
template <class F>
void for_each_raise(F&& f) {
    f(detail::raise_counters);
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
    if (detail::x86::best_level() >= detail::x86::level::avx2) f(detail::x86::raise_avx2);
    if (detail::x86::best_level() >= detail::x86::level::avx512) f(detail::x86::raise_avx512);
#endif
}

/// Order and join by the definition.
void check(const counters& a, const counters& b) {
    bool any_less = false, any_greater = false;
    counters larger;
    for (std::size_t i = 0; i < a.size(); ++i) {
        any_less = any_less || a[i] < b[i];
        any_greater = any_greater || a[i] > b[i];
        larger.push_back(std::max(a[i], b[i]));
    }
    for_each_compare([&](auto compare) {
        const counters_order order = compare(a.data(), b.data(), a.size());
        REQUIRE(order.any_less == any_less);
        REQUIRE(order.any_greater == any_greater);
    });
    for_each_raise([&](auto raise) {
        counters mine = a;
        mine.push_back(7);  // nothing beyond the end is touched
        raise(mine.data(), b.data(), a.size());
        REQUIRE(mine.back() == 7);
        mine.pop_back();
        REQUIRE(mine == larger);
    });
}

}  // namespace

TEST_CASE("one counter that differs is found wherever it is, by however much") {
    constexpr std::uint64_t top = std::uint64_t{1} << 63;
    for (std::size_t size = 0; size < 75; ++size) {
        const counters same(size, top - 1);
        check(same, same);
        for (std::size_t at = 0; at < size; ++at) {
            for (const std::uint64_t other :
                 {std::uint64_t{0}, top - 2, top, top + 1, ~std::uint64_t{0}}) {
                counters changed = same;
                changed[at] = other;
                check(same, changed);
                check(changed, same);
            }
        }
    }
}

TEST_CASE("arrays in no order are told, wherever the two that say so are") {
    for (std::size_t size = 2; size < 75; size += 3) {
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                counters a(size, 5), b(size, 5);
                a[i] = 6;
                b[j] += 1;
                check(a, b);
            }
        }
    }
}

TEST_CASE("counters of all sizes, compared and joined as by the definition") {
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 3000; ++round) {
        const std::size_t size = random() % 140;
        counters a(size), b(size);
        for (std::size_t i = 0; i < size; ++i) {
            a[i] = random() >> random() % 64;
            b[i] = random() % 3 == 0 ? random() >> random() % 64 : a[i];
        }
        check(a, b);
    }
}
