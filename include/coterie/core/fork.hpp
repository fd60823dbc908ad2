// SPDX-License-Identifier: BSL-1.0
#pragma once

// State that a child process must not inherit: the key of a random generator, the right to a worker
// id. `fork_wiped<T>` keeps a T in memory of its own that reads as zero bytes in every child of
// fork(), so that "all zero" can mean "start afresh". Linux wipes it in the kernel (MADV_WIPEONFORK,
// since 4.14), and looking costs nothing; elsewhere each look compares the process id, which misses
// only a descendant that was given its ancestor's recycled id.
//
// A cloned virtual machine or a restored snapshot is not a fork: nothing here notices it.

#include <cstring>
#include <type_traits>
#include <utility>

#if __has_include(<sys/mman.h>) && !defined(__wasi__)
#define COTERIE_DETAIL_CAN_FORK 1
#include <sys/mman.h>
#include <unistd.h>
#else
#define COTERIE_DETAIL_CAN_FORK 0
#include <new>
#endif

namespace coterie::inline v0 {

/// Owns a T that reads as zero bytes before its first use, and in a child process.
///
/// `AskKernel` = false compares process ids even where the kernel could wipe; the tests use it.
/// Thread safety: none beyond that of T; fork() itself may happen in any thread.
template <class T, bool AskKernel = true>
class fork_wiped {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_default_constructible_v<T>,
                  "zero bytes must be a state of T");

public:
    fork_wiped() = default;
    fork_wiped(fork_wiped&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    fork_wiped& operator=(fork_wiped&& other) noexcept {
        std::swap(page_, other.page_);
        return *this;
    }
    ~fork_wiped();

    /// The state, or a null pointer before `acquire` succeeded. Complexity: one comparison, on Linux.
    [[nodiscard]] T* get() noexcept;

    /// As `get`, but changes nothing: null also where a child process has yet to look by `get`. May be
    /// called from many threads at once, beside no other call.
    [[nodiscard]] const T* peek() const noexcept;

    /// Maps the memory if that has not happened yet. Returns: the state, or null where there is none.
    [[nodiscard]] T* acquire() noexcept;

private:
    struct page {
        T value;
        long owner;  // a process id; 0 where the kernel wipes, in the parent and in the child
    };

    page* page_ = nullptr;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The number of this process, for what has no page yet; 0 where there are no processes.
[[nodiscard]] inline long process_id() noexcept {
#if COTERIE_DETAIL_CAN_FORK
    return ::getpid();
#else
    return 0;
#endif
}

}  // namespace detail

#if COTERIE_DETAIL_CAN_FORK

template <class T, bool AskKernel>
fork_wiped<T, AskKernel>::~fork_wiped() {
    if (page_ != nullptr) ::munmap(static_cast<void*>(page_), sizeof(page));
}

template <class T, bool AskKernel>
T* fork_wiped<T, AskKernel>::get() noexcept {
    if (page_ == nullptr) return nullptr;
    if (page_->owner != 0) [[unlikely]] {
        const long self = ::getpid();
        if (page_->owner != self) {
            std::memset(static_cast<void*>(page_), 0, sizeof(page));
            page_->owner = self;
        }
    }
    return &page_->value;
}

template <class T, bool AskKernel>
const T* fork_wiped<T, AskKernel>::peek() const noexcept {
    if (page_ == nullptr || (page_->owner != 0 && page_->owner != ::getpid())) return nullptr;
    return &page_->value;
}

template <class T, bool AskKernel>
T* fork_wiped<T, AskKernel>::acquire() noexcept {
    if (page_ == nullptr) {
        void* const memory = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return nullptr;
        page_ = static_cast<page*>(memory);
        bool kernel_wipes = false;
#ifdef MADV_WIPEONFORK
        kernel_wipes = AskKernel && ::madvise(memory, sizeof(page), MADV_WIPEONFORK) == 0;
#endif
#ifdef MADV_DONTDUMP
        ::madvise(memory, sizeof(page), MADV_DONTDUMP);  // keys stay out of core dumps, if possible
#endif
        page_->owner = kernel_wipes ? 0 : ::getpid();
    }
    return get();
}

#else

template <class T, bool AskKernel>
fork_wiped<T, AskKernel>::~fork_wiped() {
    delete page_;
}

template <class T, bool AskKernel>
T* fork_wiped<T, AskKernel>::get() noexcept {
    return page_ == nullptr ? nullptr : &page_->value;
}

template <class T, bool AskKernel>
const T* fork_wiped<T, AskKernel>::peek() const noexcept {
    return page_ == nullptr ? nullptr : &page_->value;
}

template <class T, bool AskKernel>
T* fork_wiped<T, AskKernel>::acquire() noexcept {
    if (page_ == nullptr) page_ = new (std::nothrow) page{};
    return get();
}

#endif

}  // namespace coterie::inline v0

#undef COTERIE_DETAIL_CAN_FORK
