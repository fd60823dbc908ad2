// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which sets of nodes are quorums, said as an expression: + is "one of", * is "all of", and choose,
// majority and weighted are in between. A node is known by its name and numbered by first appearance.
//
//   const quorum::expression a("a"), b("b"), c("c"), d("d");
//   const auto rows = a * b + c * d;                       // a two-by-two grid: a whole row
//   const auto columns = rows.dual();                      // meets every row: (a + b) * (c + d)
//   const auto two = quorum::choose(2, {a, b, c * d});     // std::expected: 2 may be out of range
//
// Every gate is one thing: members of some weight, and a threshold. Its dual has the same members and
// the threshold "total weight - threshold + 1".
// Source: Whittaker et al., "Read-Write Quorum Systems Made Practical", PaPoC 2021; for the dual
// Ibaraki, Kameda, "A theory of coteries", TPDS 4(7), 1993.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/error.hpp>
#include <coterie/quorum/node_set.hpp>

namespace coterie::inline v0::quorum {

/// Why an expression cannot be built, or a question about it not be answered.
enum class expression_errc : std::uint8_t {
    no_members,              ///< nothing to choose from
    threshold_out_of_range,  ///< below 1, or above what all members weigh together
    weight_out_of_range,     ///< a weight of 0, or more than max_weight together
    too_large,               ///< more than max_leaves
    too_deep,                ///< more gates in each other than max_depth
    too_many_nodes,          ///< more than the 64 of a node_set, where the answer is such sets
    too_complex,             ///< nodes stand in it twice, and too many cases would have to be tried
};

[[nodiscard]] constexpr const char* describe(expression_errc code) noexcept {
    switch (code) {
        case expression_errc::no_members: return "no members to choose from";
        case expression_errc::threshold_out_of_range: return "threshold out of range";
        case expression_errc::weight_out_of_range: return "weight out of range";
        case expression_errc::too_large: return "expression too large";
        case expression_errc::too_deep: return "expression too deep";
        case expression_errc::too_many_nodes: return "more than 64 nodes";
        case expression_errc::too_complex: return "too complex to be answered exactly";
    }
    return "unknown expression error";
}

/// The most places at which nodes stand in an expression, the deepest nesting, the heaviest gate.
inline constexpr std::size_t max_leaves = 4096;
inline constexpr std::size_t max_depth = 64;
inline constexpr std::uint32_t max_weight = 4096;

/// A node or a gate of an expression in prefix order: a gate's members follow it, each with its own.
struct element {
    /// A node's number; a gate's threshold.
    std::uint32_t value;
    /// What it weighs in the gate that it is a member of.
    std::uint32_t weight;
    /// How many elements it is, with those below it: 1 for a node, more for a gate.
    std::uint32_t extent;

    /// Not a gate.
    [[nodiscard]] constexpr bool is_node() const noexcept { return extent == 1; }
    friend constexpr bool operator==(const element&, const element&) = default;
};

/// A monotone expression over named nodes. A regular type; equal means spelled alike, not logically equal.
///
/// Thread safety: as of a vector.
class expression {
public:
    /// One node alone.
    constexpr explicit expression(std::string_view name)
        : names_(1, std::string(name)), elements_(1, element{0, 1, 1}) {}

    /// A quorum of a or one of b. Requires: the result keeps the limits above.
    friend constexpr expression operator+(const expression& a, const expression& b);
    /// A quorum of a together with one of b. Requires: the result keeps the limits above.
    friend constexpr expression operator*(const expression& a, const expression& b);

    /// Members with weights, of which those at work must weigh `threshold` together.
    ///
    /// Errors: no_members, threshold_out_of_range, weight_out_of_range, too_large, too_deep.
    /// Complexity: linear in the elements; names are compared each with each.
    [[nodiscard]] static constexpr std::expected<expression, expression_errc> gate(
        std::span<const expression> members, std::span<const std::uint32_t> weights,
        std::uint32_t threshold);

    /// The name of each node, by its number.
    [[nodiscard]] constexpr const std::vector<std::string>& names() const noexcept {
        return names_;
    }
    [[nodiscard]] constexpr unsigned node_count() const noexcept {
        return static_cast<unsigned>(names_.size());
    }
    /// The number of the node of that name; node_count() where there is none.
    [[nodiscard]] constexpr unsigned find(std::string_view name) const noexcept;

