// SPDX-License-Identifier: BSL-1.0

// What the models allow one operation after another, and how their operations read in a report.

#include <coterie/check/counter_model.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/lock_model.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/queue_model.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/set_model.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace coterie;

namespace {

/// Plays calls one after another. Returns: how many are as the model says.
template <check::model M>
std::size_t right_ones(const M& m,
                       const std::vector<std::pair<typename M::input, typename M::output>>& calls) {
    auto state = m.initial();
    std::size_t right = 0;
    for (const auto& [input, output] : calls) {
        if (!m.step(state, input, &output)) return right;
        ++right;
    }
    return right;
}

}  // namespace

TEST_CASE("a lock is held by one, and its tokens grow") {
    using call = check::lock_call;
    const check::lock_model m;
    const std::pair<check::lock_input, check::lock_output> granted{{call::acquire}, {true, 5}};
    CHECK(right_ones(m, {granted, {{call::acquire}, {false}}}) == 2);
    CHECK(right_ones(m, {granted, {{call::acquire}, {true, 6}}}) == 1);
    CHECK(right_ones(m, {granted, {{call::release, 5}, {true}}, {{call::acquire}, {true, 6}}}) ==
          3);
    CHECK(right_ones(m, {granted, {{call::release, 5}, {true}}, {{call::acquire}, {true, 5}}}) ==
          2);
    CHECK(right_ones(m, {granted, {{call::release, 4}, {true}}}) == 1);
    CHECK(right_ones(m, {granted, {{call::release, 4}, {false}}, {{call::acquire}, {false}}}) == 3);
    CHECK(right_ones(m, {granted, {{call::release, 5}, {false}}}) == 1);
    CHECK(right_ones(m, {granted, {{call::expire}, {}}, {{call::acquire}, {true, 9}}}) == 3);
    CHECK(right_ones(m, {granted, {{call::expire}, {}}, {{call::release, 5}, {false}}}) == 3);
    CHECK(right_ones(m, {{{call::acquire}, {false}}}) == 0);
}

TEST_CASE("a guarded resource takes no token smaller than one that it has seen") {
    using call = check::lock_call;
    const check::lock_model m;
    CHECK(right_ones(
              m, {{{call::use, 5}, {true}}, {{call::use, 5}, {true}}, {{call::use, 4}, {true}}}) ==
          2);
    CHECK(right_ones(m, {{{call::use, 5}, {true}},
                         {{call::use, 4}, {false}},
                         {{call::use, 6}, {false}}}) == 2);
    CHECK(right_ones(
              m, {{{call::use, 5}, {true}}, {{call::use, 4}, {false}}, {{call::use, 5}, {true}}}) ==
          3);
}

TEST_CASE("a token that nobody knows may be any later one") {
    using call = check::lock_call;
    const check::lock_model m;
    auto state = m.initial();
    const check::lock_output yes{true, 5}, refused{};
    CHECK(m.step(state, {call::acquire}, &yes));
    CHECK(m.step(state, {call::release, 5}, &yes));
    CHECK(m.step(state, {call::acquire}, nullptr));
    auto held = state;
    CHECK(m.step(held, {call::acquire}, &refused));
    auto older = state;
    CHECK_FALSE(m.step(older, {call::release, 5}, &yes));
    CHECK(m.step(state, {call::release, 7}, &yes));
    const check::lock_output next{true, 8}, same{true, 7};
    auto again = state;
    CHECK_FALSE(m.step(again, {call::acquire}, &same));
    CHECK(m.step(state, {call::acquire}, &next));
}

TEST_CASE("operations read as in a report") {
    const check::register_model<int> r;
    const check::register_output<int> three{.value = 3}, nil{},
        swapped{.value = {}, .swapped = true};
    CHECK(r.text({check::register_call::read}, &three) == "read: 3");
    CHECK(r.text({check::register_call::read}, &nil) == "read: nil");
    CHECK(r.text({check::register_call::read}, nullptr) == "read: ?");
    CHECK(r.text({check::register_call::write, 4}, nullptr) == "write 4");
    CHECK(r.text({check::register_call::cas, 4, 3}, &swapped) == "cas 3 to 4");
    CHECK(r.text({check::register_call::cas, 4, 3}, &nil) == "cas 3 to 4: refused");
    CHECK(r.text({check::register_call::cas, 4, 3}, nullptr) == "cas 3 to 4: ?");

    const check::key_value_model kv;
    const std::string found = "x";
    CHECK(kv.text({check::key_value_call::get, "k", ""}, &found) == "get k: \"x\"");
    CHECK(kv.text({check::key_value_call::get, "k", ""}, nullptr) == "get k: ?");
    CHECK(kv.text({check::key_value_call::put, "k", "v"}, nullptr) == "put k \"v\"");
    CHECK(kv.text({check::key_value_call::append, "k", "v"}, nullptr) == "append k \"v\"");

    const check::set_model<int> set;
    const bool yes = true, no = false;
    CHECK(set.text({check::set_call::add, 1}, &yes) == "add 1: yes");
    CHECK(set.text({check::set_call::remove, 1}, &no) == "remove 1: no");
    CHECK(set.text({check::set_call::contains, 1}, nullptr) == "contains 1: ?");

    const check::queue_model<int> queue;
    const std::optional<int> one = 1, none;
    CHECK(queue.text({check::queue_call::enqueue, 1}, &none) == "enqueue 1");
    CHECK(queue.text({}, &one) == "dequeue: 1");
    CHECK(queue.text({}, &none) == "dequeue: nil");
    CHECK(queue.text({}, nullptr) == "dequeue: ?");

    const check::counter_model counter;
    const std::optional<std::int64_t> two = 2, untold;
    CHECK(counter.text({check::counter_call::add, 2}, &two) == "add 2: 2");
    CHECK(counter.text({check::counter_call::add, 2}, &untold) == "add 2");
    CHECK(counter.text({}, nullptr) == "read: ?");

    const check::lock_model lock;
    const check::lock_output granted{true, 7}, refused{};
    CHECK(lock.text({check::lock_call::acquire}, &granted) == "acquire: 7");
    CHECK(lock.text({check::lock_call::acquire}, &refused) == "acquire: refused");
    CHECK(lock.text({check::lock_call::release, 7}, &granted) == "release 7");
    CHECK(lock.text({check::lock_call::use, 7}, nullptr) == "use 7: ?");
    CHECK(lock.text({check::lock_call::expire}, nullptr) == "expire");
}
