// SPDX-License-Identifier: BSL-1.0
#pragma once

// Registers that keep the largest or the smallest value that was ever assigned: a high score, a version that
// only rises, the earliest deadline.
//
//   crdt::max_register<int> best;
//   auto delta = best.assign(17);
//   if (const int* v = best.value()) ...
//
// Guarantees: the largest (smallest) assignment is never lost. Loses: all others.

#include <concepts>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

namespace detail {

/// What both registers are: the largest value where `IsMax`, the smallest otherwise. No value is worse than any.
template <class Derived, class T, bool IsMax>
class extreme_register {
public:
    /// Assigns a value, if it is better. Returns: the delta.
    Derived assign(T v) {
        Derived delta;
        delta.best_ = std::move(v);
        merge(delta);
        return delta;
    }

    /// The best value, or null before the first assignment.
    [[nodiscard]] const T* value() const noexcept { return best_ ? &*best_ : nullptr; }

    /// The least upper bound: the better of the two.
    void merge(const Derived& other) {
        if (other <= static_cast<const Derived&>(*this)) return;
        auto copy = other.best_;
        best_ = std::move(copy);
    }

    /// The smallest state that brings `other` up to date with this one: this, or nothing.
    [[nodiscard]] Derived delta_since(const Derived& other) const {
        const auto& self = static_cast<const Derived&>(*this);
        return self <= other ? Derived() : self;
    }

    /// Whether the value of `b` is at least as good.
    friend bool operator<=(const Derived& a, const Derived& b) {
        if (!a.best_ || !b.best_) return !a.best_;
        return IsMax ? !(*b.best_ < *a.best_) : !(*a.best_ < *b.best_);
    }
    friend bool operator==(const Derived& a, const Derived& b) { return a.best_ == b.best_; }

private:
    friend struct codec<Derived>;

    std::optional<T> best_;
};

}  // namespace detail

/// The largest value that was assigned. A regular type; a lattice.
template <std::totally_ordered T>
class max_register : public detail::extreme_register<max_register<T>, T, true> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::max_register;
};

/// The smallest value that was assigned. A regular type; a lattice.
template <std::totally_ordered T>
class min_register : public detail::extreme_register<min_register<T>, T, false> {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::min_register;
};

}  // namespace coterie::inline v0::crdt

namespace coterie::inline v0 {

/// An optional value.
template <class Register>
    requires(Register::type_on_wire == crdt::wire_type::max_register ||
             Register::type_on_wire == crdt::wire_type::min_register)
struct codec<Register> {
    static void encode(writer& w, const Register& x) { encode_to(w, x.best_); }
    static std::expected<Register, decode_error> decode(reader& r) {
        Register x;
        x.best_ = r.value<decltype(x.best_)>();
        return r.result(std::move(x));
    }
};

}  // namespace coterie::inline v0
