// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which quorum a request asks: a distribution over read quorums and one over write quorums, and what it
// costs under a workload.
//
//   const quorum::strategy s({{{0, 1}, 0.5}, {{2, 3}, 0.5}}, {{{0, 2}, 1.0}});
//   send_to(s.sample_read(random));
//   const auto cost = quorum::evaluate(grid, work, s);     // load, capacity, network load, latency
//
// Source of the measures: Naor, Wool, "The load, capacity and availability of quorum systems", SIAM J.
// Computing 27(2), 1998; Whittaker et al., PaPoC 2021.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/random.hpp>
#include <coterie/quorum/cheapest.hpp>
#include <coterie/quorum/expression.hpp>
#include <coterie/quorum/quorum_system.hpp>

namespace coterie::inline v0::quorum {

/// What one node can do. Capacities are in requests per unit of time, whichever the caller counts in.
struct node_profile {
    double read_capacity = 1;
    double write_capacity = 1;
    /// How long its answer takes.
    std::chrono::nanoseconds latency{0};

    friend constexpr bool operator==(const node_profile&, const node_profile&) = default;
};

/// A fraction of reads among all requests, and how often it is so.
struct read_share {
    double fraction;
    double weight = 1;

    friend constexpr bool operator==(const read_share&, const read_share&) = default;
};

/// What is asked of the nodes.
struct workload {
    /// Weights count relative to their sum.
    std::vector<read_share> reads = {{0.5}};
    /// By number; where there are none, every node is a default one.
    // NOLINTNEXTLINE(readability-redundant-member-init): or g++ warns where it is left out.
    std::vector<node_profile> nodes = {};

    /// Whether it makes sense for so many nodes: fractions from 0 to 1, weights and capacities above 0 and
    /// finite, latencies not negative, a profile for each node or none.
    [[nodiscard]] constexpr bool valid_for(unsigned node_count) const;

    friend constexpr bool operator==(const workload&, const workload&) = default;
};

/// A time with fractions, for what is a mean.
using mean_time = std::chrono::duration<double>;

/// A set of nodes and how often it is asked.
struct weighted_quorum {
    /// Ascending.
    std::vector<unsigned> nodes;
    double probability;

    friend constexpr bool operator==(const weighted_quorum&, const weighted_quorum&) = default;
};

/// Distributions over read quorums and over write quorums. A regular type.
class strategy {
public:
    /// Requires: on each side at least one quorum of positive probability; they count relative to
    /// their sum.
    constexpr strategy(std::vector<weighted_quorum> reads, std::vector<weighted_quorum> writes)
        : reads_(normalized(std::move(reads))), writes_(normalized(std::move(writes))) {}

    /// The quorums of positive probability. The probabilities of a side add up to 1.
    [[nodiscard]] constexpr const std::vector<weighted_quorum>& reads() const noexcept {
        return reads_;
    }
    /// The quorums of positive probability. The probabilities of a side add up to 1.
    [[nodiscard]] constexpr const std::vector<weighted_quorum>& writes() const noexcept {
        return writes_;
    }

    /// The quorum for one request. Complexity: one draw, linear in the quorums.
    template <random_bit_generator G>
    [[nodiscard]] constexpr const std::vector<unsigned>& sample_read(G&& random) const {
        return sample(reads_, uniform_real(random));
    }
    /// The quorum for one request. Complexity: one draw, linear in the quorums.
    template <random_bit_generator G>
    [[nodiscard]] constexpr const std::vector<unsigned>& sample_write(G&& random) const {
        return sample(writes_, uniform_real(random));
    }

    friend constexpr bool operator==(const strategy&, const strategy&) = default;

private:
    [[nodiscard]] static constexpr std::vector<weighted_quorum> normalized(
        std::vector<weighted_quorum> quorums);
    [[nodiscard]] static constexpr const std::vector<unsigned>& sample(
        const std::vector<weighted_quorum>& quorums, double at);

    std::vector<weighted_quorum> reads_;
    std::vector<weighted_quorum> writes_;
};

/// What a strategy costs under a workload.
struct measures {
    /// The mean, over the fractions of reads, of the share of a request that falls on the busiest node, in units of
    /// that node's capacity: how busy it is when one request arrives in a unit of time.
    double load;
    /// The mean of 1 / load: how many requests the system takes in a unit of time.
    double capacity;
    /// How many nodes a request is sent to, on the mean.
    double network_load;
    /// Until those that answered hold a quorum, on the mean.
    mean_time latency;

