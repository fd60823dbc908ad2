// SPDX-License-Identifier: BSL-1.0
#pragma once

// A counter, as a model of linearizable().
//
//   check::history_of<check::counter_model> h;
//   h.complete(h.invoke(0, {check::counter_call::add, 2}, t0), 2, t1);   // the new sum

#include <cstdint>
#include <optional>
#include <string>

#include <coterie/check/text_of.hpp>

namespace coterie::inline v0::check {

/// What a client asks of a counter.
enum class counter_call : std::uint8_t {
    read,
    add
};

/// A call of a counter. A read leaves `by` alone.
struct counter_input {
    counter_call kind = counter_call::read;
    std::int64_t by = 0;

    friend bool operator==(const counter_input&, const counter_input&) = default;
};

/// A counter that is 0 at first. A call gives the sum after it, or nothing where an add does not tell. Sums wrap.
struct counter_model {
    using state = std::int64_t;
    using input = counter_input;
    using output = std::optional<std::int64_t>;

    /// The state at first.
    [[nodiscard]] constexpr state initial() const noexcept { return 0; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] constexpr bool step(state& sum, const input& in, const output* out) const {
        const bool tells = out != nullptr && out->has_value();
        if (in.kind == counter_call::read) return out == nullptr || *out == sum;
        sum =
            static_cast<state>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(in.by));
        return !tells || **out == sum;
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        const std::string call =
            in.kind == counter_call::add ? "add " + std::to_string(in.by) : "read";
        if (out == nullptr) return call + ": ?";
        return out->has_value() ? call + ": " + detail::text_of(**out) : call;
    }
};

}  // namespace coterie::inline v0::check
