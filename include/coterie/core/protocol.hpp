// SPDX-License-Identifier: BSL-1.0
#pragma once

// The one shape of every protocol in the library: a state machine without I/O. It is told what
// happened (a message came, time passed, a write reached the disk) and appends what it wants done to
// an output that the caller owns and reuses. It never calls back, reads no clock and opens no socket;
// so the same object runs behind any event loop and in the simulator, and whoever can drive one
// protocol can drive all.
//
// The driver's part, after each call:
//   1. write `out.records` to stable storage, in order, and sync;
//   2. then, and only then, send `out.messages` (they may be lost, delayed, duplicated, reordered);
//   3. hand `out.events` to the application;
//   4. `out.clear()`;
//   5. if it wrote records, call `persisted(token of the last one, now, out)`: a call like any other, after
//      which all of this comes again.
// And it calls `tick` no later than `next_deadline()`.
// Calls may come from any thread, but one at a time.

#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0 {

/// Names a write that a protocol asked for. Tokens of one protocol object only grow.
using persist_token = std::uint64_t;

/// A message to be sent.
template <class Address, class Message>
struct outgoing {
    Address to;
    Message message;

    friend bool operator==(const outgoing&, const outgoing&) = default;
};

/// Something to be written to stable storage before the messages beside it are sent.
template <class Record>
struct persist_request {
    persist_token token;
    Record record;

    friend bool operator==(const persist_request&, const persist_request&) = default;
};

/// What one or more calls asked for. `clear` keeps the memory.
template <class Address, class Message, class Event, class Record = void>
struct protocol_output {
    std::vector<persist_request<Record>> records;
    std::vector<outgoing<Address, Message>> messages;
    std::vector<Event> events;

    /// Empties the output.
    void clear() noexcept {
        records.clear();
        messages.clear();
        events.clear();
    }
};

/// The output of a protocol that writes nothing to stable storage.
template <class Address, class Message, class Event>
struct protocol_output<Address, Message, Event, void> {
    std::vector<outgoing<Address, Message>> messages;
    std::vector<Event> events;

    /// Empties the output.
    void clear() noexcept {
        messages.clear();
        events.clear();
    }
};

/// A state machine without I/O.
///
/// `receive` refuses what it cannot accept with an error and is then unchanged. Time that steps back
/// (a `now` before an earlier one) is a broken precondition. `next_deadline` is empty where nothing is
/// due until something is received; a `tick` before it is allowed and does nothing.
template <class P>
concept protocol =
    requires(P& p, const P& const_p, const typename P::address& from,
             const typename P::message& message, steady_time now, typename P::output& out) {
        p.start(now, out);
        {
            p.receive(from, message, now, out)
        } -> std::same_as<std::expected<void, typename P::error>>;
        p.tick(now, out);
        { const_p.next_deadline() } -> std::same_as<std::optional<steady_time>>;
        out.messages;
        out.events;
        out.clear();
    };

/// A protocol that must have things on stable storage before it goes on.
template <class P>
concept persistent_protocol =
    protocol<P> && requires(P& p, persist_token token, steady_time now, typename P::output& out) {
        p.persisted(token, now, out);
        out.records;
    };

}  // namespace coterie::inline v0
