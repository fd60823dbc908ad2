// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes a failure small: fewer faults, fewer nodes, fewer operations, rounder times, as long as the run fails in
// the same way.
//
//   const auto small = sim::shrink(scenario, setup, result, {.max_runs = 1000});
//   print(to_string(small.setup));
//
// Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 28(2), 2002: ddmin, here
// over the faults; numbers are searched by halves, as in QuickCheck.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/trace/node_id.hpp>

namespace coterie::inline v0::sim {

/// How far to go.
struct shrink_options {
    /// How many runs it may take.
    std::uint64_t max_runs = 1'000;
    /// A scenario is never run with fewer.
    trace::node_id min_nodes = 1;
    std::uint64_t min_operations = 0;
};

/// A failure that is small.
struct shrunk_failure {
    scenario_setup setup;
    scenario_result result;
    /// How many runs it took.
    std::uint64_t runs = 0;
    /// Whether nothing is left to try: no fault can be left out by itself, no number be one less.
    bool is_minimal = false;
};

/// A smaller setup that fails in the same way as `setup` did with `result`. Requires: it failed.
///
/// Complexity: at most max_runs runs; for f faults ddmin wants O(f^2) at worst, and O(log f) where one fault
/// alone is to blame.
template <scenario S>
[[nodiscard]] shrunk_failure shrink(const S& s, scenario_setup setup, scenario_result result,
                                    const shrink_options& options = {});

// --- details ---------------------------------------------------------------------------------------

namespace detail {

template <class S>
class shrinker {
public:
    shrinker(const S& s, shrunk_failure& best, const shrink_options& options)
        : scenario_(s), best_(best), options_(options), way_(best.result) {}

    void run() {
        bool better = true;
        while (better && !is_spent()) {
            better = drop_faults();
            better |= lower_nodes();
            better |= lower_operations();
            for (std::size_t i = 0; i < best_.setup.faults.faults.size(); ++i)
                better |= simplify(i);
        }
        best_.is_minimal = !is_spent();
    }

private:
    using faults = std::vector<fault>;

    [[nodiscard]] bool is_spent() const { return best_.runs >= options_.max_runs; }

    // Takes a setup if it fails in the same way.
    bool accept(scenario_setup candidate) {
        if (is_spent()) return false;
        ++best_.runs;
        scenario_result result = scenario_.run(candidate, nullptr);
        if (!same_failure(result, way_)) return false;
        best_.setup = std::move(candidate);
        best_.result = std::move(result);
        return true;
    }

    bool accept_faults(faults f) {
        scenario_setup candidate = best_.setup;
        candidate.faults.faults = std::move(f);
        return accept(std::move(candidate));
    }

    // Ddmin, by complements: leaves out one of n parts, and makes parts smaller when none can be spared.
    bool drop_faults() {
        bool better = false;
        std::size_t parts = 1;
        while (!best_.setup.faults.faults.empty() && !is_spent()) {
            const std::size_t count = best_.setup.faults.faults.size();
            parts = std::min(parts, count);
            if (drop_one_of(parts)) {
                better = true;
                parts = std::max<std::size_t>(parts - 1, 1);
            } else if (parts == count) {
                break;
            } else {
                parts *= 2;
            }
        }
        return better;
    }

    bool drop_one_of(std::size_t parts) {
        const faults& all = best_.setup.faults.faults;
        const std::size_t count = all.size();
        for (std::size_t part = 0; part < parts; ++part) {
            const auto begin = static_cast<std::ptrdiff_t>(part * count / parts);
            const auto end = static_cast<std::ptrdiff_t>((part + 1) * count / parts);
            faults rest(all.begin(), all.begin() + begin);
            rest.insert(rest.end(), all.begin() + end, all.end());
            if (accept_faults(std::move(rest))) return true;
        }
        return false;
    }

    // The least value from `low` on, of those that halving finds, that `try_value` accepts in the place of
    // `value`.
    template <class T, class TryValue>
    static bool lower(T value, T low, TryValue try_value) {
        bool better = false;
        for (T step = value - low; step > T(0);) {
            if (try_value(static_cast<T>(value - step))) {
                better = true;
                value = static_cast<T>(value - step);
                step = value - low;
            } else {
                step = static_cast<T>(step / 2);
            }
        }
        return better;
    }

    bool lower_nodes() {
        if (best_.setup.nodes <= options_.min_nodes) return false;
        return lower(best_.setup.nodes, options_.min_nodes, [&](trace::node_id nodes) {
            scenario_setup candidate = best_.setup;
            candidate.nodes = nodes;
            return accept(std::move(candidate));
        });
    }

    bool lower_operations() {
        if (best_.setup.operations <= options_.min_operations) return false;
        return lower(best_.setup.operations, options_.min_operations,
                     [&](std::uint64_t operations) {
                         scenario_setup candidate = best_.setup;
                         candidate.operations = operations;
                         return accept(std::move(candidate));
                     });
    }

    // Tries a change of one fault.
    template <class Change>
    bool try_change(std::size_t i, Change change) {
        faults candidate = best_.setup.faults.faults;
        change(candidate[i]);
        if (candidate[i] == best_.setup.faults.faults[i]) return false;
        return accept_faults(std::move(candidate));
    }

    // A rounder time, no more of a link's troubles than it takes, and shorter pauses.
    bool simplify(std::size_t i) {
        bool better = round_time(i);
        better |= drop_trouble(i, &link_change::loss);
        better |= drop_trouble(i, &link_change::delay);
        better |= drop_trouble(i, &link_change::duplicate);
        better |= drop_trouble(i, &link_change::corrupt);
        better |= drop_trouble(i, &link_change::bytes_per_second);
        if (const auto amount = best_.setup.faults.faults[i].amount; amount.count() > 0) {
            constexpr std::chrono::nanoseconds least = std::chrono::milliseconds(1);
            const auto steps = amount / least;
            better |= lower(steps, decltype(steps){1}, [&](auto n) {
                return try_change(i, [&](fault& f) { f.amount = n * least; });
            });
        }
        return better;
    }

    // The last one stays: a change of nothing has no text, and is left to drop_faults.
    template <class Trouble>
    bool drop_trouble(std::size_t i, Trouble link_change::* trouble) {
        link_change rest = best_.setup.faults.faults[i].change;
        (rest.*trouble).reset();
        return rest != link_change{} && try_change(i, [&](fault& f) { f.change = rest; });
    }

    // To whole seconds, or else to tenths, to the next above or below.
    bool round_time(std::size_t i) {
        const std::chrono::nanoseconds now = best_.setup.faults.faults[i].at;
        for (const auto unit : {std::chrono::milliseconds(1'000), std::chrono::milliseconds(100)}) {
            if (now % unit == std::chrono::nanoseconds(0)) return false;
            for (const auto n : {now / unit, now / unit + 1})
                if (try_change(i, [&](fault& f) { f.at = n * unit; })) return true;
        }
        return false;
    }

    const S& scenario_;
    shrunk_failure& best_;
    shrink_options options_;
    scenario_result way_;
};

}  // namespace detail

template <scenario S>
shrunk_failure shrink(const S& s, scenario_setup setup, scenario_result result,
                      const shrink_options& options) {
    COTERIE_ASSERT(!result.passed);
    shrunk_failure best{std::move(setup), std::move(result), 0, false};
    detail::shrinker(s, best, options).run();
    return best;
}

}  // namespace coterie::inline v0::sim
