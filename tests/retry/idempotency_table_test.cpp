// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/idempotency_table.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/idempotency_wire.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::call_record;
using retry::claim_verdict;
using retry::idempotency_errc;
using retry::idempotency_options;
using retry::idempotency_table;

namespace {

constexpr steady_time start(1000s);
constexpr idempotency_options small{.remember_for = 100s, .lease = 10s, .capacity = 3};
using table = idempotency_table<std::string, int>;

constexpr std::uint64_t parameters = 42;

std::unexpected<idempotency_errc> fenced() { return std::unexpected(idempotency_errc::fenced); }

/// Begins a call that is to be run, and says what came of it.
void run(table& t, const std::string& key, int result, steady_time now) {
    const auto claim = t.begin(key, parameters, now);
    REQUIRE(claim.verdict == claim_verdict::run);
    REQUIRE(t.complete(key, claim.token, result, now).has_value());
}

}  // namespace

TEST_CASE("a call is run once, waited for, and answered again") {
    table t(small);
    const auto first = t.begin("a", parameters, start);
    CHECK(first.verdict == claim_verdict::run);
    CHECK(first.until == start + 10s);

    const auto second = t.begin("a", parameters, start + 5s);
    CHECK(second.verdict == claim_verdict::wait);
    CHECK(second.until == first.until);
    CHECK(second.token == 0);

    CHECK(t.complete("a", first.token, 7, start + 6s).has_value());
    const auto third = t.begin("a", parameters, start + 7s);
    CHECK(third.verdict == claim_verdict::replay);
    CHECK(*third.result == 7);
    CHECK(t.complete("a", first.token, 8, start + 8s) == fenced());  // once
    CHECK(*t.begin("a", parameters, start + 106s - 1ns).result == 7);
    CHECK(t.begin("a", parameters, start + 106s).verdict == claim_verdict::run);
}

TEST_CASE("a key is for one set of parameters, running or done") {
    table t(small);
    const auto claim = t.begin("a", 1, start);
    CHECK(t.begin("a", 2, start).verdict == claim_verdict::mismatch);
    CHECK(t.complete("a", claim.token, 7, start).has_value());
    CHECK(t.begin("a", 2, start).verdict == claim_verdict::mismatch);
    CHECK(t.begin("a", 2, start + 50s).result == nullptr);
    CHECK(t.begin("a", 1, start).verdict == claim_verdict::replay);
}

TEST_CASE("when a lease is over another takes the call, and the first is fenced") {
    table t(small);
    const auto first = t.begin("a", parameters, start);
    CHECK(t.begin("a", parameters, start + 10s - 1ns).verdict == claim_verdict::wait);
    CHECK(t.begin("a", parameters + 1, start + 10s).verdict == claim_verdict::mismatch);
    const auto second = t.begin("a", parameters, start + 10s);
    CHECK(second.verdict == claim_verdict::run);
    CHECK(second.token > first.token);
    CHECK(t.complete("a", first.token, 1, start + 11s) == fenced());
    CHECK(!t.renew("a", first.token, start + 11s).has_value());
    CHECK(t.abandon("a", first.token) == fenced());
    CHECK(t.complete("a", second.token, 2, start + 11s).has_value());
    CHECK(*t.begin("a", parameters, start + 12s).result == 2);
}

TEST_CASE("who is late but alone may still finish") {
    table t(small);
    const auto claim = t.begin("a", parameters, start);
    CHECK(t.complete("a", claim.token, 1, start + 1h).has_value());
    CHECK(t.begin("a", parameters, start + 1h).verdict == claim_verdict::replay);
}

TEST_CASE("a lease can be renewed, and given up") {
    table t(small);
    const auto claim = t.begin("a", parameters, start);
    CHECK(t.renew("a", claim.token, start + 9s) == start + 19s);
    CHECK(t.begin("a", parameters, start + 19s - 1ns).verdict == claim_verdict::wait);
    CHECK(t.abandon("a", claim.token).has_value());
    CHECK(t.size() == 1);  // it stays known as one that was not run
    const auto next = t.begin("a", parameters, start + 19s);
    CHECK(next.verdict == claim_verdict::run);
    CHECK(next.token > claim.token);
    CHECK(t.complete("b", 1, 1, start) == fenced());
}

