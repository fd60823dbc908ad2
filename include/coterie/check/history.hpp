// SPDX-License-Identifier: BSL-1.0
#pragma once

// What clients of a system did and what they were answered, with times: what the checkers of this room judge.
//
//   check::history<register_input, int> h;
//   const auto id = h.invoke(client, {write, 3}, now);
//   h.complete(id, {}, later);               // or h.fail(id, later), or nothing: nobody knows
//
// An operation that was neither completed nor failed is of unknown outcome: the client timed out, or crashed.
// It may have taken effect, may do so at any later time, or never; its client may go on meanwhile.
// Source: Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 12(3), 1990.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check {

/// Who invokes operations: a node, a thread, a session.
using client_id = std::uint64_t;

/// An operation of a history: its index, in the order of invoke().
using operation_id = std::size_t;

/// What is known of an operation.
enum class outcome : std::uint8_t {
    unknown,    ///< it may take effect at any time from its invocation on, or never
    completed,  ///< it took effect between invocation and completion
    failed,     ///< it has no effect and never will
};

[[nodiscard]] constexpr const char* describe(outcome o) noexcept {
    switch (o) {
        case outcome::unknown: return "unknown";
        case outcome::completed: return "completed";
        case outcome::failed: return "failed";
    }
    return "no outcome";
}

/// One operation.
template <class Input, class Output>
struct operation {
    client_id client;
    Input input;
    steady_time invoked;
    outcome result = outcome::unknown;
    /// What it gave, if it completed.
    std::optional<Output> output = std::nullopt;
    /// When it completed or failed; the last time of all where the outcome is unknown.
    steady_time ended = steady_time::max();

    /// Whether it was over before the other began. If neither was, they are concurrent: so are two of which
    /// one ends at the very time at which the other begins.
    [[nodiscard]] constexpr bool precedes(const operation& other) const noexcept {
        return ended < other.invoked;
    }
};

/// The operations of a run, in the order in which they were recorded.
///
/// Complexity: constant a call. Memory: the operations, and nothing else. Thread safety: that of a vector;
/// threads that record each keep their own and join them with append().
template <class Input, class Output>
class history {
public:
    using input_type = Input;
    using output_type = Output;
    using value_type = operation<Input, Output>;
    using const_iterator = std::vector<value_type>::const_iterator;

    /// A client asks for something. Returns: the name of the operation, for complete() and fail().
    operation_id invoke(client_id client, Input input, steady_time at) {
        operations_.push_back({client, std::move(input), at});
        return operations_.size() - 1;
    }

    /// The client was answered. Requires: an operation that has no outcome yet, and a time that is not before
    /// its invocation.
    void complete(operation_id id, Output output, steady_time at) {
        end(id, outcome::completed, at);
        operations_[id].output = std::move(output);
    }

    /// The client knows that it did not happen and will not. Requires: as complete().
    void fail(operation_id id, steady_time at) { end(id, outcome::failed, at); }

    /// Adds the operations of another history, whose times are of the same clock. Returns: the name that its
    /// first operation has here; those of the others follow.
    operation_id append(const history& other) {
        const operation_id first = operations_.size();
        operations_.insert(operations_.end(), other.begin(), other.end());
        return first;
    }

    /// An operation by its name. Requires: id < size().
    [[nodiscard]] const value_type& operator[](operation_id id) const {
        COTERIE_ASSERT(id < operations_.size());
        return operations_[id];
    }

    /// How many operations there are.
    [[nodiscard]] std::size_t size() const noexcept { return operations_.size(); }
    [[nodiscard]] bool empty() const noexcept { return operations_.empty(); }
    [[nodiscard]] const_iterator begin() const noexcept { return operations_.begin(); }
    [[nodiscard]] const_iterator end() const noexcept { return operations_.end(); }

    /// Makes room for that many operations.
    void reserve(std::size_t operations) { operations_.reserve(operations); }

private:
    void end(operation_id id, outcome result, steady_time at) {
        COTERIE_ASSERT(id < operations_.size());
        value_type& op = operations_[id];
        COTERIE_ASSERT(op.result == outcome::unknown);
        COTERIE_ASSERT(at >= op.invoked);
        op.result = result;
        op.ended = at;
    }

    std::vector<value_type> operations_;
};

}  // namespace coterie::inline v0::check
