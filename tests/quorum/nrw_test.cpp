// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/nrw.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <coterie/core/text.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"

using namespace coterie::quorum;
using coterie::to_string;

namespace {

constexpr nrw claimed_strong{.n = 5, .r = 2, .w = 3};
static_assert(!claimed_strong.reads_meet_writes());
static_assert(claimed_strong.writes_meet_writes());
static_assert(claimed_strong.guarantee() == read_guarantee::eventual);
static_assert(claimed_strong.diagnose().has_fault());
static_assert(claimed_strong.miss_probability() > .0999 &&
              claimed_strong.miss_probability() < .1001);
static_assert(describe(claimed_strong.diagnose().begin()->kind) ==
              std::string_view("reads can miss writes"));
static_assert(nrw{3, 2, 2}.availability(.9) > .9719);

/// The length of a text, for the compiler: std::string is not constant with every library.
struct length {
    std::size_t value = 0;
    constexpr void push_back(char) { ++value; }
    constexpr void append(std::string_view text) { value += text.size(); }
};

constexpr std::size_t length_of_first(const nrw& c) {
    length l;
    c.diagnose().begin()->append_to(l);
    return l.value;
}
static_assert(length_of_first(claimed_strong) == 131);

/// All sets of `size` of the nodes below n.
std::vector<node_set> sets_of(unsigned n, unsigned size) {
    std::vector<node_set> all;
    for (std::uint64_t word = 0; word < std::uint64_t{1} << n; ++word)
        if (node_set(word).size() == size) all.emplace_back(word);
    return all;
}

bool all_meet(unsigned n, unsigned first, unsigned second) {
    for (const node_set a : sets_of(n, first))
        for (const node_set b : sets_of(n, second))
            if ((a & b).empty()) return false;
    return true;
}

template <class Check>
void for_each_configuration(unsigned most, Check check) {
    for (unsigned n = 1; n <= most; ++n)
        for (unsigned r = 1; r <= n; ++r)
            for (unsigned w = 1; w <= n; ++w) check(nrw{n, r, w});
}

std::string text_of(const nrw& c, finding_kind kind, const practice& use = {}) {
    const auto found = c.diagnose(use);
    const finding* f = found.find(kind);
    return f == nullptr ? "" : to_string(*f);
}

bool finds(const nrw& c, finding_kind kind, const practice& use = {}) {
    return c.diagnose(use).find(kind) != nullptr;
}

}  // namespace

TEST_CASE("quorums meet if and only if all sets of their sizes do, for N up to 7") {
    for_each_configuration(7, [](const nrw& c) {
        REQUIRE(c.is_valid());
        REQUIRE(c.reads_meet_writes() == all_meet(c.n, c.r, c.w));
        REQUIRE(c.writes_meet_writes() == all_meet(c.n, c.w, c.w));
    });
}

TEST_CASE("each failure up to the tolerated number leaves a quorum, and one more does not") {
    for_each_configuration(7, [](const nrw& c) {
        const auto survives = [&](const count_of& rule, unsigned failures) {
            return rule.is_quorum(node_set::all(c.n) - node_set::all(failures));
        };
        const unsigned reads = c.read_failures_tolerated(), writes = c.write_failures_tolerated();
        REQUIRE((survives(c.read_rule(), reads) && survives(c.write_rule(), writes)));
        REQUIRE_FALSE((survives(c.read_rule(), reads + 1) || survives(c.write_rule(), writes + 1)));
        REQUIRE(c.failures_tolerated() == std::min(reads, writes));
    });
}

TEST_CASE("the probability of a miss is the share of reads that miss, for N up to 7") {
    for_each_configuration(7, [](const nrw& c) {
        const node_set written = node_set::all(c.w);
        const auto reads = sets_of(c.n, c.r);
        double missed = 0;
        for (const node_set read : reads) missed += (read & written).empty() ? 1 : 0;
        const double once = missed / static_cast<double>(reads.size());
        REQUIRE(c.miss_probability() == Approx(once));
        REQUIRE(c.miss_probability(3) == Approx(once * once * once));
        REQUIRE(c.miss_probability(0) == (c.reads_meet_writes() ? 0 : 1));
    });
}

