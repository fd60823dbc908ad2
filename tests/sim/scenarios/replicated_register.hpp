// SPDX-License-Identifier: BSL-1.0
#pragma once

// A register on replicas: clients read from a read quorum and write to a write quorum. A write asks a read
// quorum for the newest version first, and makes a newer one. A replica answers when what it says is on its
// disk. Clients repeat what is not answered, and give up after a time: nobody knows then.
//
// Sources: Attiya, Bar-Noy and Dolev, "Sharing memory robustly in message-passing systems", JACM 42(1), 1995;
// Lynch and Shvartsman, "Robust emulation of shared memory using dynamic quorum-acknowledged broadcasts",
// FTCS 1997 (several writers); DeCandia et al., "Dynamo", SOSP 2007 (fallbacks and hints).

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/regular.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/quorum/consistency_level.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/tally.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/rough.hpp"
#include "sim/scenarios/servers_and_clients.hpp"

namespace coterie::test::replicated_register {

/// What may be wrong with the program.
enum class mistake : std::uint8_t {
    none,
    answers_counted_twice,   ///< two answers of one replica count as two
    stale_answers_counted,   ///< answers to an earlier request count for this one
    written_before_synced,   ///< a replica answers a write before it is on the disk
    unsynced_read,           ///< a replica answers a read with what is not on the disk yet
    older_write_not_synced,  ///< ... and a write that a newer one has overtaken at once
    stamp_from_one_node,     ///< a writer asks one replica for the newest version
    ties_not_broken,         ///< of two versions with one counter the first that came stays
    own_stamp_forgotten,     ///< a writer uses a counter again after a write that timed out
};

/// Any rule for a tally.
class any_rule {
public:
    template <quorum::quorum_rule Rule>
        requires(!std::same_as<Rule, any_rule>)
    any_rule(Rule rule) : rule_(std::move(rule)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool is_quorum(quorum::node_set s) const {
        return std::visit([s](const auto& rule) { return rule.is_quorum(s); }, rule_);
    }

private:
    std::variant<quorum::count_of, quorum::weight_of, quorum::level_rule, quorum::expression> rule_;
};

/// What a client takes for an answer. Fallbacks that answer for replica i are node `replicas + i` of a rule.
struct rules {
    any_rule reads;
    any_rule writes;
};

/// Any `needed` of the replicas, or of their fallbacks; and `at_home` of the replicas themselves.
inline quorum::expression sloppy_rule(unsigned replicas, unsigned needed, unsigned at_home) {
    const auto homes = quorum::numbered_nodes("home", replicas);
    const auto fallbacks = quorum::numbered_nodes("fallback", replicas);
    std::vector<quorum::expression> either;
    std::vector<std::string> names;
    for (unsigned i = 0; i < replicas; ++i) either.push_back(homes[i] + fallbacks[i]);
    for (const auto& e : homes) names.push_back(e.names()[0]);
    for (const auto& e : fallbacks) names.push_back(e.names()[0]);
    const quorum::expression enough = quorum::choose(needed, either).value();
    if (at_home == 0) return enough.over(names);
    return (enough * quorum::choose(at_home, homes).value()).over(names);
}

/// What the program is.
struct design {
    unsigned replicas = 3;
    unsigned fallbacks = 0;
    /// Client i has the rules i modulo their number.
    std::vector<rules> rules_of{};
    /// A read writes what it has found before it returns it.
    bool write_back = false;
    mistake planted = mistake::none;
};

/// Orders versions; no two have the same.
struct stamp {
    std::uint64_t counter = 0;
    std::uint64_t writer = 0;

    friend auto operator<=>(const stamp&, const stamp&) = default;
};

/// What a replica holds; nothing has been written where the counter is 0.
struct version {
    stamp at;
    std::int64_t value = 0;
};

enum class verb : std::uint8_t {
    read,
    found,
    write,
    written,
    failed
};

/// What clients and replicas say to each other. `home` is the replica that is meant or answered for.
struct message {
    verb what;
    trace::node_id home;
    std::uint64_t request;
    version held;

    void append_to(std::string& out) const {
        constexpr std::array<const char*, 5> names = {"read", "found", "write", "written",
                                                      "failed"};
        out += names[static_cast<std::size_t>(what)];
        out += " " + std::to_string(held.value) + " @" + std::to_string(held.at.counter);
    }
};

using network = sim::network<message>;
using history =
    check::history<check::register_input<std::int64_t>, check::register_output<std::int64_t>>;

/// A replica, which is also a fallback for others: it keeps a version for each home, and hands those that are
/// not its own over when it can.
class replica {
public:
    replica(sim::node& self, network& net, const design& d) : self_(self), net_(net), design_(d) {
        for (const std::string& file : self.disk().files()) {
            const auto home = static_cast<trace::node_id>(std::stoul(file));
            const version v = load(file);
            slots_[home] = {v, v};
        }
        net.on_message(self, [this](trace::node_id from, const message& m) { receive(from, m); });
        if (d.fallbacks > 0) hand_over();
    }

private:
    using bytes = std::array<std::byte, sizeof(version)>;

