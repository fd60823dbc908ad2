// SPDX-License-Identifier: BSL-1.0
#pragma once

// Values by dot, in columns: the dots of a replica are a column, and a column is cut into blocks of 512. So
// states are merged as bitmaps are. Of a word of 64 dots
//
//   removed = mine alive & theirs seen & ~theirs alive
//   added   = theirs alive & ~mine seen
//
// and what is alive in both is never looked at by value. Where a value is, its row, stays true while others
// come and go. There is no look-up by value: see dot_table.hpp. For the library's own headers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/block_mask.hpp>
#include <coterie/crdt/content_count.hpp>
#include <coterie/crdt/dot_block.hpp>
#include <coterie/crdt/run_codec.hpp>
#include <coterie/crdt/seen_of.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::causal_context;
using causality::dot;
using causality::dot_range;
using causality::replica_name;

/// Values by dot. A regular type: equal where the same dots have equal values.
template <class T, replica_name Replica>
class dot_columns {
public:
    /// Where a value is: the ordinal of its block, times 512, and its slot.
    using row = std::uint64_t;

    /// Rows, one for each dot.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    /// The row of a dot, or nothing.
    [[nodiscard]] std::optional<row> find(const dot<Replica>& d) const {
        const column* const c = column_of(d.replica);
        if (c == nullptr) return std::nullopt;
        const std::uint64_t number = block_number(d.counter);
        const auto at = place_of(*c, number);
        if (at == c->parts.end() || at->number != number) return std::nullopt;
        const std::size_t slot = slot_of(d.counter);
        if (!blocks_[at->ordinal].dots.alive().test(slot)) return std::nullopt;
        return row_at(at->ordinal, slot);
    }

    /// The value of a row. Requires: there is one.
    [[nodiscard]] const T& value_of(row r) const { return block_of(r).dots.at(slot_in(r)); }
    /// The dot of a row. Requires: there is a value.
    [[nodiscard]] dot<Replica> dot_of(row r) const {
        const block& b = block_of(r);
        return {columns_[b.column].replica, counter_of(b.number, slot_in(r))};
    }

    /// Adds a value. Requires: the dot is not alive. Returns: its row.
    row insert(const dot<Replica>& d, T&& x) {
        const std::size_t slot = slot_of(d.counter);
        const std::uint32_t ordinal =
            acquire_block(acquire_column(d.replica), block_number(d.counter));
        blocks_[ordinal].dots.insert(slot, std::move(x));
        rows_ += 1;
        return row_at(ordinal, slot);
    }

    /// Takes a row out. Requires: there is one.
    T take(row r) {
        T x = std::move(blocks_[ordinal_of(r)].dots.at(slot_in(r)));
        erase(r);
        return x;
    }

    /// Calls `f(dot, value)` for all rows, with values to be moved from.
    template <class F>
    void drain(F&& f) {
        for (const std::uint32_t c : order_) {
            for (const part& p : columns_[c].parts) {
                dot_block<T>& dots = blocks_[p.ordinal].dots;
                dots.alive().for_each([&](std::size_t slot) {
                    f(dot<Replica>{columns_[c].replica, counter_of(p.number, slot)},
                      std::move(dots.at(slot)));
                });
            }
        }
    }

    /// Removes a row. Requires: there is one.
    void erase(row r) {
        block_mask removed;
        removed.set(slot_in(r));
        block& b = blocks_[ordinal_of(r)];
        rows_ -= b.dots.remove(removed);
        if (!b.dots.alive().any()) release_empty_blocks(columns_[b.column]);
    }

    /// Joins: what either has and the other has not seen and removed. Calls `before_removal(row)` and
    /// `after_addition(row)`; for the rows of a block first all of the one, then all of the other.
    /// Returns: whether anything has changed.
    template <class BeforeRemoval, class AfterAddition>
    bool merge(const causal_context<Replica>& mine, const dot_columns& other,
               const causal_context<Replica>& theirs, BeforeRemoval&& before_removal,
               AfterAddition&& after_addition);

