// SPDX-License-Identifier: BSL-1.0
#pragma once

// Probabilistically bounded staleness: how soon after a write a read sees it where quorums need not meet, and what
// reads and writes cost in latency. A replica is sent the write (W), acknowledges it (A), is sent the read (R) and
// responds (S), each after a random delay; one simulation of that gives the whole curve of consistency against
// time, with its statistical error.
//
//   const quorum::pareto fast{235us, 10};
//   coterie::rng random(1);
//   const auto seen = quorum::simulate({.n = 3, .r = 1, .w = 1}, quorum::wars{disk, fast, fast, fast}, 100'000, random);
//   seen.consistency(10ms).value;       // the probability to see a write 10 ms after its acknowledgement
//   seen.time_to(0.999).value;          // how long after it that is 99.9 %
//   seen.read_latency(0.999).value;
//
// Source: Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", PVLDB 5(8), 2012. A
// read is stale if for all of its first R responses w + t + R[i] < W[i], where w is the write's latency; section 5.1
// prints it the other way round. How many versions behind is nrw::miss_probability.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/share.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/elementary.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/nrw.hpp>

namespace coterie::inline v0::quorum {

/// The delays between the coordinators and one replica, one way each.
struct replica_delays {
    delay write{};        ///< W: the write to the replica
    delay acknowledge{};  ///< A: its acknowledgement
    delay read{};         ///< R: the read to the replica
    delay respond{};      ///< S: its response
};

/// Draws the delays of all replicas in one trial.
template <class M>
concept wars_model = requires(const M& m, rng& random, std::span<replica_delays> replicas) {
    m.draw(random, replicas);
};

/// Delays of four distributions, the same and independent for all replicas.
template <delay_distribution W, delay_distribution A, delay_distribution R, delay_distribution S>
struct wars {
    W write{};
    A acknowledge{};
    R read{};
    S respond{};

    /// As wars_model asks.
    template <random_bit_generator G>
    constexpr void draw(G& random, std::span<replica_delays> replicas) const {
        for (replica_delays& r : replicas) {
            r.write = write(random);
            r.acknowledge = acknowledge(random);
            r.read = read(random);
            r.respond = respond(random);
        }
    }
};

/// A model is known by its distributions.
template <class W, class A, class R, class S>
wars(W, A, R, S) -> wars<W, A, R, S>;

/// Replicas far from each other: the writer and the reader are each beside one of them, at random, and every
/// message from and to another takes `extra` longer.
template <wars_model Base>
struct wan {
    Base base;
    delay extra{};

    /// As wars_model asks.
    template <random_bit_generator G>
    constexpr void draw(G& random, std::span<replica_delays> replicas) const {
        base.draw(random, replicas);
        const auto writer = uniform_below(random, replicas.size());
        const auto reader = uniform_below(random, replicas.size());
        for (std::size_t i = 0; i < replicas.size(); ++i) {
            if (i != writer) replicas[i].write += extra, replicas[i].acknowledge += extra;
            if (i != reader) replicas[i].read += extra, replicas[i].respond += extra;
        }
    }
};

/// A model is known by what it is based on.
template <class Base>
wan(Base, delay) -> wan<Base>;

/// What a simulation says of a number: 95 % of the intervals from `low` to `high` have the true one in them.
template <class T>
struct estimate {
    T value{};
    T low{};
    T high{};
};

/// What a simulation has seen. Thread safety: that of a value. Questions take logarithmic time, quantiles constant.
class staleness {
public:
    /// The probability that a read that starts `t` after a write's acknowledgement sees it, or a later one.
    /// Requires: t >= 0. The interval is Wilson's.
    [[nodiscard]] constexpr estimate<double> consistency(delay t) const;

    /// How long after the acknowledgement that probability is `p`. Requires: 0 < p < 1. The interval is between
    /// order statistics, and ends at infinity where there are too few trials to say.
    [[nodiscard]] constexpr estimate<delay> time_to(double p) const { return quantile(stale_, p); }

    /// How long a read or a write takes at most with probability `q`, as time_to(). Requires: 0 < q < 1.
    [[nodiscard]] constexpr estimate<delay> read_latency(double q) const {
        return quantile(reads_, q);
    }
    /// \copydoc read_latency
    [[nodiscard]] constexpr estimate<delay> write_latency(double q) const {
        return quantile(writes_, q);
    }

    /// The probability that a read `t` after k writes, all acknowledged at once, sees one of them: at least
    /// that for writes that are spread out. Requires: t >= 0.
    [[nodiscard]] constexpr double within_versions(unsigned k, delay t) const;

    /// How many trials it rests on.
    [[nodiscard]] constexpr std::size_t trials() const noexcept { return stale_.size(); }

    /// Runs `trials` writes, each followed by a read: simulate().
    template <wars_model M, random_bit_generator G>
    constexpr staleness(const nrw& c, const M& model, std::size_t trials, G&& random);

private:
    [[nodiscard]] static constexpr estimate<delay> quantile(const std::vector<delay>& sorted,
                                                            double q);

