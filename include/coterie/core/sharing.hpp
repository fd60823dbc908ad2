// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a type is shared: by one owner, or by threads. A type that takes this as its policy has one text for both,
// and for tests, which give it cells of their own to try all interleavings. For the library's own headers.
//
//   template <class Sharing>
//   class counter {
//       typename Sharing::template cell<std::uint64_t> count_{0};     // std::atomic, or a plain word
//       typename Sharing::template guarded<std::string> name_;        // of whoever holds the lock
//       typename Sharing::lock lock_;
//   };

#include <atomic>

namespace coterie::inline v0::detail {

/// What one owner has in place of a std::atomic.
template <class T>
class plain_cell {
public:
    constexpr plain_cell() = default;
    explicit constexpr plain_cell(T value) noexcept : value_(value) {}

    constexpr T load(std::memory_order = {}) const noexcept { return value_; }
    constexpr void store(T value, std::memory_order = {}) noexcept { value_ = value; }
    constexpr T exchange(T value, std::memory_order = {}) noexcept {
        const T old = value_;
        value_ = value;
        return old;
    }
    constexpr T fetch_add(T n, std::memory_order = {}) noexcept {
        return exchange(static_cast<T>(value_ + n));
    }
    constexpr T fetch_sub(T n, std::memory_order = {}) noexcept {
        return exchange(static_cast<T>(value_ - n));
    }
    constexpr bool compare_exchange_strong(T& expected, T value, std::memory_order = {},
                                           std::memory_order = {}) noexcept {
        if (value_ == expected) {
            value_ = value;
            return true;
        }
        expected = value_;
        return false;
    }
    constexpr bool compare_exchange_weak(T& expected, T value, std::memory_order = {},
                                         std::memory_order = {}) noexcept {
        return compare_exchange_strong(expected, value);
    }

private:
    T value_{};
};

/// What is used by one thread at a time, as by the holder of a lock.
template <class T>
class plain_data {
public:
    constexpr plain_data() = default;
    explicit constexpr plain_data(T value) noexcept : value_(static_cast<T&&>(value)) {}

    constexpr const T& read() const noexcept { return value_; }
    constexpr T& write() noexcept { return value_; }

private:
    T value_{};
};

/// One owner: plain words, and nothing to lock.
struct single_owner {
    template <class T>
    using cell = plain_cell<T>;
    template <class T>
    using guarded = plain_data<T>;

    struct lock {
        constexpr void acquire() noexcept {}
        constexpr bool try_acquire() noexcept { return true; }
        constexpr void release() noexcept {}
    };

    /// Another thread has to go on first.
    static constexpr void pause() noexcept {}
};

/// Any number of threads. The lock is for a few instructions; who waits for it spins.
struct shared_by_threads {
    template <class T>
    using cell = std::atomic<T>;
    template <class T>
    using guarded = plain_data<T>;

    class lock {
    public:
        void acquire() noexcept {
            while (flag_.test_and_set(std::memory_order_acquire)) {
                while (flag_.test(std::memory_order_relaxed)) pause();
            }
        }
        bool try_acquire() noexcept { return !flag_.test_and_set(std::memory_order_acquire); }
        void release() noexcept { flag_.clear(std::memory_order_release); }

    private:
        std::atomic_flag flag_;
    };

    static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ __volatile__("yield");
#endif
    }
};

}  // namespace coterie::inline v0::detail
