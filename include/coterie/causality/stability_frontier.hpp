// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which events every member has seen. Nobody will ever do anything again without knowing of such a *stable*
// event, so what was only kept for those who might not know of it may go: removes that are remembered, the
// entries of a replica that has retired.
//
//   causality::stability_frontier<> frontier({a, b, c});
//   frontier.observe(b, theirs.context());      // each time a state of b's has been merged here
//   permissions.forget_removes(frontier.stable());
//
// It is as old as what was heard last of the most silent member, and stands still while one is away. Whether
// somebody has left for good is not for a clock to decide: agree on it, then call remove_member.
//
// Source: Wuu and Bernstein, "Efficient Solutions to the Replicated Log and Dictionary Problems", PODC 1984;
// Baquero, Almeida and Shoker, "Making Operation-Based CRDTs Operation-Based", DAIS 2014, for the name.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>

namespace coterie::inline v0::causality {

/// What each member is known to have seen. A regular type. Members are named by replica, or by a type of their
/// own where a member writes under several names.
///
/// Complexity: linear in members times replicas, but for observe: linear in replicas. Thread safety: that of a
/// value.
template <replica_name Replica = replica_id, std::equality_comparable Member = Replica>
class stability_frontier {
public:
    stability_frontier() = default;
    /// Of members of whom nothing is known yet. One named twice is one.
    explicit stability_frontier(const std::vector<Member>& members) {
        for (const Member& m : members) add_member(m);
    }

    /// Notes what a member, oneself among them, has seen without a gap. Older news changes nothing.
    /// Requires: the state that this is the context of has been merged here.
    /// Errors: unknown_member.
    std::expected<void, causality_errc> observe(const Member& m,
                                                const version_vector<Replica>& seen) {
        for (auto& [member, known] : members_) {
            if (!(member == m)) continue;
            known.merge(seen);
            return {};
        }
        return std::unexpected(causality_errc::unknown_member);
    }
    /// \copydoc observe
    std::expected<void, causality_errc> observe(const Member& m,
                                                const causal_context<Replica>& seen) {
        return observe(m, seen.contiguous());
    }

    /// From now on nothing is stable that this member has not seen. It must begin with a state that another
    /// member has now: what was forgotten before it came is not in older ones. Does nothing if it is there.
    void add_member(const Member& m) {
        for (const auto& [member, known] : members_) {
            if (member == m) return;
        }
        members_.emplace_back(m, version_vector<Replica>());
    }

    /// From now on nobody waits for this member. It must never come back with the state that it has.
    void remove_member(const Member& m) {
        std::erase_if(members_, [&m](const auto& x) { return x.first == m; });
    }

    /// How many members there are.
    [[nodiscard]] std::size_t members() const noexcept { return members_.size(); }

    /// The events that all members have seen; none, where there are no members.
    [[nodiscard]] version_vector<Replica> stable() const {
        version_vector<Replica> all;
        if (members_.empty()) return all;
        const auto& first = members_.front().second;
        for (std::size_t i = 0; i < first.size(); ++i) {
            all.raise(first.replicas()[i], stable_of(first.replicas()[i]));
        }
        return all;
    }

    /// Whether all members have seen an event.
    [[nodiscard]] bool is_stable(const dot<Replica>& d) const {
        return d.counter != 0 && d.counter <= stable_of(d.replica);
    }

    friend bool operator==(const stability_frontier&, const stability_frontier&) = default;

private:
    [[nodiscard]] std::uint64_t stable_of(const Replica& r) const {
        std::uint64_t least = members_.empty() ? 0 : max_counter;
        for (const auto& [member, known] : members_) {
            const std::uint64_t count = known.at(r);
            if (count < least) least = count;
        }
        return least;
    }

    std::vector<std::pair<Member, version_vector<Replica>>> members_;
};

}  // namespace coterie::inline v0::causality
