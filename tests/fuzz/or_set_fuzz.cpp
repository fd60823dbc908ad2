// SPDX-License-Identifier: BSL-1.0

// Any bytes are a set, or an error with a place in them; and a set has no other bytes than those.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>

namespace {

template <class Value>
void check(std::span<const std::byte> input) {
    const auto value = coterie::decode<Value>(input);
    if (!value.has_value()) {
        if (value.error().offset > input.size()) std::abort();
        return;
    }
    const auto bytes = coterie::encode(*value);
    if (!std::ranges::equal(bytes, input)) std::abort();
    Value copy = *value;
    copy.merge(*value);
    if (copy != *value || !(copy <= *value)) std::abort();
    Value fresh;
    fresh.merge(value->delta_since(fresh));
    if (fresh != *value) std::abort();
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
