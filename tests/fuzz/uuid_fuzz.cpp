// SPDX-License-Identifier: BSL-1.0

// Any bytes as a UUID: both parsers against the slow ones, and what they take printed and read again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <coterie/id/uuid.hpp>

#include "../id/oracle.hpp"

using coterie::id::uuid;
namespace oracle = coterie::test::oracle;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

std::array<char, 36> printed(const uuid& id) {
    std::array<char, 36> text{};
    require(id.to_chars(text) == text.data() + text.size());
    return text;
}

void check_value(const uuid& id) {
    const auto text = printed(id);
    const std::string_view canonical(text.data(), text.size());
    require(uuid::parse(canonical) == id);
    require(uuid::parse_lenient(canonical) == id);
    require(uuid::from_bytes(id.bytes()) == id);
    require(uuid::from_ulid(id.to_ulid()) == id);
    const auto next = id.successor();
    if (next.has_value()) {
        require(*next > id && next->version() == 7 && next->variant() == id.variant());
        require(next->timestamp() == id.timestamp());
    }
}

void check_strict(std::string_view text) {
    const auto got = uuid::parse(text);
    const auto wanted = oracle::uuid(text);
    require(got.has_value() == wanted.has_value());
    if (!got.has_value()) {
        require(got.error() == wanted.error());
        require(got.error().position <= text.size());
        return;
    }
    require(got->bytes() == oracle::as_bytes(*wanted));
    const auto canonical = printed(*got);
    for (std::size_t i = 0; i < 36; ++i) require(oracle::lower(text[i]) == canonical[i]);
    check_value(*got);
}

void check_lenient(std::string_view text) {
    const auto got = uuid::parse_lenient(text);
    const auto wanted = oracle::uuid_lenient(text);
    require(got.has_value() == wanted.has_value());
    if (got.has_value()) {
        require(got->bytes() == oracle::as_bytes(*wanted));
        check_value(*got);
        return;
    }
    require(got.error().position <= text.size());
    if (oracle::lenient_uuid_form_of(text).has_value()) {
        require(got.error() == wanted.error());
    } else {
        require(got.error().code == coterie::parse_errc::wrong_length);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    const std::vector<char> text(data, data + size);
    check_strict({text.data(), text.size()});
    check_lenient({text.data(), text.size()});
    return 0;
}
