// SPDX-License-Identifier: BSL-1.0
#pragma once

// A coroutine of a simulated node: it runs until it waits for time or a message, and dies with its node.
//
//   sim::task<> client(sim::node& self, sim::network<message>& net) {
//       for (;;) {
//           net.send(self, server, ping{});
//           const auto answer = co_await net.receive(self, 100ms);      // or none
//           co_await self.sleep(1s);
//       }
//   }
//
// A task starts at once. One task can await another, and owns it. Parameters by reference must outlive
// the task; the node, the network and what the world holds do.

#include <coroutine>
#include <optional>
#include <utility>

#include <coterie/core/assert.hpp>

namespace coterie::inline v0::sim {

namespace detail {

template <class Result>
struct task_promise;

}  // namespace detail

/// A running or finished coroutine. Destroying it ends it where it waits.
template <class Result = void>
class [[nodiscard]] task {
public:
    using promise_type = detail::task_promise<Result>;

    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task() {
        if (handle_) handle_.destroy();
    }

    /// Whether it has come to its end.
    [[nodiscard]] bool done() const noexcept { return handle_.done(); }

    /// Waits for its end. Only one may wait.
    [[nodiscard]] auto operator co_await() const noexcept {
        struct awaiter {
            std::coroutine_handle<promise_type> handle;

            [[nodiscard]] bool await_ready() const noexcept { return handle.done(); }
            void await_suspend(std::coroutine_handle<> next) const noexcept {
                COTERIE_ASSERT(!handle.promise().awaiting);
                handle.promise().awaiting = next;
            }
            Result await_resume() const { return handle.promise().take(); }
        };
        return awaiter{handle_};
    }

private:
    friend promise_type;
    explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    std::coroutine_handle<promise_type> handle_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

struct task_promise_base {
    std::coroutine_handle<> awaiting;

    struct final_awaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            const std::coroutine_handle<> next = done.promise().awaiting;
            return next ? next : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
    // A simulated program has nobody who would catch it.
    void unhandled_exception() const noexcept { COTERIE_ASSERT(false); }
};

template <class Result>
struct task_promise : task_promise_base {
    std::optional<Result> result;

    task<Result> get_return_object() {
        return task<Result>(std::coroutine_handle<task_promise>::from_promise(*this));
    }
    template <class T>
    void return_value(T&& value) {
        result.emplace(std::forward<T>(value));
    }
    Result take() { return *std::move(result); }
};

template <>
struct task_promise<void> : task_promise_base {
    task<void> get_return_object() {
        return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
    }
    void return_void() const noexcept {}
    void take() const noexcept {}
};

}  // namespace detail

}  // namespace coterie::inline v0::sim
