// SPDX-License-Identifier: BSL-1.0

// What may be forgotten, and when. The specification is the same schedule with nothing forgotten.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/retired_replicas.hpp>
#include <coterie/causality/stability_frontier.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/rw_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::causality_errc;
using retired = causality::retired_replicas<std::uint64_t>;
using numbers = crdt::or_set<int, std::uint64_t>;
using allowed = crdt::rw_set<int, std::uint64_t>;

namespace {

std::set<int> elements(const numbers& s) { return {s.begin(), s.end()}; }

bool knows(const numbers& s, std::uint64_t r) {
    return s.context().contiguous().at(r) != 0 || !s.context().cloud_of(r).empty();
}

/// A set that forgets who has retired, and one that has the same history and forgets nothing.
struct pair_of_sets {
    numbers forgetful, complete;
};

}  // namespace

TEST_CASE("markers of retired replicas") {
    retired a, b;
    CHECK(a.retire(1, 7).has_value());
    CHECK(a.retire(1, 7).has_value());
    CHECK(a.retire(1, 8) == std::unexpected(causality_errc::retired_otherwise));
    CHECK(a.retire(1, 6) == std::unexpected(causality_errc::retired_otherwise));
    CHECK(a.retire(2, causality::max_counter + 1) ==
          std::unexpected(causality_errc::counter_exhausted));
    CHECK(a.last_of(1) == 7U);
    CHECK_FALSE(a.last_of(2).has_value());
    CHECK(b.retire(2, 1).has_value());
    b.merge(a);
    CHECK(b.size() == 2);
    CHECK(b.last_of(1) == 7U);
    const auto bytes = encode(b);
    CHECK(decode<retired>(bytes) == b);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(decode<retired>(std::span(bytes).first(size)).has_value());
    }
}

TEST_CASE("a context forgets a replica of which it has all events, and no more") {
    using context = causality::causal_context<std::uint64_t>;
    using range = context::range;
    retired markers;
    REQUIRE(markers.retire(1, 7).has_value());
    const auto after = [&](const std::vector<range>& seen) {
        context c;
        c.insert({2, 1});
        for (const auto& r : seen) c.insert_range(r);
        markers.forget_in(c);
        return c;
    };
    context other;
    other.insert({2, 1});
    CHECK(after({{1, 1, 7}}) == other);
    CHECK(after({}) == other);
    for (const auto& seen : std::vector<std::vector<range>>{
             {{1, 1, 6}}, {{1, 1, 8}}, {{1, 1, 7}, {1, 9, 9}}, {{1, 2, 7}}}) {
        CHECK(after(seen) != other);
    }
    // Contexts that know nothing of it stay as they are; where one does, both get all of it.
    context a = other, b = other;
    markers.restore_in(a, b);
    CHECK(a == other);
    CHECK(b == other);
    b.insert({1, 3});
    markers.restore_in(a, b);
    CHECK(a.contiguous().at(1) == 7);
    CHECK(a == b);
}

TEST_CASE("a replica is forgotten when all of its events are known and none is alive") {
    numbers s;
    (void)s.add(1, 10);
    (void)s.add(2, 20);
    CHECK_FALSE(s.is_done_with(1, 1));  // 10 is alive
    (void)s.remove(2, 10);
    CHECK(s.is_done_with(1, 1));
    CHECK_FALSE(s.is_done_with(1, 2));

    retired wrong, right;
    REQUIRE(wrong.retire(1, 2).has_value());
    REQUIRE(right.retire(1, 1).has_value());
    s.forget(wrong);
    CHECK(knows(s, 1));
    s.forget(right);
    CHECK_FALSE(knows(s, 1));
    CHECK(elements(s) == std::set<int>{20});
}

TEST_CASE("an entry that was forgotten does not come back from who did not forget (akka#21647)") {
    numbers a, b;
    (void)a.add(3, 1);
    b.merge(a);
    numbers old = a;
    (void)a.remove(1, 1);
    b.merge(a);
    retired markers;
    REQUIRE(markers.retire(3, 1).has_value());
    a.forget(markers);
    a.merge(b, markers);
    CHECK_FALSE(knows(a, 3));
    // Without the marker the element would rise from an old state.
    numbers careless = a;
    careless.merge(old);
    CHECK(careless.contains(1));
    a.merge(old, markers);
    CHECK_FALSE(a.contains(1));
    CHECK_FALSE(knows(a, 3));
    // And an old state that meets a forgetful one loses it.
    old.merge(a, markers);
    CHECK_FALSE(old.contains(1));
    CHECK(old == a);
}

