// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/protocol.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <coterie/core/random.hpp>

#include "core/child.hpp"
#include "core/protocol_archetype.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using coterie::outgoing;
using coterie::persist_request;
using coterie::persist_token;
using coterie::persistent_protocol;
using coterie::protocol;
using coterie::protocol_output;
using coterie::steady_time;
using coterie::test::broken_precondition;
using coterie::test::courier;
using coterie::test::courier_errc;

namespace {

constexpr steady_time at(std::chrono::nanoseconds t) { return steady_time(t); }

// --- what is a protocol, and what is not -------------------------------------------------------------

// The shape without storage; what follows takes one part away or bends it.
struct complete {
    using address = int;
    using message = std::string;
    using error = int;
    using output = protocol_output<int, std::string, int>;
    void start(steady_time, output&);
    std::expected<void, error> receive(const address&, const message&, steady_time, output&);
    void tick(steady_time, output&);
    std::optional<steady_time> next_deadline() const;
};

struct without_address {
    using message = std::string;
    using error = int;
    using output = complete::output;
    void start(steady_time, output&);
    std::expected<void, error> receive(int, const message&, steady_time, output&);
    void tick(steady_time, output&);
    std::optional<steady_time> next_deadline() const;
};
struct without_start : complete {
    void start() = delete;
};
struct without_tick : complete {
    void tick() = delete;
};
struct receives_nothing : complete {
    void receive(int, const std::string&, steady_time, output&);
};
struct fails_otherwise : complete {
    std::expected<void, std::string> receive(int, const std::string&, steady_time, output&);
};
struct takes_messages_apart : complete {
    std::expected<void, int> receive(int, std::string&, steady_time, output&);
};
struct deadline_changes_it : complete {
    std::optional<steady_time> next_deadline();
};
struct deadline_always : complete {
    steady_time next_deadline() const;
};
struct wall_deadline : complete {
    std::optional<coterie::wall_time> next_deadline() const;
};
struct own_output : complete {
    struct output {
        std::vector<int> messages;
        std::vector<int> events;
        void clear();
    };
    void start(steady_time, output&);
    std::expected<void, int> receive(int, const std::string&, steady_time, output&);
    void tick(steady_time, output&);
};
struct output_without_clear : complete {
    struct output {
        std::vector<int> messages;
        std::vector<int> events;
    };
    void start(steady_time, output&);
    std::expected<void, int> receive(int, const std::string&, steady_time, output&);
    void tick(steady_time, output&);
};
struct persists_without_records : complete {
    void persisted(persist_token, steady_time, output&);
};
struct records_without_persisted : complete {
    using output = protocol_output<int, std::string, int, int>;
    void start(steady_time, output&);
    std::expected<void, int> receive(int, const std::string&, steady_time, output&);
    void tick(steady_time, output&);
};

template <class O>
concept has_records = requires(O& out) { out.records; };

// --- a driver ----------------------------------------------------------------------------------------

// What a node is made of besides its protocol: a disk that a crash spares, and an application.
struct machine {
    courier protocol;
    courier::record disk = 0;
    std::vector<courier::event> application = {};
    persist_token last_token = 0;
    int notes_lost_by_crash = 0;
};

struct packet {
    steady_time arrival;
    int from;
    int to;
    courier::message message;
};

// Drives two couriers, 0 and 1, as protocol.hpp says, in a bad world: packets are lost, repeated and
// delayed past each other, and machine 1 crashes at every point where it can.
class world {
public:
    struct troubles {
        double loss = 0;
        double repeat = 0;
        double crash = 0;
    };

    world(std::uint64_t seed, troubles t) : troubles_(t), random_(seed, "world") {
        for (auto& m : machines_) m.protocol.start(now_, out_);
    }

    /// Asks machine 0 to send a text, unless it has too many waiting.
    bool send(const std::string& text) {
        if (!machines_[0].protocol.send(text, now_, out_).has_value()) return false;
        finish_call(0);
        return true;
    }

