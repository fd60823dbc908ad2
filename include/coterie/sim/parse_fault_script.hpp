// SPDX-License-Identifier: BSL-1.0
#pragma once

// Reads a fault script (sim/fault_script.hpp) from its text.
//
//   const auto script = sim::parse_fault_script(R"(
//       at 2s     partition n1 n2 | n3 n4 n5     # nodes that are not named are one more group
//       at 5s     heal
//       from 20s  calm                           # all is well again
//   )", names);
//   if (!script) print(to_string(script.error()));          // "line 2, column 11: no such fault"
//
// fault_kind (sim/fault_kind.hpp) lists all faults with their texts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_operand_text.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/script_error.hpp>

namespace coterie::inline v0::sim {

/// The longest text that is looked at, and the most faults that it may hold.
inline constexpr std::size_t max_script_text = std::size_t{1} << 20;
inline constexpr std::size_t max_script_faults = 10'000;

/// The script that a text says. What follows # is a comment.
///
/// Complexity: linear in the text, but for the nodes of a partition, which are compared each with each.
[[nodiscard]] constexpr std::expected<fault_script, script_error> parse_fault_script(
    std::string_view text);

/// The same for nodes of these names; others are unknown_node.
[[nodiscard]] constexpr std::expected<fault_script, script_error> parse_fault_script(
    std::string_view text, std::span<const std::string> nodes);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// A word of a line, and where it begins, from 1.
struct script_word {
    std::string_view text;
    std::size_t column;
};

/// The words of a line, up to a comment.
[[nodiscard]] constexpr std::vector<script_word> words_of(std::string_view line) {
    constexpr std::string_view blank = " \t\r";
    line = line.substr(0, line.find('#'));
    std::vector<script_word> words;
    for (std::size_t at = line.find_first_not_of(blank); at != std::string_view::npos;
         at = line.find_first_not_of(blank, at)) {
        const std::size_t end = std::min(line.find_first_of(blank, at), line.size());
        words.push_back({line.substr(at, end - at), at + 1});
        at = end;
    }
    return words;
}

[[nodiscard]] constexpr bool is_name(std::string_view text, std::string_view also) noexcept {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_letter(c) || also.find(c) != std::string_view::npos;
           });
}

/// Reads the words of one line into a fault, in the way that one kind is written. Functions return false
/// after `fail`.
class fault_reader {
public:
    constexpr fault_reader(std::span<const script_word> words,
                           const std::vector<std::string>* nodes)
        : words_(words), nodes_(nodes) {}

    fault result;
    script_errc code{};
    std::size_t column = 0;

    constexpr bool read(const fault_syntax& syntax) {
        result.kind = syntax.kind;
        if (!read_word(syntax.keyword)) return false;
        for (const syntax_part& part : syntax.operands())
            if (!read_part(part)) return false;
        return at_ == words_.size() || fail(script_errc::expected_end);
    }

private:
    constexpr bool fail(script_errc why) { return fail(why, at_); }
    constexpr bool fail(script_errc why, std::size_t word) {
        code = why;
        column = word < words_.size() ? words_[word].column
                                      : words_.back().column + words_.back().text.size();
        return false;
    }

    // The next word; empty at the end, which nothing takes for what it wants.
    [[nodiscard]] constexpr std::string_view next() const {
        return at_ < words_.size() ? words_[at_].text : std::string_view{};
    }

    // Takes what was read of the next word, if it could be.
    template <class T>
    constexpr bool take(const std::optional<T>& value, T& out, script_errc why) {
        if (!value) return fail(why);
        out = *value;
        ++at_;
        return true;
    }

    constexpr bool read_part(const syntax_part& part) {
        switch (part.what) {
            case operand::none: break;
            case operand::word: return read_word(part.word);
            case operand::node: return read_node(result.node);
            case operand::peer:
                if (next() == result.node) return fail(script_errc::same_node);
                return read_node(result.to);
            case operand::groups: return read_groups();
            case operand::lasting: return read_for();
            case operand::step: return read_step();
            case operand::drift:
                return take(read_drift(next()), result.rate, script_errc::expected_drift);
            case operand::range:
                return take(read_range(next()), result.sync, script_errc::expected_range);
            case operand::share:
                return take(read_probability(next()), result.failing, script_errc::expected_share);
            case operand::file: return read_file();
            case operand::changes: return read_changes();
        }
        return true;
    }

    constexpr bool read_word(std::string_view word) {
        if (next() != word) return fail(script_errc::expected_fault);
        ++at_;
        return true;
    }

    constexpr bool read_node(std::string& out) {
        if (!is_name(next(), "-.")) return fail(script_errc::expected_node);
        if (nodes_ != nullptr && std::find(nodes_->begin(), nodes_->end(), next()) == nodes_->end())
            return fail(script_errc::unknown_node);
        out = next();
        ++at_;
        return true;
    }

    constexpr bool read_groups() {
        const auto is_known = [&](std::string_view name) {
            return std::any_of(result.groups.begin(), result.groups.end(), [&](const auto& group) {
                return std::find(group.begin(), group.end(), name) != group.end();
            });
        };
        for (;;) {
            result.groups.emplace_back();
            do {
                if (is_known(next())) return fail(script_errc::same_node);
                std::string name;
                if (!read_node(name)) return false;
                result.groups.back().push_back(std::move(name));
            } while (at_ < words_.size() && next() != "|");
            if (at_ == words_.size()) return true;
            ++at_;
        }
    }

