// SPDX-License-Identifier: BSL-1.0
#pragma once

// Consistency levels as Cassandra and its kin name them, over data centres: which sets of replicas they are, and
// whether the read level and the write level that somebody has chosen ever miss each other.
//
//   constexpr std::array<unsigned, 2> replicas{3, 3};            // replication factors
//   const auto miss = quorum::find_miss(replicas, {.level = quorum::consistency_level::local_quorum},
//                                       {.level = quorum::consistency_level::quorum});
//   if (miss && *miss) ...                                        // (*miss)->read and (*miss)->write never meet
//
// Replicas are numbered through: the first data centre has 0 to its factor - 1, the second goes on from there.
// A level judges strict quorums: that a write went to all replicas and some of them answer late only helps.
// Source: the documentation of Apache Cassandra, "Dynamo", section "Tunable consistency".

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include <coterie/core/assert.hpp>
#include <coterie/quorum/elementary.hpp>
#include <coterie/quorum/node_set.hpp>

namespace coterie::inline v0::quorum {

/// How many replicas must answer, and where.
enum class consistency_level : std::uint8_t {
    one,           ///< one anywhere
    two,           ///< two anywhere
    three,         ///< three anywhere
    quorum,        ///< more than half of all
    all,           ///< all
    local_one,     ///< one in the coordinator's data centre
    local_quorum,  ///< more than half of those in the coordinator's data centre
    each_quorum,   ///< more than half in every data centre
};

[[nodiscard]] constexpr const char* describe(consistency_level level) noexcept {
    switch (level) {
        case consistency_level::one: return "ONE";
        case consistency_level::two: return "TWO";
        case consistency_level::three: return "THREE";
        case consistency_level::quorum: return "QUORUM";
        case consistency_level::all: return "ALL";
        case consistency_level::local_one: return "LOCAL_ONE";
        case consistency_level::local_quorum: return "LOCAL_QUORUM";
        case consistency_level::each_quorum: return "EACH_QUORUM";
    }
    return "unknown level";
}

/// Why there is no quorum of a level.
enum class level_errc : std::uint8_t {
    bad_topology,        ///< no data centre, more than 8, or more than 64 replicas
    unknown_datacenter,  ///< the coordinator is in none of them
    too_few_replicas,    ///< the level asks for more replicas than there are
};

[[nodiscard]] constexpr const char* describe(level_errc code) noexcept {
    switch (code) {
        case level_errc::bad_topology: return "not 1 to 8 data centres with up to 64 replicas";
        case level_errc::unknown_datacenter: return "the coordinator's data centre is unknown";
        case level_errc::too_few_replicas: return "the level asks for more replicas than there are";
    }
    return "unknown level error";
}

/// A level, and the data centre of the coordinator that local levels mean.
struct level_at {
    consistency_level level = consistency_level::quorum;
    unsigned datacenter = 0;

    friend constexpr bool operator==(const level_at&, const level_at&) noexcept = default;
};

/// The sets of replicas that satisfy a level: so many in each data centre, and so many in all. A rule for a
/// tally. A regular type.
class level_rule {
public:
    /// The most data centres there can be.
    static constexpr std::size_t max_datacenters = 8;

    /// The rule of a level where data centre i has replicas[i]. Errors: all of level_errc.
    [[nodiscard]] static constexpr std::expected<level_rule, level_errc> of(
        std::span<const unsigned> replicas, level_at at);

    /// As quorum_rule asks.
    [[nodiscard]] constexpr bool is_quorum(node_set answers) const noexcept {
        for (std::size_t i = 0; i < size_; ++i)
            if ((answers & sites_[i].nodes).size() < sites_[i].needed) return false;
        return (answers & nodes()).size() >= needed_;
    }

    /// All replicas, and those of one data centre. Requires: datacenter < datacenters().
    [[nodiscard]] constexpr node_set nodes() const noexcept;
    /// \copydoc nodes
    [[nodiscard]] constexpr node_set nodes(std::size_t datacenter) const {
        COTERIE_ASSERT(datacenter < size_);
        return sites_[datacenter].nodes;
    }
    /// How many answers it takes from one data centre. Requires: datacenter < datacenters().
    [[nodiscard]] constexpr unsigned needed(std::size_t datacenter) const {
        COTERIE_ASSERT(datacenter < size_);
        return sites_[datacenter].needed;
    }
    /// How many answers it takes in all.
    [[nodiscard]] constexpr unsigned needed() const noexcept { return needed_; }

    /// How many data centres there are.
    [[nodiscard]] constexpr std::size_t datacenters() const noexcept { return size_; }

    friend constexpr bool operator==(const level_rule&, const level_rule&) noexcept = default;

private:
    struct site {
        node_set nodes;
        unsigned needed = 0;
        friend constexpr bool operator==(const site&, const site&) noexcept = default;
    };

    constexpr level_rule() = default;

    constexpr bool place(std::span<const unsigned> replicas);
    constexpr void demand(level_at at);

    std::array<site, max_datacenters> sites_{};
    std::size_t size_ = 0;
    unsigned needed_ = 0;
};

/// Replicas that satisfy the read level, and some that satisfy the write level, and none in common.
struct level_miss {
    node_set read;
    node_set write;

