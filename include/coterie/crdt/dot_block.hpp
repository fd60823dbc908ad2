// SPDX-License-Identifier: BSL-1.0
#pragma once

// The values of one block of dots: a bitmap of the slots that are alive, and their values, side by side in the
// order of the slots. A value is found by counting the bits before its own, so a slot costs one bit, and a value
// its own size. For the library's own headers.

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/crdt/block_mask.hpp>

namespace coterie::inline v0::crdt::detail {

/// Values by slot. A regular type: equal where the same slots have equal values.
template <class T>
class dot_block {
public:
    /// The slots that have a value.
    [[nodiscard]] const block_mask& alive() const noexcept { return alive_; }
    /// The values, in the order of their slots.
    [[nodiscard]] const std::vector<T>& values() const noexcept { return values_; }

    /// The value of a slot. Requires: it is alive.
    [[nodiscard]] const T& at(std::size_t slot) const { return values_[alive_.rank(slot)]; }
    /// \copydoc at
    [[nodiscard]] T& at(std::size_t slot) { return values_[alive_.rank(slot)]; }

    /// Calls `f(slot, value)` for each slot that is alive, in order.
    template <class F>
    void for_each(F&& f) const {
        std::size_t i = 0;
        alive_.for_each([&](std::size_t slot) { f(slot, values_[i++]); });
    }

    /// Adds a value. Requires: the slot is not alive.
    void insert(std::size_t slot, T&& x) {
        values_.insert(place_of(slot), std::move(x));
        alive_.set(slot);
    }

    /// Removes slots. Requires: all of them are alive. Returns: how many there were.
    std::size_t remove(const block_mask& removed);

    /// Adds slots of another block. Requires: they are alive there, and not here. Returns: how many there were.
    std::size_t add(const block_mask& added, const dot_block& from);

    friend bool operator==(const dot_block& a, const dot_block& b) {
        return a.alive_ == b.alive_ && a.values_ == b.values_;
    }

private:
    [[nodiscard]] auto place_of(std::size_t slot) {
        return values_.begin() + static_cast<std::ptrdiff_t>(alive_.rank(slot));
    }

    block_mask alive_;
    std::vector<T> values_;
};

// --- details ---------------------------------------------------------------------------------------

template <class T>
std::size_t dot_block<T>::remove(const block_mask& removed) {
    const std::size_t count = removed.count();
    if (count == values_.size()) {
        values_.clear();
    } else if (count < 8) {
        // From the last on, so that the ranks of those before stay.
        auto rest = removed;
        for (std::size_t n = 0; n < count; ++n) {
            const std::size_t slot = rest.last();
            rest.reset(slot);
            values_.erase(place_of(slot));
        }
    } else {
        std::size_t from = 0, to = 0;
        alive_.for_each([&](std::size_t slot) {
            if (!removed.test(slot)) {
                if (from != to) values_[to] = std::move(values_[from]);
                ++to;
            }
            ++from;
        });
        values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(to), values_.end());
    }
    alive_ = alive_ & ~removed;
    return count;
}

template <class T>
std::size_t dot_block<T>::add(const block_mask& added, const dot_block& from) {
    const std::size_t count = added.count();
    if (!alive_.any() && added == from.alive_) {
        std::vector<T> values = from.values_;
        values_ = std::move(values);
    } else if constexpr (!std::is_nothrow_copy_constructible_v<T>) {
        // What is added is copied before anything is moved.
        std::vector<T> news;
        news.reserve(count);
        std::size_t theirs = 0;
        from.alive_.for_each([&](std::size_t slot) {
            if (added.test(slot)) news.push_back(from.values_[theirs]);
            ++theirs;
        });
        std::vector<T> values;
        values.reserve(values_.size() + count);
        std::size_t mine = 0, next = 0;
        (alive_ | added).for_each([&](std::size_t slot) {
            values.push_back(std::move(added.test(slot) ? news[next++] : values_[mine++]));
        });
        values_ = std::move(values);
    } else {
        std::vector<T> values;
        values.reserve(values_.size() + count);
        std::size_t mine = 0, theirs = 0;
        (alive_ | from.alive_).for_each([&](std::size_t slot) {
            if (added.test(slot)) values.push_back(from.values_[theirs]);
            if (from.alive_.test(slot)) ++theirs;
            if (alive_.test(slot)) values.push_back(std::move(values_[mine++]));
        });
        values_ = std::move(values);
    }
    alive_ = alive_ | added;
    return count;
}

}  // namespace coterie::inline v0::crdt::detail
