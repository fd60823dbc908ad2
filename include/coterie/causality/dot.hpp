// SPDX-License-Identifier: BSL-1.0
#pragma once

// A dot: the name of one event, the n-th of a replica.
//
// Source: Preguiça, Baquero, Almeida, Fonte and Gonçalves, "Dotted Version Vectors", arXiv:1011.5808.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/text.hpp>

namespace coterie::inline v0::causality {

/// The `counter`-th event of `replica`. Counters begin with 1.
template <replica_name Replica = replica_id>
struct dot {
    Replica replica{};
    std::uint64_t counter = 0;

    /// Appends "3.1:17" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const
        requires text_form<Replica>
    {
        replica.append_to(out);
        out.append(":");
        coterie::detail::append_decimal(out, counter);
    }

    friend constexpr auto operator<=>(const dot&, const dot&) = default;
    friend constexpr bool operator==(const dot&, const dot&) = default;
};

}  // namespace coterie::inline v0::causality

template <class Replica>
struct std::hash<coterie::causality::dot<Replica>> {
    constexpr std::size_t operator()(const coterie::causality::dot<Replica>& d) const noexcept {
        return static_cast<std::size_t>(coterie::detail::mix64(std::hash<Replica>()(d.replica) +
                                                               coterie::detail::mix64(d.counter)));
    }
};
