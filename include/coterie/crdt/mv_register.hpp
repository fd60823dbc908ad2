// SPDX-License-Identifier: BSL-1.0
#pragma once

// A multi-value register. An assignment replaces what its replica has seen; assignments that do not know of
// each other stand side by side, and the next one that has seen them all replaces them.
//
//   crdt::mv_register<std::string> title;
//   title.assign(me, "Draft");
//   title.merge(theirs);
//   if (title.size() > 1) ...                 // somebody has to choose
//
// Guarantees: no assignment is lost unless a later one has seen it. Costs: a value for each concurrent writer.
// Where any of them will do, lww_register keeps one.
// Source: DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007, section 4.4.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// The values of the assignments that no other one has replaced. A regular type; a lattice.
///
/// Complexity: linear in the number of concurrent assignments. Thread safety: that of a value.
template <std::totally_ordered T, causality::replica_name Replica = causality::replica_id>
class mv_register : public detail::causal_value<mv_register<T, Replica>,
                                                detail::dot_values<T, Replica>, Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::mv_register;

    /// Replaces all values that are seen here by one. Returns: the delta. Errors: dots_exhausted.
    std::expected<mv_register, crdt_errc> assign(const Replica& r, T v) {
        const auto event = this->next_event(r);
        if (!event.has_value()) return std::unexpected(event.error());
        mv_register delta;
        delta.state_.store.insert(*event, v);  // the copy that may throw is before all changes
        delta.state_.context = this->dots_of(this->state_.store);
        delta.state_.context.insert(*event);
        this->take_all();
        this->state_.store.insert(*event, std::move(v));
        this->know(*event);
        return delta;
    }

    /// Removes all values that are seen here. Returns: the delta.
    mv_register clear(const Replica& /*r*/) {
        mv_register delta;
        delta.state_.context = this->dots_of(this->state_.store);
        this->take_all();
        return delta;
    }

    /// The values, sorted; equal ones once.
    [[nodiscard]] std::vector<T> values() const {
        std::vector<T> all;
        for (const auto& e : this->state_.store.entries()) all.push_back(e.value);
        std::ranges::sort(all);
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    /// How many assignments stand side by side; their values may be equal.
    [[nodiscard]] std::size_t size() const noexcept { return this->state_.store.entries().size(); }
};

}  // namespace coterie::inline v0::crdt
