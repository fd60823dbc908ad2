// SPDX-License-Identifier: BSL-1.0

// The checkers beside linearizable(), each against its definition on random logs, most of them almost good.

#include <coterie/check/bounded_staleness.hpp>
#include <coterie/check/causal_order.hpp>
#include <coterie/check/convergence.hpp>
#include <coterie/check/regular.hpp>
#include <coterie/check/session_guarantees.hpp>
#include <coterie/check/unique_ids.hpp>
#include <coterie/check/versioned_access.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/vector_clock.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/nothing.hpp>
#include <coterie/core/random.hpp>
#include <coterie/crdt/or_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using std::chrono::nanoseconds;

namespace {

steady_time at(std::int64_t t) { return steady_time(nanoseconds(t)); }

using one_access = check::versioned_access<int, int>;
using log_of_numbers = std::vector<one_access>;

constexpr auto reads = check::access_kind::read, writes = check::access_kind::write;

auto span_of(const auto& list) { return std::span(list); }

using ids = std::vector<check::operation_id>;

}  // namespace

TEST_CASE("ids are unique until one is given twice") {
    check::history<nothing, int> h;
    const auto give = [&](int id, int t) {
        const auto op = h.invoke(static_cast<check::client_id>(t), {}, at(t));
        h.complete(op, id, at(t + 1));
        return op;
    };
    CHECK(check::unique_ids(h));
    give(5, 1);
    const auto first = give(7, 2);
    h.invoke(9, {}, at(3));
    h.fail(h.invoke(9, {}, at(3)), at(4));
    CHECK(check::unique_ids(h));
    const auto second = give(7, 8);
    const check::verdict v = check::unique_ids(h);
    CHECK(v.answer == check::answer::no);
    CHECK(v.reason == "clients 2 and 8 were given the same id, 7");
    CHECK(v.offending == ids{first, second});
}

TEST_CASE("replicas that have seen the same are the same") {
    rng random(test::seed(), "convergence");
    int bad = 0;
    for (int round = 0; round < 5000; ++round) {
        std::vector<check::observation<std::set<int>, int>> all;
        for (auto n = uniform_below(random, 8); n-- > 0;) {
            std::set<int> seen;
            for (int change = 0; change < 3; ++change)
                if (bernoulli(random, 0.5)) seen.insert(change);
            int state = 0;
            for (const int change : seen) state += change + 1;
            all.push_back({n, seen, state + bernoulli(random, 0.1)});
        }
        std::optional<ids> expected;
        for (std::size_t b = 0; b < all.size() && !expected; ++b)
            for (std::size_t a = 0; a < b && !expected; ++a)
                if (all[a].seen == all[b].seen && all[a].state != all[b].state)
                    expected = ids{a, b};
        const check::verdict v = check::convergent(std::span(std::as_const(all)));
        REQUIRE(v.offending == expected.value_or(ids{}));
        REQUIRE(static_cast<bool>(v) == !expected.has_value());
        bad += !v;
    }
    CHECK(bad > 100);
}

