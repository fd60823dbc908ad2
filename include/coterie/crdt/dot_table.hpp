// SPDX-License-Identifier: BSL-1.0
#pragma once

// Values by dot, for sets of millions: what or_set is made of. For the library's own headers.
//
// The dots of a replica are a column, cut into blocks of 512. A block is a bitmap of the dots that are alive,
// and their values, side by side in the order of the dots. So states are merged as bitmaps are: of a word
// of 64 dots
//
//   removed = mine alive & theirs seen & ~theirs alive
//   added   = theirs alive & ~mine seen
//
// and what is equal in both is never looked at by value. An index from value to dot, 8 bytes a slot, tells
// membership; small tables have none and are scanned. An entry of it is 16 bits of the value's hash, and
// where its row is: which block, and which of its dots. That stays true while others come and go.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/content_count.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::causal_context;
using causality::dot;
using causality::dot_range;
using causality::replica_name;

inline constexpr std::size_t block_words = 8;
inline constexpr std::uint64_t block_dots = 64 * block_words;

/// How many bits are set. Spelled out where there is no instruction for it, since g++ calls a function there.
constexpr std::size_t popcount(std::uint64_t x) noexcept {
#ifdef __POPCNT__
    return static_cast<std::size_t>(std::popcount(x));
#else
    x -= x >> 1 & 0x5555555555555555U;
    x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return static_cast<std::size_t>(x * 0x0101010101010101U >> 56);
#endif
}

/// Which dots of a block.
struct block_mask {
    std::array<std::uint64_t, block_words> words{};

    [[nodiscard]] constexpr bool any() const noexcept {
        std::uint64_t all = 0;
        for (const auto w : words) all |= w;
        return all != 0;
    }
    [[nodiscard]] constexpr bool test(std::size_t slot) const noexcept {
        return (words[slot / 64] >> slot % 64 & 1) != 0;
    }
    constexpr void set(std::size_t slot) noexcept {
        words[slot / 64] |= std::uint64_t{1} << slot % 64;
    }
    constexpr void reset(std::size_t slot) noexcept {
        words[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    }
    [[nodiscard]] constexpr std::size_t count() const noexcept {
        std::size_t n = 0;
        for (const auto w : words) n += popcount(w);
        return n;
    }
    /// The last of them. Requires: any().
    [[nodiscard]] constexpr std::size_t last() const noexcept {
        std::size_t w = block_words - 1;
        while (words[w] == 0) --w;
        return w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(words[w]));
    }
    /// How many of the dots before `slot` are in it.
    [[nodiscard]] constexpr std::size_t rank(std::size_t slot) const noexcept {
        std::size_t n = 0;
        for (std::size_t w = 0; w < slot / 64; ++w) {
            n += popcount(words[w]);
        }
        const std::uint64_t below = (std::uint64_t{1} << slot % 64) - 1;
        return n + popcount(words[slot / 64] & below);
    }
    /// Adds the slots from `first` to `last`, both included.
    constexpr void set_range(std::size_t first, std::size_t last) noexcept {
        for (std::size_t w = first / 64; w <= last / 64; ++w) {
            const std::size_t low = w == first / 64 ? first % 64 : 0;
            const std::size_t high = w == last / 64 ? last % 64 : 63;
            words[w] |= ~std::uint64_t{0} >> (63 - high) & ~std::uint64_t{0} << low;
        }
    }
    /// Calls f(slot) for each, in order.
    template <class F>
    constexpr void for_each(F&& f) const {
        for (std::size_t w = 0; w < block_words; ++w) {
            for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
                f(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
            }
        }
    }

    friend constexpr block_mask operator&(block_mask a, const block_mask& b) noexcept {
        for (std::size_t w = 0; w < block_words; ++w) a.words[w] &= b.words[w];
        return a;
    }
    friend constexpr block_mask operator|(block_mask a, const block_mask& b) noexcept {
        for (std::size_t w = 0; w < block_words; ++w) a.words[w] |= b.words[w];
        return a;
    }
    friend constexpr block_mask operator~(block_mask a) noexcept {
        for (auto& w : a.words) w = ~w;
        return a;
    }
    friend constexpr bool operator==(const block_mask& a, const block_mask& b) noexcept {
        std::uint64_t differs = 0;
        for (std::size_t w = 0; w < block_words; ++w) differs |= a.words[w] ^ b.words[w];
        return differs == 0;
    }
};

