// SPDX-License-Identifier: BSL-1.0
#pragma once

// Nodes n1, n2, ... that send to all others every ten milliseconds of their own time, and a count of what each
// heard from each.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/world.hpp>

namespace coterie::test {

class beating_cluster {
public:
    using text = std::string;

    explicit beating_cluster(std::uint64_t seed, std::size_t nodes = 3)
        : world(seed), net(world), heard(nodes, std::vector<int>(nodes)), beats(nodes), odd(0) {
        world.links().set_profile({.delay = sim::latency::constant(std::chrono::milliseconds(1))});
        for (std::size_t i = 0; i < nodes; ++i) {
            names.push_back("n" + std::to_string(i + 1));
            world.add<program>(names.back(), *this);
        }
    }

    // From the beginning of the world to its end at `until`, with these faults.
    void run(std::string_view script, std::chrono::nanoseconds until) {
        sim::run_script(world, sim::parse_fault_script(script, names).value());
        world.run_until(steady_time(until));
    }

    // What each heard from each in that time. Indices count from 1, as names do.
    class window {
    public:
        window(beating_cluster& c, std::chrono::nanoseconds until) : before_(c.heard), after_() {
            c.world.run_until(steady_time(until));
            after_ = c.heard;
        }
        [[nodiscard]] int operator()(std::size_t from, std::size_t to) const {
            return after_[from - 1][to - 1] - before_[from - 1][to - 1];
        }

    private:
        std::vector<std::vector<int>> before_, after_;
    };

    sim::world world;
    sim::network<text> net;
    std::vector<std::string> names;
    // By from and to; how often each beat; how many texts came damaged.
    std::vector<std::vector<int>> heard;
    std::vector<int> beats;
    int odd;

private:
    class program {
    public:
        program(sim::node& self, beating_cluster& c) : self_(self), c_(c) {
            c.net.on_message(self, [this](trace::node_id from, const text& m) {
                ++c_.heard[from][self_.id()];
                if (m != "beat") ++c_.odd;
            });
            beat();
        }

    private:
        void beat() {
            ++c_.beats[self_.id()];
            c_.net.broadcast(self_, "beat");
            self_.after(std::chrono::milliseconds(10), [this] { beat(); });
        }

        sim::node& self_;
        beating_cluster& c_;
    };
};

}  // namespace coterie::test
