// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tries a scenario with many seeds, on all cores, and makes the first failure small.
//
//   struct my_scenario {
//       sim::scenario_setup setup(std::uint64_t seed) const;          // draws nodes, operations, faults
//       sim::scenario_result run(const sim::scenario_setup&, trace::trace*) const;       // and does it
//   };
//   const auto found = sim::explore(my_scenario{}, {.first = 1, .count = 10'000},
//                                   {.replay_command = "my_test"});
//   if (found.failure) return 1;            // what failed, and how to see it again, stands on stderr
//
// Source: the shape of such a sweep: Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key Value
// Store", SIGMOD 2021, section 4.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <coterie/core/bits.hpp>
#include <coterie/core/error.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/script_error.hpp>
#include <coterie/sim/shrink.hpp>
#include <coterie/trace/space_time_diagram.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim {

/// The seeds first, first + 1, ..., first + count - 1.
struct seed_range {
    std::uint64_t first = 1;
    std::uint64_t count = 100;
};

/// How to explore.
struct explore_options {
    /// How many threads work; 0: one for each core.
    unsigned threads = 0;
    /// Where to say what happens: a line a second while it lasts, and what failed. nullptr: nowhere.
    std::FILE* report = stderr;
    /// The command that replays a seed, when " --seed 17" is added to it; empty: none is named.
    std::string replay_command{};  // NOLINT(readability-redundant-member-init): or g++ warns
    shrink_options shrink{};
    /// Records the run of the shrunk failure.
    trace::trace* recorder = nullptr;
    /// A file to draw that run in (trace/space_time_diagram.hpp); empty: none.
    std::string diagram{};  // NOLINT(readability-redundant-member-init): or g++ warns
};

/// A failure that was found, and made small.
struct found_failure {
    /// As the smallest failing seed gave it.
    scenario_setup setup;
    scenario_result result;
    shrunk_failure shrunk;
};

/// What came of a sweep. The same whatever the number of threads.
struct exploration {
    /// The seeds that were tried: all, or those up to the one that failed.
    std::uint64_t runs = 0;
    /// Of those: how much happened, and a hash of all.
    std::uint64_t events = 0;
    std::uint64_t hash = 0;
    std::optional<found_failure> failure = std::nullopt;
};

/// Runs the scenario with each seed until one fails; that with the smallest failing seed is shrunk and
/// reported.
///
/// Complexity: a run for each seed, and those of `shrink`. Thread safety: the scenario's functions are called
/// from several threads.
template <scenario S>
[[nodiscard]] exploration explore(const S& s, seed_range seeds,
                                  const explore_options& options = {});

/// Does the run again that a text describes: one that explore printed.
template <scenario S>
[[nodiscard]] std::expected<scenario_result, script_error> replay(
    const S& s, std::string_view setup, trace::trace* recorder = nullptr) {
    const auto parsed = parse_scenario_setup(setup);
    if (!parsed.has_value()) return std::unexpected(parsed.error());
    return s.run(*parsed, recorder);
}

/// How two runs from one setup came to differ: the scenario asks something beside its world.
struct nondeterminism {
    scenario_result first;
    scenario_result second;
    /// The index of the first event that differs in the traces, if one does, and what both say there.
    std::optional<std::size_t> event = std::nullopt;
    std::string first_text{};   // NOLINT(readability-redundant-member-init)
    std::string second_text{};  // NOLINT(readability-redundant-member-init)

    /// Appends "the runs differ from event 17 on: ping 3 / ping 4".
    template <class Out>
    void append_to(Out& out) const {
        if (!event) return void(out.append("the runs differ, but not in what was traced"));
        out.append("the runs differ from event ");
        coterie::detail::append_decimal(out, *event);
        out.append(" on: ");
        out.append(first_text);
        out.append(" / ");
        out.append(second_text);
    }
};

