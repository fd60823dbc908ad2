// SPDX-License-Identifier: BSL-1.0

// What adopt must keep, over any sequence of ids, leases, marks, restarts, forks and steps of the clock.

#include <coterie/id/snowflake_generator.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>

#include "core/child.hpp"
#include "id/hostile.hpp"
#include "id/odd_layouts.hpp"
#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::id::id_errc;
using coterie::id::id_error;
using coterie::id::worker_lease;
using coterie::test::eventful_sleeper;
using coterie::test::in_child;
using coterie::test::nanoseconds;
using coterie::test::some_day;
using coterie::test::write_all;

namespace {

/// A lease in somebody's hand.
struct held_lease {
    const worker_lease* lease;
    [[nodiscard]] worker_lease current() const noexcept { return *lease; }
};

/// A mark in somebody's hand.
struct held_mark {
    memory_mark* mark;
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const { return mark->load(); }
    [[nodiscard]] std::expected<void, mark_errc> store(sys_milliseconds t) const {
        return mark->store(t);
    }
};

template <class Layout>
using held_generator =
    id::snowflake_generator<Layout, manual_clock&, held_lease, held_mark, eventful_sleeper&>;

/// One life of a program that changes its leases, and what must be so of all its ids.
template <class Layout>
class life {
public:
    explicit life(std::mt19937_64& random) : random_(random) {}

    std::size_t live() {
        const std::size_t workers = std::min<std::uint64_t>(3, max_worker + 1);
        constexpr std::array starts{id::sequence_start::zero, id::sequence_start::carry_over,
                                    id::sequence_start::random};
        const id::snowflake_options options{
            .clock = test::any_policy(random_, unit, 10 * unit),
            .start = starts[random_() % starts.size()],
            .lease_margin = unit * static_cast<std::int64_t>(random_() % 3),
            .mark_ahead = std::chrono::ceil<std::chrono::milliseconds>(
                unit * static_cast<std::int64_t>(random_() % 6))};
        std::vector<worker_lease> leases(workers);
        std::vector<memory_mark> marks(workers);
        for (std::size_t w = 0; w < workers; ++w) leases[w].worker = w;
        const auto take = [&] {
            worker_ = random_() % workers;
            const auto left = unit * (static_cast<std::int64_t>(random_() % 24) - 8);
            leases[worker_].expires = random_() % 3 == 0 ? wall_time::max() : clock_.now() + left;
            ++leases[worker_].fencing_token;
        };

        eventful_sleeper sleeper([](nanoseconds) { return false; });
        const test::unruly_steps step(unit, 10 * unit);
        for (int run = 0; run < 3; ++run) {
            take();
            held_generator<Layout> ids(held_lease{&leases[worker_]}, options, clock_,
                                       held_mark{&marks[worker_]}, sleeper);
            for (int i = 0; i < 60; ++i) {
                switch (random_() % 8) {
                    case 0:
                        take();
                        (void)ids.adopt(held_lease{&leases[worker_]}, held_mark{&marks[worker_]});
                        break;
                    case 1: clock_.set(clock_.now() + step(random_)); break;
                    case 2: clock_.advance(unit); break;
                    case 3:
                        if (auto block = ids.reserve(1 + random_() % 6)) {
                            while (const auto next = block->next())
                                check(*next, leases, marks, options.lease_margin);
                        }
                        break;
                    default:
                        if (const auto next = ids.try_next())
                            check(*next, leases, marks, options.lease_margin);
                }
            }
        }
        return seen_.size();
    }

private:
    using id_type = id::snowflake<Layout>;
    static constexpr nanoseconds unit = test::unit_of<Layout>;
    static constexpr std::uint64_t max_worker = (std::uint64_t{1} << id_type::node_bits) - 1;

    void check(id_type x, const std::vector<worker_lease>& leases,
               const std::vector<memory_mark>& marks, nanoseconds margin) {
        const worker_lease& lease = leases[worker_];
        if constexpr (id_type::node_bits > 0) REQUIRE(x.node() == lease.worker);
        if (lease.expires != wall_time::max())
            REQUIRE(x.timestamp() + unit + margin <= lease.expires);
        REQUIRE(x.timestamp() < marks[worker_].load().value());
        REQUIRE(seen_.insert(x.value()).second);
    }