TEST_CASE("a call that is older than what is remembered is refused") {
    table t(small);
    run(t, "a", 1, start);
    CHECK(t.begin("a", parameters, start + 99s, start - 1s).verdict == claim_verdict::replay);
    CHECK(t.begin("a", parameters, start + 100s, start - 1s).verdict == claim_verdict::expired);
    CHECK(t.horizon() == start);
    CHECK(t.begin("b", parameters, start + 100s, start).verdict == claim_verdict::expired);
    CHECK(t.begin("b", parameters, start + 100s, start + 1ns).verdict == claim_verdict::run);
}

TEST_CASE("room is made of the oldest result, and what might be its repetition is refused") {
    table t(small);
    for (int i = 0; i < 3; ++i) run(t, std::to_string(i), i, start + i * 1s);
    CHECK(t.begin("new", parameters, start + 3s, start + 3s).verdict == claim_verdict::run);
    CHECK(t.size() == 3);
    CHECK(t.begin("0", parameters, start + 4s, start).verdict == claim_verdict::expired);
    CHECK(t.begin("1", parameters, start + 4s, start).verdict == claim_verdict::replay);
}

TEST_CASE("calls under way are not pushed out, as long as their leases last") {
    table t(small);
    for (int i = 0; i < 3; ++i) (void)t.begin(std::to_string(i), parameters, start + i * 1s);
    CHECK(t.begin("new", parameters, start + 9s).verdict == claim_verdict::full);
    CHECK(t.size() == 3);
    CHECK(t.begin("new", parameters, start + 10s).verdict == claim_verdict::run);
    CHECK(t.size() == 3);
    // the one that was pushed out might have been run
    CHECK(t.begin("0", parameters, start + 20s, start).verdict == claim_verdict::expired);
}

TEST_CASE("a clock that steps back shortens no lease and forgets nothing") {
    table t(small);
    run(t, "a", 1, start);
    const auto claim = t.begin("b", parameters, start - 1h);
    CHECK(claim.until == start + 10s);
    CHECK(t.begin("b", parameters, start + 9s).verdict == claim_verdict::wait);
    CHECK(t.begin("a", parameters, start - 2h).verdict == claim_verdict::replay);
}

TEST_CASE("whatever crashes, repeats and expires, a call has one answer") {
    // Servers that die, pause and repeat; the store that they write to refuses older tokens, as it should.
    struct running {
        int key;
        std::uint64_t token;
        steady_time issued;
    };
    rng random(test::seed(), "chaos");
    std::map<claim_verdict, int> seen;
    for (int round = 0; round < 50; ++round) {
        idempotency_table<int, int> t({.remember_for = 200ms, .lease = 50ms, .capacity = 2});
        std::map<int, std::pair<std::uint64_t, int>> effects;  // of a key: the token, and how often
        std::map<int, int> answers;
        std::map<int, steady_time> issued;
        std::vector<running> away;
        steady_time now = start;
        for (int i = 0; i < 1000; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, 0, 10));
            if (away.empty() || bernoulli(random, 0.5)) {
                const int key =
                    i / 20 - uniform_between(random, 0, 5);  // new ones, and some from before
                const auto since = issued.try_emplace(key, now).first->second;
                const auto claim = t.begin(key, 1, now, since);
                ++seen[claim.verdict];
                REQUIRE(t.size() <= 2);
                if (claim.verdict == claim_verdict::run) {
                    REQUIRE(!answers.contains(key));  // nobody was told that it is done
                    away.push_back({key, claim.token, since});
                } else if (claim.verdict == claim_verdict::replay) {
                    REQUIRE(answers.at(key) == *claim.result);
                }
                continue;
            }
            const auto which = uniform_below(random, away.size());
            const running r = away[which];
            if (bernoulli(random, 0.2)) {
                away.erase(away.begin() + static_cast<std::ptrdiff_t>(which));  // it dies
                continue;
            }
            auto& [token, times] = effects[r.key];
            if (r.token < token) continue;  // fenced by the store
            token = r.token;
            const int result = ++times;
            if (t.complete(r.key, r.token, result, now)) {
                REQUIRE(answers.emplace(r.key, result).second);  // only one is told so
                away.erase(away.begin() + static_cast<std::ptrdiff_t>(which));
            }
        }
    }
    for (const auto v : {claim_verdict::run, claim_verdict::wait, claim_verdict::replay,
                         claim_verdict::expired, claim_verdict::full}) {
        INFO(describe(v));
        CHECK(seen[v] > 0);
    }
}

