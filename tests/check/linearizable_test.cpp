// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/linearizable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <coterie/check/counter_model.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/lock_model.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/queue_model.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/set_model.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "check/by_trying.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

steady_time at(std::int64_t t) { return steady_time(std::chrono::nanoseconds(t)); }

using one_register = check::register_model<int>;
constexpr auto reads = check::register_call::read, writes = check::register_call::write,
               swaps = check::register_call::cas;

struct recorder {
    check::history_of<one_register> h;

    check::operation_id wrote(int value, int from, int to) {
        const auto id = h.invoke(0, {writes, value}, at(from));
        h.complete(id, {}, at(to));
        return id;
    }
    check::operation_id saw(std::optional<int> value, int from, int to) {
        const auto id = h.invoke(1, {}, at(from));
        h.complete(id, {.value = value}, at(to));
        return id;
    }
    check::verdict judged(const check::search_limits& limits = {}) const {
        return check::linearizable(h, one_register(), limits);
    }
};

/// That the part is to blame, and each operation of it.
template <check::model M>
void check_part(const check::history_of<M>& h, const M& m, const check::verdict& v) {
    std::vector<bool> held(h.size());
    for (const auto id : v.offending) held[id] = true;
    REQUIRE_FALSE(test::linearizable_by_trying(h, m, held));
    for (const auto id : v.offending) {
        auto without = held;
        without[id] = false;
        REQUIRE(test::linearizable_by_trying(h, m, without));
    }
}

template <check::model M>
void check_random_histories(const M& m, const char* name,
                            const std::vector<typename M::input>& inputs,
                            const std::vector<typename M::output>& outputs) {
    rng random(test::seed(), name);
    int good = 0, bad = 0;
    for (int round = 0; round < 10'000; ++round) {
        const auto h = test::random_history(m, inputs, outputs, random);
        const check::verdict v = check::linearizable(h, m);
        REQUIRE(v.answer != check::answer::unknown);
        REQUIRE(static_cast<bool>(v) == test::linearizable_by_trying(h, m));
        REQUIRE(static_cast<bool>(v) == v.offending.empty());
        REQUIRE(static_cast<bool>(v) == v.reason.empty());
        ++(v ? good : bad);
        if (!v) check_part(h, m, v);
    }
    REQUIRE(good > 1000);
    REQUIRE(bad > 300);
}

/// A user's own model, whose states std::hash does not know.
struct pair_of_counters {
    struct state {
        int left = 0, right = 0;
        friend bool operator==(const state&, const state&) = default;
    };
    using input = bool;  // which one to count up
    using output = int;  // their difference after it

    state initial() const { return {}; }
    std::size_t hash(const state& s) const {
        return std::size_t{31} * static_cast<unsigned>(s.left) + static_cast<unsigned>(s.right);
    }
    bool step(state& s, const input& left, const output* given) const {
        ++(left ? s.left : s.right);
        return given == nullptr || *given == s.left - s.right;
    }
};
static_assert(check::model<pair_of_counters> && !check::keyed_model<pair_of_counters>);
static_assert(check::keyed_model<check::key_value_model> &&
              check::keyed_model<check::set_model<int>>);
static_assert(check::described_model<one_register> && !check::described_model<pair_of_counters>);

}  // namespace

TEST_CASE("an empty history is linearizable") { CHECK(recorder().judged()); }

TEST_CASE("a read gives what was written last") {
    recorder r;
    r.wrote(1, 0, 1);
    r.wrote(2, 2, 3);
    r.saw(2, 4, 5);
    CHECK(r.judged());
    r.saw(1, 6, 7);
    const check::verdict v = r.judged();
    CHECK(v.answer == check::answer::no);
    CHECK(v.reason == "no order of the operations explains operation 3 of client 1, read: 1");
    // The first write must be over before the read of 2, and that before the read of 1.
    check_part(r.h, one_register(), v);
}

TEST_CASE("what overlaps may come in either order") {
    recorder r;
    r.wrote(1, 0, 1);
    r.wrote(2, 2, 10);
    r.saw(2, 3, 4);
    SECTION("but all see the same") {
        r.saw(1, 5, 6);
        CHECK_FALSE(r.judged());
    }
    SECTION("so a later read sees it too") {
        r.saw(2, 5, 6);
        CHECK(r.judged());
    }
}

TEST_CASE("an operation that begins when another ends is concurrent with it") {
    recorder r;
    r.wrote(1, 0, 5);
    SECTION("at the same time") {
        r.saw(std::nullopt, 5, 6);
        CHECK(r.judged());
    }
    SECTION("a nanosecond later") {
        r.saw(std::nullopt, 6, 7);
        CHECK_FALSE(r.judged());
    }
}

TEST_CASE("an operation of unknown outcome happens once, late, or never") {
    recorder r;
    r.h.invoke(2, {writes, 7}, at(0));
    r.saw(std::nullopt, 1, 2);
    CHECK(r.judged());
    r.saw(7, 3, 4);
    CHECK(r.judged());
    r.wrote(8, 5, 6);
    CHECK(r.judged());
    r.saw(7, 7, 8);
    CHECK_FALSE(r.judged());
}