    /// The structure, in prefix order. The first element is the whole.
    [[nodiscard]] constexpr std::span<const element> elements() const noexcept { return elements_; }
    /// How many gates are in each other.
    [[nodiscard]] constexpr std::size_t depth() const noexcept { return depth_; }

    /// Whether these nodes are a quorum, or hold one.
    ///
    /// Complexity: at most linear in the elements; no allocation.
    [[nodiscard]] constexpr bool is_quorum(node_set nodes) const {
        return holds(0, [nodes](unsigned node) { return nodes.contains(node); });
    }
    /// The same for any number of nodes: node i is bit i % 64 of word i / 64.
    [[nodiscard]] constexpr bool is_quorum(std::span<const std::uint64_t> words) const;

    /// The quorums that meet every quorum of this one, and no more than must be: a quorum of the
    /// dual is what is left when no quorum is without it. The dual of the dual is the same again.
    [[nodiscard]] constexpr expression dual() const;

    /// The same over other nodes: those of `names`, numbered as there.
    ///
    /// Requires: every node of this expression is among them.
    [[nodiscard]] constexpr expression over(std::vector<std::string> names) const;

    /// As `parse` reads it.
    [[nodiscard]] constexpr std::string to_string() const;

    friend constexpr bool operator==(const expression&, const expression&) = default;

private:
    enum class operation : std::uint8_t {
        node,
        any,
        all,
        choose,
        weighted
    };

    constexpr expression() = default;

    [[nodiscard]] static constexpr expression join(const expression& a, const expression& b,
                                                   std::uint32_t threshold);
    [[nodiscard]] constexpr unsigned member_count(std::size_t gate) const;
    [[nodiscard]] constexpr std::uint32_t total_weight(std::size_t gate) const;
    [[nodiscard]] constexpr operation operation_of(std::size_t at) const;
    constexpr void append_member(const expression& member, std::uint32_t weight, operation outer);
    constexpr void append_text(std::string& out, std::size_t at, operation outer) const;
    template <class Up>
    [[nodiscard]] constexpr bool holds(std::size_t at, const Up& up) const;

    std::vector<std::string> names_;
    std::vector<element> elements_;
    std::size_t depth_ = 0;
};

/// Calls `visit(member)` with the place of each member of the gate at `gate`.
template <class Visit>
constexpr void for_each_member(std::span<const element> elements, std::size_t gate, Visit visit);

/// Any k of the members. Errors: as of `expression::gate`.
[[nodiscard]] constexpr std::expected<expression, expression_errc> choose(
    std::uint32_t k, const std::vector<expression>& members);

/// One of the members; all of them; more than half of them. Error: as of `expression::gate`.
[[nodiscard]] constexpr std::expected<expression, expression_errc> any_of(
    const std::vector<expression>& members);
[[nodiscard]] constexpr std::expected<expression, expression_errc> all_of(
    const std::vector<expression>& members);
[[nodiscard]] constexpr std::expected<expression, expression_errc> majority(
    const std::vector<expression>& members);

/// A member of a weighted gate.
struct weighted_member {
    expression member;
    std::uint32_t weight;
};

/// Members that weigh `threshold` together (Gifford, "Weighted voting for replicated data", SOSP 1979).
///
/// Errors: as of `expression::gate`.
[[nodiscard]] constexpr std::expected<expression, expression_errc> weighted(
    std::uint32_t threshold, const std::vector<weighted_member>& members);

/// Nodes named prefix0, prefix1, and so on.
[[nodiscard]] constexpr std::vector<expression> numbered_nodes(std::string_view prefix,
                                                               unsigned count);

// --- details ---------------------------------------------------------------------------------------

template <class Visit>
constexpr void for_each_member(std::span<const element> elements, std::size_t gate, Visit visit) {
    const std::size_t end = gate + elements[gate].extent;
    for (std::size_t at = gate + 1; at < end; at += elements[at].extent) visit(at);
}

constexpr std::expected<expression, expression_errc> expression::gate(
    std::span<const expression> members, std::span<const std::uint32_t> weights,
    std::uint32_t threshold) {
    COTERIE_ASSERT(members.size() == weights.size());
    if (members.empty()) return std::unexpected(expression_errc::no_members);
    std::uint64_t total = 0;
    std::size_t leaves = 0;
    std::size_t depth = 0;
    bool unit = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (weights[i] == 0) return std::unexpected(expression_errc::weight_out_of_range);
        total += weights[i];
        unit = unit && weights[i] == 1;
        leaves += static_cast<std::size_t>(
            std::ranges::count_if(members[i].elements_, &element::is_node));
        depth = std::max(depth, members[i].depth_);
    }
    if (leaves > max_leaves) return std::unexpected(expression_errc::too_large);
    if (total > max_weight) return std::unexpected(expression_errc::weight_out_of_range);
    if (threshold == 0 || threshold > total)
        return std::unexpected(expression_errc::threshold_out_of_range);
    if (members.size() == 1) return members[0];
    if (depth >= max_depth) return std::unexpected(expression_errc::too_deep);

