// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is to happen, in order of time; at equal times, in the order in which it was asked for. So a run
// depends on nothing but what was asked.
//
//   event_queue<int> queue;
//   queue.push(t + 5ms, 1);
//   queue.push(t + 2ms, 2);
//   queue.pop();                             // {t + 2ms, 2}

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::sim {

/// A queue by time, stable. Small events only: they are moved about.
///
/// Complexity: push and pop O(log n) in a heap of fan-out four. Thread safety: none.
template <class Event>
class event_queue {
public:
    /// An event and its time.
    struct entry {
        steady_time at;
        Event what;
    };

    /// Whether nothing is to happen.
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

    /// The time of the next event. Requires: not empty.
    [[nodiscard]] steady_time next_time() const {
        COTERIE_ASSERT(!empty());
        return heap_.front().at;
    }

    /// Adds an event, after those that are there for the same time.
    void push(steady_time at, Event what) {
        heap_.push_back({at, next_sequence_++, std::move(what)});
        sift_up(heap_.size() - 1);
    }

    /// Takes the next event out. Requires: not empty.
    entry pop() {
        COTERIE_ASSERT(!empty());
        entry next{heap_.front().at, std::move(heap_.front().what)};
        if (heap_.size() > 1) {
            heap_.front() = std::move(heap_.back());
            heap_.pop_back();
            sift_down(0);
        } else {
            heap_.pop_back();
        }
        return next;
    }

    /// Takes out all events of which `is_unwanted` says so. Complexity: linear.
    template <std::predicate<const Event&> P>
    void erase_if(P is_unwanted) {
        std::erase_if(heap_, [&](const item& i) { return is_unwanted(i.what); });
        for (std::size_t i = heap_.size() / fan_out + 1; i-- > 0;)
            if (i < heap_.size()) sift_down(i);
    }

    /// Empties the queue.
    void clear() noexcept { heap_.clear(); }

private:
    struct item {
        steady_time at;
        std::uint64_t sequence;
        Event what;

        [[nodiscard]] bool before(const item& other) const noexcept {
            return at != other.at ? at < other.at : sequence < other.sequence;
        }
    };

    static constexpr std::size_t fan_out = 4;

    void sift_up(std::size_t i) {
        item moving = std::move(heap_[i]);
        while (i > 0) {
            const std::size_t parent = (i - 1) / fan_out;
            if (!moving.before(heap_[parent])) break;
            heap_[i] = std::move(heap_[parent]);
            i = parent;
        }
        heap_[i] = std::move(moving);
    }

    void sift_down(std::size_t i) {
        item moving = std::move(heap_[i]);
        const std::size_t size = heap_.size();
        for (std::size_t first = i * fan_out + 1; first < size; first = i * fan_out + 1) {
            const std::size_t end = first + fan_out < size ? first + fan_out : size;
            std::size_t least = first;
            for (std::size_t child = first + 1; child < end; ++child)
                if (heap_[child].before(heap_[least])) least = child;
            if (!heap_[least].before(moving)) break;
            heap_[i] = std::move(heap_[least]);
            i = least;
        }
        heap_[i] = std::move(moving);
    }

    std::vector<item> heap_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace coterie::inline v0::sim
