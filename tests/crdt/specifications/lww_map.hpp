// SPDX-License-Identifier: BSL-1.0
#pragma once

// The map by time.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <coterie/crdt/lww_map.hpp>

#include "crdt/replicas.hpp"
#include "support/catch.hpp"

namespace coterie::test {

/// Of each key the assignment with the largest timestamp, writer and value.
struct lww_map_case {
    using state = crdt::lww_map<std::string, std::string, std::int64_t>;
    struct op {
        std::string key;
        std::tuple<std::int64_t, std::uint64_t, std::optional<std::string>> write;
    };
    static op any_op(std::mt19937_64& random) {
        std::optional<std::string> v;
        if (random() % 3 != 0) v = std::string(random() % 3, 'v');
        return {std::string(random() % 4, 'k'),
                {static_cast<std::int64_t>(random() % 5) - 3, random() % 2, v}};
    }
    static state apply(state& s, std::uint64_t, const op& o) {
        const auto& [timestamp, writer, v] = o.write;
        if (v) return s.assign({writer, 0}, timestamp, o.key, *v);
        return s.remove({writer, 0}, timestamp, o.key);
    }
    static std::string read(const state& s) {
        std::string text;
        std::size_t size = 0;
        s.for_each([&](const std::string& key, const std::string& v) {
            text += key + "=" + v + ";";
            ++size;
            REQUIRE(*s.find(key) == v);
        });
        REQUIRE(s.size() == size);
        return text;
    }
    static std::string specified(const std::vector<const crdt_event<op>*>& seen) {
        std::map<std::string, decltype(op::write)> last;
        for (const auto* e : seen) {
            const auto at = last.emplace(e->op.key, e->op.write).first;
            if (at->second < e->op.write) at->second = e->op.write;
        }
        std::string text;
        for (const auto& [key, write] : last) {
            if (std::get<2>(write)) text += key + "=" + *std::get<2>(write) + ";";
        }
        return text;
    }
};

}  // namespace coterie::test
