// SPDX-License-Identifier: BSL-1.0
#pragma once

// A scenario with a bug: n1 counts and tells n2, and answers before n2 has it. Where the link between them is cut
// or slow, and then n1 crashes, an increment is lost that was acknowledged; neither fault alone does it.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::test {

struct count_message {
    enum kind : std::uint8_t {
        increment,
        acknowledge,
        replicate,
        recover
    } what;
    std::uint64_t count;

    void append_to(std::string& out) const {
        static constexpr const char* names[] = {"increment", "acknowledge", "replicate", "recover"};
        ((out += names[what]) += ' ') += std::to_string(count);
    }
};

/// Sets whether the increment waits for the backup: then there is no bug.
struct failover_scenario {
    using network = sim::network<count_message>;

    bool waits_for_backup = false;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        rng random(seed, "setup");
        const trace::node_id nodes = uniform_between(random, 2U, 5U);
        return {.seed = seed,
                .nodes = nodes,
                .operations = uniform_between(random, std::uint64_t{20}, 100),
                .faults = sim::draw_script({.duration = std::chrono::seconds(10),
                                            .calm = std::chrono::seconds(5),
                                            .between = std::chrono::seconds(2)},
                                           sim::node_names(nodes), random)};
    }

    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& setup,
                                           trace::trace* recorder) const {
        sim::world world(setup.seed);
        network net(world);
        if (recorder != nullptr) world.record_to(recorder);
        for (const std::string& name : sim::node_names(setup.nodes))
            world.add<counter>(name, net, waits_for_backup);
        std::uint64_t acknowledged = 0;
        world.add<client>("client", net, setup.operations, acknowledged);
        sim::run_script(world, setup.faults);
        world.run_for(std::chrono::seconds(15));
        const auto* first = world.program<counter>(primary);
        const std::uint64_t count = first == nullptr ? 0 : first->count;
        world.observe(acknowledged);
        sim::scenario_result result{.hash = world.hash(), .events = world.events()};
        if (count < acknowledged) {
            result.passed = false;
            result.failure = "lost increment: " + std::to_string(acknowledged) + " acknowledged, " +
                             std::to_string(count) + " kept";
        }
        return result;
    }

private:
    static constexpr trace::node_id primary = 0;
    static constexpr trace::node_id backup = 1;

    struct counter {
        counter(sim::node& self, network& n, bool waits) : self_(self), net(n), waits_(waits) {
            net.on_message(self_,
                           [this](trace::node_id from, const count_message& m) { on(from, m); });
            if (self_.id() == primary) self_.after(std::chrono::milliseconds(1), [this] { ask(); });
        }

        std::uint64_t count = 0;

    private:
        // What it held before it crashed, the other has.
        void ask() {
            if (recovered_) return;
            net.send(self_, backup, {count_message::recover, 0});
            self_.after(std::chrono::milliseconds(50), [this] { ask(); });
        }

        void on(trace::node_id from, const count_message& m) {
            switch (m.what) {
                case count_message::recover:
                    net.send(self_, from, {count_message::replicate, count});
                    break;
                case count_message::replicate:
                    if (m.count > count) count = m.count;
                    if (self_.id() == backup)
                        net.send(self_, from, {count_message::replicate, count});
                    else
                        confirm(m.count);
                    break;
                case count_message::increment:
                    if (self_.id() != primary || !recovered_) break;
                    client_ = from;
                    ++count;
                    net.send(self_, backup, {count_message::replicate, count});
                    if (!waits_) net.send(self_, from, {count_message::acknowledge, count});
                    break;
                case count_message::acknowledge: break;
            }
        }

        void confirm(std::uint64_t replicated) {
            recovered_ = true;
            if (waits_ && client_ != trace::no_node)
                net.send(self_, client_, {count_message::acknowledge, replicated});
        }

        sim::node& self_;
        network& net;
        bool waits_;
        bool recovered_ = false;
        trace::node_id client_ = trace::no_node;
    };

    struct client {
        client(sim::node& self, network& n, const std::uint64_t& operations,
               std::uint64_t& acknowledged)
            : self_(self), net(n), left_(operations) {
            net.on_message(self_, [&acknowledged](trace::node_id, const count_message& m) {
                if (m.count > acknowledged) acknowledged = m.count;
            });
            ask();
        }

    private:
        void ask() {
            if (left_ == 0) return;
            --left_;
            net.send(self_, primary, {count_message::increment, 0});
            self_.after(std::chrono::milliseconds(100), [this] { ask(); });
        }

        sim::node& self_;
        network& net;
        std::uint64_t left_;
    };
};

}  // namespace coterie::test