TEST_CASE("an operation of unknown outcome does not happen before it is invoked") {
    recorder r;
    r.saw(7, 0, 1);
    r.h.invoke(2, {writes, 7}, at(2));
    CHECK_FALSE(r.judged());
}

TEST_CASE("what failed did not happen") {
    recorder r;
    r.h.fail(r.h.invoke(2, {writes, 7}, at(0)), at(1));
    r.saw(7, 2, 3);
    CHECK_FALSE(r.judged());
}

TEST_CASE("compare-and-set says whether it wrote") {
    recorder r;
    r.wrote(1, 0, 1);
    const auto swap = [&](int from, int to, bool swapped, int t) {
        r.h.complete(r.h.invoke(1, {swaps, to, from}, at(t)), {.swapped = swapped}, at(t + 1));
    };
    swap(1, 2, true, 2);
    swap(1, 3, false, 4);
    r.saw(2, 6, 7);
    CHECK(r.judged());
    swap(2, 3, false, 8);
    CHECK_FALSE(r.judged());
}

TEST_CASE("a search gives up at its limits") {
    recorder r;
    for (int i = 0; i < 12; ++i) r.wrote(i, 0, 100);
    r.saw(1, 101, 102);
    r.saw(2, 103, 104);
    CHECK(r.judged().answer == check::answer::no);
    const check::verdict v = r.judged({.steps = 100});
    CHECK(v.answer == check::answer::unknown);
    CHECK(v.reason == "gave up after 101 steps");
    CHECK(v.offending.empty());
    CHECK_FALSE(v);
    CHECK(r.judged({.bytes = 10'000}).answer == check::answer::unknown);
}

TEST_CASE("a bad key is found beside one that is too hard") {
    check::history_of<check::key_value_model> h;
    using call = check::key_value_call;
    for (int i = 0; i < 12; ++i)
        h.complete(h.invoke(0, {call::append, "hard", std::to_string(i)}, at(0)), {}, at(100));
    h.complete(h.invoke(0, {call::get, "hard", ""}, at(101)), "no such", at(102));
    const check::search_limits narrow{.steps = 1000};
    CHECK(check::linearizable(h, check::key_value_model(), narrow).answer ==
          check::answer::unknown);
    const auto id = h.invoke(0, {call::get, "wrong", ""}, at(101));
    h.complete(id, "no such", at(102));
    const check::verdict v = check::linearizable(h, check::key_value_model(), narrow);
    CHECK(v.answer == check::answer::no);
    CHECK(v.offending == std::vector{id});
}

TEST_CASE("many operations open at once, more than a word has bits") {
    recorder r;
    for (int i = 0; i < 150; ++i) r.h.invoke(static_cast<check::client_id>(i), {writes, i}, at(i));
    for (int i = 0; i < 100; ++i) r.wrote(1000 + i, 0, 1000);
    for (int i = 140; i < 150; ++i) r.saw(i, 1000 + i, 1000 + i);
    CHECK(r.judged());
    r.saw(140, 2000, 2001);
    CHECK(r.judged({.steps = 100'000}).answer != check::answer::yes);
}

TEST_CASE("random histories of a register, as by trying all orders") {
    std::vector<check::register_output<int>> outputs{{}, {1}, {2}, {.value = {}, .swapped = true}};
    check_random_histories(one_register(), "register",
                           {{reads}, {writes, 1}, {writes, 2}, {swaps, 2, 1}, {swaps, 1, 2}},
                           outputs);
}

TEST_CASE("random histories of a key-value store, as by trying all orders") {
    using call = check::key_value_call;
    check_random_histories(check::key_value_model(), "key_value",
                           {{call::get, "k", ""},
                            {call::get, "l", ""},
                            {call::put, "k", "a"},
                            {call::append, "k", "a"},
                            {call::append, "k", "b"},
                            {call::append, "l", "a"}},
                           {"", "a", "b", "aa", "ab", "ba"});
}

TEST_CASE("random histories of a set, as by trying all orders") {
    using call = check::set_call;
    check_random_histories(check::set_model<int>(), "set",
                           {{call::add, 1},
                            {call::remove, 1},
                            {call::contains, 1},
                            {call::add, 2},
                            {call::contains, 2}},
                           {false, true});
}

TEST_CASE("random histories of a queue, as by trying all orders") {
    using call = check::queue_call;
    check_random_histories(check::queue_model<int>(), "queue",
                           {{call::enqueue, 1}, {call::enqueue, 2}, {}, {}}, {{}, 1, 2});
}

TEST_CASE("random histories of a counter, as by trying all orders") {
    using call = check::counter_call;
    check_random_histories(check::counter_model(), "counter", {{call::add, 1}, {call::add, -2}, {}},
                           {0, 1, -1, -2, 2, std::nullopt});
}

TEST_CASE("random histories of a lock, as by trying all orders") {
    using call = check::lock_call;
    check_random_histories(check::lock_model(), "lock",
                           {{call::acquire},
                            {call::acquire},
                            {call::release, 1},
                            {call::release, 2},
                            {call::expire},
                            {call::use, 1},
                            {call::use, 2}},
                           {{true, 1}, {true, 2}, {false}, {true, 3}});
}

TEST_CASE("random histories of a user's own model, as by trying all orders") {
    check_random_histories(pair_of_counters(), "pair", {false, true}, {-2, -1, 0, 1, 2});
}