TEST_CASE("availability of reads, writes and both, for equal and for differing nodes") {
    const std::array<double, 3> up{.5, .8, .9};
    const nrw c{3, 1, 3};
    CHECK(c.read_availability(up) == Approx(1 - .5 * .2 * .1));
    CHECK(c.write_availability(up) == Approx(.5 * .8 * .9));
    CHECK(c.availability(up) == Approx(.5 * .8 * .9));
    CHECK(c.read_availability(.9) == Approx(.999));
    CHECK(c.write_availability(.9) == Approx(.729));
    CHECK(c.availability(.9) == Approx(.729));
    CHECK(nrw{3, 3, 1}.availability(.9) == Approx(.729));
    CHECK(nrw{3, 3, 1}.availability(up) == Approx(.36));
    CHECK(nrw{3, 2, 2}.read_availability(up) ==
          Approx(.5 * .8 * .9 + .5 * .8 * .1 + .5 * .2 * .9 + .5 * .8 * .9));
}

TEST_CASE("every fault has a counterexample that is one, and repairs that are the nearest") {
    for_each_configuration(7, [](const nrw& c) {
        const auto found = c.diagnose();
        const finding* reads = found.find(finding_kind::reads_miss_writes);
        REQUIRE((reads == nullptr) == c.reads_meet_writes());
        if (reads != nullptr) {
            REQUIRE(c.read_rule().is_quorum(reads->first));
            REQUIRE(c.write_rule().is_quorum(reads->second));
            REQUIRE((reads->first & reads->second).empty());
            REQUIRE(reads->repair.reads_meet_writes());
            REQUIRE(reads->other_repair.reads_meet_writes());
            REQUIRE((reads->repair.w == c.w && reads->other_repair.r == c.r));
            REQUIRE_FALSE(nrw{c.n, reads->repair.r - 1, c.w}.reads_meet_writes());
            REQUIRE_FALSE(nrw{c.n, c.r, reads->other_repair.w - 1}.reads_meet_writes());
        }
        const finding* writes = found.find(finding_kind::writes_miss_writes);
        REQUIRE((writes == nullptr) == c.writes_meet_writes());
        if (writes != nullptr) {
            REQUIRE(c.write_rule().is_quorum(writes->first));
            REQUIRE(c.write_rule().is_quorum(writes->second));
            REQUIRE((writes->first & writes->second).empty());
            REQUIRE(writes->repair.writes_meet_writes());
            REQUIRE_FALSE(nrw{c.n, c.r, writes->repair.w - 1}.writes_meet_writes());
        }
        REQUIRE(found.has_fault() == (reads != nullptr || writes != nullptr));
        bool note_seen = false;
        for (const finding& f : found) {
            REQUIRE_FALSE((note_seen && is_fault(f.kind)));
            note_seen = note_seen || !is_fault(f.kind);
            REQUIRE(f.found_in == c);
        }
    });
}

TEST_CASE("wrong claim: N=5, R=2, W=3 is strong") {
    const auto text = text_of(claimed_strong, finding_kind::reads_miss_writes);
    CHECK(
        text ==
        "R + W = 5 is not more than N = 5, so a read can miss a write: reading {0, 1} and writing "
        "{2, 3, 4} never meet. Take R = 3 or W = 4.");
    CHECK_FALSE(finds(claimed_strong, finding_kind::writes_miss_writes));
    CHECK_FALSE(nrw{5, 3, 3}.diagnose().has_fault());
    CHECK_FALSE(nrw{5, 2, 4}.diagnose().has_fault());
}

TEST_CASE("wrong claim: R + W > N is all, though W is at most N / 2") {
    const nrw c{.n = 4, .r = 3, .w = 2};
    CHECK(c.reads_meet_writes());
    CHECK(text_of(c, finding_kind::writes_miss_writes) ==
          "2W = 4 is not more than N = 4, so two writes can pass each other, and one is lost or a "
          "conflict: writing {0, 1} and writing {2, 3} never meet. Take W = 3, or let one client "
          "write "
          "each key.");
}

