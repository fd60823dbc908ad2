// SPDX-License-Identifier: BSL-1.0
#pragma once

// A replicated value on some machines that crash, stand still and cannot reach each other, over a network that
// loses, repeats and reorders deltas. What a replica reads is at every moment what the specification says of the
// events that it has seen; and in the calm all replicas come to be equal.
//
// Which events those are travels with the value: in a set that is merged where the value is, and nowhere else.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/anti_entropy.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/g_set.hpp>
#include <coterie/sim/host.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "crdt/replicas.hpp"
#include "sim/scenarios/chaos.hpp"
#include "sim/scenarios/witness.hpp"

namespace coterie::test {

/// A value, and the numbers of the events that have come into it.
template <class State>
struct attended {
    State value;
    crdt::g_set<std::uint64_t> seen;

    void merge(const attended& other) {
        value.merge(other.value);
        seen.merge(other.seen);
    }
    [[nodiscard]] attended delta_since(const attended& other) const {
        return {value.delta_since(other.value), seen.delta_since(other.seen)};
    }
    [[nodiscard]] auto find_reused_dot(const attended& other) const
        requires requires { value.find_reused_dot(other.value); }
    {
        return value.find_reused_dot(other.value);
    }
    friend bool operator<=(const attended& a, const attended& b) {
        return a.value <= b.value && a.seen <= b.seen;
    }
    friend bool operator==(const attended&, const attended&) = default;
};

/// Mistakes with replicas that any value suffers from.
enum class replica_mistakes : std::uint8_t {
    none,
    id_reused,       ///< a replica that has lost something goes on under its old name
    session_reused,  ///< a restarted process takes answers to its earlier life for its own
};

/// The case is one of crdt/specifications/, or the like.
template <class Case>
struct replicated_value {
    replica_mistakes mistake = replica_mistakes::none;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(seed, 4, 60,
                          {.faults = 15,
                           .freezes = true,
                           .clock_error = std::chrono::seconds(100),
                           .drift = sim::ppm(200'000)});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;
};

namespace detail {

template <class Case>
class replicated_run {
public:
    replicated_run(const sim::scenario_setup& s, replica_mistakes mistake, trace::trace* recorder)
        : setup_(s),
          mistake_(mistake),
          world_(s.seed),
          net_(world_),
          random_(world_.random("ops")()) {
        world_.record_to(recorder);
    }

    sim::scenario_result run() {
        world_.links().set_profile({.delay = sim::latency::uniform(std::chrono::milliseconds(1),
                                                                   std::chrono::milliseconds(300)),
                                    .loss = 0.2,
                                    .duplication = 0.2});
        auto make = [this](sim::node& self) { return begin(self); };
        for (std::uint32_t i = 0; i < setup_.nodes; ++i)
            world_.add<replica>("n" + std::to_string(i + 1), net_, make);
        unleash(world_, setup_.faults, storm);
        for (std::uint64_t i = 0; i < setup_.operations; ++i) {
            const std::chrono::nanoseconds when(
                uniform_between(random_, std::int64_t{0}, std::int64_t{storm.count()}));
            world_.after(when, [this] { operate(); });
        }
        world_.run_for(storm + lull);
        check_end();
        return witness_.verdict(world_);
    }

private:
    using state = attended<typename Case::state>;
    using protocol = crdt::anti_entropy<state, trace::node_id>;
    using replica = sim::host<protocol>;
    using event = crdt_event<typename Case::op>;
    using stored = std::pair<typename Case::state, crdt::g_set<std::uint64_t>>;

    static constexpr std::chrono::nanoseconds storm = std::chrono::seconds(20);
    static constexpr std::chrono::nanoseconds lull = std::chrono::seconds(20);

    protocol begin(sim::node& self) {
        std::vector<trace::node_id> peers;
        for (std::uint32_t i = 0; i < setup_.nodes; ++i)
            if (i != self.id()) peers.push_back(i);
        state found;
        if (auto kept = decode<stored>(self.disk().read("state")); kept.has_value())
            found = {std::move(kept->first), std::move(kept->second)};
        const bool is_session_new = mistake_ != replica_mistakes::session_reused;
        return protocol({.session = is_session_new ? self.incarnation() : 1}, std::move(peers),
                        std::move(found));
    }

    std::uint64_t name_of(const sim::node& n) const {
        const bool is_new = mistake_ != replica_mistakes::id_reused;
        return (std::uint64_t{n.id()} + 1) * 1000 + (is_new ? n.incarnation() : 0);
    }

    void operate() {
        sim::node& n = world_.at(static_cast<trace::node_id>(uniform_below(random_, setup_.nodes)));
        world_.on<replica>(n.id(), [&](replica& r) {
            check(n, r.protocol().state());
            if (bernoulli(random_, 0.2)) return store(n, r.protocol().state());
            r.call([&](protocol& p, steady_time now, auto&) {
                (void)p.update(now, [&](state& s) { return change(n, s); });
            });
            check(n, r.protocol().state());
        });
    }

    std::expected<state, crdt::crdt_errc> change(sim::node& n, state& s) {
        auto op = [&] {
            if constexpr (requires { Case::any_op(random_, n, s.value); })
                return Case::any_op(random_, n, s.value);
            else
                return Case::any_op(random_);
        }();
        std::vector<bool> past(events_.size());
        for (const std::uint64_t e : s.seen) past[e] = true;
        state delta;
        delta.value = Case::apply(s.value, name_of(n), op);
        delta.seen = s.seen.add(events_.size());
        events_.push_back({std::move(op), events_.size(), std::move(past)});
        return delta;
    }

    void store(sim::node& n, const state& s) {
        if (n.disk().replace("state", encode(stored(s.value, s.seen))).has_value())
            n.sync("state", [](auto) {});
    }

    void check(const sim::node& n, const state& s) {
        std::vector<const event*> known;
        for (const std::uint64_t e : s.seen) known.push_back(&events_[e]);
        std::ranges::sort(known, {}, &event::number);
        const std::string read = Case::read(s.value), wanted = Case::specified(known);
        witness_.require(read == wanted, [&] {
            return "not as specified: " + n.name() + " reads " + read + " and not " + wanted +
                   " after " + std::to_string(known.size()) + " events";
        });
    }

    void check_end() {
        const auto state_of = [this](trace::node_id n) -> const state& {
            return world_.program<replica>(n)->protocol().state();
        };
        for (std::uint32_t i = 0; i < setup_.nodes; ++i) {
            check(world_.at(i), state_of(i));
            witness_.require(state_of(i) == state_of(0), [&] {
                return "diverged: " + world_.at(i).name() + " reads " +
                       Case::read(state_of(i).value) + " and " + world_.at(0).name() + " " +
                       Case::read(state_of(0).value) + " in the calm";
            });
        }
    }

    const sim::scenario_setup& setup_;
    replica_mistakes mistake_;
    sim::world world_;
    sim::network<typename protocol::message> net_;
    std::mt19937_64 random_;
    std::vector<event> events_;
    witness witness_;
};

}  // namespace detail

template <class Case>
sim::scenario_result replicated_value<Case>::run(const sim::scenario_setup& s,
                                                 trace::trace* recorder) const {
    return detail::replicated_run<Case>(s, mistake, recorder).run();
}

}  // namespace coterie::test
