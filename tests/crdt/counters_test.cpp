// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/pn_counter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/core/wire.hpp>

#include "crdt/replicas.hpp"
#include "crdt/specifications/counters.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::crdt::crdt_errc;
using coterie::test::g_case;
using coterie::test::pn_case;

namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr replica_id a{1, 0}, b{2, 0}, c{3, 0};

}  // namespace

TEST_CASE("a g_counter is the sum of the increments") {
    test::check_specification<g_case>(100, 80);
}

TEST_CASE("a pn_counter is the sum of increments less decrements") {
    test::check_specification<pn_case>(100, 80);
}

TEST_CASE("a replica that forgot what it counted must count under another name (riak_kv#679)") {
    crdt::g_counter<> at_a, at_b;
    (void)at_a.increment(a, 10);
    at_b.merge(at_a);
    crdt::g_counter<> reborn;
    (void)reborn.increment(a, 3);
    crdt::g_counter<> wrong = at_b;
    wrong.merge(reborn);
    CHECK(wrong.value() == 10);  // and three are lost
    crdt::g_counter<> renamed;
    (void)renamed.increment({a.id, a.incarnation + 1}, 3);
    at_b.merge(renamed);
    CHECK(at_b.value() == 13);
}

TEST_CASE("counters do not wrap") {
    crdt::g_counter<> x;
    (void)x.increment(a, all - 1);
    CHECK(x.increment(a, 2) == std::unexpected(crdt_errc::counter_overflow));
    CHECK(x.increment(b, 2) == std::unexpected(crdt_errc::counter_overflow));
    CHECK(x.value() == all - 1);
    CHECK(x.increment(b, 1).has_value());
    CHECK(x.value() == all);
    CHECK(x.increment(b, 0).has_value());
    CHECK(x.increment(b, 1) == std::unexpected(crdt_errc::counter_overflow));
    // Replicas that did not know of each other may have counted further than the value can say.
    crdt::g_counter<> y;
    (void)y.increment(c, all);
    x.merge(y);
    CHECK(x.value() == all);
    CHECK(x.value_of(c) == all);
    CHECK(x.value_of(b) == 1);

    crdt::pn_counter<> z;
    (void)z.increment(a, all);
    CHECK(z.value() == std::numeric_limits<std::int64_t>::max());
    CHECK(z.increment(a) == std::unexpected(crdt_errc::counter_overflow));
    (void)z.decrement(a, all);
    CHECK(z.value() == 0);
    CHECK(z.decrement(a) == std::unexpected(crdt_errc::counter_overflow));
    crdt::pn_counter<> below;
    (void)below.decrement(a, all);
    CHECK(below.value() == std::numeric_limits<std::int64_t>::min());
    crdt::pn_counter<> least;
    (void)least.decrement(a, std::uint64_t{1} << 63);
    CHECK(least.value() == std::numeric_limits<std::int64_t>::min());
    (void)least.increment(a, 1);
    CHECK(least.value() == std::numeric_limits<std::int64_t>::min() + 1);
}

