// SPDX-License-Identifier: BSL-1.0
#pragma once

// CAP and PACELC with numbers: which side of a partition between zones serves reads and writes, and which
// refuses; and else, what reads and writes wait for the consistency that they have.
//
//   const auto net = quorum::network::uniform(replicas, 250us, 40ms);       // a delay within zones, and across
//   const auto report = quorum::pacelc::of(quorum::nrw{3, 2, 2}, *net);
//   std::puts(to_string(*report).c_str());
//
// Sources: Gilbert and Lynch, "Brewer's conjecture", SIGACT News 33(2), 2002; Abadi, "Consistency tradeoffs in modern
// distributed database system design", IEEE Computer 45(2), 2012.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <span>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/quorum/consistency_level.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/nrw.hpp>
#include <coterie/quorum/tally.hpp>

namespace coterie::inline v0::quorum {

/// Why nothing can be said.
enum class pacelc_errc : std::uint8_t {
    bad_network,  ///< not 1 to 8 zones with 1 to 64 replicas, or a delay is negative or infinite
    bad_configuration,  ///< the configuration does not fit the replicas that there are
};

[[nodiscard]] constexpr const char* describe(pacelc_errc code) noexcept {
    switch (code) {
        case pacelc_errc::bad_network:
            return "not 1 to 8 zones with 1 to 64 replicas and finite delays";
        case pacelc_errc::bad_configuration: return "the configuration does not fit the replicas";
    }
    return "unknown PACELC error";
}

/// Zones with replicas, and how long a message takes within them and between. Replicas are numbered through:
/// zone 0 has the first ones. A regular type.
class network {
public:
    static constexpr std::size_t max_zones = level_rule::max_datacenters;

    /// One delay within every zone, and one between any two. One way. Errors: bad_network.
    [[nodiscard]] static constexpr std::expected<network, pacelc_errc> uniform(
        std::span<const unsigned> replicas, delay within, delay across);

    /// Sets the delay between two zones, both ways, or that within one. Errors: bad_network.
    constexpr std::expected<void, pacelc_errc> set_delay(std::size_t a, std::size_t b,
                                                         delay one_way);

    /// How many zones there are, and how many replicas each has.
    [[nodiscard]] constexpr std::size_t zones() const noexcept { return zones_; }
    [[nodiscard]] constexpr std::span<const unsigned> replicas() const noexcept {
        return std::span(replicas_).first(zones_);
    }

    /// The replicas of one zone, or of all. Requires: zone < zones().
    [[nodiscard]] constexpr node_set nodes(std::size_t zone) const;
    [[nodiscard]] constexpr node_set nodes() const noexcept;

    /// How long until a replica answers a client of a zone. Requires: zone < zones(), nodes().contains(node).
    [[nodiscard]] constexpr delay round_trip(std::size_t zone, unsigned node) const;

    friend constexpr bool operator==(const network&, const network&) noexcept = default;

private:
    constexpr network() = default;

    std::size_t zones_ = 0;
    std::array<unsigned, max_zones> replicas_{};
    std::array<std::array<delay, max_zones>, max_zones> one_way_{};
};

/// One side of a partition.
struct side {
    node_set zones;       ///< by number of the zone
    node_set nodes;       ///< their replicas
    bool reads = false;   ///< whether clients of these zones can read
    bool writes = false;  ///< whether they can write

    friend constexpr bool operator==(const side&, const side&) noexcept = default;
};

/// A partition of the zones in two.
struct cut {
    side first;
    side second;

    /// Whether one side reads while the other writes: what it reads is stale.
    [[nodiscard]] constexpr bool is_stale() const noexcept {
        return (first.reads && second.writes) || (second.reads && first.writes);
    }
    /// Whether both sides write: there will be conflicts.
    [[nodiscard]] constexpr bool conflicts() const noexcept {
        return first.writes && second.writes;
    }
    /// Whether nothing is refused on either side.
    [[nodiscard]] constexpr bool is_available() const noexcept {
        return first.reads && first.writes && second.reads && second.writes;
    }

    friend constexpr bool operator==(const cut&, const cut&) noexcept = default;
};

/// What clients of a zone wait without a partition; infinite where there is no quorum.
struct zone_latency {
    delay read{};
    delay write{};
    /// What they would wait for the nearest replica alone.
    delay nearest{};

    friend constexpr bool operator==(const zone_latency&, const zone_latency&) noexcept = default;
};

/// What a system chooses where it cannot have both.
enum class choice : std::uint8_t {
    consistency,  ///< reads see all writes; who cannot have that is refused, or waits
    other,        ///< availability under a partition, low latency without
    neither,      ///< some are refused, or wait, and reads may be stale all the same
};

/// What a configuration does on a network. Thread safety: that of a value.
class pacelc {
public:
    /// Of N, R and W. Errors: bad_configuration, also where N is not the number of replicas.
    [[nodiscard]] static constexpr std::expected<pacelc, pacelc_errc> of(const nrw& c,
                                                                         const network& net);