TEST_CASE("replicated sets converge, whatever comes first; and a set that forgets is found") {
    using set = crdt::or_set<int, int>;
    using observation = check::observation<std::set<int>, set>;
    std::vector<set> deltas;
    set source;
    deltas.push_back(source.add(1, 10).value());
    deltas.push_back(source.add(1, 20).value());
    deltas.push_back(source.remove(1, 10));
    std::vector<observation> all;
    std::vector<int> order{0, 1, 2};
    do {
        observation o{all.size(), {}, {}};
        for (const int i : order) {
            o.state.merge(deltas[static_cast<std::size_t>(i)]);
            o.seen.insert(i);
            all.push_back(o);
        }
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(check::convergent(std::span(std::as_const(all))));
    (void)all.back().state.add(2, 30);
    const check::verdict v = check::convergent(std::span(std::as_const(all)));
    CHECK(v.answer == check::answer::no);
    CHECK(v.offending == ids{2, all.size() - 1});
    CHECK(v.reason.ends_with("have seen the same changes and differ"));
}

TEST_CASE("deliveries in causal order, by comparing each with all before it") {
    using delivery = check::delivery<int>;
    rng random(test::seed(), "causal_order");
    int good = 0, late = 0, twice = 0;
    for (int round = 0; round < 5000; ++round) {
        // Three nodes that send to all; each takes any message that it has not got, mostly the oldest.
        std::vector<causality::vector_clock<int>> clocks(3);
        std::vector<std::vector<delivery>> waiting(3);
        std::vector<delivery> log;
        for (int step = 0; step < 12; ++step) {
            const auto node = uniform_below(random, 3);
            auto& queue = waiting[node];
            if (queue.empty() || bernoulli(random, 0.4)) {
                (void)clocks[node].increment(static_cast<int>(node));
                for (std::size_t to = 0; to < 3; ++to)
                    if (to != node)
                        waiting[to].push_back({to, static_cast<int>(node), clocks[node]});
                continue;
            }
            const auto which = bernoulli(random, 0.9) ? 0 : uniform_below(random, queue.size());
            log.push_back(queue[which]);
            clocks[node].merge(queue[which].clock);
            if (!bernoulli(random, 0.03))
                queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(which));
        }
        std::optional<std::size_t> expected;
        for (std::size_t b = 0; b < log.size() && !expected; ++b)
            for (std::size_t a = 0; a < b; ++a)
                if (log[a].node == log[b].node && log[b].clock <= log[a].clock) expected = b;
        const check::verdict v = check::causal_order(std::span(std::as_const(log)));
        REQUIRE(static_cast<bool>(v) == !expected.has_value());
        good += static_cast<bool>(v);
        if (v) continue;
        REQUIRE(v.offending.size() == 2);
        const delivery &first = log[v.offending[0]], &second = log[v.offending[1]];
        REQUIRE(v.offending[1] == *expected);
        REQUIRE(first.node == second.node);
        REQUIRE(second.clock <= first.clock);
        REQUIRE(v.reason == "node " + std::to_string(first.node) +
                                (first.clock == second.clock
                                     ? " got a message twice"
                                     : " got a message after one that it caused"));
        ++(first.clock == second.clock ? twice : late);
    }
    CHECK(good > 100);
    CHECK(late > 100);
    CHECK(twice > 100);
}

namespace {

/// A guarantee by its definition: whether some two accesses of one client and key break it.
template <class Version>
bool holds_by_trying(const std::vector<check::versioned_access<int, Version>>& log,
                     check::access_kind earlier, check::access_kind later) {
    for (std::size_t b = 0; b < log.size(); ++b)
        for (std::size_t a = 0; a < b; ++a) {
            if (log[a].client != log[b].client || log[a].key != log[b].key) continue;
            if (log[a].kind != earlier || log[b].kind != later) continue;
            if (!(log[a].version <= log[b].version)) return false;
            if (later == writes && log[a].version == log[b].version) return false;
        }
    return true;
}

template <class Version, class Make>
void check_guarantees(const char* name, Make make) {
    rng random(test::seed(), name);
    int good = 0, bad = 0;
    for (int round = 0; round < 10'000; ++round) {
        std::vector<check::versioned_access<int, Version>> log;
        for (std::size_t i = 0, n = uniform_below(random, 8); i < n; ++i)
            log.push_back({uniform_below(random, 2), bernoulli(random, 0.5) ? reads : writes,
                           uniform_between(random, 1, 2), make(random, i)});
        const auto check = [&](const check::verdict& v, check::access_kind earlier,
                               check::access_kind later) {
            REQUIRE(static_cast<bool>(v) == holds_by_trying(log, earlier, later));
            ++(v ? good : bad);
            if (v) return;
            REQUIRE(v.offending.size() == 2);
            REQUIRE(v.offending[0] < v.offending[1]);
            const std::vector two{log[v.offending[0]], log[v.offending[1]]};
            REQUIRE_FALSE(holds_by_trying(two, earlier, later));
            REQUIRE(v.reason.starts_with("client " + std::to_string(two[1].client)));
        };
        const std::span<const check::versioned_access<int, Version>> all = log;
        check(check::read_your_writes(all), writes, reads);
        check(check::monotonic_reads(all), reads, reads);
        check(check::monotonic_writes(all), writes, writes);
        check(check::writes_follow_reads(all), reads, writes);
    }
    CHECK(good > 1000);
    CHECK(bad > 1000);
}

}  // namespace

