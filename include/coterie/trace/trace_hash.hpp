// SPDX-License-Identifier: BSL-1.0
#pragma once

// A hash of all that happened in a run, in its order: two runs from one seed are the same run if these are.
// It is of the values alone, so that every compiler, optimisation level and byte order gives the same.
//
//   trace::trace_hash hash;
//   hash.add({time, kind, node}, "prepare(3)");
//   if (hash.value() != of_the_first_run) ...
//
// Not against an adversary.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include <coterie/core/bits.hpp>

namespace coterie::inline v0::trace {

/// A running 64-bit hash of records. A regular type. Complexity: add is linear in the words of the record,
/// which are mixed independently of each other.
class trace_hash {
public:
    /// Adds a record: some numbers and a text.
    void add(std::initializer_list<std::uint64_t> numbers, std::string_view text = {}) noexcept {
        sum_of_words record;
        for (const std::uint64_t x : numbers) record.add(x);
        record.add(text.size());
        std::size_t i = 0;
        for (; i + 8 <= text.size(); i += 8) record.add(word_at(text, i));
        if (i < text.size()) record.add(last_word(text));
        state_ = v0::detail::mix64(state_ ^ record.sum);
    }

    /// The hash of the records so far.
    [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

    friend bool operator==(const trace_hash&, const trace_hash&) = default;

private:
    /// Each word is mixed with its place, so that they do not wait for each other and yet cannot be swapped.
    struct sum_of_words {
        std::uint64_t sum = 0;
        std::uint64_t place = 0;

        void add(std::uint64_t x) noexcept {
            place += 0x9E3779B97F4A7C15U;  // 2^64 over the golden ratio
            sum += v0::detail::mix64(x ^ place);
        }
    };

    /// Eight bytes of a text, as a little-endian number.
    static std::uint64_t word_at(std::string_view text, std::size_t i) noexcept {
        std::array<std::byte, 8> bytes{};
        std::memcpy(bytes.data(), text.data() + i, bytes.size());
        return v0::detail::load<std::uint64_t, std::endian::little>(bytes.data());
    }

    /// The last eight bytes of a text, or all, if it has fewer.
    static std::uint64_t last_word(std::string_view text) noexcept {
        if (text.size() >= 8) return word_at(text, text.size() - 8);
        std::uint64_t word = 0;
        for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
        return word;
    }

    std::uint64_t state_ = 0;
};

}  // namespace coterie::inline v0::trace