/// The slots of block `number` that lie in a range of counters.
constexpr block_mask slots_of(std::uint64_t number, std::uint64_t first,
                              std::uint64_t last) noexcept {
    block_mask mask;
    const std::uint64_t begin = number * block_dots + 1;
    const std::uint64_t end = begin + block_dots - 1;
    if (last < begin || first > end) return mask;
    mask.set_range(static_cast<std::size_t>(std::max(first, begin) - begin),
                   static_cast<std::size_t>(std::min(last, end) - begin));
    return mask;
}

/// What a context has seen of one replica, block by block.
template <replica_name Replica>
class seen_of {
public:
    seen_of(const causal_context<Replica>& context, const Replica& r)
        : contiguous_(context.contiguous().at(r)), cloud_(context.cloud_of(r)) {}

    [[nodiscard]] block_mask block(std::uint64_t number) const noexcept {
        if (contiguous_ >= (number + 1) * block_dots) return ~block_mask{};
        block_mask mask = slots_of(number, 1, contiguous_);
        const std::uint64_t begin = number * block_dots + 1;
        auto range = std::lower_bound(
            cloud_.begin(), cloud_.end(), begin,
            [](const dot_range<Replica>& r, std::uint64_t counter) { return r.last < counter; });
        for (; range != cloud_.end() && range->first < begin + block_dots; ++range) {
            mask = mask | slots_of(number, range->first, range->last);
        }
        return mask;
    }

private:
    std::uint64_t contiguous_;
    std::span<const dot_range<Replica>> cloud_;
};

/// Counters in a row, both ends included.
struct counter_run {
    std::uint64_t first;
    std::uint64_t last;
};

/// Whether runs are longer on the wire than a bitmap of their counters would be.
inline bool is_shorter_as_bitmap(const std::vector<counter_run>& runs) {
    const auto bytes_of = [](std::uint64_t number) {
        std::uint64_t bytes = 1;
        for (; number >= 0x80; number >>= 7) ++bytes;
        return bytes;
    };
    std::uint64_t as_runs = bytes_of(runs.size()), before = 0;
    for (const counter_run& run : runs) {
        as_runs += bytes_of(run.first - before - 1) + bytes_of(run.last - run.first);
        before = run.last;
    }
    const std::uint64_t span = runs.back().last - runs.front().first + 1;
    const std::uint64_t as_bitmap =
        bytes_of(runs.front().first - 1) + bytes_of(span - 1) + (span - 1) / 8 + 1;
    return as_bitmap < as_runs;
}

/// Runs of counters: whether they are a bitmap; then either a count of runs, and for each its distance from
/// the one before and its length, each less one; or the first counter and the span, each less one, and a bit
/// for each counter of the span, the first the lowest of its byte.
inline void encode_runs(writer& w, const std::vector<counter_run>& runs) {
    const bool is_bitmap = is_shorter_as_bitmap(runs);
    w.boolean(is_bitmap);
    const std::uint64_t first = runs.front().first;
    if (!is_bitmap) {
        w.varint(runs.size());
        std::uint64_t before = 0;
        for (const counter_run& run : runs) {
            w.varint(run.first - before - 1);
            w.varint(run.last - run.first);
            before = run.last;
        }
        return;
    }
    const std::uint64_t span = runs.back().last - first + 1;
    w.varint(first - 1);
    w.varint(span - 1);
    std::vector<std::byte> bits(static_cast<std::size_t>((span - 1) / 8 + 1));
    for (const counter_run& run : runs) {
        for (std::uint64_t c = run.first - first; c <= run.last - first; ++c) {
            bits[static_cast<std::size_t>(c / 8)] |= static_cast<std::byte>(1U << c % 8);
        }
    }
    w.raw(bits);
}

