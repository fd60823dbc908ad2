// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue, first in, first out, as a model of linearizable().
//
//   check::history_of<check::queue_model<int>> h;
//   h.complete(h.invoke(0, {check::queue_call::enqueue, 3}, t0), {}, t1);
//   h.complete(h.invoke(1, {}, t2), 3, t3);   // a dequeue

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <coterie/check/text_of.hpp>
#include <coterie/core/bits.hpp>

namespace coterie::inline v0::check {

/// What a client asks of a queue.
enum class queue_call : std::uint8_t {
    dequeue,
    enqueue
};

/// A call of a queue. A dequeue has no value.
template <class T>
struct queue_input {
    queue_call kind = queue_call::dequeue;
    T value{};

    friend bool operator==(const queue_input&, const queue_input&) = default;
};

/// A queue that is empty at first. A dequeue gives the value, or nothing where the queue is empty; the output of
/// an enqueue counts for nothing. T: regular and hashable.
template <class T>
struct queue_model {
    using state = std::vector<T>;
    using input = queue_input<T>;
    using output = std::optional<T>;

    /// The state at first.
    [[nodiscard]] state initial() const { return {}; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] bool step(state& s, const input& in, const output* out) const {
        if (in.kind == queue_call::enqueue) {
            s.push_back(in.value);
            return true;
        }
        if (s.empty()) return out == nullptr || !out->has_value();
        const bool is_first = out == nullptr || *out == s.front();
        s.erase(s.begin());
        return is_first;
    }

    /// std::vector has no std::hash.
    [[nodiscard]] std::size_t hash(const state& s) const {
        std::uint64_t all = s.size();
        for (const T& x : s) all = coterie::detail::mix64(all + std::hash<T>()(x) + 1);
        return static_cast<std::size_t>(all);
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        if (in.kind == queue_call::enqueue) return "enqueue " + detail::text_of(in.value);
        return "dequeue: " + (out != nullptr ? detail::text_of(*out) : "?");
    }
};

}  // namespace coterie::inline v0::check