    operation kind = operation::choose;
    if (unit && threshold == 1) kind = operation::any;
    if (unit && threshold == total) kind = operation::all;
    expression result;
    result.elements_.push_back({threshold, 1, 1});
    for (std::size_t i = 0; i < members.size(); ++i)
        result.append_member(members[i], weights[i], kind);
    result.elements_[0].extent = static_cast<std::uint32_t>(result.elements_.size());
    if (kind == operation::any || kind == operation::all)
        result.elements_[0].value = kind == operation::any ? 1 : result.member_count(0);
    return result;
}

// The members of an "any of" in an "any of" become its own, and so with "all of".
constexpr void expression::append_member(const expression& member, std::uint32_t weight,
                                         operation outer) {
    std::vector<std::uint32_t> numbers;
    for (const std::string& name : member.names_) {
        numbers.push_back(find(name));
        if (numbers.back() == names_.size()) names_.push_back(name);
    }
    const bool same =
        (outer == operation::any || outer == operation::all) && member.operation_of(0) == outer;
    const std::size_t start = elements_.size();
    elements_.insert(elements_.end(), member.elements_.begin() + (same ? 1 : 0),
                     member.elements_.end());
    elements_[start].weight = weight;
    for (std::size_t at = start; at < elements_.size(); ++at)
        if (elements_[at].is_node()) elements_[at].value = numbers[elements_[at].value];
    depth_ = std::max(depth_, member.depth_ + (same ? 0 : 1));
}

constexpr expression expression::join(const expression& a, const expression& b,
                                      std::uint32_t threshold) {
    const expression members[] = {a, b};
    constexpr std::uint32_t weights[] = {1, 1};
    auto joined = gate(members, weights, threshold);
    COTERIE_ASSERT(joined.has_value());
    return *std::move(joined);
}

constexpr expression operator+(const expression& a, const expression& b) {
    return expression::join(a, b, 1);
}

constexpr expression operator*(const expression& a, const expression& b) {
    return expression::join(a, b, 2);
}

constexpr unsigned expression::find(std::string_view name) const noexcept {
    unsigned node = 0;
    while (node < names_.size() && names_[node] != name) ++node;
    return node;
}

constexpr unsigned expression::member_count(std::size_t gate) const {
    unsigned count = 0;
    for_each_member(elements_, gate, [&count](std::size_t) { ++count; });
    return count;
}

constexpr std::uint32_t expression::total_weight(std::size_t gate) const {
    std::uint32_t total = 0;
    for_each_member(elements_, gate, [&](std::size_t at) { total += elements_[at].weight; });
    return total;
}

constexpr expression::operation expression::operation_of(std::size_t at) const {
    if (elements_[at].is_node()) return operation::node;
    const unsigned members = member_count(at);
    bool unit = true;
    for_each_member(elements_, at,
                    [&](std::size_t member) { unit = unit && elements_[member].weight == 1; });
    if (!unit) return operation::weighted;
    if (elements_[at].value == 1) return operation::any;
    return elements_[at].value == members ? operation::all : operation::choose;
}