    /// Of a level for reads and one for writes, where zones are data centres and a coordinator is in the zone of
    /// its client. It is consistent if judge() says so of clients everywhere. Errors: bad_configuration.
    [[nodiscard]] static constexpr std::expected<pacelc, pacelc_errc> of(consistency_level read,
                                                                         consistency_level write,
                                                                         const network& net);

    /// Of any rules, and whether each set of the one meets each of the other.
    template <quorum_rule Read, quorum_rule Write>
    [[nodiscard]] static constexpr pacelc of(const Read& read, const Write& write, bool they_meet,
                                             const network& net);

    /// Whether reads see all writes that have succeeded.
    [[nodiscard]] constexpr bool is_consistent() const noexcept { return consistent_; }

    /// Every partition of the zones in two: 2^(zones - 1) - 1 of them.
    [[nodiscard]] constexpr const std::vector<cut>& cuts() const noexcept { return cuts_; }

    /// What clients of each zone wait.
    [[nodiscard]] constexpr const std::vector<zone_latency>& latencies() const noexcept {
        return latencies_;
    }

    /// What it chooses under a partition, and else.
    [[nodiscard]] constexpr choice under_partition() const noexcept;
    [[nodiscard]] constexpr choice otherwise() const noexcept;

    /// Appends its class ("PC/EC" and the like, a dash for neither), then a line for each partition and zone.
    template <class Out>
    constexpr void append_to(Out& out) const;

private:
    constexpr pacelc() = default;

    template <class Read, class Write>
    static constexpr pacelc judge_zones(const Read& reads, const Write& writes, bool consistent,
                                        const network& net);

    bool consistent_ = false;
    std::vector<cut> cuts_;
    std::vector<zone_latency> latencies_;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

inline constexpr delay endless{std::numeric_limits<double>::infinity()};

/// How long a client of a zone waits until those that have answered are a quorum: is_quorum(zone, answers).
template <class IsQuorum>
constexpr delay time_to_quorum(const IsQuorum& is_quorum, unsigned zone, const network& net) {
    node_set answers;
    delay now{};
    while (!is_quorum(zone, answers)) {
        const node_set open = net.nodes() - answers;
        if (open.empty()) return endless;
        now = endless;
        for (const unsigned node : open) {
            const delay there = net.round_trip(zone, node);
            if (there < now) now = there;
        }
        for (const unsigned node : open)
            if (net.round_trip(zone, node) == now) answers.insert(node);
    }
    return now;
}

/// What a side can do: whether a quorum of every zone's client is on it.
template <class Read, class Write>
constexpr side side_of(node_set zones, const Read& reads, const Write& writes, const network& net) {
    side s{zones, {}, true, true};
    for (const unsigned zone : zones) s.nodes = s.nodes | net.nodes(zone);
    for (const unsigned zone : zones) {
        s.reads = s.reads && reads(zone, s.nodes);
        s.writes = s.writes && writes(zone, s.nodes);
    }
    return s;
}

/// Appends "0.25 ms": to the microsecond.
template <class Out>
constexpr void say_delay(Out& out, delay d) {
    if (d.count() > 1e12) return say(out, "for ever");
    const auto rounded = d + delay(0.0005);
    const auto micros = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(rounded).count());
    say(out, micros / 1000);
    std::uint64_t rest = micros % 1000;
    if (rest != 0) out.push_back('.');
    for (; rest != 0; rest = rest * 10 % 1000) say(out, rest / 100);
    say(out, " ms");
}

template <class Out>
constexpr void say_side(Out& out, const side& s) {
    say(out, "zones ", s.zones);
    if (s.reads == s.writes) return say(out, s.reads ? " read and write" : " are refused both");
    say(out, s.reads ? " read, and are refused writes" : " write, and are refused reads");
}

constexpr const char* letter_of(choice c, const char* other) noexcept {
    return c == choice::consistency ? "C" : c == choice::other ? other : "-";
}

}  // namespace detail

constexpr std::expected<network, pacelc_errc> network::uniform(std::span<const unsigned> replicas,
                                                               delay within, delay across) {
    network net;
    unsigned total = 0;
    if (replicas.empty() || replicas.size() > max_zones)
        return std::unexpected(pacelc_errc::bad_network);
    for (const unsigned count : replicas) {
        if (count > node_set::max_nodes - total) return std::unexpected(pacelc_errc::bad_network);
        total += count;
        net.replicas_[net.zones_++] = count;
    }
    if (total == 0 || !detail::is_delay(within) || !detail::is_delay(across))
        return std::unexpected(pacelc_errc::bad_network);
    for (std::size_t a = 0; a < net.zones_; ++a)
        for (std::size_t b = 0; b < net.zones_; ++b) net.one_way_[a][b] = a == b ? within : across;
    return net;
}

