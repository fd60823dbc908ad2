// SPDX-License-Identifier: BSL-1.0
#pragma once

// An expression from its text, and an error that says where.
//
//   quorum::parse("a * b + choose(2, c, d, e)");
//   quorum::parse("a * b + x", {"a", "b"});       // unknown_node at position 8
//
//   sum      = product { "+" product }
//   product  = member { "*" member }
//   member   = name | "(" sum ")" | "choose" k "(" list ")" | "choose" "(" k "," list ")"
//            | "majority" "(" list ")" | "weighted" "(" threshold "," sum ":" weight { "," ... } ")"
//   list     = sum { "," sum }
//
// A name is a letter or "_", then letters, digits, "_", "-" and ".". The words choose, choose2 and so
// on, majority and weighted are names too where no "(" follows.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/expression.hpp>

namespace coterie::inline v0::quorum {

/// Why a text is no expression.
enum class syntax_errc : std::uint8_t {
    expected_member,         ///< a name or "(" should stand here
    expected_operator,       ///< "+", "*" or the end should stand here
    expected_open,           ///< "("
    expected_close,          ///< ")", or "," and more members
    expected_number,         ///< a number of at most four digits
    expected_comma,          ///< "," between a threshold and the members
    expected_colon,          ///< ":" between a member and its weight
    threshold_out_of_range,  ///< below 1, or above what all members weigh together
    weight_out_of_range,     ///< a weight of 0, or more than max_weight together
    unknown_node,            ///< a name that is not among those given
    too_large,               ///< more than max_leaves, or longer than max_text
    too_deep,                ///< more parentheses or gates in each other than max_depth
};

[[nodiscard]] constexpr const char* describe(syntax_errc code) noexcept {
    switch (code) {
        case syntax_errc::expected_member: return "expected a node or '('";
        case syntax_errc::expected_operator: return "expected '+', '*' or the end";
        case syntax_errc::expected_open: return "expected '('";
        case syntax_errc::expected_close: return "expected ')' or another member";
        case syntax_errc::expected_number: return "expected a number of at most four digits";
        case syntax_errc::expected_comma: return "expected ','";
        case syntax_errc::expected_colon: return "expected ':' and a weight";
        case syntax_errc::threshold_out_of_range: return "threshold out of range";
        case syntax_errc::weight_out_of_range: return "weight out of range";
        case syntax_errc::unknown_node: return "unknown node";
        case syntax_errc::too_large: return "expression too large";
        case syntax_errc::too_deep: return "expression too deep";
    }
    return "unknown syntax error";
}

/// Why a text is no expression, and where.
struct syntax_error {
    syntax_errc code;
    /// The index of the character at fault, or of the first of the word; the length where more should follow.
    std::size_t position;

    /// Appends "unknown node at position 7" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        coterie::detail::append_error_at(out, code, "position", position);
    }

    friend constexpr bool operator==(const syntax_error&, const syntax_error&) = default;
};

/// The longest text that is looked at.
inline constexpr std::size_t max_text = std::size_t{1} << 18;

/// The expression that the text says. Nodes are numbered as they appear.
///
/// Complexity: linear in the text, and names are compared each with each.
[[nodiscard]] constexpr std::expected<expression, syntax_error> parse(std::string_view text);

/// The same over the nodes of `names`, numbered as there; others are unknown_node.
[[nodiscard]] constexpr std::expected<expression, syntax_error> parse(
    std::string_view text, const std::vector<std::string>& names);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Reads one text. Functions return false after `fail`, and leave what they read in `out`.
class expression_parser {
public:
    constexpr expression_parser(std::string_view text, std::span<const std::string> names,
                                bool any_name)
        : text_(text), names_(names), any_name_(any_name) {}

    [[nodiscard]] constexpr std::expected<expression, syntax_error> read() {
        std::vector<expression> whole;
        if (text_.size() > max_text) {
            at_ = max_text;
            fail(syntax_errc::too_large);
        } else if (read_sum(whole)) {
            skip_space();
            if (at_ < text_.size()) fail(syntax_errc::expected_operator);
        }
        if (failed_) return std::unexpected(error_);
        return std::move(whole.front());
    }

private:
    using list = std::vector<expression>;

    constexpr bool fail(syntax_errc code) { return fail(code, at_); }
    constexpr bool fail(syntax_errc code, std::size_t position) {
        failed_ = true;
        error_ = {code, position};
        return false;
    }

    // Appends the gate to `out`. `start` is where to point if it cannot be built.
    constexpr bool add_gate(list& out, const list& members,
                            const std::vector<std::uint32_t>& weights, std::uint32_t threshold,
                            std::size_t start) {
        auto made = expression::gate(members, weights, threshold);
        if (made.has_value()) {
            out.push_back(*std::move(made));
            return true;
        }
        switch (made.error()) {
            case expression_errc::too_large: return fail(syntax_errc::too_large, start);
            case expression_errc::too_deep: return fail(syntax_errc::too_deep, start);
            case expression_errc::weight_out_of_range:
                return fail(syntax_errc::weight_out_of_range, start);
            default: return fail(syntax_errc::threshold_out_of_range, start);
        }
    }
    constexpr bool add_gate(list& out, const list& members, std::uint32_t threshold,
                            std::size_t start) {
        return add_gate(out, members, std::vector<std::uint32_t>(members.size(), 1), threshold,
                        start);
    }

