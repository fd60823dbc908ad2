// SPDX-License-Identifier: BSL-1.0

// Every change is made with its delta, or not at all: near the end of the dots and of the counts, where a copy of an
// element throws, and where the function that a map calls fails, throws, or does not do what it says.

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/anti_entropy.hpp>
#include <coterie/crdt/causal_value.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/lww_map.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>
#include <coterie/crdt/rw_set.hpp>

#include "crdt/any_change.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using coterie::causality::replica_id;
using coterie::crdt::crdt_errc;
using coterie::test::named;

namespace {

struct torn {};

/// A number of which a copy may throw: the one after as many others as `copies_left` says.
class fragile {
public:
    fragile() = default;
    explicit fragile(std::uint64_t n) noexcept : n_(n % 512) {}
    fragile(const fragile& other) : n_(other.n_) { count(); }
    fragile(fragile&&) noexcept = default;
    fragile& operator=(const fragile& other) {
        count();
        n_ = other.n_;
        return *this;
    }
    fragile& operator=(fragile&&) noexcept = default;
    ~fragile() = default;

    [[nodiscard]] std::uint64_t number() const noexcept { return n_; }
    friend auto operator<=>(const fragile&, const fragile&) = default;

    static inline std::optional<std::uint64_t> copies_left;

private:
    static void count() {
        if (!copies_left.has_value()) return;
        if (*copies_left == 0) throw torn();
        *copies_left -= 1;
    }

    std::uint64_t n_ = 0;
};

}  // namespace

template <>
struct std::hash<fragile> {
    std::size_t operator()(const fragile& x) const noexcept {
        return static_cast<std::size_t>(x.number());
    }
};

template <>
struct coterie::codec<fragile> {
    static void encode(writer& w, const fragile& x) { w.varint(x.number()); }
    static std::expected<fragile, decode_error> decode(reader& r) {
        return r.result(fragile(r.varint()));
    }
};

