// SPDX-License-Identifier: BSL-1.0
#pragma once

// A function to be called later: move-only, and without an allocation where what it captures is small.
// The simulator keeps timers, handlers and programs as such.
//
//   callback<void()> later = [self, n] { self->retry(n); };
//   later();

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <coterie/core/assert.hpp>

namespace coterie::inline v0 {

template <class Signature>
class callback;

/// Holds one callable, or none. Up to six pointers' worth of captures are kept inside.
///
/// Complexity: one indirect call. Thread safety: none.
template <class Result, class... Arguments>
class callback<Result(Arguments...)> {
public:
    callback() = default;

    /// Takes what can be called with these arguments.
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, callback> &&
                 std::is_invocable_r_v<Result, std::remove_cvref_t<F>&, Arguments...>)
    callback(F&& f) {  // NOLINT(google-explicit-constructor): a lambda is a callback
        using held = std::remove_cvref_t<F>;
        if constexpr (fits<held>) {
            ::new (static_cast<void*>(storage_)) held(std::forward<F>(f));
            actions_ = &inside<held>;
        } else {
            ::new (static_cast<void*>(storage_)) held*(new held(std::forward<F>(f)));
            actions_ = &outside<held>;
        }
    }

    callback(callback&& other) noexcept : actions_(other.actions_) {
        if (actions_ != nullptr) actions_->move(storage_, other.storage_);
        other.actions_ = nullptr;
    }
    callback& operator=(callback&& other) noexcept {
        if (this == &other) return *this;
        reset();
        actions_ = std::exchange(other.actions_, nullptr);
        if (actions_ != nullptr) actions_->move(storage_, other.storage_);
        return *this;
    }
    callback(const callback&) = delete;
    callback& operator=(const callback&) = delete;
    ~callback() { reset(); }

    /// Destroys what it holds.
    void reset() noexcept {
        if (actions_ != nullptr) std::exchange(actions_, nullptr)->destroy(storage_);
    }

    /// Whether it holds anything.
    explicit operator bool() const noexcept { return actions_ != nullptr; }

    /// Calls it. Requires: it holds something.
    Result operator()(Arguments... arguments) {
        COTERIE_ASSERT(actions_ != nullptr);
        return actions_->call(storage_, std::forward<Arguments>(arguments)...);
    }

private:
    struct actions {
        Result (*call)(std::byte*, Arguments&&...);
        // Moves into raw bytes, and leaves raw bytes behind.
        void (*move)(std::byte* to, std::byte* from) noexcept;
        void (*destroy)(std::byte*) noexcept;
    };

    static constexpr std::size_t capacity = 6 * sizeof(void*);

    template <class F>
    static constexpr bool fits = sizeof(F) <= capacity && alignof(F) <= alignof(void*) &&
                                 std::is_nothrow_move_constructible_v<F>;

    template <class F>
    static F& at(std::byte* storage) noexcept {
        return *std::launder(reinterpret_cast<F*>(storage));
    }

    template <class F>
    static constexpr actions inside = {
        [](std::byte* s, Arguments&&... arguments) -> Result {
            return static_cast<Result>(at<F>(s)(std::forward<Arguments>(arguments)...));
        },
        [](std::byte* to, std::byte* from) noexcept {
            ::new (static_cast<void*>(to)) F(std::move(at<F>(from)));
            at<F>(from).~F();
        },
        [](std::byte* s) noexcept { at<F>(s).~F(); },
    };

    template <class F>
    static constexpr actions outside = {
        [](std::byte* s, Arguments&&... arguments) -> Result {
            return static_cast<Result>((*at<F*>(s))(std::forward<Arguments>(arguments)...));
        },
        [](std::byte* to, std::byte* from) noexcept {
            ::new (static_cast<void*>(to)) F*(at<F*>(from));
        },
        [](std::byte* s) noexcept { delete at<F*>(s); },
    };

    alignas(void*) std::byte storage_[capacity];
    const actions* actions_ = nullptr;
};

}  // namespace coterie::inline v0
