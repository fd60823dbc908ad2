// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/hedging_policy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::deadline;
using retry::error_class;
using retry::hedge_budget;
using retry::hedge_state;
using retry::hedging_policy;

namespace {

constexpr steady_time start(1000s);
constexpr hedging_policy three{.delay = 10ms, .max_attempts = 3};

}  // namespace

TEST_CASE("copies go out one delay apart, until there are enough") {
    hedge_budget budget;
    hedge_state call(three, start, {}, budget);
    CHECK(call.next_at() == start + 10ms);
    CHECK(!call.try_send(start + 10ms - 1ns));
    CHECK(call.try_send(start + 10ms));
    CHECK(!call.try_send(start + 10ms));
    CHECK(call.next_at() == start + 20ms);
    CHECK(call.try_send(start + 25ms));  // late
    CHECK(!call.next_at().has_value());
    CHECK(!call.try_send(start + 1h));
    CHECK((call.attempts() == 3 && call.in_flight() == 3));
}

TEST_CASE("an answer ends it") {
    hedge_budget budget;
    hedge_state call(three, start, {}, budget);
    call.on_success();
    CHECK(!call.next_at().has_value());
    CHECK(!call.try_send(start + 1h));
}

TEST_CASE("a copy that fails calls for the next at once; the last one fails the call") {
    hedge_budget budget;
    hedge_state call(three, start, {}, budget);
    CHECK(call.on_failure(start + 1ms, error_class::transient));
    CHECK(call.next_at() == start + 1ms);
    CHECK(call.try_send(start + 1ms));
    CHECK(call.try_send(start + 11ms));
    CHECK(call.on_failure(start + 12ms, error_class::ambiguous));  // one is still out
    CHECK(!call.on_failure(start + 13ms, error_class::throttled));
    CHECK(call.in_flight() == 0);
}

TEST_CASE("an error that another copy would meet too fails the call") {
    hedge_budget budget;
    for (const auto e : {error_class::permanent, error_class::cancelled}) {
        hedge_state call(three, start, {}, budget);
        CHECK(call.try_send(start + 10ms));
        CHECK(!call.on_failure(start + 11ms, e));
        CHECK(!call.next_at().has_value());
    }
}

TEST_CASE("the server says when the next copy may come, or that none may") {
    hedge_budget budget;
    hedge_state call(three, start, {}, budget);
    CHECK(call.on_failure(start + 1ms, error_class::throttled, 5s));
    CHECK(call.next_at() == start + 1ms + 5s);
    CHECK(call.try_send(start + 6s));
    CHECK(!call.on_failure(start + 6s, error_class::throttled, -1ns));
    CHECK(!call.next_at().has_value());
}

TEST_CASE("no copy is sent that comes after the deadline") {
    hedge_budget budget;
    CHECK(!hedge_state(three, start, deadline(start + 10ms), budget).next_at().has_value());
    hedge_state call(three, start, deadline(start + 15ms), budget);
    CHECK(!call.try_send(start + 15ms));  // it was planned in time, and is late
    hedge_state other(three, start, deadline(start + 15ms), budget);
    CHECK(other.try_send(start + 10ms));
    CHECK(!other.next_at().has_value());
}

TEST_CASE("where the budget has no token there are no more copies") {
    hedge_budget budget({.max_tokens = 1, .per_success = 1});
    CHECK(budget.try_hedge());
    hedge_state call(three, start, {}, budget);
    CHECK(!call.try_send(start + 10ms));
    CHECK(!call.next_at().has_value());
    budget.on_success();
    CHECK(!call.try_send(start + 20ms));
    CHECK(!call.on_failure(start + 21ms, error_class::transient));
    CHECK(!call.next_at().has_value());
}

TEST_CASE("a policy of one attempt sends no copies") {
    hedge_budget budget;
    hedge_state call({.delay = 0s, .max_attempts = 1}, start, {}, budget);
    CHECK(!call.next_at().has_value());
    CHECK(!call.on_failure(start, error_class::transient));
}

TEST_CASE("twenty successes earn a copy, ten copies are kept") {
    hedge_budget budget;
    for (int i = 0; i < 10; ++i) CHECK(budget.try_hedge());
    CHECK(!budget.try_hedge());
    for (int i = 0; i < 19; ++i) budget.on_success();
    CHECK(!budget.try_hedge());
    budget.on_success();
    CHECK(budget.try_hedge());
    for (int i = 0; i < 1000; ++i) budget.on_success();
    for (int i = 0; i < 10; ++i) CHECK(budget.try_hedge());
    CHECK(!budget.try_hedge());
}

