// SPDX-License-Identifier: BSL-1.0
#pragma once

// A world in a seed: virtual time, machines with clocks, disks and programs, and everything that can
// happen to them. What happens depends on the seed and on what is asked of the world, and on nothing
// else: the same seed gives the same run, on every machine.
//
//   sim::world world(42);
//   sim::network<message> net(world);                                    // sim/network.hpp
//   const auto server = world.add<bank>("server", net);                  // a bank(node&, net)
//   world.add("client", [&](sim::node& self) -> sim::task<> { ... co_await self.sleep(1s); ... });
//   world.run_for(10s);
//   world.crash(server);                           // the bank is destroyed, what it had synced stays
//   world.restart(server);                         // and a new one is made
//
// A program is a class with handlers, or a coroutine (sim/task.hpp), or a protocol in its host
// (sim/host.hpp). It is made at the start and at each restart, and a crash destroys it; the world's end
// does so too, after networks are gone, so that destructors of programs must not send.
//
// Thread safety: none; a world for each thread, as explore (sim/explore.hpp) does.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/callback.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/nothing.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/node.hpp>  // IWYU pragma: export
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/slot_table.hpp>
#include <coterie/sim/world_events.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim {

namespace detail {

class channel;

}  // namespace detail

/// How a world begins.
struct world_options {
    /// The wall time at the beginning: true, and by all machines' clocks.
    wall_time start = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
};

/// The world. It begins at steady time zero.
class world final : detail::event_target {
public:
    explicit world(std::uint64_t seed, const world_options& options = {})
        : seed_(seed), start_(options.start), clocks_random_(seed, "clocks") {}
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world() {
        for (node* n : nodes_) delete n;
    }

    /// What it all follows from.
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    /// The true time.
    [[nodiscard]] steady_time now() const noexcept { return events_.now(); }
    [[nodiscard]] wall_time wall_now() const noexcept {
        return wall_time(start_.time_since_epoch() + now().time_since_epoch());
    }

    /// A stream of randomness by name. Whoever uses one shifts no other.
    [[nodiscard]] rng random(std::string_view stream, std::uint64_t index = 0) const noexcept {
        return {seed_, stream, index};
    }

    // Nodes

    /// Adds a machine that runs a `Program(node&, arguments...)`, now and after each restart. Arguments that
    /// are lvalues are passed by reference, and must outlive the world; others are kept.
    template <class Program, class... Arguments>
        requires std::constructible_from<Program, node&, std::remove_reference_t<Arguments>&...>
    trace::node_id add(std::string_view name, Arguments&&... arguments);

    /// Adds a machine on which `start(node&)` is called, now and after each restart: a coroutine, which
    /// lives until the node crashes, or what sets timers and handlers.
    template <std::invocable<node&> Start>
    trace::node_id add(std::string_view name, Start start);

    /// The nodes are those below.
    [[nodiscard]] trace::node_id node_count() const noexcept {
        return static_cast<trace::node_id>(nodes_.size());
    }
    [[nodiscard]] node& at(trace::node_id id) {
        COTERIE_ASSERT(id < nodes_.size());
        return *nodes_[id];
    }
    [[nodiscard]] const node& at(trace::node_id id) const {
        COTERIE_ASSERT(id < nodes_.size());
        return *nodes_[id];
    }
    /// The node of that name, if there is one. Complexity: linear.
    [[nodiscard]] std::optional<trace::node_id> find(std::string_view name) const noexcept;

    /// The object of a node's program. None while it is down. Requires: it is a T.
    template <class T>
    [[nodiscard]] T* program(trace::node_id id);

    /// Calls `f(T&)` on the object as if it came from within the node. Returns: false if the node is not up.
    template <class T, std::invocable<T&> F>
    bool on(trace::node_id id, F&& f);

    // Running

    /// Calls `f()` at that true time, on no node.
    void at(steady_time when, callback<void()> f);
    void after(std::chrono::nanoseconds d, callback<void()> f) {
        at(saturating_add(now(), d), std::move(f));
    }

