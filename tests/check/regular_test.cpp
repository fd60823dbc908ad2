// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/regular.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using std::chrono::nanoseconds;

namespace {

steady_time at(std::int64_t t) { return steady_time(nanoseconds(t)); }

using ids = std::vector<check::operation_id>;
using one_register = check::register_model<int>;

/// Regularity by its definition.
bool is_regular_by_trying(const check::history_of<one_register>& h) {
    const auto is_write = [](const auto& op) {
        return op.input.kind == check::register_call::write && op.result != check::outcome::failed;
    };
    return std::all_of(h.begin(), h.end(), [&](const auto& r) {
        if (is_write(r) || r.result != check::outcome::completed) return true;
        if (r.input.kind != check::register_call::read) return true;
        const auto is_before = [&](const auto& w) { return is_write(w) && w.precedes(r); };
        if (!r.output->value.has_value()) return std::none_of(h.begin(), h.end(), is_before);
        return std::any_of(h.begin(), h.end(), [&](const auto& w) {
            if (!is_write(w) || w.input.value != *r.output->value || r.precedes(w)) return false;
            return std::none_of(h.begin(), h.end(), [&](const auto& between) {
                return is_before(between) && w.precedes(between);
            });
        });
    });
}

}  // namespace

TEST_CASE("regular registers, by the definition") {
    rng random(test::seed(), "regular");
    int good = 0, bad = 0;
    for (int round = 0; round < 20'000; ++round) {
        check::history_of<one_register> h;
        for (auto n = uniform_below(random, 8); n-- > 0;) {
            const auto from = uniform_between(random, 0, 16),
                       to = from + uniform_between(random, 0, 5);
            const bool is_write = bernoulli(random, 0.6);
            const int value = uniform_between(random, 1, 3);
            const auto id =
                h.invoke(n,
                         {is_write ? check::register_call::write : check::register_call::read,
                          is_write ? value : 0},
                         at(from));
            const auto fate = uniform_below(random, 10);
            if (fate == 0) h.fail(id, at(to));
            if (fate < 2) continue;
            check::register_output<int> output;
            if (!is_write && bernoulli(random, 0.8)) output.value = value;
            h.complete(id, output, at(to));
        }
        const check::verdict v = check::regular(h);
        REQUIRE(static_cast<bool>(v) == is_regular_by_trying(h));
        ++(v ? good : bad);
        if (check::linearizable(h, one_register())) REQUIRE(v);
        if (!v) REQUIRE((v.offending.size() == 1 || v.offending.size() == 2));
    }
    CHECK(good > 1000);
    CHECK(bad > 1000);
}

TEST_CASE("a regular register may go back during a write, and not after it") {
    check::history_of<one_register> h;
    const auto write = [&](int value, int from, int to) {
        h.complete(h.invoke(0, {check::register_call::write, value}, at(from)), {}, at(to));
    };
    const auto read = [&](std::optional<int> value, int from, int to) {
        h.complete(h.invoke(1, {}, at(from)), {.value = value}, at(to));
    };
    write(1, 0, 1);
    write(2, 2, 9);
    read(2, 3, 4);
    read(1, 5, 6);
    CHECK(check::regular(h));
    CHECK_FALSE(check::linearizable(h, one_register()));
    read(1, 10, 11);
    const check::verdict v = check::regular(h);
    CHECK(v.reason == "client 1 read 1 after 2 was written");
    CHECK(v.offending == ids{1, 4});
}

TEST_CASE("a register gives nothing that nobody has begun to write") {
    check::history_of<one_register> h;
    h.complete(h.invoke(1, {}, at(0)), {.value = 4}, at(1));
    h.complete(h.invoke(0, {check::register_call::write, 4}, at(2)), {}, at(3));
    const check::verdict v = check::regular(h);
    CHECK(v.reason == "client 1 read 4, which nobody had begun to write");
    CHECK(v.offending == ids{0});
}
