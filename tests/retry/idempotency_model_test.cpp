// SPDX-License-Identifier: BSL-1.0

// Random schedules of an idempotency table against a memory without bounds: calls that begin, end, are given up, repeat and
// expire; clocks that step back; restarts over what a store has kept, with other options.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/retry/call_record.hpp>
#include <coterie/retry/idempotency_table.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using retry::claim_verdict;
using retry::idempotency_options;

namespace {

constexpr steady_time start(1000s);
using record = retry::call_record<int>;

/// A disk: what was written is there after a restart. A value, so that a restart can be tried beside the table that goes on.
class disk {
public:
    const record* find(int key) const {
        const auto at = records_.find(key);
        return at == records_.end() ? nullptr : &at->second;
    }
    void put(int key, record r) {
        unlink(key);
        queues_[r.is_over() ? 1 : 0].push_back(key);
        records_[key] = r;
    }
    void erase(int key) {
        unlink(key);
        records_.erase(key);
    }
    std::size_t size() const { return records_.size(); }
    retry::stored_call<int, int> front(bool is_over) const {
        const auto& queue = queues_[is_over ? 1 : 0];
        if (queue.empty()) return {};
        return {&queue.front(), &records_.at(queue.front())};
    }
    retry::call_ledger ledger() const { return ledger_; }
    void set_ledger(const retry::call_ledger& l) { ledger_ = l; }

private:
    void unlink(int key) {
        for (auto& queue : queues_) std::erase(queue, key);
    }

    std::map<int, record> records_;
    std::deque<int> queues_[2];
    retry::call_ledger ledger_;
};

/// A disk that a table refers to, so that the test can look at it.
struct on_disk {
    disk* at;

    const record* find(int key) const { return at->find(key); }
    void put(int key, record r) const { at->put(key, r); }
    void erase(int key) const { at->erase(key); }
    std::size_t size() const { return at->size(); }
    retry::stored_call<int, int> front(bool is_over) const { return at->front(is_over); }
    retry::call_ledger ledger() const { return at->ledger(); }
    void set_ledger(const retry::call_ledger& l) const { at->set_ledger(l); }
};

using table = retry::idempotency_table<int, int, on_disk>;

/// What is true of a call, as somebody knows it who forgets nothing.
struct truth {
    steady_time issued{};
    std::optional<int> answer{};
    std::uint64_t token = 0;  // of who runs it
    steady_time lease_end = steady_time::min();
    bool was_abandoned = false;
};

/// Who was told to run a call, and believes so until the end.
struct runner {
    int key;
    std::uint64_t token;
};

idempotency_options random_options(rng& random) {
    const auto ms = [&](int most) {
        return std::chrono::milliseconds(uniform_between(random, 1, most));
    };
    return {.remember_for = ms(400),
            .lease = ms(100),
            .capacity = uniform_between(random, std::size_t{1}, std::size_t{8})};
}

}  // namespace

