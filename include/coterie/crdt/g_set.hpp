// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sets without causality. A g_set only grows. A two_phase_set remembers what was removed, for ever: an element
// that was removed once never comes back, whoever adds it.
//
//   crdt::g_set<std::string> seen;
//   auto delta = seen.add("a");
//
// Guarantees: nothing that was added is lost; in a two_phase_set, nothing that was removed returns. Loses: in a
// two_phase_set every add after a remove. Costs: of a two_phase_set, each element that was ever removed. Where
// elements come and go, take or_set.
// Source: Shapiro et al., INRIA RR-7506, 2011, section 3.3.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <expected>
#include <iterator>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// A set that only grows. A regular type; a lattice.
///
/// Complexity: contains logarithmic, add linear, merge linear. Thread safety: that of a value.
template <std::totally_ordered T>
class g_set {
public:
    using value_type = T;
    using const_iterator = std::vector<T>::const_iterator;
    using iterator = const_iterator;

    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::g_set;

    /// Adds an element. Returns: the delta; empty if it was there.
    g_set add(T x) {
        g_set delta;
        const auto at = std::lower_bound(elements_.begin(), elements_.end(), x);
        if (at != elements_.end() && *at == x) return delta;
        delta.elements_.push_back(x);
        elements_.insert(at, std::move(x));
        return delta;
    }

    /// Whether an element was added.
    [[nodiscard]] bool contains(const T& x) const {
        return std::binary_search(elements_.begin(), elements_.end(), x);
    }

    /// How many elements there are.
    [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
    [[nodiscard]] bool empty() const noexcept { return elements_.empty(); }

    /// The elements, sorted.
    [[nodiscard]] const_iterator begin() const noexcept { return elements_.begin(); }
    /// \copydoc begin
    [[nodiscard]] const_iterator end() const noexcept { return elements_.end(); }

    /// The least upper bound: the union.
    void merge(const g_set& other) {
        std::vector<T> all;
        all.reserve(elements_.size() + other.elements_.size());
        std::set_union(elements_.begin(), elements_.end(), other.begin(), other.end(),
                       std::back_inserter(all));
        elements_ = std::move(all);
    }

    /// The smallest state that brings `other` up to date with this one: what it has not.
    [[nodiscard]] g_set delta_since(const g_set& other) const {
        g_set delta;
        std::set_difference(begin(), end(), other.begin(), other.end(),
                            std::back_inserter(delta.elements_));
        return delta;
    }

    /// Whether `b` has all elements of `a`.
    friend bool operator<=(const g_set& a, const g_set& b) {
        return std::includes(b.begin(), b.end(), a.begin(), a.end());
    }
    friend bool operator==(const g_set&, const g_set&) = default;

private:
    friend struct codec<g_set>;

    std::vector<T> elements_;
};

/// A set of which each element can be added and removed once. A regular type; a lattice.
///
/// Complexity: as g_set. Thread safety: that of a value.
template <std::totally_ordered T>
class two_phase_set {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::two_phase_set;

    /// Adds an element; without effect, if it was removed. Returns: the delta.
    two_phase_set add(T x) {
        two_phase_set delta;
        delta.added_ = added_.add(std::move(x));
        return delta;
    }

    /// Removes an element for ever, if it is there. Returns: the delta.
    two_phase_set remove(const T& x) {
        two_phase_set delta;
        if (!added_.contains(x)) return delta;
        delta.removed_ = removed_.add(x);
        return delta;
    }

    /// Whether an element was added and not removed.
    [[nodiscard]] bool contains(const T& x) const {
        return added_.contains(x) && !removed_.contains(x);
    }

    /// The elements, sorted.
    [[nodiscard]] std::vector<T> elements() const {
        std::vector<T> all;
        std::set_difference(added_.begin(), added_.end(), removed_.begin(), removed_.end(),
                            std::back_inserter(all));
        return all;
    }

    /// How many elements there are. Complexity: linear.
    [[nodiscard]] std::size_t size() const { return elements().size(); }

    /// The least upper bound.
    void merge(const two_phase_set& other) {
        added_.merge(other.added_);
        removed_.merge(other.removed_);
    }

    /// The smallest state that brings `other` up to date with this one.
    [[nodiscard]] two_phase_set delta_since(const two_phase_set& other) const {
        two_phase_set delta;
        delta.added_ = added_.delta_since(other.added_);
        delta.removed_ = removed_.delta_since(other.removed_);
        return delta;
    }

    /// Whether `b` has seen all adds and removes that `a` has.
    friend bool operator<=(const two_phase_set& a, const two_phase_set& b) {
        return a.added_ <= b.added_ && a.removed_ <= b.removed_;
    }
    friend bool operator==(const two_phase_set&, const two_phase_set&) = default;

private:
    friend struct codec<two_phase_set>;

    g_set<T> added_;
    g_set<T> removed_;
};

}  // namespace coterie::inline v0::crdt

/// The elements, sorted.
template <coterie::encodable T>
struct coterie::codec<coterie::crdt::g_set<T>> {
    static void encode(writer& w, const crdt::g_set<T>& x) { encode_to(w, x.elements_); }
    static std::expected<crdt::g_set<T>, decode_error> decode(reader& r) {
        crdt::g_set<T> x;
        x.elements_ = r.value<std::vector<T>>();
        const auto not_less = [](const T& a, const T& b) { return !(a < b); };
        if (r.ok() && std::adjacent_find(x.begin(), x.end(), not_less) != x.end()) {
            r.fail(decode_errc::invalid_value);
        }
        return r.result(std::move(x));
    }
};

/// What was added, then what was removed.
template <coterie::encodable T>
struct coterie::codec<coterie::crdt::two_phase_set<T>> {
    static void encode(writer& w, const crdt::two_phase_set<T>& x) {
        encode_to(w, x.added_);
        encode_to(w, x.removed_);
    }
    static std::expected<crdt::two_phase_set<T>, decode_error> decode(reader& r) {
        crdt::two_phase_set<T> x;
        x.added_ = r.value<crdt::g_set<T>>();
        x.removed_ = r.value<crdt::g_set<T>>();
        return r.result(std::move(x));
    }
};