    /// Calls `f(dot, value)` for all rows: by replica, then by counter.
    template <class F>
    void for_each(F&& f) const {
        for_each_block([&](const column& c, const part& p, const block& b) {
            b.dots.for_each([&](std::size_t slot, const T& x) {
                f(dot<Replica>{c.replica, counter_of(p.number, slot)}, x);
            });
        });
    }

    /// Calls `f(row, value)` for all rows, in the order of for_each.
    template <class F>
    void for_each_row(F&& f) const {
        for_each_block([&](const column&, const part& p, const block& b) {
            b.dots.for_each([&](std::size_t slot, const T& x) { f(row_at(p.ordinal, slot), x); });
        });
    }

    /// Calls `f(rows)` for the rows of each block, in the order in which they lie in memory.
    template <class F>
    void for_each_block_in_memory(F&& f) const {
        std::vector<row> rows;
        for (std::uint32_t o = 0; o < blocks_.size(); ++o) {
            rows.clear();
            blocks_[o].dots.alive().for_each(
                [&](std::size_t slot) { rows.push_back(row_at(o, slot)); });
            f(rows);
        }
    }

    /// Calls `f(dot, value)` for the rows that a context has not seen, in the order of for_each.
    template <class F>
    void for_each_since(const causal_context<Replica>& context, F&& f) const;

    /// Calls `f(dot, value)` for the rows that a context has seen, in the order of for_each.
    template <class F>
    void for_each_seen(const causal_context<Replica>& context, F&& f) const;

    /// Whether all dots that are alive in `other` and seen by `mine` are alive here.
    [[nodiscard]] bool keeps_all_of(const dot_columns& other,
                                    const causal_context<Replica>& mine) const;

    /// A dot that is alive in both and has different values.
    [[nodiscard]] std::optional<dot<Replica>> find_conflict(const dot_columns& other) const;

    friend bool operator==(const dot_columns& a, const dot_columns& b) {
        if (a.rows_ != b.rows_) return false;
        // As many rows, so it suffices that each of one is in the other.
        for (const column& c : a.columns_) {
            const column* const other = c.parts.empty() ? nullptr : b.column_of(c.replica);
            for (const part& p : c.parts) {
                const block* const x = other == nullptr ? nullptr : b.block_of(*other, p.number);
                if (x == nullptr || !(x->dots == a.blocks_[p.ordinal].dots)) return false;
            }
        }
        return true;
    }

    /// For each replica the dots that are alive, as run_codec.hpp has them; then the values in the order of the
    /// dots.
    void encode(writer& w) const
        requires encodable<Replica> && encodable<T>;

    /// Reads rows, and calls `add(dot, value)` for each, in the order of for_each.
    /// Errors: invalid_value for what is not in order, or not in the context; those of decode_runs.
    template <class F>
    static void decode(reader& r, const causal_context<Replica>& context, F&& add)
        requires encodable<Replica> && encodable<T>;

    /// Bytes on the heap, but for what values hold themselves.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t sum = blocks_.capacity() * sizeof(block);
        for (const block& b : blocks_) sum += b.dots.values().capacity() * sizeof(T);
        for (const column& c : columns_) sum += sizeof(column) + c.parts.capacity() * sizeof(part);
        return sum;
    }

    /// A place in the order of for_each, or the end.
    class cursor;
    [[nodiscard]] cursor begin() const { return cursor(*this, 0); }
    [[nodiscard]] cursor end() const { return cursor(*this, order_.size()); }

