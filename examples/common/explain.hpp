// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an id says: its kind, its time, and each of its fields; and that as a drawing for people.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "common/time_text.hpp"

namespace examples {

namespace id = coterie::id;

/// Some bits of an id, and what they say.
struct explained_field {
    std::string name;
    unsigned bits;
    std::string value;
    std::string meaning;
};

/// An id taken apart.
struct explanation {
    std::string kind;                          // "ULID", "UUID version 7", "Snowflake, twitter"
    std::string text;                          // in canonical form
    std::optional<id::sys_milliseconds> time;  // where it has one
    std::vector<explained_field> fields;       // from the most significant bit down
    std::vector<std::byte> bytes;              // big-endian; the fields are the low bits
    std::vector<std::string> notes;
};

explanation explain(const id::ulid& x);
explanation explain(const id::uuid& x);

template <class Layout>
explanation explain(const id::snowflake<Layout>& x);

/// Bytes as hexadecimal digits.
std::string hex(std::span<const std::byte> bytes);

/// The bits in boxes, a table of the fields under them, and the notes.
std::string draw(const explanation& e);

/// All of it but the drawing, in one line.
std::string summary(const explanation& e);

/// Calls `f.template operator()<Layout>()` for each published layout.
template <class F>
void for_each_layout(F&& f) {
    f.template operator()<id::layouts::twitter>();
    f.template operator()<id::layouts::discord>();
    f.template operator()<id::layouts::instagram>();
    f.template operator()<id::layouts::sonyflake_v1>();
    f.template operator()<id::layouts::sonyflake_v2>();
    f.template operator()<id::layouts::mastodon>();
    f.template operator()<id::layouts::js_safe53>();
}

/// The names of the published layouts.
std::vector<std::string> layout_names();

// --- details ---------------------------------------------------------------------------------------

template <class Layout>
explanation explain(const id::snowflake<Layout>& x) {
    const auto bytes = x.bytes();
    explanation e{.kind = fmt::format("Snowflake, {}", Layout::name),
                  .text = x.to_string(),
                  .time = x.timestamp(),
                  .fields = {},
                  .bytes = {bytes.begin(), bytes.end()},
                  .notes = {}};
    unsigned shift = id::snowflake<Layout>::total_bits;
    for (const id::layout_field& f : Layout::fields) {
        shift -= f.bits;
        const std::uint64_t value = x.value() >> shift & (~std::uint64_t{0} >> (64 - f.bits));
        e.fields.push_back({std::string(f.name), f.bits, std::to_string(value), {}});
        if (f.role == id::field_role::timestamp) {
            const auto unit = std::chrono::milliseconds(typename Layout::unit(1)).count();
            e.fields.back().meaning =
                fmt::format("{} since {}", unit == 1 ? "ms" : fmt::format("times {} ms", unit),
                            time_text(Layout::epoch));
        }
    }
    return e;
}

}  // namespace examples