template <class Up>
constexpr bool expression::holds(std::size_t at, const Up& up) const {
    const element& whole = elements_[at];
    if (whole.is_node()) return up(whole.value);
    // Nodes are summed without a branch on whether they are up, which nobody can predict.
    std::uint32_t have = 0;
    const std::size_t end = at + whole.extent;
    for (std::size_t member = at + 1; member < end; member += elements_[member].extent) {
        const element& part = elements_[member];
        if (part.is_node()) {
            have += part.weight * static_cast<std::uint32_t>(up(part.value));
            continue;
        }
        if (have >= whole.value) return true;
        if (holds(member, up)) have += part.weight;
    }
    return have >= whole.value;
}

constexpr bool expression::is_quorum(std::span<const std::uint64_t> words) const {
    return holds(0, [words](unsigned node) {
        return node / 64 < words.size() && (words[node / 64] >> node % 64 & 1) != 0;
    });
}

constexpr expression expression::dual() const {
    expression result = *this;
    for (std::size_t at = 0; at < elements_.size(); ++at)
        if (!elements_[at].is_node())
            result.elements_[at].value = total_weight(at) - elements_[at].value + 1;
    return result;
}

constexpr expression expression::over(std::vector<std::string> names) const {
    expression result = *this;
    result.names_ = std::move(names);
    for (element& e : result.elements_) {
        if (!e.is_node()) continue;
        e.value = result.find(names_[e.value]);
        COTERIE_ASSERT(e.value < result.names_.size());
    }
    return result;
}

constexpr std::string expression::to_string() const {
    std::string text;
    append_text(text, 0, operation::any);
    return text;
}

constexpr void expression::append_text(std::string& out, std::size_t at, operation outer) const {
    const operation kind = operation_of(at);
    if (kind == operation::node) {
        out += names_[elements_[at].value];
        return;
    }
    const bool infix = kind == operation::any || kind == operation::all;
    const bool parentheses = !infix || (kind == operation::any && outer == operation::all);
    if (!infix) out += kind == operation::choose ? "choose" : "weighted";
    if (parentheses) out += '(';
    if (!infix) coterie::detail::append_decimal(out, elements_[at].value);
    const char* const between = infix ? (kind == operation::any ? " + " : " * ") : ", ";
    bool first = infix;
    for_each_member(elements_, at, [&](std::size_t member) {
        if (!std::exchange(first, false)) out += between;
        append_text(out, member, infix ? kind : operation::any);
        if (kind != operation::weighted) return;
        out += ": ";
        coterie::detail::append_decimal(out, elements_[member].weight);
    });
    if (parentheses) out += ')';
}

namespace detail {

/// Members of weight 1 each.
constexpr std::expected<expression, expression_errc> unit_gate(std::span<const expression> members,
                                                               std::uint32_t threshold) {
    return expression::gate(members, std::vector<std::uint32_t>(members.size(), 1), threshold);
}

}  // namespace detail

constexpr std::expected<expression, expression_errc> choose(
    std::uint32_t k, const std::vector<expression>& members) {
    return detail::unit_gate(members, k);
}

constexpr std::expected<expression, expression_errc> any_of(
    const std::vector<expression>& members) {
    return detail::unit_gate(members, 1);
}

constexpr std::expected<expression, expression_errc> all_of(
    const std::vector<expression>& members) {
    return detail::unit_gate(members, static_cast<std::uint32_t>(members.size()));
}

constexpr std::expected<expression, expression_errc> majority(
    const std::vector<expression>& members) {
    return detail::unit_gate(members, static_cast<std::uint32_t>(members.size() / 2 + 1));
}

constexpr std::expected<expression, expression_errc> weighted(
    std::uint32_t threshold, const std::vector<weighted_member>& members) {
    std::vector<expression> expressions;
    std::vector<std::uint32_t> weights;
    for (const auto& [member, weight] : members) {
        expressions.push_back(member);
        weights.push_back(weight);
    }
    return expression::gate(expressions, weights, threshold);
}

constexpr std::vector<expression> numbered_nodes(std::string_view prefix, unsigned count) {
    std::vector<expression> nodes;
    for (unsigned i = 0; i < count; ++i) {
        std::string name(prefix);
        coterie::detail::append_decimal(name, i);
        nodes.emplace_back(name);
    }
    return nodes;
}

}  // namespace coterie::inline v0::quorum
