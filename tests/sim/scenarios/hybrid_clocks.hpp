// SPDX-License-Identifier: BSL-1.0
#pragma once

// Hybrid clocks that send each other their timestamps. What a clock issues grows, over restarts as well, and is after
// what it was sent; what comes from too far ahead is refused, and changes nothing; and no timestamp is further
// from the true time than clocks are, and what a clock was stepped back. Without the bound, one wrong clock
// takes all others with it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/hybrid_timestamp.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/chaos.hpp"
#include "sim/scenarios/disk_mark.hpp"
#include "sim/scenarios/witness.hpp"

namespace coterie::test {

struct hybrid_clocks {
    enum class mistakes : std::uint8_t {
        none,
        no_bound,         ///< whatever comes is believed
        remote_ignored,   ///< what a message says does not go into the clock
        mark_not_kept,    ///< a restarted clock knows nothing of what it issued before
        refusal_counted,  ///< what is refused has moved the clock nevertheless
    };
    mistakes mistake = mistakes::none;
    /// Half of them are within the bound of 500 ms of each other.
    std::chrono::milliseconds clock_error{200};
    /// One more node, whose clock is further ahead than the bound allows.
    bool has_stray = true;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(seed, 4, 200, {.clock_error = clock_error, .drift = sim::ppm(1000)});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;
};

namespace detail {

/// Clocks are 400 ms apart at most, and what they drift. A clock that restarts begins at its mark, and the others
/// must believe that as well.
inline constexpr std::chrono::milliseconds hybrid_bound{500}, hybrid_mark_ahead{50};
/// How far ahead the clock of the stray node is.
inline constexpr std::chrono::seconds stray_by{60};

struct stamped {
    causality::hybrid_timestamp at;
    void append_to(std::string& out) const { out += std::to_string(at.word()); }
};

/// What the test knows of a node, over all of its lives.
struct hybrid_history {
    std::uint64_t last = 0;
    std::chrono::nanoseconds worst{0};  // how far timestamps were from the true time
    std::uint64_t refused = 0;
    std::uint64_t received = 0;
};

class hybrid_node {
public:
    hybrid_node(sim::node& self, sim::network<stamped>& net, const hybrid_clocks& scenario,
                std::vector<hybrid_history>& all, witness& w)
        : self_(self),
          net_(net),
          scenario_(scenario),
          mine_(all[self.id()]),
          witness_(w),
          mark_(self),
          kept_(options_of(scenario), self.wall_clock(), mark_),
          forgetful_(options_of(scenario), self.wall_clock()) {
        net.on_message(self, [this](trace::node_id, const stamped& m) { on_message(m.at); });
        tick();
    }

private:
    using mistakes = hybrid_clocks::mistakes;
    using clock = decltype(std::declval<sim::node&>().wall_clock());

    static causality::hybrid_clock_options options_of(const hybrid_clocks& scenario) {
        const bool has_bound = scenario.mistake != mistakes::no_bound;
        return {.max_offset = has_bound ? hybrid_bound : std::chrono::hours(1),
                .mark_ahead = hybrid_mark_ahead};
    }

    /// `f(clock)` with the clock that the mistake leaves.
    template <class F>
    auto with_clock(F f) {
        return scenario_.mistake == mistakes::mark_not_kept ? f(forgetful_) : f(kept_);
    }

    void tick() {
        const auto stamp = with_clock([](auto& c) { return c.now(); });
        if (stamp.has_value()) {
            issued(*stamp);
            const auto to = uniform_below(self_.random(), self_.world().node_count());
            net_.send(self_, static_cast<trace::node_id>(to), {*stamp});
        }
        const std::chrono::milliseconds pause(uniform_between(self_.random(), 1, 100));
        self_.after(pause, [this] { tick(); });
    }

