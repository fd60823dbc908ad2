// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/retry_budget.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_state.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::concurrency_budget;
using retry::error_class;
using retry::no_budget;
using retry::quota_budget;
using retry::ratio_budget;
using retry::token_budget;

namespace {

constexpr steady_time start(1000s);
constexpr auto transient = error_class::transient;

static_assert(retry::budget<token_budget> && retry::budget<ratio_budget> &&
              retry::budget<concurrency_budget> && retry::budget<quota_budget>);

struct amplification {
    double load;     ///< attempts a call
    double success;  ///< of all calls
};

/// Calls at 1,000 a second, of three retries at most, to a server of which attempts fail at random.
template <class Budget>
amplification amplify(Budget& budget, double failure_rate, int calls, rng& random,
                      steady_time now = start) {
    constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{}, .max_attempts = 4};
    int attempts = 0, successes = 0;
    for (int i = 0; i < calls; ++i) {
        now += 1ms;
        retry::retry_state call(policy, now, {}, budget);
        for (;;) {
            ++attempts;
            if (!bernoulli(random, failure_rate)) {
                call.on_success(now);
                ++successes;
                break;
            }
            if (!call.on_failure(now, transient, std::nullopt, random)) break;
        }
    }
    return {static_cast<double>(attempts) / calls, static_cast<double>(successes) / calls};
}

constexpr ratio_budget::options without_reserve{.min_per_second = 0};

}  // namespace

