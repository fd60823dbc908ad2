// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which faults there are, and how each is written: a keyword, and then words and operands.
//
//   at 10s    clock n2 drift 200ppm      # the keyword "clock", a node, the word "drift", a drift
//
// A new kind gets its name in the enum and its row in detail::fault_table. The row is what sim/fault_script.hpp
// writes and what sim/parse_fault_script.hpp reads; sim/nemesis.hpp does it to a world.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include <coterie/core/assert.hpp>

namespace coterie::inline v0::sim {

/// The faults, and what ends them. calm is the last.
enum class fault_kind : std::uint8_t {
    partition,  ///< partition n1 n2 | n3
    heal,       ///< heal: every link is open, and what was held arrives
    cut,        ///< cut n1 -> n2: one way
    hold,       ///< hold n1 -> n2: what is sent waits
    release,    ///< release n1 -> n2: and what has waited arrives; opens a cut link as well
    link,  ///< link n1 -> n2 loss 10% delay 5ms..200ms duplicate 1% corrupt 0.1% bandwidth 10kB/s
    link_well,     ///< link n1 -> n2 well
    links,         ///< links loss 5%: all of them, and what follows as for one
    links_well,    ///< links well
    crash,         ///< crash n1
    restart,       ///< restart n1
    pause,         ///< pause n1, or: pause n1 for 3s
    resume,        ///< resume n1
    step,          ///< clock n1 step -2s: the wall clock
    drift,         ///< clock n1 drift 200ppm: both clocks, too fast; 300ppb
    freeze,        ///< clock n1 freeze, or: clock n1 freeze for 5s; both clocks
    thaw,          ///< clock n1 thaw
    disk_full,     ///< disk n1 full
    disk_slow,     ///< disk n1 slow 100ms..1s: a sync
    disk_failing,  ///< disk n1 failing 20%: a write or a sync
    disk_corrupt,  ///< disk n1 corrupt wal: one bit of that file
    disk_wipe,     ///< disk n1 wipe: nothing is left
    disk_well,     ///< disk n1 well: neither full nor slow nor failing
    calm,  ///< calm: healed, everybody up, clocks thawed and right in rate, links and disks well
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What a part of a fault's text stands for.
enum class operand : std::uint8_t {
    none,     // the text has ended
    word,     // a fixed word
    node,     // the name of a node
    peer,     // the name of the node at the other end of a link
    groups,   // nodes, in groups with "|" between them
    lasting,  // "for" and a duration, or nothing
    step,     // a duration, which may be negative
    drift,    // of a clock
    range,    // of durations
    share,    // a probability in percent
    file,     // the name of a file
    changes,  // of a link
};

/// A fixed word, or an operand.
struct syntax_part {
    operand what = operand::none;
    std::string_view word;

    constexpr syntax_part() = default;
    // Implicit, so that a row reads like the text.
    // NOLINTBEGIN(google-explicit-constructor)
    constexpr syntax_part(operand o) noexcept : what(o) {}
    constexpr syntax_part(const char* text) noexcept : what(operand::word), word(text) {}
    // NOLINTEND(google-explicit-constructor)
};

/// How one kind of fault is written: a keyword, and what follows it.
struct fault_syntax {
    fault_kind kind;
    std::string_view keyword;
    syntax_part parts[4] = {};

    /// What follows the keyword, without what is unused.
    [[nodiscard]] constexpr std::span<const syntax_part> operands() const noexcept {
        std::size_t n = 0;
        while (n < std::size(parts) && parts[n].what != operand::none) ++n;
        return {parts, n};
    }
};

/// One row for each kind. Where a line fits two rows equally far, the error is that of the first.
inline constexpr fault_syntax fault_table[] = {
    {fault_kind::partition, "partition", {operand::groups}},
    {fault_kind::heal, "heal"},
    {fault_kind::cut, "cut", {operand::node, "->", operand::peer}},
    {fault_kind::hold, "hold", {operand::node, "->", operand::peer}},
    {fault_kind::release, "release", {operand::node, "->", operand::peer}},
    {fault_kind::link, "link", {operand::node, "->", operand::peer, operand::changes}},
    {fault_kind::link_well, "link", {operand::node, "->", operand::peer, "well"}},
    {fault_kind::links, "links", {operand::changes}},
    {fault_kind::links_well, "links", {"well"}},
    {fault_kind::crash, "crash", {operand::node}},
    {fault_kind::restart, "restart", {operand::node}},
    {fault_kind::pause, "pause", {operand::node, operand::lasting}},
    {fault_kind::resume, "resume", {operand::node}},
    {fault_kind::step, "clock", {operand::node, "step", operand::step}},
    {fault_kind::drift, "clock", {operand::node, "drift", operand::drift}},
    {fault_kind::freeze, "clock", {operand::node, "freeze", operand::lasting}},
    {fault_kind::thaw, "clock", {operand::node, "thaw"}},
    {fault_kind::disk_full, "disk", {operand::node, "full"}},
    {fault_kind::disk_slow, "disk", {operand::node, "slow", operand::range}},
    {fault_kind::disk_failing, "disk", {operand::node, "failing", operand::share}},
    {fault_kind::disk_corrupt, "disk", {operand::node, "corrupt", operand::file}},
    {fault_kind::disk_wipe, "disk", {operand::node, "wipe"}},
    {fault_kind::disk_well, "disk", {operand::node, "well"}},
    {fault_kind::calm, "calm"},
};

/// Whether each kind has exactly one row.
[[nodiscard]] constexpr bool is_complete(std::span<const fault_syntax> table) noexcept {
    for (std::size_t kind = 0; kind <= static_cast<std::size_t>(fault_kind::calm); ++kind)
        if (std::count_if(table.begin(), table.end(), [kind](const fault_syntax& row) {
                return static_cast<std::size_t>(row.kind) == kind;
            }) != 1)
            return false;
    return table.size() == static_cast<std::size_t>(fault_kind::calm) + 1;
}

static_assert(is_complete(fault_table), "each kind of fault has exactly one row");

/// The row of a kind.
[[nodiscard]] constexpr const fault_syntax& syntax_of(fault_kind kind) noexcept {
    const auto* const row =
        std::find_if(std::begin(fault_table), std::end(fault_table),
                     [kind](const fault_syntax& candidate) { return candidate.kind == kind; });
    COTERIE_ASSERT(row != std::end(fault_table));
    return *row;
}

}  // namespace detail

}  // namespace coterie::inline v0::sim
