// SPDX-License-Identifier: BSL-1.0
#pragma once

// ULIDs and version 7 UUIDs on machines whose clocks step, drift and stand still. In one life of a process ids only
// grow; over a restart they grow if the clock did not go back; between all machines none is made twice; and an
// id's time is not before the clock, and after it by no more than the clock was ever ahead.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/random.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid_v7_generator.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/chaos.hpp"
#include "sim/scenarios/witness.hpp"

namespace coterie::test {

namespace detail {

using clock_of_node = decltype(std::declval<sim::node&>().wall_clock());

inline std::int64_t ms_of(wall_time t) {
    return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}

/// A source that gives the time and the text of an id. The text is in the order of the id.
class ulid_source {
public:
    explicit ulid_source(sim::node& self)
        : ids_({}, self.wall_clock(), seeded_entropy(self.random()())) {}
    std::optional<std::string> next() {
        const auto id = ids_.try_next();
        if (!id.has_value()) return std::nullopt;
        return id->to_string();
    }
    static std::int64_t ms_of(const std::string& id) {
        return id::ulid::parse(id).value().timestamp().time_since_epoch().count();
    }

private:
    id::ulid_generator<clock_of_node, seeded_entropy> ids_;
};

template <id::uuid_v7_method Method>
class uuid_source {
public:
    explicit uuid_source(sim::node& self)
        : ids_({.method = Method}, self.wall_clock(), seeded_entropy(self.random()())) {}
    std::optional<std::string> next() {
        const auto id = ids_.try_next();
        if (!id.has_value()) return std::nullopt;
        return id->to_string();
    }
    static std::int64_t ms_of(const std::string& id) {
        return std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16);
    }

private:
    id::uuid_v7_generator<clock_of_node, seeded_entropy> ids_;
};

/// As one first writes it: in the millisecond of the last id counts on, else draws anew. With `==` where `>=` is
/// needed, or with an order of its own after a step back.
class naive_ulid_source {
public:
    explicit naive_ulid_source(sim::node& self) : self_(self) {}
    std::optional<std::string> next() {
        const auto ms = static_cast<std::uint64_t>(detail::ms_of(self_.wall_now()));
        tail_ = ms == last_ ? tail_ + 1 : self_.random()();
        last_ = ms;
        return id::ulid::from_words(ms << 16, tail_).to_string();
    }
    static std::int64_t ms_of(const std::string& id) { return ulid_source::ms_of(id); }

private:
    sim::node& self_;
    std::uint64_t last_ = 0;
    std::uint64_t tail_ = 0;
};

struct sortable_history {
    std::map<std::string, trace::node_id> made;
    struct of_node {
        std::string last;
        std::int64_t latest_ms = 0;  // the clock was never after that
        std::uint64_t incarnation = 0;
        std::uint64_t count = 0;
    };
    std::vector<of_node> nodes;
};

template <class Source>
class sorting_node {
public:
    sorting_node(sim::node& self, sortable_history& all, witness& w)
        : self_(self), all_(all), mine_(all.nodes[self.id()]), witness_(w), source_(self) {
        tick();
    }

private:
    void tick() {
        for (std::uint64_t i = uniform_below(self_.random(), 8); i > 0; --i) make();
        const std::chrono::nanoseconds pause(
            uniform_between(self_.random(), std::int64_t{1}, 100'000'000));
        self_.after(pause, [this] { tick(); });
    }

    void make() {
        const std::int64_t now = ms_of(self_.wall_now());
        const bool has_gone_back = now <= mine_.latest_ms;
        mine_.latest_ms = std::max(mine_.latest_ms, now);
        const auto id = source_.next();
        if (!id.has_value()) return;
        const auto told = [&](const char* what) {
            return
                [this, what, id] { return std::string(what) + ": " + *id + " of " + self_.name(); };
        };
        witness_.require(all_.made.try_emplace(*id, self_.id()).second, told("duplicate"));
        const bool is_same_life = mine_.incarnation == self_.incarnation();
        witness_.require(*id > mine_.last || (!is_same_life && has_gone_back), told("not growing"));
        const std::int64_t ms = Source::ms_of(*id);
        witness_.require(ms >= now && ms <= mine_.latest_ms, told("wrong time"));
        mine_.last = *id;
        mine_.incarnation = self_.incarnation();
        ++mine_.count;
        self_.world().observe(static_cast<std::uint64_t>(ms));
    }

    sim::node& self_;
    sortable_history& all_;
    sortable_history::of_node& mine_;
    witness& witness_;
    Source source_;
};

}  // namespace detail

template <class Source>
struct sortable_ids {
    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(seed, 4, 200,
                          {.duration = std::chrono::seconds(10),
                           .partitions = false,
                           .freezes = true,
                           .clock_error = std::chrono::seconds(8),
                           .drift = sim::ppm(100'000)});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const {
        sim::world world(s.seed);
        world.record_to(recorder);
        witness w;
        detail::sortable_history all;
        all.nodes.resize(s.nodes);
        for (std::uint32_t i = 0; i < s.nodes; ++i)
            world.add<detail::sorting_node<Source>>("n" + std::to_string(i + 1), all, w);
        unleash(world, s.faults, std::chrono::seconds(10));
        world.run_for(std::chrono::seconds(20));
        for (std::uint32_t i = 0; i < s.nodes; ++i)
            w.require(all.nodes[i].count > 0, [&] { return "no progress: " + world.at(i).name(); });
        return w.verdict(world);
    }
};

}  // namespace coterie::test
