// SPDX-License-Identifier: BSL-1.0

// Any bytes are a set, or an error with a place in them; and a set has no other bytes than those.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>

#include "decoded.hpp"

namespace {

template <class Value>
void check(std::span<const std::byte> input) {
    const auto value = fuzz::decoded<Value>(input);
    if (!value.has_value()) return;
    Value copy = *value;
    copy.merge(*value);
    fuzz::demand(copy == *value && copy <= *value);
    Value fresh;
    fresh.merge(value->delta_since(fresh));
    fuzz::demand(fresh == *value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    check<coterie::crdt::or_set<std::uint8_t, std::uint8_t>>(input);
    check<coterie::crdt::or_set<std::string, std::uint64_t>>(input);
    check<coterie::crdt::or_map<std::string, coterie::crdt::or_set<std::uint16_t, std::uint8_t>,
                                std::uint8_t>>(input);
    return 0;
}
