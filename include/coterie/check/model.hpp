// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a history is judged by: a sequential specification, as a state and what each operation makes of it.
//
//   struct counter {                                // a user's own
//       using state = int;
//       using input = int;                          // what to add
//       using output = int;                         // what add gave: the new sum
//       state initial() const { return 0; }
//       bool step(state& s, const input& x, const output* given) const {
//           s += x;
//           return given == nullptr || *given == s;
//       }
//   };
//
// Ready made: register_model.hpp (and compare-and-set), key_value_model.hpp, set_model.hpp, queue_model.hpp,
// counter_model.hpp, lock_model.hpp.

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>

#include <coterie/check/history.hpp>

namespace coterie::inline v0::check {

namespace detail {

template <class M>
concept has_own_hash = requires(const M& m, const M::state& s) {
    { m.hash(s) } -> std::convertible_to<std::size_t>;
};

template <class M>
concept has_hash = requires(const M::state& s) {
    { std::hash<typename M::state>()(s) } -> std::convertible_to<std::size_t>;
};

}  // namespace detail

/// A sequential specification.
///
/// `step(s, input, output)` says whether the operation can take effect in state `s` and give `*output`, and if
/// so makes `s` the state after it; otherwise `s` may be anything. Where the outcome is not known, `output` is
/// null, and the state after it must allow all that any output would. States are regular, and hashable: by
/// std::hash, or by the model's own `hash(s)`.
template <class M>
concept model = std::regular<typename M::state> &&
                requires(const M& m, M::state& s, const M::input& input, const M::output* output) {
                    { m.initial() } -> std::convertible_to<typename M::state>;
                    { m.step(s, input, output) } -> std::same_as<bool>;
                };

/// A model of many independent objects: `key(input)` says which one an operation is on. Then state and step are
/// those of one object, and each is checked by itself. Keys are ordered by <.
template <class M>
concept keyed_model = model<M> && requires(const M& m, const M::input& input) {
    { m.key(input) } -> std::totally_ordered;
};

/// A model that can say what an operation was: `text(input, output)` gives "write 3", "read: 3", or, of unknown
/// outcome, "read: ?". For reports alone.
template <class M>
concept described_model =
    model<M> && requires(const M& m, const M::input& input, const M::output* output) {
        { m.text(input, output) } -> std::same_as<std::string>;
    };

/// A history of operations that a model knows.
template <class M>
using history_of = history<typename M::input, typename M::output>;

}  // namespace coterie::inline v0::check
