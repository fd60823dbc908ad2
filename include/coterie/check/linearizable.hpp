// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a concurrent history is linearizable: whether each operation can have taken effect at one instant between
// its call and its return, so that all in the order of these instants do what the model says.
//
//   const check::verdict v = check::linearizable(h, check::register_model<int>());
//   if (!v) report(v.reason, v.offending);
//
// The search goes along the returns and tries the open operations in turn; it remembers where it has been. The
// problem is NP-complete: what it costs grows with the operations that are open at one time, and with those of
// unknown outcome. Where the model has keys, each is checked by itself. limits say when it gives up.
// Source: Wing and Gong, "Testing and Verifying Concurrent Objects", JPDC 17, 1993; Lowe, "Testing for
// Linearizability", Concurrency and Computation 29(4), 2017; Horn and Kroening, "Faster Linearizability Checking
// via P-compositionality", FORTE 2015.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coterie/check/configurations.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/timeline.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check {

/// When a search gives up.
struct search_limits {
    /// Steps of the model.
    std::uint64_t steps = 100'000'000;
    /// Bytes for what it remembers, but for what states hold on the heap.
    std::size_t bytes = std::size_t{1} << 30;
};

/// Judges a history.
///
/// Returns: yes; no with a part of the history that shows it; unknown if it came to the limits first. The part is
/// locally minimal: even if the outcome of all other operations were unknown it could not be; but if that of any
/// single one of the part were unknown too, it could. (Where the limits are too narrow to find that out, the part
/// is larger, and `reason` says so.) Complexity: exponential in the worst case. Thread safety: none needed.
template <model M>
[[nodiscard]] verdict linearizable(const history_of<M>& h, const M& m,
                                   const search_limits& limits = {});

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// States by number: each different one is kept once.
template <model M>
class state_table {
    using state = M::state;

public:
    explicit state_table(const M& m) : model_(&m), heads_(16, none) {}

    index number_of(const state& s) {
        const std::size_t hash = hash_of(s);
        for (index i = heads_[hash % heads_.size()]; i != none; i = rows_[i].next)
            if (rows_[i].hash == hash && rows_[i].value == s) return i;
        rows_.push_back({s, hash, none});
        if (rows_.size() > heads_.size()) {
            heads_.assign(2 * heads_.size(), none);
            for (index i = 0; i < rows_.size(); ++i) link(i);
        } else {
            link(static_cast<index>(rows_.size() - 1));
        }
        return static_cast<index>(rows_.size() - 1);
    }
    [[nodiscard]] const state& operator[](index number) const { return rows_[number].value; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return rows_.capacity() * sizeof(row) + heads_.capacity() * sizeof(index);
    }

private:
    struct row {
        state value;
        std::size_t hash;
        index next;
    };

    [[nodiscard]] std::size_t hash_of(const state& s) const {
        if constexpr (has_own_hash<M>) {
            return model_->hash(s);
        } else {
            // That of a whole number is the number: spread it.
            return static_cast<std::size_t>(coterie::detail::mix64(std::hash<state>()(s)));
        }
    }

    void link(index i) noexcept {
        index& head = heads_[rows_[i].hash % heads_.size()];
        rows_[i].next = head;
        head = i;
    }

    const M* model_;
    std::vector<row> rows_;
    std::vector<index> heads_;
};

/// One search: depth first, without recursion.
template <model M>
class search {
public:
    search(const history_of<M>& h, const M& m, state_table<M>& states,
           const std::vector<operation_id>& ids, const timeline& line)
        : history_(&h),
          model_(&m),
          states_(&states),
          ids_(&ids),
          line_(&line),
          place_(line),
          known_(line),
          twins_(twins()),
          state_(states.number_of(m.initial())),
          farthest_(place_.position()) {}

    answer run(const search_limits& limits) {
        while (!place_.is_at_end()) {
            if (steps_ > limits.steps || known_.bytes() + states_->bytes() > limits.bytes)
                return answer::unknown;
            const index op = next_candidate();
            if (op != none) {
                try_to_take(op);
            } else {
                if (path_.empty()) return answer::no;
                take_back();
            }
        }
        return answer::yes;
    }

    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    /// The farthest that any order of the operations comes.
    [[nodiscard]] index farthest() const noexcept { return farthest_; }

private:
    /// What was taken, and what was so before.
    struct move {
        index op, position, state, tried;
    };

