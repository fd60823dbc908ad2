// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sets without dots.

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <coterie/crdt/g_set.hpp>

#include "crdt/replicas.hpp"
#include "support/catch.hpp"

namespace coterie::test {

inline std::string text(const std::set<int>& all) {
    std::string text;
    for (const int x : all) text += std::to_string(x) + " ";
    return text;
}

struct g_set_case {
    using state = crdt::g_set<int>;
    using op = int;
    static op any_op(std::mt19937_64& random) { return static_cast<int>(random() % 20); }
    static state apply(state& s, std::uint64_t, op x) { return s.add(x); }
    static std::string read(const state& s) { return text(std::set<int>(s.begin(), s.end())); }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<int> all;
        for (const auto* e : seen) all.insert(e->op);
        return text(all);
    }
};

/// Added, and not removed by anybody who had seen an add of it.
struct two_phase_case {
    using state = crdt::two_phase_set<int>;
    using op = std::pair<bool, int>;
    static op any_op(std::mt19937_64& random) {
        return {random() % 3 != 0, static_cast<int>(random() % 12)};
    }
    static state apply(state& s, std::uint64_t, const op& o) {
        return o.first ? s.add(o.second) : s.remove(o.second);
    }
    static std::string read(const state& s) {
        const auto all = s.elements();
        REQUIRE(s.size() == all.size());
        return text(std::set<int>(all.begin(), all.end()));
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<int> all;
        for (const auto* e : seen) {
            if (e->op.first) all.insert(e->op.second);
        }
        for (const auto* e : seen) {
            const bool had_seen_it = std::ranges::any_of(seen, [e](const auto* other) {
                return other->op == std::pair(true, e->op.second) && e->knows(*other);
            });
            if (!e->op.first && had_seen_it) all.erase(e->op.second);
        }
        return text(all);
    }
};

}  // namespace coterie::test