    constexpr bool read_for() {
        if (at_ == words_.size()) return true;
        if (next() != "for") return fail(script_errc::expected_end);
        ++at_;
        return take(read_positive(next()), result.amount, script_errc::expected_duration);
    }

    constexpr bool read_step() {
        const auto d = parse_duration(next());
        if (!d.has_value()) return fail(script_errc::expected_step);
        result.amount = *d;
        ++at_;
        return true;
    }

    constexpr bool read_file() {
        if (!is_name(next(), "-./")) return fail(script_errc::expected_file);
        result.file = next();
        ++at_;
        return true;
    }

    constexpr bool read_changes() {
        do {
            if (!read_change()) return false;
        } while (at_ < words_.size());
        return true;
    }

    constexpr bool read_change() {
        link_change& c = result.change;
        const std::string_view key = next();
        const auto read_share = [&](std::optional<probability>& out) {
            if (out) return fail(script_errc::expected_change);
            ++at_;
            return take(read_probability(next()), out.emplace(), script_errc::expected_share);
        };
        if (key == "loss") return read_share(c.loss);
        if (key == "duplicate") return read_share(c.duplicate);
        if (key == "corrupt") return read_share(c.corrupt);
        if (key == "delay" && !c.delay) {
            ++at_;
            return take(read_range(next()), c.delay.emplace(), script_errc::expected_range);
        }
        if (key == "bandwidth" && !c.bytes_per_second) {
            ++at_;
            const auto rate = read_scaled(next(), rate_units, max_rate);
            if (rate == std::uint64_t{0}) return fail(script_errc::expected_rate);
            return take(rate, c.bytes_per_second.emplace(), script_errc::expected_rate);
        }
        return fail(script_errc::expected_change);
    }

    std::span<const script_word> words_;
    const std::vector<std::string>* nodes_;
    std::size_t at_ = 0;
};

/// The fault of a line that has words. Of the ways in which no kind fits it, that which got furthest is the
/// error.
[[nodiscard]] constexpr std::expected<fault, script_error> read_fault(
    std::span<const script_word> words, std::size_t line, const std::vector<std::string>* nodes) {
    if (words[0].text != "at" && words[0].text != "from")
        return std::unexpected(script_error{script_errc::expected_at, line, words[0].column});
    const std::size_t end = words.back().column + words.back().text.size();
    const auto at =
        words.size() > 1 ? parse_duration(words[1].text) : parse_duration(std::string_view{});
    if (!at.has_value() || at->count() < 0)
        return std::unexpected(script_error{script_errc::expected_time, line,
                                            words.size() > 1 ? words[1].column : end});
    if (words.size() == 2)
        return std::unexpected(script_error{script_errc::expected_fault, line, end});
    script_error furthest{script_errc::expected_fault, line, 0};
    for (const fault_syntax& syntax : fault_table) {
        fault_reader reader(words.subspan(2), nodes);
        if (reader.read(syntax)) {
            reader.result.at = *at;
            return std::move(reader.result);
        }
        if (reader.column > furthest.column) furthest = {reader.code, line, reader.column};
    }
    return std::unexpected(furthest);
}

/// Calls `use(words, line number) -> std::optional<script_error>` for each line that has words, until it
/// returns an error.
template <class Use>
constexpr std::optional<script_error> for_each_line(std::string_view text, Use use) {
    if (text.size() > max_script_text) return script_error{script_errc::too_long, 1, 1};
    for (std::size_t line = 1;; ++line) {
        const std::size_t end = text.find('\n');
        const std::vector<script_word> words = words_of(text.substr(0, end));
        if (!words.empty())
            if (const std::optional<script_error> error = use(words, line)) return error;
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
}

/// Adds the fault of a line to a script.
[[nodiscard]] constexpr std::optional<script_error> add_fault(
    fault_script& script, std::span<const script_word> words, std::size_t line,
    const std::vector<std::string>* nodes) {
    if (script.faults.size() == max_script_faults)
        return script_error{script_errc::too_long, line, words[0].column};
    auto read = read_fault(words, line, nodes);
    if (!read.has_value()) return read.error();
    script.faults.push_back(*std::move(read));
    return {};
}

[[nodiscard]] constexpr std::expected<fault_script, script_error> read_fault_script(
    std::string_view text, const std::vector<std::string>* nodes) {
    fault_script script;
    const auto error =
        for_each_line(text, [&](std::span<const script_word> words, std::size_t line) {
            return add_fault(script, words, line, nodes);
        });
    if (error) return std::unexpected(*error);
    return script;
}

}  // namespace detail

constexpr std::expected<fault_script, script_error> parse_fault_script(std::string_view text) {
    return detail::read_fault_script(text, nullptr);
}

constexpr std::expected<fault_script, script_error> parse_fault_script(
    std::string_view text, std::span<const std::string> nodes) {
    const std::vector<std::string> names(nodes.begin(), nodes.end());
    return detail::read_fault_script(text, &names);
}

}  // namespace coterie::inline v0::sim
