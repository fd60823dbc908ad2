// SPDX-License-Identifier: BSL-1.0
#pragma once

// Counting quorums: N replicas, of which a read asks R and a write W. What that promises, what it survives,
// and what is wrong with it, as values that the compiler can compute.
//
//   constexpr quorum::nrw c{.n = 5, .r = 2, .w = 3};
//   static_assert(!c.reads_meet_writes());          // 2 + 3 is not more than 5
//   for (const auto& f : c.diagnose()) std::puts(to_string(f).c_str());
//
// Sources: Gifford, "Weighted voting for replicated data", SOSP 1979; Bailis et al., "Probabilistically Bounded
// Staleness for Practical Partial Quorums", PVLDB 5(8), 2012, section 3; Attiya, Bar-Noy and Dolev, "Sharing
// memory robustly in message-passing systems", JACM 42(1), 1995; DeCandia et al., "Dynamo", SOSP 2007.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/at_least.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>

namespace coterie::inline v0::quorum {

class findings;

/// How quorums are used, beyond their sizes.
struct practice {
    /// Fallback nodes may answer for home nodes that are down (Dynamo, Riak).
    bool sloppy = false;
    /// How many of the answers must be home nodes' even so: Riak's PR and PW.
    unsigned pr = 0;
    unsigned pw = 0;
    /// A read writes the newest value to W nodes before it returns it.
    bool write_back = false;
};

/// What a reader may count on, of a register with versions.
enum class read_guarantee : std::uint8_t {
    eventual,  ///< a read may miss writes that have succeeded
    regular,   ///< a read sees the last write that has succeeded, or one that is under way
    atomic,    ///< and no later read sees an older one
};

[[nodiscard]] constexpr const char* describe(read_guarantee g) noexcept {
    switch (g) {
        case read_guarantee::eventual: return "eventual";
        case read_guarantee::regular: return "regular";
        case read_guarantee::atomic: return "atomic";
    }
    return "unknown guarantee";
}

/// A configuration: `n` replicas, `r` answers for a read, `w` for a write. A regular type.
///
/// Requires, of all but is_valid() and diagnose(): is_valid().
struct nrw {
    unsigned n = 3;
    unsigned r = 2;
    unsigned w = 2;

    /// Whether R and W are between 1 and N.
    [[nodiscard]] constexpr bool is_valid() const noexcept {
        return 1 <= r && r <= n && 1 <= w && w <= n;
    }

    /// R + W > N: every read asks a node that took part in the last write.
    [[nodiscard]] constexpr bool reads_meet_writes() const noexcept { return r > n - w; }

    /// 2W > N: of two writes one sees the other.
    [[nodiscard]] constexpr bool writes_meet_writes() const noexcept { return w > n - w; }

    /// What a reader may count on, where later writes have larger versions.
    [[nodiscard]] constexpr read_guarantee guarantee(const practice& use = {}) const noexcept {
        const bool at_home = !use.sloppy || use.pr + use.pw > n;
        if (!reads_meet_writes() || !at_home) return read_guarantee::eventual;
        const bool asks_all = r == n && (!use.sloppy || use.pr >= n);
        return use.write_back || asks_all ? read_guarantee::atomic : read_guarantee::regular;
    }

    /// How many nodes may be down while reads, writes, or both succeed.
    [[nodiscard]] constexpr unsigned read_failures_tolerated() const noexcept { return n - r; }
    /// \copydoc read_failures_tolerated
    [[nodiscard]] constexpr unsigned write_failures_tolerated() const noexcept { return n - w; }
    /// \copydoc read_failures_tolerated
    [[nodiscard]] constexpr unsigned failures_tolerated() const noexcept { return n - larger(); }

    /// The probability that a read misses the last `writes` writes, where each write is on W random nodes and
    /// goes no further, and a read asks R random ones: (C(N-W, R) / C(N, R)) ^ writes. What is younger than
    /// that, and delays, is the matter of pbs.hpp. Complexity: R + writes.
    [[nodiscard]] constexpr double miss_probability(unsigned writes = 1) const;

