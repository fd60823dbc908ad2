// SPDX-License-Identifier: BSL-1.0
#pragma once

// A causal context: a set of events. Most of it is a version vector, the first so many events of each
// replica; what came before its predecessors did is a cloud of dots beyond the gaps, and goes into the
// vector once the gap is closed. So messages may be lost, repeated and reordered, and what a replica has
// seen stays exact: a gap in a bare version vector would count as seen, and what was never delivered as
// removed.
//
//   causality::causal_context<> seen;
//   seen.insert({r, 1});
//   seen.insert({r, 3});             // 2 is missing: {r: 1} and a cloud {r: 3}
//   seen.insert({r, 2});             // {r: 3}
//
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// Events of one replica in a row, both ends included.
template <replica_name Replica = replica_id>
struct dot_range {
    Replica replica{};
    std::uint64_t first = 1;
    std::uint64_t last = 0;

    friend bool operator==(const dot_range&, const dot_range&) = default;
};

/// A set of events. A regular type, partially ordered by inclusion; equal sets are equal values.
///
/// Complexity: as version_vector, and logarithmic in the number of gaps. Thread safety: that of a value.
template <replica_name Replica = replica_id>
class causal_context {
public:
    using range = dot_range<Replica>;

    /// Whether an event is in the set.
    [[nodiscard]] bool contains(const dot<Replica>& d) const {
        if (d.counter <= seen_.at(d.replica)) return d.counter != 0;
        const auto after = first_after(d.replica, d.counter);
        return after != cloud_.begin() && holds(*(after - 1), d);
    }

    /// Adds an event. Requires: 1 <= counter <= max_counter.
    void insert(const dot<Replica>& d) { insert_range(range{d.replica, d.counter, d.counter}); }

    /// Adds events in a row. Requires: 1 <= first <= last <= max_counter.
    void insert_range(const range& r);

    /// Adds all events of another set.
    void merge(const causal_context& other);

    /// The event that `r` would count next: one more than all of its events here.
    /// Errors: counter_exhausted.
    [[nodiscard]] std::expected<dot<Replica>, causality_errc> next(const Replica& r) const {
        const std::uint64_t last = last_of(r);
        if (last >= max_counter) return std::unexpected(causality_errc::counter_exhausted);
        return dot<Replica>{r, last + 1};
    }

    /// The events of each replica up to its first gap.
    [[nodiscard]] const version_vector<Replica>& contiguous() const noexcept { return seen_; }
    /// The events beyond gaps, in order: by replica, then by counter.
    [[nodiscard]] const std::vector<range>& cloud() const noexcept { return cloud_; }

    /// Those of one replica.
    [[nodiscard]] std::span<const range> cloud_of(const Replica& r) const {
        if (cloud_.empty()) return {};
        const auto begin = first_after(r, 0);
        auto end = begin;
        while (end != cloud_.end() && end->replica == r) ++end;
        return {begin, end};
    }

    /// Whether of a replica just its first `last` events are in it.
    [[nodiscard]] bool has_just(const Replica& r, std::uint64_t last) const {
        return seen_.at(r) == last && cloud_of(r).empty();
    }

    /// Whether no event is in it.
    [[nodiscard]] bool empty() const noexcept { return seen_.empty() && cloud_.empty(); }

    /// Calls `f(range)` for all events, in order and in the longest runs.
    template <class F>
    void for_each_range(F&& f) const;

    /// The events that are here and not in `other`.
    [[nodiscard]] causal_context without(const causal_context& other) const;

    /// Whether all events of `other` are here.
    [[nodiscard]] bool includes(const causal_context& other) const;

    /// Forgets all events of a replica. For replicas that are retired everywhere.
    void forget(const Replica& r) {
        seen_.forget(r);
        std::erase_if(cloud_, [&r](const range& x) { return x.replica == r; });
    }

    friend std::partial_ordering operator<=>(const causal_context& a, const causal_context& b) {
        const bool less = b.includes(a), greater = a.includes(b);
        if (less) return greater ? std::partial_ordering::equivalent : std::partial_ordering::less;
        return greater ? std::partial_ordering::greater : std::partial_ordering::unordered;
    }
    friend bool operator==(const causal_context&, const causal_context&) = default;

private:
    friend struct codec<causal_context>;

    static bool holds(const range& x, const dot<Replica>& d) {
        return x.replica == d.replica && x.first <= d.counter && d.counter <= x.last;
    }

    /// The first range of the cloud that begins after an event.
    [[nodiscard]] auto first_after(const Replica& r, std::uint64_t counter) const {
        return std::upper_bound(cloud_.begin(), cloud_.end(), counter,
                                [&r](std::uint64_t c, const range& x) {
                                    return r == x.replica ? c < x.first : r < x.replica;
                                });
    }

    [[nodiscard]] std::uint64_t last_of(const Replica& r) const {
        const auto after = first_after(r, max_counter);
        if (after != cloud_.begin() && (after - 1)->replica == r) return (after - 1)->last;
        return seen_.at(r);
    }

    version_vector<Replica> seen_;
    std::vector<range> cloud_;  // no two meet, and none continues seen_
};

// --- details ---------------------------------------------------------------------------------------

