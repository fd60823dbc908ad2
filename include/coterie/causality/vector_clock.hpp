// SPDX-License-Identifier: BSL-1.0
#pragma once

// A vector clock: stamps events so that the stamps compare as the events are caused. What has no path of
// messages between is unordered, which is to say concurrent.
//
//   causality::vector_clock<> mine;
//   auto event = mine.increment(me);         // something happened here
//   mine.merge(theirs);                      // ... and their message arrived:
//   mine.increment(me);                      // receiving is an event of its own
//   if ((mine <=> theirs) == std::partial_ordering::unordered) ...
//
// A clock grows with the replicas that ever took part, and never forgets one by itself: dropping entries
// by size makes ordered events look concurrent (riak_core#613). For many clients that write through few
// servers take dotted_version_vector_set, which counts the servers.
// Source: Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988; Mattern,
// "Virtual Time and Global States of Distributed Systems", 1989.

#include <compare>
#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// A stamp of an event. A regular type, partially ordered by causality.
///
/// Complexity: as version_vector. Thread safety: that of a value.
template <replica_name Replica = replica_id>
class vector_clock {
public:
    vector_clock() = default;
    explicit vector_clock(version_vector<Replica> events) : events_(std::move(events)) {}

    /// Counts an event of `r`. Returns: its name. Errors: counter_exhausted; then nothing changes.
    std::expected<dot<Replica>, causality_errc> increment(const Replica& r) {
        const std::uint64_t counter = events_.at(r);
        if (counter >= max_counter) return std::unexpected(causality_errc::counter_exhausted);
        events_.raise(r, counter + 1);
        return dot<Replica>{r, counter + 1};
    }

    /// What either has seen.
    void merge(const vector_clock& other) { events_.merge(other.events_); }

    /// How many events of a replica come before or at this stamp.
    [[nodiscard]] std::uint64_t at(const Replica& r) const { return events_.at(r); }

    /// Whether an event comes before or at this stamp.
    [[nodiscard]] bool contains(const dot<Replica>& d) const { return events_.contains(d); }

    /// The events that come before or at it, as a version vector.
    [[nodiscard]] const version_vector<Replica>& events() const noexcept { return events_; }

    friend std::partial_ordering operator<=>(const vector_clock& a, const vector_clock& b) {
        return a.events_ <=> b.events_;
    }
    friend bool operator==(const vector_clock&, const vector_clock&) = default;

private:
    version_vector<Replica> events_;
};

}  // namespace coterie::inline v0::causality

/// As a version vector.
template <coterie::encodable Replica>
struct coterie::codec<coterie::causality::vector_clock<Replica>> {
    using clock = causality::vector_clock<Replica>;

    static void encode(writer& w, const clock& c) { encode_to(w, c.events()); }
    static std::expected<clock, decode_error> decode(reader& r) {
        auto events = r.read<causality::version_vector<Replica>>();
        if (!events.has_value()) return std::unexpected(events.error());
        return clock(std::move(*events));
    }
};