    friend constexpr bool operator==(const level_miss&, const level_miss&) noexcept = default;
};

/// A read and a write that miss each other, or nothing if all of them meet. Exact. Errors: those of level_rule.
[[nodiscard]] constexpr std::expected<std::optional<level_miss>, level_errc> find_miss(
    std::span<const unsigned> replicas, level_at read, level_at write);

/// Where a read sees every write.
enum class level_verdict : std::uint8_t {
    nowhere,         ///< not even in one data centre
    one_datacenter,  ///< where both clients are in one data centre, whichever that is
    everywhere,      ///< wherever the clients are
};

[[nodiscard]] constexpr const char* describe(level_verdict v) noexcept {
    switch (v) {
        case level_verdict::nowhere: return "a read can miss a write";
        case level_verdict::one_datacenter: return "reads see the writes of their data centre";
        case level_verdict::everywhere: return "reads see all writes";
    }
    return "unknown verdict";
}

/// Judges a pair of levels for clients in all data centres. Errors: those of level_rule, for any data centre.
[[nodiscard]] constexpr std::expected<level_verdict, level_errc> judge(
    std::span<const unsigned> replicas, consistency_level read, consistency_level write);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

constexpr unsigned more_than_half(unsigned n) noexcept { return n / 2 + 1; }

/// The first `count` members of a set, or all if there are fewer.
constexpr node_set first_of(node_set s, unsigned count) {
    node_set taken;
    for (const unsigned node : s) {
        if (taken.size() == count) break;
        taken.insert(node);
    }
    return taken;
}

}  // namespace detail

constexpr bool level_rule::place(std::span<const unsigned> replicas) {
    if (replicas.empty() || replicas.size() > max_datacenters) return false;
    unsigned placed = 0;
    for (const unsigned count : replicas) {
        if (count > node_set::max_nodes - placed) return false;
        sites_[size_++].nodes = node_set::all(placed + count) - node_set::all(placed);
        placed += count;
    }
    return true;
}

constexpr void level_rule::demand(level_at at) {
    site& local = sites_[at.datacenter];
    switch (at.level) {
        case consistency_level::one: needed_ = 1; break;
        case consistency_level::two: needed_ = 2; break;
        case consistency_level::three: needed_ = 3; break;
        case consistency_level::quorum: needed_ = detail::more_than_half(nodes().size()); break;
        case consistency_level::all: needed_ = detail::larger(1U, nodes().size()); break;
        case consistency_level::local_one: local.needed = 1; break;
        case consistency_level::local_quorum:
            local.needed = detail::more_than_half(local.nodes.size());
            break;
        case consistency_level::each_quorum:
            // A data centre without replicas of this data has no say.
            for (site& s : sites_)
                if (!s.nodes.empty()) s.needed = detail::more_than_half(s.nodes.size());
            break;
    }
    unsigned by_site = 0;
    for (const site& s : sites_) by_site += s.needed;
    needed_ = detail::larger(detail::larger(needed_, by_site), 1U);
}

constexpr std::expected<level_rule, level_errc> level_rule::of(std::span<const unsigned> replicas,
                                                               level_at at) {
    level_rule rule;
    if (!rule.place(replicas)) return std::unexpected(level_errc::bad_topology);
    if (at.datacenter >= rule.size_) return std::unexpected(level_errc::unknown_datacenter);
    rule.demand(at);
    if (!rule.is_quorum(rule.nodes())) return std::unexpected(level_errc::too_few_replicas);
    return rule;
}

constexpr node_set level_rule::nodes() const noexcept {
    node_set all;
    for (const site& s : sites_) all = all | s.nodes;
    return all;
}

constexpr std::expected<std::optional<level_miss>, level_errc> find_miss(
    std::span<const unsigned> replicas, level_at read, level_at write) {
    const auto reads = level_rule::of(replicas, read);
    if (!reads.has_value()) return std::unexpected(reads.error());
    const auto writes = level_rule::of(replicas, write);
    if (!writes.has_value()) return std::unexpected(writes.error());

    // Each takes what it needs in each data centre, and what it needs beyond that wherever something is left.
    level_miss miss;
    for (std::size_t i = 0; i < reads->datacenters(); ++i) {
        const node_set here = reads->nodes(i);
        const node_set read_here = detail::first_of(here, reads->needed(i));
        miss.read = miss.read | read_here;
        miss.write = miss.write | detail::first_of(here - read_here, writes->needed(i));
    }
    const auto left = [&] { return reads->nodes() - miss.read - miss.write; };
    miss.read = miss.read | detail::first_of(left(), reads->needed() - miss.read.size());
    miss.write = miss.write | detail::first_of(left(), writes->needed() - miss.write.size());
    if (!reads->is_quorum(miss.read) || !writes->is_quorum(miss.write)) return std::nullopt;
    return miss;
}

constexpr std::expected<level_verdict, level_errc> judge(std::span<const unsigned> replicas,
                                                         consistency_level read,
                                                         consistency_level write) {
    auto found = level_verdict::everywhere;
    if (replicas.empty()) return std::unexpected(level_errc::bad_topology);
    for (unsigned r = 0; r < replicas.size(); ++r) {
        for (unsigned w = 0; w < replicas.size(); ++w) {
            const auto miss = find_miss(replicas, {read, r}, {write, w});
            if (!miss.has_value()) return std::unexpected(miss.error());
            if (!miss->has_value()) continue;
            found = detail::smaller(
                found, r == w ? level_verdict::nowhere : level_verdict::one_datacenter);
        }
    }
    return found;
}

}  // namespace coterie::inline v0::quorum
