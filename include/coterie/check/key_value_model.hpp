// SPDX-License-Identifier: BSL-1.0
#pragma once

// A store of strings by key, with get, put and append, as a model of linearizable(). Keys are independent of each
// other.
//
//   check::history_of<check::key_value_model> h;
//   h.complete(h.invoke(0, {.kind = check::key_value_call::append, .key = "x", .value = "1"}, t0), {}, t1);

#include <cstdint>
#include <string>

#include <coterie/check/text_of.hpp>

namespace coterie::inline v0::check {

/// What a client asks of the store.
enum class key_value_call : std::uint8_t {
    get,
    put,
    append
};

/// A call of the store. A get has no value.
struct key_value_input {
    key_value_call kind = key_value_call::get;
    // NOLINTBEGIN(readability-redundant-member-init): so that g++ takes a call without them
    std::string key = {};
    std::string value = {};
    // NOLINTEND(readability-redundant-member-init)

    friend bool operator==(const key_value_input&, const key_value_input&) = default;
};

/// A store in which every key holds the empty string at first. What a get gives is its output; that of the others
/// counts for nothing.
struct key_value_model {
    using state = std::string;
    using input = key_value_input;
    using output = std::string;

    /// The state at first.
    [[nodiscard]] state initial() const { return {}; }

    /// What it is on.
    [[nodiscard]] const std::string& key(const input& in) const { return in.key; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] bool step(state& s, const input& in, const output* out) const {
        switch (in.kind) {
            case key_value_call::get: return out == nullptr || *out == s;
            case key_value_call::put: s = in.value; break;
            case key_value_call::append: s += in.value; break;
        }
        return true;
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        using detail::text_of;
        const std::string of_key = " " + in.key;
        switch (in.kind) {
            case key_value_call::get:
                return "get" + of_key + ": " + (out != nullptr ? text_of(*out) : "?");
            case key_value_call::put: return "put" + of_key + " " + text_of(in.value);
            case key_value_call::append: return "append" + of_key + " " + text_of(in.value);
        }
        return {};
    }
};

}  // namespace coterie::inline v0::check
