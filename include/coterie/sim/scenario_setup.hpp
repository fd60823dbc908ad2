// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a run of a scenario starts from, as a value with a text: enough to do it again.
//
//   seed 17
//   nodes 3
//   operations 4
//   at 2s     crash n1
//
// So that a failure can be written to a file, sent to somebody, and replayed (sim/explore.hpp).

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/script_error.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::inline v0::sim {

/// What a run starts from.
struct scenario_setup {
    std::uint64_t seed = 0;
    /// How many nodes there are; by custom "n1" and so on.
    trace::node_id nodes = 0;
    /// How much work there is; of what kind is the scenario's own affair.
    std::uint64_t operations = 0;
    fault_script faults{};

    /// Appends the text, of three lines and one for each fault.
    template <class Out>
    constexpr void append_to(Out& out) const {
        append_line(out, "seed ", seed);
        append_line(out, "nodes ", nodes);
        append_line(out, "operations ", operations);
        faults.append_to(out);
    }

    friend constexpr bool operator==(const scenario_setup&, const scenario_setup&) = default;

private:
    template <class Out>
    static constexpr void append_line(Out& out, std::string_view key, std::uint64_t value) {
        out.append(key);
        coterie::detail::append_decimal(out, value);
        out.push_back('\n');
    }
};

/// Reads such a text: the three numbers, in any order and each at most once, then faults. Errors:
/// expected_number for a number that is none or too large, and what parse_fault_script says.
[[nodiscard]] constexpr std::expected<scenario_setup, script_error> parse_scenario_setup(
    std::string_view text);

/// What came of a run.
struct scenario_result {
    bool passed = true;
    /// What went wrong, if it did: "lost update: key 7". What stands before the colon says in which way, and
    /// must be the same for the same kind of failure.
    std::string failure{};  // NOLINT(readability-redundant-member-init): or g++ warns
    /// The hash of the run: of the world, and whatever else was observed.
    std::uint64_t hash = 0;
    /// How much happened: events of the world.
    std::uint64_t events = 0;

    friend constexpr bool operator==(const scenario_result&, const scenario_result&) = default;
};

/// Whether two runs failed in the same way.
[[nodiscard]] constexpr bool same_failure(const scenario_result& a, const scenario_result& b) {
    const auto way = [](std::string_view text) { return text.substr(0, text.find(':')); };
    return !a.passed && !b.passed && way(a.failure) == way(b.failure);
}

/// Something that can be tried with many seeds. `setup(seed)` draws what a run starts from; `run(setup,
/// trace)` does it, and records it where a trace is given, and nothing but the setup decides what happens.
/// Both are called from several threads at once.
template <class S>
concept scenario =
    requires(const S& s, std::uint64_t seed, const scenario_setup& setup, trace::trace* recorder) {
        { s.setup(seed) } -> std::same_as<scenario_setup>;
        { s.run(setup, recorder) } -> std::same_as<scenario_result>;
    };

/// The names "n1", "n2" and so on.
[[nodiscard]] inline std::vector<std::string> node_names(trace::node_id count) {
    std::vector<std::string> names(count, "n");
    for (trace::node_id i = 0; i < count; ++i)
        coterie::detail::append_decimal(names[i], std::uint64_t{i} + 1);
    return names;
}

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// The most nodes that a text may ask for.
inline constexpr std::uint64_t max_setup_nodes = 10'000;

/// Reads "seed 17" and the like. Returns: nothing, where the line is of another kind.
class setup_reader {
public:
    explicit constexpr setup_reader(scenario_setup& setup) : setup_(setup) {}

    [[nodiscard]] constexpr bool takes(std::string_view key) const {
        return key == "seed" || key == "nodes" || key == "operations";
    }

    constexpr std::optional<script_error> read(std::span<const script_word> words,
                                               std::size_t line) {
        const std::string_view key = words[0].text;
        bool& is_known = known_[key == "seed" ? 0 : key == "nodes" ? 1 : 2];
        const std::uint64_t most = key == "nodes" ? max_setup_nodes : ~std::uint64_t{0};
        if (is_known || !setup_.faults.faults.empty())
            return script_error{script_errc::expected_at, line, words[0].column};
        is_known = true;
        if (words.size() < 2)
            return script_error{script_errc::expected_number, line, words[0].column + key.size()};
        const std::size_t digits = count_digits(words[1].text);
        const auto number = read_number(words[1].text, digits, most);
        if (!number.has_value() || digits != words[1].text.size())
            return script_error{script_errc::expected_number, line, words[1].column};
        if (words.size() > 2) return script_error{script_errc::expected_end, line, words[2].column};
        if (key == "seed")
            setup_.seed = *number;
        else if (key == "nodes")
            setup_.nodes = static_cast<trace::node_id>(*number);
        else
            setup_.operations = *number;
        return {};
    }

private:
    scenario_setup& setup_;
    bool known_[3] = {};
};

}  // namespace detail

constexpr std::expected<scenario_setup, script_error> parse_scenario_setup(std::string_view text) {
    scenario_setup setup;
    detail::setup_reader numbers(setup);
    const auto error = detail::for_each_line(
        text, [&](std::span<const detail::script_word> words, std::size_t line) {
            if (numbers.takes(words[0].text)) return numbers.read(words, line);
            return detail::add_fault(setup.faults, words, line, nullptr);
        });
    if (error) return std::unexpected(*error);
    return setup;
}

}  // namespace coterie::inline v0::sim
