// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/session_guarantees.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <coterie/causality/version_vector.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

using log_of_numbers = std::vector<check::versioned_access<int, int>>;
using ids = std::vector<check::operation_id>;

constexpr auto reads = check::access_kind::read, writes = check::access_kind::write;

auto span_of(const auto& list) { return std::span(list); }

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