private:
    struct block {
        dot_block<T> dots;
        std::uint64_t number = 0;
        std::uint32_t column = 0;
    };
    struct part {
        std::uint64_t number;
        std::uint32_t ordinal;  // among blocks_
    };
    struct column {
        Replica replica;
        std::vector<part> parts;  // in the order of their numbers
    };

    static constexpr row row_at(std::uint32_t ordinal, std::size_t slot) noexcept {
        return ordinal * block_dots + slot;
    }
    static constexpr std::size_t ordinal_of(row r) noexcept {
        return static_cast<std::size_t>(r / block_dots);
    }
    static constexpr std::size_t slot_in(row r) noexcept {
        return static_cast<std::size_t>(r % block_dots);
    }
    [[nodiscard]] const block& block_of(row r) const { return blocks_[ordinal_of(r)]; }

    template <class F>
    void for_each_block(F&& f) const {
        for (const std::uint32_t c : order_) {
            for (const part& p : columns_[c].parts) f(columns_[c], p, blocks_[p.ordinal]);
        }
    }

    [[nodiscard]] auto order_of(const Replica& r) const {
        return std::lower_bound(
            order_.begin(), order_.end(), r,
            [this](std::uint32_t c, const Replica& x) { return columns_[c].replica < x; });
    }
    [[nodiscard]] const column* column_of(const Replica& r) const {
        const auto at = order_of(r);
        return at != order_.end() && columns_[*at].replica == r ? &columns_[*at] : nullptr;
    }
    std::uint32_t acquire_column(const Replica& r) {
        const auto at = order_of(r);
        if (at != order_.end() && columns_[*at].replica == r) return *at;
        const auto c = static_cast<std::uint32_t>(columns_.size());
        order_.insert(at, c);
        columns_.push_back({r, {}});
        return c;
    }

    static bool is_before(const part& p, std::uint64_t number) noexcept {
        return p.number < number;
    }
    [[nodiscard]] static auto place_of(const column& c, std::uint64_t number) {
        // Most calls are about the end.
        if (c.parts.empty() || c.parts.back().number < number) return c.parts.end();
        return std::lower_bound(c.parts.begin(), c.parts.end(), number, is_before);
    }
    [[nodiscard]] const block* block_of(const column& c, std::uint64_t number) const {
        const auto at = place_of(c, number);
        return at != c.parts.end() && at->number == number ? &blocks_[at->ordinal] : nullptr;
    }

    std::uint32_t new_block(std::uint32_t c, std::uint64_t number) {
        if (free_.empty()) {
            blocks_.emplace_back();
            free_.push_back(static_cast<std::uint32_t>(blocks_.size() - 1));
        }
        const std::uint32_t ordinal = free_.back();
        free_.pop_back();
        blocks_[ordinal].number = number;
        blocks_[ordinal].column = c;
        return ordinal;
    }
    std::uint32_t acquire_block(std::uint32_t c, std::uint64_t number) {
        const auto at = place_of(columns_[c], number);
        if (at != columns_[c].parts.end() && at->number == number) return at->ordinal;
        const std::uint32_t ordinal = new_block(c, number);
        columns_[c].parts.insert(at, part{number, ordinal});
        return ordinal;
    }
    /// Adds parts that are in order and not there yet.
    static void add_parts(column& c, const std::vector<part>& more) {
        std::vector<part> all;
        all.reserve(c.parts.size() + more.size());
        std::merge(c.parts.begin(), c.parts.end(), more.begin(), more.end(),
                   std::back_inserter(all),
                   [](const part& a, const part& b) { return a.number < b.number; });
        c.parts = std::move(all);
    }
    /// Parts that a merge adds to a column: at its end, or where a copy of a value throws.
    struct new_parts_of {
        new_parts_of(dot_columns& t, std::uint32_t c) noexcept : table(t), column_number(c) {}
        new_parts_of(const new_parts_of&) = delete;
        new_parts_of& operator=(const new_parts_of&) = delete;
        ~new_parts_of() {
            if (is_settled) return;
            settle();
            table.release_empty_blocks(table.columns_[column_number]);
        }
        void settle() {
            if (!parts.empty()) add_parts(table.columns_[column_number], parts);
            is_settled = true;
        }

        dot_columns& table;
        std::uint32_t column_number;
        std::vector<part> parts{};
        bool is_settled = false;
    };

    /// Forgets blocks in which nothing is alive.
    void release_empty_blocks(column& c) {
        std::erase_if(c.parts, [this](const part& p) {
            if (blocks_[p.ordinal].dots.alive().any()) return false;
            blocks_[p.ordinal] = block();
            free_.push_back(p.ordinal);
            return true;
        });
    }

    /// The dots of a column that are alive, as runs of counters.
    [[nodiscard]] std::vector<counter_run> runs_of(const column& c) const {
        std::vector<counter_run> runs;
        for (const part& p : c.parts) {
            blocks_[p.ordinal].dots.alive().for_each([&](std::size_t slot) {
                const std::uint64_t counter = counter_of(p.number, slot);
                if (!runs.empty() && runs.back().last + 1 == counter) {
                    ++runs.back().last;
                } else {
                    runs.push_back({counter, counter});
                }
            });
        }
        return runs;
    }

    std::vector<column> columns_;
    std::vector<std::uint32_t> order_;  // of the columns, by replica
    std::vector<block> blocks_;
    std::vector<std::uint32_t> free_;  // blocks that nobody uses
    content_count rows_;
};