    // In ascending order: how long the write of a trial stays unseen, and the latencies.
    std::vector<delay> stale_;
    std::vector<delay> reads_;
    std::vector<delay> writes_;
};

/// Runs `trials` writes, each followed by a read. The same seed gives the same result everywhere.
/// Requires: c.is_valid(), c.n <= 64, trials > 0. Complexity: trials times N (R + W); allocates 32 bytes a trial.
template <wars_model M, random_bit_generator G>
[[nodiscard]] constexpr staleness simulate(const nrw& c, const M& model, std::size_t trials,
                                           G&& random) {
    return {c, model, trials, random};
}

/// The probability that a client reads something older than what it has read before, where the key is written
/// `writes_per_read` times for each of its reads: the miss probability to the power of 1 + that.
[[nodiscard]] constexpr double older_read_probability(const nrw& c, double writes_per_read);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Half the width of a 95 % interval in standard deviations.
inline constexpr double z95 = 1.959963984540054;

constexpr double square_root(double x) noexcept {
    return x > 0 ? exponential_of(natural_log(x) / 2) : 0;
}

/// Moves the `count` replicas with the smallest keys to the front, in order. Returns the last of these keys.
template <class Key>
constexpr delay select_first(std::span<replica_delays> replicas, std::size_t count, Key key) {
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = i + 1; j < replicas.size(); ++j)
            if (key(replicas[j]) < key(replicas[i])) std::swap(replicas[i], replicas[j]);
    }
    return key(replicas[count - 1]);
}

/// One write and one read after it.
struct trial {
    delay read, stale, write;

    // The read comes first: of responses at the same time, which are first must not depend on the write.
    constexpr trial(const nrw& c, std::span<replica_delays> replicas)
        : read(select_first(replicas, c.r,
                            [](const replica_delays& d) { return d.read + d.respond; })),
          stale(replicas[0].write - replicas[0].read) {
        for (const replica_delays& d : replicas.first(c.r))
            stale = smaller(stale, d.write - d.read);
        write = select_first(replicas, c.w,
                             [](const replica_delays& d) { return d.write + d.acknowledge; });
        stale = larger(stale - write, delay::zero());
    }
};

}  // namespace detail

constexpr estimate<double> staleness::consistency(delay t) const {
    const auto n = static_cast<double>(trials());
    const double p = static_cast<double>(detail::count_up_to(stale_, t)) / n;
    const double z2 = detail::z95 * detail::z95;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half =
        detail::z95 * detail::square_root(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
    return {p, detail::smaller(p, middle - half), detail::larger(p, middle + half)};
}

constexpr estimate<delay> staleness::quantile(const std::vector<delay>& sorted, double q) {
    COTERIE_ASSERT(0 < q && q < 1);
    const auto n = static_cast<double>(sorted.size());
    const double half = detail::z95 * detail::square_root(n * q * (1 - q));
    // The value of this rank, from 1; before the first nothing, after the last infinity.
    const auto at = [&](std::uint64_t rank) {
        if (rank == 0) return delay::zero();
        if (rank > sorted.size()) return delay(std::numeric_limits<double>::infinity());
        return sorted[static_cast<std::size_t>(rank) - 1];
    };
    const auto rounded_up = [](double rank) {
        return rank <= 0 ? 0 : coterie::detail::least_of_share(rank, 1);
    };
    // The middle is the first value of which a share of at least q is not larger.
    return {at(coterie::detail::least_of_share(q, sorted.size())), at(rounded_up(n * q - half)),
            at(rounded_up(n * q + half + 1))};
}

constexpr double staleness::within_versions(unsigned k, delay t) const {
    double all_missed = 1;
    for (unsigned i = 0; i < k; ++i) all_missed *= 1 - consistency(t).value;
    return 1 - all_missed;
}

template <wars_model M, random_bit_generator G>
constexpr staleness::staleness(const nrw& c, const M& model, std::size_t trials, G&& random) {
    COTERIE_ASSERT(c.is_valid() && c.n <= node_set::max_nodes && trials > 0);
    for (auto* const delays : {&stale_, &reads_, &writes_}) delays->reserve(trials);
    std::array<replica_delays, node_set::max_nodes> all{};
    const std::span<replica_delays> replicas(all.data(), c.n);
    for (std::size_t i = 0; i < trials; ++i) {
        model.draw(random, replicas);
        const detail::trial trial(c, replicas);
        stale_.push_back(trial.stale);
        reads_.push_back(trial.read);
        writes_.push_back(trial.write);
    }
    for (auto* const delays : {&stale_, &reads_, &writes_}) detail::sort_delays(*delays);
}

constexpr double older_read_probability(const nrw& c, double writes_per_read) {
    const double missed = c.miss_probability();
    return missed > 0 ? detail::exponential_of((1 + writes_per_read) * detail::natural_log(missed))
                      : 0;
}

}  // namespace coterie::inline v0::quorum
