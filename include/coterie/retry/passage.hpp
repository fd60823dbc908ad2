// SPDX-License-Identifier: BSL-1.0
#pragma once

// One attempt's way through the gates of a pipeline, and what its result becomes. For the library's own headers.

#include <cstddef>
#include <expected>
#include <optional>
#include <tuple>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/gate.hpp>
#include <coterie/retry/retry_call.hpp>

namespace coterie::inline v0::retry::detail {

template <class... Gates>
consteval bool are_in_order() {
    [[maybe_unused]] int last = -1;
    return ((std::exchange(last, static_cast<int>(Gates::kind)) < static_cast<int>(Gates::kind)) &&
            ...);
}

template <class Result>
using guarded = std::expected<typename Result::value_type, gate_error<typename Result::error_type>>;

/// What the caller makes of an error, made of what a call through gates fails with.
template <class Classify>
struct classify_guarded {
    Classify classify;

    template <class E>
    constexpr failure operator()(const gate_error<E>& e) {
        return e.error ? failure(classify(*e.error)) : failure(error_class::refused);
    }
};

/// Whether a gate cannot undo what it gives, and so is asked after those that can.
template <class Gate>
consteval bool is_asked_last() {
    if constexpr (requires { requires Gate::is_asked_last; }) return true;
    return false;
}

/// One attempt's way through the gates: in by their order, but for those that are asked last; out by the opposite one.
/// An attempt that is given up says nothing.
template <class Clock, class... Gates>
class passage {
public:
    constexpr passage(const std::tuple<Gates...>& gates, Clock& clock, auto& random)
        : gates_(gates), clock_(clock) {
        if (enter<0, false>(random)) (void)enter<0, true>(random);
    }
    passage(const passage&) = delete;
    passage& operator=(const passage&) = delete;
    constexpr ~passage() { leave(gate_outcome::nothing); }

    /// The gate that refused, if one did; those before it have their permits back.
    constexpr std::optional<gate_kind> refused_by() const { return refused_by_; }

    /// Leaves the gates as the result says, and passes it on.
    template <class Result>
    constexpr guarded<Result> end(Result result, auto& classify) {
        if (result.has_value()) {
            leave(gate_outcome::answered);
            return succeeded<guarded<Result>>(result);
        }
        leave(outcome_of(failure(classify(std::as_const(result.error()))).what));
        return std::unexpected(gate_error<typename Result::error_type>{std::move(result.error())});
    }

private:
    template <class Gate>
    using permit =
        decltype(std::declval<const Gate&>().try_enter(steady_time{}, std::declval<rng&>()));

    template <std::size_t I, bool IsLast>
    constexpr bool enter(auto& random) {
        if constexpr (I == sizeof...(Gates)) {
            return true;
        } else if constexpr (is_asked_last<std::tuple_element_t<I, std::tuple<Gates...>>>() !=
                             IsLast) {
            return enter<I + 1, IsLast>(random);
        } else {
            const auto& gate = std::get<I>(gates_);
            std::get<I>(permits_) = gate.try_enter(clock_.now(), random);
            if (std::get<I>(permits_)) return enter<I + 1, IsLast>(random);
            refused_by_ = gate.kind;
            leave(gate_outcome::nothing);
            return false;
        }
    }
    constexpr void leave(gate_outcome o) { leave_first<sizeof...(Gates)>(o); }
    template <std::size_t N>
    constexpr void leave_first(gate_outcome o) {
        if constexpr (N > 0) {
            auto& mine = std::get<N - 1>(permits_);
            if (mine) std::get<N - 1>(gates_).leave(*mine, clock_.now(), o);
            mine.reset();
            leave_first<N - 1>(o);
        }
    }

    const std::tuple<Gates...>& gates_;
    Clock& clock_;
    std::tuple<permit<Gates>...> permits_;
    std::optional<gate_kind> refused_by_;
};

}  // namespace coterie::inline v0::retry::detail
