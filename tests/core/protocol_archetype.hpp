// SPDX-License-Identifier: BSL-1.0
#pragma once

// The archetype of a protocol: the least that shows every part of the shape in core/protocol.hpp. Start
// your own from it.
//
// `courier` carries notes from one node to another, in order and never twice, over a network that loses,
// repeats and reorders, through crashes of the receiver; a note is lost only if the receiver crashes
// after it wrote that the note was delivered and before it delivered it. Both ends are the same class:
//
//   sender                                        receiver
//   send("a")   -- note 1 "a" -->  not delivered yet: asks to persist "delivered 1", and replies
//               <--- ack 1 ------  (the driver sends that only after the write)
//                                  persisted(token): now hands "a" to the application
//   no ack within `interval`: sends note 1 again; the receiver has delivered it, and only replies
//
// The rules that it shows, each marked below by its number:
//   1. Nothing but arguments: no clock, no socket, no file, no randomness behind the caller's back.
//   2. Whatever is to be done is appended to `out`; `out` is never read, and never cleared.
//   3. An error is returned before anything has changed.
//   4. What depends on stable storage waits for `persisted`.
//   5. Time never steps back; a tick before the deadline does nothing.
//   6. Every queue is bounded, and says so when it is full.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/protocol.hpp>

namespace coterie::test {

/// Why a courier refuses.
enum class courier_errc : std::uint8_t {
    unknown_sender,  ///< the message is from neither of its peers
    gap,         ///< a note that is not the next one: the sender will repeat the missing one first
    never_sent,  ///< an acknowledgement of a note that was not sent
    full,        ///< too many notes wait already
};

[[nodiscard]] constexpr const char* describe(courier_errc code) noexcept {
    switch (code) {
        case courier_errc::unknown_sender: return "message from an unknown sender";
        case courier_errc::gap: return "note is not the next one";
        case courier_errc::never_sent: return "acknowledgement of a note that was never sent";
        case courier_errc::full: return "too many notes wait already";
    }
    return "unknown courier error";
}

class courier {
public:
    // --- the types that the shape asks for ---

    /// Whatever names a node. Here, and in most tests, a number.
    using address = int;

    /// One struct for both kinds: a note, or the acknowledgement of one, which has no text.
    struct message {
        std::uint64_t number;
        std::optional<std::string> text;

        friend bool operator==(const message&, const message&) = default;
    };

    /// A note reaches the application.
    struct event {
        std::uint64_t number;
        std::string text;

        friend bool operator==(const event&, const event&) = default;
    };

    /// "All notes up to this number were delivered": what a receiver needs to know after a crash.
    using record = std::uint64_t;

    using error = courier_errc;
    using output = protocol_output<address, message, event, record>;

    static constexpr std::size_t most_waiting = 4;

    /// Requires: interval > 0. `delivered` is the last record on stable storage, 0 where there is none.
    courier(address peer, std::chrono::nanoseconds interval, record delivered = 0)
        : peer_(peer), interval_(interval), delivered_(delivered), durable_(delivered) {
        COTERIE_ASSERT(interval > std::chrono::nanoseconds::zero());
    }

    // --- what the application asks for ---

    /// Sends a note to the peer. Errors: full.
    std::expected<void, error> send(std::string text, steady_time now, output& out) {
        if (waiting_.size() == most_waiting) return std::unexpected(error::full);  // 6.
        observe(now);
        waiting_.push_back({++last_number_, std::move(text)});
        if (waiting_.size() == 1) transmit(now, out);
        return {};
    }

    // --- the shape ---

    /// Nothing is due at the start: a courier speaks when it has something to carry.
    void start(steady_time now, output&) { observe(now); }

    /// Errors: unknown_sender, gap, never_sent.
    std::expected<void, error> receive(address from, const message& m, steady_time now,
                                       output& out) {
        if (from != peer_) return std::unexpected(error::unknown_sender);  // 3.
        if (m.text.has_value()) {
            if (m.number > delivered_ + 1) return std::unexpected(error::gap);
            observe(now);
            receive_note(m, out);
        } else {
            if (m.number > last_number_) return std::unexpected(error::never_sent);
            observe(now);
            receive_ack(m.number, now, out);
        }
        return {};
    }

    /// Repeats the note that waits for its acknowledgement, if it is time.
    void tick(steady_time now, output& out) {
        observe(now);
        if (repeat_at_.has_value() && now >= *repeat_at_) transmit(now, out);  // 5.
    }

    /// Hands out what was waiting for this write, and for those before it.
    void persisted(persist_token token, steady_time now, output& out) {
        observe(now);
        COTERIE_ASSERT(token <= delivered_);
        for (; durable_ < token; ++durable_) {
            out.events.push_back({durable_ + 1, std::move(undelivered_.front())});
            undelivered_.pop_front();
        }
    }

    /// When to tick next, or nothing where only a message can bring something to do.
    [[nodiscard]] std::optional<steady_time> next_deadline() const { return repeat_at_; }

    // For tests and assertions: equal states behave alike.
    friend bool operator==(const courier&, const courier&) = default;

private:
    struct note {
        std::uint64_t number;
        std::string text;

        friend bool operator==(const note&, const note&) = default;
    };

    void observe(steady_time now) {
        COTERIE_ASSERT(now >= now_);  // 5.
        now_ = now;
    }

    void transmit(steady_time now, output& out) {
        out.messages.push_back({peer_, {waiting_.front().number, waiting_.front().text}});  // 2.
        repeat_at_ = now + interval_;
    }

    void receive_note(const message& m, output& out) {
        if (m.number == delivered_ + 1) {
            delivered_ = m.number;
            undelivered_.push_back(*m.text);
            out.records.push_back({.token = delivered_, .record = delivered_});
        } else if (m.number > durable_) {
            return;  // 4. its write is under way, and so is its acknowledgement
        }
        // Also for a note of long ago: its acknowledgement was lost.
        out.messages.push_back({peer_, {m.number, std::nullopt}});
    }

    void receive_ack(std::uint64_t number, steady_time now, output& out) {
        if (waiting_.empty() || number != waiting_.front().number) return;  // an old one, repeated
        waiting_.pop_front();
        repeat_at_.reset();
        if (!waiting_.empty()) transmit(now, out);
    }

    address peer_;
    std::chrono::nanoseconds interval_;

    // As a sender.
    std::deque<note> waiting_;
    std::uint64_t last_number_ = 0;
    std::optional<steady_time> repeat_at_;

    // As a receiver: delivered_ - durable_ texts wait for their write.
    std::uint64_t delivered_;
    std::uint64_t durable_;
    std::deque<std::string> undelivered_;

    steady_time now_ = steady_time::min();
};

static_assert(protocol<courier>);
static_assert(persistent_protocol<courier>);

}  // namespace coterie::test
