// SPDX-License-Identifier: BSL-1.0
#pragma once

// A map of which the last writer wins, key by key: each key is an lww_register, and a remove is an assignment
// of nothing, which stays as a tombstone.
//
//   crdt::lww_map<std::string, std::string> settings;
//   settings.assign(me, *clock.now(), "theme", "dark");        // a hybrid_logical_clock's timestamps
//   settings.remove(me, *clock.now(), "font");
//   if (const auto* theme = settings.find("theme")) ...
//
// Loses: of changes to one key that do not know of each other all but one, silently, as lww_register does.
// Costs: a row for each key that was ever there. Where changes must not be lost, take or_map.
// Source: Shapiro et al., INRIA RR-7506, 2011, section 3.2.1, by key.

#include <compare>
#include <concepts>
#include <cstddef>
#include <expected>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/causality/hybrid_timestamp.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/content_count.hpp>
#include <coterie/crdt/count_leading.hpp>
#include <coterie/crdt/wire_type.hpp>

namespace coterie::inline v0::crdt {

/// A register by time for each key. A regular type; a lattice.
///
/// Rows lie sorted by key, in chunks of a few hundred. Complexity: find logarithmic; assign and remove as that,
/// plus a chunk; merge linear. Thread safety: that of a value.
template <std::totally_ordered Key, std::totally_ordered Value,
          std::totally_ordered Timestamp = causality::hybrid_timestamp,
          causality::replica_name Replica = causality::replica_id>
class lww_map {
public:
    /// Which value it is in an envelope.
    static constexpr wire_type type_on_wire = wire_type::lww_map;

    /// A key and its last assignment; nothing, where that was a remove.
    struct row {
        Key key;
        Timestamp timestamp;
        Replica writer;
        std::optional<Value> value;

        friend bool operator==(const row&, const row&) = default;
    };

    /// Assigns a value, if this is the key's last assignment. Returns: the delta, in any case.
    lww_map assign(const Replica& r, Timestamp timestamp, Key key, Value v) {
        return write({std::move(key), std::move(timestamp), r, std::move(v)});
    }

    /// Removes a key, if this is its last assignment. Returns: the delta, in any case.
    lww_map remove(const Replica& r, Timestamp timestamp, Key key) {
        return write({std::move(key), std::move(timestamp), r, std::nullopt});
    }

    /// The value of a key, or null.
    [[nodiscard]] const Value* find(const Key& key) const {
        const row* const found = find_row(key);
        return found != nullptr && found->value ? &*found->value : nullptr;
    }

    /// Whether a key has a value.
    [[nodiscard]] bool contains(const Key& key) const { return find(key) != nullptr; }

    /// How many keys have a value. Complexity: constant.
    [[nodiscard]] std::size_t size() const noexcept { return alive_; }
    /// Whether no key has a value.
    [[nodiscard]] bool empty() const noexcept { return alive_ == 0; }

    /// How many rows there are, those of removed keys among them.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    /// Calls `f(key, value)` for the keys that have one, in their order.
    template <class F>
    void for_each(F&& f) const {
        for (const chunk& c : chunks_) {
            for (const row& x : c) {
                if (x.value) f(x.key, *x.value);
            }
        }
    }

    /// Forgets removes that were made before a time. Safe only once every replica has seen them, and all
    /// assignments before them: an older assignment that still arrives brings its key back.
    void forget_removes_before(const Timestamp& t) {
        std::vector<chunk> kept;
        builder rest(kept);
        for (chunk& c : chunks_) {
            for (row& x : c) {
                if (x.value || !(x.timestamp < t)) rest.add(std::move(x));
            }
        }
        adopt(std::move(kept));
    }

    /// The least upper bound: of each key the last assignment of both.
    void merge(const lww_map& other);