TEST_CASE("with some having forgotten a replica and others not, sets are as if nobody had") {
    std::mt19937_64 random(test::seed());
    constexpr std::uint64_t gone = 9;
    for (int round = 0; round < 60; ++round) {
        constexpr std::size_t members = 3;
        std::vector<pair_of_sets> states(members + 1);  // and the one that will retire
        std::vector<pair_of_sets> old;
        const auto act = [&](pair_of_sets& s, std::uint64_t r) {
            const int x = static_cast<int>(random() % 6);
            if (random() % 3 == 0) {
                (void)s.forgetful.remove(r, x);
                (void)s.complete.remove(r, x);
            } else {
                (void)s.forgetful.add(r, x);
                (void)s.complete.add(r, x);
            }
        };
        const auto meet = [](pair_of_sets& a, const pair_of_sets& b, const retired& markers) {
            a.forgetful.merge(b.forgetful, markers);
            a.complete.merge(b.complete);
        };
        const retired nobody;
        for (int step = 0; step < 40; ++step) {
            const std::size_t i = random() % states.size(), j = random() % states.size();
            if (random() % 2 == 0) {
                act(states[i], i == members ? gone : i);
            } else {
                meet(states[i], states[j], nobody);
            }
            if (random() % 4 == 0) old.push_back(states[i]);
        }
        // It stops. The first member takes over what is alive of it, and all hear of that.
        for (const auto& s : states) meet(states[0], s, nobody);
        const std::uint64_t last = states[0].complete.context().contiguous().at(gone);
        if (last == 0) continue;
        for (const int x : elements(states[0].complete)) {
            (void)states[0].forgetful.add(0, x);
            (void)states[0].complete.add(0, x);
        }
        states.pop_back();
        for (auto& s : states) {
            meet(s, states[0], nobody);
            REQUIRE(s.forgetful.is_done_with(gone, last));
        }
        // Some note the marker sooner than others; old states and messages arrive late.
        std::vector<retired> markers(members);
        for (int step = 0; step < 60; ++step) {
            const std::size_t i = random() % members, j = random() % members;
            switch (random() % 5) {
                case 0: act(states[i], i); break;
                case 1:
                    REQUIRE(markers[i].retire(gone, last).has_value());
                    states[i].forgetful.forget(markers[i]);
                    break;
                case 2:
                    if (!old.empty()) meet(states[i], old[random() % old.size()], markers[i]);
                    break;
                case 3: {
                    // As a delta: what the other would lack.
                    pair_of_sets news;
                    news.forgetful = states[j].forgetful.delta_since(states[i].forgetful);
                    news.complete = states[j].complete.delta_since(states[i].complete);
                    meet(states[i], news, markers[i]);
                    break;
                }
                default: meet(states[i], states[j], markers[i]);
            }
            REQUIRE(elements(states[i].forgetful) == elements(states[i].complete));
            if (markers[i].size() == 1) REQUIRE_FALSE(knows(states[i].forgetful, gone));
        }
        // In the end all are equal, bytes as well.
        for (int pass = 0; pass < 2; ++pass) {
            for (std::size_t i = 0; i < members; ++i) {
                REQUIRE(markers[i].retire(gone, last).has_value());
                for (const auto& s : states) meet(states[i], s, markers[i]);
            }
        }
        for (const auto& s : states) {
            REQUIRE(s.forgetful == states[0].forgetful);
            REQUIRE(encode(s.forgetful) == encode(states[0].forgetful));
        }
    }
}

TEST_CASE("registers forget retired replicas as well") {
    crdt::mv_register<std::string, std::uint64_t> a, b;
    (void)a.assign(1, "old");
    b.merge(a);
    (void)b.assign(2, "new");
    a.merge(b);
    retired markers;
    REQUIRE(markers.retire(1, 1).has_value());
    CHECK(a.is_done_with(1, 1));
    a.forget(markers);
    CHECK(a.context().contiguous().at(1) == 0);
    a.merge(b, markers);
    CHECK(a.values() == std::vector<std::string>{"new"});
    CHECK(a.context().contiguous().at(1) == 0);
}

TEST_CASE("removes that all have seen are forgotten, and the set is as if they were not") {
    std::mt19937_64 random(test::seed());
    std::size_t forgotten = 0;
    for (int round = 0; round < 100; ++round) {
        constexpr std::size_t members = 3;
        struct member {
            allowed forgetful, complete;
            causality::stability_frontier<std::uint64_t> frontier;
        };
        struct message {
            std::size_t from;
            allowed forgetful, complete;
        };
        const std::vector<std::uint64_t> names{0, 1, 2};
        const member newcomer{{}, {}, causality::stability_frontier<std::uint64_t>(names)};
        std::vector<member> all(members, newcomer);
        std::vector<message> sent;
        for (int step = 0; step < 300; ++step) {
            const std::size_t i = random() % members;
            member& m = all[i];
            const int x = static_cast<int>(random() % 4);
            switch (random() % 6) {
                case 0:
                    (void)m.forgetful.add(i, x);
                    (void)m.complete.add(i, x);
                    break;
                case 1:
                    (void)m.forgetful.remove(i, x);
                    (void)m.complete.remove(i, x);
                    break;
                case 2: sent.push_back({i, m.forgetful, m.complete}); break;
                case 3: {
                    REQUIRE(m.frontier.observe(i, m.forgetful.context()).has_value());
                    allowed before = m.forgetful;
                    const allowed delta = m.forgetful.forget_removes(m.frontier.stable());
                    forgotten += m.forgetful == before ? 0U : 1U;
                    before.merge(delta);
                    REQUIRE(before == m.forgetful);
                    break;
                }
                default: {
                    if (sent.empty()) break;
                    const message& s = sent[random() % sent.size()];
                    m.forgetful.merge(s.forgetful);
                    m.complete.merge(s.complete);
                    REQUIRE(m.frontier.observe(s.from, s.forgetful.context()).has_value());
                }
            }
            REQUIRE(m.forgetful.elements() == m.complete.elements());
        }
    }
    CHECK(forgotten > 10);  // or nothing was tested
}
