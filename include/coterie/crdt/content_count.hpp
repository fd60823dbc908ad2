// SPDX-License-Identifier: BSL-1.0
#pragma once

// A count of what a container beside it holds: zero once it was moved from, as the container is empty then.
// For the library's own headers.

#include <cstddef>
#include <utility>

namespace coterie::inline v0::crdt::detail {

/// A number that goes with a move.
class content_count {
public:
    constexpr content_count() = default;
    constexpr content_count(std::size_t n) noexcept  // NOLINT(google-explicit-constructor)
        : n_(n) {}
    constexpr content_count(const content_count&) = default;
    constexpr content_count(content_count&& other) noexcept : n_(std::exchange(other.n_, 0)) {}
    constexpr content_count& operator=(const content_count&) = default;
    constexpr content_count& operator=(content_count&& other) noexcept {
        n_ = other.n_;
        other.n_ = 0;  // also where they are the same: a vector that is moved to itself is empty
        return *this;
    }
    constexpr ~content_count() = default;

    constexpr operator std::size_t() const noexcept {  // NOLINT(google-explicit-constructor)
        return n_;
    }
    constexpr content_count& operator+=(std::size_t n) noexcept {
        n_ += n;
        return *this;
    }
    constexpr content_count& operator-=(std::size_t n) noexcept {
        n_ -= n;
        return *this;
    }

private:
    std::size_t n_ = 0;
};

}  // namespace coterie::inline v0::crdt::detail
