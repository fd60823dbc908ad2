// SPDX-License-Identifier: BSL-1.0
#pragma once

// Messages between the nodes of a simulated world. They are lost, late, doubled, overtaken and damaged as
// the world's links say (sim/links.hpp), and wait or fall on the floor where a node is paused or down.
//
//   sim::network<message> net(world);
//   net.on_message(self, [this](trace::node_id from, const message& m) { ... });     // in a constructor
//   net.send(self, to, message{...});
//   const auto [from, m] = co_await net.receive(self);                             // in a coroutine
//   if (const auto got = co_await net.receive(self, 100ms)) use(got->message);     // or none in time
//
// A world may have several networks, one for each type of message: they share its links and its faults.
// What is printed of a message in a trace is its text form (core/text.hpp), or the `to_string(message)`
// that is found for it, or a number or text itself.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/callback.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/slot_table.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/sim/world_events.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim {

/// A message and who sent it.
template <class Message>
struct envelope {
    trace::node_id from;
    Message message;
};

/// Messages of one type between all nodes of a world.
///
/// Requires: it outlives every node that uses it, and dies before the world.
/// Complexity: a message is one event of the world. Thread safety: none.
template <class Message>
class network final : detail::channel {
public:
    /// How many messages wait for a node that has no handler and does not call `receive`; what comes then
    /// is lost.
    static constexpr std::size_t mailbox_limit = 4096;

    /// A network of that name, which is also that of its stream of randomness.
    explicit network(world& w, std::string_view name = "network")
        : world_(&w), random_(w.random(name)) {
        w.channels_.push_back(this);
    }
    network(const network&) = delete;
    network& operator=(const network&) = delete;
    ~network() { std::erase(world_->channels_, static_cast<detail::channel*>(this)); }

    /// Sends a message, from a node that is up: what one that has crashed sends is lost at once, and what is
    /// sent to a node that was not added yet. A node may send to itself; that takes no time and always
    /// arrives.
    void send(node& from, trace::node_id to, Message m);

    /// Sends to all nodes but the sender.
    void broadcast(node& from, const Message& m) {
        for (trace::node_id to = 0; to < world_->node_count(); ++to)
            if (to != from.id()) send(from, to, m);
    }

    /// From now on `handler(node_id from, const Message&)` is called for each message, until the node
    /// crashes.
    void on_message(node& self, callback<void(trace::node_id, const Message&)> handler) {
        mailbox& box = mailbox_of(self);
        box.handler = std::move(handler);
        while (box.handler && !box.waiting.empty()) {
            const envelope<Message> next = std::move(box.waiting.front());
            box.waiting.pop_front();
            box.handler(next.from, next.message);
        }
    }

    /// `co_await`: the next message.
    [[nodiscard]] auto receive(node& self) { return receiver<false>(*this, self); }
    /// `co_await`: the next message, or none if none comes within `timeout` of the node's steady time.
    [[nodiscard]] auto receive(node& self, std::chrono::nanoseconds timeout) {
        return receiver<true>(*this, self, timeout);
    }

    /// How many messages are on their way, or held.
    [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }

private:
    struct flight {
        trace::node_id from;
        trace::node_id to;
        trace::message_number number;
        Message message;
        /// Whether it is beyond all links, where it waits for a paused program.
        bool arrived = false;
    };

    /// Somebody who waits in a coroutine.
    struct waiter {
        virtual void take(envelope<Message> e) = 0;

    protected:
        ~waiter() = default;
    };

    struct mailbox {
        std::uint64_t incarnation = 0;
        callback<void(trace::node_id, const Message&)> handler;
        std::deque<envelope<Message>> waiting;
        waiter* waiting_for = nullptr;
    };

    /// When what was sent last arrives, and until when the link is busy; for links that need it.
    struct pipe {
        steady_time last_arrival;
        steady_time busy_until;
    };

    template <bool Timed>
    class receiver;

    void on_event(std::uint64_t token) override;
    void on_release(trace::node_id from, trace::node_id to) override;

    void launch(trace::node_id from, trace::node_id to, trace::message_number number, Message m,
                const link_profile& profile);
    bool corrupt(Message& m);
    void hand_over(node& to, trace::node_id from, const Message& m);
    void lose(const flight& f, std::string_view why) { lose(f.from, f.to, f.number, why); }
    void lose(trace::node_id from, trace::node_id to, trace::message_number number,
              std::string_view why);
    void tell(trace::trace_kind kind, trace::node_id at, trace::node_id peer,
              trace::message_number number, const Message& m);
    mailbox& mailbox_of(const node& self);
    pipe& pipe_of(trace::node_id from, trace::node_id to);
    [[nodiscard]] static std::uint64_t size_of(const Message& m);