template <replica_name Replica>
void causal_context<Replica>::insert_range(const range& r) {
    COTERIE_ASSERT(r.first >= 1 && r.first <= r.last && r.last <= max_counter);
    const std::uint64_t seen = seen_.at(r.replica);
    if (r.last <= seen) return;
    range grown{r.replica, std::max(r.first, seen + 1), r.last};

    // Ranges that overlap it or lie next to it become part of it.
    auto begin = first_after(grown.replica, grown.first);
    if (begin != cloud_.begin() && (begin - 1)->replica == grown.replica &&
        (begin - 1)->last + 1 >= grown.first) {
        --begin;
        grown.first = begin->first;
    }
    auto end = begin;
    while (end != cloud_.end() && end->replica == grown.replica && end->first <= grown.last + 1) {
        grown.last = std::max(grown.last, end->last);
        ++end;
    }
    if (grown.first == seen + 1) {
        seen_.raise(grown.replica, grown.last);
        cloud_.erase(begin, end);
    } else if (begin == end) {
        cloud_.insert(begin, grown);
    } else {
        const auto at = cloud_.erase(begin + 1, end) - 1;
        *at = grown;
    }
}

template <replica_name Replica>
template <class F>
void causal_context<Replica>::for_each_range(F&& f) const {
    auto beyond = cloud_.begin();
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        const Replica& r = seen_.replicas()[i];
        while (beyond != cloud_.end() && beyond->replica < r) f(*beyond++);
        f(range{r, 1, seen_.counters()[i]});
    }
    // Those of a replica come after its contiguous ones, since they sort before the next replica's.
    while (beyond != cloud_.end()) f(*beyond++);
}

template <replica_name Replica>
void causal_context<Replica>::merge(const causal_context& other) {
    seen_.merge(other.seen_);
    if (cloud_.empty() && other.cloud_.empty()) return;
    // Each range once more, since the vector may have caught up with it.
    std::vector<range> ranges;
    ranges.reserve(cloud_.size() + other.cloud_.size());
    std::merge(cloud_.begin(), cloud_.end(), other.cloud_.begin(), other.cloud_.end(),
               std::back_inserter(ranges), [](const range& a, const range& b) {
                   return a.replica == b.replica ? a.first < b.first : a.replica < b.replica;
               });
    cloud_.clear();
    for (const range& r : ranges) insert_range(r);
}

template <replica_name Replica>
bool causal_context<Replica>::includes(const causal_context& other) const {
    bool all = true;
    other.for_each_range([&](const range& r) {
        if (!all || r.last <= seen_.at(r.replica)) return;
        // One range of the cloud must hold it: if it began within seen_, that would end at a gap.
        const auto after = first_after(r.replica, r.first);
        all = after != cloud_.begin() && (after - 1)->replica == r.replica &&
              r.last <= (after - 1)->last;
    });
    return all;
}

template <replica_name Replica>
causal_context<Replica> causal_context<Replica>::without(const causal_context& other) const {
    causal_context rest;
    for_each_range([&](const range& r) {
        std::uint64_t next = std::max(r.first, other.seen_.at(r.replica) + 1);
        auto at = other.first_after(r.replica, next);
        if (at != other.cloud_.begin()) --at;
        for (; next <= r.last && at != other.cloud_.end() && !(r.replica < at->replica); ++at) {
            if (at->replica < r.replica || at->last < next) continue;
            if (at->first > r.last) break;
            if (next < at->first) rest.insert_range(range{r.replica, next, at->first - 1});
            next = at->last + 1;
        }
        if (next <= r.last) rest.insert_range(range{r.replica, next, r.last});
    });
    return rest;
}

}  // namespace coterie::inline v0::causality

/// The version vector; then the cloud: a count, and for each range its replica, the distance of its first
/// event from the range before it (or from the vector), and its length.
template <coterie::encodable Replica>
struct coterie::codec<coterie::causality::causal_context<Replica>> {
    using context = causality::causal_context<Replica>;
    using range = context::range;

    static void encode(writer& w, const context& c) {
        encode_to(w, c.seen_);
        w.varint(c.cloud_.size());
        const range* before = nullptr;
        for (const range& r : c.cloud_) {
            const bool goes_on = before != nullptr && before->replica == r.replica;
            encode_to(w, r.replica);
            w.varint(r.first - (goes_on ? before->last : c.seen_.at(r.replica)));
            w.varint(r.last - r.first);
            before = &r;
        }
    }

    /// Errors: those of the parts; invalid_value where ranges are not in order, meet, or continue the
    /// vector; limit_exceeded where a counter is above max_counter.
    static std::expected<context, decode_error> decode(reader& r) {
        context c;
        c.seen_ = r.value<causality::version_vector<Replica>>();
        const std::size_t size = r.count(3);
        c.cloud_.reserve(r.reservable(size, sizeof(range)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto replica = r.value<Replica>();
            const bool goes_on = !c.cloud_.empty() && c.cloud_.back().replica == replica;
            if (r.ok() && !c.cloud_.empty() && replica < c.cloud_.back().replica) {
                r.fail(decode_errc::invalid_value);
            }
            const std::uint64_t before = goes_on ? c.cloud_.back().last : c.seen_.at(replica);
            const std::uint64_t distance = r.varint();
            if (r.ok() && distance < 2) r.fail(decode_errc::invalid_value);
            if (r.ok() && distance > causality::max_counter - before)
                r.fail(decode_errc::limit_exceeded);
            const std::uint64_t more = r.varint();
            if (!r.ok()) break;
            if (more > causality::max_counter - before - distance)
                r.fail(decode_errc::limit_exceeded);
            c.cloud_.push_back({std::move(replica), before + distance, before + distance + more});
        }
        return r.result(std::move(c));
    }
};
