// SPDX-License-Identifier: BSL-1.0

// Any bytes are what a receiver or a table knows, or an error with a place in them; and that has no other bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <coterie/core/wire.hpp>
#include <coterie/retry/idempotency_wire.hpp>
#include <coterie/retry/sequence_window.hpp>

namespace {

template <class Value>
void check(std::span<const std::byte> input) {
    const auto value = coterie::decode<Value>(input);
    if (!value.has_value()) {
        if (value.error().offset > input.size()) std::abort();
        return;
    }
    if (!std::ranges::equal(coterie::encode(*value), input)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    check<coterie::retry::sequence_window<>>(input);
    check<coterie::retry::producer_sequencer<std::string>>(input);
    check<coterie::retry::call_record<std::string>>(input);
    return 0;
}