constexpr std::expected<void, pacelc_errc> network::set_delay(std::size_t a, std::size_t b,
                                                              delay one_way) {
    if (a >= zones_ || b >= zones_ || !detail::is_delay(one_way))
        return std::unexpected(pacelc_errc::bad_network);
    one_way_[a][b] = one_way_[b][a] = one_way;
    return {};
}

constexpr node_set network::nodes(std::size_t zone) const {
    COTERIE_ASSERT(zone < zones_);
    unsigned before = 0;
    for (std::size_t i = 0; i < zone; ++i) before += replicas_[i];
    return node_set::all(before + replicas_[zone]) - node_set::all(before);
}

constexpr node_set network::nodes() const noexcept {
    unsigned total = 0;
    for (const unsigned count : replicas_) total += count;
    return node_set::all(total);
}

constexpr delay network::round_trip(std::size_t zone, unsigned node) const {
    COTERIE_ASSERT(zone < zones_ && nodes().contains(node));
    std::size_t other = 0;
    while (!nodes(other).contains(node)) ++other;
    return 2 * one_way_[zone][other];
}

template <class Read, class Write>
constexpr pacelc pacelc::judge_zones(const Read& reads, const Write& writes, bool consistent,
                                     const network& net) {
    pacelc report;
    report.consistent_ = consistent;
    const node_set zones = node_set::all(static_cast<unsigned>(net.zones()));
    // The first side is the one with zone 0, so that each partition comes once.
    for (std::uint64_t word = 1; word < zones.word(); word += 2) {
        const node_set first(word);
        report.cuts_.push_back({detail::side_of(first, reads, writes, net),
                                detail::side_of(zones - first, reads, writes, net)});
    }
    const auto any = [](unsigned, node_set answers) { return !answers.empty(); };
    for (const unsigned zone : zones) {
        report.latencies_.push_back({detail::time_to_quorum(reads, zone, net),
                                     detail::time_to_quorum(writes, zone, net),
                                     detail::time_to_quorum(any, zone, net)});
    }
    return report;
}

template <quorum_rule Read, quorum_rule Write>
constexpr pacelc pacelc::of(const Read& read, const Write& write, bool they_meet,
                            const network& net) {
    return judge_zones([&](unsigned, node_set nodes) { return read.is_quorum(nodes); },
                       [&](unsigned, node_set nodes) { return write.is_quorum(nodes); }, they_meet,
                       net);
}

constexpr std::expected<pacelc, pacelc_errc> pacelc::of(const nrw& c, const network& net) {
    if (!c.is_valid() || c.n != net.nodes().size())
        return std::unexpected(pacelc_errc::bad_configuration);
    return of(c.read_rule(), c.write_rule(), c.reads_meet_writes(), net);
}

constexpr std::expected<pacelc, pacelc_errc> pacelc::of(consistency_level read,
                                                        consistency_level write,
                                                        const network& net) {
    const auto verdict = judge(net.replicas(), read, write);
    if (!verdict.has_value()) return std::unexpected(pacelc_errc::bad_configuration);
    const auto rule_in = [&net](consistency_level level) {
        return [&net, level](unsigned zone, node_set nodes) {
            return level_rule::of(net.replicas(), {level, zone})->is_quorum(nodes);
        };
    };
    return judge_zones(rule_in(read), rule_in(write), *verdict == level_verdict::everywhere, net);
}

constexpr choice pacelc::under_partition() const noexcept {
    if (consistent_) return choice::consistency;
    for (const cut& c : cuts_)
        if (!c.is_available()) return choice::neither;
    return choice::other;
}

constexpr choice pacelc::otherwise() const noexcept {
    if (consistent_) return choice::consistency;
    for (const zone_latency& l : latencies_)
        if (l.read > l.nearest || l.write > l.nearest) return choice::neither;
    return choice::other;
}

template <class Out>
constexpr void pacelc::append_to(Out& out) const {
    using detail::say;
    say(out, "P", detail::letter_of(under_partition(), "A"), "/E",
        detail::letter_of(otherwise(), "L"),
        consistent_ ? ": reads see all writes\n" : ": reads may miss writes\n");
    for (const cut& c : cuts_) {
        say(out, "partition: ");
        detail::say_side(out, c.first);
        say(out, "; ");
        detail::say_side(out, c.second);
        say(out, c.is_stale() ? "; reads go stale" : "",
            c.conflicts() ? ", writes conflict\n" : "\n");
    }
    for (std::size_t zone = 0; zone < latencies_.size(); ++zone) {
        const zone_latency& l = latencies_[zone];
        say(out, "else: in zone ", zone, " a read takes ");
        detail::say_delay(out, l.read);
        say(out, ", a write ");
        detail::say_delay(out, l.write);
        say(out, "; the nearest replica alone ");
        detail::say_delay(out, l.nearest);
        say(out, "\n");
    }
}

}  // namespace coterie::inline v0::quorum
