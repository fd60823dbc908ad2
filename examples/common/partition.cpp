// SPDX-License-Identifier: BSL-1.0

#include "common/partition.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>

namespace examples {
namespace {

using namespace coterie;
using namespace std::chrono_literals;
using trace::node_id;

using item_set = crdt::or_set<std::string>;

/// A value of the register: that with the larger stamp is the later one.
struct version {
    std::uint64_t stamp = 0;
    node_id writer = 0;
    std::string value{};

    friend auto operator<=>(const version&, const version&) = default;
};

struct message {
    enum kind : std::uint8_t {
        gossip,
        ask,
        answer,
        store,
        stored
    } what = gossip;
    std::uint64_t operation = 0;
    version latest{};
    item_set items{};

    void append_to(std::string& out) const {
        static constexpr const char* names[] = {"gossip", "ask", "answer", "store", "stored"};
        out += names[what];
        if (what == gossip) out += fmt::format(", {} items", items.size());
        if (what == answer || what == store) out += " " + latest.value;
    }
};

/// What a node keeps where a crash does not reach it.
struct kept {
    item_set items;
    version latest;
};

/// How an operation on the register ended: with how many answers of the last round, and the value.
struct outcome {
    bool done;
    bool may_have_stored;
    std::size_t answers;
    std::string value;
};

using network = sim::network<message>;

/// The program of a node.
class store_node {
public:
    store_node(sim::node& self, network& net, kept& mine)
        : self_(self), net_(net), mine_(mine), next_peer_(self.id()) {
        net_.on_message(self_, [this](node_id from, const message& m) { take(from, m); });
        self_.after(100ms, [this] { gossip(); });
    }

    void add(const std::string& item) {
        (void)mine_.items.add({self_.id() + std::uint64_t{1}, 0}, item);
    }

    /// Asks a majority for the latest version, stores one at a majority that is later, or the same for a read,
    /// and calls `done`; or gives up after a second.
    void operate(const std::string* value, std::function<void(const outcome&)> done) {
        const std::uint64_t number = ++operations_;
        pending& p = pending_[number];
        p.done = std::move(done);
        if (value != nullptr) {
            p.writes = true;
            p.next.value = *value;
        }
        to_all({.what = message::ask, .operation = number});
        self_.after(1s, [this, number] { finish(number, false); });
    }

private:
    struct pending {
        std::function<void(const outcome&)> done;
        version next{};
        bool writes = false;
        bool stores = false;
        std::set<node_id> answered{};
    };

    void gossip() {
        do {
            next_peer_ = (next_peer_ + 1) % self_.world().node_count();
        } while (next_peer_ == self_.id());
        net_.send(self_, next_peer_, {.what = message::gossip, .items = mine_.items});
        self_.after(100ms, [this] { gossip(); });
    }

    void to_all(const message& m) {
        for (node_id to = 0; to < self_.world().node_count(); ++to) net_.send(self_, to, m);
    }

    void take(node_id from, const message& m) {
        switch (m.what) {
            case message::gossip: mine_.items.merge(m.items); break;
            case message::ask:
                net_.send(
                    self_, from,
                    {.what = message::answer, .operation = m.operation, .latest = mine_.latest});
                break;
            case message::store:
                mine_.latest = std::max(mine_.latest, m.latest);
                net_.send(self_, from, {.what = message::stored, .operation = m.operation});
                break;
            case message::answer:
            case message::stored: count(from, m); break;
        }
    }

    void count(node_id from, const message& m) {
        const auto found = pending_.find(m.operation);
        if (found == pending_.end()) return;
        pending& p = found->second;
        if (p.stores != (m.what == message::stored)) return;
        p.answered.insert(from);
        if (!p.stores)
            found_.insert_or_assign(m.operation, std::max(found_[m.operation], m.latest));
        if (p.answered.size() <= self_.world().node_count() / 2) return;
        if (p.stores) return finish(m.operation, true);
        const version latest = found_[m.operation];
        p.next = p.writes ? version{latest.stamp + 1, self_.id(), p.next.value} : latest;
        p.stores = true;
        p.answered.clear();
        to_all({.what = message::store, .operation = m.operation, .latest = p.next});
    }

    void finish(std::uint64_t number, bool done) {
        const auto found = pending_.find(number);
        if (found == pending_.end()) return;
        const pending p = std::move(found->second);
        pending_.erase(found);
        found_.erase(number);
        p.done({done, p.stores, p.answered.size(), p.next.value});
    }