    void on_message(causality::hybrid_timestamp remote) {
        if (scenario_.mistake == mistakes::remote_ignored) {
            const auto stamp = with_clock([](auto& c) { return c.now(); });
            if (stamp.has_value()) received(*stamp, remote);
            return;
        }
        const auto stamp = with_clock([remote](auto& c) { return c.receive(remote); });
        if (stamp.has_value()) return received(*stamp, remote);
        if (stamp.error().code != causality::clock_errc::remote_too_far_ahead) return;
        ++mine_.refused;
        if (scenario_.mistake == mistakes::refusal_counted) {
            with_clock([](auto& c) {
                for (int i = 0; i < 70'000; ++i) (void)c.now();
                return 0;
            });
        }
        // The next is what it would have been: the last and one more, or the time of the clock.
        const std::uint64_t wall =
            static_cast<std::uint64_t>(
                std::chrono::floor<std::chrono::milliseconds>(self_.wall_now())
                    .time_since_epoch()
                    .count())
            << 16;
        const auto next = with_clock([](auto& c) { return c.now(); });
        if (!next.has_value()) return;
        const bool is_first = !has_issued_;
        witness_.require(is_first || next->word() == std::max(wall, mine_.last + 1), [this] {
            return "refusal counted: " + self_.name() +
                   " goes on elsewhere after a message that it refused";
        });
        issued(*next);
    }

    void received(causality::hybrid_timestamp stamp, causality::hybrid_timestamp remote) {
        ++mine_.received;
        witness_.require(stamp > remote, [&] {
            return "effect before cause: " + self_.name() + " receives at " +
                   std::to_string(stamp.word()) + " what was sent at " +
                   std::to_string(remote.word());
        });
        issued(stamp);
    }

    void issued(causality::hybrid_timestamp stamp) {
        self_.world().observe(stamp.word());
        witness_.require(stamp.word() > mine_.last, [&] {
            return "not growing: " + self_.name() + " issues " + std::to_string(stamp.word()) +
                   " after " + std::to_string(mine_.last);
        });
        mine_.last = stamp.word();
        has_issued_ = true;
        const auto when = std::chrono::milliseconds(stamp.word() >> 16);
        const auto now = self_.world().wall_now().time_since_epoch();
        mine_.worst = std::max(mine_.worst, when > now ? when - now : now - when);
    }

    sim::node& self_;
    sim::network<stamped>& net_;
    const hybrid_clocks& scenario_;
    hybrid_history& mine_;
    witness& witness_;
    disk_mark mark_;
    causality::hybrid_logical_clock<clock, disk_mark&> kept_;
    causality::hybrid_logical_clock<clock> forgetful_;
    bool has_issued_ = false;
};

}  // namespace detail

inline sim::scenario_result hybrid_clocks::run(const sim::scenario_setup& s,
                                               trace::trace* recorder) const {
    sim::world world(s.seed);
    world.record_to(recorder);
    sim::network<detail::stamped> net(world, "stamps");
    witness w;
    std::vector<detail::hybrid_history> all(s.nodes + 1);
    world.links().set_profile({.delay = sim::latency::uniform(std::chrono::milliseconds(1),
                                                              std::chrono::milliseconds(200)),
                               .loss = 0.05,
                               .duplication = 0.05});
    for (std::uint32_t i = 0; i < s.nodes; ++i)
        world.add<detail::hybrid_node>("n" + std::to_string(i + 1), net, *this, all, w);
    unleash(world, s.faults, std::chrono::seconds(20));
    if (has_stray) {
        const auto n = world.add<detail::hybrid_node>("stray", net, *this, all, w);
        world.after(std::chrono::seconds(5),
                    [&world, n] { world.step_clock(n, detail::stray_by); });
    }
    world.run_for(std::chrono::seconds(20));

    // As far as any clock is, by what it was stepped and what it drifted; and as the mark is ahead.
    const std::chrono::nanoseconds most =
        clock_error + std::chrono::milliseconds(20 + 2) + detail::hybrid_mark_ahead;
    for (std::uint32_t i = 0; i < s.nodes; ++i)
        w.require(all[i].worst <= most, [&] {
            return "wrong time: " + world.at(i).name() + " was " +
                   std::to_string(
                       std::chrono::floor<std::chrono::milliseconds>(all[i].worst).count()) +
                   " ms from the true time";
        });
    std::uint64_t received = 0, refused = 0;
    for (std::uint32_t i = 0; i < s.nodes; ++i) {
        received += all[i].received;
        refused += all[i].refused;
    }
    w.require(received > 0, [] { return "nothing was received"; });
    w.require(!has_stray || refused > 0, [] { return "nothing of the stray node was refused"; });
    w.require(has_stray || refused == 0,
              [] { return "a message was refused, of a clock within the bound"; });
    return w.verdict(world);
}

}  // namespace coterie::test
