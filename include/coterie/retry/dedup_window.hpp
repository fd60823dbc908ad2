// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tells what was seen before, as long as it remembers: so long, and so many. For events that are delivered
// more than once and have an id, but no number; where they are numbered, take sequence_window.hpp, which
// forgets nothing.
//
//   retry::dedup_window<id::ulid> seen({.remember_for = 10min, .capacity = 100'000});
//   if (seen.insert(event.id, now)) process(event);
//
// Memory is bounded; so what is repeated later than that is taken for new. `forgotten_until` tells.
//
// To outlive the process, write a snapshot down (dedup_wire.hpp):
//
//   bytes = encode(seen.snapshot(now));
//   retry::dedup_window<id::ulid> seen(options, *decode<retry::dedup_snapshot<id::ulid>>(bytes), now);

#include <chrono>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/retry/dedup_snapshot.hpp>

namespace coterie::inline v0::retry {

/// How long, and how many. Requires: remember_for > 0, capacity > 0.
struct dedup_options {
    std::chrono::nanoseconds remember_for = std::chrono::hours(24);
    std::size_t capacity = 100'000;
};

/// The keys of the last while. A clock that steps back makes it remember longer, never shorter.
///
/// Complexity: amortised constant. Memory: as capacity, reserved once for the order; nodes come and go.
/// Thread safety: none.
template <class Key>
class dedup_window {
public:
    explicit dedup_window(const dedup_options& o = {}) : options_(o) {
        COTERIE_ASSERT(o.remember_for.count() > 0 && o.capacity > 0);
        order_.reserve(o.capacity);
        seen_.reserve(o.capacity);
    }

    /// Remembers what another has remembered. The time between the two does not count: what was seen is remembered
    /// longer by it, never shorter. Of what there is no room for the oldest is forgotten, as insert() does. Where
    /// this one is to remember longer, forgotten_until() says from when on it does.
    dedup_window(const dedup_options& o, const dedup_snapshot<Key>& s, steady_time now)
        : dedup_window(o) {
        advance(now);
        for (const auto& [age, key] : s.seen) {
            COTERIE_ASSERT(age.count() >= 0);
            if (age < o.remember_for) add(key, latest_ - age);
        }
        if (s.forgotten_for && *s.forgotten_for < o.remember_for) {
            const steady_time then = latest_ - *s.forgotten_for;
            if (then > forgotten_until_) forgotten_until_ = then;
        }
    }

    // The order points into the table.
    dedup_window(const dedup_window&) = delete;
    dedup_window& operator=(const dedup_window&) = delete;

    /// Remembers a key. Returns: whether it is new. A repetition does not make it younger.
    [[nodiscard]] bool insert(const Key& key, steady_time now) {
        advance(now);
        forget_expired();
        return add(key, latest_);
    }

    /// What it remembers, in ages.
    [[nodiscard]] dedup_snapshot<Key> snapshot(steady_time now) const {
        const steady_time at = now > latest_ ? now : latest_;
        dedup_snapshot<Key> s;
        s.seen.reserve(seen_.size());
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const auto& [key, time] = *order_[(oldest_ + i) % options_.capacity];
            if (!has_expired(time, at)) s.seen.push_back({at - time, key});
        }
        // What was seen longer ago than remember_for is forgotten as well: the next window may remember longer.
        s.forgotten_for =
            has_expired(forgotten_until_, at) ? options_.remember_for : at - forgotten_until_;
        return s;
    }

    /// How many keys it remembers.
    [[nodiscard]] std::size_t size() const noexcept { return seen_.size(); }

    /// When the last of the keys was seen that were forgotten early, for lack of room or by a window that remembered less
    /// long: what was seen since, and not more than remember_for ago, is recognised. The earliest time of all if
    /// there was none.
    [[nodiscard]] steady_time forgotten_until() const noexcept { return forgotten_until_; }

private:
    using entry = std::unordered_map<Key, steady_time>::value_type;

    void advance(steady_time now) {
        if (now > latest_) latest_ = now;
    }
    bool has_expired(steady_time seen, steady_time now) const {
        return seen <= now - options_.remember_for;
    }
    bool add(const Key& key, steady_time time) {
        const auto [at, is_new] = seen_.try_emplace(key, time);
        if (!is_new) return false;
        if (seen_.size() > options_.capacity) forget_oldest();
        if (order_.size() < options_.capacity) {
            order_.push_back(&*at);
        } else {
            order_[(oldest_ + seen_.size() - 1) % options_.capacity] = &*at;
        }
        return true;
    }
    void forget_expired() {
        while (!seen_.empty() && has_expired(order_[oldest_]->second, latest_)) drop();
    }
    void forget_oldest() {
        const steady_time seen = order_[oldest_]->second;
        if (seen > forgotten_until_) forgotten_until_ = seen;
        drop();
    }
    void drop() {
        seen_.erase(seen_.find(order_[oldest_]->first));
        oldest_ = (oldest_ + 1) % options_.capacity;
    }

    dedup_options options_;
    std::unordered_map<Key, steady_time> seen_;
    std::vector<const entry*> order_;  // a ring, from oldest_ on as many as there are in seen_
    std::size_t oldest_ = 0;
    steady_time latest_ = steady_time(std::chrono::nanoseconds::zero());
    steady_time forgotten_until_ = steady_time::min();
};

}  // namespace coterie::inline v0::retry