    std::mt19937_64& random_;
    manual_clock clock_{some_day + 2 * unit};
    std::uint64_t worker_ = 0;
    std::set<std::uint64_t> seen_;
};

}  // namespace

TEMPLATE_TEST_CASE("every id is of the lease in force, below the mark in force, and made once", "",
                   id::layouts::discord, id::layouts::sonyflake_v2, test::tiny, test::no_sequence,
                   test::upside_down) {
    std::mt19937_64 random(test::seed());
    std::size_t made = 0;
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round);
        made += life<TestType>(random).live();
    }
    CHECK(made > 1000);
}

TEST_CASE("adopt gives up neither the unit nor its numbers") {
    manual_clock clock(some_day);
    id::snowflake_generator<test::tiny, manual_clock&> ids(id::static_lease(1), {}, clock);
    CHECK(ids.next().value().sequence() == 0);
    for (std::uint64_t n = 1; n < 4; ++n) {
        REQUIRE(ids.adopt(id::static_lease(n % 2)).has_value());
        REQUIRE(ids.adopt(id::static_lease(n)).has_value());
        const auto next = ids.try_next().value();
        CHECK(next.timestamp() == test::some_ms);
        CHECK(next.sequence() == n);
        CHECK(next.node() == n);
    }
    REQUIRE(ids.adopt(id::static_lease(1)).has_value());
    CHECK(ids.try_next() == std::unexpected(id_error{id_errc::sequence_exhausted, 1ms}));
    // Nor where the sequence is carried over into the next unit.
    id::snowflake_generator<test::tiny, manual_clock&> carries(
        id::static_lease(1), {.start = id::sequence_start::carry_over}, clock);
    (void)carries.next().value();
    REQUIRE(carries.adopt(id::static_lease(1)).has_value());
    clock.advance(1ms);
    CHECK(carries.next().value().sequence() == 1);
}

TEST_CASE("a lease that is over gives no id of a unit that another lease began") {
    manual_clock clock(some_day);
    worker_lease first{.worker = 3}, second{.worker = 4, .expires = some_day - 1h};
    struct holder {
        worker_lease lease;
        [[nodiscard]] worker_lease current() const noexcept { return lease; }
    };
    id::snowflake_generator<id::layouts::discord, manual_clock&, holder> ids(holder{first}, {},
                                                                             clock);
    const id_error expired{id_errc::lease_expired};
    REQUIRE(ids.next().has_value());
    REQUIRE(ids.adopt(holder{second}).has_value());
    CHECK(ids.next() == std::unexpected(expired));
    CHECK(ids.reserve(5).error() == expired);
    // Nor while the last unit is held for a clock that stepped back.
    clock.step_back(9s);
    for (int i = 0; i < 900; ++i) {
        clock.advance(10ms);
        REQUIRE(ids.try_next() == std::unexpected(expired));
    }
    REQUIRE(ids.adopt(holder{{.worker = 5}}).has_value());
    CHECK(ids.next().value().node() == 5);
}

TEST_CASE("a lease that ends while its last unit is held is noticed with the next id") {
    manual_clock clock(some_day);
    id::renewable_lease lease({.worker = 3, .expires = some_day + 1min});
    id::snowflake_generator<id::layouts::discord, manual_clock&, id::renewable_lease&> ids(
        lease, {}, clock);
    REQUIRE(ids.next().has_value());
    clock.step_back(9s);
    REQUIRE(ids.next().has_value());
    lease.renew(some_day);
    CHECK(ids.next() == std::unexpected(id_error{id_errc::lease_expired}));
    lease.renew(some_day + 1min);
    CHECK(ids.next().has_value());
}

// --- leases by reference ---------------------------------------------------------------------------