    /// Of each operation of unknown outcome the one before it that asks for the same, if any. They are
    /// interchangeable, so it is enough to take them in this order.
    std::vector<index> twins() const {
        std::vector<index> result(line_->open_for_ever().size(), none);
        if constexpr (std::equality_comparable<typename M::input>) {
            for (index i = 1; i < result.size(); ++i) {
                for (index k = i; k-- > 0 && result[i] == none;)
                    if (input(line_->open_for_ever()[i]) == input(line_->open_for_ever()[k]))
                        result[i] = k + line_->returning();
            }
        }
        return result;
    }

    const typename M::input& input(index op) const { return (*history_)[(*ids_)[op]].input; }

    /// An open operation that has not been tried here: the one that has to be taken first, those of unknown
    /// outcome last.
    index next_candidate() {
        const index required = place_.required();
        if (tried_++ == 0) return required;
        for (; tried_ - 2 < line_->slots(); ++tried_) {
            const index slot = tried_ - 2, op = place_.waiting_in(slot);
            if (op == none) {
                if (slot >= line_->returning() && !place_.taken().contains(slot)) break;
                continue;
            }
            if (op != required && !has_twin_waiting(slot)) return op;
        }
        return none;
    }

    [[nodiscard]] bool has_twin_waiting(index slot) const {
        if (slot < line_->returning()) return false;
        const index twin = twins_[slot - line_->returning()];
        return twin != none && !place_.taken().contains(twin);
    }

    void try_to_take(index op) {
        ++steps_;
        const auto& [client, input, invoked, result, output, ended] = (*history_)[(*ids_)[op]];
        scratch_ = (*states_)[state_];
        const typename M::output* const given = line_->returns(op) ? &*output : nullptr;
        if (!model_->step(scratch_, input, given)) return;
        const bool is_same = scratch_ == (*states_)[state_];
        if (is_same && given == nullptr) return;
        if (does_not_need_last(input, given)) return;
        const move m{op, place_.position(), state_, tried_};
        place_.take(op);
        if (!is_same) state_ = states_->number_of(scratch_);
        farthest_ = std::max(farthest_, place_.position());
        if (known_.insert(place_.position(), state_, place_.taken().words())) {
            path_.push_back(m);
            tried_ = 0;
        } else {
            place_.take_back(op, m.position);
            state_ = m.state;
        }
    }

    /// Whether the state would be what it is now had the operation before not been taken, one of unknown outcome.
    /// Then the path without that one leads to all that this one leads to.
    bool does_not_need_last(const M::input& input, const M::output* given) {
        if (path_.empty() || line_->returns(path_.back().op)) return false;
        without_ = (*states_)[path_.back().state];
        return model_->step(without_, input, given) && without_ == scratch_;
    }

    void take_back() {
        const move& m = path_.back();
        place_.take_back(m.op, m.position);
        state_ = m.state;
        tried_ = m.tried;
        path_.pop_back();
    }

    const history_of<M>* history_;
    const M* model_;
    state_table<M>* states_;
    const std::vector<operation_id>* ids_;
    const timeline* line_;
    place place_;
    configurations known_;
    std::vector<index> twins_;
    typename M::state scratch_{}, without_{};
    std::vector<move> path_;
    std::uint64_t steps_ = 0;
    index state_;
    index farthest_;
    index tried_ = 0;
};

/// The operations of one key, or of a history whose model has none.
template <model M>
class object_check {
public:
    object_check(const history_of<M>& h, const M& m, std::vector<operation_id> ids)
        : history_(&h), model_(&m), ids_(std::move(ids)), states_(m) {
        for (const operation_id id : ids_) is_held_.push_back(h[id].result == outcome::completed);
    }