/// Runs the scenario twice with one seed, and compares. Returns: the result, if it is the same.
template <scenario S>
[[nodiscard]] std::expected<scenario_result, nondeterminism> check_determinism(const S& s,
                                                                               std::uint64_t seed);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// One sweep, done by several threads. Seeds are handed out in order, so that all below one that fails are
/// tried as well.
template <class S>
class sweep {
public:
    sweep(const S& s, seed_range seeds, std::FILE* report)
        : scenario_(s), seeds_(seeds), report_(report), failed_(seeds.count) {}

    exploration run(unsigned threads) {
        std::vector<std::thread> others;
        for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(false); });
        work(report_ != nullptr);
        for (std::thread& t : others) t.join();
        return sum_up();
    }

private:
    using clock = std::chrono::steady_clock;

    struct outcome {
        std::uint64_t nth;
        std::uint64_t hash;
        std::uint64_t events;
    };

    void work(bool tells) {
        std::vector<outcome> done;
        for (;;) {
            const std::uint64_t nth = next_.fetch_add(1, std::memory_order_relaxed);
            if (nth >= failed_.load(std::memory_order_relaxed)) break;
            scenario_setup setup = scenario_.setup(seeds_.first + nth);
            scenario_result result = scenario_.run(setup, nullptr);
            done.push_back({nth, result.hash, result.events});
            if (!result.passed) fail(nth, std::move(setup), std::move(result));
            if (tells) tell_progress(nth + 1);
        }
        const std::scoped_lock lock(mutex_);
        outcomes_.insert(outcomes_.end(), done.begin(), done.end());
    }

    void fail(std::uint64_t nth, scenario_setup setup, scenario_result result) {
        const std::scoped_lock lock(mutex_);
        if (nth >= failed_.load(std::memory_order_relaxed)) return;
        failed_.store(nth, std::memory_order_relaxed);
        failure_.emplace(std::move(setup), std::move(result));
    }

    void tell_progress(std::uint64_t done) {
        const clock::time_point now = clock::now();
        if (now - told_ < std::chrono::seconds(1)) return;
        told_ = now;
        const double seconds = std::chrono::duration<double>(now - began_).count();
        std::fprintf(
            report_, "%llu of %llu seeds, %.0f a second\n", static_cast<unsigned long long>(done),
            static_cast<unsigned long long>(seeds_.count), static_cast<double>(done) / seconds);
        std::fflush(report_);
    }

    exploration sum_up() {
        exploration sum;
        const std::uint64_t failed = failed_.load(std::memory_order_relaxed);
        sum.runs = std::min(failed + 1, seeds_.count);
        for (const outcome& o : outcomes_) {
            if (o.nth > failed) continue;
            sum.events += o.events;
            // In any order the same.
            sum.hash += coterie::detail::mix64(o.hash ^ coterie::detail::mix64(o.nth));
        }
        if (failure_)
            sum.failure.emplace(
                std::move(failure_->first), failure_->second,
                shrunk_failure{
                    .setup = {}, .result = failure_->second, .runs = 0, .is_minimal = false});
        return sum;
    }

    const S& scenario_;
    seed_range seeds_;
    std::FILE* report_;
    std::atomic<std::uint64_t> next_{0};
    /// The smallest index that failed, or how many there are.
    std::atomic<std::uint64_t> failed_;
    std::mutex mutex_;
    std::vector<outcome> outcomes_;
    std::optional<std::pair<scenario_setup, scenario_result>> failure_;
    clock::time_point began_ = clock::now();
    clock::time_point told_ = began_;
};

inline void append_count(std::string& out, std::uint64_t count, std::string_view what) {
    coterie::detail::append_decimal(out, count);
    out.append(what);
}

inline std::string describe_size(const scenario_setup& setup) {
    std::string text;
    append_count(text, setup.nodes, " nodes, ");
    append_count(text, setup.operations, " operations, ");
    append_count(text, setup.faults.faults.size(), " faults");
    return text;
}

