// SPDX-License-Identifier: BSL-1.0

// Any bytes are what a receiver or a table knows, or an error with a place in them; and that has no other bytes.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <coterie/core/clock.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/dedup_window.hpp>
#include <coterie/retry/dedup_wire.hpp>
#include <coterie/retry/idempotency_wire.hpp>
#include <coterie/retry/sequence_window.hpp>

#include "decoded.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    (void)fuzz::decoded<coterie::retry::sequence_window<>>(input);
    (void)fuzz::decoded<coterie::retry::producer_sequencer<std::string>>(input);
    (void)fuzz::decoded<coterie::retry::call_record<std::string>>(input);
    (void)fuzz::decoded<coterie::retry::call_ledger>(input);
    using keys = coterie::retry::dedup_snapshot<std::string>;
    if (const auto snapshot = fuzz::decoded<keys>(input)) {
        using namespace std::chrono_literals;
        const coterie::steady_time now(1h);
        const coterie::retry::dedup_window<std::string> window({.remember_for = 24h, .capacity = 4},
                                                               *snapshot, now);
        fuzz::demand(window.size() <= 4 && window.size() <= snapshot->seen.size());
        (void)coterie::encode(window.snapshot(now));
    }
    return 0;
}
