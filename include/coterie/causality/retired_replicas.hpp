// SPDX-License-Identifier: BSL-1.0
#pragma once

// Replicas that are gone for good, and after how many events: the markers by which contexts get rid of them.
// To drop an entry without one is not safe. Whoever has dropped it takes an old state's elements for new ones;
// and whoever has not gives the entry back. With a marker both are told apart.
//
//   1. The replica has stopped, and all members have seen its last event (stability_frontier says so).
//   2. Nothing of it is alive any more: each member's state says is_done_with(r, last).
//   3. All members agree on that, by whatever they agree with, and each notes it:
//
//   retired.retire(r, last);                  // std::expected<void, causality_errc>
//   state.forget(retired);                    // r is gone from the context
//   state.merge(theirs, retired);             // and stays gone, whatever `theirs` still has of it
//
// The markers are as large as the entries were, but a node has one set of them, and not one for each value.
// Never retire by size or by age: an entry that is pruned while it is needed brings removed elements back.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// Replicas and the number of their last event. A regular type; merging two is their union.
///
/// Complexity: logarithmic, but for what works on contexts: linear in the markers. Thread safety: that of a value.
template <replica_name Replica = replica_id>
class retired_replicas {
public:
    /// Notes that a replica is gone after `last` events. Errors: retired_otherwise, where another number was
    /// noted; counter_exhausted above max_counter. Requires: last > 0.
    std::expected<void, causality_errc> retire(const Replica& r, std::uint64_t last) {
        if (last > max_counter) return std::unexpected(causality_errc::counter_exhausted);
        const auto noted = last_of(r);
        if (noted.has_value() && *noted != last) {
            return std::unexpected(causality_errc::retired_otherwise);
        }
        last_.raise(r, last);
        return {};
    }

    /// The number of a retired replica's last event, or nothing where it has not retired.
    [[nodiscard]] std::optional<std::uint64_t> last_of(const Replica& r) const {
        const std::uint64_t last = last_.at(r);
        return last == 0 ? std::nullopt : std::optional(last);
    }

    /// How many replicas have retired.
    [[nodiscard]] std::size_t size() const noexcept { return last_.size(); }
    [[nodiscard]] bool empty() const noexcept { return last_.empty(); }

    /// The markers of both; of two for one replica the larger number.
    void merge(const retired_replicas& other) { last_.merge(other.last_); }

    /// Forgets in a context the retired replicas of which it has all events. One that it has further events of
    /// stays: the marker was wrong.
    void forget_in(causal_context<Replica>& context) const {
        for_each([&](const Replica& r, std::uint64_t last) {
            if (context.has_just(r, last)) context.forget(r);
        });
    }

    /// Puts all events of those retired replicas into both contexts that either has something of, so that they
    /// can be compared again.
    void restore_in(causal_context<Replica>& a, causal_context<Replica>& b) const {
        for_each([&](const Replica& r, std::uint64_t last) {
            if (a.has_just(r, 0) && b.has_just(r, 0)) return;
            a.insert_range({r, 1, last});
            b.insert_range({r, 1, last});
        });
    }

    friend bool operator==(const retired_replicas&, const retired_replicas&) = default;

private:
    friend struct codec<retired_replicas>;

    template <class F>
    void for_each(F&& f) const {
        for (std::size_t i = 0; i < last_.size(); ++i) f(last_.replicas()[i], last_.counters()[i]);
    }

    version_vector<Replica> last_;
};

}  // namespace coterie::inline v0::causality

/// A version vector of the last events.
template <coterie::encodable Replica>
struct coterie::codec<coterie::causality::retired_replicas<Replica>> {
    using retired = causality::retired_replicas<Replica>;

    static void encode(writer& w, const retired& x) { encode_to(w, x.last_); }
    static std::expected<retired, decode_error> decode(reader& r) {
        auto last = r.value<causality::version_vector<Replica>>();
        retired x;
        x.last_ = std::move(last);
        return r.result(std::move(x));
    }
};
