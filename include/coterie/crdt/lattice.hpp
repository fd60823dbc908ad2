// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every replicated value here is: a join-semilattice. `merge` is the least upper bound, so it does not
// matter in which order states arrive, how often, or in what company; replicas that have merged the same
// states are equal. A mutator changes a state and returns a *delta*: a small state of the same type that,
// merged elsewhere, does there what it did here.
//
//   auto delta = cart.add(me, "apples");     // std::expected: dots can run out
//   send(encode(*delta));                    // ... and elsewhere:
//   theirs.merge(*decode<crdt::or_set<std::string>>(bytes));
//
// `a <= b` says that b has all that a has. It is a partial order: of two states neither may be below the
// other. `a.delta_since(b)` is the smallest state that brings b up to date: b.merge(a.delta_since(b)) and
// b.merge(a) are the same.
// Source: Shapiro, Preguiça, Baquero and Zawirski, "Conflict-Free Replicated Data Types", SSS 2011; Almeida,
// Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529; Enes, Almeida, Baquero and
// Leitão, "Efficient Synchronization of State-based CRDTs", arXiv:1803.02750.

#include <concepts>

namespace coterie::inline v0::crdt {

/// A value with a least upper bound. Laws: merge is commutative, associative and idempotent; a <= b if and
/// only if merging a into b leaves b as it is.
template <class L>
concept lattice = std::regular<L> && requires(L& a, const L& b) {
    a.merge(b);
    { b <= b } -> std::convertible_to<bool>;
};

/// A lattice whose states can be told apart by the smallest one between them.
template <class L>
concept delta_lattice = lattice<L> && requires(const L& a, const L& b) {
    { a.delta_since(b) } -> std::same_as<L>;
};

namespace detail {

/// See causal_value.hpp.
template <class Value>
class lending;

/// A value that can be lent to a function, and have undone what the function did.
template <class Value>
concept lendable = requires { requires Value::is_lendable; };

}  // namespace detail

}  // namespace coterie::inline v0::crdt
