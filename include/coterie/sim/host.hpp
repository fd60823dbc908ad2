// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a protocol (core/protocol.hpp) on a simulated node, as its contract says: what it wants on stable
// storage is synced before any message beside it leaves, and until then nothing else is given to it.
//
//   sim::network<raft::message> net(world);
//   std::vector<sim::journal<raft::record>> logs(5);           // survive crashes
//   world.add<sim::host<raft>>("n1", net, logs[0], [](sim::node& self, std::span<const raft::record> found) {
//       return raft(...);
//   });
//   world.program<sim::host<raft>>(n1)->call([](raft& r, steady_time now, auto& out) { r.propose(..., now, out); });
//
// A message that the protocol refuses is dropped, as a driver does. A sync that fails crashes the node: what
// is on the disk then is known again only after a restart.

#include <concepts>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/callback.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/protocol.hpp>
#include <coterie/core/random.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::inline v0::sim {

/// Stable storage for one node's records, in order. What is not synced when its node crashes is lost from
/// some record on.
template <class Record>
class journal {
public:
    /// What a restarted node finds. Complexity: constant.
    [[nodiscard]] std::span<const Record> records() const noexcept { return records_; }

    /// How many of them are durable.
    [[nodiscard]] std::size_t synced() const noexcept { return synced_; }

    /// Adds a record, which is not durable yet.
    void append(Record r) { records_.push_back(std::move(r)); }
    /// Makes all of them durable.
    void sync() noexcept { synced_ = records_.size(); }

    /// What a crash leaves: each unsynced record with that probability, up to the first that is lost.
    template <random_bit_generator G>
    void crash(G&& g, double survival) {
        while (synced_ < records_.size() && bernoulli(g, survival)) ++synced_;
        records_.resize(synced_);
    }

private:
    std::vector<Record> records_;
    std::size_t synced_ = 0;
};

/// The journal of a protocol that writes nothing.
template <>
class journal<void> {};

namespace detail {

template <class P>
struct record_of;

}  // namespace detail

/// A protocol and its driver on one node. Its addresses are node ids.
template <protocol P>
    requires std::convertible_to<typename P::address, trace::node_id> &&
             std::convertible_to<trace::node_id, typename P::address>
class host {
public:
    using message = typename P::message;
    using output = typename P::output;
    using record = typename detail::record_of<P>::type;
    using event = typename decltype(output::events)::value_type;

    /// `make(node&)` gives the protocol, or `make(node&, std::span<const record>)` with what the journal of
    /// an earlier incarnation holds.
    template <class Make>
    host(node& self, network<message>& net, Make& make)
        requires(!persistent_protocol<P>)
        : self_(self), net_(net), protocol_(make(self)) {
        begin();
    }
    template <class Make>
    host(node& self, network<message>& net, journal<record>& log, Make& make)
        requires persistent_protocol<P>
        : self_(self), net_(net), log_(&log), protocol_(make(self, recovered(self, log))) {
        begin();
    }
    host(const host&) = delete;
    host& operator=(const host&) = delete;

    /// The protocol, to be looked at.
    [[nodiscard]] const P& protocol() const noexcept { return protocol_; }

    /// Calls `f(protocol, now, out)` and carries out what it asks for; later, if a write is under way.
    void call(callback<void(P&, steady_time, output&)> f) {
        if (writing_) return waiting_.push_back(std::move(f));
        f(protocol_, self_.now(), out_);
        carry_out();
    }

    /// From now on `handler(const event&)` is called for each event.
    void on_event(callback<void(const event&)> handler) { handler_ = std::move(handler); }

private:
    static std::span<const record> recovered(node& self, journal<record>& log)
        requires persistent_protocol<P>
    {
        log.crash(self.random(), self.disk().profile().survival);
        return log.records();
    }

    void begin() {
        net_.on_message(self_, [this](trace::node_id from, const message& m) {
            call([from, m](P& p, steady_time now, output& out) {
                (void)p.receive(static_cast<typename P::address>(from), m, now, out);
            });
        });
        call([](P& p, steady_time now, output& out) { p.start(now, out); });
    }

    void carry_out() {
        if constexpr (persistent_protocol<P>) {
            if (!out_.records.empty()) return write();
        }
        finish();
    }

    void write() {
        writing_ = true;
        const persist_token last = out_.records.back().token;
        for (auto& request : out_.records) log_->append(std::move(request.record));
        self_.after(self_.disk().draw_sync_time(), [this, last] {
            const double failure = self_.disk().profile().failure;
            if (failure > 0 && bernoulli(self_.random(), failure))
                return self_.world().crash(self_.id());
            log_->sync();
            writing_ = false;
            finish();
            call([last](P& p, steady_time now, output& out) { p.persisted(last, now, out); });
            while (!writing_ && !waiting_.empty()) {
                auto next = std::move(waiting_.front());
                waiting_.pop_front();
                call(std::move(next));
            }
        });
    }

    void finish() {
        for (auto& m : out_.messages)
            net_.send(self_, static_cast<trace::node_id>(m.to), std::move(m.message));
        // What handlers call comes after this output.
        output done = std::exchange(out_, output{});
        if (handler_)
            for (const event& e : done.events) handler_(e);
        done.clear();
        if (out_.messages.empty() && out_.events.empty()) out_ = std::move(done);
        arm();
    }

    void arm() {
        const std::optional<steady_time> due = protocol_.next_deadline();
        if (due == armed_) return;
        self_.cancel(timer_);
        armed_ = due;
        if (!due) return;
        timer_ = self_.at(*due, [this] {
            armed_.reset();
            call([](P& p, steady_time now, output& out) { p.tick(now, out); });
        });
    }

    node& self_;
    network<message>& net_;
    journal<record>* log_ = nullptr;
    P protocol_;
    output out_;
    callback<void(const event&)> handler_;
    std::deque<callback<void(P&, steady_time, output&)>> waiting_;
    std::optional<steady_time> armed_;
    timer_id timer_;
    bool writing_ = false;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What a protocol writes; void: nothing.
template <class P>
struct record_of {
    using type = void;
};
template <persistent_protocol P>
struct record_of<P> {
    using type =
        std::remove_cvref_t<decltype(std::declval<typename P::output&>().records[0].record)>;
};

}  // namespace detail

}  // namespace coterie::inline v0::sim