    /// Lets the next thing happen. Returns: false where nothing is left to happen.
    bool step() {
        const auto packet_at = std::ranges::min_element(network_, {}, &packet::arrival);
        const std::optional<steady_time> due = machines_[0].protocol.next_deadline();
        if (packet_at == network_.end() && !due.has_value()) return false;
        if (packet_at != network_.end() && (!due.has_value() || packet_at->arrival < *due)) {
            const packet p = *packet_at;
            network_.erase(packet_at);
            now_ = std::max(now_, p.arrival);
            const bool accepted =
                machines_[index(p.to)].protocol.receive(p.from, p.message, now_, out_).has_value();
            refused += accepted ? 0 : 1;
            finish_call(p.to);
        } else {
            now_ = std::max(now_, *due);
            machines_[0].protocol.tick(now_, out_);
            finish_call(0);
        }
        return true;
    }

    [[nodiscard]] const machine& at(int node) const { return machines_[index(node)]; }

    int refused = 0;
    int crashes = 0;
    bool contract_kept = true;

private:
    static std::size_t index(int node) { return static_cast<std::size_t>(node); }

    // The driver's part. A call to `persisted` is a call like any other: so its output gets the same
    // treatment, until there is none.
    void finish_call(int node) {
        machine& m = machines_[index(node)];
        while (!out_.records.empty() || !out_.messages.empty() || !out_.events.empty()) {
            courier::output step;
            std::swap(step, out_);
            if (crashed(node)) return;  // before the write: nothing of this call has happened
            for (const auto& request : step.records) {
                contract_kept = contract_kept && request.token > m.last_token;
                m.last_token = request.token;
                m.disk = request.record;
            }
            if (crashed(node)) return;  // after the write, before the messages
            for (const auto& [to, message] : step.messages) transmit(node, to, message);
            for (auto& event : step.events) m.application.push_back(std::move(event));
            if (!step.records.empty()) {
                m.protocol.persisted(step.records.back().token, now_, out_);
            }
        }
    }

    bool crashed(int node) {
        if (node != 1 || !bernoulli(random_, troubles_.crash)) return false;
        ++crashes;
        machine& m = machines_[1];
        out_.clear();
        m.protocol = courier(0, 10ms, m.disk);
        m.last_token = m.disk;
        m.protocol.start(now_, out_);
        return true;
    }

