// SPDX-License-Identifier: BSL-1.0
#pragma once

// Arrays of counters compared and joined: by AVX-512 or AVX2 where the processor has it, chosen when the program
// runs, since plain x86-64 cannot compare 64-bit numbers in vectors; else by loops that compilers may turn into
// vector code. For the library's own headers.

#include <cstddef>
#include <cstdint>

namespace coterie::inline v0::causality::detail {

/// Whether some counter is less, and whether some counter is greater, than the other array's.
struct counters_order {
    bool any_less = false;
    bool any_greater = false;
};

/// Compares from `begin` to `end`, without a way out, so that it can become vector code.
constexpr counters_order compare_some(const std::uint64_t* a, const std::uint64_t* b,
                                      std::size_t begin, std::size_t end) noexcept {
    std::uint64_t less = 0, greater = 0;
    for (std::size_t i = begin; i < end; ++i) {
        less |= a[i] < b[i] ? 1U : 0U;
        greater |= a[i] > b[i] ? 1U : 0U;
    }
    return {less != 0, greater != 0};
}

/// Raises those of `mine` from `begin` to `end` to `theirs`.
constexpr void raise_some(std::uint64_t* mine, const std::uint64_t* theirs, std::size_t begin,
                          std::size_t end) noexcept {
    for (std::size_t i = begin; i < end; ++i) mine[i] = mine[i] < theirs[i] ? theirs[i] : mine[i];
}

/// As many counters are compared before it is asked whether the order is known.
inline constexpr std::size_t counters_at_once = 32;

// Not on Windows: there g++ does not align the stack for 32-byte registers (GCC bug 54412).
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)

/// Functions for processors that may not be there: call them only where `level` says so.
namespace x86 {

enum class level : std::uint8_t {
    none,
    avx2,
    avx512,
};

[[nodiscard]] inline level best_level() noexcept {
    if (__builtin_cpu_supports("avx512vl")) return level::avx512;
    return __builtin_cpu_supports("avx2") ? level::avx2 : level::none;
}

using u64x4 [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = std::uint64_t;
inline constexpr std::size_t lanes = 4;

// The two functions are written once, and compiled with the instructions of those that they become part of.
#define COTERIE_DETAIL_AVX2_PART [[gnu::target("avx2"), gnu::always_inline]] inline

/// Whether any bit is set.
COTERIE_DETAIL_AVX2_PART bool any(const u64x4& x) noexcept {
    bool is_any;
    __asm__("vptest {%1, %1|%1, %1}\n\tsetne %0" : "=q"(is_any) : "x"(x) : "cc");
    return is_any;
}

COTERIE_DETAIL_AVX2_PART counters_order compare_part(const std::uint64_t* a, const std::uint64_t* b,
                                                     std::size_t size) noexcept {
    counters_order order;
    std::size_t i = 0;
    while (i + lanes <= size && !(order.any_less && order.any_greater)) {
        u64x4 less{}, greater{};
        const std::size_t end = size - i < counters_at_once ? size : i + counters_at_once;
        for (; i + lanes <= end; i += lanes) {
            const u64x4 x = *reinterpret_cast<const u64x4*>(a + i);
            const u64x4 y = *reinterpret_cast<const u64x4*>(b + i);
            const u64x4 larger = x < y ? y : x;
            less |= larger ^ x;
            greater |= larger ^ y;
        }
        order.any_less = order.any_less || any(less);
        order.any_greater = order.any_greater || any(greater);
    }
    const counters_order rest = compare_some(a, b, i, size);
    return {order.any_less || rest.any_less, order.any_greater || rest.any_greater};
}

COTERIE_DETAIL_AVX2_PART void raise_part(std::uint64_t* mine, const std::uint64_t* theirs,
                                         std::size_t size) noexcept {
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        const u64x4 x = *reinterpret_cast<const u64x4*>(mine + i);
        const u64x4 y = *reinterpret_cast<const u64x4*>(theirs + i);
        *reinterpret_cast<u64x4*>(mine + i) = x < y ? y : x;
    }
    raise_some(mine, theirs, i, size);
}

#undef COTERIE_DETAIL_AVX2_PART

[[gnu::target("avx2")]] inline counters_order compare_avx2(const std::uint64_t* a,
                                                           const std::uint64_t* b,
                                                           std::size_t size) noexcept {
    return compare_part(a, b, size);
}
[[gnu::target("avx2,avx512f,avx512vl")]] inline counters_order compare_avx512(
    const std::uint64_t* a, const std::uint64_t* b, std::size_t size) noexcept {
    return compare_part(a, b, size);
}
[[gnu::target("avx2")]] inline void raise_avx2(std::uint64_t* mine, const std::uint64_t* theirs,
                                               std::size_t size) noexcept {
    raise_part(mine, theirs, size);
}
[[gnu::target("avx2,avx512f,avx512vl")]] inline void raise_avx512(std::uint64_t* mine,
                                                                  const std::uint64_t* theirs,
                                                                  std::size_t size) noexcept {
    raise_part(mine, theirs, size);
}

}  // namespace x86

#endif

/// Compares two arrays. Once the order is known to be none, the rest is not looked at.
inline counters_order compare_counters(const std::uint64_t* a, const std::uint64_t* b,
                                       std::size_t size) noexcept {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
    switch (size < x86::lanes ? x86::level::none : x86::best_level()) {
        case x86::level::avx512: return x86::compare_avx512(a, b, size);
        case x86::level::avx2: return x86::compare_avx2(a, b, size);
        case x86::level::none: break;
    }
#endif
    counters_order order;
    for (std::size_t i = 0; i < size && !(order.any_less && order.any_greater);
         i += counters_at_once) {
        const std::size_t end = size - i < counters_at_once ? size : i + counters_at_once;
        const counters_order some = compare_some(a, b, i, end);
        order.any_less = order.any_less || some.any_less;
        order.any_greater = order.any_greater || some.any_greater;
    }
    return order;
}

/// The larger of each two counters, into `mine`.
inline void raise_counters(std::uint64_t* mine, const std::uint64_t* theirs,
                           std::size_t size) noexcept {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
    switch (size < x86::lanes ? x86::level::none : x86::best_level()) {
        case x86::level::avx512: return x86::raise_avx512(mine, theirs, size);
        case x86::level::avx2: return x86::raise_avx2(mine, theirs, size);
        case x86::level::none: break;
    }
#endif
    raise_some(mine, theirs, 0, size);
}

}  // namespace coterie::inline v0::causality::detail