TEST_CASE("no schedule runs a call twice, and a restart changes no answer") {
    rng random(test::seed(), "idempotency model");
    std::map<claim_verdict, int> seen;
    int run_again = 0;
    for (int round = 0; round < 150; ++round) {
        disk kept;
        auto options = random_options(random);
        std::optional<table> t(std::in_place, options, on_disk{&kept});
        std::map<int, truth> all;
        std::vector<runner> runners;
        steady_time latest = start;
        std::uint64_t last_token = 0;
        bool has_changed = false;  // the options
        // The latest time that the table was told in its present life, and before it.
        steady_time told = start, before = start;
        const auto now = [&] {  // sometimes a clock steps back, but never behind a restart
            const auto back = std::chrono::milliseconds(uniform_between(random, 0, 300));
            const steady_time at = bernoulli(random, 0.1) ? latest - back : latest;
            told = std::max({told, at, before});
            return std::max(at, before);
        };
        const auto restart = [&] {
            t.emplace(options, on_disk{&kept});
            before = told;
        };
        const auto begin = [&](int key) {
            const steady_time at = now();
            truth& what = all.try_emplace(key).first->second;
            if (what.issued == steady_time{}) what.issued = told;
            // The same question to a table that starts from what is on the disk.
            disk copy = kept;
            table restarted(options, on_disk{&copy});
            const auto other = restarted.begin(key, 1, told, what.issued);
            const auto claim = t->begin(key, 1, at, what.issued);
            REQUIRE(other.verdict == claim.verdict);
            REQUIRE(other.token == claim.token);
            REQUIRE(other.until == claim.until);
            ++seen[claim.verdict];
            const bool is_led = told < what.lease_end;
            switch (claim.verdict) {
                case claim_verdict::run:
                    REQUIRE(!what.answer.has_value());
                    REQUIRE(!is_led);
                    REQUIRE(claim.token > last_token);
                    run_again += what.token != 0 && what.was_abandoned ? 1 : 0;
                    last_token = what.token = claim.token;
                    what.lease_end = claim.until;
                    what.was_abandoned = false;
                    runners.push_back({key, claim.token});
                    break;
                case claim_verdict::wait: REQUIRE((is_led && claim.until == what.lease_end)); break;
                case claim_verdict::replay: REQUIRE(what.answer == *claim.result); break;
                case claim_verdict::expired: REQUIRE(what.issued <= t->horizon()); break;
                case claim_verdict::full: {
                    std::size_t led = 0;
                    for (const auto& [k, x] : all) {
                        const record* const r = kept.find(k);
                        led += r != nullptr && !r->is_over() ? 1U : 0U;
                    }
                    REQUIRE(led == kept.size());
                    REQUIRE(led >= options.capacity);
                    break;
                }
                case claim_verdict::mismatch: FAIL("all have the same parameters");
            }
            return claim.verdict;
        };
        for (int i = 0; i < 300; ++i) {
            latest += std::chrono::milliseconds(uniform_between(random, 0, 12));
            const double what = uniform_real(random);
            if (what < 0.04) {  // the process dies, and what it ran goes on
                if (bernoulli(random, 0.5)) {
                    options = random_options(random);
                    has_changed = true;
                }
                restart();
            } else if (what < 0.6 || runners.empty()) {
                (void)begin(i / 10 - uniform_between(random, 0, 8));
                if (!has_changed) REQUIRE(kept.size() <= options.capacity);
            } else {
                const auto which = runners.begin() + static_cast<std::ptrdiff_t>(
                                                         uniform_below(random, runners.size()));
                const runner r = *which;
                truth& call = all.at(r.key);
                const bool is_mine = call.token == r.token && !call.was_abandoned && !call.answer;
                if (what < 0.75) {
                    const int result = static_cast<int>(random() >> 40);
                    if (t->complete(r.key, r.token, result, now())) {
                        REQUIRE(is_mine);
                        call.answer = result;
                        call.lease_end = steady_time::min();
                    }
                    runners.erase(which);
                } else if (what < 0.85) {
                    if (t->abandon(r.key, r.token)) {
                        REQUIRE(is_mine);
                        call.was_abandoned = true;
                        call.lease_end = steady_time::min();
                        // Whoever asks next may run it, while there is room and time to know of it.
                        const bool is_known =
                            kept.size() <= options.capacity && latest < kept.find(r.key)->until;
                        if (is_known && bernoulli(random, 0.7)) {
                            if (bernoulli(random, 0.2)) restart();
                            REQUIRE(begin(r.key) == claim_verdict::run);
                        }
                    }
                } else if (const auto until = t->renew(r.key, r.token, now())) {
                    REQUIRE(is_mine);
                    call.lease_end = *until;
                }
            }
        }
        // In the long run nobody runs anything, and there is no more than there should be.
        latest += 1h;
        (void)begin(1'000'000);
        REQUIRE(kept.size() <= options.capacity);
    }
    for (const auto v : {claim_verdict::run, claim_verdict::wait, claim_verdict::replay,
                         claim_verdict::expired, claim_verdict::full}) {
        INFO(describe(v));
        CHECK(seen[v] > 50);
    }
    CHECK(run_again > 50);
}