// --- details ---------------------------------------------------------------------------------------

template <class T, replica_name Replica>
class dot_columns<T, Replica>::cursor {
public:
    cursor() = default;
    cursor(const dot_columns& columns, std::size_t place) : columns_(&columns), place_(place) {
        settle();
    }

    [[nodiscard]] bool is_at_end() const { return place_ == columns_->order_.size(); }
    /// Requires: not at the end.
    [[nodiscard]] const T& value() const { return block_here().dots.values()[value_]; }
    /// Requires: not at the end. Complexity: linear in the block.
    [[nodiscard]] dot<Replica> here() const {
        dot<Replica> d{column_here().replica, 0};
        std::size_t i = 0;
        block_here().dots.alive().for_each([&](std::size_t slot) {
            if (i++ == value_) d.counter = counter_of(block_here().number, slot);
        });
        return d;
    }
    /// Requires: not at the end.
    void next() {
        ++value_;
        settle();
    }

    friend bool operator==(const cursor& a, const cursor& b) {
        return a.place_ == b.place_ && a.part_ == b.part_ && a.value_ == b.value_;
    }

private:
    [[nodiscard]] const column& column_here() const {
        return columns_->columns_[columns_->order_[place_]];
    }
    [[nodiscard]] const block& block_here() const {
        return columns_->blocks_[column_here().parts[part_].ordinal];
    }

    /// Goes on to where there is a value, or to the end.
    void settle() {
        while (place_ < columns_->order_.size()) {
            if (part_ == column_here().parts.size()) {
                ++place_;
                part_ = value_ = 0;
            } else if (value_ == block_here().dots.values().size()) {
                ++part_;
                value_ = 0;
            } else {
                return;
            }
        }
    }

    const dot_columns* columns_ = nullptr;
    std::size_t place_ = 0;  // in the order of the columns
    std::size_t part_ = 0;
    std::size_t value_ = 0;
};