TEST_CASE("a store can be brought along, with its tokens") {
    retry::memory_call_store<std::string, int> store;
    store.put("a", {parameters, 17, start - 50s, start + 50s, 5});
    store.put("b", {parameters, 18, start - 5s, start + 5s, std::nullopt});
    store.set_ledger({.horizon = start - 200s, .latest = start - 5s, .last_token = 20});
    retry::memory_call_store<std::string, int> moved(std::move(store));
    table t(small, std::move(moved));
    CHECK(*t.begin("a", parameters, start).result == 5);
    CHECK(t.begin("b", parameters, start).verdict == claim_verdict::wait);
    CHECK(t.begin("c", parameters, start, start - 200s).verdict == claim_verdict::expired);
    CHECK(t.begin("c", parameters, start).token == 21);
    CHECK(t.begin("a", parameters, start + 50s, start - 50s).verdict == claim_verdict::expired);
    CHECK(t.begin("a", parameters, start + 50s, start - 49s).verdict == claim_verdict::run);
}

TEST_CASE("a call that was given up may be run, though what was issued later is forgotten") {
    table t(small);
    const auto claim = t.begin("a", parameters, start, start);
    for (int i = 0; i < 3; ++i) run(t, std::to_string(i), i, start + 1s);
    CHECK(t.horizon() == start + 1s);
    CHECK(t.abandon("a", claim.token).has_value());
    CHECK(t.abandon("a", claim.token) == fenced());  // once
    CHECK(t.complete("a", claim.token, 1, start + 2s) == fenced());
    CHECK(t.begin("a", parameters + 1, start + 2s, start).verdict == claim_verdict::run);
}

TEST_CASE("calls that were given up make room for others") {
    table t(small);
    for (int i = 0; i < 3; ++i) {
        const auto claim = t.begin(std::to_string(i), parameters, start);
        if (i > 0) CHECK(t.abandon(std::to_string(i), claim.token).has_value());
    }
    CHECK(t.begin("x", parameters, start).verdict == claim_verdict::run);
    CHECK(t.begin("y", parameters, start).verdict == claim_verdict::run);
    CHECK(t.begin("z", parameters, start).verdict == claim_verdict::full);
    CHECK(t.horizon() == steady_time::min());  // nothing that may have been run was forgotten
}

TEST_CASE("a record and a ledger have one encoding, and damaged bytes are refused") {
    rng random(test::seed(), "codec");
    const auto time = [&] {
        return steady_time(std::chrono::nanoseconds(static_cast<std::int64_t>(random())));
    };
    const auto check = [](const auto& x) {
        using type = std::remove_cvref_t<decltype(x)>;
        const auto bytes = encode(x);
        CHECK(decode<type>(bytes) == x);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK(!decode<type>(std::span(bytes).first(cut)).has_value());
    };
    for (int i = 0; i < 200; ++i) {
        call_record<std::string> record{random(), random() >> uniform_between(random, 0, 63),
                                        time(), time(), std::nullopt};
        if (bernoulli(random, 0.5)) record.result = std::string(uniform_below(random, 9), 'x');
        record.was_abandoned = !record.result && bernoulli(random, 0.5);
        check(record);
        check(retry::call_ledger{time(), time(), random() >> uniform_between(random, 0, 63)});
    }
    auto both = encode(call_record<std::string>{1, 2, start, start, "done"});
    both.back() = std::byte{1};  // done, and given up
    CHECK(decode<call_record<std::string>>(both).error().code == decode_errc::invalid_value);
}

TEST_CASE("claims have texts") {
    CHECK(to_string(claim_verdict::run) == "run");
    CHECK(to_string(claim_verdict::wait) == "wait");
    CHECK(to_string(claim_verdict::replay) == "replay");
    CHECK(to_string(claim_verdict::mismatch) == "key used with other parameters");
    CHECK(to_string(claim_verdict::expired) == "expired");
    CHECK(to_string(claim_verdict::full) == "table full");
    CHECK(to_string(static_cast<claim_verdict>(9)) == "not a claim verdict");
    CHECK(to_string(idempotency_errc::fenced) == "fenced by a newer claim");
    CHECK(to_string(static_cast<idempotency_errc>(9)) == "not an idempotency error");
}
