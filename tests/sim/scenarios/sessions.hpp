// SPDX-License-Identifier: BSL-1.0
#pragma once

// A register on replicas that talk to each other when they can: a write goes to one of them, which tells the
// others later. A client talks to whichever replica it likes, and so may see time run backwards; unless it
// carries a version vector, and takes answers only of replicas that know as much.
//
// Source: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", PDIS 1994.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/version_vector.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/session_guarantees.hpp>
#include <coterie/check/unique_ids.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>
#include <coterie/core/callback.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/nothing.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/rough.hpp"
#include "sim/scenarios/servers_and_clients.hpp"

namespace coterie::test::sessions {

/// What may be wrong with the program.
enum class mistake : std::uint8_t {
    none,
    reads_not_remembered,   ///< the client's vector leaves out what it has read
    writes_not_remembered,  ///< ... and what it has written
    write_not_synced,       ///< a replica answers a write before it is on the disk
};

using version = causality::version_vector<std::uint64_t>;

enum class verb : std::uint8_t {
    read,
    write,
    answer,
    tell
};

/// What clients and replicas say to each other. Of a question, `known` is what the answer must know; of an
/// answer or what replicas tell each other, what the replica knows.
struct message {
    verb what;
    std::uint64_t request = 0;
    version known;

    void append_to(std::string& out) const {
        constexpr std::array<const char*, 4> names = {"read", "write", "answer", "tell"};
        out += names[static_cast<std::size_t>(what)];
        for (const std::uint64_t counter : known.counters()) out += " " + std::to_string(counter);
    }
};

using network = sim::network<message>;

/// What clients saw, in the order of each; and what they were told that their writes are.
struct record {
    std::vector<check::versioned_access<int, version>> accesses;
    check::history<nothing, std::uint64_t> writes;
};

/// What the program is.
struct design {
    unsigned replicas = 3;
    mistake planted = mistake::none;
};

/// A replica. What has been written is known by its vector alone: the value is of no interest here. What comes
/// of a write is a write of its own replica on top of all that this one knows.
class replica {
public:
    replica(sim::node& self, network& net, const design& d) : self_(self), net_(net), design_(d) {
        const auto stored = decode<version>(self.disk().read("known"));
        if (stored.has_value()) written_ = synced_ = *stored;
        net.on_message(self, [this](trace::node_id from, const message& m) { receive(from, m); });
        tell_later();
    }

private:
    void receive(trace::node_id from, const message& m) {
        if (m.what == verb::tell) {
            version merged = written_;
            merged.merge(m.known);
            if (merged != written_) write(merged, {});
        } else if (!(m.known <= synced_)) {
            return;
        } else if (m.what == verb::read) {
            net_.send(self_, from, {verb::answer, m.request, synced_});
        } else if (m.what == verb::write) {
            version next = written_;
            next.raise(self_.id() + 1, next.at(self_.id() + 1) + 1);
            write(next, [this, from, request = m.request](const version& made) {
                net_.send(self_, from, {verb::answer, request, made});
            });
        }
    }

    void write(const version& next, coterie::callback<void(const version&)> done) {
        if (!self_.disk().replace("known", encode(next)).has_value()) return;
        written_ = next;
        if (done && design_.planted == mistake::write_not_synced) done(next);
        self_.sync("known", [this, next, then = std::move(done)](auto synced) mutable {
            if (!synced.has_value()) return;
            synced_.merge(next);
            if (then) then(next);
        });
    }

    void tell() {
        for (trace::node_id other = 0; other < design_.replicas; ++other)
            if (other != self_.id()) net_.send(self_, other, {verb::tell, 0, synced_});
        tell_later();
    }

    void tell_later() {
        self_.after(std::chrono::milliseconds(uniform_between(self_.random(), 5, 40)),
                    [this] { tell(); });
    }

