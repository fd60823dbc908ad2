// SPDX-License-Identifier: BSL-1.0
#pragma once

// Values by dot, with look-up by value, for sets of millions: what or_set is made of. Columns of blocks hold the
// rows; beside them an index from value to row, 8 bytes a slot, tells membership. Small tables have no index and
// are scanned. For the library's own headers.
//
// A value may stand under several dots: two replicas added it and did not know of each other. size() and the
// iterators take it as one value, so the table counts the rows beyond the first of each value.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/content_count.hpp>
#include <coterie/crdt/dot_columns.hpp>
#include <coterie/crdt/row_index.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::causal_context;
using causality::dot;
using causality::replica_name;

/// Values by dot, with look-up by value. A regular type: equal where the same dots have equal values.
template <class T, replica_name Replica>
class dot_table {
public:
    /// Rows, one for each dot.
    [[nodiscard]] std::size_t rows() const noexcept { return columns_.rows(); }
    /// Different values.
    [[nodiscard]] std::size_t size() const noexcept { return rows() - duplicates_; }

    [[nodiscard]] bool is_empty() const noexcept { return rows() == 0; }

    [[nodiscard]] bool contains(const T& x) const {
        bool found = false;
        for_each_row_of(x, [&found](row) {
            found = true;
            return false;
        });
        return found;
    }

    /// Calls `f(dot)` for each dot of a value.
    template <class F>
    void for_each_dot_of(const T& x, F&& f) const {
        for_each_row_of(x, [&](row r) {
            f(columns_.dot_of(r));
            return true;
        });
    }

    /// Whether a dot is alive.
    [[nodiscard]] bool is_alive(const dot<Replica>& d) const {
        return columns_.find(d).has_value();
    }

    /// The value of a dot, or null.
    [[nodiscard]] const T* find(const dot<Replica>& d) const {
        const std::optional<row> r = columns_.find(d);
        return r.has_value() ? &columns_.value_of(*r) : nullptr;
    }

    /// Adds a row. Requires: the dot is not alive.
    void insert(const dot<Replica>& d, T x) {
        const bool is_double = !index_.is_built() && rows() != 0 && contains(x);
        const row r = columns_.insert(d, std::move(x));
        if (!index_.is_built() && rows() <= most_without_index) {
            duplicates_ += is_double ? 1 : 0;
        } else if (!index_.is_built() || !index_.has_room(1)) {
            build_index();
        } else {
            insert_rows(&r, &r + 1);
        }
    }

    /// Removes a row, if it is there.
    void erase(const dot<Replica>& d) {
        const std::optional<row> r = columns_.find(d);
        if (!r.has_value()) return;
        remove_from_index(*r);
        columns_.erase(*r);
        if (!index_.is_built() && duplicates_ != 0) recount_duplicates();
    }

    /// Takes a row out, if it is there.
    std::optional<T> take(const dot<Replica>& d) {
        const std::optional<row> r = columns_.find(d);
        if (!r.has_value()) return std::nullopt;
        remove_from_index(*r);
        std::optional<T> x(columns_.take(*r));
        if (!index_.is_built() && duplicates_ != 0) recount_duplicates();
        return x;
    }

    /// Joins: what either has and the other has not seen and removed. Where a copy of a value throws, rows may have
    /// been removed, and none is added.
    void merge(const causal_context<Replica>& mine, const dot_table& other,
               const causal_context<Replica>& theirs) {
        added_rows added(*this);
        const bool is_changed = columns_.merge(
            mine, other.columns_, theirs, [this](row r) { remove_from_index(r); },
            [&added](row r) { added.rows.push_back(r); });
        if (is_changed) index_rows(added.rows);
        added.is_complete = true;
    }

    /// What was taken out of a table, to be put back.
    class taken_rows {
    public:
        using taken_type = taken_rows;

        [[nodiscard]] bool is_empty() const noexcept { return rows_.empty(); }
        template <class F>
        void for_each_dot(F&& f) const {
            for (const auto& [d, x] : rows_) f(d);
        }
        void add(const dot<Replica>& d, T&& x) { rows_.emplace_back(d, std::move(x)); }
        void absorb(taken_rows&& more) {
            if (rows_.empty()) {
                rows_ = std::move(more.rows_);
                return;
            }
            for (auto& row : more.rows_) rows_.push_back(std::move(row));
        }

