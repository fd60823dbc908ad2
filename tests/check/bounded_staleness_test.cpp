// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/bounded_staleness.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using std::chrono::nanoseconds;

namespace {

steady_time at(std::int64_t t) { return steady_time(nanoseconds(t)); }

using one_access = check::versioned_access<int, int>;
using log_of_numbers = std::vector<one_access>;
using ids = std::vector<check::operation_id>;

constexpr auto reads = check::access_kind::read, writes = check::access_kind::write;

auto span_of(const auto& list) { return std::span(list); }

}  // namespace

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
