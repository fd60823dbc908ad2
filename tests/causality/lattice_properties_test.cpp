// SPDX-License-Identifier: BSL-1.0

// What is merged here is a lattice as well: sets of events, and the siblings of a key.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dotted_version_vector_set.hpp>
#include <coterie/causality/retired_replicas.hpp>
#include <coterie/causality/version_vector.hpp>

#include "support/catch.hpp"
#include "support/laws.hpp"
#include "support/properties.hpp"

using namespace coterie::causality;
using coterie::test::any;
using coterie::test::check_property;
using coterie::test::joined;
using coterie::test::require;

namespace {

using numbers = std::vector<std::uint16_t>;

version_vector<int> vector_of(const numbers& counts) {
    version_vector<int> v;
    for (std::size_t i = 0; i < counts.size() && i < 6; ++i)
        v.raise(static_cast<int>(i), counts[i] % 4);
    return v;
}

causal_context<int> context_of(const numbers& dots) {
    causal_context<int> c;
    for (const auto n : dots) c.insert({n % 3, n / 3U % 9 + 1});
    return c;
}

retired_replicas<int> markers_of(const numbers& replicas) {
    retired_replicas<int> r;
    // Whoever retires does so after one number of events.
    for (const auto n : replicas) (void)r.retire(n % 5, n % 5U * 7 + 1);
    return r;
}

template <class L>
void check_partial_order(const L& a, const L& b, const L& c) {
    const auto is_least = [](const L& x, const L& y) { return std::is_lteq(x <=> y); };
    require(is_least(a, a));
    require(std::is_eq(a <=> b) == (a == b));
    require(is_least(a, b) == (joined(a, b) == b));
    require(std::is_lt(a <=> b) == std::is_gt(b <=> a));
    if (is_least(a, b) && is_least(b, c)) require(is_least(a, c));
    if (is_least(a, c) && is_least(b, c)) require(is_least(joined(a, b), c));
}

/// Servers that clients write to, with the contexts that they have read somewhere.
struct store {
    using siblings = dotted_version_vector_set<std::string, int>;
    std::array<siblings, 3> servers;
    std::vector<version_vector<int>> read{{}};

    explicit store(const numbers& steps) {
        for (const auto n : steps) {
            const std::size_t at = n % 3;
            siblings& s = servers[at];
            switch (n / 3 % 5) {
                case 0: s.merge(servers[n / 15U % 3]); break;
                case 1: read.push_back(s.context()); break;
                case 2: s.remove(read[n / 15U % read.size()]); break;
                default:
                    require(
                        s.put(read[n / 15U % read.size()], std::to_string(n), static_cast<int>(at))
                            .has_value());
            }
        }
    }
};

}  // namespace

TEST_CASE("version vectors, contexts and markers keep the laws of a lattice") {
    CHECK(check_property("version_vector", [] {
        const auto a = vector_of(any<numbers>()), b = vector_of(any<numbers>()),
                   c = vector_of(any<numbers>());
        coterie::test::check_join(a, b, c);
        check_partial_order(a, b, c);
        coterie::test::check_bytes(a, b);
    }));
    CHECK(check_property("causal_context", [] {
        const auto a = context_of(any<numbers>()), b = context_of(any<numbers>()),
                   c = context_of(any<numbers>());
        coterie::test::check_join(a, b, c);
        check_partial_order(a, b, c);
        coterie::test::check_bytes(a, b);
        require(joined(b, a.without(b)) == joined(a, b));
        require(a.without(b).without(b) == a.without(b));
        require((a.without(b) == causal_context<int>()) == b.includes(a));
    }));
    CHECK(check_property("retired_replicas", [] {
        const auto a = markers_of(any<numbers>()), b = markers_of(any<numbers>()),
                   c = markers_of(any<numbers>());
        coterie::test::check_join(a, b, c);
        coterie::test::check_bytes(a, b);
    }));
}

TEST_CASE("siblings keep the laws of a lattice") {
    CHECK(check_property("dotted_version_vector_set", [] {
        const store s(any<numbers>());
        const auto &a = s.servers[0], &b = s.servers[1], &c = s.servers[2];
        coterie::test::check_join(a, b, c);
        check_partial_order(a, b, c);
        coterie::test::check_bytes(a, b);
    }));
}
