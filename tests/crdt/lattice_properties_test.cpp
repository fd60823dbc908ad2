// SPDX-License-Identifier: BSL-1.0

// The laws of every replicated value and of some nestings, on states and deltas that a shrinking history of three
// replicas leads to.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "crdt/any_state.hpp"
#include "support/catch.hpp"
#include "support/laws.hpp"
#include "support/properties.hpp"

using namespace coterie;
using test::any_state;
using test::joined;
using test::require;

namespace {

/// What three replicas have done, and what came of it: their states, and the deltas of all changes.
struct history {
    std::array<any_state, 3> states;
    std::vector<any_state> deltas;

    /// Each number is a change, or a message: a state, or one delta that may leave a gap.
    history(const any_state& empty, const std::vector<std::uint16_t>& steps)
        : states{empty, empty, empty} {
        for (std::uint32_t n : steps) {
            const auto take = [&n](std::uint32_t of) {
                const std::uint32_t digit = n % of;
                n /= of;
                return digit;
            };
            const std::size_t who = take(3);
            any_state& s = states[who];
            switch (take(6)) {
                case 0: s.merge(states[take(3)]); break;
                case 1:
                    if (!deltas.empty()) s.merge(deltas[n % deltas.size()]);
                    break;
                default: {
                    const any_state before = s;
                    const auto what = take(64);
                    const any_state delta = s.change(who + 1, what, n);
                    // A change makes a state grow, and its delta says how.
                    require(before <= s);
                    require(delta <= s);
                    require(joined(before, delta) == s);
                    deltas.push_back(delta);
                }
            }
        }
    }

    /// One of the states or deltas.
    [[nodiscard]] const any_state& any() const {
        const std::size_t n = test::any_below(256) % (3 + deltas.size());
        return n < 3 ? states[n] : deltas[n - 3];
    }
};

/// <= is a partial order, it is the one that merge implies, and merge is its least upper bound.
void check_order(const any_state& a, const any_state& b, const any_state& c) {
    require(a <= a);
    require((a <= b && b <= a) == (a == b));
    if (a <= b && b <= c) require(a <= c);
    require((a <= b) == (joined(a, b) == b));
    require(a <= joined(a, b));
    if (a <= c && b <= c) require(joined(a, b) <= c);
    require(a.empty() <= a);
}

/// delta_since is what is missing, and no more than that.
void check_difference(const any_state& a, const any_state& b) {
    const any_state news = a.delta_since(b);
    require(joined(b, news) == joined(b, a));
    require(news <= a);
    require(news.delta_since(b) == news);
    require((news == a.empty()) == (a <= b));
}

/// Each value has one string of bytes, however it came about.
void check_bytes(const any_state& a, const any_state& b) {
    const auto bytes = a.encode();
    const auto back = a.decode(bytes);
    require(back.has_value());
    require(*back == a);
    require(back->encode() == bytes);
    require(joined(a, b).encode() == joined(b, a).encode());
    require((a == b) == (bytes == b.encode()));
    require(a.open(a.seal()) == a);
}

/// All deltas together, from the last to the first, are all states together.
void check_deltas(const history& h) {
    any_state by_deltas = h.states[0].empty(), by_states = by_deltas;
    for (std::size_t d = h.deltas.size(); d-- > 0;) by_deltas.merge(h.deltas[d]);
    for (const any_state& s : h.states) by_states.merge(s);
    require(by_deltas == by_states);
}

}  // namespace

TEST_CASE("every replicated value, and every nesting, keeps the laws of a lattice with deltas") {
    for (const test::named_state& s : test::every_type()) {
        CHECK(test::check_property(s.type, [&] {
            const history h(s.empty, test::any<std::vector<std::uint16_t>>());
            const any_state &a = h.any(), &b = h.any(), &c = h.any();
            test::check_join(a, b, c, s.empty);
            check_order(a, b, c);
            check_difference(a, b);
            check_bytes(a, b);
            check_deltas(h);
        }));
    }
}