TEST_CASE("without a budget a slow server gets twice the load; with one 5 % more") {
    rng random(test::seed(), "hedge");
    const auto load = [&](hedge_budget& budget) {
        constexpr int calls = 20'000;
        unsigned sent = 0;
        for (int i = 0; i < calls; ++i) {
            hedge_state call({.delay = 10ms, .max_attempts = 2}, start, {}, budget);
            (void)call.try_send(start + 10ms);  // nothing is ever answered in 10 ms
            call.on_success();
            sent += call.attempts();
        }
        return static_cast<double>(sent) / calls;
    };
    hedge_budget endless({.max_tokens = 1000, .per_success = 1});
    CHECK(load(endless) == 2.0);
    hedge_budget budget;
    CHECK(load(budget) == Approx(1.05).margin(0.001));
}

TEST_CASE("one copy cuts the tail: of 1 % slow answers it leaves 1 in 10,000") {
    rng random(test::seed(), "tail");
    hedge_budget budget;
    constexpr int calls = 100'000;
    int slow = 0, sent = 0;
    const auto latency = [&] { return bernoulli(random, 0.01) ? 1000ms : 5ms; };
    for (int i = 0; i < calls; ++i) {
        hedge_state call({.delay = 10ms}, start, {}, budget);
        steady_time answered = start + latency();
        if (answered > *call.next_at() && call.try_send(start + 10ms))
            answered = std::min(answered, start + 10ms + latency());
        call.on_success();
        slow += answered > start + 100ms ? 1 : 0;
        sent += static_cast<int>(call.attempts());
    }
    CHECK(slow < 40);             // 10 expected; more than 40 once in 10^12
    CHECK(sent < calls * 1.015);  // 1 % more
}

TEST_CASE("threads take no more copies than there are", "[concurrent]") {
    hedge_budget budget({.max_tokens = 1000, .per_success = 0});
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                if (budget.try_hedge()) taken.fetch_add(1);
                budget.on_success();
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK(taken.load() == 1000);
}

TEST_CASE("a call whose last copy is not granted is lost, and says so") {
    hedge_budget empty({.max_tokens = 1, .per_success = 0});
    CHECK(empty.try_hedge());
    hedge_state call({.delay = 100ms, .max_attempts = 2}, start, {}, empty);
    CHECK(!call.is_lost());
    CHECK(call.on_failure(start, error_class::transient));  // another one is due
    CHECK(!call.is_lost());
    CHECK(!call.try_send(start));
    CHECK(call.is_lost());

    hedge_state late({.delay = 100ms, .max_attempts = 2}, start, retry::deadline(start + 1s),
                     empty);
    CHECK(late.on_failure(start, error_class::transient));
    CHECK(!late.try_send(start + 1s));  // not before the deadline
    CHECK(late.is_lost());

    hedge_budget full;
    hedge_state done({.delay = 100ms, .max_attempts = 2}, start, {}, full);
    done.on_success();
    CHECK(!done.is_lost());
}

TEST_CASE("a delay that ends after the deadline is not waited for, and a failure sends at once") {
    hedge_budget budget;
    hedge_state late({.delay = 95ms}, start, deadline(start + 90ms), budget);
    CHECK(!late.next_at().has_value());
    CHECK(late.on_failure(start + 5ms, error_class::transient));
    CHECK(late.next_at() == start + 5ms);
    CHECK(late.try_send(start + 5ms));
    CHECK(!late.on_failure(start + 6ms, error_class::transient));

    hedge_state four({.delay = 40ms, .max_attempts = 4}, start, deadline(start + 100ms), budget);
    CHECK(four.try_send(start + 40ms));
    CHECK(four.try_send(start + 80ms));
    CHECK(!four.next_at().has_value());
    CHECK(four.on_failure(start + 90ms, error_class::transient));
    CHECK(four.try_send(start + 90ms));
    CHECK((four.attempts() == 4 && four.in_flight() == 3));
}

TEST_CASE("a copy that was refused on this side says nothing about those in flight") {
    hedge_budget budget({.max_tokens = 1, .per_success = 0});
    hedge_state call(three, start, {}, budget);
    CHECK(call.try_send(start + 10ms));
    CHECK(call.on_failure(start + 10ms, error_class::refused));  // the first is under way
    CHECK(!call.next_at().has_value());                          // and the gate is not asked again
    CHECK(!call.on_failure(start + 20ms, error_class::transient));
    CHECK(budget.try_hedge());  // its token has come back

    hedge_state alone(three, start, {}, budget);
    CHECK(!alone.on_failure(start, error_class::refused));
    CHECK(!budget.try_hedge());  // the first copy had none
}

namespace {

/// gRPC A6 in its own words: which copies are sent when, of copies that each fail as a list says, or never answer.
class a6 {
public:
    struct copy {
        std::optional<std::chrono::nanoseconds> fails_after;
        error_class e{};
        std::optional<std::chrono::nanoseconds> pushback;
    };

    a6(const hedging_policy& p, deadline until, std::vector<copy> copies, int tokens)
        : policy_(p), until_(until), copies_(std::move(copies)), tokens_(tokens) {
        send(start);
        while (!has_failed && (due_ || !failures_.empty())) {
            // What fails at a moment is known before what is sent then.
            const bool is_failure =
                !failures_.empty() && (!due_ || failures_.begin()->first <= *due_);
            if (is_failure) {
                const auto [at, which] = *failures_.begin();
                failures_.erase(failures_.begin());
                fail(at, copies_[which]);
            } else if (sent.size() > 0 && tokens_-- <= 0) {  // throttled: no copy from here on
                due_.reset();
                may_send_ = false;
                has_failed = in_flight_ == 0;
            } else {
                send(*due_);
            }
        }
    }