TEST_CASE("session guarantees with numbered versions, by trying all pairs") {
    check_guarantees<int>("sessions", [](rng& random, std::size_t i) {
        return static_cast<int>(i + uniform_below(random, 3));
    });
}

TEST_CASE("session guarantees with version vectors, by trying all pairs") {
    using vector = causality::version_vector<int>;
    check_guarantees<vector>("session_vectors", [](rng& random, std::size_t i) {
        vector v;
        v.raise(0, i / 2 + uniform_below(random, 2));
        v.raise(1, i / 2 + uniform_below(random, 2));
        return v;
    });
}

TEST_CASE("session guarantees say who and what") {
    const log_of_numbers log{
        {3, writes, 1, 5}, {4, reads, 1, 4}, {3, reads, 2, 0}, {3, reads, 1, 4}};
    const check::verdict v = check::read_your_writes(span_of(log));
    CHECK(v.reason == "client 3 read something older than it had written");
    CHECK(v.offending == ids{0, 3});
    CHECK(check::monotonic_reads(span_of(log)));
}

TEST_CASE("staleness by time and by versions, by counting") {
    rng random(test::seed(), "staleness");
    int good = 0, bad = 0;
    for (int round = 0; round < 20'000; ++round) {
        log_of_numbers log;
        for (std::size_t i = 0, n = uniform_below(random, 9); i < n; ++i) {
            const auto from = uniform_between(random, 0, 20),
                       to = from + uniform_between(random, 0, 4);
            log.push_back({uniform_below(random, 3), bernoulli(random, 0.4) ? reads : writes,
                           uniform_between(random, 1, 2), uniform_between(random, 1, 9), at(from),
                           at(to)});
        }
        const auto time = nanoseconds(uniform_between(random, 0, 5));
        const std::size_t versions = uniform_below(random, 3);
        bool is_in_time = true, is_near = true;
        for (const one_access& r : log) {
            if (r.kind != reads) continue;
            std::size_t newer = 0;
            for (const one_access& w : log) {
                if (w.kind != writes || w.key != r.key || w.version <= r.version) continue;
                newer += w.completed < r.invoked;
                is_in_time = is_in_time && !(w.completed + time < r.invoked);
            }
            is_near = is_near && newer <= versions;
        }
        const check::verdict by_time = check::stale_by_at_most(time, span_of(std::as_const(log)));
        const check::verdict by_count =
            check::stale_by_at_most(versions, span_of(std::as_const(log)));
        REQUIRE(static_cast<bool>(by_time) == is_in_time);
        REQUIRE(static_cast<bool>(by_count) == is_near);
        for (const auto* v : {&by_time, &by_count}) {
            ++(*v ? good : bad);
            if (*v) continue;
            const one_access& r = log[v->offending.back()];
            REQUIRE(r.kind == reads);
            for (std::size_t i = 0; i + 1 < v->offending.size(); ++i) {
                const one_access& w = log[v->offending[i]];
                REQUIRE(w.kind == writes);
                REQUIRE(w.key == r.key);
                REQUIRE(w.version > r.version);
                REQUIRE(w.completed < r.invoked);
            }
        }
        if (!by_count) REQUIRE(by_count.offending.size() > versions + 1);
    }
    CHECK(good > 1000);
    CHECK(bad > 1000);
}

TEST_CASE("staleness says how much") {
    const log_of_numbers log{{0, writes, 1, 1, at(0), at(1)},
                             {0, writes, 1, 2, at(2), at(3)},
                             {1, reads, 1, 0, at(13), at(14)}};
    CHECK(check::stale_by_at_most(nanoseconds(12), span_of(log)));
    CHECK(check::stale_by_at_most(nanoseconds(11), span_of(log)).reason ==
          "client 1 missed a version that had been there for 12 ns");
    CHECK(check::stale_by_at_most(nanoseconds(9), span_of(log)).offending == ids{1, 2});
    CHECK(check::stale_by_at_most(std::size_t{1}, span_of(log)).reason ==
          "client 1 read a version that was 2 behind");
    CHECK(check::stale_by_at_most(std::size_t{2}, span_of(log)));
    CHECK(check::stale_by_at_most(nanoseconds::max(), span_of(log)));
}