namespace {

/// A state of three replicas that have done this and that.
template <class State>
State any_state(std::mt19937_64& random, int changes) {
    State s;
    for (int i = 0; i < changes; ++i) {
        (void)test::change(s, random() % 3 + 1, random() % 64, random() % 512);
    }
    return s;
}

template <class State>
State joined(State a, const State& b) {
    a.merge(b);
    return a;
}

/// Whether one dot says two things; never in values without dots.
template <class State>
bool is_dot_reused(const State& a, const State& b) {
    if constexpr (requires { a.find_reused_dot(b); }) return a.find_reused_dot(b).has_value();
    return false;
}

template <template <class> class Do, class... States>
void for_each(std::mt19937_64& random) {
    (Do<States>()(random), ...);
}

using fragile_set = crdt::or_set<fragile>;
using fragile_marks = crdt::rw_set<fragile>;
using fragile_register = crdt::mv_register<fragile>;

template <class State>
struct change_with_copies_that_throw {
    void operator()(std::mt19937_64& random) const {
        for (int round = 0; round < 40; ++round) {
            // Now and then enough of them for an index.
            const int changes = static_cast<int>(random() % (round % 8 == 0 ? 300 : 60));
            const State before = any_state<State>(random, changes);
            const std::uint64_t r = random() % 3 + 1, what = random() % 64, x = random() % 128;
            for (std::uint64_t copies = 0;; ++copies) {
                State s = before;
                bool is_torn = false;
                std::optional<State> delta;
                fragile::copies_left = copies;
                try {
                    delta = test::change(s, r, what, x);
                } catch (const torn&) {
                    is_torn = true;
                }
                fragile::copies_left.reset();
                if (!is_torn) {
                    REQUIRE(joined(before, *delta) == s);
                    break;
                }
                REQUIRE(s == before);
                REQUIRE(encode(s) == encode(before));
                // It goes on as if nothing had been.
                State other = before;
                const State again = test::change(s, r, what, x);
                REQUIRE(again == test::change(other, r, what, x));
                REQUIRE(s == other);
            }
            // A merge may be torn as well: then it is to be made again, and has lost nothing.
            State theirs = before;
            for (int i = 0; i < changes; ++i) {
                (void)test::change(theirs, random() % 3 + 4, random() % 64, random() % 512);
            }
            const State both = joined(before, theirs);
            for (std::uint64_t copies = 0; copies < 12; ++copies) {
                State s = before;
                fragile::copies_left = copies;
                try {
                    s.merge(theirs);
                } catch (const torn&) {
                    fragile::copies_left.reset();
                    REQUIRE(before <= s);
                    REQUIRE(s <= both);
                    REQUIRE(*decode<State>(encode(s)) == s);
                    s.merge(theirs);
                }
                fragile::copies_left.reset();
                REQUIRE(s == both);
            }
        }
    }
};

template <class State>
struct change_near_the_end {
    void operator()(std::mt19937_64& random) const {
        for (int round = 0; round < 20; ++round) {
            State s = any_state<State>(random, 20);
            if constexpr (crdt::detail::causal<State>) {
                auto& context = crdt::detail::causal_access::state(s).context;
                for (std::uint64_t r = 1; r <= 3; ++r) {
                    context.insert_range({named(r), 1, causality::max_counter - random() % 6});
                }
            }
            for (int step = 0; step < 30; ++step) {
                const State before = s;
                constexpr std::uint64_t all = ~std::uint64_t{0};
                const std::uint64_t large = random() % 2 == 0 ? all - random() % 9 : all / 3;
                const std::uint64_t x = random() % 3 == 0 ? large : random() % 128;
                const State delta = test::change(s, random() % 3 + 1, random() % 64, x);
                REQUIRE(joined(before, delta) == s);
                REQUIRE(before <= s);
                REQUIRE(encode(joined(before, delta)) == encode(s));
            }
        }
    }
};

/// What a function may do to the value that a map lends it, besides changing it and returning the delta.
template <class Value>
std::expected<Value, crdt_errc> misbehave(Value& v, std::uint64_t r, std::mt19937_64& random) {
    const auto change = [&](Value& x) { return test::change(x, r, random() % 64, random() % 128); };
    std::expected<Value, crdt_errc> delta;
    for (std::uint64_t n = random() % 4; n > 0; --n) {
        switch (random() % 4) {
            case 0: delta = change(v); break;  // forgets the delta before
            case 1: delta->merge(change(v)); break;
            default:
                if constexpr (requires { v.keys(); }) {  // a map in the map
                    try {
                        auto inner = v.update(named(r), test::element<std::string>(random() % 3),
                                              [&](auto& x) { return misbehave(x, r, random); });
                        if (inner.has_value()) delta->merge(*inner);
                    } catch (const torn&) {
                        if (random() % 2 == 0) throw;
                    }
                } else {
                    delta->merge(change(v));
                }
        }
    }
    switch (random() % 10) {
        case 0:
        case 1: return std::unexpected(crdt_errc::not_enough_quota);
        case 2:
        case 3: throw torn();
        case 4: return Value();  // says that it did nothing
        case 5: {                // did it to a copy
            Value copy = v;
            return change(copy);
        }
        case 6: {
            Value copy = v;
            *delta = change(copy);
            v = std::move(copy);  // an assignment, and a delta of a part
            if (random() % 2 == 0) return std::unexpected(crdt_errc::not_enough_quota);
            break;
        }
        case 7: {
            const Value taken = std::move(v);
            if (random() % 2 == 0) v = Value();
            if (random() % 2 == 0) throw torn();
            break;
        }
        default: break;
    }
    return delta;
}

template <class State>
struct change_with_any_function {
    void operator()(std::mt19937_64& random) const {
        for (int round = 0; round < 25; ++round) {
            std::vector<State> states(3);
            State all;  // of all deltas
            for (int step = 0; step < 60; ++step) {
                const std::uint64_t r = random() % 3;
                State& s = states[r];
                if (random() % 4 == 0) {
                    s.merge(states[random() % 3]);
                    continue;
                }
                const State before = s;
                const auto bytes = encode(s);
                std::expected<State, crdt_errc> delta;
                bool is_thrown = false;
                try {
                    delta = s.update(named(r + 1), test::element<std::string>(random() % 3),
                                     [&](auto& v) { return misbehave(v, r + 1, random); });
                } catch (const torn&) {
                    is_thrown = true;
                }
                if (is_thrown || !delta.has_value()) {
                    REQUIRE(s == before);
                    REQUIRE(encode(s) == bytes);
                    continue;
                }
                REQUIRE(before <= s);
                REQUIRE(joined(before, *delta) == s);
                REQUIRE_FALSE(is_dot_reused(all, *delta));
                all.merge(*delta);
            }
            State by_states;
            for (const State& s : states) {
                REQUIRE_FALSE(is_dot_reused(all, s));
                by_states.merge(s);
            }
            REQUIRE(by_states == all);
        }
    }
};

}  // namespace