/// What explore says of a failure before it is shrunk, and after.
inline std::string describe_found(const found_failure& f, std::string_view replay_command) {
    std::string text = "seed ";
    append_count(text, f.setup.seed, " fails: ");
    text.append(f.result.failure).append("\n");
    if (replay_command.empty()) return text;
    text.append("to see it again: ").append(replay_command).append(" --seed ");
    append_count(text, f.setup.seed, "\n");
    return text;
}

inline std::string describe_shrunk(const found_failure& f) {
    std::string text =
        "shrunk from " + describe_size(f.setup) + " to " + describe_size(f.shrunk.setup) + ", in ";
    append_count(text, f.shrunk.runs,
                 f.shrunk.is_minimal ? " runs" : " runs, all that were allowed");
    text.append(": ").append(f.shrunk.result.failure).append("\n");
    f.shrunk.setup.append_to(text);
    return text;
}

inline void report(std::FILE* to, const std::string& text) {
    if (to == nullptr) return;
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
}

/// The first event in which two traces differ.
inline void find_difference(const trace::trace& a, const trace::trace& b, nondeterminism& n) {
    const auto text = [](const trace::trace& t, std::size_t i) {
        return i < t.size() ? std::string(t[i].text) : std::string("the end");
    };
    const auto same = [](const trace::trace_event& x, const trace::trace_event& y) {
        return x.at == y.at && x.kind == y.kind && x.node == y.node && x.peer == y.peer &&
               x.message == y.message && x.text == y.text;
    };
    std::size_t i = 0;
    const std::size_t both = std::min(a.size(), b.size());
    while (i < both && same(a[i], b[i])) ++i;
    if (i == both && a.size() == b.size()) return;
    n.event = i;
    n.first_text = text(a, i);
    n.second_text = text(b, i);
}

/// Draws the run of a failure into a file. Returns: what is to be said of that.
inline std::string draw_failure(const trace::trace& t, const found_failure& f,
                                const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    bool written = false;
    if (file != nullptr) {
        const std::string svg = to_svg(t, {.title = f.shrunk.result.failure});
        written = std::fwrite(svg.data(), 1, svg.size(), file) == svg.size();
        written = std::fclose(file) == 0 && written;
    }
    return written ? "drawn in " + path + "\n" : path + " cannot be written\n";
}

}  // namespace detail

template <scenario S>
exploration explore(const S& s, seed_range seeds, const explore_options& options) {
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    const unsigned wanted = options.threads == 0 ? cores : options.threads;
    const auto threads = static_cast<unsigned>(std::min<std::uint64_t>(wanted, seeds.count));
    exploration sum = detail::sweep(s, seeds, options.report).run(std::max(threads, 1U));
    if (!sum.failure) return sum;
    found_failure& f = *sum.failure;
    detail::report(options.report, detail::describe_found(f, options.replay_command));
    f.shrunk = shrink(s, f.setup, f.result, options.shrink);
    detail::report(options.report, detail::describe_shrunk(f));
    if (options.recorder == nullptr && options.diagram.empty()) return sum;
    trace::trace own;
    trace::trace& recorder = options.recorder != nullptr ? *options.recorder : own;
    (void)s.run(f.shrunk.setup, &recorder);
    if (!options.diagram.empty())
        detail::report(options.report, detail::draw_failure(recorder, f, options.diagram));
    return sum;
}

template <scenario S>
std::expected<scenario_result, nondeterminism> check_determinism(const S& s, std::uint64_t seed) {
    trace::trace traces[2];
    nondeterminism n{.first = s.run(s.setup(seed), &traces[0]),
                     .second = s.run(s.setup(seed), &traces[1])};
    if (n.first == n.second) return n.first;
    detail::find_difference(traces[0], traces[1], n);
    return std::unexpected(std::move(n));
}

}  // namespace coterie::inline v0::sim
