// SPDX-License-Identifier: BSL-1.0
#pragma once

// Counters: the sums of what was counted.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/pn_counter.hpp>

#include "crdt/replicas.hpp"

namespace coterie::test {

using causality::replica_id;

struct g_case {
    using state = crdt::g_counter<>;
    using op = std::uint64_t;
    static op any_op(std::mt19937_64& random) { return random() % 5; }
    static state apply(state& s, std::uint64_t r, op n) { return s.increment({r, 0}, n).value(); }
    static std::string read(const state& s) { return std::to_string(s.value()); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::uint64_t sum = 0;
        for (const auto* e : seen) sum += e->op;
        return std::to_string(sum);
    }
};

struct pn_case {
    using state = crdt::pn_counter<>;
    using op = std::int64_t;
    static op any_op(std::mt19937_64& random) { return static_cast<op>(random() % 9) - 4; }
    static state apply(state& s, std::uint64_t r, op n) {
        const replica_id me{r, 0};
        return n < 0 ? s.decrement(me, static_cast<std::uint64_t>(-n)).value()
                     : s.increment(me, static_cast<std::uint64_t>(n)).value();
    }
    static std::string read(const state& s) { return std::to_string(s.value()); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::int64_t sum = 0;
        for (const auto* e : seen) sum += e->op;
        return std::to_string(sum);
    }
};

}  // namespace coterie::test
