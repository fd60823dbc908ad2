// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/payments.hpp"

#include "sim/planted.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace coterie;
using test::payments;

namespace {

constexpr test::planted<payments::mistakes> mistakes[] = {
    {payments::mistakes::no_key, "a retry without a key", 1},
    {payments::mistakes::key_reused, "a key reused for another payment", 1},
    {payments::mistakes::parameters_ignored, "a key reused, and parameters not compared", 1},
    {payments::mistakes::recorded_apart, "an answer recorded after the payment", 1},
    {payments::mistakes::recorded_in_memory, "answers kept in memory", 2},
    {payments::mistakes::answered_too_early, "an answer before the sync", 1},
    {payments::mistakes::refusal_retried, "a retry after a permanent error", 1},
};

}  // namespace

TEST_CASE("a payment is made exactly once, however often it is asked for") {
    test::check_passes(payments{}, {.faults = 30}, 200);
}

TEST_CASE("mistakes with payments are found") {
    for (const auto& p : mistakes) test::check_killed(payments{}, {.faults = 30}, p);
}

TEST_CASE("mistakes with payments: a sweep", "[.sweep]") {
    for (const auto& p : mistakes) test::sweep(payments{}, {.faults = 30}, p);
}