    private:
        friend class dot_table;
        std::vector<std::pair<dot<Replica>, T>> rows_;
    };
    using taken_type = taken_rows;
    /// All of a table, as what was taken out.
    static taken_type all_of(dot_table&& table) {
        taken_type all;
        table.columns_.drain([&all](const dot<Replica>& d, T&& x) { all.add(d, std::move(x)); });
        table.clear();
        return all;
    }
    /// Puts back what was taken out, and removes all of `events`.
    void put_back(taken_type&& taken, const causal_context<Replica>& events) {
        if (!events.empty()) {
            std::vector<dot<Replica>> found;
            columns_.for_each_seen(
                events, [&found](const dot<Replica>& d, const T&) { found.push_back(d); });
            for (const dot<Replica>& d : found) erase(d);
        }
        for (auto& [d, x] : taken.rows_) {
            if (!events.contains(d) && !is_alive(d)) insert(d, std::move(x));
        }
    }

    /// Copies of what a merge with `other` would remove.
    [[nodiscard]] taken_type lost_to(const dot_table& other,
                                     const causal_context<Replica>& theirs) const {
        taken_type lost;
        columns_.for_each_seen(theirs, [&](const dot<Replica>& d, const T& x) {
            if (!other.is_alive(d)) lost.add(d, T(x));
        });
        return lost;
    }

    /// Calls `f(dot, value)` for all rows: by replica, then by counter.
    template <class F>
    void for_each(F&& f) const {
        columns_.for_each(f);
    }

    /// As for_each, without the values.
    template <class F>
    void for_each_dot(F&& f) const {
        columns_.for_each([&f](const dot<Replica>& d, const T&) { f(d); });
    }

    /// The rows that a context has not seen.
    [[nodiscard]] dot_table since(const causal_context<Replica>& context) const {
        dot_table rest;
        columns_.for_each_since(context,
                                [&rest](const dot<Replica>& d, const T& x) { rest.insert(d, x); });
        return rest;
    }

    /// Whether all dots that are alive in `other` and seen by `mine` are alive here.
    [[nodiscard]] bool keeps_all_of(const dot_table& other,
                                    const causal_context<Replica>& mine) const {
        return columns_.keeps_all_of(other.columns_, mine);
    }

    /// A dot that is alive in both and has different values.
    [[nodiscard]] std::optional<dot<Replica>> find_conflict(const dot_table& other) const {
        return columns_.find_conflict(other.columns_);
    }

    /// Removes all rows.
    void clear() { *this = dot_table(); }

    friend bool operator==(const dot_table& a, const dot_table& b) {
        return a.columns_ == b.columns_;
    }

    /// As dot_columns.
    void encode(writer& w) const
        requires encodable<Replica> && encodable<T>
    {
        columns_.encode(w);
    }
    /// \copydoc encode
    static dot_table decode(reader& r, const causal_context<Replica>& context)
        requires encodable<Replica> && encodable<T>
    {
        dot_table table;
        dot_columns<T, Replica>::decode(
            r, context, [&table](const dot<Replica>& d, T&& x) { table.insert(d, std::move(x)); });
        return table;
    }

    /// Bytes on the heap, but for what values hold themselves.
    [[nodiscard]] std::size_t bytes() const noexcept { return index_.bytes() + columns_.bytes(); }

    /// Walks the different values, in the order of for_each.
    class iterator;
    [[nodiscard]] iterator begin() const { return iterator(*this, columns_.begin()); }
    [[nodiscard]] iterator end() const { return iterator(*this, columns_.end()); }

private:
    using row = row_index::row;

    /// Rows that a merge adds. Until that is complete, they are not in the index, and may have to go again.
    struct added_rows {
        explicit added_rows(dot_table& t) noexcept : table(t) {}
        added_rows(const added_rows&) = delete;
        added_rows& operator=(const added_rows&) = delete;
        ~added_rows() {
            if (is_complete) return;
            for (const row r : rows) table.columns_.erase(r);
            table.index_rows({});
        }

        dot_table& table;
        std::vector<row> rows{};  // NOLINT(readability-redundant-member-init): or g++ warns
        bool is_complete = false;
    };

