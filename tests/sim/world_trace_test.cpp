// SPDX-License-Identifier: BSL-1.0
//
// What a world writes into its trace.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using sim::node;
using trace::node_id;

namespace {

/// A message that prints itself.
struct order {
    int items;

    void append_to(std::string& out) const { (out += "order ") += std::to_string(items); }
};

/// One that others print.
struct receipt {
    int number;
};
std::string to_string(const receipt& r) { return "receipt " + std::to_string(r.number); }

std::vector<std::string> lines(const trace::trace& trace) {
    std::vector<std::string> all;
    for (const trace::trace_event& e : trace) {
        std::string line = describe(e.kind);
        if (e.node != trace::no_node) (line += ' ') += trace.name(e.node);
        if (trace::is_of_message(e.kind)) (line += ' ') += trace.name(e.peer);
        if (!e.text.empty()) (line += ": ") += e.text;
        all.push_back(line);
    }
    return all;
}

}  // namespace

TEST_CASE("a trace holds what happened, in words") {
    sim::world world(test::seed());
    sim::network<order> orders(world, "orders");
    sim::network<receipt> receipts(world, "receipts");
    trace::trace trace;
    const auto shop = world.add("shop", [&](node& self) {
        orders.on_message(
            self, [&](node_id from, const order& o) { receipts.send(self, from, {o.items}); });
    });
    world.record_to(&trace);
    const auto client = world.add("client", [](node&) {});
    orders.send(world.at(client), shop, {3});
    world.run_for(1s);
    world.at(client).note("served");
    world.partition({{client}});
    orders.send(world.at(client), shop, {4});
    world.heal();
    world.cut(shop, client);
    world.pause(shop);
    world.resume(shop);
    world.crash(shop);
    orders.send(world.at(client), shop, {5});
    world.run_for(1s);
    world.restart(shop);
    world.record_to(nullptr);
    world.at(client).note("unheard");
    CHECK(lines(trace) ==
          std::vector<std::string>{
              "start client", "send client shop: order 3", "receive shop client: order 3",
              "send shop client: receipt 3", "receive client shop: receipt 3",
              "note client: served", "fault: partition client", "send client shop: order 4",
              "lose client shop: cut", "fault: heal", "fault: cut shop -> client", "pause shop",
              "resume shop", "crash shop", "send client shop: order 5", "lose client shop: down",
              "restart shop"});
    REQUIRE(trace.network().size() == 3);
    CHECK(trace.network()[0].group(client) != trace.network()[0].group(shop));
    CHECK(trace.network()[0].blocked.empty());
    CHECK(trace.network()[1].is_whole());
    CHECK(trace.network()[2].blocked == std::vector{trace::blocked_link{shop, client}});
}

TEST_CASE("to be watched changes nothing") {
    const auto run = [](bool watched) {
        sim::world world(9);
        sim::network<order> orders(world);
        trace::trace trace;
        if (watched) world.record_to(&trace);
        world.links().set_profile({.loss = 0.1, .duplication = 0.1});
        for (const char* name : {"a", "b", "c"})
            world.add(name, [&](node& self) {
                orders.on_message(self, [&](node_id, const order& o) {
                    if (o.items < 100) orders.broadcast(self, {o.items + 40});
                });
            });
        orders.broadcast(world.at(0), {0});
        world.run_for(100ms);
        world.crash(1);
        world.partition({{0}, {2}});
        world.run_for(1s);
        CHECK(trace.empty() != watched);
        return world.hash();
    };
    CHECK(run(true) == run(false));
}