    world* world_;
    rng random_;
    detail::slot_table<flight> flights_;
    std::vector<std::uint32_t> held_;
    std::vector<mailbox> mailboxes_;
    /// By from and to; empty as long as no link needs it.
    std::vector<pipe> pipes_;
    trace::node_id pipe_nodes_ = 0;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

template <class M>
concept byte_message = requires(M& m) {
    requires sizeof(*std::data(m)) == 1;
    std::size(m);
};

/// What a trace says of a message.
template <class M>
std::string describe_message(const M& m) {
    std::string text;
    if constexpr (text_form<M>) {
        text = coterie::to_string(m);
    } else if constexpr (requires {
                             { to_string(m) } -> std::convertible_to<std::string>;
                         }) {
        text = to_string(m);
    } else if constexpr (std::convertible_to<const M&, std::string_view>) {
        text = std::string_view(m);
    } else if constexpr (std::integral<M>) {
        text = std::to_string(m);
    }
    return text;
}

template <class Bytes, random_bit_generator G>
void flip_bit(Bytes& bytes, G& random) {
    if (std::size(bytes) == 0) return;
    const auto bit = static_cast<std::size_t>(uniform_below(random, std::size(bytes) * 8));
    auto& byte = bytes[bit / 8];
    byte = static_cast<std::remove_reference_t<decltype(byte)>>(static_cast<unsigned char>(byte) ^
                                                                1U << (bit % 8));
}

}  // namespace detail

template <class Message>
void network<Message>::send(node& from, trace::node_id to, Message m) {
    if (!from.is_up() || to >= world_->node_count()) return;
    const trace::message_number number = world_->events_.next_message();
    if (world_->recorder() != nullptr) tell(trace::trace_kind::send, from.id(), to, number, m);
    if (to == from.id()) {
        static constexpr link_profile itself{.delay = latency()};
        return launch(to, to, number, std::move(m), itself);
    }
    const link_profile& profile = world_->links_.profile(from.id(), to);
    if (world_->links_.state_of(from.id(), to) == links::state::cut)
        return lose(from.id(), to, number, "cut");
    if (profile.loss > 0 && bernoulli(random_, profile.loss))
        return lose(from.id(), to, number, "lost");
    if (profile.corruption > 0 && bernoulli(random_, profile.corruption) && !corrupt(m))
        return lose(from.id(), to, number, "corrupted");
    if constexpr (std::copyable<Message>) {
        if (profile.duplication > 0 && bernoulli(random_, profile.duplication))
            launch(from.id(), to, number, m, profile);
    }
    launch(from.id(), to, number, std::move(m), profile);
}

template <class Message>
void network<Message>::launch(trace::node_id from, trace::node_id to, trace::message_number number,
                              Message m, const link_profile& profile) {
    steady_time arrival = world_->now();
    if (profile.bytes_per_second > 0) {
        pipe& p = pipe_of(from, to);
        const double seconds =
            static_cast<double>(size_of(m)) / static_cast<double>(profile.bytes_per_second);
        p.busy_until = std::max(p.busy_until, arrival) +
                       std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
        arrival = p.busy_until;
    }
    arrival += profile.delay.draw(random_);
    if (profile.in_order) {
        pipe& p = pipe_of(from, to);
        arrival = p.last_arrival = std::max(p.last_arrival, arrival);
    }
    world_->events_.push(arrival, {this, flights_.put({from, to, number, std::move(m)})});
}

template <class Message>
void network<Message>::on_event(std::uint64_t token) {
    const auto slot = static_cast<std::uint32_t>(token);
    const trace::node_id from = flights_[slot].from;
    node& to = world_->at(flights_[slot].to);
    const auto link = flights_[slot].arrived || from == to.id()
                          ? links::state::open
                          : world_->links_.state_of(from, to.id());
    if (link == links::state::held) return held_.push_back(slot);
    if (link == links::state::open && to.defer(*this, token))
        return void(flights_[slot].arrived = true);
    const flight arrived = flights_.take(slot);
    if (link == links::state::cut) return lose(arrived, "cut");
    if (to.state() == node_state::down) return lose(arrived, "down");
    world_->observe(arrived.number << 16 ^ to.id());
    if (world_->recorder() != nullptr)
        tell(trace::trace_kind::receive, to.id(), from, arrived.number, arrived.message);
    hand_over(to, from, arrived.message);
}