    verdict run(const search_limits& limits) {
        const answer found = check(limits);
        if (found == answer::yes) return {};
        if (found == answer::unknown)
            return {found, "gave up after " + std::to_string(steps_) + " steps", {}};
        const operation_id stuck = stuck_;
        for (std::size_t i = 0; i < ids_.size(); ++i)
            if ((*history_)[ids_[i]].invoked > (*history_)[stuck].ended) is_held_[i] = false;
        let_go(0, ids_.size(), {std::min(limits.steps, 4 * steps_ + 100'000), limits.bytes});
        return no("no order of the operations explains " + text_of_operation(stuck) +
                      (is_minimal_ ? "" : "; the part may be larger than need be"),
                  held());
    }

private:
    answer check(const search_limits& limits) {
        // What begins after all known returns, and need not happen, has no say.
        steady_time last_return = steady_time::min();
        for (std::size_t i = 0; i < ids_.size(); ++i)
            if (is_held_[i]) last_return = std::max(last_return, (*history_)[ids_[i]].ended);
        std::vector<operation_id> ids;
        std::vector<interval> intervals;
        for (std::size_t i = 0; i < ids_.size(); ++i) {
            const auto& op = (*history_)[ids_[i]];
            if (op.invoked > last_return) continue;
            ids.push_back(ids_[i]);
            intervals.push_back({op.invoked, op.ended, is_held_[i]});
        }
        const timeline line(intervals);
        search<M> s(*history_, *model_, states_, ids, line);
        const answer found = s.run(limits);
        steps_ = s.steps();
        if (found == answer::no) stuck_ = ids[line.events()[s.farthest()].op];
        return found;
    }

    /// Takes the outcome of as many operations as unknown as the history bears without becoming linearizable: of
    /// all in [first, last), or else of those in either half. What is let go never has to be held again, since
    /// each step leaves more orders than before; so those that stay are all needed.
    void let_go(std::size_t first, std::size_t last, const search_limits& limits) {
        const auto begin = is_held_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = is_held_.begin() + static_cast<std::ptrdiff_t>(last);
        if (std::find(begin, end, true) == end) return;
        const std::vector<bool> before(begin, end);
        std::fill(begin, end, false);
        const answer found = check(limits);
        if (found == answer::no) return;
        std::copy(before.begin(), before.end(), begin);
        if (last - first == 1) {
            is_minimal_ = is_minimal_ && found == answer::yes;
            return;
        }
        const std::size_t middle = first + (last - first) / 2;
        let_go(first, middle, limits);
        let_go(middle, last, limits);
    }

    [[nodiscard]] std::vector<operation_id> held() const {
        std::vector<operation_id> result;
        for (std::size_t i = 0; i < ids_.size(); ++i)
            if (is_held_[i]) result.push_back(ids_[i]);
        return result;
    }

    [[nodiscard]] std::string text_of_operation(operation_id id) const {
        const auto& op = (*history_)[id];
        std::string text =
            "operation " + std::to_string(id) + " of client " + std::to_string(op.client);
        if constexpr (described_model<M>) text += ", " + model_->text(op.input, &*op.output);
        return text;
    }

    const history_of<M>* history_;
    const M* model_;
    std::vector<operation_id> ids_;
    std::vector<bool> is_held_;  // of each: whether its outcome is held against the model
    state_table<M> states_;
    std::uint64_t steps_ = 0;
    operation_id stuck_ = 0;  // of the last search, what no order comes past
    bool is_minimal_ = true;
};

/// The operations that count, those of one key side by side.
template <model M>
std::vector<std::vector<operation_id>> objects_of(const history_of<M>& h, const M& m) {
    std::vector<operation_id> ids;
    for (operation_id id = 0; id < h.size(); ++id)
        if (h[id].result != outcome::failed) ids.push_back(id);
    if constexpr (!keyed_model<M>) {
        return {std::move(ids)};
    } else {
        const auto less = [&](operation_id a, operation_id b) {
            return m.key(h[a].input) < m.key(h[b].input);
        };
        std::sort(ids.begin(), ids.end(), [&](operation_id a, operation_id b) {
            return less(a, b) || (!less(b, a) && a < b);
        });
        std::vector<std::vector<operation_id>> objects;
        for (const operation_id id : ids) {
            if (objects.empty() || less(objects.back().back(), id)) objects.emplace_back();
            objects.back().push_back(id);
        }
        return objects;
    }
}

}  // namespace detail

template <model M>
verdict linearizable(const history_of<M>& h, const M& m, const search_limits& limits) {
    verdict all;
    for (auto& ids : detail::objects_of(h, m)) {
        verdict one = detail::object_check<M>(h, m, std::move(ids)).run(limits);
        if (one.answer == answer::no) return one;
        if (one.answer == answer::unknown) all = std::move(one);
    }
    return all;
}

}  // namespace coterie::inline v0::check