    struct slot {
        version written;
        version synced;
    };

    [[nodiscard]] version load(const std::string& file) const {
        const sim::disk::bytes content = self_.disk().read(file);
        if (content.size() != sizeof(version)) return {};
        bytes raw;
        std::copy(content.begin(), content.end(), raw.begin());
        return std::bit_cast<version>(raw);
    }

    [[nodiscard]] bool wrong(mistake m) const { return design_.planted == m; }

    [[nodiscard]] bool newer(const stamp& a, const stamp& b) const {
        return wrong(mistake::ties_not_broken) ? a.counter > b.counter : a > b;
    }

    void receive(trace::node_id from, const message& m) {
        slot& s = slots_[m.home];
        if (m.what == verb::read) {
            const version v = wrong(mistake::unsynced_read) ? s.written : s.synced;
            net_.send(self_, from, {verb::found, m.home, m.request, v});
        } else if (m.what == verb::write) {
            write(from, m, s);
        } else if (m.what == verb::written && s.synced.at <= m.held.at) {
            // Home has what was kept for it.
            s = {};
        }
    }

    void write(trace::node_id from, const message& m, slot& s) {
        const message done = {verb::written, m.home, m.request, m.held};
        const std::string file = std::to_string(m.home);
        if (newer(m.held.at, s.written.at)) {
            const auto raw = std::bit_cast<bytes>(m.held);
            if (!self_.disk().replace(file, raw).has_value())
                return net_.send(self_, from, {verb::failed, m.home, m.request, {}});
            s.written = m.held;
            if (wrong(mistake::written_before_synced)) net_.send(self_, from, done);
        } else if (wrong(mistake::older_write_not_synced)) {
            return net_.send(self_, from, done);
        }
        self_.sync(file, [this, from, done, upto = s.written](auto synced) {
            slot& now = slots_[done.home];
            if (synced.has_value() && now.synced.at < upto.at) now.synced = upto;
            message answer = done;
            if (!synced.has_value()) answer.what = verb::failed;
            net_.send(self_, from, answer);
        });
    }

    void hand_over() {
        for (const auto& [home, s] : slots_)
            if (home != self_.id() && s.synced.at.counter != 0)
                net_.send(self_, home, {verb::write, home, 0, s.synced});
        self_.after(std::chrono::milliseconds(100), [this] { hand_over(); });
    }

    sim::node& self_;
    network& net_;
    const design& design_;
    std::map<trace::node_id, slot> slots_;
};

/// A client: it reads and writes as it likes, and records what it was told.
class client {
public:
    client(sim::node& self, network& net, const design& d, history& h, std::uint64_t& operations)
        : self_(self),
          net_(net),
          design_(d),
          rules_(d.rules_of[self.id() % d.rules_of.size()]),
          history_(h),
          name_(self.incarnation() << 32 | self.id()),
          requests_(self.incarnation() << 32),
          writes_(0.1 + 0.5 * uniform_real(self.world().random("share of writes"))),
          running_(run(operations)) {}

private:
    using opt_version = std::optional<version>;

    [[nodiscard]] bool wrong(mistake m) const { return design_.planted == m; }
    [[nodiscard]] steady_time true_time() const { return self_.world().now(); }