    void transmit(int from, int to, const courier::message& message) {
        // The promise of an acknowledgement: what it acknowledges would survive a crash now.
        if (!message.text.has_value()) {
            contract_kept = contract_kept && message.number <= machines_[index(from)].disk;
        }
        const int copies = bernoulli(random_, troubles_.repeat) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            if (bernoulli(random_, troubles_.loss)) continue;
            const auto delay = std::chrono::microseconds(uniform_between(random_, 1, 30'000));
            network_.push_back({now_ + delay, from, to, message});
        }
    }

    troubles troubles_;
    coterie::rng random_;
    steady_time now_{};
    std::array<machine, 2> machines_{machine{courier(1, 10ms)}, machine{courier(0, 10ms)}};
    std::vector<packet> network_;
    courier::output out_;
};

// Sends 50 notes and lets everything happen that then happens.
world run(std::uint64_t seed, world::troubles troubles) {
    world w(seed, troubles);
    int sent = 0;
    for (int steps = 0; steps < 100'000; ++steps) {
        while (sent < 50 && w.send("note " + std::to_string(sent + 1))) ++sent;
        if (!w.step()) break;
    }
    return w;
}

}  // namespace

TEST_CASE("a protocol has every part of the shape, and exactly that shape") {
    STATIC_REQUIRE(protocol<complete>);
    STATIC_REQUIRE(protocol<courier>);
    STATIC_REQUIRE(protocol<own_output>);
    STATIC_REQUIRE_FALSE(protocol<without_address>);
    STATIC_REQUIRE_FALSE(protocol<without_start>);
    STATIC_REQUIRE_FALSE(protocol<without_tick>);
    STATIC_REQUIRE_FALSE(protocol<receives_nothing>);
    STATIC_REQUIRE_FALSE(protocol<fails_otherwise>);
    STATIC_REQUIRE_FALSE(protocol<takes_messages_apart>);
    STATIC_REQUIRE_FALSE(protocol<deadline_changes_it>);
    STATIC_REQUIRE_FALSE(protocol<deadline_always>);
    STATIC_REQUIRE_FALSE(protocol<wall_deadline>);
    STATIC_REQUIRE_FALSE(protocol<output_without_clear>);
    STATIC_REQUIRE_FALSE(protocol<int>);
}

TEST_CASE("a persistent protocol also has persisted, and records in its output") {
    STATIC_REQUIRE(persistent_protocol<courier>);
    STATIC_REQUIRE_FALSE(persistent_protocol<complete>);
    STATIC_REQUIRE(protocol<persists_without_records>);
    STATIC_REQUIRE_FALSE(persistent_protocol<persists_without_records>);
    STATIC_REQUIRE(protocol<records_without_persisted>);
    STATIC_REQUIRE_FALSE(persistent_protocol<records_without_persisted>);
}

TEST_CASE("an output holds records only where there are any, and clear keeps its memory") {
    STATIC_REQUIRE(has_records<protocol_output<int, int, int, int>>);
    STATIC_REQUIRE_FALSE(has_records<protocol_output<int, int, int>>);

    protocol_output<int, std::string, char, double> out;
    out.records.push_back({.token = 1, .record = 0.5});
    out.messages.push_back({.to = 7, .message = "hello"});
    out.events.push_back('e');
    const auto* const records = out.records.data();
    const auto* const messages = out.messages.data();
    const auto* const events = out.events.data();
    out.clear();
    CHECK(out.records.empty());
    CHECK(out.messages.empty());
    CHECK(out.events.empty());
    CHECK(out.records.data() == records);
    CHECK(out.messages.data() == messages);
    CHECK(out.events.data() == events);
    CHECK(out.messages.capacity() > 0);

    protocol_output<int, std::string, char> plain;
    plain.messages.push_back({.to = 7, .message = "hello"});
    plain.events.push_back('e');
    plain.clear();
    CHECK(plain.messages.empty());
    CHECK(plain.events.empty());
    CHECK(plain.messages.capacity() > 0);
}

TEST_CASE("messages and requests are equal where all of them is") {
    CHECK(outgoing<int, std::string>{1, "a"} == outgoing<int, std::string>{1, "a"});
    CHECK(outgoing<int, std::string>{1, "a"} != outgoing<int, std::string>{2, "a"});
    CHECK(outgoing<int, std::string>{1, "a"} != outgoing<int, std::string>{1, "b"});
    CHECK(persist_request<int>{1, 5} == persist_request<int>{1, 5});
    CHECK(persist_request<int>{1, 5} != persist_request<int>{2, 5});
    CHECK(persist_request<int>{1, 5} != persist_request<int>{1, 6});
}

TEST_CASE("the archetype asks for a write before it hands out what the write is about") {
    courier receiver(0, 10ms);
    courier::output out;
    receiver.start(at(0ms), out);
    CHECK(receiver.receive(0, {1, "a"}, at(1ms), out).has_value());
    CHECK(out.records == std::vector<persist_request<courier::record>>{{1, 1}});
    CHECK(out.messages == std::vector<outgoing<int, courier::message>>{{0, {1, std::nullopt}}});
    CHECK(out.events.empty());
    out.clear();
    // Until then a repeated note asks for nothing: the acknowledgement must not overtake the write.
    CHECK(receiver.receive(0, {1, "a"}, at(1ms), out).has_value());
    CHECK(out.records.empty());
    CHECK(out.messages.empty());
    receiver.persisted(1, at(2ms), out);
    CHECK(out.events == std::vector<courier::event>{{1, "a"}});
    out.clear();
    receiver.persisted(1, at(2ms), out);
    CHECK(out.events.empty());
    CHECK(receiver.receive(0, {1, "a"}, at(3ms), out).has_value());
    CHECK(out.messages.size() == 1);
    CHECK(out.records.empty());
}

TEST_CASE("the archetype appends to an output and never clears it") {
    courier sender(1, 10ms);
    courier::output out;
    out.events.push_back({99, "kept"});
    CHECK(sender.send("a", at(0ms), out).has_value());
    sender.tick(at(10ms), out);
    CHECK(out.events.size() == 1);
    CHECK(out.messages.size() == 2);
    CHECK(out.messages[0] == out.messages[1]);
}

TEST_CASE("what the archetype refuses leaves it unchanged") {
    courier node(1, 10ms);
    courier::output out;
    CHECK(node.send("a", at(5ms), out).has_value());
    CHECK(node.receive(1, {1, "x"}, at(5ms), out).has_value());
    out.clear();
    const courier before = node;
    CHECK(node.receive(2, {2, "y"}, at(9ms), out).error() == courier_errc::unknown_sender);
    CHECK(node.receive(1, {3, "y"}, at(9ms), out).error() == courier_errc::gap);
    CHECK(node.receive(1, {2, std::nullopt}, at(9ms), out).error() == courier_errc::never_sent);
    for (int i = 0; i < 3; ++i) CHECK(node.send("b", at(5ms), out).has_value());
    const courier full = node;
    CHECK(node.send("c", at(9ms), out).error() == courier_errc::full);
    CHECK(node == full);
    CHECK(out.records.empty());
    CHECK(out.messages.empty());
    CHECK(out.events.empty());
    CHECK(before.next_deadline() == node.next_deadline());
}

TEST_CASE(
    "the archetype has a deadline only while something is due, and ticks before it do nothing") {
    courier sender(1, 10ms);
    courier::output out;
    sender.start(at(0ms), out);
    CHECK_FALSE(sender.next_deadline().has_value());
    CHECK(sender.send("a", at(1ms), out).has_value());
    CHECK(sender.next_deadline() == at(11ms));
    out.clear();
    sender.tick(at(11ms) - 1ns, out);
    CHECK(out.messages.empty());
    CHECK(sender.next_deadline() == at(11ms));
    sender.tick(at(11ms), out);
    CHECK(out.messages.size() == 1);
    CHECK(sender.next_deadline() == at(21ms));
    CHECK(sender.receive(1, {1, std::nullopt}, at(12ms), out).has_value());
    CHECK_FALSE(sender.next_deadline().has_value());
}

TEST_CASE("time that steps back is a broken precondition of the archetype") {
    CHECK(broken_precondition([] {
              courier node(1, 10ms);
              courier::output out;
              node.tick(at(5ms), out);
              node.tick(at(5ms), out);
              node.tick(at(5ms) - 1ns, out);
          }) == "now >= now_");
}

TEST_CASE("in a good world every note arrives once and in order, with nothing sent in vain") {
    const world w = run(coterie::test::seed(), {});
    CHECK(w.at(1).application.size() == 50);
    CHECK(w.refused == 0);
    CHECK(w.contract_kept);
}

TEST_CASE("through loss, repetition and reordering every note arrives once and in order") {
    for (std::uint64_t i = 0; i < 40; ++i) {
        const std::uint64_t seed = coterie::test::seed() + i;
        const world w = run(seed, {.loss = 0.3, .repeat = 0.3});
        CAPTURE(seed);
        REQUIRE(w.contract_kept);
        REQUIRE(w.refused == 0);
        REQUIRE(w.at(1).application.size() == 50);
        for (std::size_t n = 0; n < 50; ++n) {
            REQUIRE(w.at(1).application[n] ==
                    courier::event{n + 1, "note " + std::to_string(n + 1)});
        }
    }
}

TEST_CASE("through crashes no note arrives twice, none is out of order, and no promise is broken") {
    int crashes = 0;
    std::size_t arrived = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const std::uint64_t seed = coterie::test::seed() + i;
        const world w = run(seed, {.loss = 0.2, .repeat = 0.2, .crash = 0.1});
        CAPTURE(seed);
        REQUIRE(w.contract_kept);
        REQUIRE(w.refused == 0);
        // All 50 were delivered as far as the disk knows; the application saw them in order, each at
        // most once, and missed at most one for each crash.
        const auto& seen = w.at(1).application;
        REQUIRE(w.at(1).disk == 50);
        REQUIRE(std::ranges::adjacent_find(seen, std::ranges::greater_equal(),
                                           &courier::event::number) == seen.end());
        REQUIRE(seen.size() + static_cast<std::size_t>(w.crashes) >= 50);
        crashes += w.crashes;
        arrived += seen.size();
    }
    CHECK(crashes > 100);
    CHECK(arrived > 1000);
}
