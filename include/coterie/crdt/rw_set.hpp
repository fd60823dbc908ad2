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
#include <cstdint>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
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

    /// Removes all elements, each by an event of its own. Returns: the delta. Errors: dots_exhausted, where there are
    /// not enough events for all of them; then all stay.
    std::expected<rw_set, crdt_errc> clear(const Replica& r) {
        rw_set delta;
        const auto& entries = this->state_.store.entries();
        const auto in = static_cast<std::uint64_t>(
            std::ranges::count_if(entries, [](const auto& e) { return is_in(e.second); }));
        if (in == 0) return delta;
        const auto first = this->next_event(r);
        if (!first.has_value()) return std::unexpected(first.error());
        if (causality::max_counter - first->counter < in - 1) {
            return std::unexpected(crdt_errc::dots_exhausted);
        }
        // Copies come first: after them nothing is but moved.
        rows_type marked;
        typename rows_type::taken_type taken;
        auto event = *first;
        for (const auto& [x, marks] : entries) {
            if (!is_in(marks)) continue;
            prepare(marked, taken, delta, x, event, false);
            event.counter += 1;
        }
        delta.state_.store = marked;
        commit(std::move(marked), std::move(taken), {r, first->counter, event.counter - 1});
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
        typename rows_type::taken_type taken;
        for (const T& x : forgotten) taken.absorb(this->state_.store.take(x));
        if (auto* const log = this->log()) log->keep(std::move(taken));
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
    using rows_type = detail::keyed_stores<T, marks_type, Replica>;

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
        rows_type marked;
        typename rows_type::taken_type taken;
        prepare(marked, taken, delta, x, *event, is_added);
        const std::size_t place = this->state_.store.place_for(x);
        if (auto* const log = this->log()) log->keep(std::move(taken));
        this->state_.store.store_at(place) = marked.entries().front().second;
        this->know(*event);
        delta.state_.store = std::move(marked);
        return delta;
    }

    /// Makes a mark that replaces those of an element, copies these where somebody has to keep them, and tells the
    /// context of the delta. All that may throw is here.
    void prepare(rows_type& marked, typename rows_type::taken_type& taken, rw_set& delta,
                 const T& x, const causality::dot<Replica>& event, bool is_added) const {
        if (const auto* const marks = this->state_.store.find(x)) {
            marks->for_each_dot([&](const auto& d) { delta.state_.context.insert(d); });
            if (this->log() != nullptr) taken.absorb({x, *marks});
        }
        delta.state_.context.insert(event);
        marks_type mark;
        mark.insert(event, is_added);
        marked.absorb({x, std::move(mark)});
    }

    void commit(rows_type&& marked, typename rows_type::taken_type&& taken,
                const causality::dot_range<Replica>& events) {
        if (auto* const log = this->log()) log->keep(std::move(taken));
        this->state_.store.replace(std::move(marked));
        this->know(events);
    }
};

}  // namespace coterie::inline v0::crdt