    /// Lets the next thing happen. Returns: false if nothing is going to.
    bool step() { return events_.step(); }
    /// Lets everything happen up to that time, included.
    void run_until(steady_time when);
    void run_for(std::chrono::nanoseconds d) { run_until(saturating_add(now(), d)); }
    /// Runs until `condition()`, which is asked after every event, but not for longer than `limit`.
    /// Returns: whether it came true.
    template <std::predicate Condition>
    bool run_until(Condition condition, std::chrono::nanoseconds limit);

    /// How many events have happened.
    [[nodiscard]] std::uint64_t events() const noexcept { return events_.count(); }

    // What happens to machines

    /// Ends the program without a word; of the disk remains what its profile says. Nothing for one that is
    /// down.
    void crash(trace::node_id id);
    /// Starts the program anew. Crashes it first if it runs.
    void restart(trace::node_id id);
    /// The program stands still and its machine's clocks go on: nothing is handled until `resume`.
    void pause(trace::node_id id);
    void resume(trace::node_id id);

    // What happens to clocks

    /// From now on the machine's clocks run so much too fast. Requires: less than one in two.
    void set_drift(trace::node_id id, drift error);
    /// Steps the machine's wall clock.
    void step_clock(trace::node_id id, std::chrono::nanoseconds by);
    /// Both clocks of the machine stand still, and its timers with them, until `thaw_clock`.
    void freeze_clock(trace::node_id id);
    void thaw_clock(trace::node_id id);
    /// The machine's wall clock is kept right from now on.
    void discipline_clock(trace::node_id id, const ntp_discipline& how = {});

    // What happens to the network

    /// The links. What is changed here by hand is done and not told in the trace; what they held stays held.
    [[nodiscard]] sim::links& links() noexcept { return links_; }
    [[nodiscard]] const sim::links& links() const noexcept { return links_; }
    /// Cuts every link between the groups; nodes that are in none of them are one more group.
    void partition(std::span<const std::vector<trace::node_id>> groups);
    void partition(std::initializer_list<std::vector<trace::node_id>> groups) {
        partition(std::span(groups.begin(), groups.size()));
    }
    /// Cuts one link, one way.
    void cut(trace::node_id from, trace::node_id to);
    /// What is sent on the link, or on its way there, waits until `release`.
    void hold(trace::node_id from, trace::node_id to);
    void release(trace::node_id from, trace::node_id to);
    /// Opens every link, and releases what was held.
    void heal();

    // What is known afterwards

    /// Records what happens from now on; nullptr: no more.
    void record_to(trace::trace* recorder);
    [[nodiscard]] trace::trace* recorder() const noexcept { return events_.recorder(); }

    /// A number made of everything that has happened: equal runs have equal ones.
    [[nodiscard]] std::uint64_t hash() const noexcept { return events_.hash(); }
    /// Adds to that number: the result of an operation, say.
    void observe(std::uint64_t value) noexcept { events_.observe(value); }
    /// Says something of the whole world in the trace.
    void note(std::string_view text) {
        events_.tell(trace::trace_kind::fault, trace::no_node, text);
    }

private:
    template <class>
    friend class network;

    trace::node_id add_machine(std::string_view name,
                               callback<detail::program*(node&)> make_program);
    void on_event(std::uint64_t token) override;
    void tell_links();
    void change_link(trace::node_id from, trace::node_id to, links::state s, std::string_view what);
    void release_held(trace::node_id from, trace::node_id to);
    void correct_clock(trace::node_id id, ntp_discipline how, std::uint64_t number);