    sim::task<> run(std::uint64_t& operations) {
        while (operations > 0) {
            --operations;
            co_await self_.sleep(
                std::chrono::microseconds(uniform_between(self_.random(), 0, 20'000)));
            if (bernoulli(self_.random(), writes_))
                co_await write();
            else
                co_await read();
        }
    }

    sim::task<> read() {
        const check::operation_id id =
            history_.invoke(name_, {.kind = check::register_call::read}, true_time());
        const opt_version newest = co_await ask(verb::read, {}, rules_.reads);
        if (!newest) co_return;
        if (design_.write_back && newest->at.counter != 0) {
            const opt_version done = co_await ask(verb::write, *newest, rules_.writes);
            if (!done) co_return;
        }
        check::register_output<std::int64_t> found;
        if (newest->at.counter != 0) found.value = newest->value;
        history_.complete(id, found, true_time());
    }

    sim::task<> write() {
        const auto value = static_cast<std::int64_t>(name_ << 16 | ++written_);
        const check::operation_id id = history_.invoke(
            name_, {.kind = check::register_call::write, .value = value}, true_time());
        any_rule enough = rules_.reads;
        if (wrong(mistake::stamp_from_one_node))
            enough = quorum::count_of{1, quorum::node_set::all(design_.replicas)};
        const opt_version newest = co_await ask(verb::read, {}, enough);
        if (!newest) co_return;
        if (wrong(mistake::own_stamp_forgotten)) last_counter_ = 0;
        last_counter_ = std::max(last_counter_, newest->at.counter) + 1;
        const version mine = {{last_counter_, name_}, value};
        const opt_version done = co_await ask(verb::write, mine, rules_.writes);
        if (done) history_.complete(id, {}, true_time());
    }

    // Asks all replicas until the rule is content. Returns: the newest version that was heard of, or nothing
    // where there can be no quorum any more, or was none in time.
    sim::task<opt_version> ask(verb what, version sent, any_rule rule) {
        const std::uint64_t request = ++requests_;
        const unsigned n = design_.replicas;
        quorum::tally<any_rule> votes(std::move(rule),
                                      quorum::node_set::all(design_.fallbacks > 0 ? 2 * n : n));
        version newest;
        const steady_time deadline = self_.now() + give_up_after;
        steady_time again = self_.now();
        for (bool repeated = false; votes.state() == quorum::verdict::possible;) {
            if (self_.now() >= deadline) co_return std::nullopt;
            if (self_.now() >= again) {
                send(votes.pending(), {what, 0, request, sent}, repeated);
                again = self_.now() + repeat_after;
                repeated = true;
            }
            const auto got = co_await net_.receive(self_, std::min(again, deadline) - self_.now());
            if (!got) continue;
            const message& m = got->message;
            if (m.request != request && !wrong(mistake::stale_answers_counted)) continue;
            const unsigned voter = got->from == m.home ? m.home : n + m.home;
            // It may well succeed when it is asked again.
            if (m.what == verb::failed) continue;
            if (m.what == verb::found && m.held.at > newest.at) newest = m.held;
            (void)votes.answered(wrong(mistake::answers_counted_twice) ? *votes.pending().begin()
                                                                       : voter);
        }
        if (votes.state() == quorum::verdict::impossible) co_return std::nullopt;
        co_return newest;
    }

    // To the homes among those that have not answered; and, when it is not the first time, to their fallbacks.
    void send(quorum::node_set pending, message m, bool repeated) {
        const unsigned n = design_.replicas;
        for (const unsigned home : pending& quorum::node_set::all(n)) {
            m.home = home;
            net_.send(self_, home, m);
            if (!repeated || design_.fallbacks == 0) continue;
            net_.send(self_, n + home % design_.fallbacks, m);
        }
    }

    static constexpr std::chrono::milliseconds give_up_after{80};
    static constexpr std::chrono::milliseconds repeat_after{20};

    sim::node& self_;
    network& net_;
    const design& design_;
    const rules& rules_;
    history& history_;
    std::uint64_t name_;
    std::uint64_t requests_;
    double writes_;
    std::uint64_t written_ = 0;
    std::uint64_t last_counter_ = 0;
    sim::task<> running_;
};

/// A program as quorum::nrw speaks of it.
inline design counting(const quorum::nrw& c, const quorum::practice& use = {},
                       mistake planted = mistake::none) {
    design d{.replicas = c.n, .write_back = use.write_back, .planted = planted};
    if (use.sloppy) {
        d.fallbacks = 2;
        d.rules_of = {{sloppy_rule(c.n, c.r, use.pr), sloppy_rule(c.n, c.w, use.pw)}};
    } else {
        d.rules_of = {{c.read_rule(), c.write_rule()}};
    }
    return d;
}

/// The program under faults, and what is claimed of it.
struct scenario {
    design program;
    /// Atomic: linearizable. Eventual: every operation succeeds in the calm, and no more.
    quorum::read_guarantee claim = quorum::read_guarantee::atomic;
    sim::nemesis_profile rough = rough_for(std::chrono::milliseconds(400));

    /// The nodes are replicas, fallbacks and clients.
    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        const unsigned nodes = program.replicas + program.fallbacks + 3;
        return {seed, nodes, 45, sim::draw_script(rough, names(nodes), rng(seed, "faults"))};
    }

    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;

private:
    [[nodiscard]] std::vector<std::string> names(unsigned nodes) const {
        const unsigned servers = program.replicas + program.fallbacks;
        std::vector<std::string> all;
        append_names(all, "replica", program.replicas);
        append_names(all, "fallback", program.fallbacks);
        append_names(all, "client", nodes > servers ? nodes - servers : 1);
        return all;
    }

    [[nodiscard]] check::verdict judge(const history& h) const {
        switch (claim) {
            case quorum::read_guarantee::atomic:
                return check::linearizable(h, check::register_model<std::int64_t>());
            case quorum::read_guarantee::regular: return check::regular(h);
            case quorum::read_guarantee::eventual: break;
        }
        return {};
    }
};

// Runs through faults, and then through a calm, in which every operation must succeed.
inline sim::scenario_result scenario::run(const sim::scenario_setup& s,
                                          trace::trace* recorder) const {
    using namespace std::chrono_literals;
    const unsigned servers = program.replicas + program.fallbacks;
    const std::vector<std::string> all = names(s.nodes);
    history operations;
    servers_and_clients<network, replica, client> cluster(s, recorder, all, servers, program,
                                                          operations);
    const std::size_t before = operations.size();
    cluster.calm(2, 1s);
    const bool progress =
        operations.size() == before + 2 * (all.size() - servers) &&
        std::all_of(operations.begin() + static_cast<std::ptrdiff_t>(before), operations.end(),
                    [](const auto& op) { return op.result == check::outcome::completed; });
    return judged(cluster.world(), progress, describe(claim), judge(operations));
}

}  // namespace coterie::test::replicated_register
