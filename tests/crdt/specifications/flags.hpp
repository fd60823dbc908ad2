// SPDX-License-Identifier: BSL-1.0
#pragma once

// Flags.

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "crdt/replicas.hpp"

namespace coterie::test {

/// Of the events that no other knows, one that wins decides; without one the flag is as those left it.
template <class Flag, bool EnableWins>
struct flag_case {
    using state = Flag;
    struct op {
        bool enables;
    };
    static op any_op(std::mt19937_64& random) { return {random() % 2 == 0}; }
    static state apply(state& s, std::uint64_t r, const op& o) {
        if constexpr (EnableWins)
            return o.enables ? s.enable({r, 0}).value() : s.disable({r, 0});
        else
            return o.enables ? s.enable({r, 0}) : s.disable({r, 0}).value();
    }
    static std::string read(const state& s) { return s.is_enabled() ? "enabled" : "disabled"; }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        const auto last = latest<op>(seen, [](const auto&) { return true; });
        const bool has_winner =
            std::ranges::any_of(last, [](const auto* e) { return e->op.enables == EnableWins; });
        return has_winner == EnableWins ? "enabled" : "disabled";
    }
};

}  // namespace coterie::test
