// SPDX-License-Identifier: BSL-1.0
#include <coterie/id/lease.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <coterie/core/clock.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using coterie::wall_time;
using coterie::id::lease_source;
using coterie::id::renewable_lease;
using coterie::id::static_lease;
using coterie::id::worker_lease;

namespace {

struct may_throw {
    worker_lease current() const;
};
struct gives_number {
    std::uint64_t current() const noexcept;
};

}  // namespace

TEST_CASE("a lease source gives a lease, and never throws") {
    STATIC_REQUIRE(lease_source<static_lease>);
    STATIC_REQUIRE(lease_source<const static_lease&>);
    STATIC_REQUIRE(lease_source<renewable_lease&>);
    STATIC_REQUIRE_FALSE(lease_source<may_throw>);
    STATIC_REQUIRE_FALSE(lease_source<gives_number>);
    STATIC_REQUIRE_FALSE(lease_source<worker_lease>);
}

TEST_CASE("a static lease is for ever, and has no token") {
    constexpr static_lease lease(17);
    STATIC_REQUIRE(lease.current() == worker_lease{17, wall_time::max(), 0});
}

TEST_CASE("a renewable lease keeps its worker and token, and changes its end") {
    renewable_lease lease({.worker = 3, .expires = wall_time(5s), .fencing_token = 9});
    CHECK(lease.current() == worker_lease{3, wall_time(5s), 9});
    lease.renew(wall_time(7s));
    CHECK(lease.current() == worker_lease{3, wall_time(7s), 9});
    lease.renew(wall_time(1s));
    CHECK(lease.current() == worker_lease{3, wall_time(1s), 9});
    lease.renew(wall_time::max());
    CHECK(lease.current().expires == wall_time::max());
}

TEST_CASE("a renewable lease is replaced by another one, however often") {
    renewable_lease lease({.worker = 3, .expires = wall_time(5s), .fencing_token = 9});
    for (std::uint64_t n = 0; n < 5; ++n) {
        const worker_lease other{n, wall_time(std::chrono::seconds(n)), 10 + n};
        lease.replace(other);
        CHECK(lease.current() == other);
        lease.renew(wall_time(100s));
        CHECK(lease.current() == worker_lease{n, wall_time(100s), 10 + n});
    }
}

TEST_CASE("nobody sees parts of two leases while one thread replaces and renews them",
          "[concurrent]") {
    // Of lease n the worker is n, the token 3n, and the end between 1000n and 1000n + 999.
    const auto nth = [](std::uint64_t n, std::uint64_t renewed) {
        return worker_lease{n, wall_time(std::chrono::nanoseconds(1000 * n + renewed)), 3 * n};
    };
    constexpr std::uint64_t last = 50'000;
    renewable_lease lease(nth(0, 0));
    std::atomic<int> torn = 0;
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 2; ++i) {
            readers.emplace_back([&] {
                std::uint64_t seen = 0;
                while (seen != last) {
                    const worker_lease now = lease.current();
                    const auto end =
                        static_cast<std::uint64_t>(now.expires.time_since_epoch().count());
                    const bool is_one = now.fencing_token == 3 * now.worker &&
                                        end / 1000 == now.worker && now.worker >= seen;
                    if (!is_one) ++torn;
                    seen = now.worker;
                }
            });
        }
        for (std::uint64_t n = 1; n <= last; ++n) {
            lease.replace(nth(n, 0));
            if (n % 4 == 0) lease.renew(nth(n, 999).expires);
        }
    }
    CHECK(torn == 0);
}

TEST_CASE("one thread renews while others look", "[concurrent]") {
    renewable_lease lease({.worker = 3, .expires = wall_time(0s), .fencing_token = 9});
    std::atomic<bool> went_back = false;
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 2; ++i) {
            readers.emplace_back([&] {
                for (wall_time last(0s); last < wall_time(1000s);) {
                    const worker_lease now = lease.current();
                    if (now.expires < last || now.worker != 3) went_back = true;
                    last = now.expires;
                }
            });
        }
        for (int i = 1; i <= 1000; ++i) lease.renew(wall_time(std::chrono::seconds(i)));
    }
    CHECK_FALSE(went_back);
}
