// SPDX-License-Identifier: BSL-1.0
#pragma once

// How scenarios of servers and clients go: through the faults of a setup, and then through a calm.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/sim/links.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/rough.hpp"

namespace coterie::test {

/// A world in which clients share the operations of a setup among them.
///
/// A `Server(node, network, design)` and a `Client(node, network, design, log, left)`, which does what is left
/// for it to do and counts that down.
template <class Network, class Server, class Client>
class servers_and_clients {
public:
    /// Runs through the faults. The first `servers` of the names are servers.
    template <class Design, class Log>
    servers_and_clients(const sim::scenario_setup& s, trace::trace* recorder,
                        const std::vector<std::string>& names, trace::node_id servers,
                        const Design& design, Log& log)
        : world_(s.seed), net_(world_), servers_(servers), left_(names.size(), 0) {
        world_.record_to(recorder);
        world_.links().set_profile(any_links(world_));
        for (trace::node_id i = 0; i < names.size(); ++i) {
            if (i < servers) {
                world_.template add<Server>(names[i], net_, design);
            } else {
                left_[i] = s.operations / (names.size() - servers);
                world_.template add<Client>(names[i], net_, design, log, left_[i]);
            }
        }
        sim::run_script(world_, s.faults);
        world_.run_for(std::chrono::milliseconds(700));
    }

    /// Runs on with good links and clients that are new, each with so much to do.
    void calm(std::uint64_t operations, std::chrono::nanoseconds duration) {
        world_.links().set_profile(sim::link_profile{});
        for (trace::node_id i = servers_; i < world_.node_count(); ++i) {
            left_[i] = operations;
            world_.restart(i);
        }
        world_.run_for(duration);
    }

    [[nodiscard]] const sim::world& world() const noexcept { return world_; }

private:
    sim::world world_;
    Network net_;
    trace::node_id servers_;
    std::vector<std::uint64_t> left_;
};

}  // namespace coterie::test