TEST_CASE("amplification: a server that is down is asked 1.2 times as often with a ratio of 20 %") {
    rng random(test::seed(), "down");
    no_budget none;
    CHECK(amplify(none, 1.0, 10'000, random).load == 4.0);

    ratio_budget ratio(without_reserve);
    CHECK(amplify(ratio, 1.0, 50'000, random).load <= 1.2);

    // With a reserve of 10 retries a second, in the second half, when its first share is spent
    ratio_budget with_reserve;
    (void)amplify(with_reserve, 1.0, 20'000, random);
    const auto later = amplify(with_reserve, 1.0, 50'000, random, start + 20s);
    CHECK(later.load <= 1.2 + 0.01 + 1e-9);
    CHECK(later.load >= 1.2);

    token_budget tokens;
    (void)amplify(tokens, 1.0, 100, random);
    CHECK(amplify(tokens, 1.0, 10'000, random).load == 1.0);
}

TEST_CASE("amplification: the table of budgets against failure rates") {
    struct row {
        double failures;
        amplification none, tokens, ratio;
    };
    const row rows[] = {{0.01, {1.010, 1.000}, {1.010, 1.000}, {1.010, 1.000}},
                        {0.10, {1.111, 1.000}, {1.021, 0.920}, {1.111, 1.000}},
                        {0.30, {1.416, 0.992}, {1.000, 0.702}, {1.200, 0.839}},
                        {0.50, {1.873, 0.938}, {1.000, 0.500}, {1.200, 0.602}},
                        {1.00, {4.000, 0.000}, {1.000, 0.000}, {1.200, 0.000}}};
    constexpr int calls = 200'000;
    for (const row& r : rows) {
        rng random(test::seed(), "table");
        INFO("failure rate " << r.failures);
        const auto check = [&](const amplification& got, const amplification& expected) {
            CHECK(std::abs(got.load - expected.load) < 0.01);
            CHECK(std::abs(got.success - expected.success) < 0.01);
        };
        no_budget none;
        check(amplify(none, r.failures, calls, random), r.none);
        token_budget tokens;
        check(amplify(tokens, r.failures, calls, random), r.tokens);
        ratio_budget ratio(without_reserve);
        check(amplify(ratio, r.failures, calls, random), r.ratio);
    }
}

TEST_CASE("at 10 % failures the ratio budget lets nearly all calls succeed") {
    rng random(test::seed(), "few failures");
    ratio_budget ratio;
    CHECK(amplify(ratio, 0.1, 200'000, random).success > 0.999);
}

TEST_CASE("tokens: five failures of ten forbid retries, one success allows them again") {
    token_budget budget;
    for (int i = 0; i < 4; ++i) budget.on_failure(start, transient);
    CHECK(budget.try_retry(start, transient, 1));
    budget.on_failure(start, transient);
    CHECK(budget.tokens() == 5.0);
    CHECK(!budget.try_retry(start, transient, 1));
    budget.on_success(start, std::nullopt);
    CHECK(budget.tokens() == Approx(5.1));
    CHECK(budget.try_retry(start, transient, 1));
    for (int i = 0; i < 100; ++i) budget.on_failure(start, transient);
    CHECK(budget.tokens() == 0.0);
    for (int i = 0; i < 1000; ++i) budget.on_success(start, std::nullopt);
    CHECK(budget.tokens() == 10.0);
}

TEST_CASE("a token budget counts only failures that could be retried") {
    constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{}, .max_attempts = 1};
    token_budget budget;
    rng random(1);
    for (const auto e : {error_class::permanent, error_class::refused, error_class::cancelled}) {
        retry::retry_state call(policy, start, {}, budget);
        CHECK(!call.on_failure(start, e, std::nullopt, random));
        CHECK(budget.tokens() == 10.0);
    }
    retry::retry_state call(policy, start, {}, budget);
    CHECK(!call.on_failure(start, transient, std::nullopt, random));  // the last one counts too
    CHECK(budget.tokens() == 9.0);
}

TEST_CASE("ratio: five calls earn a retry, and it is forgotten after ttl") {
    ratio_budget budget(without_reserve);
    for (int i = 0; i < 4; ++i) budget.on_call(start);
    CHECK(!budget.try_retry(start, transient, 1));
    budget.on_call(start);
    CHECK(budget.retries(start) == 1);
    CHECK(budget.try_retry(start, transient, 1));
    CHECK(!budget.try_retry(start, transient, 1));

    for (int i = 0; i < 50; ++i) budget.on_call(start + 1s);
    CHECK(budget.retries(start + 10s) == 10);
    CHECK(budget.retries(start + 11s) == 0);
    CHECK(!budget.try_retry(start + 11s, transient, 1));
}

TEST_CASE("ratio: the reserve is there at once, and again after ttl") {
    ratio_budget budget;
    for (int round = 0; round < 3; ++round) {
        const auto now = start + round * 10s;
        for (int i = 0; i < 100; ++i) CHECK(budget.try_retry(now, transient, 1));
        CHECK(!budget.try_retry(now, transient, 1));
    }
}

TEST_CASE("ratio: a clock that steps back adds nothing") {
    ratio_budget budget(without_reserve);
    for (int i = 0; i < 10; ++i) budget.on_call(start);
    CHECK(budget.try_retry(start + 9s, transient, 1));
    CHECK(budget.retries(start - 1h) == 1);
    CHECK(budget.try_retry(start - 1h, transient, 1));
    CHECK(!budget.try_retry(start - 1h, transient, 1));
    CHECK(budget.retries(start + 20s) == 0);
    ratio_budget unspent(without_reserve);
    for (int i = 0; i < 10; ++i) unspent.on_call(start);
    CHECK(unspent.retries(start + 9s) == 2);
    CHECK(unspent.retries(start + 20s) == 0);
    CHECK(unspent.retries(start) == 0);  // what has expired stays so
    CHECK(!unspent.try_retry(start, transient, 1));
    budget.on_call(steady_time::min());
    CHECK(budget.retries(steady_time::min()) == 0);
}

TEST_CASE("ratio: a clock that has run for a century is as good as a new one") {
    // Tenths of a second since 1970, and since much longer ago, are more than 32 bits hold.
    using years = std::chrono::years;
    for (const steady_time late : {steady_time(years(13)), steady_time(years(14)),
                                   steady_time(years(56)), steady_time(years(130))}) {
        ratio_budget budget({.ttl = 1s, .min_per_second = 0});
        for (int i = 0; i < 5; ++i) budget.on_call(late - 900ms);
        for (int i = 0; i < 5; ++i) budget.on_call(late);
        CHECK(budget.retries(late) == 2);
        CHECK(budget.retries(late + 200ms) == 1);
        CHECK(budget.try_retry(late + 200ms, transient, 1));
        CHECK(budget.retries(late + 2s) == 0);
    }
    // Where numbers end nothing is forgotten any more, and nothing wraps.
    ratio_budget budget({.ttl = 1s, .min_per_second = 0});
    for (int i = 0; i < 5; ++i) budget.on_call(steady_time::max() - 2s);
    CHECK(budget.retries(steady_time::max()) == 1);
    CHECK(budget.try_retry(steady_time::max(), transient, 1));
    CHECK(!budget.try_retry(steady_time::max(), transient, 1));
}

TEST_CASE("ratio: the reserve is kept with every ratio, and retries() says how many are granted") {
    rng random(test::seed(), "reserve");
    for (const double ratio : {1e-6, 1e-4, 0.3, 0.7, 1.0, 300.0, 600.0, 1000.0}) {
        for (const double per_second : {0.0, 0.1, 1.0, 29.0, 1000.0}) {
            INFO("ratio " << ratio << ", " << per_second << " a second");
            ratio_budget budget({.ratio = ratio, .min_per_second = per_second});
            steady_time now = start;
            double calls = 0, granted = 0;
            for (int round = 0; round < 3; ++round) {
                // Calls, then retries until there are no more, over 10 s; the next round begins anew.
                const auto reserve = static_cast<int>(std::lround(per_second * 10));
                const int these = uniform_between(random, 0, 1000);
                for (int i = 0; i < these; ++i) budget.on_call(now);
                const auto earned = static_cast<int>(std::floor(these * ratio * (1 + 1e-14)));
                REQUIRE(budget.retries(now) == static_cast<unsigned>(reserve + earned));
                const int draws = std::min(reserve + earned, 20'000);
                int refused = 0;
                for (int i = 0; i < draws; ++i) {
                    const steady_time at = now + 9s * i / draws;  // in many slots
                    refused += budget.try_retry(at, transient, 1) ? 0 : 1;
                }
                CHECK(refused == 0);
                CHECK(budget.retries(now) == static_cast<unsigned>(reserve + earned - draws));
                if (draws == reserve + earned) CHECK(!budget.try_retry(now, transient, 1));
                now += 20s;
                calls += these;
                granted += draws;
            }
            CHECK(granted <= calls * ratio + 3 * 10 * per_second + 1e-6);
        }
    }
}

TEST_CASE("ratio: what retries() says is granted, and not one more") {
    rng random(test::seed(), "truth");
    for (int run = 0; run < 200; ++run) {
        ratio_budget budget({.ttl = 1s,
                             .ratio = std::pow(10, 3 - 5 * uniform_real(random)),
                             .min_per_second = std::floor(20 * uniform_real(random))});
        steady_time now = start;
        for (int i = 0; i < 20; ++i) {
            now += std::chrono::milliseconds(uniform_between(random, 0, 400));
            for (int n = uniform_between(random, 0, 9); n > 0; --n) budget.on_call(now);
            const std::uint32_t said = budget.retries(now);
            if (bernoulli(random, 0.5) || said > 1000) continue;
            std::uint32_t granted = 0;
            while (budget.try_retry(now, transient, 1)) ++granted;
            REQUIRE(granted == said);
        }
    }
}

TEST_CASE("ratio: many calls at a large ratio are many retries") {
    ratio_budget budget({.ratio = 1000, .min_per_second = 0});
    for (int i = 0; i < 3'000'000; ++i) budget.on_call(start);
    CHECK(budget.retries(start) == 3'000'000'000);
    CHECK(budget.try_retry(start, transient, 1));
    CHECK(budget.retries(start) == 2'999'999'999);
    for (int i = 0; i < 2'000'000; ++i) budget.on_call(start);  // a slot counts 2^32 - 1 retries
    CHECK(budget.retries(start) == 4'294'967'294);
}

TEST_CASE(
    "shares: of n calls and a ratio of k / 1000 the budgets grant k n / 1000, for all k and n") {
    // k / 1000 of n for all n up to 1,000; and k / m of m, 2 m, ... for smaller m
    const auto check = [](unsigned k, unsigned m, unsigned longest) {
        const double ratio = static_cast<double>(k) / m;
        concurrency_budget concurrency({.ratio = ratio, .min_concurrency = 0});
        ratio_budget calls({.ratio = ratio, .min_per_second = 0});
        bool is_right = true;
        for (unsigned n = 1; n <= longest; ++n) {
            concurrency.on_call(start);
            calls.on_call(start);
            while (concurrency.try_retry(start, transient, 1)) {
            }
            const unsigned right = n * k / m;
            is_right = is_right && concurrency.retries() == right && calls.retries(start) == right;
        }
        return is_right;
    };
    int wrong = 0;
    for (unsigned k = 1; k <= 1000; ++k) wrong += check(k, 1000, 1000) ? 0 : 1;
    for (unsigned m = 1; m <= 300; ++m)
        for (unsigned k = 1; k <= m; ++k) wrong += check(k, m, m) ? 0 : 1;
    CHECK(wrong == 0);
}

TEST_CASE("shares: of k / n retries a second n seconds hold k, for all k of n up to 1,000") {
    int wrong = 0;
    for (unsigned n = 1; n <= 1000; ++n) {
        for (unsigned k = 1; k <= n; ++k) {
            ratio_budget budget(
                {.ttl = std::chrono::seconds(n), .min_per_second = static_cast<double>(k) / n});
            wrong += budget.retries(start) == k ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("shares: tokens are kept to three decimals, for all of them") {
    int wrong = 0;
    for (int k = 1; k <= 1'000'000; ++k) {
        token_budget budget({.max_tokens = k / 1000.0, .token_ratio = k / 1000.0});
        wrong += budget.tokens() == k / 1000.0 ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("concurrency: a fifth of the calls in flight, three at least") {
    concurrency_budget budget;
    for (int i = 0; i < 10; ++i) budget.on_call(start);
    for (int i = 0; i < 3; ++i) CHECK(budget.try_retry(start, transient, 1));
    CHECK(!budget.try_retry(start, transient, 1));
    CHECK(budget.try_retry(start, transient, 2));  // one of the three again
    CHECK(budget.retries() == 3);
    for (int i = 0; i < 10; ++i) budget.on_call(start);
    CHECK(budget.try_retry(start, transient, 1));
    CHECK(!budget.try_retry(start, transient, 1));
    budget.on_end(2);
    CHECK((budget.calls() == 19 && budget.retries() == 3));
    CHECK(!budget.try_retry(start, transient, 1));  // 20 % of 19 is less than four
    budget.on_end(1);
    CHECK((budget.calls() == 18 && budget.retries() == 3));
}

TEST_CASE("concurrency: a call that is given up returns its place") {
    constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{}};
    concurrency_budget budget;
    rng random(1);
    for (int i = 0; i < 100; ++i) {
        retry::retry_state call(policy, start, {}, budget);
        CHECK(call.on_failure(start, transient, std::nullopt, random).has_value());
        CHECK(call.on_failure(start, transient, std::nullopt, random).has_value());
        if (i % 2 == 0) call.on_success(start);
    }
    CHECK((budget.calls() == 0 && budget.retries() == 0));
}

TEST_CASE("quota: a retry that succeeds costs nothing, one that fails is paid for by others") {
    constexpr retry::retry_policy policy{
        .backoff = retry::constant_backoff{}, .max_attempts = 4, .is_idempotent = true};
    quota_budget budget;
    rng random(1);
    const auto fail = [&](auto& call, error_class e) {
        return call.on_failure(start, e, std::nullopt, random).has_value();
    };
    for (const auto& [e, cost] : {std::pair(error_class::transient, 5),
                                  {error_class::throttled, 5},
                                  {error_class::ambiguous, 10}}) {
        retry::retry_state call(policy, start, {}, budget);
        CHECK(fail(call, e));
        CHECK(budget.tokens() == 500 - cost);
        call.on_success(start);
        CHECK(budget.tokens() == 500);
    }
    {
        retry::retry_state call(policy, start, {}, budget);
        CHECK((fail(call, error_class::transient) && fail(call, error_class::ambiguous)));
        CHECK(budget.tokens() == 485);
        call.on_success(start);  // gives back the last retry, and not the one before
        CHECK(budget.tokens() == 495);
    }
    {
        retry::retry_state call(policy, start, {}, budget);
        CHECK((fail(call, error_class::ambiguous) && fail(call, error_class::transient)));
        CHECK(!fail(call, error_class::permanent));  // nothing comes back
    }
    CHECK(budget.tokens() == 480);
    for (int i = 0; i < 30; ++i) retry::retry_state(policy, start, {}, budget).on_success(start);
    CHECK(budget.tokens() == 500);
}

TEST_CASE("what was not sent earns nothing and costs nothing") {
    constexpr retry::retry_policy policy{.backoff = retry::constant_backoff{}};
    rng random(1);
    ratio_budget ratio({.ratio = 1, .min_per_second = 0});
    for (int i = 0; i < 100; ++i) {  // a breaker is open
        retry::retry_state call(policy, start, {}, ratio);
        CHECK(!call.on_failure(start, error_class::refused, std::nullopt, random));
    }
    CHECK(ratio.retries(start) == 0);

    quota_budget quota;
    concurrency_budget concurrency;
    const auto check = [&](auto& budget, auto end) {
        retry::retry_state call(policy, start, {}, budget);
        CHECK(call.on_failure(start, transient, std::nullopt, random).has_value());
        CHECK(!end(call));
    };
    const auto refused = [&](auto& call) {
        return call.on_failure(start, error_class::refused, std::nullopt, random).has_value();
    };
    const auto cancelled = [](auto& call) {
        return call.on_wake(start, false, transient).has_value();
    };
    for (int i = 0; i < 200; ++i) {
        check(quota, refused);
        check(quota, cancelled);
        check(concurrency, refused);
        check(concurrency, cancelled);
    }
    CHECK(quota.tokens() == 500);
    CHECK((concurrency.calls() == 0 && concurrency.retries() == 0));

    token_budget tokens;
    for (int i = 0; i < 4; ++i) check(tokens, refused);
    CHECK(tokens.tokens() == 6.0);  // what failed was sent; the refusals are not counted
    struct plain {                  // a budget of somebody's own, without the sixth hook
        static void on_call(steady_time) {}
        static void on_failure(steady_time, error_class) {}
        static bool try_retry(steady_time, error_class, std::uint32_t) { return true; }
        static void on_success(steady_time, std::optional<error_class>) {}
        static void on_end(std::uint32_t) {}
    };
    plain own;
    check(own, refused);
}

TEST_CASE("quota: what there is not enough for is refused and takes nothing") {
    quota_budget budget({.tokens = 12});
    CHECK(budget.try_retry(start, error_class::ambiguous, 1));
    CHECK(!budget.try_retry(start, error_class::transient, 1));
    CHECK(budget.tokens() == 2);
    for (int i = 0; i < 3; ++i) budget.on_success(start, std::nullopt);
    CHECK(!budget.try_retry(start, error_class::ambiguous, 1));
    CHECK(budget.try_retry(start, error_class::transient, 1));
    CHECK(budget.tokens() == 0);
    for (int i = 0; i < 3; ++i) budget.on_success(start, error_class::transient);
    CHECK(budget.tokens() == 12);
}

TEST_CASE("quota: a server that is down gets a hundred retries, and then none") {
    rng random(test::seed(), "quota");
    quota_budget budget;
    CHECK(amplify(budget, 1.0, 1000, random).load == 1.1);
    CHECK(amplify(budget, 1.0, 1000, random).load == 1.0);
    CHECK(budget.tokens() == 0);
    // What succeeds at once earns a fifth of a retry: enough while one call of six fails.
    CHECK(amplify(budget, 0.1, 200'000, random).success > 0.99);
}

TEST_CASE("threads draw no more than there is", "[concurrent]") {
    constexpr int threads_count = 4, draws = 5'000;
    ratio_budget ratio({.min_per_second = 100});
    concurrency_budget concurrency({.ratio = 0, .min_concurrency = 700});
    token_budget tokens({.max_tokens = 1000, .token_ratio = 1});
    quota_budget quota({.tokens = 1000, .retry_cost = 1, .timeout_retry_cost = 2});
    std::atomic<int> from_ratio{0}, from_concurrency{0}, from_quota{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < threads_count; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < draws; ++i) {
                if (ratio.try_retry(start, transient, 1)) from_ratio.fetch_add(1);
                concurrency.on_call(start);
                if (concurrency.try_retry(start, transient, 1)) from_concurrency.fetch_add(1);
                if (quota.try_retry(start, transient, 1)) from_quota.fetch_add(1);
                tokens.on_failure(start, transient);
                tokens.on_success(start, std::nullopt);
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK(from_ratio.load() <= 1000);
    CHECK(from_ratio.load() >= 1000 - threads_count);  // at most one each was refused too soon
    CHECK(from_concurrency.load() == 700);
    CHECK((from_quota.load() == 1000 && quota.tokens() == 0));
    CHECK(concurrency.calls() == threads_count * draws);
    CHECK(tokens.tokens() >= 1000 - threads_count);
}
