// SPDX-License-Identifier: BSL-1.0

// The laws of every replicated value and of some nestings, on states and deltas that a shrinking history of three
// replicas leads to.

#include <coterie/crdt/lattice.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include <coterie/crdt/envelope.hpp>

#include "crdt/any_change.hpp"
#include "support/catch.hpp"
#include "support/laws.hpp"

using namespace coterie;

namespace {

/// What three replicas have done, and what came of it: their states, and the deltas of all changes.
template <class State>
struct history {
    std::array<State, 3> states;
    std::vector<State> deltas;

    /// Each number is a change, or a message: a state, or one delta that may leave a gap.
    explicit history(const std::vector<std::uint16_t>& steps) {
        for (std::uint32_t n : steps) {
            const auto take = [&n](std::uint32_t of) {
                const std::uint32_t digit = n % of;
                n /= of;
                return digit;
            };
            const std::size_t who = take(3);
            State& s = states[who];
            switch (take(6)) {
                case 0: s.merge(states[take(3)]); break;
                case 1:
                    if (!deltas.empty()) s.merge(deltas[n % deltas.size()]);
                    break;
                default: {
                    const State before = s;
                    const auto what = take(64);
                    const State delta = test::change(s, who + 1, what, n);
                    // A change makes a state grow, and its delta says how.
                    RC_ASSERT((before <= s));
                    RC_ASSERT((delta <= s));
                    RC_ASSERT((test::joined(before, delta) == s));
                    deltas.push_back(delta);
                }
            }
        }
    }

    /// One of the states or deltas.
    [[nodiscard]] const State& any(std::size_t n) const {
        n %= 3 + deltas.size();
        return n < 3 ? states[n] : deltas[n - 3];
    }
};

template <class State>
void check_laws(const char* name) {
    static_assert(crdt::delta_lattice<State>);
    CHECK(rc::check(name, [](const std::vector<std::uint16_t>& steps, std::uint8_t x,
                             std::uint8_t y, std::uint8_t z) {
        const history<State> h(steps);
        const State &a = h.any(x), &b = h.any(y), &c = h.any(z);
        test::check_join(a, b, c);
        test::check_order(a, b, c);
        test::check_difference(a, b);
        test::check_bytes(a, b);
        const auto sealed = crdt::seal(a);
        RC_ASSERT((crdt::open<State>(sealed) == a));
        // All deltas together, from the last to the first, are all states together.
        State by_deltas, by_states;
        for (std::size_t d = h.deltas.size(); d-- > 0;) by_deltas.merge(h.deltas[d]);
        for (const State& s : h.states) by_states.merge(s);
        RC_ASSERT((by_deltas == by_states));
    }));
}

}  // namespace

TEST_CASE("every replicated value, and every nesting, keeps the laws of a lattice with deltas") {
    test::for_each_type([]<class State>(const char* name) { check_laws<State>(name); });
}