template <class T, replica_name Replica>
template <class BeforeRemoval, class AfterAddition>
bool dot_columns<T, Replica>::merge(const causal_context<Replica>& mine, const dot_columns& other,
                                    const causal_context<Replica>& theirs,
                                    BeforeRemoval&& before_removal,
                                    AfterAddition&& after_addition) {
    bool is_changed = false;
    theirs.for_each_range([&](const dot_range<Replica>& range) {
        const column* const their_column = other.column_of(range.replica);
        if (their_column == nullptr && column_of(range.replica) == nullptr) return;
        const seen_of<Replica> seen(mine, range.replica);
        const std::uint32_t c = acquire_column(range.replica);
        const std::uint64_t last_number = block_number(range.last);

        new_parts_of fresh(*this, c);
        bool is_any_empty = false;
        const std::vector<part> no_parts;
        const std::vector<part>& their_parts =
            their_column == nullptr ? no_parts : their_column->parts;
        const std::vector<part>& own_parts = columns_[c].parts;
        const auto begin_of = [&range](const std::vector<part>& parts) {
            return static_cast<std::size_t>(
                std::lower_bound(parts.begin(), parts.end(), block_number(range.first), is_before) -
                parts.begin());
        };
        std::size_t i = begin_of(own_parts), j = begin_of(their_parts);
        for (;;) {
            // The way of almost all blocks of states that are almost equal.
            while (i < own_parts.size() && j < their_parts.size() &&
                   own_parts[i].number == their_parts[j].number &&
                   own_parts[i].number <= last_number &&
                   blocks_[own_parts[i].ordinal].dots.alive() ==
                       other.blocks_[their_parts[j].ordinal].dots.alive()) {
                ++i;
                ++j;
            }
            const bool has_own = i < own_parts.size() && own_parts[i].number <= last_number;
            const bool has_theirs = j < their_parts.size() && their_parts[j].number <= last_number;
            if (!has_own && !has_theirs) break;
            const bool own_here =
                has_own && (!has_theirs || own_parts[i].number <= their_parts[j].number);
            const bool theirs_here =
                has_theirs && (!has_own || their_parts[j].number <= own_parts[i].number);
            const std::uint64_t number = own_here ? own_parts[i].number : their_parts[j].number;
            const block* const from =
                theirs_here ? &other.blocks_[their_parts[j].ordinal] : nullptr;
            std::uint32_t ordinal = own_here ? own_parts[i].ordinal : 0;
            i += own_here ? 1 : 0;
            j += theirs_here ? 1 : 0;
            const block_mask alive = own_here ? blocks_[ordinal].dots.alive() : block_mask{};
            const block_mask their_alive = from == nullptr ? block_mask{} : from->dots.alive();
            if (alive == their_alive) continue;

            const block_mask in_range = slots_between(number, range.first, range.last);
            const block_mask removed = alive & in_range & ~their_alive;
            const block_mask added = their_alive & in_range & ~alive & ~seen.block(number);
            if (removed.any()) {
                removed.for_each([&](std::size_t slot) { before_removal(row_at(ordinal, slot)); });
                rows_ -= blocks_[ordinal].dots.remove(removed);
                is_any_empty = is_any_empty || !blocks_[ordinal].dots.alive().any();
                is_changed = true;
            }
            if (added.any()) {
                if (!own_here) {
                    ordinal = new_block(c, number);
                    fresh.parts.push_back({number, ordinal});
                }
                rows_ += blocks_[ordinal].dots.add(added, from->dots);
                added.for_each([&](std::size_t slot) { after_addition(row_at(ordinal, slot)); });
                is_changed = true;
            }
        }
        fresh.settle();
        if (is_any_empty) release_empty_blocks(columns_[c]);
    });
    return is_changed;
}

template <class T, replica_name Replica>
template <class F>
void dot_columns<T, Replica>::for_each_since(const causal_context<Replica>& context, F&& f) const {
    for (const std::uint32_t c : order_) {
        const seen_of<Replica> seen(context, columns_[c].replica);
        for (const part& p : columns_[c].parts) {
            const dot_block<T>& dots = blocks_[p.ordinal].dots;
            (dots.alive() & ~seen.block(p.number)).for_each([&](std::size_t slot) {
                f(dot<Replica>{columns_[c].replica, counter_of(p.number, slot)}, dots.at(slot));
            });
        }
    }
}

template <class T, replica_name Replica>
template <class F>
void dot_columns<T, Replica>::for_each_seen(const causal_context<Replica>& context, F&& f) const {
    for (const std::uint32_t c : order_) {
        const seen_of<Replica> seen(context, columns_[c].replica);
        for (const part& p : columns_[c].parts) {
            const dot_block<T>& dots = blocks_[p.ordinal].dots;
            (dots.alive() & seen.block(p.number)).for_each([&](std::size_t slot) {
                f(dot<Replica>{columns_[c].replica, counter_of(p.number, slot)}, dots.at(slot));
            });
        }
    }
}