    /// Above this many rows there is an index.
    static constexpr std::size_t most_without_index = 64;

    static std::uint64_t hash_of(const T& x) {
        return coterie::detail::mix64(std::hash<T>()(x) + 0x9E3779B97F4A7C15U);
    }

    /// Calls `f(row)` for the rows of a value, while it returns true.
    template <class F>
    void for_each_row_of(const T& x, F&& f) const {
        if (index_.is_built()) {
            index_.find(hash_of(x), [&](row r) { return !(columns_.value_of(r) == x) || f(r); });
            return;
        }
        bool goes_on = true;
        columns_.for_each_row([&](row r, const T& y) {
            if (goes_on && y == x) goes_on = f(r);
        });
    }

    /// Takes a row out of the index, and counts duplicates anew. Requires: the row is there still.
    void remove_from_index(row r) {
        if (!index_.is_built()) return;
        const T& x = columns_.value_of(r);
        const std::uint64_t hash = hash_of(x);
        index_.erase(hash, r);
        index_.find(hash, [&](row other) {
            if (!(columns_.value_of(other) == x)) return true;
            duplicates_ -= 1;
            return false;
        });
    }

    /// Brings index and count of duplicates up to date with rows that were added.
    void index_rows(const std::vector<row>& added) {
        if (!index_.is_built() && rows() <= most_without_index) {
            recount_duplicates();
        } else if (!index_.is_built() || !index_.has_room(added.size())) {
            build_index();
        } else {
            insert_rows(added.data(), added.data() + added.size());
        }
    }

    void recount_duplicates() {
        duplicates_ = 0;
        std::vector<const T*> before;
        before.reserve(rows());
        columns_.for_each_row([&](row, const T& x) {
            for (const T* y : before) {
                if (!(*y == x)) continue;
                duplicates_ += 1;
                break;
            }
            before.push_back(&x);
        });
    }

    void build_index() {
        index_.reset(rows());
        duplicates_ = 0;
        columns_.for_each_block_in_memory([this](const std::vector<row>& rows) {
            insert_rows(rows.data(), rows.data() + rows.size());
        });
    }

    void insert_rows(const row* from, const row* end) {
        // Some at a time, so that their places in the index are fetched from memory all at once.
        constexpr std::size_t batch = 32;
        std::array<std::uint64_t, batch> hashes{};
        while (from != end) {
            const auto size = std::min(static_cast<std::size_t>(end - from), batch);
            for (std::size_t i = 0; i < size; ++i) {
                hashes[i] = hash_of(columns_.value_of(from[i]));
                index_.prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < size; ++i) {
                const bool is_double = index_.insert(hashes[i], from[i], [&](row other) {
                    return columns_.value_of(other) == columns_.value_of(from[i]);
                });
                duplicates_ += is_double ? 1 : 0;
            }
            from += size;
        }
    }

    dot_columns<T, Replica> columns_;
    row_index index_;
    content_count duplicates_;  // rows beyond the first of each value
};

// --- details ---------------------------------------------------------------------------------------

template <class T, replica_name Replica>
class dot_table<T, Replica>::iterator {
public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::forward_iterator_tag;

    iterator() = default;
    iterator(const dot_table& table, dot_columns<T, Replica>::cursor at) : table_(&table), at_(at) {
        settle();
    }

    const T& operator*() const { return at_.value(); }
    const T* operator->() const { return &**this; }
    iterator& operator++() {
        at_.next();
        settle();
        return *this;
    }
    iterator operator++(int) {
        iterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }

private:
    /// Goes on to the next value that was not there before, or to the end.
    void settle() {
        while (table_->duplicates_ != 0 && !at_.is_at_end() && !is_first_of_its_value()) at_.next();
    }

    [[nodiscard]] bool is_first_of_its_value() const {
        const dot<Replica> here = at_.here();
        bool is_first = true;
        table_->for_each_dot_of(**this,
                                [&](const dot<Replica>& d) { is_first = is_first && !(d < here); });
        return is_first;
    }

    const dot_table* table_ = nullptr;
    dot_columns<T, Replica>::cursor at_;
};

}  // namespace coterie::inline v0::crdt::detail