namespace {

using one_register = check::register_model<int>;

/// Regularity by its definition.
bool is_regular_by_trying(const check::history_of<one_register>& h) {
    const auto is_write = [](const auto& op) {
        return op.input.kind == check::register_call::write && op.result != check::outcome::failed;
    };
    return std::all_of(h.begin(), h.end(), [&](const auto& r) {
        if (is_write(r) || r.result != check::outcome::completed) return true;
        if (r.input.kind != check::register_call::read) return true;
        const auto is_before = [&](const auto& w) { return is_write(w) && w.precedes(r); };
        if (!r.output->value.has_value()) return std::none_of(h.begin(), h.end(), is_before);
        return std::any_of(h.begin(), h.end(), [&](const auto& w) {
            if (!is_write(w) || w.input.value != *r.output->value || r.precedes(w)) return false;
            return std::none_of(h.begin(), h.end(), [&](const auto& between) {
                return is_before(between) && w.precedes(between);
            });
        });
    });
}

}  // namespace

TEST_CASE("regular registers, by the definition") {
    rng random(test::seed(), "regular");
    int good = 0, bad = 0;
    for (int round = 0; round < 20'000; ++round) {
        check::history_of<one_register> h;
        for (auto n = uniform_below(random, 8); n-- > 0;) {
            const auto from = uniform_between(random, 0, 16),
                       to = from + uniform_between(random, 0, 5);
            const bool is_write = bernoulli(random, 0.6);
            const int value = uniform_between(random, 1, 3);
            const auto id =
                h.invoke(n,
                         {is_write ? check::register_call::write : check::register_call::read,
                          is_write ? value : 0},
                         at(from));
            const auto fate = uniform_below(random, 10);
            if (fate == 0) h.fail(id, at(to));
            if (fate < 2) continue;
            check::register_output<int> output;
            if (!is_write && bernoulli(random, 0.8)) output.value = value;
            h.complete(id, output, at(to));
        }
        const check::verdict v = check::regular(h);
        REQUIRE(static_cast<bool>(v) == is_regular_by_trying(h));
        ++(v ? good : bad);
        if (check::linearizable(h, one_register())) REQUIRE(v);
        if (!v) REQUIRE((v.offending.size() == 1 || v.offending.size() == 2));
    }
    CHECK(good > 1000);
    CHECK(bad > 1000);
}

TEST_CASE("a regular register may go back during a write, and not after it") {
    check::history_of<one_register> h;
    const auto write = [&](int value, int from, int to) {
        h.complete(h.invoke(0, {check::register_call::write, value}, at(from)), {}, at(to));
    };
    const auto read = [&](std::optional<int> value, int from, int to) {
        h.complete(h.invoke(1, {}, at(from)), {.value = value}, at(to));
    };
    write(1, 0, 1);
    write(2, 2, 9);
    read(2, 3, 4);
    read(1, 5, 6);
    CHECK(check::regular(h));
    CHECK_FALSE(check::linearizable(h, one_register()));
    read(1, 10, 11);
    const check::verdict v = check::regular(h);
    CHECK(v.reason == "client 1 read 1 after 2 was written");
    CHECK(v.offending == ids{1, 4});
}

TEST_CASE("a register gives nothing that nobody has begun to write") {
    check::history_of<one_register> h;
    h.complete(h.invoke(1, {}, at(0)), {.value = 4}, at(1));
    h.complete(h.invoke(0, {check::register_call::write, 4}, at(2)), {}, at(3));
    const check::verdict v = check::regular(h);
    CHECK(v.reason == "client 1 read 4, which nobody had begun to write");
    CHECK(v.offending == ids{0});
}