TEST_CASE("a bounded counter is never below zero, whoever takes from it and whatever arrives") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 300; ++round) {
        constexpr std::size_t replicas = 3;
        std::vector<crdt::bounded_counter<>> states(replicas);
        std::vector<crdt::bounded_counter<>> deltas;
        std::int64_t truth = 0;
        for (int step = 0; step < 80; ++step) {
            const std::size_t i = random() % replicas, j = random() % replicas;
            const replica_id me{i + 1, 0}, other{j + 1, 0};
            const std::uint64_t n = random() % 6;
            const std::uint64_t quota = states[i].quota(me);
            switch (random() % 5) {
                case 0:
                    deltas.push_back(states[i].increment(me, n).value());
                    truth += static_cast<std::int64_t>(n);
                    break;
                case 1:
                case 2: {
                    const auto delta = states[i].decrement(me, n);
                    REQUIRE(delta.has_value() == (n <= quota));
                    if (!delta.has_value()) {
                        REQUIRE(delta.error() == crdt_errc::not_enough_quota);
                        break;
                    }
                    deltas.push_back(*delta);
                    truth -= static_cast<std::int64_t>(n);
                    break;
                }
                case 3: {
                    const auto delta = states[i].transfer(me, other, n);
                    REQUIRE(delta.has_value() == (n <= quota));
                    if (delta.has_value()) deltas.push_back(*delta);
                    break;
                }
                default: {
                    auto by_news = states[i];
                    by_news.merge(states[j].delta_since(states[i]));
                    states[i].merge(states[j]);
                    REQUIRE(by_news == states[i]);
                    if (!deltas.empty()) states[j].merge(deltas[random() % deltas.size()]);
                }
            }
            REQUIRE(truth >= 0);
        }
        crdt::bounded_counter<> joined;
        for (const auto& s : states) joined.merge(s);
        REQUIRE(joined.value() == static_cast<std::uint64_t>(truth));
        std::uint64_t quotas = 0;
        for (std::size_t i = 0; i < replicas; ++i) quotas += joined.quota({i + 1, 0});
        REQUIRE(quotas == joined.value());
        std::ranges::shuffle(deltas, random);
        crdt::bounded_counter<> by_deltas;
        for (const auto& d : deltas) by_deltas.merge(d);
        REQUIRE(by_deltas == joined);
        for (const auto& s : states) {
            test::check_order(s, joined);
            test::check_order(s, states[0]);
            REQUIRE(decode<crdt::bounded_counter<>>(encode(s)) == s);
        }
    }
}

TEST_CASE("quota is taken from its owner alone") {
    crdt::bounded_counter<> x;
    (void)x.increment(a, 5);
    CHECK(x.decrement(b, 1) == std::unexpected(crdt_errc::not_enough_quota));
    CHECK(x.transfer(a, b, 6) == std::unexpected(crdt_errc::not_enough_quota));
    CHECK(x.transfer(a, b, 2).has_value());
    CHECK(x.quota(a) == 3);
    CHECK(x.quota(b) == 2);
    CHECK(x.transfer(a, a, 3) == crdt::bounded_counter<>());
    CHECK(x.decrement(b, 2).has_value());
    CHECK(x.decrement(b, 1) == std::unexpected(crdt_errc::not_enough_quota));
    CHECK(x.value() == 3);
    CHECK(x.increment(a, all - 4) == std::unexpected(crdt_errc::counter_overflow));
    CHECK(x.increment(a, all - 5).has_value());
}

