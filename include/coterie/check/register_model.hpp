// SPDX-License-Identifier: BSL-1.0
#pragma once

// The register as a model of linearizable(): reads, writes, and compare-and-set for those that have it.
//
//   check::history_of<check::register_model<int>> h;
//   h.complete(h.invoke(0, {.kind = check::register_call::write, .value = 3}, t0), {}, t1);

#include <cstdint>
#include <optional>
#include <string>

#include <coterie/check/text_of.hpp>

namespace coterie::inline v0::check {

/// What a client asks of a register.
enum class register_call : std::uint8_t {
    read,
    write,
    cas
};

/// A call of a register. A read leaves both values alone; a cas writes `value` if it finds `expected`.
template <class T>
struct register_input {
    register_call kind = register_call::read;
    T value{};
    T expected{};

    friend bool operator==(const register_input&, const register_input&) = default;
};

/// What a call gave: of a read what it found, nothing where nobody had written; of a cas whether it wrote.
template <class T>
struct register_output {
    std::optional<T> value{};
    bool swapped = false;

    friend bool operator==(const register_output&, const register_output&) = default;
};

/// A register that nobody has written yet. T: regular and hashable.
template <class T>
struct register_model {
    using state = std::optional<T>;
    using input = register_input<T>;
    using output = register_output<T>;

    /// The state at first.
    [[nodiscard]] state initial() const { return std::nullopt; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] bool step(state& s, const input& in, const output* out) const {
        if (in.kind == register_call::read) return out == nullptr || out->value == s;
        const bool writes = in.kind == register_call::write || s == in.expected;
        if (writes) s = in.value;
        return in.kind == register_call::write || out == nullptr || out->swapped == writes;
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        using detail::text_of;
        if (in.kind == register_call::write) return "write " + text_of(in.value);
        if (in.kind == register_call::read) {
            return "read: " + (out != nullptr ? text_of(out->value) : "?");
        }
        const char* const swapped = out == nullptr ? ": ?" : out->swapped ? "" : ": refused";
        return "cas " + text_of(in.expected) + " to " + text_of(in.value) + swapped;
    }
};

}  // namespace coterie::inline v0::check