    /// The smallest state that brings `other` up to date with this one: the rows that are later here.
    [[nodiscard]] lww_map delta_since(const lww_map& other) const {
        lww_map delta;
        std::vector<chunk> later;
        builder rest(later);
        for (const chunk& c : chunks_) {
            for (const row& x : c) {
                const row* const theirs = other.find_row(x.key);
                if (theirs == nullptr || is_before(*theirs, x)) rest.add(x);
            }
        }
        delta.adopt(std::move(later));
        return delta;
    }

    /// Whether `b` has of each key that assignment of `a`, or a later one.
    friend bool operator<=(const lww_map& a, const lww_map& b) {
        for (const chunk& c : a.chunks_) {
            for (const row& x : c) {
                const row* const other = b.find_row(x.key);
                if (other == nullptr || is_before(*other, x)) return false;
            }
        }
        return true;
    }
    friend bool operator==(const lww_map& a, const lww_map& b) {
        if (a.rows_ != b.rows_) return false;
        // The same rows may be cut into other chunks.
        cursor x(a.chunks_), y(b.chunks_);
        for (; x.is_at_row(); x.next(), y.next()) {
            if (!(x.here() == y.here())) return false;
        }
        return true;
    }

private:
    friend struct codec<lww_map>;

    using chunk = std::vector<row>;
    static constexpr std::size_t most_in_chunk = 512;

    /// Walks rows from chunk to chunk.
    class cursor {
    public:
        explicit cursor(const std::vector<chunk>& chunks)
            : at_(chunks.begin()), end_(chunks.end()) {}
        [[nodiscard]] bool is_at_row() const { return at_ != end_; }
        [[nodiscard]] const row& here() const { return (*at_)[row_]; }
        void next() {
            if (++row_ < at_->size()) return;
            ++at_;
            row_ = 0;
        }

    private:
        std::vector<chunk>::const_iterator at_, end_;
        std::size_t row_ = 0;
    };

    /// Cuts rows that come in order into chunks.
    class builder {
    public:
        explicit builder(std::vector<chunk>& chunks) : chunks_(&chunks) {}
        void add(row x) {
            if (chunks_->empty() || chunks_->back().size() == most_in_chunk / 4 * 3) {
                chunks_->emplace_back();
                chunks_->back().reserve(most_in_chunk / 4 * 3);
            }
            chunks_->back().push_back(std::move(x));
        }

    private:
        std::vector<chunk>* chunks_;
    };

    /// Of two assignments to one key: whether x is before y. Removes are before values of the same time.
    static bool is_before(const row& x, const row& y) {
        if (!(x.timestamp == y.timestamp)) return x.timestamp < y.timestamp;
        if (!(x.writer == y.writer)) return x.writer < y.writer;
        return x.value < y.value;
    }

    void adopt(std::vector<chunk> chunks) {
        chunks_ = std::move(chunks);
        rows_ = 0;
        alive_ = 0;
        for (const chunk& c : chunks_) {
            rows_ += c.size();
            for (const row& x : c) alive_ += x.value ? 1U : 0U;
        }
    }

    /// The chunk that a key is in or belongs into. Requires: there is one.
    [[nodiscard]] std::size_t chunk_of(const Key& key) const {
        const std::size_t after = detail::count_leading(
            chunks_, [&key](const chunk& c) { return !(key < c.front().key); });
        return after == 0 ? 0 : after - 1;
    }

    [[nodiscard]] static auto place_in(const chunk& c, const Key& key) {
        return c.begin() + static_cast<std::ptrdiff_t>(detail::count_leading(
                               c, [&key](const row& x) { return x.key < key; }));
    }

    [[nodiscard]] const row* find_row(const Key& key) const {
        if (chunks_.empty()) return nullptr;
        const chunk& c = chunks_[chunk_of(key)];
        const auto at = place_in(c, key);
        return at != c.end() && at->key == key ? &*at : nullptr;
    }

