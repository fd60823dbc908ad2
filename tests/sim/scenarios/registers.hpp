// SPDX-License-Identifier: BSL-1.0
#pragma once

// More cases for replicated_value.hpp: a register by time, whose timestamps are those of machines; and a counter
// that may refuse.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/sim/world.hpp>

#include "crdt/replicas.hpp"

namespace coterie::test {

/// Who writes has seen what he replaces: no write loses to one that it knows of. Hybrid timestamps see to that;
/// those of the wall clock alone do not.
template <bool IsHybrid>
struct stamped_register_case {
    using state = crdt::lww_register<std::string, std::uint64_t>;
    using op = std::tuple<std::uint64_t, std::uint64_t, std::string>;

    static op any_op(std::mt19937_64& random, const sim::node& self, const state& s) {
        const std::uint64_t seen = s.timestamp() != nullptr ? *s.timestamp() : 0;
        return {stamp(self, seen), self.id(), std::string(random() % 5, 'v')};
    }
    static state apply(state& s, std::uint64_t, const op& o) {
        return s.assign({std::get<1>(o), 0}, std::get<0>(o), std::get<2>(o));
    }
    static std::string read(const state& s) { return s.value() ? "'" + *s.value() + "'" : "none"; }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        const auto last = latest<op>(seen, [](const auto&) { return true; });
        if (last.empty()) return "none";
        const auto* const winner =
            *std::ranges::max_element(last, {}, [](auto* e) { return e->op; });
        return "'" + std::get<2>(winner->op) + "'";
    }

private:
    static std::uint64_t stamp(const sim::node& self, std::uint64_t seen) {
        if constexpr (IsHybrid) {
            causality::hybrid_logical_clock clock({.max_offset = std::chrono::hours(1)},
                                                  self.wall_clock());
            return clock.receive(causality::hybrid_timestamp::from_word(seen)).value().word();
        } else {
            const auto ms = std::chrono::floor<std::chrono::milliseconds>(self.wall_now());
            return static_cast<std::uint64_t>(ms.time_since_epoch().count());
        }
    }
};

/// The sum of what was not refused, and never below zero.
struct bounded_case {
    using state = crdt::bounded_counter<>;
    struct op {
        std::int64_t n;
        bool is_refused = false;
    };
    static op any_op(std::mt19937_64& random) {
        return {static_cast<std::int64_t>(random() % 9) - 4};
    }
    static state apply(state& s, std::uint64_t r, op& o) {
        const causality::replica_id me{r, 0};
        const auto n = static_cast<std::uint64_t>(o.n < 0 ? -o.n : o.n);
        const auto delta = o.n < 0 ? s.decrement(me, n) : s.increment(me, n);
        o.is_refused = !delta.has_value();
        return delta.value_or(state());
    }
    static std::string read(const state& s) { return std::to_string(s.value()); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::int64_t sum = 0;
        for (const auto* e : seen) sum += e->op.is_refused ? 0 : e->op.n;
        return sum < 0 ? "never below zero" : std::to_string(sum);
    }
};

}  // namespace coterie::test