TEST_CASE("counters say what exact arithmetic says, however far they have counted") {
    __extension__ using big = __int128;
    constexpr big most = all;
    const auto is_cut = [](auto value, big exact) {
        using limits = std::numeric_limits<decltype(value)>;
        return big{value} == std::clamp(exact, big{limits::min()}, big{limits::max()});
    };
    std::mt19937_64 random(test::seed());
    // Amounts near the ends of the type, and near its middle.
    const auto any_amount = [&random]() -> std::uint64_t {
        const std::uint64_t near = random() % 4;
        switch (random() % 5) {
            case 0: return all - near;
            case 1: return (all >> 1) - 1 + near;
            case 2: return (all >> 1) / 2 + near;
            default: return near;
        }
    };
    struct counted {
        crdt::g_counter<> g;
        crdt::pn_counter<> pn;
        std::array<big, 3> sum{}, up{}, down{};
    };
    struct limited {
        crdt::bounded_counter<> counter;
        std::array<std::array<big, 3>, 3> moved{};
        std::array<big, 3> taken{};

        [[nodiscard]] big quota(std::size_t r) const {
            big q = moved[r][r] - taken[r];
            for (std::size_t i = 0; i < 3; ++i) q += i == r ? big{0} : moved[i][r] - moved[r][i];
            return q;
        }
    };
    const auto total = [](const std::array<big, 3>& x) { return x[0] + x[1] + x[2]; };
    const auto raise = [](auto& mine, const auto& theirs) {
        for (std::size_t i = 0; i < 3; ++i) mine[i] = std::max(mine[i], theirs[i]);
    };
    for (int round = 0; round < 2'000; ++round) {
        std::array<counted, 3> counts;
        std::array<limited, 3> limits;
        for (int step = 0; step < 24; ++step) {
            const std::size_t i = random() % 3, j = random() % 3;
            const replica_id me{i + 1, 0}, other{j + 1, 0};
            const std::uint64_t n = any_amount();
            counted& mine = counts[i];
            limited& l = limits[i];
            switch (random() % 8) {
                case 0:
                    if (mine.g.increment(me, n).has_value()) mine.sum[i] += n;
                    break;
                case 1:
                case 2:
                    if (mine.pn.increment(me, n).has_value()) mine.up[i] += n;
                    break;
                case 3:
                    if (mine.pn.decrement(me, n).has_value()) mine.down[i] += n;
                    break;
                case 4:
                    if (l.counter.increment(me, n).has_value()) l.moved[i][i] += n;
                    break;
                case 5:
                    if (l.counter.transfer(me, other, n).has_value() && i != j) l.moved[i][j] += n;
                    break;
                case 6:
                    if (l.counter.decrement(me, n).has_value()) l.taken[i] += n;
                    break;
                default:
                    mine.g.merge(counts[j].g);
                    mine.pn.merge(counts[j].pn);
                    raise(mine.sum, counts[j].sum);
                    raise(mine.up, counts[j].up);
                    raise(mine.down, counts[j].down);
                    l.counter.merge(limits[j].counter);
                    for (std::size_t k = 0; k < 3; ++k) raise(l.moved[k], limits[j].moved[k]);
                    raise(l.taken, limits[j].taken);
            }
            // A counter that has counted far says so in the same words.
            REQUIRE(is_cut(mine.g.value(), total(mine.sum)));
            REQUIRE(is_cut(mine.pn.value(), total(mine.up) - total(mine.down)));
            const big put_in = l.moved[0][0] + l.moved[1][1] + l.moved[2][2];
            REQUIRE(is_cut(l.counter.value(), std::max(put_in - total(l.taken), big{0})));
            for (std::size_t r = 0; r < 3; ++r) {
                REQUIRE(is_cut(l.counter.quota({r + 1, 0}), std::max(l.quota(r), big{0})));
            }
            REQUIRE(bool(l.quota(i) >= 0));  // what a replica knows of its own quota is exact
            REQUIRE(bool(l.taken[i] <= most));
        }
    }
}

TEST_CASE("sums past the end of the type are not cut before they are subtracted") {
    crdt::pn_counter<> x, y;
    (void)x.increment(a, all);
    (void)y.increment(b, 10);
    (void)x.decrement(a, all);
    x.merge(y);
    CHECK(x.value() == 10);

    constexpr std::uint64_t half = std::uint64_t{1} << 63;
    crdt::bounded_counter<> seats;
    (void)seats.increment(a, half);
    CHECK(seats.transfer(a, b, half).has_value());
    CHECK(seats.transfer(b, a, half).has_value());
    CHECK(seats.quota(a) == half);
    CHECK(seats.quota(b) == 0);
    CHECK(seats.transfer(a, b, half) == std::unexpected(crdt_errc::counter_overflow));
    CHECK(seats.transfer(a, c, half).has_value());

    // Two replicas put in all they can, and one of them gets all of it: it takes as much as it can count.
    crdt::bounded_counter<> theirs;
    (void)theirs.increment(b, all);
    (void)theirs.transfer(b, a, all);
    crdt::bounded_counter<> rich;
    (void)rich.increment(a, all);
    rich.merge(theirs);
    CHECK(rich.quota(a) == all);
    CHECK(rich.decrement(a, all).has_value());
    CHECK(rich.quota(a) == all);
    CHECK(rich.decrement(a, 1) == std::unexpected(crdt_errc::counter_overflow));
    CHECK(rich.value() == all);
}

TEST_CASE("hostile bytes of counters") {
    crdt::g_counter<> x;
    (void)x.increment(a, 300);
    (void)x.increment(b, 7);
    test::check_hostile_bytes(x);
    crdt::pn_counter<std::uint8_t> y;
    (void)y.increment(1, 300);
    (void)y.decrement(2, 7);
    test::check_hostile_bytes(y);
    crdt::bounded_counter<std::uint8_t> z;
    (void)z.increment(1, 300);
    (void)z.transfer(1, 2, 100);
    (void)z.decrement(2, 7);
    test::check_hostile_bytes(z);
}
