// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/convergence.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/random.hpp>
#include <coterie/crdt/or_set.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

using ids = std::vector<check::operation_id>;

}  // namespace

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