TEST_CASE("a renewable lease is replaced under its generator, which adopts the new one") {
    manual_clock clock(some_day);
    id::renewable_lease lease({.worker = 3, .expires = some_day + 10s, .fencing_token = 41});
    id::snowflake_generator<id::layouts::twitter, manual_clock&, id::renewable_lease&> ids(
        lease, {}, clock);
    CHECK(ids.next().value().node() == 3);
    clock.advance(20s);
    CHECK(ids.next() == std::unexpected(id_error{id_errc::lease_expired}));

    const worker_lease other{.worker = 4, .expires = some_day + 30s, .fencing_token = 7};
    lease.replace(other);
    CHECK(ids.next() == std::unexpected(id_error{id_errc::lease_expired}));
    // The token of ids is that of their lease, until the other is adopted.
    CHECK(ids.lease().fencing_token == 41);
    REQUIRE(ids.adopt().has_value());
    CHECK(ids.lease() == other);
    CHECK(ids.next().value().node() == 4);
    lease.renew(some_day + 40s);
    CHECK(ids.lease().expires == some_day + 40s);
    clock.advance(15s);
    CHECK(ids.next().value().node() == 4);
}

TEST_CASE("a lease by reference is adopted with a mark of its own") {
    manual_clock clock(some_day);
    memory_mark first, second;
    REQUIRE(second.store(test::some_ms + 7ms).has_value());
    id::renewable_lease lease({.worker = 1});
    id::snowflake_generator<test::tiny, manual_clock&, id::renewable_lease&, held_mark> ids(
        lease, {}, clock, held_mark{&first});
    REQUIRE(ids.next().has_value());
    CHECK(first.stores() == 1);
    lease.replace({.worker = 2});
    REQUIRE(ids.adopt(held_mark{&second}).has_value());
    const auto next = ids.next().value();
    CHECK(next.node() == 2);
    CHECK(next.timestamp() == test::some_ms + 7ms);
    CHECK(first.stores() == 1);
    CHECK(second.stores() == 2);
}

// --- forks -----------------------------------------------------------------------------------------

namespace {

/// A mark that is readable when the test says so.
struct perhaps_mark {
    const bool* is_readable;
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const {
        if (!*is_readable) return std::unexpected(mark_errc::load_failed);
        return sys_milliseconds::min();
    }
    static std::expected<void, mark_errc> store(sys_milliseconds) { return {}; }
};

struct any_lease {
    worker_lease lease;
    [[nodiscard]] worker_lease current() const noexcept { return lease; }
};

/// A process and its children: they take leases, fail at it, and fork, in any order.
class family {
public:
    explicit family(std::uint64_t seed)
        : random_(seed),
          is_readable_(random_() % 2 == 0),
          ids_(take(), {}, clock_, perhaps_mark{&is_readable_}) {}

    /// What is wrong, or nothing.
    std::string live(int depth) {
        for (int i = 0; i < 8; ++i) {
            if (depth < 2 && random_() % 6 == 0) {
                // Parent and child draw different numbers from here on.
                const std::uint64_t seed = random_();
                const auto child = in_child([&](int descriptor) {
                    random_.seed(seed);
                    for (const auto& [worker, token] : offered_) inherited_[worker] = token;
                    is_usable_ = false;
                    const std::string wrong = live(depth + 1);
                    write_all(descriptor, wrong.data(), wrong.size());
                });
                if (!child.exited_with(0)) return "a child that crashed";
                if (!child.output.empty()) return child.output;
            }
            is_readable_ = random_() % 3 != 0;
            const any_lease lease{{.worker = random_() % 3, .fencing_token = random_() % 4}};
            const auto parents = inherited_.find(lease.lease.worker);
            const bool is_parents =
                parents != inherited_.end() && lease.lease.fencing_token <= parents->second;
            if (!is_parents) note(lease.lease);
            const auto adopted = ids_.adopt(lease);
            const std::optional<id_errc> wanted = is_parents ? std::optional(id_errc::forked)
                                                  : is_readable_
                                                      ? std::nullopt
                                                      : std::optional(id_errc::mark_failed);
            const std::optional<id_errc> got =
                adopted.has_value() ? std::nullopt : std::optional(adopted.error().code);
            is_usable_ = adopted.has_value();
            if (got != wanted) {
                return "worker " + std::to_string(lease.lease.worker) + " token " +
                       std::to_string(lease.lease.fencing_token) + " at depth " +
                       std::to_string(depth) + (got ? describe(*got) : " is adopted");
            }
            if (ids_.next().has_value() != is_usable_)
                return "ids without a lease, or none with it";
        }
        return {};
    }

private:
    any_lease take() {
        const worker_lease lease{.worker = random_() % 3, .fencing_token = random_() % 4};
        note(lease);
        return {lease};
    }
    void note(const worker_lease& lease) {
        auto& token = offered_[lease.worker];
        token = std::max(token, lease.fencing_token);
    }

