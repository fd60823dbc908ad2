// SPDX-License-Identifier: BSL-1.0
#pragma once

// Replicated values as one first writes them, each with its classic mistake, and the specification that it fails.

#include <cstdint>
#include <expected>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>

#include "crdt/specifications/counters.hpp"
#include "crdt/specifications/or_set.hpp"
#include "crdt/specifications/registers.hpp"

namespace coterie::test {

/// A set of elements and nothing else: the context of what was seen is dropped, and so removed elements return.
struct set_without_context {
    std::vector<std::string> elements;  // sorted

    void merge(const set_without_context& other) {
        std::set<std::string> all(elements.begin(), elements.end());
        all.insert(other.elements.begin(), other.elements.end());
        elements.assign(all.begin(), all.end());
    }
    [[nodiscard]] set_without_context delta_since(const set_without_context&) const {
        return *this;
    }
    friend bool operator<=(const set_without_context& a, const set_without_context& b) {
        return std::ranges::includes(b.elements, a.elements);
    }
    friend bool operator==(const set_without_context&, const set_without_context&) = default;
};

/// A sum that is replaced by what arrives.
struct replaced_sum {
    std::uint64_t sum = 0;

    void merge(const replaced_sum& other) { sum = other.sum; }
    [[nodiscard]] replaced_sum delta_since(const replaced_sum&) const { return *this; }
    friend bool operator<=(const replaced_sum& a, const replaced_sum& b) { return a.sum <= b.sum; }
    friend bool operator==(const replaced_sum&, const replaced_sum&) = default;
};

/// A register by time; of equal times each keeps what he has.
struct register_without_tie_break {
    std::optional<std::pair<std::int64_t, std::string>> last;

    void merge(const register_without_tie_break& other) {
        if (other.last && (!last || other.last->first > last->first)) last = other.last;
    }
    [[nodiscard]] register_without_tie_break delta_since(const register_without_tie_break&) const {
        return *this;
    }
    friend bool operator<=(const register_without_tie_break& a,
                           const register_without_tie_break& b) {
        return !a.last || (b.last && a.last->first <= b.last->first);
    }
    friend bool operator==(const register_without_tie_break&,
                           const register_without_tie_break&) = default;
};

struct set_without_context_case : or_set_case<std::string> {
    using state = set_without_context;
    static state apply(state& s, std::uint64_t, const op& o) {
        if (o.what == op::add) {
            s.merge({{o.x}});
            return {{o.x}};
        }
        if (o.what == op::clear) s.elements.clear();
        std::erase(s.elements, o.x);
        return {};
    }
    static std::string read(const state& s) { return text({s.elements.begin(), s.elements.end()}); }
};

struct replaced_sum_case : g_case {
    using state = replaced_sum;
    static state apply(state& s, std::uint64_t, op n) {
        s.sum += n;
        return s;
    }
    static std::string read(const state& s) { return std::to_string(s.sum); }
};

struct register_without_tie_break_case : lww_case {
    using state = register_without_tie_break;
    static state apply(state& s, std::uint64_t, const op& o) {
        const state delta{std::pair(std::get<0>(o), std::get<2>(o))};
        s.merge(delta);
        return delta;
    }
    static std::string read(const state& s) {
        return s.last ? "'" + s.last->second + "'" : "nothing";
    }
};

}  // namespace coterie::test

template <>
struct coterie::codec<coterie::test::set_without_context> {
    static void encode(writer& w, const test::set_without_context& x) { encode_to(w, x.elements); }
    static std::expected<test::set_without_context, decode_error> decode(reader& r) {
        return r.result(test::set_without_context{r.value<std::vector<std::string>>()});
    }
};

template <>
struct coterie::codec<coterie::test::replaced_sum> {
    static void encode(writer& w, const test::replaced_sum& x) { w.varint(x.sum); }
    static std::expected<test::replaced_sum, decode_error> decode(reader& r) {
        return r.result(test::replaced_sum{r.varint()});
    }
};

template <>
struct coterie::codec<coterie::test::register_without_tie_break> {
    static void encode(writer& w, const test::register_without_tie_break& x) {
        encode_to(w, x.last);
    }
    static std::expected<test::register_without_tie_break, decode_error> decode(reader& r) {
        return r.result(test::register_without_tie_break{
            r.value<std::optional<std::pair<std::int64_t, std::string>>>()});
    }
};
