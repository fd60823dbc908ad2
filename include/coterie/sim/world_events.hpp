// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a world, its nodes and its networks have in common: the true time, what is to come, and what is known of
// what has come. For the headers beside it.

#include <cstdint>
#include <string_view>

#include <coterie/core/bits.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim::detail {

/// Something that events happen to.
class event_target {
public:
    virtual void on_event(std::uint64_t token) = 0;

protected:
    ~event_target() = default;
};

struct event {
    event_target* target;
    std::uint64_t token;
};

/// The events of one world.
class world_events {
public:
    /// The true time.
    [[nodiscard]] steady_time now() const noexcept { return now_; }
    /// How many have happened.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// Lets something happen at that true time.
    void push(steady_time when, event e) { queue_.push(when, e); }

    /// Whether there is one to come by that time.
    [[nodiscard]] bool has_one_until(steady_time when) const noexcept {
        return !queue_.empty() && queue_.next_time() <= when;
    }
    /// Lets the next one happen. Returns: false if there is none.
    bool step() {
        if (queue_.empty()) return false;
        const auto next = queue_.pop();
        now_ = next.at;
        ++count_;
        observe(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
        next.what.target->on_event(next.what.token);
        return true;
    }
    /// Goes on to a time before which nothing is to come.
    void skip_to(steady_time when) noexcept { now_ = when; }

    /// Where all is recorded; nullptr: nowhere.
    [[nodiscard]] trace::trace* recorder() const noexcept { return recorder_; }
    void record_to(trace::trace* recorder) noexcept { recorder_ = recorder; }

    /// A number made of everything that has happened, and what is added to it.
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
    void observe(std::uint64_t value) noexcept {
        hash_ = coterie::detail::mix64(hash_ ^ value) + value;
    }

    /// Records what happens to a node, or to none, and adds it to the hash.
    void tell(trace::trace_kind kind, trace::node_id id, std::string_view text) {
        observe(static_cast<std::uint64_t>(kind) << 32 | id);
        for (const char c : text) observe(static_cast<unsigned char>(c));
        if (recorder_ != nullptr) recorder_->record(now_, kind, id, trace::no_node, 0, text);
    }

    /// The number of a new message.
    [[nodiscard]] std::uint64_t next_message() noexcept { return ++messages_; }

private:
    steady_time now_;
    event_queue<event> queue_;
    trace::trace* recorder_ = nullptr;
    std::uint64_t hash_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t messages_ = 0;
};

}  // namespace coterie::inline v0::sim::detail
