// SPDX-License-Identifier: BSL-1.0
#pragma once

// Any replicated value behind one type, so that what is tested of every type is compiled once, and each type once.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <vector>

#include <coterie/core/wire.hpp>

namespace coterie::test {

/// A replicated value whose type is not told. Those that are merged or compared are of the same type.
class any_state {
public:
    /// What each type must do.
    class value;

    explicit any_state(std::unique_ptr<value> v) noexcept;
    any_state(const any_state& other);
    any_state(any_state&&) noexcept;
    any_state& operator=(const any_state& other);
    any_state& operator=(any_state&&) noexcept;
    ~any_state();

    /// The empty value of the same type.
    [[nodiscard]] any_state empty() const;
    /// Changes it as crdt/any_change.hpp says. Returns the delta.
    any_state change(std::uint64_t replica, std::uint64_t what, std::uint64_t x);
    void merge(const any_state& other);
    [[nodiscard]] any_state delta_since(const any_state& other) const;
    friend bool operator==(const any_state& a, const any_state& b);
    friend bool operator<=(const any_state& a, const any_state& b);

    [[nodiscard]] std::vector<std::byte> encode() const;
    [[nodiscard]] std::vector<std::byte> seal() const;
    /// A value of the same type, from bytes of encode or of seal.
    [[nodiscard]] std::expected<any_state, decode_error> decode(
        std::span<const std::byte> bytes) const;
    [[nodiscard]] std::expected<any_state, decode_error> open(
        std::span<const std::byte> bytes) const;

private:
    std::unique_ptr<value> value_;
};

struct named_state {
    const char* type;
    any_state empty;
};

/// The empty value of each type, and of some nestings.
[[nodiscard]] std::vector<named_state> every_type();

}  // namespace coterie::test