    std::mt19937_64 random_;
    std::map<std::uint64_t, std::uint64_t> offered_;    // to this process or one before it
    std::map<std::uint64_t, std::uint64_t> inherited_;  // to one before it
    bool is_readable_;
    bool is_usable_ = false;
    manual_clock clock_{some_day};
    id::snowflake_generator<id::layouts::discord, manual_clock&, any_lease, perhaps_mark> ids_;
};

}  // namespace

TEST_CASE("no child takes a lease that its generator was given before the fork") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 20; ++round) {
        INFO("round " << round);
        REQUIRE(family(random()).live(0) == "");
    }
}

TEST_CASE("a lease that came to nothing is the parent's nevertheless") {
    manual_clock clock(some_day);
    bool is_readable = false;
    id::snowflake_generator<id::layouts::discord, manual_clock&, id::static_lease, perhaps_mark>
        ids(id::static_lease(3), {}, clock, perhaps_mark{&is_readable});
    CHECK(ids.next() == std::unexpected(id_error{id_errc::mark_failed}));
    is_readable = true;
    const auto child = in_child([&](int descriptor) {
        const id_error forked{id_errc::forked};
        std::string report;
        const auto note = [&](bool is_so) { report += is_so ? 'y' : 'n'; };
        note(ids.adopt(id::static_lease(3)) == std::unexpected(forked));
        note(ids.adopt(id::static_lease(4)).has_value());
        note(ids.next().has_value());
        note(ids.adopt(id::static_lease(3)) == std::unexpected(forked));
        note(ids.next() == std::unexpected(forked));
        note(ids.adopt(id::static_lease(4)).has_value());
        write_all(descriptor, report.data(), report.size());
    });
    CHECK(child.output == "yyyyyy");
    REQUIRE(ids.adopt(id::static_lease(3)).has_value());
    CHECK(ids.next().has_value());
}

TEST_CASE("a child notices that it is one where its parent had no memory for a page") {
    const auto parent = in_child([](int descriptor) {
        std::string report;
        const auto note = [&](bool is_so) { report += is_so ? 'y' : 'n'; };
        rlimit before{};
        ::getrlimit(RLIMIT_AS, &before);
        const rlimit none{0, before.rlim_max};
        ::setrlimit(RLIMIT_AS, &none);
        manual_clock clock(some_day);
        id::snowflake_generator<id::layouts::discord, manual_clock&> ids(id::static_lease(3), {},
                                                                         clock);
        const bool has_none = ids.next() == std::unexpected(id_error{id_errc::no_memory});
        ::setrlimit(RLIMIT_AS, &before);
        note(has_none);
        const auto child = in_child([&](int deeper) {
            const bool refuses =
                ids.adopt(id::static_lease(3)) == std::unexpected(id_error{id_errc::forked}) &&
                ids.adopt(id::static_lease(4)).has_value() &&
                ids.adopt(id::static_lease(4)).has_value() && ids.next().has_value();
            write_all(deeper, refuses ? "y" : "n", 1);
        });
        note(child.output == "y");
        note(ids.adopt(id::static_lease(3)).has_value());
        note(ids.next().has_value());
        write_all(descriptor, report.data(), report.size());
    });
    CHECK(parent.output == "yyyy");
}