/// The inverse; empty where the reader has failed.
inline std::vector<counter_run> decode_runs(reader& r) {
    std::vector<counter_run> runs;
    const auto add = [&](std::uint64_t first, std::uint64_t more) {
        // Each distance and length is below max_counter, so no sum of two wraps.
        const std::uint64_t before = runs.empty() ? 0 : runs.back().last;
        if (first <= before || more > causality::max_counter ||
            first > causality::max_counter - more) {
            r.fail(decode_errc::limit_exceeded);
            return;
        }
        runs.push_back({first, first + more});
    };
    const bool is_bitmap = r.boolean();
    if (is_bitmap) {
        const std::uint64_t first = r.varint(), span = r.varint();
        if (r.ok() && (first > causality::max_counter || span > causality::max_counter)) {
            r.fail(decode_errc::limit_exceeded);
        }
        if (!r.ok()) return {};
        const auto bits = r.raw(static_cast<std::size_t>(span / 8 + 1));
        if (!r.ok()) return {};
        const auto bit = [&bits](std::uint64_t i) {
            return (std::to_integer<unsigned>(bits[static_cast<std::size_t>(i / 8)]) >> i % 8 &
                    1) != 0;
        };
        const bool has_more =
            span % 8 != 7 && std::to_integer<unsigned>(bits.back()) >> (span % 8 + 1) != 0;
        if (!bit(0) || !bit(span) || has_more) r.fail(decode_errc::invalid_value);
        for (std::uint64_t i = 0; i <= span && r.ok(); ++i) {
            if (!bit(i)) continue;
            if (!runs.empty() && runs.back().last == first + i) {
                ++runs.back().last;
            } else {
                add(first + 1 + i, 0);
            }
        }
    } else {
        const std::size_t count = r.count(2);
        if (r.ok() && count == 0) r.fail(decode_errc::invalid_value);
        runs.reserve(r.reservable(count, sizeof(counter_run)));
        for (std::size_t i = 0; i < count && r.ok(); ++i) {
            const std::uint64_t distance = r.varint(), more = r.varint();
            if (!r.ok()) break;
            if (i > 0 && distance == 0) r.fail(decode_errc::invalid_value);
            if (distance > causality::max_counter) r.fail(decode_errc::limit_exceeded);
            if (r.ok()) add((runs.empty() ? 0 : runs.back().last) + distance + 1, more);
        }
    }
    if (r.ok() && is_shorter_as_bitmap(runs) != is_bitmap) r.fail(decode_errc::invalid_value);
    if (!r.ok()) runs.clear();
    return runs;
}

/// From the hash of a value to where its rows are. Open addressing, linear probing.
class row_index {
public:
    using row = std::uint64_t;  // below 2^48 - 2

    [[nodiscard]] bool is_built() const noexcept { return !slots_.empty(); }

    void clear() noexcept {
        slots_ = {};
        used_ = 0;
    }

    /// Empties it, with room for `rows` and some more.
    void reset(std::size_t rows) {
        slots_.assign(2 * rows, empty);
        used_ = 0;
    }

    /// Whether `more` rows fit without a rebuild.
    [[nodiscard]] bool has_room(std::size_t more) const noexcept {
        return used_ + more <= slots_.size() / 8 * 7;
    }

    /// Has the memory fetched that the hash will need.
    void prefetch(std::uint64_t hash) const noexcept {
#ifdef __GNUC__
        __builtin_prefetch(&slots_[start(hash)], 1);
#endif
    }

    /// Calls `f(row)` for the rows that may have this hash, while it returns true.
    template <class F>
    void find(std::uint64_t hash, F&& f) const {
        const std::uint64_t tag = hash << 48;
        for (std::size_t i = start(hash); slots_[i] != empty; i = after(i)) {
            if (slots_[i] != erased && (slots_[i] & tag_mask) == tag &&
                !f((slots_[i] & ~tag_mask) - bias)) {
                return;
            }
        }
    }

    /// Adds a row, and calls `is_equal(other row)` for those before it that may have this hash, until one is.
    /// Returns: whether one was. Requires: has_room(1).
    template <class Equal>
    bool insert(std::uint64_t hash, row r, Equal&& is_equal) {
        const std::uint64_t tag = hash << 48;
        bool found = false;
        std::size_t i = start(hash);
        for (; slots_[i] != empty; i = after(i)) {
            if (!found && slots_[i] != erased && (slots_[i] & tag_mask) == tag) {
                found = is_equal((slots_[i] & ~tag_mask) - bias);
            }
        }
        slots_[i] = tag | (r + bias);
        used_ += 1;
        return found;
    }

    /// Removes a row. Requires: it is there.
    void erase(std::uint64_t hash, row r) {
        const std::uint64_t entry = hash << 48 | (r + bias);
        std::size_t i = start(hash);
        while (slots_[i] != entry) i = after(i);
        slots_[i] = erased;
    }