    std::uint64_t seed_;
    wall_time start_;
    detail::world_events events_;
    detail::slot_table<callback<void()>> callbacks_;
    std::vector<node*> nodes_;
    std::vector<detail::channel*> channels_;
    sim::links links_;
    /// Of each node, its part in the last partition; empty if there is none.
    std::vector<std::uint32_t> part_of_;
    rng clocks_random_;
    /// Of each node, the number of its present discipline.
    std::vector<std::uint64_t> disciplines_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// A network, as its world sees it.
class channel : public event_target {
public:
    /// A link that held messages does so no more.
    virtual void on_release(trace::node_id from, trace::node_id to) = 0;

protected:
    ~channel() = default;
};

/// The same address for the same type.
template <class T>
inline constexpr char type_tag = 0;

template <class Object>
class program_of final : public program {
public:
    template <class... Arguments>
    explicit program_of(Arguments&&... arguments)
        : object_(std::forward<Arguments>(arguments)...) {}
    [[nodiscard]] void* object() noexcept override { return &object_; }
    [[nodiscard]] const void* type() const noexcept override { return &type_tag<Object>; }

private:
    Object object_;
};

}  // namespace detail

// Nodes

template <class Program, class... Arguments>
    requires std::constructible_from<Program, node&, std::remove_reference_t<Arguments>&...>
trace::node_id world::add(std::string_view name, Arguments&&... arguments) {
    using kept = std::tuple<Arguments...>;
    return add_machine(
        name,
        [kept =
             kept(std::forward<Arguments>(arguments)...)](node& self) mutable -> detail::program* {
            return std::apply(
                [&](auto&... each) { return new detail::program_of<Program>(self, each...); },
                kept);
        });
}

template <std::invocable<node&> Start>
trace::node_id world::add(std::string_view name, Start start) {
    using result = std::invoke_result_t<Start&, node&>;
    return add_machine(name, [start = std::move(start)](node& self) mutable -> detail::program* {
        if constexpr (std::is_void_v<result>) {
            start(self);
            // All that it leaves behind is timers and handlers.
            return new detail::program_of<nothing>();
        } else {
            return new detail::program_of<result>(start(self));
        }
    });
}