    /// The probability that reads, writes, or both succeed while each node is up with probability `up`.
    [[nodiscard]] constexpr double read_availability(double up) const {
        return probability_of_at_least(r, n, up);
    }
    /// \copydoc read_availability
    [[nodiscard]] constexpr double write_availability(double up) const {
        return probability_of_at_least(w, n, up);
    }
    /// \copydoc read_availability
    [[nodiscard]] constexpr double availability(double up) const {
        return probability_of_at_least(larger(), n, up);
    }

    /// The same, where node i is up with probability up[i]. Requires: up.size() == n.
    [[nodiscard]] constexpr double read_availability(std::span<const double> up) const {
        COTERIE_ASSERT(up.size() == n);
        return probability_of_at_least(r, up);
    }
    /// \copydoc read_availability
    [[nodiscard]] constexpr double write_availability(std::span<const double> up) const {
        COTERIE_ASSERT(up.size() == n);
        return probability_of_at_least(w, up);
    }
    /// \copydoc read_availability
    [[nodiscard]] constexpr double availability(std::span<const double> up) const {
        COTERIE_ASSERT(up.size() == n);
        return probability_of_at_least(larger(), up);
    }

    /// Which sets of nodes make a read or a write succeed: rules for a tally. Requires: n <= 64.
    [[nodiscard]] constexpr count_of read_rule() const { return {r, node_set::all(n)}; }
    /// \copydoc read_rule
    [[nodiscard]] constexpr count_of write_rule() const { return {w, node_set::all(n)}; }

    /// What a reader of this configuration should know: faults first, then what surprises people in any.
    [[nodiscard]] constexpr findings diagnose(const practice& use = {}) const;

    friend constexpr bool operator==(const nrw&, const nrw&) noexcept = default;

private:
    [[nodiscard]] constexpr unsigned larger() const noexcept { return r > w ? r : w; }
};

/// What is to be said of a configuration.
enum class finding_kind : std::uint8_t {
    out_of_range,        ///< R or W is none of 1 to N
    reads_miss_writes,   ///< R + W <= N
    writes_miss_writes,  ///< 2W <= N
    sloppy_quorum,       ///< answers of fallbacks count, and PR + PW <= N
    no_failure_allowed,  ///< R = N or W = N
    even_n,              ///< a node that majorities gain nothing from
    not_atomic,          ///< reads are regular: a later read may give an older value
    failed_write_stays,  ///< a write that fails is not undone
    timeout_is_unknown,  ///< a time-out is neither success nor failure
};

[[nodiscard]] constexpr const char* describe(finding_kind kind) noexcept {
    switch (kind) {
        case finding_kind::out_of_range: return "R or W out of range";
        case finding_kind::reads_miss_writes: return "reads can miss writes";
        case finding_kind::writes_miss_writes: return "writes can pass each other";
        case finding_kind::sloppy_quorum: return "sloppy quorums do not meet";
        case finding_kind::no_failure_allowed: return "no node may fail";
        case finding_kind::even_n: return "a node that gains nothing";
        case finding_kind::not_atomic: return "reads are regular, not atomic";
        case finding_kind::failed_write_stays: return "a failed write is not undone";
        case finding_kind::timeout_is_unknown: return "a time-out is neither success nor failure";
    }
    return "unknown finding";
}

/// Whether it takes away what quorums are for; else it is a thing to know.
[[nodiscard]] constexpr bool is_fault(finding_kind kind) noexcept {
    return kind <= finding_kind::sloppy_quorum;
}

/// One finding: its kind, two sets of nodes that show it, and the repair.
struct finding {
    finding_kind kind = finding_kind::out_of_range;
    /// Where it was found.
    nrw found_in;
    /// The nodes that a read asks and a write reaches, or as append_to() tells it. Home nodes are 0 to n-1,
    /// fallbacks are n and up. Empty where n > 32, since they might not fit.
    node_set first;
    node_set second;
    /// Configurations without this fault, where sizes repair it: by R, and by W if that is another way.
    nrw repair;
    nrw other_repair;

    /// Appends the reason, the counterexample and the repair, as sentences.
    template <class Out>
    constexpr void append_to(Out& out) const;