TEST_CASE("wrong claim: R + W > N is enough where quorums are sloppy") {
    const nrw c{.n = 3, .r = 2, .w = 2};
    const practice sloppy{.sloppy = true};
    CHECK(c.guarantee(sloppy) == read_guarantee::eventual);
    CHECK(c.diagnose(sloppy).has_fault());
    CHECK(
        text_of(c, finding_kind::sloppy_quorum, sloppy) ==
        "Answers of fallback nodes count, so R + W > N promises nothing: reading {0, 1} and "
        "writing "
        "{3, 4} never meet, and home nodes are those below 3. Demand PR + PW > N: PR = 2 and PW = "
        "2.");
    const practice repaired{.sloppy = true, .pr = 2, .pw = 2};
    CHECK(c.guarantee(repaired) == read_guarantee::regular);
    CHECK_FALSE(c.diagnose(repaired).has_fault());
}

TEST_CASE("a sloppy quorum misses as long as PR + PW <= N, for N up to 7") {
    for_each_configuration(7, [](const nrw& c) {
        for (unsigned pr = 0; pr <= c.r; ++pr) {
            for (unsigned pw = 0; pw <= c.w; ++pw) {
                const practice use{.sloppy = true, .pr = pr, .pw = pw};
                const auto found = c.diagnose(use);
                const finding* f = found.find(finding_kind::sloppy_quorum);
                REQUIRE((f == nullptr) == (pr + pw > c.n));
                if (f == nullptr) continue;
                const node_set home = node_set::all(c.n);
                REQUIRE((f->first.size() == c.r && f->second.size() == c.w));
                REQUIRE(((f->first & home).size() >= pr && (f->second & home).size() >= pw));
                REQUIRE((f->first & f->second).empty());
                REQUIRE(c.guarantee(use) == read_guarantee::eventual);
            }
        }
    });
}

TEST_CASE("wrong claim: R + W > N is linearizable without a write-back") {
    const nrw c{.n = 3, .r = 2, .w = 2};
    CHECK(c.guarantee() == read_guarantee::regular);
    CHECK(c.guarantee({.write_back = true}) == read_guarantee::atomic);
    CHECK(
        text_of(c, finding_kind::not_atomic) ==
        "A read may give a newer value than a later read: of a write that has reached {0} alone a "
        "read of {0, 1} gives the value, and a later read of {1, 2} the one before. If that "
        "matters, "
        "write what was read to W nodes before you return it.");
    CHECK_FALSE(finds(c, finding_kind::not_atomic, {.write_back = true}));
}

TEST_CASE("wrong claim: R = N is linearizable where a fallback may answer") {
    const nrw c{.n = 3, .r = 3, .w = 2};
    CHECK(c.guarantee() == read_guarantee::atomic);
    const practice use{.sloppy = true, .pr = 2, .pw = 2};
    CHECK(c.guarantee(use) == read_guarantee::regular);
    CHECK(c.guarantee({.sloppy = true, .pr = 3, .pw = 2}) == read_guarantee::atomic);
    CHECK(c.guarantee({.sloppy = true, .pr = 2, .pw = 2, .write_back = true}) ==
          read_guarantee::atomic);
    const findings found = c.diagnose(use);
    const finding* f = found.find(finding_kind::not_atomic);
    REQUIRE(f != nullptr);
    CHECK(f->first == node_set::all(3));
    CHECK(f->second == node_set::all(4) - node_set::all(1));
}

TEST_CASE("a read can be undone by a later one if and only if one set has node 0 and another not") {
    for_each_configuration(7, [](const nrw& c) {
        bool with = false, without = false;
        for (const node_set read : sets_of(c.n, c.r)) (read.contains(0) ? with : without) = true;
        REQUIRE(finds(c, finding_kind::not_atomic) == (c.reads_meet_writes() && with && without));
        if (!finds(c, finding_kind::not_atomic)) return;
        const auto found = c.diagnose();
        const finding* f = found.find(finding_kind::not_atomic);
        REQUIRE((f->first.contains(0) && !f->second.contains(0)));
        REQUIRE((c.read_rule().is_quorum(f->first) && c.read_rule().is_quorum(f->second)));
    });
}

TEST_CASE("wrong claim: a write that failed has not happened") {
    CHECK(
        text_of({3, 2, 2}, finding_kind::failed_write_stays) ==
        "A write that fails is not undone: of a write that has reached {0} alone a read of {0, 1} "
        "gives the value, and a later read of {1, 2} the one before. Repeat it with the same "
        "version "
        "until it succeeds.");
    CHECK(
        text_of({2, 2, 2}, finding_kind::failed_write_stays) ==
        "A write that fails is not undone: of a write that has reached {0} alone a read of {0, 1} "
        "gives the value. Repeat it with the same version until it succeeds.");
}

