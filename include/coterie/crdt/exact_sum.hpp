// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sums of 64-bit counts that cannot overflow, and their differences. A sum that stops at 2^64 - 1 is wrong as soon as
// something is subtracted from it, so only the last result is cut to what its type can say. For the library's own
// headers.

#include <compare>
#include <cstdint>
#include <limits>

namespace coterie::inline v0::crdt::detail {

/// A sum of up to 2^64 counts, in two words.
class exact_sum {
public:
    constexpr void add(std::uint64_t n) noexcept {
        low_ += n;
        high_ += low_ < n ? 1 : 0;
    }

    /// Whether the sum is less than 2^64.
    [[nodiscard]] constexpr bool fits() const noexcept { return high_ == 0; }

    /// The sum; the largest number where it is larger.
    [[nodiscard]] constexpr std::uint64_t saturated() const noexcept {
        return high_ != 0 ? ~std::uint64_t{0} : low_;
    }

    /// How much larger `a` is than `b`, at most 2^64 - 1; zero where it is not.
    [[nodiscard]] friend constexpr std::uint64_t excess(const exact_sum& a,
                                                        const exact_sum& b) noexcept {
        if (a <= b) return 0;
        exact_sum rest;
        rest.low_ = a.low_ - b.low_;
        rest.high_ = a.high_ - b.high_ - (a.low_ < b.low_ ? 1 : 0);
        return rest.saturated();
    }

    /// `a` less `b`; the nearest number that the type has.
    [[nodiscard]] friend constexpr std::int64_t difference(const exact_sum& a,
                                                           const exact_sum& b) noexcept {
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        const std::uint64_t up = excess(a, b), down = excess(b, a);
        if (down == 0) return static_cast<std::int64_t>(up < most ? up : most);
        return down > most ? std::numeric_limits<std::int64_t>::min()
                           : -static_cast<std::int64_t>(down);
    }

    friend constexpr auto operator<=>(const exact_sum&, const exact_sum&) = default;

private:
    std::uint64_t high_ = 0;  // before low_: the order is that of the members
    std::uint64_t low_ = 0;
};

/// The sum of a range of counts.
template <class Counts>
[[nodiscard]] constexpr exact_sum sum_of(const Counts& counts) noexcept {
    exact_sum sum;
    for (const std::uint64_t n : counts) sum.add(n);
    return sum;
}

}  // namespace coterie::inline v0::crdt::detail