inline trace::node_id world::add_machine(std::string_view name,
                                         callback<detail::program*(node&)> make_program) {
    const trace::node_id id = node_count();
    const auto hours = std::chrono::hours(uniform_between(clocks_random_, 1, 10'000));
    const node_clock clock(wall_now() - now().time_since_epoch(), steady_time(hours));
    node* const n = new node(*this, events_, id, name, clock, seed_);
    nodes_.push_back(n);
    disciplines_.push_back(0);
    links_.set_node_count(node_count());
    if (recorder() != nullptr) recorder()->name_node(id, name);
    n->make_program_ = std::move(make_program);
    n->start();
    return id;
}

inline std::optional<trace::node_id> world::find(std::string_view name) const noexcept {
    for (const node* n : nodes_)
        if (n->name() == name) return n->id();
    return {};
}

template <class T>
T* world::program(trace::node_id id) {
    detail::program* const p = at(id).program_;
    if (p == nullptr) return nullptr;
    COTERIE_ASSERT(p->type() == &detail::type_tag<T>);
    return static_cast<T*>(p->object());
}

template <class T, std::invocable<T&> F>
bool world::on(trace::node_id id, F&& f) {
    node& n = at(id);
    if (!n.is_up()) return false;
    T* const object = program<T>(id);
    n.run([&] { std::forward<F>(f)(*object); });
    return true;
}

// Running

inline void world::at(steady_time when, callback<void()> f) {
    events_.push(std::max(when, now()), {this, callbacks_.put(std::move(f))});
}

inline void world::on_event(std::uint64_t token) {
    callback<void()> f = callbacks_.take(static_cast<std::uint32_t>(token));
    f();
}

inline void world::run_until(steady_time when) {
    while (events_.has_one_until(when)) step();
    events_.skip_to(std::max(now(), when));
}

template <std::predicate Condition>
bool world::run_until(Condition condition, std::chrono::nanoseconds limit) {
    const steady_time end = saturating_add(now(), limit);
    while (!condition()) {
        if (!events_.has_one_until(end)) {
            events_.skip_to(end);
            return condition();
        }
        step();
    }
    return true;
}

// Faults

inline void world::crash(trace::node_id id) { at(id).crash(); }

inline void world::restart(trace::node_id id) {
    node& n = at(id);
    if (n.running_) {
        // Not under the program's own feet.
        n.crash();
        return after(std::chrono::nanoseconds(0), [this, id] { restart(id); });
    }
    n.crash();
    n.start();
}

inline void world::pause(trace::node_id id) { at(id).pause(); }
inline void world::resume(trace::node_id id) { at(id).resume(); }

inline void world::set_drift(trace::node_id id, drift error) {
    at(id).clock_.set_drift(now(), error);
    at(id).arm();
}

inline void world::step_clock(trace::node_id id, std::chrono::nanoseconds by) {
    at(id).clock_.step(by);
}

inline void world::freeze_clock(trace::node_id id) { at(id).clock_.freeze(now()); }

inline void world::thaw_clock(trace::node_id id) {
    at(id).clock_.unfreeze(now());
    at(id).arm();
}

inline void world::discipline_clock(trace::node_id id, const ntp_discipline& how) {
    COTERIE_ASSERT(how.interval >= std::chrono::milliseconds(1));
    correct_clock(id, how, ++disciplines_[id]);
}

inline void world::correct_clock(trace::node_id id, ntp_discipline how, std::uint64_t number) {
    if (disciplines_[id] != number) return;
    node& n = at(id);
    const auto bound = how.precision.count();
    const std::chrono::nanoseconds wrong(uniform_between(clocks_random_, -bound, bound));
    if (!n.clock_.frozen()) n.clock_.correct(now(), n.wall_now() - wall_now() + wrong, how);
    n.arm();
    after(how.interval, [this, id, how, number] { correct_clock(id, how, number); });
}

inline void world::partition(std::span<const std::vector<trace::node_id>> groups) {
    part_of_ = links_.partition(groups);
    std::string text = "partition";
    for (const auto& group : groups) {
        if (&group != groups.data()) text += " |";
        for (const trace::node_id id : group) (text += ' ') += at(id).name();
    }
    events_.tell(trace::trace_kind::fault, trace::no_node, text);
    tell_links();
}

inline void world::change_link(trace::node_id from, trace::node_id to, links::state s,
                               std::string_view what) {
    links_.set_state(from, to, s);
    std::string text(what);
    ((((text += ' ') += at(from).name()) += " -> ")) += at(to).name();
    events_.tell(trace::trace_kind::fault, trace::no_node, text);
    tell_links();
}

inline void world::cut(trace::node_id from, trace::node_id to) {
    change_link(from, to, links::state::cut, "cut");
}

inline void world::hold(trace::node_id from, trace::node_id to) {
    change_link(from, to, links::state::held, "hold");
}

inline void world::release(trace::node_id from, trace::node_id to) {
    change_link(from, to, links::state::open, "release");
    release_held(from, to);
}

inline void world::heal() {
    links_.heal();
    part_of_.clear();
    events_.tell(trace::trace_kind::fault, trace::no_node, "heal");
    tell_links();
    for (trace::node_id from = 0; from < node_count(); ++from)
        for (trace::node_id to = 0; to < node_count(); ++to) release_held(from, to);
}

inline void world::release_held(trace::node_id from, trace::node_id to) {
    for (detail::channel* c : channels_) c->on_release(from, to);
}

// Knowledge

inline void world::record_to(trace::trace* recorder) {
    events_.record_to(recorder);
    if (recorder == nullptr) return;
    for (const node* n : nodes_) recorder->name_node(n->id(), n->name());
}

// A cut between two parts needs no word of its own.
inline void world::tell_links() {
    if (recorder() == nullptr) return;
    const auto part = [&](trace::node_id id) { return id < part_of_.size() ? part_of_[id] : 0; };
    std::vector<trace::blocked_link> blocked;
    for (trace::node_id from = 0; from < node_count(); ++from)
        for (trace::node_id to = 0; to < node_count(); ++to)
            if (part(from) == part(to) && links_.state_of(from, to) == links::state::cut)
                blocked.push_back({from, to});
    recorder()->separate(now(), part_of_, blocked);
}

}  // namespace coterie::inline v0::sim
