// SPDX-License-Identifier: BSL-1.0
#pragma once

// Random faults at random times, from the world's stream "nemesis", and a calm at the end.

#include <chrono>
#include <cstdint>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>

#include "sim/scenarios/scenario.hpp"

namespace coterie::test {

/// What may happen, and how badly.
struct perils {
    bool crashes = true;
    bool pauses = true;
    bool partitions = true;
    bool freezes = false;
    /// How wrong a wall clock is at most after it is stepped, either way; drift is not counted.
    std::chrono::nanoseconds clock_error{0};
    /// How much too fast or too slow a machine's clocks run at most.
    sim::drift drift{};
    /// How long a crash, a pause, a partition or a frozen clock lasts at most.
    std::chrono::nanoseconds lasting = std::chrono::seconds(3);
};

/// Draws faults and plans them, for the nodes that are there when it is made. It must live as long as the world
/// runs.
class chaos {
public:
    chaos(sim::world& w, const perils& p)
        : world_(w), perils_(p), random_(w.random("nemesis")), errors_(w.node_count()) {
        if (p.crashes) kinds_.push_back(&chaos::crash);
        if (p.pauses) kinds_.push_back(&chaos::pause);
        if (p.partitions) kinds_.insert(kinds_.end(), {&chaos::split, &chaos::cut});
        if (p.freezes) kinds_.push_back(&chaos::freeze);
        if (p.clock_error.count() > 0) kinds_.insert(kinds_.end(), {&chaos::step, &chaos::step});
        if (p.drift.parts_per_billion > 0) kinds_.push_back(&chaos::skew);
    }

    chaos(const chaos&) = delete;
    chaos& operator=(const chaos&) = delete;

    /// The faults of a setup, within `duration`; then every node runs, every link is open and every clock is
    /// right.
    void unleash(const setup& s, std::chrono::nanoseconds duration) {
        if (s.script != nullptr)
            sim::run_script(world_, *s.script);
        else
            draw(s.faults, duration);
        world_.after(duration, [this] { calm(); });
    }

private:
    using nanoseconds = std::chrono::nanoseconds;

    void draw(std::uint32_t count, nanoseconds duration) {
        const auto within = static_cast<std::uint64_t>(duration.count());
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto when = static_cast<std::int64_t>(uniform_below(random_, within));
            world_.after(nanoseconds(when), [this] { strike(); });
        }
    }

    void strike() {
        if (is_calm_ || kinds_.empty()) return;
        (this->*kinds_[uniform_below(random_, kinds_.size())])();
    }

    void calm() {
        is_calm_ = true;
        world_.heal();
        for (trace::node_id n = 0; n < errors_.size(); ++n) {
            world_.thaw_clock(n);
            world_.set_drift(n, {});
            world_.step_clock(n, world_.wall_now() - world_.at(n).wall_now());
            world_.resume(n);
            if (world_.at(n).state() == sim::node_state::down) world_.restart(n);
        }
    }

    trace::node_id any_node() {
        return static_cast<trace::node_id>(uniform_below(random_, errors_.size()));
    }

    template <class F>
    void later(F f) {
        const nanoseconds d(uniform_between(random_, std::int64_t{1}, perils_.lasting.count()));
        world_.after(d, [this, f] {
            if (!is_calm_) f(world_);
        });
    }

    void crash() {
        const auto n = any_node();
        world_.crash(n);
        later([n](sim::world& w) {
            if (w.at(n).state() == sim::node_state::down) w.restart(n);
        });
    }
    void pause() {
        const auto n = any_node();
        world_.pause(n);
        later([n](sim::world& w) { w.resume(n); });
    }
    void freeze() {
        const auto n = any_node();
        world_.freeze_clock(n);
        later([n](sim::world& w) { w.thaw_clock(n); });
    }
    void split() {
        std::vector<trace::node_id> side;
        for (trace::node_id n = 0; n < errors_.size(); ++n)
            if (bernoulli(random_, 0.5)) side.push_back(n);
        world_.partition({side});
        later([](sim::world& w) { w.heal(); });
    }
    void cut() {
        const auto from = any_node(), to = any_node();
        if (from == to) return;
        world_.cut(from, to);
        later([](sim::world& w) { w.heal(); });
    }
    void step() {
        const auto n = any_node();
        const auto bound = perils_.clock_error.count();
        const nanoseconds error(uniform_between(random_, -bound, bound));
        world_.step_clock(n, error - errors_[n]);
        errors_[n] = error;
    }
    void skew() {
        const auto bound = perils_.drift.parts_per_billion;
        const auto n = any_node();
        world_.set_drift(n, {uniform_between(random_, -bound, bound)});
    }

    sim::world& world_;
    perils perils_;
    rng random_;
    std::vector<void (chaos::*)()> kinds_;
    std::vector<nanoseconds> errors_;
    bool is_calm_ = false;
};

}  // namespace coterie::test
