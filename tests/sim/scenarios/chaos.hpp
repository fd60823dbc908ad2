// SPDX-License-Identifier: BSL-1.0
#pragma once

// Random faults at random times, as a script that is drawn beforehand; and a calm at the end. Unlike draw_script
// (sim/nemesis.hpp) it lets faults of one node overlap, and bounds by how much a wall clock is wrong, whatever
// steps come together.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::test {

/// How many faults there are, which, and how bad.
struct chaos {
    /// Faults begin within this time.
    std::chrono::nanoseconds duration = std::chrono::seconds(20);
    std::uint32_t faults = 20;
    bool partitions = true;
    bool freezes = false;
    /// How wrong a wall clock is at most after it is stepped, either way; drift is not counted.
    std::chrono::nanoseconds clock_error{0};
    /// How much too fast or too slow a machine's clocks run at most.
    sim::drift drift{};
    /// How long a crash, a pause, a partition or a frozen clock lasts at most.
    std::chrono::nanoseconds lasting = std::chrono::seconds(3);
};

/// A setup for nodes "n1" and so on, whose faults are drawn from the seed's stream "nemesis".
[[nodiscard]] sim::scenario_setup draw_setup(std::uint64_t seed, trace::node_id nodes,
                                             std::uint64_t operations, const chaos& how);

/// Does the faults of a script. After `duration` every node that is there now runs, every link is open and every
/// clock is right. Requires: the script has no fault after that.
inline void unleash(sim::world& w, const sim::fault_script& script,
                    std::chrono::nanoseconds duration) {
    sim::run_script(w, script);
    w.after(duration, [&w, nodes = w.node_count()] {
        w.heal();
        for (trace::node_id n = 0; n < nodes; ++n) {
            w.thaw_clock(n);
            w.set_drift(n, {});
            w.step_clock(n, w.wall_now() - w.at(n).wall_now());
            w.resume(n);
            if (w.at(n).state() == sim::node_state::down) w.restart(n);
        }
    });
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Goes through the time of a script, and draws each fault when it is its turn.
class chaos_drawer {
public:
    chaos_drawer(const chaos& how, std::vector<std::string> nodes, rng random)
        : how_(how),
          nodes_(std::move(nodes)),
          random_(random),
          errors_(nodes_.size()),
          down_(nodes_.size()) {
        kinds_ = {&chaos_drawer::crash, &chaos_drawer::pause};
        if (how.partitions) kinds_.insert(kinds_.end(), {&chaos_drawer::split, &chaos_drawer::cut});
        if (how.freezes) kinds_.push_back(&chaos_drawer::freeze);
        if (how.clock_error.count() > 0)
            kinds_.insert(kinds_.end(), {&chaos_drawer::step, &chaos_drawer::step});
        if (how.drift.parts_per_billion > 0) kinds_.push_back(&chaos_drawer::skew);
    }

    sim::fault_script draw() {
        const auto within = static_cast<std::uint64_t>(how_.duration.count());
        for (std::uint32_t i = 0; i < how_.faults; ++i)
            queue_.push(steady_time(nanoseconds(uniform_below(random_, within))), {});
        while (!queue_.empty()) {
            const auto [at, what] = queue_.pop();
            now_ = at.time_since_epoch();
            if (what.is_end)
                end(what);
            else
                (this->*kinds_[uniform_below(random_, kinds_.size())])();
        }
        return std::move(script_);
    }

private:
    using nanoseconds = std::chrono::nanoseconds;

    /// A fault begins; or that of a node or of the network ends.
    struct turn {
        bool is_end = false;
        sim::fault_kind kind{};
        std::size_t node = 0;
    };

    std::size_t any_node() { return uniform_below(random_, nodes_.size()); }

    void add(sim::fault f) {
        f.at = now_;
        script_.faults.push_back(std::move(f));
    }

    void end_later(sim::fault_kind kind, std::size_t node = 0) {
        const nanoseconds d(uniform_between(random_, std::int64_t{1}, how_.lasting.count()));
        if (now_ + d < how_.duration) queue_.push(steady_time(now_ + d), {true, kind, node});
    }

    void end(const turn& e) {
        if (e.kind == sim::fault_kind::heal) return add({.kind = e.kind});
        if (e.kind == sim::fault_kind::restart) {
            // It may have been restarted before, after an earlier crash.
            if (!down_[e.node]) return;
            down_[e.node] = false;
        }
        add({.kind = e.kind, .node = nodes_[e.node]});
    }

    void crash() {
        const std::size_t n = any_node();
        down_[n] = true;
        add({.kind = sim::fault_kind::crash, .node = nodes_[n]});
        end_later(sim::fault_kind::restart, n);
    }
    void pause() {
        const std::size_t n = any_node();
        add({.kind = sim::fault_kind::pause, .node = nodes_[n]});
        end_later(sim::fault_kind::resume, n);
    }
    void freeze() {
        const std::size_t n = any_node();
        add({.kind = sim::fault_kind::freeze, .node = nodes_[n]});
        end_later(sim::fault_kind::thaw, n);
    }
    void split() {
        std::vector<std::string> side;
        for (const std::string& node : nodes_)
            if (bernoulli(random_, 0.5)) side.push_back(node);
        // With nobody on one side, all links are open.
        if (side.empty())
            add({.kind = sim::fault_kind::heal});
        else
            add({.kind = sim::fault_kind::partition, .groups = {std::move(side)}});
        end_later(sim::fault_kind::heal);
    }
    void cut() {
        const std::size_t from = any_node(), to = any_node();
        if (from == to) return;
        add({.kind = sim::fault_kind::cut, .node = nodes_[from], .to = nodes_[to]});
        end_later(sim::fault_kind::heal);
    }
    void step() {
        const std::size_t n = any_node();
        const auto bound = how_.clock_error.count();
        const nanoseconds error(uniform_between(random_, -bound, bound));
        const nanoseconds by = error - std::exchange(errors_[n], error);
        add({.kind = sim::fault_kind::step, .node = nodes_[n], .amount = by});
    }
    void skew() {
        const auto bound = how_.drift.parts_per_billion;
        const std::size_t n = any_node();
        add({.kind = sim::fault_kind::drift,
             .node = nodes_[n],
             .rate = {uniform_between(random_, -bound, bound)}});
    }

    const chaos& how_;
    std::vector<std::string> nodes_;
    rng random_;
    std::vector<void (chaos_drawer::*)()> kinds_;
    sim::event_queue<turn> queue_;
    nanoseconds now_{0};
    /// Of each node: by how much its clock was stepped, and whether it is down.
    std::vector<nanoseconds> errors_;
    std::vector<bool> down_;
    sim::fault_script script_;
};

}  // namespace detail

inline sim::scenario_setup draw_setup(std::uint64_t seed, trace::node_id nodes,
                                      std::uint64_t operations, const chaos& how) {
    detail::chaos_drawer drawer(how, sim::node_names(nodes), rng(seed, "nemesis"));
    return {seed, nodes, operations, drawer.draw()};
}

}  // namespace coterie::test
