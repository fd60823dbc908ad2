// SPDX-License-Identifier: BSL-1.0
#pragma once

// Real threads that are interrupted often and at the worst moment: a policy (core/sharing.hpp) whose cells are atomic,
// and before one in so many operations give the processor away. What interleave.hpp tries exhaustively with a few
// operations, this tries at random with millions.

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include <coterie/core/bits.hpp>
#include <coterie/core/sharing.hpp>

namespace coterie::test {

/// Gives the processor away, once in about 64 calls of a thread.
inline void preempt_now_and_then() {
    thread_local std::uint64_t state =
        detail::mix64(std::hash<std::thread::id>()(std::this_thread::get_id()));
    state = detail::mix64(state + 1);
    if (state % 64 == 0) std::this_thread::yield();
}

/// A std::atomic with interruptions.
template <class T>
class preempted_cell {
public:
    preempted_cell() = default;
    explicit preempted_cell(T value) : value_(value) {}

    T load(std::memory_order o = std::memory_order_seq_cst) const { return now().load(o); }
    void store(T v, std::memory_order o = std::memory_order_seq_cst) { now().store(v, o); }
    T exchange(T v, std::memory_order o = std::memory_order_seq_cst) {
        return now().exchange(v, o);
    }
    T fetch_add(T n, std::memory_order o = std::memory_order_seq_cst) {
        return now().fetch_add(n, o);
    }
    T fetch_sub(T n, std::memory_order o = std::memory_order_seq_cst) {
        return now().fetch_sub(n, o);
    }
    template <class... Orders>
    bool compare_exchange_strong(T& expected, T v, Orders... o) {
        return now().compare_exchange_strong(expected, v, o...);
    }
    template <class... Orders>
    bool compare_exchange_weak(T& expected, T v, Orders... o) {
        return now().compare_exchange_weak(expected, v, o...);
    }

private:
    std::atomic<T>& now() const {
        preempt_now_and_then();
        return value_;
    }

    mutable std::atomic<T> value_{};
};

/// The policy, in place of coterie::detail::shared_by_threads.
struct preempted : detail::shared_by_threads {
    template <class T>
    using cell = preempted_cell<T>;

    class lock {
    public:
        void acquire() {
            while (held_.exchange(1, std::memory_order_acquire) != 0) std::this_thread::yield();
        }
        bool try_acquire() { return held_.exchange(1, std::memory_order_acquire) == 0; }
        void release() { held_.store(0, std::memory_order_release); }

    private:
        preempted_cell<int> held_{0};
    };

    static void pause() { std::this_thread::yield(); }
};

}  // namespace coterie::test
