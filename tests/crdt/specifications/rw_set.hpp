// SPDX-License-Identifier: BSL-1.0
#pragma once

// The set in which removes win.

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coterie/crdt/rw_set.hpp>

#include "crdt/replicas.hpp"

namespace coterie::test {

/// An element is in if its latest adds and removes are adds.
struct rw_set_case {
    using state = crdt::rw_set<std::string>;
    struct op {
        bool is_add;
        std::string x;
    };
    static op any_op(std::mt19937_64& random) {
        return {random() % 5 < 3, std::string(1 + random() % 4, 'x')};
    }
    static state apply(state& s, std::uint64_t r, const op& o) {
        return o.is_add ? s.add({r, 0}, o.x).value() : s.remove({r, 0}, o.x).value();
    }
    static std::string read(const state& s) {
        std::string text;
        for (const auto& x : s.elements()) text += x + " ";
        return text;
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<std::string> all;
        for (const auto* e : seen) all.insert(e->op.x);
        std::string text;
        for (const auto& x : all) {
            const auto last = latest<op>(seen, [&](const auto& e) { return e.op.x == x; });
            const bool is_in = !last.empty() && std::ranges::all_of(last, [](const auto* e) {
                return e->op.is_add;
            });
            if (is_in) text += x + " ";
        }
        return text;
    }
};

}  // namespace coterie::test