TEST_CASE("wrong claim: a time-out is a failure") {
    CHECK(text_of({3, 2, 2}, finding_kind::timeout_is_unknown) ==
          "A time-out is neither success nor failure: all of {0, 1} may have written, and the "
          "answers "
          "been lost. Make writes idempotent, and repeat them.");
}

TEST_CASE("wrong claim: an even number of nodes survives more") {
    CHECK(text_of({4, 3, 3}, finding_kind::even_n) ==
          "Majorities of N = 3 go on without as many nodes as those of N = 4: 1. Take N = 3 or N = "
          "5.");
    for_each_configuration(7, [](const nrw& c) {
        if (!finds(c, finding_kind::even_n)) return;
        const auto found = c.diagnose();
        const nrw smaller = found.find(finding_kind::even_n)->repair;
        REQUIRE(smaller.n < c.n);
        REQUIRE(smaller.failures_tolerated() >= c.failures_tolerated());
        REQUIRE_FALSE(smaller.diagnose().has_fault());
    });
    CHECK_FALSE(finds({4, 2, 3}, finding_kind::even_n));  // reads survive two
    CHECK_FALSE(finds({5, 3, 3}, finding_kind::even_n));
}

TEST_CASE("quorums of all nodes survive nothing") {
    CHECK(text_of({3, 1, 3}, finding_kind::no_failure_allowed) ==
          "W = N: with one node down there are no writes. R = 2 and W = 2 go on without 1.");
    CHECK(text_of({5, 5, 1}, finding_kind::no_failure_allowed) ==
          "R = N: with one node down there are no reads. R = 3 and W = 3 go on without 2.");
    CHECK(
        text_of({5, 5, 5}, finding_kind::no_failure_allowed) ==
        "R = N: with one node down there are no reads and no writes. R = 3 and W = 3 go on without "
        "2.");
    CHECK_FALSE(finds({3, 2, 2}, finding_kind::no_failure_allowed));
}

TEST_CASE("sizes that make no sense are the only finding") {
    for (const nrw& c : {nrw{3, 0, 2}, nrw{3, 2, 0}, nrw{3, 4, 2}, nrw{3, 2, 4}, nrw{0, 0, 0}}) {
        CHECK_FALSE(c.is_valid());
        const auto found = c.diagnose();
        REQUIRE(found.size() == 1);
        CHECK(found.begin()->kind == finding_kind::out_of_range);
        CHECK(found.has_fault());
    }
    CHECK(text_of({3, 4, 2}, finding_kind::out_of_range) ==
          "R = 4 and W = 2 are not both between 1 and N = 3.");
}

TEST_CASE("clusters beyond a word of nodes are judged too, without sets") {
    const nrw c{.n = 100, .r = 30, .w = 30};
    CHECK(c.diagnose({.sloppy = true}).size() == 5);
    for (const finding& f : c.diagnose({.sloppy = true})) {
        CHECK((f.first.empty() && f.second.empty()));
        CHECK(to_string(f).find('{') == std::string::npos);
    }
}

TEST_CASE("every kind of finding, every guarantee has words") {
    for (unsigned kind = 0; kind <= 8; ++kind)
        CHECK(describe(static_cast<finding_kind>(kind)) != std::string("unknown finding"));
    CHECK(describe(read_guarantee::eventual) == std::string("eventual"));
    CHECK(describe(read_guarantee::regular) == std::string("regular"));
    CHECK(describe(read_guarantee::atomic) == std::string("atomic"));
}

TEST_CASE("published probabilities of reading within k versions") {
    std::ifstream file(coterie::test::data_dir() / "pbs.json");
    const auto rows = nlohmann::json::parse(file).at("k_staleness").at("computed");
    REQUIRE_FALSE(rows.empty());
    for (const auto& row : rows) {
        const nrw c{row.at("N"), row.at("R"), row.at("W")};
        INFO(row.dump());
        CHECK(1 - c.miss_probability(row.at("k")) == Approx(row.at("p_within_k").get<double>()));
    }
    CHECK(nrw{100, 30, 30}.miss_probability() == Approx(1.88e-6).epsilon(.005));
}