    sim::node& self_;
    network& net_;
    const design& design_;
    version written_;
    version synced_;
};

/// A client: each of its lives is a session.
class client {
public:
    client(sim::node& self, network& net, const design& d, record& done, std::uint64_t& left)
        : self_(self),
          net_(net),
          design_(d),
          done_(done),
          name_(self.incarnation() << 32 | self.id()),
          running_(run(left)) {}

private:
    sim::task<> run(std::uint64_t& left) {
        while (left > 0) {
            co_await self_.sleep(
                std::chrono::microseconds(uniform_between(self_.random(), 0, 20'000)));
            const bool writes = bernoulli(self_.random(), 0.4);
            const steady_time invoked = self_.world().now();
            const auto got = co_await ask(writes ? verb::write : verb::read);
            --left;
            if (!got) continue;
            const steady_time now = self_.world().now();
            const auto kind = writes ? check::access_kind::write : check::access_kind::read;
            const version& known = got->message.known;
            done_.accesses.push_back({name_, kind, 0, known, invoked, now});
            if (writes)
                done_.writes.complete(done_.writes.invoke(name_, {}, invoked),
                                      write_id(got->from, known), now);
            const mistake forgets =
                writes ? mistake::writes_not_remembered : mistake::reads_not_remembered;
            if (design_.planted != forgets) seen_.merge(known);
        }
    }

    // Which write of which replica it is.
    [[nodiscard]] static std::uint64_t write_id(trace::node_id replica, const version& made) {
        return std::uint64_t{replica} << 32 | made.at(replica + 1);
    }

    // Asks one replica after the other until one knows enough; or nothing, after a time.
    sim::task<std::optional<sim::envelope<message>>> ask(verb what) {
        const std::uint64_t request = self_.incarnation() << 32 | ++requests_;
        const steady_time deadline = self_.now() + std::chrono::milliseconds(200);
        // A write must not be made twice, so it is asked of one replica alone, and once.
        const auto first =
            static_cast<trace::node_id>(uniform_below(self_.random(), design_.replicas));
        net_.send(self_, first, {what, request, seen_});
        steady_time again = self_.now() + std::chrono::milliseconds(20);
        while (self_.now() < deadline) {
            const auto got = co_await net_.receive(self_, std::min(again, deadline) - self_.now());
            if (got && got->message.request == request) co_return got;
            if (self_.now() < again) continue;
            again = self_.now() + std::chrono::milliseconds(20);
            const auto next =
                static_cast<trace::node_id>(uniform_below(self_.random(), design_.replicas));
            if (what == verb::read) net_.send(self_, next, {what, request, seen_});
        }
        co_return std::nullopt;
    }

    sim::node& self_;
    network& net_;
    const design& design_;
    record& done_;
    std::uint64_t name_;
    std::uint64_t requests_ = 0;
    version seen_;
    sim::task<> running_;
};

/// What is claimed: the four guarantees, and that no two writes are the same.
enum class claim : std::uint8_t {
    read_your_writes,
    monotonic_reads,
    monotonic_writes,
    writes_follow_reads,
    unique_writes,
    all
};

/// The program under faults, and what is claimed of it.
struct scenario {
    design program;
    sessions::claim claim = claim::all;
    sim::nemesis_profile rough = rough_for(std::chrono::milliseconds(400));

    /// The nodes are replicas and clients.
    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        const unsigned nodes = program.replicas + 3;
        return {seed, nodes, 60, sim::draw_script(rough, names(nodes), rng(seed, "faults"))};
    }

    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;

private:
    [[nodiscard]] std::vector<std::string> names(unsigned nodes) const {
        std::vector<std::string> all;
        append_names(all, "replica", program.replicas);
        append_names(all, "client", nodes > program.replicas ? nodes - program.replicas : 1);
        return all;
    }

    [[nodiscard]] check::verdict judge(const record& r) const {
        const std::span<const check::versioned_access<int, version>> accesses(r.accesses);
        check::verdict v;
        const auto look = [&](sessions::claim c, const auto& checker) {
            if (v && (claim == c || claim == claim::all)) v = checker();
        };
        look(claim::read_your_writes, [&] { return check::read_your_writes(accesses); });
        look(claim::monotonic_reads, [&] { return check::monotonic_reads(accesses); });
        look(claim::monotonic_writes, [&] { return check::monotonic_writes(accesses); });
        look(claim::writes_follow_reads, [&] { return check::writes_follow_reads(accesses); });
        look(claim::unique_writes, [&] { return check::unique_ids(r.writes); });
        return v;
    }
};

// Runs through faults, and then through a calm, in which new sessions must be answered.
inline sim::scenario_result scenario::run(const sim::scenario_setup& s,
                                          trace::trace* recorder) const {
    using namespace std::chrono_literals;
    const unsigned servers = program.replicas;
    const std::vector<std::string> all = names(s.nodes);
    record done;
    servers_and_clients<network, replica, client> cluster(s, recorder, all, servers, program, done);
    const std::size_t before = done.accesses.size();
    cluster.calm(6, 2s);
    const bool progress = done.accesses.size() > before;
    return judged(cluster.world(), progress, "a session", judge(done));
}

}  // namespace coterie::test::sessions
