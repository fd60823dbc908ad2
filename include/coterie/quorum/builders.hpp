// SPDX-License-Identifier: BSL-1.0
#pragma once

// Quorum systems of the literature as expressions: grid, tree, hierarchy.
//
//   const auto nodes = quorum::numbered_nodes("n", 81);
//   const auto hierarchy = quorum::hierarchy(nodes, 3);   // majorities of majorities, four levels
//
// In each of them a node stands once, so that every question about it is one fold.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/expression.hpp>

namespace coterie::inline v0::quorum {

/// A whole row of `columns` members each; its dual takes one of every row.
///
/// Errors: no_members, threshold_out_of_range where the members do not fill the rows.
/// Source: Cheung, Ammar, Ahamad, "The grid protocol", TKDE 4(6), 1992.
[[nodiscard]] constexpr std::expected<expression, expression_errc> grid(
    const std::vector<expression>& members, std::size_t columns);

/// The tree protocol over members in the order of a heap: the root of a tree with a quorum of one of its
/// subtrees, or quorums of all its subtrees.
///
/// Requires: arity >= 2. Errors: as of `expression::gate`; threshold_out_of_range where a member has
/// some subtrees but not `arity` of them.
/// Source: Agrawal, El Abbadi, "An efficient and fault-tolerant solution for distributed mutual
/// exclusion", TOCS 9(1), 1991; it is a weighted gate: the root as heavy as all subtrees but one.
[[nodiscard]] constexpr std::expected<expression, expression_errc> tree(
    const std::vector<expression>& members, std::size_t arity = 2);

/// Majorities of majorities: the members in groups of `arity`, these again, until one is left.
///
/// Requires: arity >= 2. Errors: no_members, threshold_out_of_range where the count is no power of
/// `arity`, too_deep.
/// Source: Kumar, "Hierarchical quorum consensus", IEEE Trans. Computers 40(9), 1991.
[[nodiscard]] constexpr std::expected<expression, expression_errc> hierarchy(
    const std::vector<expression>& members, std::size_t arity = 3);

// --- details ---------------------------------------------------------------------------------------

constexpr std::expected<expression, expression_errc> grid(const std::vector<expression>& members,
                                                          std::size_t columns) {
    if (columns == 0 || members.size() % columns != 0)
        return std::unexpected(expression_errc::threshold_out_of_range);
    std::vector<expression> rows;
    for (auto row = members.begin(); row != members.end();) {
        const auto next = row + static_cast<std::ptrdiff_t>(columns);
        auto all = all_of({row, next});
        if (!all.has_value()) return all;
        rows.push_back(*std::move(all));
        row = next;
    }
    return any_of(rows);
}

namespace detail {

constexpr std::expected<expression, expression_errc> subtree(const std::vector<expression>& members,
                                                             std::size_t arity, std::size_t root) {
    const std::size_t first = root * arity + 1;
    if (first >= members.size()) return members[root];
    if (first + arity > members.size())
        return std::unexpected(expression_errc::threshold_out_of_range);
    const auto all = static_cast<std::uint32_t>(arity);
    std::vector<weighted_member> parts = {{members[root], all - 1}};
    for (std::size_t child = first; child < first + arity; ++child) {
        auto part = subtree(members, arity, child);
        if (!part.has_value()) return part;
        parts.push_back({*std::move(part), 1});
    }
    return weighted(all, parts);
}

}  // namespace detail

constexpr std::expected<expression, expression_errc> tree(const std::vector<expression>& members,
                                                          std::size_t arity) {
    COTERIE_ASSERT(arity >= 2);
    if (members.empty()) return std::unexpected(expression_errc::no_members);
    return detail::subtree(members, arity, 0);
}

constexpr std::expected<expression, expression_errc> hierarchy(
    const std::vector<expression>& members, std::size_t arity) {
    COTERIE_ASSERT(arity >= 2);
    if (members.empty()) return std::unexpected(expression_errc::no_members);
    std::vector<expression> level = members;
    while (level.size() > 1) {
        if (level.size() % arity != 0)
            return std::unexpected(expression_errc::threshold_out_of_range);
        std::vector<expression> above;
        for (auto group = level.begin(); group != level.end();) {
            const auto next = group + static_cast<std::ptrdiff_t>(arity);
            auto part = majority({group, next});
            if (!part.has_value()) return part;
            above.push_back(*std::move(part));
            group = next;
        }
        level = std::move(above);
    }
    return level.front();
}

}  // namespace coterie::inline v0::quorum