    [[nodiscard]] std::size_t bytes() const noexcept {
        return slots_.capacity() * sizeof(std::uint64_t);
    }

private:
    static constexpr std::uint64_t tag_mask = ~std::uint64_t{0} << 48;
    static constexpr std::uint64_t empty = 0, erased = 1, bias = 2;

    [[nodiscard]] std::size_t start(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32);
    }
    [[nodiscard]] std::size_t after(std::size_t i) const noexcept {
        return i + 1 == slots_.size() ? 0 : i + 1;
    }

    std::vector<std::uint64_t> slots_;
    content_count used_;  // rows and those that were erased
};

/// Values by dot, with look-up by value. A regular type: equal where the same dots have equal values.
template <class T, replica_name Replica>
class dot_table {
public:
    /// Rows, one for each dot.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    /// Different values.
    [[nodiscard]] std::size_t size() const noexcept { return rows_ - duplicates_; }

    [[nodiscard]] bool is_empty() const noexcept { return rows_ == 0; }

    [[nodiscard]] bool contains(const T& x) const {
        bool found = false;
        for_each_row_of(x, [&found](std::uint64_t) {
            found = true;
            return false;
        });
        return found;
    }

    /// Calls `f(dot)` for each dot of a value.
    template <class F>
    void for_each_dot_of(const T& x, F&& f) const {
        for_each_row_of(x, [&](row r) {
            f(dot_of(r));
            return true;
        });
    }

    /// Whether a dot is alive.
    [[nodiscard]] bool is_alive(const dot<Replica>& d) const { return find(d) != nullptr; }

    /// The value of a dot, or null.
    [[nodiscard]] const T* find(const dot<Replica>& d) const {
        const column* const c = column_of(d.replica);
        if (c == nullptr) return nullptr;
        const block* const b = block_of(*c, block_number(d.counter));
        const std::size_t slot = slot_of(d.counter);
        return b != nullptr && b->alive.test(slot) ? &b->values[b->alive.rank(slot)] : nullptr;
    }

    /// Adds a row. Requires: the dot is not alive.
    void insert(const dot<Replica>& d, T x) {
        const bool is_double = !index_.is_built() && rows_ != 0 && contains(x);
        const std::size_t slot = slot_of(d.counter);
        const std::uint32_t ordinal =
            acquire_block(acquire_column(d.replica), block_number(d.counter));
        block& b = blocks_[ordinal];
        b.values.insert(b.values.begin() + static_cast<std::ptrdiff_t>(b.alive.rank(slot)),
                        std::move(x));
        b.alive.set(slot);
        rows_ += 1;
        if (!index_.is_built() && rows_ <= most_without_index) {
            duplicates_ += is_double ? 1 : 0;
        } else if (!index_.is_built() || !index_.has_room(1)) {
            build_index();
        } else {
            const row r = row_at(ordinal, slot);
            insert_rows(&r, &r + 1);
        }
    }

    /// Removes a row, if it is there.
    void erase(const dot<Replica>& d) {
        column* const c = column_of(d.replica);
        if (c == nullptr) return;
        const auto at = place_of(*c, block_number(d.counter));
        const std::size_t slot = slot_of(d.counter);
        if (at == c->parts.end() || at->number != block_number(d.counter) ||
            !blocks_[at->ordinal].alive.test(slot)) {
            return;
        }
        block_mask removed;
        removed.set(slot);
        remove_rows(at->ordinal, removed);
        if (!blocks_[at->ordinal].alive.any()) release_empty_blocks(*c);
        if (!index_.is_built() && duplicates_ != 0) recount_duplicates();
    }

    /// Joins: what either has and the other has not seen and removed.
    void merge(const causal_context<Replica>& mine, const dot_table& other,
               const causal_context<Replica>& theirs);

    /// Calls `f(dot, value)` for all rows: by replica, then by counter.
    template <class F>
    void for_each(F&& f) const {
        for (const std::uint32_t c : order_) {
            for (const part& p : columns_[c].parts) {
                const block& b = blocks_[p.ordinal];
                std::size_t i = 0;
                b.alive.for_each([&](std::size_t slot) {
                    f(dot<Replica>{columns_[c].replica, counter_of(p.number, slot)}, b.values[i++]);
                });
            }
        }
    }

    /// As for_each, without the values.
    template <class F>
    void for_each_dot(F&& f) const {
        for_each([&f](const dot<Replica>& d, const T&) { f(d); });
    }

