// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <memory>

#include <coterie/core/clock.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/hedging_policy.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/token_bucket.hpp>

#include "support/catch.hpp"
#include "support/check_all_tried.hpp"
#include "support/interleave.hpp"

// Budgets, buckets and limits that threads share, in all interleavings of a few threads. The windows and the breaker have
// files of their own.
using namespace std::chrono_literals;
using namespace coterie;
using retry::error_class;
using test::check_all_tried;
using test::interleave;
using test::interleaved;
using test::interleaved_threads;

namespace {

constexpr steady_time start(1000s);

/// Threads that each take something `times`, out of which there is `enough` for so many.
template <class Shared, class Take>
void check_taken(std::uint64_t runs_at_least, int enough, int threads, int times, auto make,
                 Take take) {
    const auto found = interleave({.spurious_failures = 1}, [&](interleaved_threads& run) {
        struct state {
            std::unique_ptr<Shared> shared;
            int taken = 0;
        };
        const auto s = std::make_shared<state>();
        s->shared = make();
        for (int t = 0; t < threads; ++t) {
            run.add([s, take, times] {
                for (int i = 0; i < times; ++i) s->taken += take(*s->shared) ? 1 : 0;
            });
        }
        run.at_end([s, take, enough] {
            test::require(s->taken == enough, "as much is taken as there is, and none twice");
            test::require(!take(*s->shared), "nothing is left");
        });
    });
    check_all_tried(found, runs_at_least);
}

}  // namespace

TEST_CASE("in any order of threads no token of a bucket is taken twice, and none is lost",
          "[interleaved]") {
    using bucket = retry::detail::basic_token_bucket<interleaved>;
    check_taken<bucket>(
        100, 3, 2, 2,
        [] {
            return std::make_unique<bucket>(retry::token_rate{.per_second = 3, .burst = 3}, start);
        },
        [](bucket& b) { return b.try_take(start); });
}

TEST_CASE("in any order of threads a hedge budget gives each token once", "[interleaved]") {
    using budget = retry::detail::basic_hedge_budget<interleaved>;
    check_taken<budget>(
        100, 2, 3, 1,
        [] { return std::make_unique<budget>(budget::options{.max_tokens = 2, .per_success = 0}); },
        [](budget& b) { return b.try_hedge(); });
}

TEST_CASE("in any order of threads a quota gives each token once", "[interleaved]") {
    using budget = retry::detail::basic_quota_budget<interleaved>;
    check_taken<budget>(
        100, 2, 3, 1,
        [] { return std::make_unique<budget>(budget::options{.tokens = 14, .retry_cost = 5}); },
        [](budget& b) { return b.try_retry(start, error_class::transient, 1); });
}

TEST_CASE("in any order of threads as many retries are under way as the share of the calls",
          "[interleaved]") {
    using budget = retry::detail::basic_concurrency_budget<interleaved>;
    check_taken<budget>(
        100, 2, 3, 1,
        [] {
            auto b = std::make_unique<budget>(budget::options{.ratio = 0.5, .min_concurrency = 1});
            for (int i = 0; i < 4; ++i) b->on_call(start);
            return b;
        },
        [](budget& b) { return b.try_retry(start, error_class::transient, 1); });
}

TEST_CASE("in any order of threads a ratio budget grants no more than its share", "[interleaved]") {
    using budget = retry::detail::basic_ratio_budget<interleaved>;
    // There is a reserve of one, and the slot is turned while they draw; each may find what the other has taken.
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        struct state {
            budget b{{.ttl = 10s, .ratio = 1e-6, .min_per_second = 0.1}};
            int granted = 0;
        };
        const auto s = std::make_shared<state>();
        test::require(s->b.try_retry(start, error_class::transient, 1), "the reserve");
        for (int t = 0; t < 2; ++t) {
            run.add([s] {
                s->b.on_call(start + 10s);
                const bool is_granted = s->b.try_retry(start + 10s, error_class::transient, 1);
                s->granted += is_granted ? 1 : 0;
            });
        }
        run.at_end([s] {
            test::require(s->granted <= 1, "no more than the reserve");
            const auto left = static_cast<int>(s->b.retries(start + 10s));
            test::require(s->granted + left == 1, "what is refused is not taken");
        });
    });
    check_all_tried(found, 100);
}

TEST_CASE("in any order of threads the tokens of gRPC's budget stay within their ends",
          "[interleaved]") {
    using budget = retry::detail::basic_token_budget<interleaved>;
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        const auto b =
            std::make_shared<budget>(budget::options{.max_tokens = 2, .token_ratio = 0.5});
        b->on_failure(start, error_class::transient);  // one is left
        for (int t = 0; t < 2; ++t) {
            run.add([b] {
                b->on_failure(start, error_class::transient);
                test::require(0 <= b->tokens() && b->tokens() <= 2, "within the ends");
            });
        }
        run.add([b] { b->on_success(start, {}); });
        run.at_end([b] {
            // Two failures empty it; the success counts before the last of them, or after it.
            test::require(b->tokens() == 0 || b->tokens() == 0.5, "each counts once");
        });
    });
    check_all_tried(found, 100);
}

TEST_CASE("in any order of threads no more calls are in flight than the limit", "[interleaved]") {
    using limit = retry::detail::basic_concurrency_limit<interleaved>;
    const auto found = interleave({.preemptions = 2}, [](interleaved_threads& run) {
        struct state {
            limit l{{.initial = 2, .min = 1, .max = 2, .backoff_ratio = 0.5}};
            std::uint32_t in_flight = 0;
        };
        const auto s = std::make_shared<state>();
        for (int t = 0; t < 3; ++t) {
            run.add([s, t] {
                if (!s->l.try_acquire()) return;
                ++s->in_flight;
                (void)s->l.in_flight();  // another thread may go on
                test::require(s->in_flight <= 2, "at most two");
                --s->in_flight;
                t == 0 ? s->l.on_overload() : t == 1 ? s->l.on_success() : s->l.release();
            });
        }
        run.at_end([s] {
            test::require(s->l.in_flight() == 0, "each gives its place back");
            test::require(1 <= s->l.limit() && s->l.limit() <= 2, "the limit is within its ends");
        });
    });
    check_all_tried(found, 100);
}
