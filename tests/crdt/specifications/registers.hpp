// SPDX-License-Identifier: BSL-1.0
#pragma once

// Registers that keep the latest or the largest.

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <coterie/crdt/lww_register.hpp>

#include "crdt/replicas.hpp"

namespace coterie::test {

/// The assignment with the largest timestamp, replica and value; timestamps are often equal, and below zero.
struct lww_case {
    using state = crdt::lww_register<std::string, std::int64_t>;
    using op = std::tuple<std::int64_t, std::uint64_t, std::string>;
    static op any_op(std::mt19937_64& random) {
        return {static_cast<std::int64_t>(random() % 5) - 3, random() % 2,
                std::string(random() % 3, 'v')};
    }
    // The replica is one of two, whichever state it is done at: equal names happen.
    static state apply(state& s, std::uint64_t, const op& o) {
        return s.assign({std::get<1>(o), 0}, std::get<0>(o), std::get<2>(o));
    }
    static std::string read(const state& s) {
        return s.value() ? "'" + *s.value() + "'" : "nothing";
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        const op* last = nullptr;
        for (const auto* e : seen) {
            if (last == nullptr || *last < e->op) last = &e->op;
        }
        return last ? "'" + std::get<2>(*last) + "'" : "nothing";
    }
};

template <class Register, bool IsMax>
struct extreme_case {
    using state = Register;
    using op = int;
    static op any_op(std::mt19937_64& random) { return static_cast<int>(random() % 50) - 25; }
    static state apply(state& s, std::uint64_t, op v) { return s.assign(v); }
    static std::string read(const state& s) {
        return s.value() ? std::to_string(*s.value()) : "nothing";
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::set<int> values;
        for (const auto* e : seen) values.insert(e->op);
        if (values.empty()) return "nothing";
        return std::to_string(IsMax ? *values.rbegin() : *values.begin());
    }
};

}  // namespace coterie::test