    constexpr bool read_sum(list& out) {
        const std::size_t start = at_;
        if (depth_ == max_depth) return fail(syntax_errc::too_deep);
        ++depth_;
        list members;
        do {
            if (!read_product(members)) return false;
        } while (take('+'));
        --depth_;
        return add_gate(out, members, 1, start);
    }

    constexpr bool read_product(list& out) {
        const std::size_t start = at_;
        list members;
        do {
            if (!read_member(members)) return false;
        } while (take('*'));
        return add_gate(out, members, static_cast<std::uint32_t>(members.size()), start);
    }

    constexpr bool read_member(list& out) {
        if (take('(')) return read_sum(out) && close();
        const std::size_t start = at_;
        const std::string_view word = read_name();
        if (word.empty()) return fail(syntax_errc::expected_member);
        const bool call = take('(');
        if (call && word == "majority") return read_majority(out, start);
        if (call && word == "weighted") return read_weighted(out, start);
        if (call && word.starts_with("choose")) return read_choose(out, start, word.substr(6));
        if (call) return fail(syntax_errc::expected_operator, at_ - 1);
        return add_node(out, word, start);
    }

    constexpr bool add_node(list& out, std::string_view name, std::size_t start) {
        bool known = any_name_;
        for (const std::string& each : names_) known = known || each == name;
        if (!known) return fail(syntax_errc::unknown_node, start);
        if (++leaves_ > max_leaves) return fail(syntax_errc::too_large, start);
        out.emplace_back(name);
        return true;
    }

    constexpr bool read_majority(list& out, std::size_t start) {
        list members;
        return read_list(members) &&
               add_gate(out, members, static_cast<std::uint32_t>(members.size() / 2 + 1), start);
    }

    // choose2(a, b, c), or choose(2, a, b, c).
    constexpr bool read_choose(list& out, std::size_t start, std::string_view digits) {
        std::uint32_t k = 0;
        if (digits.empty()) {
            if (!read_number(k)) return false;
            if (!take(',')) return fail(syntax_errc::expected_comma);
        } else if (!to_number(digits, k)) {
            return fail(syntax_errc::expected_number, start + 6);
        }
        list members;
        return read_list(members) && add_gate(out, members, k, start);
    }

    constexpr bool read_weighted(list& out, std::size_t start) {
        std::uint32_t threshold = 0;
        if (!read_number(threshold)) return false;
        list members;
        std::vector<std::uint32_t> weights;
        if (!take(',')) return fail(syntax_errc::expected_comma);
        do {
            if (!read_sum(members)) return false;
            if (!take(':')) return fail(syntax_errc::expected_colon);
            weights.push_back(0);
            if (!read_number(weights.back())) return false;
        } while (take(','));
        return close() && add_gate(out, members, weights, threshold, start);
    }

    constexpr bool read_list(list& out) {
        do {
            if (!read_sum(out)) return false;
        } while (take(','));
        return close();
    }

    constexpr bool close() { return take(')') || fail(syntax_errc::expected_close); }

    constexpr bool read_number(std::uint32_t& number) {
        skip_space();
        std::size_t end = at_;
        while (end < text_.size() && is_digit(text_[end])) ++end;
        if (!to_number(text_.substr(at_, end - at_), number))
            return fail(syntax_errc::expected_number);
        at_ = end;
        return true;
    }

    [[nodiscard]] static constexpr bool to_number(std::string_view digits, std::uint32_t& number) {
        if (digits.empty() || digits.size() > 4) return false;
        number = 0;
        for (const char c : digits) {
            if (!is_digit(c)) return false;
            number = number * 10 + static_cast<std::uint32_t>(c - '0');
        }
        return true;
    }

    constexpr std::string_view read_name() {
        const std::size_t start = at_;
        if (at_ < text_.size() && is_letter(text_[at_])) ++at_;
        while (at_ > start && at_ < text_.size() &&
               (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '-' ||
                text_[at_] == '.'))
            ++at_;
        return text_.substr(start, at_ - start);
    }

    constexpr bool take(char c) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        skip_space();
        return true;
    }

    constexpr void skip_space() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
            ++at_;
    }

    [[nodiscard]] static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
    [[nodiscard]] static constexpr bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    std::string_view text_;
    std::span<const std::string> names_;
    bool any_name_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t leaves_ = 0;
    bool failed_ = false;
    syntax_error error_{};
};

}  // namespace detail

constexpr std::expected<expression, syntax_error> parse(std::string_view text) {
    return detail::expression_parser(text, {}, true).read();
}

constexpr std::expected<expression, syntax_error> parse(std::string_view text,
                                                        const std::vector<std::string>& names) {
    auto parsed = detail::expression_parser(text, names, false).read();
    if (parsed.has_value()) return parsed->over(names);
    return parsed;
}

}  // namespace coterie::inline v0::quorum
