// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is to go wrong in a run, and when: a value with a text that reads like a test report, one fault a
// line. It can be written, read (sim/parse_fault_script.hpp), drawn (sim/nemesis.hpp), printed, replayed and
// shrunk (sim/shrink.hpp).
//
//   at 2s     partition n1 n2 | n3 n4 n5
//   at 5s     heal
//   at 6s     crash n3
//   at 8s     restart n3
//   from 20s  calm
//
//   const sim::fault_script script{{{.at = 6s, .kind = sim::fault_kind::crash, .node = "n3"}}};
//   print(to_string(script));                                               // "at 6s     crash n3"
//
// fault_kind (sim/fault_kind.hpp) lists all faults with their texts.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_operand_text.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/node_clock.hpp>

namespace coterie::inline v0::sim {

/// One thing that is done to the world. What its kind has no use for is empty.
struct fault {
    // Each has an initializer so that a designated one need not name all.
    // NOLINTBEGIN(readability-redundant-member-init)
    std::chrono::nanoseconds at{};  ///< since the beginning of the world
    fault_kind kind = fault_kind::heal;
    std::string node{};  ///< the node, or the sender of a link
    std::string to{};    ///< the receiver
    std::vector<std::vector<std::string>> groups{};
    /// By how much a clock steps, or how long a pause or a frozen clock lasts; 0: until something ends it.
    std::chrono::nanoseconds amount{};
    sim::drift rate = {};
    delay_range sync = {};
    probability failing = {};
    std::string file{};
    link_change change = {};
    // NOLINTEND(readability-redundant-member-init)

    /// Appends "at 6s     crash n3".
    template <class Out>
    constexpr void append_to(Out& out) const;

    /// Appends "crash n3".
    template <class Out>
    constexpr void append_what(Out& out) const;

    friend constexpr bool operator==(const fault&, const fault&) = default;
};

/// Faults in the order in which they are told; each has its time, so that the order matters at equal
/// times only.
struct fault_script {
    std::vector<fault> faults;

    /// Appends one line for each. parse_fault_script reads it back, if names and files are words.
    template <class Out>
    constexpr void append_to(Out& out) const {
        for (const fault& f : faults) {
            f.append_to(out);
            out.push_back('\n');
        }
    }

    friend constexpr bool operator==(const fault_script&, const fault_script&) = default;
};

/// Calls `use(std::string_view)` with each node that a fault names.
template <class Use>
constexpr void for_each_node(const fault& f, Use use) {
    if (!f.node.empty()) use(std::string_view(f.node));
    if (!f.to.empty()) use(std::string_view(f.to));
    for (const auto& group : f.groups)
        for (const std::string& name : group) use(std::string_view(name));
}

/// The index of the first fault that names a node that is not among these, if there is one.
[[nodiscard]] constexpr std::optional<std::size_t> find_unknown_node(
    const fault_script& script, std::span<const std::string> nodes) {
    for (std::size_t i = 0; i < script.faults.size(); ++i) {
        bool known = true;
        for_each_node(script.faults[i], [&](std::string_view name) {
            known = known && std::find(nodes.begin(), nodes.end(), name) != nodes.end();
        });
        if (!known) return i;
    }
    return {};
}

// --- details ---------------------------------------------------------------------------------------

template <class Out>
constexpr void fault::append_to(Out& out) const {
    std::string when = kind == fault_kind::calm ? "from " : "at ";
    append_duration(when, at);
    when.resize(std::max<std::size_t>(when.size() + 1, 10), ' ');
    out.append(when);
    append_what(out);
}

template <class Out>
constexpr void fault::append_what(Out& out) const {
    const auto after_blank = [&out]() -> Out& {
        out.push_back(' ');
        return out;
    };
    const detail::fault_syntax& syntax = detail::syntax_of(kind);
    out.append(syntax.keyword);
    for (const detail::syntax_part& part : syntax.operands()) {
        switch (part.what) {
            case detail::operand::none: break;
            case detail::operand::word: after_blank().append(part.word); break;
            case detail::operand::node: after_blank().append(node); break;
            case detail::operand::peer: after_blank().append(to); break;
            case detail::operand::groups: detail::append_groups(out, groups); break;
            case detail::operand::lasting:
                if (amount.count() != 0) {
                    out.append(" for ");
                    append_duration(out, amount);
                }
                break;
            case detail::operand::step: append_duration(after_blank(), amount); break;
            case detail::operand::drift: detail::append_drift(after_blank(), rate); break;
            case detail::operand::range: detail::append_range(after_blank(), sync); break;
            case detail::operand::share: detail::append_probability(after_blank(), failing); break;
            case detail::operand::file: after_blank().append(file); break;
            case detail::operand::changes: detail::append_change(out, change); break;
        }
    }
}

}  // namespace coterie::inline v0::sim
