// SPDX-License-Identifier: BSL-1.0
#pragma once

// A set to which removes win: of an add and a remove that do not know of each other, the remove prevails.
// So a remove is remembered, as a mark beside the element, until somebody who saw it adds the element again;
// or_set remembers none and lets the add win.
//
//   crdt::rw_set<std::string> allowed;
//   allowed.add(admin, "alice");
//   allowed.remove(other_admin, "alice");     // wins over an add that it does not know of
//
// Guarantees: an element that somebody has removed is out until somebody who knows that adds it. Loses: adds
// that do not know of a remove. Costs: an entry for each element that is removed, until forget_removes.
// Source: Bieniusa et al., "Brief Announcement: Semantics of Eventually Consistent Replicated Sets", DISC 2012.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// A set to which removes win. A regular type; a lattice.
///
/// Complexity: contains logarithmic, add and remove linear in the number of elements; merge linear.
/// Thread safety: that of a value.
template <std::totally_ordered T, causality::replica_name Replica = causality::replica_id>
class rw_set : public detail::causal_value<
                   rw_set<T, Replica>,
                   detail::keyed_stores<T, detail::dot_values<bool, Replica>, Replica>, Replica> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::rw_set;

    /// Adds an element, and overrules the removes that are seen here. Returns: the delta.
    /// Errors: dots_exhausted.
    std::expected<rw_set, crdt_errc> add(const Replica& r, const T& x) { return write(r, x, true); }

    /// Removes an element, and overrules the adds that are seen here and those that do not know of this: also
    /// where it has not been added yet. Returns: the delta. Errors: dots_exhausted.
    std::expected<rw_set, crdt_errc> remove(const Replica& r, const T& x) {
        return write(r, x, false);
    }

    /// Removes all elements. Returns: the delta. Errors: dots_exhausted.
    std::expected<rw_set, crdt_errc> clear(const Replica& r) {
        rw_set delta;
        for (const T& x : elements()) {
            const auto one = remove(r, x);
            if (!one.has_value()) return std::unexpected(one.error());
            delta.merge(*one);
        }
        return delta;
    }

    /// Forgets the marks of elements that are out by removes which every member has seen (the stable() of a
    /// stability_frontier): there is no add left that does not know of them. Returns: the delta.
    rw_set forget_removes(const causality::version_vector<Replica>& stable) {
        rw_set delta;
        std::vector<T> forgotten;
        for (const auto& [x, marks] : this->state_.store.entries()) {
            if (is_in(marks) || !are_removes_in(stable, marks)) continue;
            marks.for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
            forgotten.push_back(x);
        }
        for (const T& x : forgotten) this->state_.store.put(x, {});
        return delta;
    }

    [[nodiscard]] bool contains(const T& x) const {
        const auto* const marks = this->state_.store.find(x);
        return marks != nullptr && is_in(*marks);
    }

    /// The elements, sorted.
    [[nodiscard]] std::vector<T> elements() const {
        std::vector<T> all;
        for (const auto& [x, marks] : this->state_.store.entries()) {
            if (is_in(marks)) all.push_back(x);
        }
        return all;
    }

    /// How many elements there are. Complexity: linear.
    [[nodiscard]] std::size_t size() const { return elements().size(); }

private:
    using marks_type = detail::dot_values<bool, Replica>;

    static bool is_in(const marks_type& marks) {
        return std::ranges::all_of(marks.entries(), [](const auto& e) { return e.value; });
    }

    static bool are_removes_in(const causality::version_vector<Replica>& seen,
                               const marks_type& marks) {
        return std::ranges::all_of(
            marks.entries(), [&seen](const auto& e) { return e.value || seen.contains(e.at); });
    }

    std::expected<rw_set, crdt_errc> write(const Replica& r, const T& x, bool is_added) {
        const auto event = this->next_event(r);
        if (!event.has_value()) return std::unexpected(event.error());
        rw_set delta;
        if (const auto* const marks = this->state_.store.find(x)) {
            marks->for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
        }
        marks_type mark;
        mark.insert(*event, is_added);
        delta.state_.context.insert(*event);
        delta.state_.store.put(x, mark);
        this->state_.context.insert(*event);
        this->state_.store.put(x, std::move(mark));
        return delta;
    }
};

}  // namespace coterie::inline v0::crdt