    /// The rows that a context has not seen.
    [[nodiscard]] dot_table since(const causal_context<Replica>& context) const {
        dot_table rest;
        for (const std::uint32_t c : order_) {
            const seen_of<Replica> seen(context, columns_[c].replica);
            for (const part& p : columns_[c].parts) {
                const block& b = blocks_[p.ordinal];
                (b.alive & ~seen.block(p.number)).for_each([&](std::size_t slot) {
                    rest.insert({columns_[c].replica, counter_of(p.number, slot)},
                                b.values[b.alive.rank(slot)]);
                });
            }
        }
        return rest;
    }

    /// Whether all dots that are alive in `other` and seen by `mine` are alive here.
    [[nodiscard]] bool keeps_all_of(const dot_table& other,
                                    const causal_context<Replica>& mine) const {
        for (const column& theirs : other.columns_) {
            const seen_of<Replica> seen(mine, theirs.replica);
            const column* const own = column_of(theirs.replica);
            for (const part& p : theirs.parts) {
                const block* const b = own == nullptr ? nullptr : block_of(*own, p.number);
                const block_mask alive = b == nullptr ? block_mask{} : b->alive;
                if ((other.blocks_[p.ordinal].alive & seen.block(p.number) & ~alive).any())
                    return false;
            }
        }
        return true;
    }

    /// A dot that is alive in both and has different values.
    [[nodiscard]] std::optional<dot<Replica>> find_conflict(const dot_table& other) const {
        for (const column& theirs : other.columns_) {
            const column* const own = column_of(theirs.replica);
            if (own == nullptr) continue;
            for (const part& p : theirs.parts) {
                const block* const a = block_of(*own, p.number);
                if (a == nullptr) continue;
                const block& b = other.blocks_[p.ordinal];
                std::optional<std::size_t> found;
                (a->alive & b.alive).for_each([&](std::size_t slot) {
                    const bool is_same =
                        a->values[a->alive.rank(slot)] == b.values[b.alive.rank(slot)];
                    if (!is_same) found = slot;
                });
                if (found.has_value()) {
                    return dot<Replica>{theirs.replica, counter_of(p.number, *found)};
                }
            }
        }
        return std::nullopt;
    }

    /// Removes all rows.
    void clear() { *this = dot_table(); }

    friend bool operator==(const dot_table& a, const dot_table& b) {
        if (a.rows_ != b.rows_) return false;
        // As many rows, so it suffices that each of one is in the other.
        for (const column& c : a.columns_) {
            const column* const other = c.parts.empty() ? nullptr : b.column_of(c.replica);
            for (const part& p : c.parts) {
                const block* const x = other == nullptr ? nullptr : b.block_of(*other, p.number);
                const block& y = a.blocks_[p.ordinal];
                if (x == nullptr || x->alive != y.alive || x->values != y.values) return false;
            }
        }
        return true;
    }

    /// For each replica the dots that are alive, as runs or as a bitmap, whichever is shorter; then the
    /// values in the order of the dots.
    void encode(writer& w) const
        requires encodable<Replica> && encodable<T>;
    /// Errors: invalid_value for what is not in order, not in the context, or not the shorter of the two.
    static dot_table decode(reader& r, const causal_context<Replica>& context)
        requires encodable<Replica> && encodable<T>;

    /// Bytes on the heap, but for what values hold themselves.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t sum = index_.bytes() + blocks_.capacity() * sizeof(block);
        for (const block& b : blocks_) sum += b.values.capacity() * sizeof(T);
        for (const column& c : columns_) sum += sizeof(column) + c.parts.capacity() * sizeof(part);
        return sum;
    }

    /// Walks the different values, in the order of for_each.
    class iterator;
    [[nodiscard]] iterator begin() const { return iterator(*this, 0); }
    [[nodiscard]] iterator end() const { return iterator(*this, order_.size()); }

