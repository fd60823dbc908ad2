// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/payments.hpp"

#include <cstdint>
#include <vector>

#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::payments;

namespace {

std::vector<test::planted> mistakes() {
    using enum payments::mistakes;
    const auto with = [](payments::mistakes m, const char* what, std::uint64_t seed) {
        return test::planted{what, payments{.mistake = m}, payments{}, seed};
    };
    return {
        with(no_key, "a retry without a key", 1),
        with(key_reused, "a key reused for another payment", 1),
        with(parameters_ignored, "a key reused, and parameters not compared", 1),
        with(recorded_apart, "an answer recorded after the payment", 1),
        with(recorded_in_memory, "answers kept in memory", 2),
        with(answered_too_early, "an answer before the sync", 1),
        with(refusal_retried, "a retry after a permanent error", 1),
    };
}

}  // namespace

TEST_CASE("a payment is made exactly once, however often it is asked for") {
    test::check_holds(payments{}, 200);
}

TEST_CASE("mistakes with payments are found") { test::check_caught(mistakes()); }

TEST_CASE("mistakes with payments: a sweep", "[.sweep]") { test::check_sweep(mistakes()); }
