// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/anti_entropy.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/protocol.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/lww_map.hpp>
#include <coterie/crdt/or_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::crdt::anti_entropy_errc;

namespace {

using set = crdt::or_set<std::uint64_t, std::uint64_t>;
using node = crdt::anti_entropy<set, std::size_t>;

constexpr auto interval = 100ms;

using links_of_nodes = std::vector<std::vector<std::size_t>>;

/// How many entries a delta has.
std::uint64_t entries(const set& delta) { return delta.size(); }
std::uint64_t entries(const crdt::g_counter<std::size_t>& delta) {
    std::uint64_t n = 0;
    for (std::size_t r = 0; r < 15; ++r) n += delta.value_of(r) != 0 ? 1U : 0U;
    return n;
}
using rounds_by_key = crdt::lww_map<std::uint64_t, int, int, std::size_t>;
std::uint64_t entries(const rounds_by_key& delta) { return delta.rows(); }

/// Nodes with their links, and messages under way.
template <class State>
struct basic_network {
    using node = crdt::anti_entropy<State, std::size_t>;

    struct under_way {
        std::size_t from, to;
        typename node::message message;
    };
    std::vector<node> nodes;
    std::vector<under_way> messages;
    steady_time now{};
    std::uint64_t rows_sent = 0;

    explicit basic_network(const links_of_nodes& links, std::size_t max_deltas = 1024) {
        for (std::size_t i = 0; i < links.size(); ++i) {
            nodes.emplace_back(
                crdt::anti_entropy_options{
                    .session = i + 1, .interval = interval, .max_deltas = max_deltas},
                links[i]);
            with(i, [&](auto& n, auto& out) { n.start(now, out); });
        }
    }

    template <class F>
    void with(std::size_t i, F&& f) {
        typename node::output out;
        f(nodes[i], out);
        for (auto& m : out.messages) {
            if (m.message.delta.has_value()) rows_sent += entries(*m.message.delta);
            messages.push_back({i, m.to, std::move(m.message)});
        }
    }

    template <class F>
    void update(std::size_t i, F&& f) {
        REQUIRE(nodes[i].update(now, f).has_value());
    }
    void add(std::size_t i, std::uint64_t x) {
        update(i, [&](State& s) { return s.add(i + 1, x); });
    }

    void tick_all() {
        now += interval;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            with(i, [&](auto& n, auto& out) { n.tick(now, out); });
        }
    }

    void deliver(const under_way& m) {
        with(m.to, [&](auto& n, auto& out) {
            REQUIRE(n.receive(m.from, m.message, now, out).has_value());
        });
    }

    /// All that is under way, and the answers.
    void deliver_all() {
        while (!messages.empty()) {
            const auto some = std::exchange(messages, {});
            for (const auto& m : some) deliver(m);
        }
    }

    [[nodiscard]] bool agree() const {
        return std::ranges::all_of(nodes,
                                   [&](const node& n) { return n.state() == nodes[0].state(); });
    }
};

using network = basic_network<set>;

links_of_nodes pair() { return {{1}, {0}}; }

/// Fifteen nodes: a binary tree, or a ring in which each knows the next two on both sides.
std::vector<std::vector<std::size_t>> tree() {
    std::vector<std::vector<std::size_t>> links(15);
    for (std::size_t i = 1; i < 15; ++i) {
        links[i].push_back((i - 1) / 2);
        links[(i - 1) / 2].push_back(i);
    }
    return links;
}
std::vector<std::vector<std::size_t>> mesh() {
    std::vector<std::vector<std::size_t>> links(15);
    for (std::size_t i = 0; i < 15; ++i)
        links[i] = {(i + 1) % 15, (i + 14) % 15, (i + 2) % 15, (i + 13) % 15};
    return links;
}