private:
    using row = row_index::row;

    /// Above this many rows there is an index.
    static constexpr std::size_t most_without_index = 64;

    struct block {
        block_mask alive;
        std::vector<T> values;  // of those that are alive, in order
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

    static constexpr std::uint64_t block_number(std::uint64_t counter) noexcept {
        return (counter - 1) / block_dots;
    }
    static constexpr std::size_t slot_of(std::uint64_t counter) noexcept {
        return static_cast<std::size_t>((counter - 1) % block_dots);
    }
    static constexpr std::uint64_t counter_of(std::uint64_t number, std::size_t slot) noexcept {
        return number * block_dots + slot + 1;
    }
    static constexpr row row_at(std::uint32_t ordinal, std::size_t slot) noexcept {
        return ordinal * block_dots + slot;
    }

    static std::uint64_t hash_of(const T& x) {
        return coterie::detail::mix64(std::hash<T>()(x) + 0x9E3779B97F4A7C15U);
    }

    [[nodiscard]] const T& value_of(row r) const {
        const block& b = blocks_[static_cast<std::size_t>(r / block_dots)];
        return b.values[b.alive.rank(static_cast<std::size_t>(r % block_dots))];
    }
    [[nodiscard]] dot<Replica> dot_of(row r) const {
        const block& b = blocks_[static_cast<std::size_t>(r / block_dots)];
        return {columns_[b.column].replica,
                counter_of(b.number, static_cast<std::size_t>(r % block_dots))};
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
    [[nodiscard]] column* column_of(const Replica& r) {
        return const_cast<column*>(std::as_const(*this).column_of(r));
    }
    std::uint32_t acquire_column(const Replica& r) {
        const auto at = order_of(r);
        if (at != order_.end() && columns_[*at].replica == r) return *at;
        const auto c = static_cast<std::uint32_t>(columns_.size());
        order_.insert(at, c);
        columns_.push_back({r, {}});
        return c;
    }

    /// The dots of a column that are alive, as runs of counters.
    [[nodiscard]] std::vector<counter_run> runs_of(const column& c) const {
        std::vector<counter_run> runs;
        for (const part& p : c.parts) {
            blocks_[p.ordinal].alive.for_each([&](std::size_t slot) {
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

    [[nodiscard]] static auto place_of(const column& c, std::uint64_t number) {
        // Most calls are about the end.
        if (c.parts.empty() || c.parts.back().number < number) return c.parts.end();
        return std::lower_bound(c.parts.begin(), c.parts.end(), number,
                                [](const part& p, std::uint64_t n) { return p.number < n; });
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
    /// Forgets blocks in which nothing is alive.
    void release_empty_blocks(column& c) {
        std::erase_if(c.parts, [this](const part& p) {
            if (blocks_[p.ordinal].alive.any()) return false;
            blocks_[p.ordinal] = block();
            free_.push_back(p.ordinal);
            return true;
        });
    }

    template <class F>
    void for_each_row_of(const T& x, F&& f) const {
        if (index_.is_built()) {
            index_.find(hash_of(x), [&](row r) { return !(value_of(r) == x) || f(r); });
            return;
        }
        bool goes_on = true;
        for (const std::uint32_t c : order_) {
            for (const part& p : columns_[c].parts) {
                const block& b = blocks_[p.ordinal];
                std::size_t i = 0;
                b.alive.for_each([&](std::size_t slot) {
                    if (goes_on && b.values[i] == x) goes_on = f(row_at(p.ordinal, slot));
                    ++i;
                });
            }
        }
    }

    /// Takes rows out of a block, and out of the index.
    void remove_rows(std::uint32_t ordinal, const block_mask& removed) {
        block& b = blocks_[ordinal];
        if (index_.is_built()) {
            removed.for_each([&](std::size_t slot) {
                const T& x = b.values[b.alive.rank(slot)];
                const std::uint64_t hash = hash_of(x);
                index_.erase(hash, row_at(ordinal, slot));
                index_.find(hash, [&](row r) {
                    if (!(value_of(r) == x)) return true;
                    duplicates_ -= 1;
                    return false;
                });
            });
        }
        // From the last on, so that the ranks of those before stay.
        const std::size_t count = removed.count();
        if (count == b.values.size()) {
            b.values.clear();
        } else if (count < 8) {
            auto rest = removed;
            for (std::size_t n = 0; n < count; ++n) {
                const std::size_t slot = rest.last();
                rest.reset(slot);
                b.values.erase(b.values.begin() + static_cast<std::ptrdiff_t>(b.alive.rank(slot)));
            }
        } else {
            std::size_t from = 0, to = 0;
            b.alive.for_each([&](std::size_t slot) {
                if (!removed.test(slot)) {
                    if (from != to) b.values[to] = std::move(b.values[from]);
                    ++to;
                }
                ++from;
            });
            b.values.erase(b.values.begin() + static_cast<std::ptrdiff_t>(to), b.values.end());
        }
        b.alive = b.alive & ~removed;
        rows_ -= count;
    }

    /// Puts rows of another's block into one. Requires: they are not alive there.
    void add_rows(std::uint32_t ordinal, const block_mask& added, const block& from) {
        block& b = blocks_[ordinal];
        if (!b.alive.any() && added == from.alive) {
            b.values = from.values;
        } else {
            std::vector<T> values;
            values.reserve(b.values.size() + added.count());
            std::size_t mine = 0, theirs = 0;
            (b.alive | from.alive).for_each([&](std::size_t slot) {
                if (added.test(slot)) values.push_back(from.values[theirs]);
                if (from.alive.test(slot)) ++theirs;
                if (b.alive.test(slot)) values.push_back(std::move(b.values[mine++]));
            });
            b.values = std::move(values);
        }
        b.alive = b.alive | added;
        rows_ += added.count();
    }

    /// Brings index and count of duplicates up to date with rows that were added.
    void index_rows(const std::vector<row>& added) {
        if (!index_.is_built() && rows_ <= most_without_index) {
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
        before.reserve(rows_);
        for_each([&](const dot<Replica>&, const T& x) {
            for (const T* y : before) {
                if (!(*y == x)) continue;
                duplicates_ += 1;
                break;
            }
            before.push_back(&x);
        });
    }

    void build_index() {
        index_.reset(rows_);
        duplicates_ = 0;
        std::vector<row> rows;
        for (std::uint32_t o = 0; o < blocks_.size(); ++o) {
            rows.clear();
            blocks_[o].alive.for_each([&](std::size_t slot) { rows.push_back(row_at(o, slot)); });
            insert_rows(rows.data(), rows.data() + rows.size());
        }
    }

    void insert_rows(const row* from, const row* end) {
        // Some at a time, so that their places in the index are fetched from memory all at once.
        constexpr std::size_t batch = 32;
        std::array<std::uint64_t, batch> hashes{};
        while (from != end) {
            const auto size = std::min(static_cast<std::size_t>(end - from), batch);
            for (std::size_t i = 0; i < size; ++i) {
                hashes[i] = hash_of(value_of(from[i]));
                index_.prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < size; ++i) {
                const bool is_double = index_.insert(hashes[i], from[i], [&](row other) {
                    return value_of(other) == value_of(from[i]);
                });
                duplicates_ += is_double ? 1 : 0;
            }
            from += size;
        }
    }

    std::vector<column> columns_;
    std::vector<std::uint32_t> order_;  // of the columns, by replica
    std::vector<block> blocks_;
    std::vector<std::uint32_t> free_;  // blocks that nobody uses
    row_index index_;
    content_count rows_;
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
    iterator(const dot_table& table, std::size_t place) : table_(&table), place_(place) {
        settle();
    }

    const T& operator*() const { return block_here().values[value_]; }
    const T* operator->() const { return &**this; }
    iterator& operator++() {
        ++value_;
        settle();
        return *this;
    }
    iterator operator++(int) {
        iterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) {
        return a.place_ == b.place_ && a.part_ == b.part_ && a.value_ == b.value_;
    }

private:
    [[nodiscard]] const column& column_here() const {
        return table_->columns_[table_->order_[place_]];
    }
    [[nodiscard]] const block& block_here() const {
        return table_->blocks_[column_here().parts[part_].ordinal];
    }

    /// Goes on to the next value that was not there before, or to the end.
    void settle() {
        while (place_ < table_->order_.size()) {
            if (part_ == column_here().parts.size()) {
                ++place_;
                part_ = value_ = 0;
            } else if (value_ == block_here().values.size()) {
                ++part_;
                value_ = 0;
            } else if (table_->duplicates_ != 0 && !is_first_of_its_value()) {
                ++value_;
            } else {
                return;
            }
        }
    }

    [[nodiscard]] bool is_first_of_its_value() const {
        dot<Replica> here{column_here().replica, 0};
        std::size_t i = 0;
        block_here().alive.for_each([&](std::size_t slot) {
            if (i++ == value_) here.counter = counter_of(block_here().number, slot);
        });
        bool is_first = true;
        table_->for_each_dot_of(**this,
                                [&](const dot<Replica>& d) { is_first = is_first && !(d < here); });
        return is_first;
    }

    const dot_table* table_ = nullptr;
    std::size_t place_ = 0;  // in the order of the columns
    std::size_t part_ = 0;
    std::size_t value_ = 0;
};

template <class T, replica_name Replica>
void dot_table<T, Replica>::merge(const causal_context<Replica>& mine, const dot_table& other,
                                  const causal_context<Replica>& theirs) {
    std::vector<row> added_rows;
    bool is_changed = false;
    theirs.for_each_range([&](const dot_range<Replica>& range) {
        const column* const their_column = other.column_of(range.replica);
        if (their_column == nullptr && column_of(range.replica) == nullptr) return;
        const seen_of<Replica> seen(mine, range.replica);
        const std::uint32_t c = acquire_column(range.replica);
        const std::uint64_t last_number = block_number(range.last);

        std::vector<part> new_parts;
        bool is_any_empty = false;
        const std::vector<part> no_parts;
        const std::vector<part>& their_parts =
            their_column == nullptr ? no_parts : their_column->parts;
        const std::vector<part>& own_parts = columns_[c].parts;
        const auto begin_of = [&range](const std::vector<part>& parts) {
            return static_cast<std::size_t>(
                std::lower_bound(parts.begin(), parts.end(), block_number(range.first),
                                 [](const part& p, std::uint64_t n) { return p.number < n; }) -
                parts.begin());
        };
        std::size_t i = begin_of(own_parts), j = begin_of(their_parts);
        for (;;) {
            // The way of almost all blocks of states that are almost equal.
            while (i < own_parts.size() && j < their_parts.size() &&
                   own_parts[i].number == their_parts[j].number &&
                   own_parts[i].number <= last_number &&
                   blocks_[own_parts[i].ordinal].alive ==
                       other.blocks_[their_parts[j].ordinal].alive) {
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
            const block_mask alive = own_here ? blocks_[ordinal].alive : block_mask{};
            const block_mask their_alive = from == nullptr ? block_mask{} : from->alive;
            if (alive == their_alive) continue;

            const block_mask in_range = slots_of(number, range.first, range.last);
            const block_mask removed = alive & in_range & ~their_alive;
            const block_mask added = their_alive & in_range & ~alive & ~seen.block(number);
            if (removed.any()) {
                remove_rows(ordinal, removed);
                is_any_empty = is_any_empty || !blocks_[ordinal].alive.any();
                is_changed = true;
            }
            if (added.any()) {
                if (!own_here) {
                    ordinal = new_block(c, number);
                    new_parts.push_back({number, ordinal});
                }
                add_rows(ordinal, added, *from);
                added.for_each(
                    [&](std::size_t slot) { added_rows.push_back(row_at(ordinal, slot)); });
                is_changed = true;
            }
        }
        if (!new_parts.empty()) add_parts(columns_[c], new_parts);
        if (is_any_empty) release_empty_blocks(columns_[c]);
    });
    if (is_changed) index_rows(added_rows);
}

template <class T, replica_name Replica>
void dot_table<T, Replica>::encode(writer& w) const
    requires encodable<Replica> && encodable<T>
{
    const auto is_used = [this](std::uint32_t c) { return !columns_[c].parts.empty(); };
    w.varint(static_cast<std::uint64_t>(std::count_if(order_.begin(), order_.end(), is_used)));
    for (const std::uint32_t c : order_) {
        if (!is_used(c)) continue;
        encode_to(w, columns_[c].replica);
        encode_runs(w, runs_of(columns_[c]));
        for (const part& p : columns_[c].parts) {
            for (const T& x : blocks_[p.ordinal].values) {
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
dot_table<T, Replica> dot_table<T, Replica>::decode(reader& r,
                                                    const causal_context<Replica>& context)
    requires encodable<Replica> && encodable<T>
{
    dot_table table;
    const std::size_t columns = r.count(3);
    for (std::size_t i = 0; i < columns && r.ok(); ++i) {
        auto replica = r.value<Replica>();
        if (r.ok() && i > 0 && !(table.columns_.back().replica < replica)) {
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
        table.acquire_column(replica);
        for (const counter_run& run : runs) {
            for (std::uint64_t c = run.first; c <= run.last && r.ok(); ++c) {
                if constexpr (coterie::detail::wire_word<T>) {
                    table.insert({replica, c}, r.fixed<T>());
                } else {
                    table.insert({replica, c}, r.value<T>());
                }
            }
        }
    }
    return table;
}

}  // namespace coterie::inline v0::crdt::detail
