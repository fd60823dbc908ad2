// SPDX-License-Identifier: BSL-1.0

// Any bytes are what a receiver or a table knows, or an error with a place in them; and that has no other bytes.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <coterie/retry/idempotency_wire.hpp>
#include <coterie/retry/sequence_window.hpp>

#include "decoded.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    (void)fuzz::decoded<coterie::retry::sequence_window<>>(input);
    (void)fuzz::decoded<coterie::retry::producer_sequencer<std::string>>(input);
    (void)fuzz::decoded<coterie::retry::call_record<std::string>>(input);
    return 0;
}
