// SPDX-License-Identifier: BSL-1.0
#pragma once

// Values under small numbers, which are used again: how an event names what it is about. For the
// simulator's own headers.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace coterie::inline v0::sim::detail {

/// Values by slot. A slot that was taken is the next to be given.
///
/// Complexity: constant a call. Memory: as many slots as were ever in use at a time.
template <class T>
class slot_table {
public:
    /// Keeps a value. Returns: its slot.
    std::uint32_t put(T value) {
        if (free_.empty()) {
            values_.push_back(std::move(value));
            return static_cast<std::uint32_t>(values_.size() - 1);
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        values_[slot] = std::move(value);
        return slot;
    }

    /// Takes a value out. Requires: it is there.
    T take(std::uint32_t slot) {
        free_.push_back(slot);
        return std::move(values_[slot]);
    }

    /// The value of a slot; what was moved from, in one that is not in use.
    [[nodiscard]] T& operator[](std::uint32_t slot) noexcept { return values_[slot]; }
    [[nodiscard]] const T& operator[](std::uint32_t slot) const noexcept { return values_[slot]; }

    /// Slots are below this.
    [[nodiscard]] std::size_t bound() const noexcept { return values_.size(); }

    /// How many are in use.
    [[nodiscard]] std::size_t size() const noexcept { return values_.size() - free_.size(); }

private:
    std::vector<T> values_;
    std::vector<std::uint32_t> free_;
};

}  // namespace coterie::inline v0::sim::detail