    std::vector<steady_time> sent;
    bool has_failed = false;

private:
    void send(steady_time now) {
        const copy& c = copies_[sent.size()];
        if (c.fails_after) failures_.emplace(now + *c.fails_after, sent.size());
        sent.push_back(now);
        ++in_flight_;
        schedule(now + policy_.delay);
    }
    void schedule(steady_time at) {
        due_.reset();
        const bool is_one_left = sent.size() < policy_.max_attempts;
        if (may_send_ && is_one_left && at < until_.at()) due_ = at;
    }
    void fail(steady_time now, const copy& c) {
        --in_flight_;
        if (!is_retryable(c.e)) {
            has_failed = true;
        } else if (c.pushback && *c.pushback < 0ns) {
            due_.reset();
            may_send_ = false;
        } else {
            schedule(now + c.pushback.value_or(0ns));
        }
        has_failed = has_failed || (in_flight_ == 0 && !due_);
    }

    hedging_policy policy_;
    deadline until_;
    std::vector<copy> copies_;
    int tokens_;
    std::multimap<steady_time, std::size_t> failures_;
    std::optional<steady_time> due_;
    int in_flight_ = 0;
    bool may_send_ = true;
};

/// The same with a hedge_state, driven as its essay says.
std::pair<std::vector<steady_time>, bool> drive(const hedging_policy& p, deadline until,
                                                const std::vector<a6::copy>& copies, int tokens) {
    hedge_budget budget({.max_tokens = 1000, .per_success = 0});
    for (int i = tokens; i < 1000; ++i) (void)budget.try_hedge();
    hedge_state call(p, start, until, budget);
    std::vector<steady_time> sent;
    std::multimap<steady_time, std::size_t> failures;
    const auto send = [&](steady_time now) {
        const a6::copy& c = copies[sent.size()];
        if (c.fails_after) failures.emplace(now + *c.fails_after, sent.size());
        sent.push_back(now);
    };
    send(start);
    while (call.next_at() || !failures.empty()) {
        if (!failures.empty() && (!call.next_at() || failures.begin()->first <= *call.next_at())) {
            const auto [at, which] = *failures.begin();
            failures.erase(failures.begin());
            if (!call.on_failure(at, copies[which].e, copies[which].pushback)) return {sent, true};
        } else {
            const steady_time now = *call.next_at();
            if (call.try_send(now)) {
                send(now);
            } else if (call.is_lost()) {
                return {sent, true};
            }
        }
    }
    return {sent, false};
}

}  // namespace

TEST_CASE("copies go out as gRPC A6 says, whatever the delays, deadlines, failures and pushbacks") {
    rng random(test::seed(), "a6");
    const auto ms = [&](int low, int high) -> std::chrono::nanoseconds {
        return std::chrono::milliseconds(uniform_between(random, low, high));
    };
    int late_copies = 0;
    for (int run = 0; run < 20'000; ++run) {
        const hedging_policy policy{.delay = ms(0, 60),
                                    .max_attempts = uniform_between(random, 1U, 5U)};
        const deadline until = bernoulli(random, 0.8) ? deadline(start + ms(1, 150)) : deadline();
        std::vector<a6::copy> copies(5);
        for (auto& c : copies) {
            if (bernoulli(random, 0.7)) c.fails_after = ms(0, 100);
            c.e = bernoulli(random, 0.9) ? static_cast<error_class>(uniform_between(random, 0, 2))
                                         : error_class::permanent;
            if (bernoulli(random, 0.2)) c.pushback = ms(-10, 80);
        }
        const int tokens = bernoulli(random, 0.2) ? uniform_between(random, 0, 2) : 1000;
        const a6 expected(policy, until, copies, tokens);
        const auto [sent, has_failed] = drive(policy, until, copies, tokens);
        REQUIRE(sent == expected.sent);
        REQUIRE(has_failed == expected.has_failed);
        late_copies += sent.size() > 1 && start + policy.delay >= until.at() ? 1 : 0;
    }
    CHECK(late_copies > 100);  // the delay alone would have forbidden them
}

TEST_CASE("shares: what k / 1000 of a copy earn is counted, for all k") {
    for (int k = 1; k <= 1000; ++k) {
        INFO(k);
        hedge_budget budget({.max_tokens = 1, .per_success = k / 1000.0});
        REQUIRE(budget.try_hedge());
        const int needed = (1000 + k - 1) / k;
        for (int i = 0; i < needed - 1; ++i) budget.on_success();
        REQUIRE(!budget.try_hedge());
        budget.on_success();
        REQUIRE(budget.try_hedge());
    }
}
