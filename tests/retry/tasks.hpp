// SPDX-License-Identifier: BSL-1.0
#pragma once

// Coroutines under virtual time: a task, a loop of timers, and an operation that takes its time.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include <coterie/core/clock.hpp>

#include "retry/scripted.hpp"

namespace coterie::test {

/// The least that a task can be: it starts at once, and keeps what it returns.
template <class T>
class task {
public:
    struct promise_type {
        std::optional<T> value;
        std::coroutine_handle<> awaiting = std::noop_coroutine();

        /// Goes on with the one that awaits it, if there is one.
        struct last {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(
                std::coroutine_handle<promise_type> h) const noexcept {
                return h.promise().awaiting;
            }
            void await_resume() const noexcept {}
        };

        task get_return_object() {
            return task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        last final_suspend() noexcept { return {}; }
        void return_value(T v) { value = std::move(v); }
        void unhandled_exception() { std::terminate(); }
    };

    /// Gives what a task returns to the one that awaits it.
    struct awaiter {
        std::coroutine_handle<promise_type> handle;

        bool await_ready() const { return handle.done(); }
        void await_suspend(std::coroutine_handle<> h) { handle.promise().awaiting = h; }
        T await_resume() const { return *std::move(handle.promise().value); }
    };
    awaiter operator co_await() const { return {handle_}; }

    explicit task(std::coroutine_handle<promise_type> h) : handle_(h) {}
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (handle_) handle_.destroy();
    }

    bool is_done() const { return handle_.done(); }
    const T& result() const { return *handle_.promise().value; }

private:
    std::coroutine_handle<promise_type> handle_;
};

/// Timers under virtual time: the earliest fires when it is told to.
class event_loop {
public:
    manual_steady_clock clock{steady_time(std::chrono::seconds(1000))};

    struct waiting {
        event_loop* loop;
        steady_time t;
        bool was_cancelled = false;

        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> h) {
            loop->timers_.emplace(t, std::pair{h, this});
        }
        bool await_resume() const { return !was_cancelled; }
    };
    waiting sleep_until(steady_time t) { return {this, t}; }

    bool run_one() {
        if (timers_.empty()) return false;
        const auto [t, who] = *timers_.begin();
        timers_.erase(timers_.begin());
        clock.advance_to(t);
        who.first.resume();
        return true;
    }
    void cancel_all() {
        for (auto& [t, who] : std::exchange(timers_, {})) {
            who.second->was_cancelled = true;
            who.first.resume();
        }
    }
    std::size_t timers() const { return timers_.size(); }

private:
    std::multimap<steady_time, std::pair<std::coroutine_handle<>, waiting*>> timers_;
};

/// Awaits as long as an attempt takes, then gives what comes of it.
struct scripted_attempt : event_loop::waiting {
    scripted_result result;
    scripted_result await_resume() const { return result; }
};

}  // namespace coterie::test