TEST_CASE("where a copy of an element throws, every change is made or not, and no dot is lost") {
    std::mt19937_64 random(test::seed());
    using namespace crdt;
    for_each<change_with_copies_that_throw, g_set<fragile>, two_phase_set<fragile>, fragile_set,
             fragile_marks, lww_register<fragile>, fragile_register, max_register<fragile>,
             min_register<fragile>, lww_map<fragile, fragile>, or_map<fragile, fragile_set>,
             or_map<fragile, fragile_marks>, or_map<fragile, ew_flag<>>,
             or_map<fragile, pn_counter<>>, or_map<fragile, lww_map<fragile, fragile>>,
             or_map<fragile, or_map<fragile, fragile_register>>,
             or_map<fragile, or_map<fragile, g_counter<>>>>(random);
}

TEST_CASE(
    "where dots or counts come to their end, every change is made with its delta or not at all") {
    std::mt19937_64 random(test::seed());
    test::for_each_type([&]<class State>(const char* name) {
        INFO(name);
        change_near_the_end<State>()(random);
    });
}

TEST_CASE("whatever a function does to a value of a map, the map and the delta tell the same") {
    std::mt19937_64 random(test::seed());
    using namespace crdt;
    using text = std::string;
    for_each<change_with_any_function, or_map<text, or_set<text>>, or_map<text, rw_set<text>>,
             or_map<text, mv_register<text>>, or_map<text, ew_flag<>>, or_map<text, dw_flag<>>,
             or_map<text, g_counter<>>, or_map<text, pn_counter<>>, or_map<text, bounded_counter<>>,
             or_map<text, lww_register<text>>, or_map<text, or_map<text, or_set<text>>>,
             or_map<text, or_map<text, pn_counter<>>>,
             or_map<text, or_map<text, or_map<text, mv_register<text>>>>>(random);
}

TEST_CASE("an rw_set that has not enough events left for all of its elements keeps them all") {
    crdt::rw_set<int> s;
    for (int i = 0; i < 5; ++i) REQUIRE(s.add(named(1), i).has_value());
    auto& context = crdt::detail::causal_access::state(s).context;
    context.insert_range({named(2), 1, causality::max_counter - 4});
    const auto before = s;
    CHECK(s.clear(named(2)) == std::unexpected(crdt_errc::dots_exhausted));
    CHECK(s == before);
    REQUIRE(s.remove(named(1), 0).has_value());
    CHECK(s.clear(named(2)).has_value());
    CHECK(s.size() == 0);
    CHECK(s.clear(named(2)) == crdt::rw_set<int>());
}

TEST_CASE("anti-entropy loses nothing where the function of an update fails") {
    using namespace std::chrono_literals;
    const steady_time now{};
    const auto made = [](auto state) {
        return crdt::anti_entropy<decltype(state), int>({.session = 1}, {7}, std::move(state));
    };
    const auto settle = [&](auto& replica) {  // its peer has all
        typename std::remove_reference_t<decltype(replica)>::output out;
        replica.start(now, out);
        const auto& m = out.messages.front().message;
        REQUIRE(replica.receive(7, {m.session, m.up_to, std::nullopt, 0, 2}, now, out).has_value());
        REQUIRE_FALSE(replica.next_deadline().has_value());
    };
    const auto fail = [&](auto& replica, auto f, bool throws) {
        bool is_thrown = false;
        try {
            const auto result = replica.update(now, [&](auto& s) {
                f(s);
                if (throws) throw torn();
                return std::expected<std::remove_reference_t<decltype(s)>, crdt_errc>(
                    std::unexpected(crdt_errc::not_enough_quota));
            });
            CHECK_FALSE(result.has_value());
        } catch (const torn&) {
            is_thrown = true;
        }
        CHECK(is_thrown == throws);
    };
    for (const bool throws : {false, true}) {
        auto set = made(crdt::or_set<int>());
        REQUIRE(set.update(now, [](auto& s) { return s.add(named(1), 3); }).has_value());
        const auto sets = set.state();
        settle(set);
        fail(
            set,
            [](auto& s) {
                (void)s.add(named(1), 4);
                s.remove(named(1), 3);
            },
            throws);
        CHECK(set.state() == sets);
        CHECK_FALSE(set.next_deadline().has_value());

        auto count = made(crdt::pn_counter<>());
        settle(count);
        fail(count, [](auto& c) { (void)c.increment(named(1), 4); }, throws);
        CHECK(count.state().value() == 0);
        CHECK_FALSE(count.next_deadline().has_value());

        // A value that has no way back keeps the change, and the peer gets all of it.
        auto map = made(crdt::lww_map<int, int>());
        settle(map);
        fail(map, [](auto& m) { (void)m.assign(named(1), test::stamped(1), 5, 6); }, throws);
        typename decltype(map)::output out;
        REQUIRE(map.next_deadline().has_value());
        map.tick(*map.next_deadline(), out);
        REQUIRE(out.messages.size() == 1);
        CHECK(out.messages.front().message.delta == map.state());
    }
}
