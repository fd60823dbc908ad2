// SPDX-License-Identifier: BSL-1.0

// Classic mistakes with quorums, registers, leaders and disks: each planted in a program of scenarios/, with
// the seed that kills it. `sim_tests "[.sweep]"` finds these seeds again, and says how many of 10,000 do it.

#include <chrono>
#include <cstdint>
#include <vector>

#include <coterie/quorum/nrw.hpp>
#include <coterie/sim/nemesis.hpp>

#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/replicated_register.hpp"
#include "sim/scenarios/sessions.hpp"
#include "sim/scenarios/split_brain.hpp"
#include "support/catch.hpp"

using namespace coterie;
using namespace coterie::test;

using replicated_register::counting;

namespace {

using weather = void (*)(sim::nemesis_profile&);
void as_it_is(sim::nemesis_profile&) {}

/// A scenario in weather in which its mistake is found more often.
template <class Scenario>
Scenario in(weather change, Scenario s) {
    change(s.rough);
    return s;
}

planted in_register(const char* what, const replicated_register::scenario& wrong,
                    const replicated_register::scenario& right, std::uint64_t seed,
                    weather change = as_it_is) {
    return {what, in(change, wrong), in(change, right), seed};
}

planted in_register(const char* what, replicated_register::mistake m, std::uint64_t seed,
                    weather change = as_it_is) {
    const quorum::nrw c{.n = 3, .r = 2, .w = 2};
    const quorum::practice back{.write_back = true};
    return in_register(what, {counting(c, back, m)}, {counting(c, back)}, seed, change);
}

planted in_leaders(const char* what, split_brain::mistake m, split_brain::claim claim, bool lease,
                   std::uint64_t seed, weather change = as_it_is) {
    const auto with = [&](split_brain::mistake planted) {
        return in(change,
                  split_brain::scenario{{.nodes = 3, .lease = lease, .planted = planted}, claim});
    };
    return {what, with(m), with(split_brain::mistake::none), seed};
}

planted in_sessions(const char* what, sessions::mistake m, std::uint64_t seed) {
    return {what, sessions::scenario{{.planted = m}}, sessions::scenario{}, seed};
}

void many_faults(sim::nemesis_profile& rough) { rough.between = std::chrono::milliseconds(20); }

void crashes_before_syncs(sim::nemesis_profile& rough) {
    rough.between /= 3;
    rough.weights = {.partition = 4,
                     .cut = 0,
                     .hold = 0,
                     .bad_link = 0,
                     .bad_links = 0,
                     .crash = 8,
                     .pause = 0,
                     .step = 0,
                     .drift = 0,
                     .freeze = 0,
                     .disk_full = 0,
                     .disk_slow = 16,
                     .disk_failing = 0};
    rough.sync = std::chrono::milliseconds(100);
}

void crashes(sim::nemesis_profile& rough) {
    rough.between /= 2;
    rough.weights = {.crash = 12, .pause = 6, .freeze = 0};
}

void steps(sim::nemesis_profile& rough) { rough.weights.step = 16; }

std::vector<planted> all_mistakes() {
    using reg = replicated_register::mistake;
    using lead = split_brain::mistake;
    using split_brain::claim;
    using ses = sessions::mistake;
    const quorum::practice back{.write_back = true};
    const quorum::practice sloppy{.sloppy = true, .write_back = true};
    return {
        in_register("read without write-back", {counting({3, 2, 2})}, {counting({3, 2, 2}, back)},
                    114),
        in_register("R + W = N", {counting({4, 2, 2}, back)}, {counting({4, 2, 3}, back)}, 3),
        in_register("a sloppy quorum for a strict one", {counting({3, 2, 2}, sloppy)},
                    {counting({3, 2, 2}, back)}, 3),
        in_register("sloppy reads of all N called atomic", {counting({3, 3, 2}, {true, 2, 2})},
                    {counting({3, 3, 2}, {true, 3, 2})}, 189),
        in_register("two answers of one node counted as two", reg::answers_counted_twice, 3),
        in_register("answers to an earlier request counted", reg::stale_answers_counted, 1),
        in_register("a write answered before it is synced", reg::written_before_synced, 10),
        in_register("... and one that a newer has overtaken", reg::older_write_not_synced, 129),
        in_register("a read answered with what is not synced",
                    {counting({1, 1, 1}, {}, reg::unsynced_read)}, {counting({1, 1, 1})}, 75,
                    crashes_before_syncs),
        in_register("timestamp from one node", reg::stamp_from_one_node, 10),
        in_register("a tie not broken by the writer", reg::ties_not_broken, 13),
        in_register("a timestamp used again after a time-out", reg::own_stamp_forgotten, 1032,
                    many_faults),
        in_leaders("a vote granted before it is synced", lead::vote_not_synced,
                   claim::leader_of_term, false, 1814, crashes_before_syncs),
        in_leaders("a promise forgotten by a restart", lead::promise_forgotten, claim::one_leader,
                   true, 127),
        in_leaders("a lease compared with the wall clock", lead::lease_by_wall_clock,
                   claim::one_leader, true, 1026, steps),
        in_leaders("a lease without a margin for drift", lead::lease_without_margin,
                   claim::one_leader, true, 514),
        in_leaders("a lease from when it was answered", lead::lease_from_answer, claim::one_leader,
                   true, 786),
        in_leaders("a fencing token that is not checked", lead::token_not_checked,
                   claim::one_writer, false, 3),
        in_leaders("a fencing token that a restart forgets", lead::token_not_kept,
                   claim::one_writer, false, 1844, crashes),
        in_sessions("a session that forgets what it has read", ses::reads_not_remembered, 2),
        in_sessions("a session that forgets what it has written", ses::writes_not_remembered, 1),
        in_sessions("a name for a write used before it is synced", ses::write_not_synced, 381),
    };
}

}  // namespace

TEST_CASE("each mistake is killed by its seed, and by nothing but the mistake") {
    check_caught(all_mistakes());
}

TEST_CASE("each mistake is found by a sweep of 10,000 seeds", "[.sweep]") {
    check_sweep(all_mistakes());
}
