// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a register is regular: every read gives what the last write before it wrote, or a write that it overlaps.
// Less than linearizable: two reads during one write may see the new value and then the old one. What quorums with
// R + W > N give without write-back.
//
//   check::history_of<check::register_model<int>> h;               // reads and writes
//   const check::verdict v = check::regular(h);
//
// With several writers, a write before a read is a last one if no other is wholly between them: each read is judged by
// itself. Give each write a value of its own: if two write the same, a read is right if either explains it.
// Source: Lamport, "On Interprocess Communication", Distributed Computing 1(2), 1986; Shao et al., "Multiwriter
// Consistency Conditions for Shared Memory Registers", SIAM J. Comput. 40(1), 2011.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/text_of.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check {

/// Whether a register is regular. A write of unknown outcome overlaps everything after its invocation.
///
/// The offending are the write that the read missed, where there is one, and the read. Requires: no
/// compare-and-set. Complexity: n log n, and for each read a look at each write of the value that it gave.
template <class T>
[[nodiscard]] verdict regular(const history<register_input<T>, register_output<T>>& h);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The writes of a history, by when they ended; and of those that ended first, the one that began last.
template <class T>
class ended_writes {
public:
    explicit ended_writes(const history<register_input<T>, register_output<T>>& h) : history_(&h) {
        for (operation_id id = 0; id < h.size(); ++id) {
            COTERIE_ASSERT(h[id].input.kind != register_call::cas);
            if (h[id].input.kind == register_call::write && h[id].result != outcome::failed)
                by_end_.push_back(id);
        }
        std::sort(by_end_.begin(), by_end_.end(), [&](operation_id a, operation_id b) {
            return h[a].ended != h[b].ended ? h[a].ended < h[b].ended : a < b;
        });
        for (const operation_id id : by_end_) {
            const bool is_later =
                began_last_.empty() || h[began_last_.back()].invoked < h[id].invoked;
            began_last_.push_back(is_later ? id : began_last_.back());
        }
    }

    /// Of the writes that were over before a read began, the one that began last; none: the history's size.
    [[nodiscard]] operation_id last_before(steady_time read_began) const {
        const auto end = std::lower_bound(
            by_end_.begin(), by_end_.end(), read_began,
            [&](operation_id id, steady_time t) { return (*history_)[id].ended < t; });
        return end == by_end_.begin()
                   ? history_->size()
                   : began_last_[static_cast<std::size_t>(end - by_end_.begin()) - 1];
    }

    /// Whether a write explains a read: one of its value that it may see, when `last` was the last before it.
    [[nodiscard]] bool explain(operation_id read, operation_id last) const {
        const auto& r = (*history_)[read];
        if (!r.output->value.has_value()) return last == history_->size();
        for (const operation_id id : by_end_) {
            const auto& w = (*history_)[id];
            if (w.input.value != *r.output->value || r.precedes(w)) continue;
            if (last == history_->size() || !w.precedes((*history_)[last])) return true;
        }
        return false;
    }

private:
    const history<register_input<T>, register_output<T>>* history_;
    std::vector<operation_id> by_end_;
    std::vector<operation_id> began_last_;  // of the first i + 1 in by_end_
};

}  // namespace detail

template <class T>
verdict regular(const history<register_input<T>, register_output<T>>& h) {
    const detail::ended_writes<T> writes(h);
    for (operation_id id = 0; id < h.size(); ++id) {
        if (h[id].input.kind != register_call::read || h[id].result != outcome::completed) continue;
        const operation_id last = writes.last_before(h[id].invoked);
        if (writes.explain(id, last)) continue;
        const std::string read = "client " + std::to_string(h[id].client) + " read " +
                                 detail::text_of(h[id].output->value);
        if (last == h.size()) return detail::no(read + ", which nobody had begun to write", {id});
        return detail::no(read + " after " + detail::text_of(h[last].input.value) + " was written",
                          {std::min(last, id), std::max(last, id)});
    }
    return {};
}

}  // namespace coterie::inline v0::check
