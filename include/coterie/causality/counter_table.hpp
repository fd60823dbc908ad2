// SPDX-License-Identifier: BSL-1.0
#pragma once

// A counter for each replica, joined by the larger of two: what version vectors, vector clocks and
// grow-only counters are made of. Replicas and counters lie in two arrays of their own, sorted by replica,
// so that tables of the same replicas are compared and merged as two runs of numbers, by vector code. For the
// library's own headers.

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/causality/counters_x86.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality::detail {

/// Counters by replica; those that are not there are zero, and zeros are not there. A regular type.
template <class Replica>
    requires std::regular<Replica> && std::totally_ordered<Replica>
class counter_table {
public:
    [[nodiscard]] std::size_t size() const noexcept { return replicas_.size(); }
    [[nodiscard]] bool empty() const noexcept { return replicas_.empty(); }

    /// The replicas in their order, and their counters.
    [[nodiscard]] const std::vector<Replica>& replicas() const noexcept { return replicas_; }
    [[nodiscard]] const std::vector<std::uint64_t>& counters() const noexcept { return counters_; }

    /// The counter of a replica, or zero. Complexity: logarithmic.
    [[nodiscard]] std::uint64_t at(const Replica& r) const {
        const std::size_t i = place_of(r);
        return is_at(i, r) ? counters_[i] : 0;
    }

    /// Raises a counter to `counter`, if it is smaller.
    void raise(const Replica& r, std::uint64_t counter) {
        if (counter == 0) return;
        const std::size_t i = place_of(r);
        if (is_at(i, r)) {
            counters_[i] = std::max(counters_[i], counter);
            return;
        }
        replicas_.insert(replicas_.begin() + static_cast<std::ptrdiff_t>(i), r);
        counters_.insert(counters_.begin() + static_cast<std::ptrdiff_t>(i), counter);
    }

    /// Forgets a replica.
    void erase(const Replica& r) {
        const std::size_t i = place_of(r);
        if (!is_at(i, r)) return;
        replicas_.erase(replicas_.begin() + static_cast<std::ptrdiff_t>(i));
        counters_.erase(counters_.begin() + static_cast<std::ptrdiff_t>(i));
    }

    /// Appends the largest replica so far. Requires: it is that, and counter > 0.
    void append(const Replica& r, std::uint64_t counter) {
        replicas_.push_back(r);
        counters_.push_back(counter);
    }

    /// The larger of each two counters.
    void merge(const counter_table& other) {
        if (same_replicas(other)) {
            raise_counters(counters_.data(), other.counters_.data(), size());
            return;
        }
        counter_table merged;
        merged.replicas_.reserve(size() + other.size());
        merged.counters_.reserve(size() + other.size());
        for_each_pair(*this, other, [&](const Replica& r, std::uint64_t a, std::uint64_t b) {
            merged.append(r, std::max(a, b));
            return true;
        });
        *this = std::move(merged);
    }

    /// The counters that are larger here.
    [[nodiscard]] counter_table larger_than(const counter_table& other) const {
        counter_table rest;
        for_each_pair(*this, other,
                      [&](const Replica& r, std::uint64_t mine, std::uint64_t theirs) {
                          if (mine > theirs) rest.append(r, mine);
                          return true;
                      });
        return rest;
    }

    /// less where no counter of `a` is larger and they differ, and so on. Complexity: linear; concurrent
    /// tables are told early.
    friend std::partial_ordering compare(const counter_table& a, const counter_table& b) {
        bool any_less = false, any_greater = false;
        if (a.same_replicas(b)) {
            const counters_order order =
                compare_counters(a.counters_.data(), b.counters_.data(), a.size());
            any_less = order.any_less;
            any_greater = order.any_greater;
        } else {
            for_each_pair(a, b, [&](const Replica&, std::uint64_t x, std::uint64_t y) {
                any_less = any_less || x < y;
                any_greater = any_greater || x > y;
                return !(any_less && any_greater);
            });
        }
        if (any_less) {
            return any_greater ? std::partial_ordering::unordered : std::partial_ordering::less;
        }
        return any_greater ? std::partial_ordering::greater : std::partial_ordering::equivalent;
    }

    /// Calls `f(replica, a's counter, b's counter)` for the replicas of either, in order, while it says so.
    template <class F>
    friend void for_each_pair(const counter_table& a, const counter_table& b, F&& f) {
        std::size_t i = 0, j = 0;
        while (i < a.size() || j < b.size()) {
            const bool mine = j == b.size() || (i < a.size() && !(b.replicas_[j] < a.replicas_[i]));
            const bool theirs =
                i == a.size() || (j < b.size() && !(a.replicas_[i] < b.replicas_[j]));
            const Replica& r = mine ? a.replicas_[i] : b.replicas_[j];
            if (!f(r, mine ? a.counters_[i] : 0, theirs ? b.counters_[j] : 0)) return;
            i += mine ? 1 : 0;
            j += theirs ? 1 : 0;
        }
    }

    friend bool operator==(const counter_table& a, const counter_table& b) {
        return a.same_replicas(b) && a.counters_ == b.counters_;
    }

    /// A count, then the replicas, then the counters as varints.
    void encode(writer& w) const
        requires encodable<Replica>
    {
        w.varint(size());
        for (const Replica& r : replicas_) encode_to(w, r);
        for (const std::uint64_t c : counters_) w.varint(c);
    }

    /// Errors: those of the parts; invalid_value where replicas are not in order, or a counter is zero;
    /// limit_exceeded where it is above `most`.
    static std::expected<counter_table, decode_error> decode(reader& r, std::uint64_t most)
        requires encodable<Replica>
    {
        counter_table table;
        const std::size_t size = r.count(2);  // a byte of each at least
        table.replicas_.reserve(r.reservable(size, sizeof(Replica)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto replica = r.value<Replica>();
            if (r.ok() && i > 0 && !(table.replicas_.back() < replica)) {
                r.fail(decode_errc::invalid_value);
            }
            table.replicas_.push_back(std::move(replica));
        }
        table.counters_.reserve(r.reservable(size, sizeof(std::uint64_t)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            const std::uint64_t counter = r.varint();
            if (r.ok() && counter == 0) r.fail(decode_errc::invalid_value);
            if (r.ok() && counter > most) r.fail(decode_errc::limit_exceeded);
            table.counters_.push_back(counter);
        }
        return r.result(std::move(table));
    }

private:
    [[nodiscard]] std::size_t place_of(const Replica& r) const {
        return static_cast<std::size_t>(std::lower_bound(replicas_.begin(), replicas_.end(), r) -
                                        replicas_.begin());
    }

    [[nodiscard]] bool is_at(std::size_t i, const Replica& r) const {
        return i < replicas_.size() && replicas_[i] == r;
    }

    [[nodiscard]] bool same_replicas(const counter_table& other) const {
        if (size() != other.size()) return false;
        if constexpr (std::has_unique_object_representations_v<Replica> &&
                      std::is_trivially_copyable_v<Replica>) {
            return empty() || std::memcmp(replicas_.data(), other.replicas_.data(),
                                          size() * sizeof(Replica)) == 0;
        } else {
            return replicas_ == other.replicas_;
        }
    }

    std::vector<Replica> replicas_;
    std::vector<std::uint64_t> counters_;
};

}  // namespace coterie::inline v0::causality::detail