/// The experiment of arXiv:1803.02750, section V, with 15 nodes: in each round the nodes update, then all send, then
/// all of it arrives; and twelve quiet rounds. Gives the entries that were sent.
template <class State, class F>
std::uint64_t entries_sent(const links_of_nodes& links, int rounds, F&& update) {
    basic_network<State> net(links);
    net.tick_all();
    net.deliver_all();
    net.rows_sent = 0;
    for (int round = 0; round < rounds + 12; ++round) {
        if (round < rounds) update(net, round);
        net.tick_all();
        net.deliver_all();
    }
    REQUIRE(net.agree());
    for (const auto& n : net.nodes) {
        REQUIRE(n.buffered() == 0);
        REQUIRE_FALSE(n.next_deadline().has_value());
    }
    return net.rows_sent;
}

/// Each node adds an element of its own a round.
std::uint64_t entries_of_a_set(const links_of_nodes& links) {
    std::uint64_t next = 0;
    return entries_sent<set>(links, 100, [&](auto& net, int) {
        for (std::size_t i = 0; i < 15; ++i) net.add(i, next++);
    });
}

/// Each node counts once a round.
std::uint64_t entries_of_a_counter(const links_of_nodes& links) {
    using counter = crdt::g_counter<std::size_t>;
    return entries_sent<counter>(links, 100, [](auto& net, int) {
        for (std::size_t i = 0; i < 15; ++i)
            net.update(i, [i](counter& c) { return c.increment(i); });
    });
}

/// Of a thousand keys, each of which belongs to a node, so many in a hundred are written each round.
std::uint64_t entries_of_a_map(const links_of_nodes& links, std::uint64_t percent) {
    return entries_sent<rounds_by_key>(links, 30, [percent](auto& net, int round) {
        const std::uint64_t written = 10 * percent;
        const std::uint64_t first = static_cast<std::uint64_t>(round) * written;
        for (std::uint64_t n = 0; n < written; ++n) {
            const std::uint64_t key = (first + n) % 1000;
            const std::size_t owner = key % 15;
            net.update(owner, [&](rounds_by_key& m) { return m.assign(owner, round, key, round); });
        }
    });
}

/// The same where nodes send all that they got on to everybody.
std::uint64_t entries_sent_without(const links_of_nodes& links) {
    struct plain {
        std::set<std::uint64_t> state, news;
    };
    std::vector<plain> nodes(links.size());
    std::uint64_t sent = 0, next = 0;
    for (int round = 0; round < 112; ++round) {
        if (round < 100) {
            for (auto& n : nodes) {
                n.state.insert(next);
                n.news.insert(next++);
            }
        }
        std::vector<plain> arrived(nodes.size());
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            for (const std::size_t to : links[i]) {
                sent += nodes[i].news.size();
                arrived[to].news.insert(nodes[i].news.begin(), nodes[i].news.end());
            }
        }
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            // A delta group is kept if any of it was new.
            const bool is_new = !std::ranges::includes(nodes[i].state, arrived[i].news);
            nodes[i].state.insert(arrived[i].news.begin(), arrived[i].news.end());
            nodes[i].news = is_new ? arrived[i].news : std::set<std::uint64_t>();
        }
    }
    return sent;
}

}  // namespace

TEST_CASE("anti-entropy has the shape of a protocol") {
    STATIC_REQUIRE(protocol<node>);
    STATIC_REQUIRE_FALSE(persistent_protocol<node>);
}

