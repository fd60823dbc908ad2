// SPDX-License-Identifier: BSL-1.0
#pragma once

// Counters as values of a map. What a replica has counted is its share, and stands under the dot of its last
// update; the value is the sum of the shares. A remove takes away the shares that it has seen, and what a replica
// counts afterwards is a new share under a new dot: no old count hides it. So there is one share a replica, however
// often it counts. For the library's own headers.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, section 7.4.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/dot_store.hpp>
#include <coterie/crdt/exact_sum.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/pn_counter.hpp>

namespace coterie::inline v0::crdt::detail {

/// What one replica has counted: up, or up and down.
template <std::size_t Counts>
struct count_share {
    std::array<std::uint64_t, Counts> counts{};

    friend bool operator==(const count_share&, const count_share&) = default;
};

/// The tables of a counter.
struct counter_access {
    template <replica_name Replica>
    static auto tables(g_counter<Replica>& c) {
        return std::array{&c.counts_};
    }
    template <replica_name Replica>
    static auto tables(pn_counter<Replica>& c) {
        return std::array{&c.up_.counts_, &c.down_.counts_};
    }
};

template <class Value>
inline constexpr std::size_t counts_of = 0;
template <class Replica>
inline constexpr std::size_t counts_of<g_counter<Replica>> = 1;
template <class Replica>
inline constexpr std::size_t counts_of<pn_counter<Replica>> = 2;

/// A counter whose counts can be told apart by replica.
template <class Value>
concept shareable = counts_of<Value> != 0;

/// The shares of a counter.
template <shareable Value, replica_name Replica>
using count_shares = dot_values<count_share<counts_of<Value>>, Replica>;

/// The counter of some shares. A replica may have two: an old one of which the remove has not arrived yet.
template <shareable Value, replica_name Replica>
[[nodiscard]] Value counter_of_shares(const count_shares<Value, Replica>& shares) {
    Value counter;
    const auto tables = counter_access::tables(counter);
    const auto& entries = shares.entries();
    for (auto e = entries.begin(); e != entries.end();) {
        const Replica& r = e->at.replica;
        std::array<exact_sum, counts_of<Value>> sums;
        for (; e != entries.end() && e->at.replica == r; ++e) {
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add(e->value.counts[i]);
        }
        for (std::size_t i = 0; i < sums.size(); ++i) {
            if (sums[i].saturated() != 0) tables[i]->append(r, sums[i].saturated());
        }
    }
    return counter;
}

/// The share of a replica after an update that has made `after` of the counter of some shares, or nothing where it
/// does not fit. Counts under whatever name are the updating replica's.
template <shareable Value, replica_name Replica>
[[nodiscard]] std::optional<count_share<counts_of<Value>>> share_after(
    const count_shares<Value, Replica>& shares, const Replica& r, Value& after) {
    count_share<counts_of<Value>> share;
    const auto tables = counter_access::tables(after);
    for (std::size_t i = 0; i < tables.size(); ++i) {
        exact_sum own;
        auto e = shares.entries().begin();
        for (std::size_t k = 0; k < tables[i]->size(); ++k) {
            const Replica& name = tables[i]->replicas()[k];
            const std::uint64_t is = tables[i]->counters()[k];
            exact_sum was;
            for (; e != shares.entries().end() && !(name < e->at.replica); ++e) {
                if (e->at.replica == name) was.add(e->value.counts[i]);
            }
            if (is > was.saturated()) own.add(is - was.saturated());
        }
        for (const auto& old : shares.entries()) {
            if (old.at.replica == r) own.add(old.value.counts[i]);
        }
        if (!own.fits()) return std::nullopt;
        share.counts[i] = own.saturated();
    }
    return share;
}

}  // namespace coterie::inline v0::crdt::detail

/// Each count as a varint.
template <std::size_t Counts>
struct coterie::codec<coterie::crdt::detail::count_share<Counts>> {
    using share = crdt::detail::count_share<Counts>;

    static void encode(writer& w, const share& s) {
        for (const std::uint64_t n : s.counts) w.varint(n);
    }
    static std::expected<share, decode_error> decode(reader& r) {
        share s;
        for (std::uint64_t& n : s.counts) n = r.varint();
        return r.result(std::move(s));
    }
};
