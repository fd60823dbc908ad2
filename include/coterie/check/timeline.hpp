// SPDX-License-Identifier: BSL-1.0
#pragma once

// The operations of a history as a line of calls and returns, and a place on it that moves on and back: what the
// search of linearizable() walks along. For the library's own headers.
//
// Each operation has a slot, a small number, from its call to its return; then another one takes it over. So
// a set of operations that are open at one time is a few bits, however long the history is. An operation of
// unknown outcome never returns and keeps its slot.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include <coterie/core/clock.hpp>

namespace coterie::inline v0::check::detail {

/// A set of slots: 64 a word.
class slot_set {
public:
    explicit slot_set(std::size_t slots) : words_(slots / 64 + 1) {}

    [[nodiscard]] bool contains(std::size_t slot) const noexcept {
        return (words_[slot / 64] >> slot % 64 & 1) != 0;
    }
    void insert(std::size_t slot) noexcept { words_[slot / 64] |= std::uint64_t{1} << slot % 64; }
    void erase(std::size_t slot) noexcept { words_[slot / 64] &= ~(std::uint64_t{1} << slot % 64); }
    [[nodiscard]] std::span<const std::uint64_t> words() const noexcept { return words_; }

private:
    std::vector<std::uint64_t> words_;
};

/// When an operation was open, and whether its return is known.
struct interval {
    steady_time invoked, ended;
    bool has_return;
};

using index = std::uint32_t;
inline constexpr index none = ~index{0};

/// The line. Operations that return have the slots from 0 on, those that do not the ones from returning() on, in
/// the order of their calls.
class timeline {
public:
    struct event {
        index op;
        bool is_return;
    };

    explicit timeline(std::span<const interval> intervals) : slots_(intervals.size()) {
        std::vector<std::tuple<steady_time, bool, index>> in_order;
        in_order.reserve(2 * intervals.size());
        for (index op = 0; op < intervals.size(); ++op) {
            // Of equal times the calls come first: what begins when another ends is concurrent with it.
            in_order.emplace_back(intervals[op].invoked, false, op);
            if (intervals[op].has_return) in_order.emplace_back(intervals[op].ended, true, op);
        }
        std::sort(in_order.begin(), in_order.end());
        std::vector<index> free;
        for (const auto& [time, is_return, op] : in_order) {
            events_.push_back({op, is_return});
            if (is_return)
                free.push_back(slots_[op]);
            else if (intervals[op].has_return)
                slots_[op] = take_slot(free);
            else
                open_for_ever_.push_back(op);
        }
        for (index i = 0; i < open_for_ever_.size(); ++i)
            slots_[open_for_ever_[i]] = returning_ + i;
    }

    [[nodiscard]] const std::vector<event>& events() const noexcept { return events_; }
    [[nodiscard]] index slot(index op) const noexcept { return slots_[op]; }
    [[nodiscard]] index returning() const noexcept { return returning_; }
    [[nodiscard]] index slots() const noexcept {
        return returning_ + static_cast<index>(open_for_ever_.size());
    }
    /// The operations without a return, in the order of their calls.
    [[nodiscard]] const std::vector<index>& open_for_ever() const noexcept {
        return open_for_ever_;
    }
    [[nodiscard]] bool returns(index op) const noexcept { return slots_[op] < returning_; }

private:
    index take_slot(std::vector<index>& free) {
        if (free.empty()) return returning_++;
        const index slot = free.back();
        free.pop_back();
        return slot;
    }

    std::vector<event> events_;
    std::vector<index> slots_;  // of each operation
    std::vector<index> open_for_ever_;
    index returning_ = 0;
};

/// A place on the line: before the first return of an operation that has not taken effect yet; and which of the
/// open operations have.
class place {
public:
    explicit place(const timeline& line)
        : line_(&line), taken_(line.slots()), occupants_(line.returning(), none) {
        move_on();
    }

    /// How many calls and returns are behind it.
    [[nodiscard]] index position() const noexcept { return position_; }
    [[nodiscard]] bool is_at_end() const noexcept { return position_ == line_->events().size(); }
    /// The operation that has to take effect before it can go on. Requires: not at the end.
    [[nodiscard]] index required() const noexcept { return line_->events()[position_].op; }
    /// Which slots are of operations that have taken effect.
    [[nodiscard]] const slot_set& taken() const noexcept { return taken_; }

    /// The open operation of a slot, unless there is none or it has taken effect.
    [[nodiscard]] index waiting_in(index slot) const noexcept {
        if (taken_.contains(slot)) return none;
        if (slot < line_->returning()) return occupants_[slot];
        const index i = slot - line_->returning();
        return i < open_for_ever_ ? line_->open_for_ever()[i] : none;
    }

    /// An open operation takes effect; the place moves on as far as it can.
    void take(index op) noexcept {
        taken_.insert(line_->slot(op));
        move_on();
    }

    /// Undoes take(op), which was called at `position`.
    void take_back(index op, index position) noexcept {
        while (position_ != position) step_back(line_->events()[--position_]);
        taken_.erase(line_->slot(op));
    }

private:
    void move_on() noexcept {
        for (; !is_at_end(); ++position_) {
            const auto [op, is_return] = line_->events()[position_];
            const index slot = line_->slot(op);
            if (!line_->returns(op)) {
                ++open_for_ever_;
            } else if (!is_return) {
                occupants_[slot] = op;
            } else {
                if (!taken_.contains(slot)) return;
                taken_.erase(slot);
                occupants_[slot] = none;
            }
        }
    }

    void step_back(timeline::event e) noexcept {
        const index slot = line_->slot(e.op);
        if (!line_->returns(e.op)) {
            --open_for_ever_;
        } else if (!e.is_return) {
            occupants_[slot] = none;
        } else {
            taken_.insert(slot);
            occupants_[slot] = e.op;
        }
    }

    const timeline* line_;
    slot_set taken_;
    std::vector<index> occupants_;  // of each slot of an operation that returns
    index open_for_ever_ = 0;       // how many have been called
    index position_ = 0;
};

}  // namespace coterie::inline v0::check::detail