    friend constexpr bool operator==(const measures&, const measures&) = default;
};

/// What the strategy costs. Requires: a valid workload, quorums of the system.
[[nodiscard]] constexpr measures evaluate(const quorum_system& system, const workload& work,
                                          const strategy& chosen);

/// How busy each node is when one request arrives in a unit of time and this fraction of them reads.
[[nodiscard]] constexpr std::vector<double> node_loads(const quorum_system& system,
                                                       const workload& work, const strategy& chosen,
                                                       double fraction);

// --- details ---------------------------------------------------------------------------------------

constexpr bool workload::valid_for(unsigned node_count) const {
    const auto positive = [](double x) { return x > 0 && x < detail::infinite; };
    const auto good_share = [&](const read_share& share) {
        return share.fraction >= 0 && share.fraction <= 1 && positive(share.weight);
    };
    const auto good_node = [&](const node_profile& node) {
        return positive(node.read_capacity) && positive(node.write_capacity) &&
               node.latency.count() >= 0;
    };
    return !reads.empty() && (nodes.empty() || nodes.size() == node_count) &&
           std::ranges::all_of(reads, good_share) && std::ranges::all_of(nodes, good_node);
}

constexpr std::vector<weighted_quorum> strategy::normalized(std::vector<weighted_quorum> quorums) {
    std::erase_if(quorums, [](const weighted_quorum& q) { return !(q.probability > 0); });
    COTERIE_ASSERT(!quorums.empty());
    double sum = 0;
    for (const weighted_quorum& q : quorums) sum += q.probability;
    for (weighted_quorum& q : quorums) q.probability /= sum;
    return quorums;
}

constexpr const std::vector<unsigned>& strategy::sample(const std::vector<weighted_quorum>& quorums,
                                                        double at) {
    std::size_t i = 0;
    while (i + 1 < quorums.size() && at >= quorums[i].probability) at -= quorums[i++].probability;
    return quorums[i].nodes;
}

namespace detail {

constexpr node_profile profile_of(const workload& work, unsigned node) {
    return work.nodes.empty() ? node_profile{} : work.nodes[node];
}

/// Until the fastest of `nodes` hold a quorum; zero if they never do.
constexpr std::chrono::nanoseconds latency_of(const expression& e, const workload& work,
                                              const std::vector<unsigned>& nodes) {
    if (work.nodes.empty()) return {};
    std::vector<unsigned> order = nodes;
    std::ranges::sort(order, {}, [&work](unsigned node) { return work.nodes[node].latency; });
    std::vector<std::uint64_t> answered(e.node_count() / 64 + 1, 0);
    for (const unsigned node : order) {
        answered[node / 64] |= std::uint64_t{1} << node % 64;
        if (e.is_quorum(answered)) return work.nodes[node].latency;
    }
    return {};
}

/// How often each node is in a quorum.
constexpr std::vector<double> node_shares(const std::vector<weighted_quorum>& quorums,
                                          std::size_t node_count) {
    std::vector<double> shares(node_count, 0);
    for (const weighted_quorum& q : quorums)
        for (const unsigned node : q.nodes) shares[node] += q.probability;
    return shares;
}

constexpr std::vector<double> node_loads(const workload& work, std::span<const double> reads,
                                         std::span<const double> writes, double fraction) {
    std::vector<double> loads(reads.size());
    for (unsigned node = 0; node < loads.size(); ++node) {
        const node_profile profile = profile_of(work, node);
        loads[node] = fraction * reads[node] / profile.read_capacity +
                      (1 - fraction) * writes[node] / profile.write_capacity;
    }
    return loads;
}

constexpr mean_time mean_latency(const expression& e, const workload& work,
                                 const std::vector<weighted_quorum>& quorums) {
    mean_time sum{0};
    for (const weighted_quorum& q : quorums)
        sum += q.probability * mean_time(latency_of(e, work, q.nodes));
    return sum;
}

/// The sum of the weights, by which each is divided.
constexpr double total_weight(const workload& work) {
    double total = 0;
    for (const read_share& share : work.reads) total += share.weight;
    return total;
}

}  // namespace detail

constexpr std::vector<double> node_loads(const quorum_system& system, const workload& work,
                                         const strategy& chosen, double fraction) {
    return detail::node_loads(work, detail::node_shares(chosen.reads(), system.node_count()),
                              detail::node_shares(chosen.writes(), system.node_count()), fraction);
}

constexpr measures evaluate(const quorum_system& system, const workload& work,
                            const strategy& chosen) {
    COTERIE_ASSERT(work.valid_for(system.node_count()));
    const auto reads = detail::node_shares(chosen.reads(), system.node_count());
    const auto writes = detail::node_shares(chosen.writes(), system.node_count());
    const double total = detail::total_weight(work);
    double read_fraction = 0;
    measures sum{0, 0, 0, mean_time{0}};
    for (const read_share& share : work.reads) {
        const double p = share.weight / total;
        const double load =
            std::ranges::max(detail::node_loads(work, reads, writes, share.fraction));
        sum.load += p * load;
        sum.capacity += p / load;
        read_fraction += p * share.fraction;
    }
    for (const double share : reads) sum.network_load += read_fraction * share;
    for (const double share : writes) sum.network_load += (1 - read_fraction) * share;
    sum.latency =
        read_fraction * detail::mean_latency(system.reads(), work, chosen.reads()) +
        (1 - read_fraction) * detail::mean_latency(system.writes(), work, chosen.writes());
    return sum;
}

}  // namespace coterie::inline v0::quorum
