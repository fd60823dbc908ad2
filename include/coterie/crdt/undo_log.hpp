// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is needed to undo all that a caller's function did to a replicated value: the rows that it took out, and the
// events that are new. Both are gathered while the function works, so nothing is copied beforehand, and what
// succeeds costs next to nothing. For the library's own headers.

#include <cstdint>
#include <optional>
#include <utility>

#include <coterie/causality/causal_context.hpp>
#include <coterie/crdt/dot_store.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::dot_range;

/// What was done to a state since the log began.
template <class Store, replica_name Replica>
class undo_log {
public:
    using state_type = causal_state<Store, Replica>;
    using context_type = causal_context<Replica>;
    using taken_type = Store::taken_type;

    /// An event is new in the context.
    void note(const dot<Replica>& event) {
        if (whole_.has_value()) return;
        if (!run_.has_value()) {
            run_ = dot_range<Replica>{event.replica, event.counter, event.counter};
        } else if (run_->replica == event.replica && run_->last + 1 == event.counter) {
            run_->last = event.counter;
        } else {
            events_.insert(event);
        }
    }
    /// Events are new in the context, and all of them are alive in the store.
    void note(const context_type& events) {
        if (!whole_.has_value()) events_.merge(events);
    }
    /// The events of another state are new in the context, alive or not.
    void note_merge(const context_type& events) {
        note(events);
        has_merged_ = true;
    }

    /// What a part of the state has noted is new as well.
    template <class Part>
    void note_all_of(undo_log<Part, Replica>& part) {
        if (part.has_merged_) has_merged_ = true;
        if (whole_.has_value()) return;
        if (part.events_.empty() && part.run_.has_value() && !run_.has_value()) {
            run_ = part.run_;
        } else {
            note(part.events());
        }
    }

    /// Rows were taken out of the store.
    void keep(taken_type&& rows) {
        if (!whole_.has_value()) taken_.absorb(std::move(rows));
    }
    /// All was taken out of the store.
    void keep_all(Store&& store) {
        if (!whole_.has_value()) taken_.absorb(Store::all_of(std::move(store)));
    }

    /// From here on anything may happen to the state: this is what it was.
    void keep_whole(state_type&& before) {
        if (!whole_.has_value()) whole_.emplace(std::move(before));
    }

    /// Makes the state what it was when the log began. Moves, and copies nothing.
    void undo(state_type& state) {
        if (whole_.has_value()) state = std::move(*whole_);
        whole_.reset();
        join_run();
        state.store.put_back(std::move(taken_), events_);
        state.context = state.context.without(events_);
    }

    /// Where the whole state was kept: joins the state with it, so that nothing of it is lost, and finds out
    /// what is new.
    void settle(state_type& state) {
        if (!whole_.has_value()) return;
        has_merged_ = true;
        state_type before = *whole_;
        const state_type after = state;
        undo(before);
        state = before;
        state.merge(after);
        taken_ = before.store.lost_to(after.store, after.context);
        events_ = after.context.without(before.context);
        run_.reset();
    }

    /// Whether a delta tells just what was done. May be false where it does. Requires: settled.
    /// Complexity: that of the delta and of what was done, not of the state.
    [[nodiscard]] bool is_told_by(const state_type& delta) const {
        if (has_merged_) return false;
        std::uint64_t events = 0, taken = 0, rows = 0, told = 0;
        bool is_told = true;
        const auto is_new = [this](const dot<Replica>& d) {
            return (run_.has_value() && run_->replica == d.replica && run_->first <= d.counter &&
                    d.counter <= run_->last) ||
                   events_.contains(d);
        };
        const auto add_size = [](std::uint64_t& n) {
            return [&n](const dot_range<Replica>& r) { n += r.last - r.first + 1; };
        };
        // All new events are alive, unless they were taken out again.
        taken_.for_each_dot([&](const dot<Replica>& d) {
            is_told = is_told && !is_new(d) && delta.context.contains(d);
            taken += 1;
        });
        delta.store.for_each_dot([&](const dot<Replica>& d) {
            is_told = is_told && is_new(d);
            rows += 1;
        });
        if (run_.has_value()) add_size(events)(*run_);
        events_.for_each_range(add_size(events));
        delta.context.for_each_range(add_size(told));
        return is_told && rows == events && told == events + taken;
    }

    /// The delta of all that was done. Requires: settled.
    [[nodiscard]] state_type delta_of(const state_type& state) {
        join_run();
        return {state.store.since(state.context.without(events_)), effects()};
    }

    /// The rows that were taken out. Requires: settled.
    [[nodiscard]] taken_type& taken() noexcept { return taken_; }
    /// The new events. Requires: settled.
    [[nodiscard]] const context_type& events() {
        join_run();
        return events_;
    }

private:
    template <class Other, replica_name R>
    friend class undo_log;

    /// The new events, and those whose rows were taken out.
    [[nodiscard]] context_type effects() const {
        context_type all = events_;
        if (run_.has_value()) all.insert_range(*run_);
        taken_.for_each_dot([&](const dot<Replica>& d) { all.insert(d); });
        return all;
    }

    void join_run() {
        if (run_.has_value()) events_.insert_range(*run_);
        run_.reset();
    }

    taken_type taken_;
    context_type events_;
    std::optional<dot_range<Replica>>
        run_;  // the first new events in a row; most logs have no others
    std::optional<state_type> whole_;
    bool has_merged_ = false;
};

/// Where a value's log is while the value is lent to somebody; and whether its own state is away, since a part of it
/// is lent. Neither goes with a copy.
template <class Log>
class loan_state {
public:
    loan_state() = default;
    loan_state(const loan_state&) noexcept {}
    loan_state(loan_state&&) noexcept {}
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): nothing is assigned
    loan_state& operator=(const loan_state&) noexcept { return *this; }
    loan_state& operator=(loan_state&&) noexcept { return *this; }
    ~loan_state() = default;

    void set_log(Log* log) noexcept { log_ = log; }
    [[nodiscard]] Log* log() const noexcept { return log_; }

    void set_away(bool is_away) noexcept { is_away_ = is_away; }
    [[nodiscard]] bool is_away() const noexcept { return is_away_; }

private:
    Log* log_ = nullptr;
    bool is_away_ = false;
};

}  // namespace coterie::inline v0::crdt::detail
