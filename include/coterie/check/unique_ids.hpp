// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a service of ids gave none twice.
//
//   check::history<nothing, id::ulid> h;     // each output is an id
//   const check::verdict v = check::unique_ids(h);

#include <concepts>
#include <string>
#include <unordered_map>

#include <coterie/check/history.hpp>
#include <coterie/check/text_of.hpp>
#include <coterie/check/verdict.hpp>

namespace coterie::inline v0::check {

/// Whether no two completed operations gave the same. Id: hashable. Complexity: linear, expected.
template <class Input, class Id>
    requires std::equality_comparable<Id>
[[nodiscard]] verdict unique_ids(const history<Input, Id>& h) {
    std::unordered_map<Id, operation_id> first;
    for (operation_id id = 0; id < h.size(); ++id) {
        if (h[id].result != outcome::completed) continue;
        const auto [at, is_new] = first.try_emplace(*h[id].output, id);
        if (is_new) continue;
        const auto client = [&](operation_id of) { return std::to_string(h[of].client); };
        return detail::no("clients " + client(at->second) + " and " + client(id) +
                              " were given the same id, " + detail::text_of(*h[id].output),
                          {at->second, id});
    }
    return {};
}

}  // namespace coterie::inline v0::check