    friend constexpr bool operator==(const finding&, const finding&) noexcept = default;
};

/// The findings of one configuration: each kind at most once, faults first. Allocates nothing.
class findings {
public:
    /// The findings in order.
    [[nodiscard]] constexpr const finding* begin() const noexcept { return list_.data(); }
    [[nodiscard]] constexpr const finding* end() const noexcept { return list_.data() + size_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

    /// The finding of that kind, or null.
    [[nodiscard]] constexpr const finding* find(finding_kind kind) const noexcept {
        for (const finding& f : *this)
            if (f.kind == kind) return &f;
        return nullptr;
    }

    /// Whether any of them is a fault.
    [[nodiscard]] constexpr bool has_fault() const noexcept {
        return size_ > 0 && is_fault(list_[0].kind);
    }

private:
    friend struct nrw;

    constexpr void add(const finding& f) { list_[size_++] = f; }

    std::array<finding, 9> list_{};
    std::size_t size_ = 0;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Appends texts, numbers and whatever has append_to.
template <class Out, class... Parts>
constexpr void say(Out& out, const Parts&... parts) {
    const auto append = [&out]<class Part>(const Part& part) {
        if constexpr (std::is_integral_v<Part>) {
            coterie::detail::append_decimal(out, part);
        } else if constexpr (requires { part.append_to(out); }) {
            part.append_to(out);
        } else {
            out.append(part);
        }
    };
    (append(parts), ...);
}

/// The nodes first to first + count - 1.
constexpr node_set nodes_from(unsigned first, unsigned count) {
    return node_set::all(first + count) - node_set::all(first);
}

/// A write on fallbacks and as few home nodes as allowed, and a read that misses it: home nodes where it can.
constexpr void show_sloppy_miss(finding& f, const practice& use) {
    const auto [n, r, w] = f.found_in;
    const unsigned written = use.pw < w ? use.pw : w;
    const unsigned read = r < n - written ? r : n - written;
    const unsigned fallbacks = w - written;
    f.first = nodes_from(0, read) | nodes_from(n + fallbacks, r - read);
    f.second = nodes_from(n - written, w);
}

/// The two sets that show what is wrong. See finding::append_to for what they mean.
constexpr void show(finding& f, const practice& use) {
    const auto [n, r, w] = f.found_in;
    switch (f.kind) {
        case finding_kind::reads_miss_writes:
            f.first = nodes_from(0, r);
            f.second = nodes_from(r, w);
            break;
        case finding_kind::writes_miss_writes:
            f.first = nodes_from(0, w);
            f.second = nodes_from(w, w);
            break;
        case finding_kind::sloppy_quorum: show_sloppy_miss(f, use); break;
        case finding_kind::not_atomic:
            f.first = nodes_from(0, r);
            // Where all are asked, a fallback answers for the first.
            f.second = nodes_from(r == n ? 1 : n - r, r);
            break;
        case finding_kind::failed_write_stays:
            f.first = nodes_from(0, r);
            f.second = nodes_from(n - r, r);
            break;
        case finding_kind::timeout_is_unknown: f.first = nodes_from(0, w); break;
        case finding_kind::no_failure_allowed: f.first = nodes_from(0, 1); break;
        default: break;
    }
}

/// Where both are majorities and N is even, N - 1 tolerates as many failures.
constexpr bool gains_nothing(const nrw& c) noexcept {
    const unsigned majority = c.n / 2 + 1;
    return c.n % 2 == 0 && c.r >= majority && c.w >= majority && c.n > c.r && c.n > c.w;
}

constexpr nrw majorities(unsigned n) noexcept { return {n, n / 2 + 1, n / 2 + 1}; }

/// The nearest configurations without the fault.
constexpr void repair(finding& f) {
    const auto [n, r, w] = f.found_in;
    f.repair = f.other_repair = f.found_in;
    switch (f.kind) {
        case finding_kind::reads_miss_writes:
            f.repair.r = n - w + 1;
            f.other_repair.w = n - r + 1;
            break;
        case finding_kind::writes_miss_writes: f.repair.w = f.other_repair.w = n / 2 + 1; break;
        case finding_kind::no_failure_allowed: f.repair = f.other_repair = majorities(n); break;
        case finding_kind::even_n: f.repair = f.other_repair = majorities(n - 1); break;
        default: break;
    }
}

template <class Out>
constexpr void say_miss(Out& out, const char* first, const char* second, const finding& f) {
    if (f.first.empty()) return;
    say(out, ": ", first, f.first, " and ", second, f.second, " never meet");
}

template <class Out>
constexpr void say_inversion(Out& out, const finding& f) {
    if (f.first.empty()) return;
    say(out, ": of a write that has reached {0} alone a read of ", f.first, " gives the value");
    if (f.first == f.second) return;
    say(out, ", and a later read of ", f.second, " the one before");
}

}  // namespace detail

constexpr double nrw::miss_probability(unsigned writes) const {
    if (reads_meet_writes()) return 0;
    double once = 1;
    for (unsigned i = 0; i < r; ++i) once *= static_cast<double>(n - w - i) / (n - i);
    double all = 1;
    for (unsigned i = 0; i < writes; ++i) all *= once;
    return all;
}

constexpr findings nrw::diagnose(const practice& use) const {
    findings all;
    const auto add = [&](finding_kind kind) {
        finding f;
        f.kind = kind;
        f.found_in = *this;
        detail::repair(f);
        if (is_valid() && n <= node_set::max_nodes / 2) detail::show(f, use);
        all.add(f);
    };
    if (!is_valid()) {
        add(finding_kind::out_of_range);
        return all;
    }
    if (!reads_meet_writes()) add(finding_kind::reads_miss_writes);
    if (!writes_meet_writes()) add(finding_kind::writes_miss_writes);
    if (use.sloppy && use.pr + use.pw <= n) add(finding_kind::sloppy_quorum);
    if (failures_tolerated() == 0 && n > 2) add(finding_kind::no_failure_allowed);
    if (detail::gains_nothing(*this)) add(finding_kind::even_n);
    if (guarantee(use) == read_guarantee::regular) add(finding_kind::not_atomic);
    add(finding_kind::failed_write_stays);
    add(finding_kind::timeout_is_unknown);
    return all;
}

template <class Out>
constexpr void finding::append_to(Out& out) const {
    using detail::say;
    const auto [n, r, w] = found_in;
    switch (kind) {
        case finding_kind::out_of_range:
            say(out, "R = ", r, " and W = ", w, " are not both between 1 and N = ", n, ".");
            break;
        case finding_kind::reads_miss_writes:
            say(out, "R + W = ", r + w, " is not more than N = ", n,
                ", so a read can miss a write");
            detail::say_miss(out, "reading ", "writing ", *this);
            say(out, ". Take R = ", repair.r, " or W = ", other_repair.w, ".");
            break;
        case finding_kind::writes_miss_writes:
            say(out, "2W = ", 2 * w, " is not more than N = ", n,
                ", so two writes can pass each other, and one is lost or a conflict");
            detail::say_miss(out, "writing ", "writing ", *this);
            say(out, ". Take W = ", repair.w, ", or let one client write each key.");
            break;
        case finding_kind::sloppy_quorum:
            say(out, "Answers of fallback nodes count, so R + W > N promises nothing");
            detail::say_miss(out, "reading ", "writing ", *this);
            say(out, ", and home nodes are those below ", n, ". Demand PR + PW > N: PR = ", r,
                " and PW = ", n - r + 1, ".");
            break;
        case finding_kind::no_failure_allowed:
            say(out, r == n ? "R = N" : "W = N", ": with one node down there are no ",
                r == n ? "reads" : "writes", r == w ? " and no writes" : "", ". R = ", repair.r,
                " and W = ", repair.w, " go on without ", repair.failures_tolerated(), ".");
            break;
        case finding_kind::even_n:
            say(out, "Majorities of N = ", repair.n,
                " go on without as many nodes as those of N = ", n, ": ",
                repair.failures_tolerated(), ". Take N = ", repair.n, " or N = ", n + 1, ".");
            break;
        case finding_kind::not_atomic:
            say(out, "A read may give a newer value than a later read");
            detail::say_inversion(out, *this);
            say(out, ". If that matters, write what was read to W nodes before you return it.");
            break;
        case finding_kind::failed_write_stays:
            say(out, "A write that fails is not undone");
            detail::say_inversion(out, *this);
            say(out, ". Repeat it with the same version until it succeeds.");
            break;
        case finding_kind::timeout_is_unknown:
            say(out, "A time-out is neither success nor failure");
            if (!first.empty())
                say(out, ": all of ", first, " may have written, and the answers been lost");
            say(out, ". Make writes idempotent, and repeat them.");
            break;
    }
}

}  // namespace coterie::inline v0::quorum