TEST_CASE("in the experiment of Enes et al. no more entries are sent than with both rules") {
    CHECK(entries_of_a_set(tree()) == 21'000);
    CHECK(entries_of_a_set(mesh()) == 69'000);
    CHECK(entries_of_a_counter(tree()) == 21'000);
    CHECK(entries_of_a_counter(mesh()) == 69'000);
    for (const std::uint64_t percent : {10U, 30U, 60U, 100U}) {
        CHECK(entries_of_a_map(tree(), percent) == 4'200 * percent);
        CHECK(entries_of_a_map(mesh(), percent) == 13'800 * percent);
    }
}

TEST_CASE("in a mesh at least sixty times fewer entries are sent than without the two rules") {
    CHECK(entries_sent_without(mesh()) >= 60 * entries_of_a_set(mesh()));
}

TEST_CASE("messages are lost, repeated and reordered, and all agree in the end") {
    std::mt19937_64 random(test::seed());
    for (int run = 0; run < 30; ++run) {
        const bool is_small = random() % 2 == 0;
        network net(random() % 2 == 0 ? mesh() : tree(), is_small ? 2 : 1024);
        std::uint64_t next = 0;
        std::vector<network::under_way> old;
        for (int round = 0; round < 40; ++round) {
            for (std::size_t i = 0; i < 15; ++i) {
                if (random() % 3 == 0) net.add(i, next++);
                if (random() % 10 == 0) {
                    REQUIRE(
                        net.nodes[i]
                            .update(net.now,
                                    [&](set& s) { return s.remove(i + 1, random() % (next + 1)); })
                            .has_value());
                }
            }
            net.tick_all();
            auto some = std::exchange(net.messages, {});
            std::ranges::shuffle(some, random);
            for (const auto& m : some) {
                if (random() % 3 == 0) {
                    old.push_back(m);
                    continue;
                }
                net.deliver(m);
                if (!old.empty() && random() % 4 == 0) net.deliver(old[random() % old.size()]);
            }
            for (const auto& n : net.nodes) REQUIRE(n.buffered() <= (is_small ? 2 : 1024));
        }
        for (int round = 0; round < 30 && (round < 2 || !net.agree()); ++round) {
            net.tick_all();
            net.deliver_all();
        }
        REQUIRE(net.agree());
        for (int round = 0; round < 3; ++round) {
            net.tick_all();
            net.deliver_all();
        }
        for (const auto& n : net.nodes) {
            CHECK(n.buffered() == 0);
            CHECK_FALSE(n.next_deadline().has_value());
        }
    }
}

TEST_CASE("a peer that was silent for too long gets the whole state (horde#90)") {
    network net(pair(), 4);
    for (std::uint64_t x = 0; x < 20; ++x) {
        net.add(0, x);
        net.tick_all();
        net.messages.clear();  // nothing arrives
        CHECK(net.nodes[0].buffered() <= 4);
    }
    net.tick_all();
    net.deliver_all();
    CHECK(net.nodes[1].state().size() == 20);
    CHECK(net.agree());
}

TEST_CASE("what was not acknowledged is sent again, at each interval and not before") {
    network net(pair());
    net.tick_all();
    net.deliver_all();
    net.add(0, 7);
    node::output out;
    net.nodes[0].tick(net.now, out);
    REQUIRE(out.messages.size() == 1);
    CHECK(out.messages[0].message.delta->size() == 1);
    CHECK(net.nodes[0].next_deadline() == net.now + interval);
    out.clear();
    net.nodes[0].tick(net.now + interval - 1ns, out);
    CHECK(out.messages.empty());
    net.nodes[0].tick(net.now + interval, out);
    CHECK(out.messages.size() == 1);
}

TEST_CASE("nothing goes back to where it came from") {
    network net(pair());
    net.tick_all();
    net.deliver_all();
    net.rows_sent = 0;
    net.add(0, 7);
    for (int round = 0; round < 5; ++round) {
        net.tick_all();
        net.deliver_all();
    }
    CHECK(net.rows_sent == 1);
}

TEST_CASE("what a peer changed is told, once and no more than that") {
    network net(pair());
    net.tick_all();
    net.deliver_all();
    net.add(0, 7);
    net.now += interval;
    node::output out, at_1;
    net.nodes[0].tick(net.now, out);
    REQUIRE(net.nodes[1].receive(0, out.messages[0].message, net.now, at_1).has_value());
    REQUIRE(at_1.events.size() == 1);
    CHECK(at_1.events[0].delta.contains(7));
    REQUIRE(net.nodes[1].receive(0, out.messages[0].message, net.now, at_1).has_value());
    CHECK(at_1.events.size() == 1);
    CHECK(at_1.messages.size() == 2);
}

TEST_CASE("messages that make no sense are refused, and change nothing") {
    network net(pair());
    net.tick_all();
    net.deliver_all();
    net.add(0, 7);
    node::output out;
    auto& n = net.nodes[0];
    CHECK(n.receive(5, {1, 1, std::nullopt}, net.now, out) ==
          std::unexpected(anti_entropy_errc::unknown_peer));
    CHECK(n.receive(1, {1, 99, std::nullopt}, net.now, out) ==
          std::unexpected(anti_entropy_errc::never_sent));
    set other;
    (void)other.add(1, 8);  // as replica 1, which is node 0's own
    const set before = n.state();
    CHECK(n.receive(1, {2, 1, other}, net.now, out) ==
          std::unexpected(anti_entropy_errc::reused_dot));
    CHECK(n.state() == before);
    CHECK(out.messages.empty());
    CHECK(out.events.empty());
    // An answer to an earlier life of this process says nothing.
    CHECK(n.receive(1, {77, 99, std::nullopt}, net.now, out).has_value());
    CHECK(n.buffered() == 1);
}

TEST_CASE("an update that fails sends nothing") {
    network net(pair());
    net.tick_all();
    net.deliver_all();
    const auto failed =
        net.nodes[0].update(net.now, [](set&) -> std::expected<set, crdt::crdt_errc> {
            return std::unexpected(crdt::crdt_errc::dots_exhausted);
        });
    CHECK(failed == std::unexpected(crdt::crdt_errc::dots_exhausted));
    CHECK_FALSE(net.nodes[0].next_deadline().has_value());
}

TEST_CASE("peers come and go") {
    network net(links_of_nodes{{1}, {0}, {}});
    net.add(0, 7);
    net.nodes[0].add_peer(2);
    net.nodes[2].add_peer(0);
    for (int round = 0; round < 3; ++round) {
        net.tick_all();
        net.deliver_all();
    }
    CHECK(net.agree());
    net.nodes[0].remove_peer(1);
    net.add(0, 8);
    net.tick_all();
    net.deliver_all();
    CHECK(net.nodes[0].buffered() == 0);
    CHECK(net.nodes[2].state().contains(8));
    CHECK_FALSE(net.nodes[1].state().contains(8));
}

TEST_CASE(
    "a peer that has lost what it had acknowledged gets all again, and takes no delta with a gap") {
    using message = node::message;
    node here({.session = 1, .interval = interval}, {1});
    auto there =
        std::make_unique<node>(crdt::anti_entropy_options{.session = 2, .interval = interval},
                               std::vector<std::size_t>{0});
    steady_time now{};
    // What `here` sends to its peer, and what that answers.
    const auto deliver = [&](const message& m) {
        node::output out;
        REQUIRE(there->receive(0, m, now, out).has_value());
        return out.messages.at(0).message;
    };
    const auto answered = [&](const message& m) {
        node::output out;
        REQUIRE(here.receive(1, m, now, out).has_value());
    };
    const auto next = [&] {
        now += interval;
        node::output out;
        here.tick(now, out);
        REQUIRE(out.messages.size() == 1);
        return out.messages[0].message;
    };
    const auto add = [&](std::uint64_t x) {
        REQUIRE(here.update(now, [&](set& s) { return s.add(1, x); }).has_value());
    };

    add(10);
    const message late = deliver(next());
    answered(late);
    there = std::make_unique<node>(crdt::anti_entropy_options{.session = 3, .interval = interval},
                                   std::vector<std::size_t>{0});
    add(11);
    const message gap = deliver(next());
    CHECK(there->state().empty());
    CHECK(gap.up_to == 0);
    answered(gap);
    answered(late);  // an answer of the earlier life, repeated, changes nothing
    answered(deliver(next()));
    answered(deliver(next()));
    CHECK(there->state() == here.state());
    CHECK_FALSE(here.next_deadline().has_value());

    // One that says hello gets all, though nothing is new.
    there = std::make_unique<node>(crdt::anti_entropy_options{.session = 4, .interval = interval},
                                   std::vector<std::size_t>{0});
    node::output hello;
    there->start(now, hello);
    node::output out;
    REQUIRE(here.receive(1, hello.messages.at(0).message, now, out).has_value());
    answered(deliver(next()));
    CHECK(there->state() == here.state());
}