    sim::node& self_;
    network& net_;
    kept& mine_;
    node_id next_peer_;
    std::uint64_t operations_ = 0;
    std::map<std::uint64_t, pending> pending_;
    std::map<std::uint64_t, version> found_;
};

/// The world, its clients, and what is told of them.
class play {
public:
    play(const partition_options& options, trace::trace* recorder)
        : options_(options), world_(options.seed), net_(world_), kept_(options.nodes) {
        if (recorder != nullptr) world_.record_to(recorder);
        names_ = sim::node_names(options.nodes);
        for (node_id id = 0; id < options.nodes; ++id)
            world_.add<store_node>(names_[id], net_, kept_[id]);
    }

    std::string run() {
        report_ = fmt::format(
            "{} nodes, seed {}. A column for each node: how many items its set has.\n\n",
            options_.nodes, options_.seed);
        report_ += fmt::format("{:>8}", "time");
        for (const std::string& name : names_) report_ += fmt::format("{:>5}", name);
        report_ += "\n";
        const std::chrono::nanoseconds end = length_of(options_);
        for (const sim::fault& f : options_.faults.faults)
            world_.at(steady_time(f.at), [this, &f] { tell_fault(f); });
        sim::run_script(world_, options_.faults);
        for (auto t = 1s; t < end - 1s; t += 2s) {
            world_.at(steady_time(t), [this] { write(0); });
            world_.at(steady_time(t + 100ms), [this] { write(options_.nodes - 1); });
        }
        world_.run_until(steady_time(end));
        tell("the end");
        sum_up();
        return std::move(report_);
    }

private:
    void tell(std::string_view what) {
        report_ += fmt::format(
            "{:>7.1f}s", std::chrono::duration<double>(world_.now().time_since_epoch()).count());
        for (node_id id = 0; id < options_.nodes; ++id) {
            switch (world_.at(id).state()) {
                case sim::node_state::up:
                    report_ += fmt::format("{:>5}", kept_[id].items.size());
                    break;
                case sim::node_state::paused: report_ += "    -"; break;
                case sim::node_state::down: report_ += "    x"; break;
            }
        }
        report_ += fmt::format("   {}\n", what);
    }

    // Before it happens: faults are told first at equal times.
    void tell_fault(const sim::fault& f) {
        std::string what = "--- ";
        f.append_what(what);
        tell(what);
    }

    void write(node_id at) {
        const std::string value = std::to_string(++writes_);
        const bool up = world_.on<store_node>(at, [&](store_node& node) {
            node.add("item " + value);
            added_.push_back("item " + value);
            node.operate(&value, [this, at, value](const outcome& o) { tell_write(at, value, o); });
        });
        if (!up) tell(fmt::format("{} does not answer: {} is not written", names_[at], value));
    }

    void tell_write(node_id at, const std::string& value, const outcome& o) {
        const std::string who =
            fmt::format("{} adds item {}; register := {}", names_[at], value, value);
        if (o.done) {
            acknowledged_ = value;
            return tell(fmt::format("{}, a majority has it", who));
        }
        tell(fmt::format("{}, {} of {} answer: {}", who, o.answers, options_.nodes,
                         o.may_have_stored ? "not known" : "refused"));
    }

    void sum_up() {
        std::string read = "nobody answers";
        for (node_id id = 0; id < options_.nodes; ++id)
            world_.on<store_node>(id, [&](store_node& node) {
                node.operate(nullptr, [&](const outcome& o) {
                    if (o.done) read = o.value.empty() ? "nothing" : o.value;
                });
            });
        world_.run_for(2s);
        const item_set& first = kept_[0].items;
        const bool same = std::all_of(kept_.begin(), kept_.end(),
                                      [&](const kept& k) { return k.items == first; });
        const auto lost = std::count_if(added_.begin(), added_.end(), [&](const std::string& item) {
            return std::none_of(kept_.begin(), kept_.end(),
                                [&](const kept& k) { return k.items.contains(item); });
        });
        report_ += fmt::format(
            "\nThe sets: {} items were added, in any part of the network; {}, {} lost.\n"
            "The register: {} was the last to be acknowledged; a majority reads {}.\n",
            added_.size(), same ? "all nodes have the same" : "the nodes differ", lost,
            acknowledged_.empty() ? "nothing" : acknowledged_, read);
    }

    const partition_options& options_;
    std::vector<std::string> names_;
    sim::world world_;
    network net_;
    std::vector<kept> kept_;
    std::string report_;
    std::uint64_t writes_ = 0;
    std::vector<std::string> added_;
    std::string acknowledged_;
};

}  // namespace

std::chrono::nanoseconds length_of(const partition_options& options) {
    std::chrono::nanoseconds last{};
    for (const sim::fault& f : options.faults.faults)
        last = std::max(last, f.at + (f.kind == sim::fault_kind::step ? 0ns : f.amount));
    return last + 5s;
}

std::string play_partition(const partition_options& options, trace::trace* recorder) {
    return play(options, recorder).run();
}

}  // namespace examples