    void put(row x) {
        if (chunks_.empty()) chunks_.emplace_back();
        const std::size_t i = chunks_.front().empty() ? 0 : chunk_of(x.key);
        chunk& c = chunks_[i];
        const auto at = c.begin() + (place_in(c, x.key) - c.cbegin());
        if (at != c.end() && at->key == x.key) {
            if (!is_before(*at, x)) return;
            alive_ -= at->value ? 1U : 0U;
            alive_ += x.value ? 1U : 0U;
            *at = std::move(x);
        } else {
            alive_ += x.value ? 1U : 0U;
            c.insert(at, std::move(x));
            rows_ += 1;
        }
        if (c.size() <= most_in_chunk) return;
        const auto middle = c.begin() + static_cast<std::ptrdiff_t>(c.size() / 2);
        chunk upper(std::make_move_iterator(middle), std::make_move_iterator(c.end()));
        c.erase(middle, c.end());
        chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(upper));
    }

    lww_map write(row x) {
        lww_map delta;
        delta.put(x);
        put(std::move(x));
        return delta;
    }

    std::vector<chunk> chunks_;  // none is empty
    detail::content_count rows_;
    detail::content_count alive_;
};

// --- details ---------------------------------------------------------------------------------------

template <std::totally_ordered Key, std::totally_ordered Value, std::totally_ordered Timestamp,
          causality::replica_name Replica>
void lww_map<Key, Value, Timestamp, Replica>::merge(const lww_map& other) {
    if (&other == this) return;
    // A few rows are put where they belong; many are merged from one end to the other.
    if (other.rows_ < rows_ / 64) {
        for (cursor x(other.chunks_); x.is_at_row(); x.next()) put(x.here());
        return;
    }
    std::vector<chunk> both;
    both.reserve(chunks_.size() + other.chunks_.size());
    builder merged(both);
    cursor mine(chunks_), theirs(other.chunks_);
    while (mine.is_at_row() || theirs.is_at_row()) {
        if (!theirs.is_at_row() || (mine.is_at_row() && mine.here().key < theirs.here().key)) {
            merged.add(mine.here());
            mine.next();
        } else if (!mine.is_at_row() || theirs.here().key < mine.here().key) {
            merged.add(theirs.here());
            theirs.next();
        } else {
            merged.add(is_before(mine.here(), theirs.here()) ? theirs.here() : mine.here());
            mine.next();
            theirs.next();
        }
    }
    adopt(std::move(both));
}

}  // namespace coterie::inline v0::crdt

/// A count, then the rows by key: key, timestamp, writer, and the value, if there is one.
template <coterie::encodable Key, coterie::encodable Value, coterie::encodable Timestamp,
          coterie::encodable Replica>
struct coterie::codec<coterie::crdt::lww_map<Key, Value, Timestamp, Replica>> {
    using map = crdt::lww_map<Key, Value, Timestamp, Replica>;

    static void encode(writer& w, const map& m) {
        w.varint(m.rows_);
        for (typename map::cursor x(m.chunks_); x.is_at_row(); x.next()) {
            encode_to(w, x.here().key);
            encode_to(w, x.here().timestamp);
            encode_to(w, x.here().writer);
            encode_to(w, x.here().value);
        }
    }
    /// Errors: invalid_value where keys are not in order.
    static std::expected<map, decode_error> decode(reader& r) {
        std::vector<typename map::chunk> chunks;
        typename map::builder rows(chunks);
        const std::size_t size = r.count(3);
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto key = r.value<Key>();
            if (r.ok() && i > 0 && !(chunks.back().back().key < key))
                r.fail(decode_errc::invalid_value);
            auto timestamp = r.value<Timestamp>();
            auto replica = r.value<Replica>();
            auto value = r.value<std::optional<Value>>();
            rows.add({std::move(key), std::move(timestamp), std::move(replica), std::move(value)});
        }
        map m;
        m.adopt(std::move(chunks));
        return r.result(std::move(m));
    }
};