template <class T, replica_name Replica>
bool dot_columns<T, Replica>::keeps_all_of(const dot_columns& other,
                                           const causal_context<Replica>& mine) const {
    for (const column& theirs : other.columns_) {
        const seen_of<Replica> seen(mine, theirs.replica);
        const column* const own = column_of(theirs.replica);
        for (const part& p : theirs.parts) {
            const block* const b = own == nullptr ? nullptr : block_of(*own, p.number);
            const block_mask alive = b == nullptr ? block_mask{} : b->dots.alive();
            const block_mask their_alive = other.blocks_[p.ordinal].dots.alive();
            if ((their_alive & seen.block(p.number) & ~alive).any()) return false;
        }
    }
    return true;
}

template <class T, replica_name Replica>
std::optional<dot<Replica>> dot_columns<T, Replica>::find_conflict(const dot_columns& other) const {
    for (const column& theirs : other.columns_) {
        const column* const own = column_of(theirs.replica);
        if (own == nullptr) continue;
        for (const part& p : theirs.parts) {
            const block* const b = block_of(*own, p.number);
            if (b == nullptr) continue;
            const dot_block<T>& mine = b->dots;
            const dot_block<T>& their = other.blocks_[p.ordinal].dots;
            std::optional<std::size_t> found;
            (mine.alive() & their.alive()).for_each([&](std::size_t slot) {
                if (!(mine.at(slot) == their.at(slot))) found = slot;
            });
            if (found.has_value()) {
                return dot<Replica>{theirs.replica, counter_of(p.number, *found)};
            }
        }
    }
    return std::nullopt;
}

template <class T, replica_name Replica>
void dot_columns<T, Replica>::encode(writer& w) const
    requires encodable<Replica> && encodable<T>
{
    const auto is_used = [this](std::uint32_t c) { return !columns_[c].parts.empty(); };
    w.varint(static_cast<std::uint64_t>(std::count_if(order_.begin(), order_.end(), is_used)));
    for (const std::uint32_t c : order_) {
        if (!is_used(c)) continue;
        encode_to(w, columns_[c].replica);
        encode_runs(w, runs_of(columns_[c]));
        for (const part& p : columns_[c].parts) {
            for (const T& x : blocks_[p.ordinal].dots.values()) {
                if constexpr (coterie::detail::wire_word<T>) {
                    w.fixed(x);
                } else {
                    encode_to(w, x);
                }
            }
        }
    }
}

template <class T, replica_name Replica>
template <class F>
void dot_columns<T, Replica>::decode(reader& r, const causal_context<Replica>& context, F&& add)
    requires encodable<Replica> && encodable<T>
{
    std::optional<Replica> before;
    const std::size_t columns = r.count(3);
    for (std::size_t i = 0; i < columns && r.ok(); ++i) {
        auto replica = r.value<Replica>();
        if (r.ok() && before.has_value() && !(*before < replica)) {
            r.fail(decode_errc::invalid_value);
        }
        std::uint64_t rows = 0;
        const auto runs = decode_runs(r);
        for (const counter_run& run : runs) {
            causal_context<Replica> one;
            one.insert_range({replica, run.first, run.last});
            if (!context.includes(one)) r.fail(decode_errc::invalid_value);
            rows += run.last - run.first + 1;
            if (rows > r.remaining()) r.fail(decode_errc::truncated);
            if (rows > r.limits().max_elements) r.fail(decode_errc::limit_exceeded);
            if (!r.ok()) break;
        }
        if (!r.ok()) break;
        for (const counter_run& run : runs) {
            for (std::uint64_t c = run.first; c <= run.last && r.ok(); ++c) {
                if constexpr (coterie::detail::wire_word<T>) {
                    add(dot<Replica>{replica, c}, r.fixed<T>());
                } else {
                    add(dot<Replica>{replica, c}, r.value<T>());
                }
            }
        }
        before = std::move(replica);
    }
}

}  // namespace coterie::inline v0::crdt::detail
