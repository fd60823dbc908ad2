// SPDX-License-Identifier: BSL-1.0
#pragma once

// The register of many values.

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/crdt/mv_register.hpp>

#include "crdt/replicas.hpp"

namespace coterie::test {

/// The values of the latest assignments: of those that no other assignment or clear knows.
struct mv_case {
    using state = crdt::mv_register<std::string>;
    struct op {
        bool is_clear;
        std::string v;
    };
    static op any_op(std::mt19937_64& random) {
        return {random() % 6 == 0, std::string(random() % 4, 'v')};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        return o.is_clear ? s.clear({r, 0}) : s.assign({r, 0}, o.v).value();
    }
    static std::string read(const state& s) {
        std::string text;
        for (const auto& v : s.values()) text += v + "|";
        return text;
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<std::string> all;
        for (const auto* e : seen) {
            const bool is_replaced =
                std::ranges::any_of(seen, [e](const auto* other) { return other->knows(*e); });
            if (!e->op.is_clear && !is_replaced) all.insert(e->op.v);
        }
        std::string text;
        for (const auto& v : all) text += v + "|";
        return text;
    }
};

}  // namespace coterie::test
