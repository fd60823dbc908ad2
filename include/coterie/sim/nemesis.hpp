// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who does the faults of a script (sim/fault_script.hpp) to a world; and scripts drawn at random. A random
// nemesis is a script that is drawn beforehand, so that it can be printed, replayed and shrunk.
//
//   sim::run_script(world, *sim::parse_fault_script("at 2s crash n1\nat 5s restart n1"));
//
//   const sim::nemesis_profile rough{.between = 500ms, .weights = {.partition = 3, .crash = 1}};
//   sim::run_script(world, sim::draw_script(rough, names, world.random("faults")));
//   world.run_for(rough.duration + rough.calm);          // in the calm, the system must make progress
//
// Source: Kingsbury, the nemesis of Jepsen, https://jepsen.io; for the calm at the end: Greef, "Random
// fuzzy thoughts", TigerBeetle, 2023 (safety in the storm, liveness after it).

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::inline v0::sim {

/// Does faults to a world, one at a time, and undoes them. What is well is how links and disks were when
/// it was made; nodes that are added later are well as they are by default.
///
/// Requires: the world outlives it.
class nemesis {
public:
    explicit nemesis(world& w);

    /// Does it now. Returns: false where it names a node that the world does not have, and nothing was
    /// done; a partition goes by the nodes that there are.
    bool apply(const fault& f);

private:
    bool apply_to_link(const fault& f, trace::node_id from, trace::node_id to);
    void apply_to_node(const fault& f, trace::node_id id);
    void apply_to_clock(const fault& f, trace::node_id id);
    void apply_to_disk(const fault& f, trace::node_id id);
    void apply_to_all(const fault& f);
    void partition(const std::vector<std::vector<std::string>>& groups);
    void calm();

    template <class Use>
    void for_each_link(Use use) {
        for (trace::node_id from = 0; from < world_->node_count(); ++from)
            for (trace::node_id to = 0; to < world_->node_count(); ++to) use(from, to);
    }
    void make_link_well(trace::node_id from, trace::node_id to);
    void make_disk_well(trace::node_id id);

    world* world_;
    trace::node_id nodes_;
    /// By from and to.
    std::vector<link_profile> links_;
    std::vector<disk_profile> disks_;
};

/// Does each fault of a script when the world's time is that of the fault, or at once if it is past.
///
/// Complexity: what a fault costs, and the script is sorted once.
void run_script(world& w, fault_script script);

/// How often each kind of fault is drawn, relative to the others; 0: never. Each ends by itself.
struct fault_weights {
    std::uint32_t partition = 4;  ///< in two parts
    std::uint32_t cut = 2;        ///< one link, one way
    std::uint32_t hold = 1;       ///< one link, one way
    std::uint32_t bad_link = 2;   ///< loss, delays, duplicates on one link
    std::uint32_t bad_links = 2;  ///< the same on all
    std::uint32_t crash = 4;
    std::uint32_t pause = 2;
    std::uint32_t step = 1;
    std::uint32_t drift = 1;
    std::uint32_t freeze = 1;
    std::uint32_t disk_full = 1;
    std::uint32_t disk_slow = 1;
    std::uint32_t disk_failing = 1;
};

/// What a random script is like.
struct nemesis_profile {
    /// Faults happen in this time, and then everything is well for so long: a scenario runs for both.
    std::chrono::nanoseconds duration = std::chrono::seconds(30);
    std::chrono::nanoseconds calm = std::chrono::seconds(30);
    /// From one fault to the next, and how long one lasts; each is exponential with that mean.
    std::chrono::nanoseconds between = std::chrono::seconds(1);
    std::chrono::nanoseconds lasting = std::chrono::seconds(2);
    fault_weights weights{};
    /// How hard the faults are at most; each is anything up to that.
    probability loss = percent(30);
    probability duplicate = percent(10);
    probability corrupt{};
    std::chrono::nanoseconds delay = std::chrono::milliseconds(500);
    std::chrono::nanoseconds step = std::chrono::seconds(2);
    sim::drift drift = ppm(500);
    std::chrono::nanoseconds sync = std::chrono::seconds(1);
    probability disk_failing = percent(50);
    /// Whether a majority is up at any time: neither down nor paused, nor with a frozen clock.
    bool minority_down = true;
};

/// A script at random: in order of time, in whole milliseconds, the last fault is calm.
///
/// Complexity: linear in the faults, and in the nodes for each.
template <random_bit_generator G>
[[nodiscard]] fault_script draw_script(const nemesis_profile& profile,
                                       std::span<const std::string> nodes, G&& random);

// --- details ---------------------------------------------------------------------------------------

inline nemesis::nemesis(world& w) : world_(&w), nodes_(w.node_count()) {
    for_each_link([&](trace::node_id from, trace::node_id to) {
        links_.push_back(w.links().profile(from, to));
    });
    for (trace::node_id id = 0; id < nodes_; ++id) disks_.push_back(w.at(id).disk().profile());
}

namespace detail {

/// Whether the world itself says in its trace that this has happened: what befalls nodes, and which links
/// are open.
constexpr bool is_told_by_world(fault_kind kind) noexcept {
    switch (kind) {
        case fault_kind::partition:
        case fault_kind::heal:
        case fault_kind::cut:
        case fault_kind::hold:
        case fault_kind::release:
        case fault_kind::crash:
        case fault_kind::restart:
        case fault_kind::pause:
        case fault_kind::resume: return true;
        default: return false;
    }
}

}  // namespace detail

inline bool nemesis::apply(const fault& f) {
    const std::optional<trace::node_id> node = world_->find(f.node);
    const std::optional<trace::node_id> to = world_->find(f.to);
    if ((!node && !f.node.empty()) || (!to && !f.to.empty())) return false;
    if (!detail::is_told_by_world(f.kind)) {
        std::string what;
        f.append_what(what);
        world_->note(what);
    }
    if (node && to) return apply_to_link(f, *node, *to);
    if (node)
        apply_to_node(f, *node);
    else
        apply_to_all(f);
    return true;
}

inline bool nemesis::apply_to_link(const fault& f, trace::node_id from, trace::node_id to) {
    links& all = world_->links();
    switch (f.kind) {
        case fault_kind::cut: world_->cut(from, to); break;
        case fault_kind::hold: world_->hold(from, to); break;
        case fault_kind::release: world_->release(from, to); break;
        case fault_kind::link_well: make_link_well(from, to); break;
        default: all.set_profile(from, to, f.change.applied_to(all.profile(from, to))); break;
    }
    return true;
}

inline void nemesis::apply_to_node(const fault& f, trace::node_id id) {
    switch (f.kind) {
        case fault_kind::crash: world_->crash(id); break;
        case fault_kind::restart: world_->restart(id); break;
        case fault_kind::resume: world_->resume(id); break;
        case fault_kind::pause:
            world_->pause(id);
            if (f.amount.count() > 0) world_->after(f.amount, [w = world_, id] { w->resume(id); });
            break;
        case fault_kind::step:
        case fault_kind::drift:
        case fault_kind::freeze:
        case fault_kind::thaw: apply_to_clock(f, id); break;
        default: apply_to_disk(f, id); break;
    }
}

inline void nemesis::apply_to_clock(const fault& f, trace::node_id id) {
    switch (f.kind) {
        case fault_kind::step: world_->step_clock(id, f.amount); break;
        case fault_kind::drift: world_->set_drift(id, f.rate); break;
        case fault_kind::freeze:
            world_->freeze_clock(id);
            if (f.amount.count() > 0)
                world_->after(f.amount, [w = world_, id] { w->thaw_clock(id); });
            break;
        default: world_->thaw_clock(id); break;
    }
}

inline void nemesis::apply_to_disk(const fault& f, trace::node_id id) {
    disk& d = world_->at(id).disk();
    disk_profile profile = d.profile();
    switch (f.kind) {
        case fault_kind::disk_corrupt: return d.corrupt(f.file);
        case fault_kind::disk_wipe: return d.wipe();
        case fault_kind::disk_well: return make_disk_well(id);
        case fault_kind::disk_full: profile.capacity = 0; break;
        case fault_kind::disk_slow: profile.sync = latency::uniform(f.sync.low, f.sync.high); break;
        default: profile.failure = f.failing.value(); break;
    }
    d.set_profile(profile);
}

inline void nemesis::apply_to_all(const fault& f) {
    links& all = world_->links();
    switch (f.kind) {
        case fault_kind::partition: return partition(f.groups);
        case fault_kind::heal: return world_->heal();
        case fault_kind::links:
            return for_each_link([&](trace::node_id from, trace::node_id to) {
                all.set_profile(from, to, f.change.applied_to(all.profile(from, to)));
            });
        case fault_kind::links_well:
            return for_each_link(
                [&](trace::node_id from, trace::node_id to) { make_link_well(from, to); });
        case fault_kind::calm: return calm();
        default: COTERIE_ASSERT(false);  // A fault of a node that names none.
    }
}

inline void nemesis::partition(const std::vector<std::vector<std::string>>& groups) {
    std::vector<std::vector<trace::node_id>> found;
    for (const auto& group : groups) {
        found.emplace_back();
        for (const std::string& name : group)
            if (const auto id = world_->find(name)) found.back().push_back(*id);
        if (found.back().empty()) found.pop_back();
    }
    world_->partition(found);
}

inline void nemesis::calm() {
    world_->heal();
    for_each_link([&](trace::node_id from, trace::node_id to) { make_link_well(from, to); });
    for (trace::node_id id = 0; id < world_->node_count(); ++id) {
        make_disk_well(id);
        world_->thaw_clock(id);
        world_->set_drift(id, {});
        world_->resume(id);
        if (world_->at(id).state() == node_state::down) world_->restart(id);
    }
}

inline void nemesis::make_link_well(trace::node_id from, trace::node_id to) {
    const bool known = from < nodes_ && to < nodes_;
    world_->links().set_profile(from, to,
                                known ? links_[std::size_t{from} * nodes_ + to] : link_profile{});
}

inline void nemesis::make_disk_well(trace::node_id id) {
    world_->at(id).disk().set_profile(id < nodes_ ? disks_[id] : disk_profile{});
}

namespace detail {

/// Stable. Not std::stable_sort, of which clang says that it is made of what is deprecated.
inline void sort_by_time(std::vector<fault>& faults) {
    event_queue<fault> queue;
    for (fault& f : faults) {
        const steady_time at(f.at);
        queue.push(at, std::move(f));
    }
    for (fault& f : faults) f = queue.pop().what;
}

/// Does one fault, and moves on into the event of the next.
class script_runner {
public:
    script_runner(world& w, fault_script script)
        : world_(&w), nemesis_(w), script_(std::move(script)) {}

    void wait() && {
        if (next_ == script_.faults.size()) return;
        world& w = *world_;
        const steady_time due(script_.faults[next_].at);
        w.at(due, std::move(*this));
    }
    void operator()() {
        nemesis_.apply(script_.faults[next_++]);
        std::move(*this).wait();
    }

private:
    world* world_;
    nemesis nemesis_;
    fault_script script_;
    std::size_t next_ = 0;
};

}  // namespace detail

inline void run_script(world& w, fault_script script) {
    detail::sort_by_time(script.faults);
    detail::script_runner(w, std::move(script)).wait();
}

namespace detail {

/// Draws one script. A node has one fault of its machine, clock or disk at a time, a link and the network
/// one as well, so that what ends one does not end another.
template <class G>
class script_drawer {
    using nanoseconds = std::chrono::nanoseconds;

public:
    script_drawer(const nemesis_profile& profile, std::span<const std::string> nodes, G& random)
        : profile_(profile),
          nodes_(nodes),
          random_(random),
          busy_(nodes.size()),
          out_(nodes.size()) {}

    fault_script draw() {
        for (nanoseconds t = pause(profile_.between); t < profile_.duration;
             t += pause(profile_.between))
            draw_fault(t);
        sort_by_time(script_.faults);
        script_.faults.push_back({.at = whole(profile_.duration), .kind = fault_kind::calm});
        return std::move(script_);
    }

private:
    static nanoseconds whole(nanoseconds d) {
        return std::max(nanoseconds(std::chrono::milliseconds(1)),
                        nanoseconds(std::chrono::duration_cast<std::chrono::milliseconds>(d)));
    }
    nanoseconds pause(nanoseconds mean) { return whole(draw_exponential(random_, mean)); }
    nanoseconds up_to(nanoseconds most) {
        return whole(nanoseconds(
            uniform_between(random_, std::int64_t{0},
                            static_cast<std::int64_t>(std::max(most, nanoseconds(0)).count()))));
    }
    // In tenths of a percent, and more than none.
    probability up_to(probability most) {
        const std::uint32_t steps = most.per_million / 1'000;
        return {steps == 0 ? most.per_million
                           : uniform_between(random_, std::uint32_t{1}, steps) * 1'000};
    }
    bool coin() { return uniform_below(random_, 2) == 0; }

    void draw_fault(nanoseconds t) {
        const fault_weights& w = profile_.weights;
        const std::pair<std::uint32_t, void (script_drawer::*)(nanoseconds, nanoseconds)> kinds[] =
            {
                {w.partition, &script_drawer::draw_partition},
                {w.cut, &script_drawer::draw_cut},
                {w.hold, &script_drawer::draw_hold},
                {w.bad_link, &script_drawer::draw_bad_link},
                {w.bad_links, &script_drawer::draw_bad_links},
                {w.crash, &script_drawer::draw_crash},
                {w.pause, &script_drawer::draw_pause},
                {w.step, &script_drawer::draw_step},
                {w.drift, &script_drawer::draw_drift},
                {w.freeze, &script_drawer::draw_freeze},
                {w.disk_full, &script_drawer::draw_full},
                {w.disk_slow, &script_drawer::draw_slow},
                {w.disk_failing, &script_drawer::draw_failing},
            };
        std::uint64_t sum = 0;
        for (const auto& kind : kinds) sum += kind.first;
        if (sum == 0) return;
        std::uint64_t choice = uniform_below(random_, sum);
        const nanoseconds end = t + pause(profile_.lasting);
        for (const auto& [weight, draw_kind] : kinds) {
            if (choice < weight) return (this->*draw_kind)(t, end);
            choice -= weight;
        }
    }

    void add(fault f) { script_.faults.push_back(std::move(f)); }
    // What ends a fault; the calm does it too.
    void add_end(fault f) {
        if (f.at < profile_.duration) add(std::move(f));
    }

    // A node that has no fault until `t`, and has one until `end` now.
    std::optional<std::size_t> claim(nanoseconds t, nanoseconds end) {
        if (nodes_.empty()) return {};
        const std::size_t node = uniform_below(random_, nodes_.size());
        if (busy_[node] > t) return {};
        busy_[node] = end;
        return node;
    }
    // The same, if it may go out.
    std::optional<std::size_t> claim_out(nanoseconds t, nanoseconds end) {
        const auto out = static_cast<std::size_t>(
            std::count_if(out_.begin(), out_.end(), [&](nanoseconds until) { return until > t; }));
        if (profile_.minority_down && (out + 1) * 2 >= nodes_.size()) return {};
        const auto node = claim(t, end);
        if (node) out_[*node] = end;
        return node;
    }
    bool claim(nanoseconds& busy, nanoseconds t, nanoseconds end) {
        if (nodes_.size() < 2 || busy > t) return false;
        busy = end;
        return true;
    }

    void draw_partition(nanoseconds t, nanoseconds end) {
        if (!claim(network_busy_, t, end)) return;
        std::vector<std::string> order(nodes_.begin(), nodes_.end());
        for (std::size_t i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[uniform_below(random_, i)]);
        const auto middle = order.begin() + static_cast<std::ptrdiff_t>(
                                                1 + uniform_below(random_, order.size() - 1));
        std::sort(order.begin(), middle);
        std::sort(middle, order.end());
        add({.at = t,
             .kind = fault_kind::partition,
             .groups = {{order.begin(), middle}, {middle, order.end()}}});
        add_end({.at = end, .kind = fault_kind::heal});
    }

    fault on_some_link(nanoseconds t, fault_kind kind) {
        const std::size_t from = uniform_below(random_, nodes_.size());
        const std::size_t to =
            (from + 1 + uniform_below(random_, nodes_.size() - 1)) % nodes_.size();
        return {.at = t, .kind = kind, .node = nodes_[from], .to = nodes_[to]};
    }
    void draw_closed_link(nanoseconds t, nanoseconds end, fault_kind kind) {
        if (!claim(network_busy_, t, end)) return;
        fault closed = on_some_link(t, kind);
        add(closed);
        closed.at = end;
        closed.kind = fault_kind::release;
        add_end(std::move(closed));
    }
    void draw_cut(nanoseconds t, nanoseconds end) { draw_closed_link(t, end, fault_kind::cut); }
    void draw_hold(nanoseconds t, nanoseconds end) { draw_closed_link(t, end, fault_kind::hold); }

    link_change draw_change() {
        link_change c;
        if (coin()) c.loss = up_to(profile_.loss);
        if (coin()) c.duplicate = up_to(profile_.duplicate);
        if (coin() && profile_.corrupt.per_million > 0) c.corrupt = up_to(profile_.corrupt);
        if (coin() || c == link_change{}) {
            const nanoseconds high = up_to(profile_.delay);
            c.delay = delay_range{std::min(up_to(high), high), high};
        }
        return c;
    }
    void draw_bad_link(nanoseconds t, nanoseconds end) {
        if (!claim(links_busy_, t, end)) return;
        fault bad = on_some_link(t, fault_kind::link);
        fault well = bad;
        bad.change = draw_change();
        add(std::move(bad));
        well.at = end;
        well.kind = fault_kind::link_well;
        add_end(std::move(well));
    }
    void draw_bad_links(nanoseconds t, nanoseconds end) {
        if (!claim(links_busy_, t, end)) return;
        add({.at = t, .kind = fault_kind::links, .change = draw_change()});
        add_end({.at = end, .kind = fault_kind::links_well});
    }

    void draw_crash(nanoseconds t, nanoseconds end) {
        const auto node = claim_out(t, end);
        if (!node) return;
        add({.at = t, .kind = fault_kind::crash, .node = nodes_[*node]});
        add_end({.at = end, .kind = fault_kind::restart, .node = nodes_[*node]});
    }
    void draw_pause(nanoseconds t, nanoseconds end) {
        if (const auto node = claim_out(t, end))
            add({.at = t, .kind = fault_kind::pause, .node = nodes_[*node], .amount = end - t});
    }
    void draw_step(nanoseconds t, nanoseconds /*end*/) {
        const auto node = claim(t, t);
        if (!node) return;
        const nanoseconds by = up_to(profile_.step);
        add({.at = t,
             .kind = fault_kind::step,
             .node = nodes_[*node],
             .amount = coin() ? by : -by});
    }
    void draw_drift(nanoseconds t, nanoseconds end) {
        const auto node = claim(t, end);
        if (!node) return;
        const std::int64_t most = profile_.drift.parts_per_billion / 1'000;
        add({.at = t,
             .kind = fault_kind::drift,
             .node = nodes_[*node],
             .rate = ppm(uniform_between(random_, -most, most))});
        add_end({.at = end, .kind = fault_kind::drift, .node = nodes_[*node]});
    }
    void draw_freeze(nanoseconds t, nanoseconds end) {
        if (const auto node = claim_out(t, end))
            add({.at = t, .kind = fault_kind::freeze, .node = nodes_[*node], .amount = end - t});
    }
    void draw_bad_disk(nanoseconds t, nanoseconds end, fault bad) {
        const auto node = claim(t, end);
        if (!node) return;
        bad.at = t;
        bad.node = nodes_[*node];
        add(std::move(bad));
        add_end({.at = end, .kind = fault_kind::disk_well, .node = nodes_[*node]});
    }
    void draw_full(nanoseconds t, nanoseconds end) {
        draw_bad_disk(t, end, {.kind = fault_kind::disk_full});
    }
    void draw_slow(nanoseconds t, nanoseconds end) {
        const nanoseconds high = up_to(profile_.sync);
        draw_bad_disk(t, end, {.kind = fault_kind::disk_slow, .sync = {whole(high / 2), high}});
    }
    void draw_failing(nanoseconds t, nanoseconds end) {
        draw_bad_disk(t, end,
                      {.kind = fault_kind::disk_failing, .failing = up_to(profile_.disk_failing)});
    }

    const nemesis_profile& profile_;
    std::span<const std::string> nodes_;
    G& random_;
    fault_script script_;
    /// Until when each is busy with a fault.
    std::vector<nanoseconds> busy_;
    nanoseconds network_busy_{};
    nanoseconds links_busy_{};
    /// Until when each node is down, paused or frozen.
    std::vector<nanoseconds> out_;
};

}  // namespace detail

template <random_bit_generator G>
fault_script draw_script(const nemesis_profile& profile, std::span<const std::string> nodes,
                         G&& random) {
    return detail::script_drawer(profile, nodes, random).draw();
}

}  // namespace coterie::inline v0::sim
