// SPDX-License-Identifier: BSL-1.0
#pragma once

// A machine of a simulated world (sim/world.hpp), as the program that runs on it sees it.
//
//   world.add("client", [&](sim::node& self) -> sim::task<> {
//       co_await self.sleep(1s);                                    // by its own clock
//       self.after(100ms, [&self] { self.note("still there"); });    // unless it crashes before
//   });

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/callback.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/slot_table.hpp>
#include <coterie/sim/world_events.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim {

class world;

/// Names a timer of a node, to cancel it.
struct timer_id {
    std::uint32_t slot = ~std::uint32_t{0};
    std::uint32_t generation = 0;
};

/// What a node is doing.
enum class node_state : std::uint8_t {
    up,
    paused,  ///< a long garbage collection, a stopped process: what comes waits
    down     ///< it has crashed: what comes is lost
};

namespace detail {

class program;

}  // namespace detail

/// A machine of the world, as the program that runs on it sees it: its clocks, timers, disk and
/// randomness. It outlives crashes; timers do not.
class node final : detail::event_target {
public:
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node();

    /// Its number and its name.
    [[nodiscard]] trace::node_id id() const noexcept { return id_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Whether it runs.
    [[nodiscard]] node_state state() const noexcept { return state_; }
    /// How often it was started: 1 for the first time.
    [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_; }

    /// This machine's steady clock: it drifts, and starts anywhere, so that times of two machines cannot be
    /// compared unnoticed.
    [[nodiscard]] steady_time now() const noexcept;
    /// This machine's wall clock.
    [[nodiscard]] wall_time wall_now() const noexcept;

    /// The machine's clocks as core's clock objects, for what holds one. They refer to the node.
    [[nodiscard]] auto steady_clock() const noexcept;
    [[nodiscard]] auto wall_clock() const noexcept;

    /// The node's own stream of randomness. It goes on after a restart.
    [[nodiscard]] rng& random() noexcept { return random_; }
    [[nodiscard]] sim::disk& disk() noexcept { return disk_; }
    [[nodiscard]] sim::world& world() const noexcept { return *world_; }

    /// Calls `f()` when the steady clock says `when`, unless the node crashes before.
    timer_id at(steady_time when, callback<void()> f);
    /// Calls `f()` after so long by the steady clock.
    timer_id after(std::chrono::nanoseconds d, callback<void()> f) {
        return at(saturating_add(now(), d), std::move(f));
    }
    /// Takes a timer back. What has fired already, or is not of this incarnation, is left alone.
    void cancel(timer_id id);

    /// `co_await self.sleep(100ms)` in a coroutine of this node.
    [[nodiscard]] auto sleep_until(steady_time when) {
        struct awaiter {
            node& self;
            steady_time when;

            [[nodiscard]] bool await_ready() const noexcept { return when <= self.now(); }
            void await_suspend(std::coroutine_handle<> waiting) const {
                self.at(when, [waiting] { waiting.resume(); });
            }
            void await_resume() const noexcept {}
        };
        return awaiter{*this, when};
    }
    [[nodiscard]] auto sleep(std::chrono::nanoseconds d) {
        return sleep_until(saturating_add(now(), d));
    }

    /// Syncs what is written to a file by now, and calls `done` when the disk has answered, unless the node
    /// crashes before.
    void sync(std::string_view file, callback<void(std::expected<void, disk_errc>)> done);

    /// Says something in the trace, and adds it to the hash of the run.
    void note(std::string_view text);

private:
    friend class sim::world;
    template <class>
    friend class network;

    struct timer {
        callback<void()> f;
        /// Of one that is set; 0: it has ended.
        std::uint32_t generation = 0;
    };

    node(sim::world& w, detail::world_events& events, trace::node_id id, std::string_view name,
         const node_clock& clock, std::uint64_t seed)
        : world_(&w),
          events_(&events),
          id_(id),
          name_(name),
          clock_(clock),
          random_(seed, "node", id),
          disk_(rng(seed, "disk", id)) {}

    // Runs something of the program. If the node is made to crash meanwhile, it does so at the end.
    template <class F>
    void run(F&& f);

    void start();
    void crash();
    void pause();
    void resume();
    [[nodiscard]] bool is_up() const noexcept { return state_ == node_state::up && !doomed_; }

    void on_event(std::uint64_t token) override;
    [[nodiscard]] bool is_set(timer_id id) const noexcept {
        return id.slot < timers_.bound() && timers_[id.slot].generation == id.generation;
    }
    // Ends a timer that is set. Returns: what it was to do.
    callback<void()> end(timer_id id) {
        timers_[id.slot].generation = 0;
        return timers_.take(id.slot).f;
    }
    // Sees to it that the world wakes the node when its next timer is due.
    void arm();
    // Puts an event off until the node runs again. Returns: whether it is paused at all.
    bool defer(detail::event_target& target, std::uint64_t token);

    sim::world* world_;
    detail::world_events* events_;
    trace::node_id id_;
    std::string name_;
    node_clock clock_;
    rng random_;
    sim::disk disk_;
    callback<detail::program*(node&)> make_program_;
    detail::program* program_ = nullptr;
    node_state state_ = node_state::down;
    std::uint64_t incarnation_ = 0;
    bool running_ = false;
    bool doomed_ = false;
    event_queue<timer_id> deadlines_;
    detail::slot_table<timer> timers_;
    /// The last one given; never 0.
    std::uint32_t generation_ = 0;
    std::size_t cancelled_ = 0;
    /// The true times at which the world will wake the node, the earliest last.
    std::vector<steady_time> wakes_;
    std::vector<detail::event> deferred_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The object of a program, whatever it is.
class program {
public:
    virtual ~program() = default;
    [[nodiscard]] virtual void* object() noexcept = 0;
    [[nodiscard]] virtual const void* type() const noexcept = 0;
};

}  // namespace detail

inline node::~node() { delete program_; }

inline steady_time node::now() const noexcept { return clock_.steady(events_->now()); }
inline wall_time node::wall_now() const noexcept { return clock_.wall(events_->now()); }

inline auto node::steady_clock() const noexcept {
    struct clock {
        const node* machine;
        [[nodiscard]] steady_time now() const noexcept { return machine->now(); }
    };
    return clock{this};
}

inline auto node::wall_clock() const noexcept {
    struct clock {
        const node* machine;
        [[nodiscard]] wall_time now() const noexcept { return machine->wall_now(); }
    };
    return clock{this};
}

template <class F>
void node::run(F&& f) {
    // A program that calls itself through the world is inside already.
    if (running_) return void(std::forward<F>(f)());
    running_ = true;
    std::forward<F>(f)();
    running_ = false;
    if (std::exchange(doomed_, false)) crash();
}

inline void node::start() {
    ++incarnation_;
    state_ = node_state::up;
    events_->tell(incarnation_ == 1 ? trace::trace_kind::start : trace::trace_kind::restart, id_,
                  {});
    run([&] { program_ = make_program_(*this); });
}

inline void node::crash() {
    if (running_) return void(doomed_ = true);
    if (state_ == node_state::down) return;
    state_ = node_state::down;
    events_->tell(trace::trace_kind::crash, id_, {});
    delete std::exchange(program_, nullptr);
    deadlines_.clear();
    cancelled_ = 0;
    // What dies with a timer may still ask after timers.
    std::exchange(timers_, {});
    disk_.crash();
    for (const detail::event& e : std::exchange(deferred_, {})) e.target->on_event(e.token);
}

inline void node::pause() {
    if (state_ != node_state::up) return;
    state_ = node_state::paused;
    events_->tell(trace::trace_kind::pause, id_, {});
}

inline void node::resume() {
    if (state_ != node_state::paused) return;
    state_ = node_state::up;
    events_->tell(trace::trace_kind::resume, id_, {});
    for (const detail::event& e : std::exchange(deferred_, {})) events_->push(events_->now(), e);
    arm();
}

inline timer_id node::at(steady_time when, callback<void()> f) {
    if (!is_up()) return {};
    if (++generation_ == 0) ++generation_;
    const timer_id id{timers_.put({std::move(f), generation_}), generation_};
    deadlines_.push(when, id);
    if (deadlines_.next_time() == when) arm();
    return id;
}

inline void node::cancel(timer_id id) {
    if (id.generation == 0 || !is_set(id)) return;
    end(id);
    ++cancelled_;
    if (cancelled_ < 64 || cancelled_ * 2 < deadlines_.size()) return;
    deadlines_.erase_if([&](timer_id d) { return !is_set(d); });
    cancelled_ = 0;
}

inline void node::arm() {
    if (deadlines_.empty() || state_ != node_state::up) return;
    const steady_time due = std::max(clock_.true_time(deadlines_.next_time()), events_->now());
    if (due == steady_time::max() || (!wakes_.empty() && wakes_.back() <= due)) return;
    wakes_.push_back(due);
    events_->push(due, {this, 0});
}

inline void node::on_event(std::uint64_t) {
    wakes_.pop_back();
    if (state_ != node_state::up) return;
    const steady_time local = now();
    while (state_ == node_state::up && !deadlines_.empty() && deadlines_.next_time() <= local) {
        const timer_id id = deadlines_.pop().what;
        if (!is_set(id)) {
            --cancelled_;
            continue;
        }
        callback<void()> f = end(id);
        run(f);
    }
    arm();
}

inline bool node::defer(detail::event_target& target, std::uint64_t token) {
    if (state_ != node_state::paused) return false;
    deferred_.push_back({&target, token});
    return true;
}

inline void node::sync(std::string_view file, callback<void(std::expected<void, disk_errc>)> done) {
    after(disk_.draw_sync_time(),
          [this, file = std::string(file), up_to = disk_.position(file),
           done = std::move(done)]() mutable { done(disk_.sync_now(file, up_to)); });
}

inline void node::note(std::string_view text) { events_->tell(trace::trace_kind::note, id_, text); }

}  // namespace coterie::inline v0::sim