template <class Message>
void network<Message>::hand_over(node& to, trace::node_id from, const Message& m) {
    mailbox& box = mailbox_of(to);
    if (box.handler) {
        // Called from here, so that the program may put another in its place.
        callback<void(trace::node_id, const Message&)> handler = std::move(box.handler);
        const std::uint64_t incarnation = to.incarnation();
        to.run([&] { handler(from, m); });
        mailbox& after = mailbox_of(to);
        if (to.incarnation() == incarnation && to.state() != node_state::down && !after.handler)
            after.handler = std::move(handler);
    } else if (box.waiting_for != nullptr) {
        waiter& first = *std::exchange(box.waiting_for, nullptr);
        to.run([&] { first.take({from, m}); });
    } else if (box.waiting.size() < mailbox_limit) {
        box.waiting.push_back({from, m});
    } else {
        lose(from, to.id(), 0, "mailbox full");
    }
}

template <class Message>
void network<Message>::on_release(trace::node_id from, trace::node_id to) {
    std::erase_if(held_, [&](std::uint32_t slot) {
        if (flights_[slot].from != from || flights_[slot].to != to) return false;
        world_->events_.push(world_->now(), {this, slot});
        return true;
    });
}

template <class Message>
bool network<Message>::corrupt(Message& m) {
    if constexpr (detail::byte_message<Message>) {
        detail::flip_bit(m, random_);
        return true;
    } else if constexpr (encodable<Message>) {
        std::vector<std::byte> bytes = encode(m);
        detail::flip_bit(bytes, random_);
        auto damaged = decode<Message>(bytes);
        if (!damaged.has_value()) return false;
        m = *std::move(damaged);
        return true;
    } else {
        return false;
    }
}

template <class Message>
std::uint64_t network<Message>::size_of(const Message& m) {
    if constexpr (detail::byte_message<Message>)
        return std::size(m);
    else if constexpr (encodable<Message>)
        return encode(m).size();
    else
        return sizeof(Message);
}

template <class Message>
void network<Message>::lose(trace::node_id from, trace::node_id to, trace::message_number number,
                            std::string_view why) {
    world_->observe(number);
    if (world_->recorder() != nullptr)
        world_->recorder()->record(world_->now(), trace::trace_kind::lose, from, to, number, why);
}

template <class Message>
void network<Message>::tell(trace::trace_kind kind, trace::node_id at, trace::node_id peer,
                            trace::message_number number, const Message& m) {
    world_->recorder()->record(world_->now(), kind, at, peer, number, detail::describe_message(m));
}

template <class Message>
auto network<Message>::mailbox_of(const node& self) -> mailbox& {
    if (mailboxes_.size() <= self.id()) mailboxes_.resize(world_->node_count());
    mailbox& box = mailboxes_[self.id()];
    if (box.incarnation != self.incarnation()) {
        box = mailbox{};
        box.incarnation = self.incarnation();
    }
    return box;
}

template <class Message>
auto network<Message>::pipe_of(trace::node_id from, trace::node_id to) -> pipe& {
    const trace::node_id nodes = world_->node_count();
    if (pipe_nodes_ != nodes) {
        detail::widen(pipes_, pipe_nodes_, nodes);
        pipe_nodes_ = nodes;
    }
    return pipes_[std::size_t{from} * nodes + to];
}

/// What `co_await net.receive(...)` is.
template <class Message>
template <bool Timed>
class network<Message>::receiver final : waiter {
public:
    receiver(network& net, node& self, std::chrono::nanoseconds timeout = {})
        : net_(net), self_(self), timeout_(timeout) {}

    [[nodiscard]] bool await_ready() {
        mailbox& box = net_.mailbox_of(self_);
        if (box.waiting.empty()) return false;
        got_.emplace(std::move(box.waiting.front()));
        box.waiting.pop_front();
        return true;
    }
    void await_suspend(std::coroutine_handle<> waiting) {
        mailbox& box = net_.mailbox_of(self_);
        COTERIE_ASSERT(box.waiting_for == nullptr && !box.handler);
        box.waiting_for = this;
        waiting_ = waiting;
        if constexpr (Timed)
            timer_ = self_.after(timeout_, [this] {
                net_.mailbox_of(self_).waiting_for = nullptr;
                waiting_.resume();
            });
    }
    auto await_resume() {
        if constexpr (Timed)
            return std::move(got_);
        else
            return *std::move(got_);
    }

private:
    void take(envelope<Message> e) override {
        got_.emplace(std::move(e));
        if constexpr (Timed) self_.cancel(timer_);
        waiting_.resume();
    }

    network& net_;
    node& self_;
    std::chrono::nanoseconds timeout_;
    timer_id timer_;
    std::coroutine_handle<> waiting_;
    std::optional<envelope<Message>> got_;
};

}  // namespace coterie::inline v0::sim
