// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is to go wrong in a run, and when: a value with a text that reads like a test report, one fault a
// line. It can be written, drawn (sim/nemesis.hpp), printed, replayed and shrunk (sim/shrink.hpp).
//
//   const auto script = sim::parse_fault_script(R"(
//       at 2s     partition n1 n2 | n3 n4 n5     # nodes that are not named are one more group
//       at 5s     heal
//       at 6s     crash n3
//       at 8s     restart n3
//       from 20s  calm                           # all is well again
//   )");
//   if (!script) print(to_string(script.error()));          // "line 2, column 11: no such fault"
//
// fault_kind lists all faults with their texts.

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/node_clock.hpp>

namespace coterie::inline v0::sim {

/// A probability in millionths, so that it is printed as it was read.
struct probability {
    std::uint32_t per_million = 0;

    /// From 0 to 1.
    [[nodiscard]] constexpr double value() const noexcept { return per_million / 1e6; }

    friend constexpr auto operator<=>(const probability&, const probability&) = default;
};

/// So many in a hundred.
[[nodiscard]] constexpr probability percent(std::uint32_t p) noexcept { return {p * 10'000}; }

/// Any time from `low` to `high`, each included.
struct delay_range {
    std::chrono::nanoseconds low{};
    std::chrono::nanoseconds high{};

    friend constexpr bool operator==(const delay_range&, const delay_range&) = default;
};

/// What becomes different on a link.
struct link_change {
    std::optional<probability> loss = std::nullopt;
    std::optional<delay_range> delay = std::nullopt;
    std::optional<probability> duplicate = std::nullopt;
    std::optional<probability> corrupt = std::nullopt;
    std::optional<std::uint64_t> bytes_per_second = std::nullopt;

    /// A profile with the change made to it.
    [[nodiscard]] constexpr link_profile applied_to(link_profile p) const {
        if (loss) p.loss = loss->value();
        if (delay) p.delay = latency::uniform(delay->low, delay->high);
        if (duplicate) p.duplication = duplicate->value();
        if (corrupt) p.corruption = corrupt->value();
        if (bytes_per_second) p.bytes_per_second = *bytes_per_second;
        return p;
    }

    friend constexpr bool operator==(const link_change&, const link_change&) = default;
};

/// The faults, and what ends them.
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

/// Why a text is no script.
enum class script_errc : std::uint8_t {
    expected_at,        ///< a line begins with "at" or "from"
    expected_time,      ///< a time since the beginning, such as 2s
    expected_fault,     ///< no fault is called so
    expected_node,      ///< the name of a node: letters, digits, "_", "-" and "."
    unknown_node,       ///< a name that is not among those given
    same_node,          ///< a node twice in a partition, or both ends of a link
    expected_duration,  ///< a positive time, such as 200ms
    expected_step,      ///< a time, such as -2s
    expected_range,     ///< such as 50ms..200ms, the shorter time first
    expected_drift,     ///< such as 200ppm, or -300ppb; at most 400000ppm
    expected_share,     ///< from 0% to 100%, with at most four decimals
    expected_rate,      ///< such as 10kB/s; also B/s, MB/s, GB/s
    expected_change,    ///< loss, delay, duplicate, corrupt or bandwidth, each once
    expected_file,      ///< the name of a file
    expected_end,       ///< nothing more belongs on the line
    expected_number,    ///< a whole number; in scenario_setup
    too_long,           ///< more than max_script_text, or more than max_script_faults
};

[[nodiscard]] constexpr const char* describe(script_errc code) noexcept {
    switch (code) {
        case script_errc::expected_at: return "expected 'at' or 'from' and a time";
        case script_errc::expected_time: return "expected a time such as 2s";
        case script_errc::expected_fault: return "no such fault";
        case script_errc::expected_node: return "expected the name of a node";
        case script_errc::unknown_node: return "unknown node";
        case script_errc::same_node: return "the same node twice";
        case script_errc::expected_duration: return "expected a duration such as 200ms";
        case script_errc::expected_step: return "expected a duration such as -2s";
        case script_errc::expected_range: return "expected a range such as 50ms..200ms";
        case script_errc::expected_drift: return "expected a drift such as 200ppm";
        case script_errc::expected_share: return "expected a share such as 5%";
        case script_errc::expected_rate: return "expected a rate such as 10kB/s";
        case script_errc::expected_change:
            return "expected loss, delay, duplicate, corrupt or bandwidth, each once";
        case script_errc::expected_file: return "expected the name of a file";
        case script_errc::expected_end: return "expected the end of the line";
        case script_errc::expected_number: return "expected a number";
        case script_errc::too_long: return "script too long";
    }
    return "unknown script error";
}

/// Why a text is no script, and where. Lines and columns count from 1; a column is a byte.
struct script_error {
    script_errc code;
    std::size_t line;
    std::size_t column;

    /// Appends "line 2, column 11: no such fault".
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append("line ");
        coterie::detail::append_decimal(out, line);
        out.append(", column ");
        coterie::detail::append_decimal(out, column);
        out.append(": ");
        out.append(describe(code));
    }

    friend constexpr bool operator==(const script_error&, const script_error&) = default;
};

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

namespace detail {

// How each kind is written, in the order of fault_kind. Capital letters stand for what differs:
//   N node   M the other end of a link   G groups   F for how long, if said   S step   D drift
//   R range  P probability               W file     C changes of a link
inline constexpr std::string_view fault_syntax[] = {
    "partition G",      "heal",           "cut N -> M",       "hold N -> M",
    "release N -> M",   "link N -> M C",  "link N -> M well", "links C",
    "links well",       "crash N",        "restart N",        "pause N F",
    "resume N",         "clock N step S", "clock N drift D",  "clock N freeze F",
    "clock N thaw",     "disk N full",    "disk N slow R",    "disk N failing P",
    "disk N corrupt W", "disk N wipe",    "disk N well",      "calm",
};

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

/// Takes the end off a text. Returns: whether it had that end.
[[nodiscard]] constexpr bool strip_end(std::string_view& text, std::string_view end) noexcept {
    if (!text.ends_with(end)) return false;
    text.remove_suffix(end.size());
    return true;
}

struct scaled_unit {
    std::string_view name;
    std::uint64_t factor;
};

inline constexpr scaled_unit rate_units[] = {
    {"GB/s", 1'000'000'000}, {"MB/s", 1'000'000}, {"kB/s", 1'000}, {"B/s", 1}};
inline constexpr scaled_unit drift_units[] = {{"ppm", 1'000}, {"ppb", 1}};

inline constexpr std::uint64_t max_rate = 1'000'000'000'000;
inline constexpr std::uint64_t max_drift = 400'000'000;

/// A whole number and one of the units.
[[nodiscard]] constexpr std::optional<std::uint64_t> read_scaled(std::string_view text,
                                                                 std::span<const scaled_unit> units,
                                                                 std::uint64_t most) noexcept {
    for (const scaled_unit& unit : units) {
        if (!strip_end(text, unit.name)) continue;
        const std::size_t digits = count_digits(text);
        if (digits != text.size()) return {};
        const auto number = read_number(text, digits, most / unit.factor);
        if (!number.has_value()) return {};
        return *number * unit.factor;
    }
    return {};
}

template <class Out>
constexpr void append_scaled(Out& out, std::uint64_t number, std::span<const scaled_unit> units) {
    for (const scaled_unit& unit : units) {
        if (number % unit.factor != 0) continue;
        coterie::detail::append_decimal(out, number / unit.factor);
        return void(out.append(unit.name));
    }
}

[[nodiscard]] constexpr std::optional<probability> read_probability(
    std::string_view text) noexcept {
    if (!strip_end(text, "%")) return {};
    const std::size_t digits = count_digits(text);
    const auto whole = read_number(text, digits, 100);
    if (!whole.has_value()) return {};
    auto millionths = static_cast<std::uint32_t>(*whole * 10'000);
    std::string_view decimals = text.substr(digits);
    if (!decimals.empty()) {
        if (decimals.front() != '.' || decimals.size() == 1 || decimals.size() > 5) return {};
        decimals.remove_prefix(1);
        if (count_digits(decimals) != decimals.size()) return {};
        std::uint32_t unit = 1'000;
        for (const char c : decimals) {
            millionths += static_cast<std::uint32_t>(c - '0') * unit;
            unit /= 10;
        }
    }
    if (millionths > 1'000'000) return {};
    return probability{millionths};
}

template <class Out>
constexpr void append_probability(Out& out, probability p) {
    coterie::detail::append_decimal(out, p.per_million / 10'000);
    std::uint32_t rest = p.per_million % 10'000;
    if (rest != 0) out.push_back('.');
    for (std::uint32_t unit = 1'000; rest != 0; unit /= 10) {
        out.push_back(static_cast<char>('0' + rest / unit));
        rest %= unit;
    }
    out.push_back('%');
}

[[nodiscard]] constexpr std::optional<std::chrono::nanoseconds> read_positive(
    std::string_view text) noexcept {
    const auto d = parse_duration(text);
    return d.has_value() && d->count() > 0 ? std::optional(*d) : std::nullopt;
}

[[nodiscard]] constexpr std::optional<delay_range> read_range(std::string_view text) noexcept {
    const std::size_t dots = text.find("..");
    const auto low = parse_duration(text.substr(0, dots));
    if (!low.has_value() || low->count() < 0) return {};
    if (dots == std::string_view::npos) return delay_range{*low, *low};
    const auto high = parse_duration(text.substr(dots + 2));
    if (!high.has_value() || *high < *low) return {};
    return delay_range{*low, *high};
}

template <class Out>
constexpr void append_range(Out& out, delay_range r) {
    append_duration(out, r.low);
    if (r.low == r.high) return;
    out.append("..");
    append_duration(out, r.high);
}

[[nodiscard]] constexpr std::optional<drift> read_drift(std::string_view text) noexcept {
    const bool slow = text.starts_with('-');
    text.remove_prefix(slow ? 1 : 0);
    const auto magnitude = read_scaled(text, drift_units, max_drift);
    if (!magnitude) return {};
    const auto error = static_cast<std::int64_t>(*magnitude);
    return drift{slow ? -error : error};
}

template <class Out>
constexpr void append_drift(Out& out, drift d) {
    if (d.parts_per_billion < 0) out.push_back('-');
    const auto magnitude = static_cast<std::uint64_t>(d.parts_per_billion);
    append_scaled(out, d.parts_per_billion < 0 ? 0 - magnitude : magnitude, drift_units);
}

template <class Out>
constexpr void append_change(Out& out, const link_change& change) {
    const auto add = [&](std::string_view key, const auto& value, auto append) {
        if (!value) return;
        out.push_back(' ');
        out.append(key);
        out.push_back(' ');
        append(*value);
    };
    const auto share = [&](probability p) { append_probability(out, p); };
    add("loss", change.loss, share);
    add("delay", change.delay, [&](delay_range r) { append_range(out, r); });
    add("duplicate", change.duplicate, share);
    add("corrupt", change.corrupt, share);
    add("bandwidth", change.bytes_per_second,
        [&](std::uint64_t rate) { append_scaled(out, rate, rate_units); });
}

template <class Out>
constexpr void append_groups(Out& out, const std::vector<std::vector<std::string>>& groups) {
    for (const auto& group : groups) {
        if (&group != groups.data()) out.append(" |");
        for (const std::string& name : group) {
            out.push_back(' ');
            out.append(name);
        }
    }
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

    constexpr bool read(fault_kind kind) {
        result.kind = kind;
        for (const script_word& part : words_of(fault_syntax[static_cast<std::size_t>(kind)]))
            if (!read_part(part.text)) return false;
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

    constexpr bool read_part(std::string_view part) {
        if (part.size() > 1 || part.front() < 'A' || part.front() > 'Z') {
            if (next() != part) return fail(script_errc::expected_fault);
            ++at_;
            return true;
        }
        switch (part.front()) {
            case 'N': return read_node(result.node);
            case 'M':
                if (next() == result.node) return fail(script_errc::same_node);
                return read_node(result.to);
            case 'G': return read_groups();
            case 'F': return read_for();
            case 'S': return read_step();
            case 'D': return take(read_drift(next()), result.rate, script_errc::expected_drift);
            case 'R': return take(read_range(next()), result.sync, script_errc::expected_range);
            case 'P':
                return take(read_probability(next()), result.failing, script_errc::expected_share);
            case 'W': return read_file();
            default: return read_changes();
        }
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
    for (std::size_t kind = 0; kind < std::size(fault_syntax); ++kind) {
        fault_reader reader(words.subspan(2), nodes);
        if (reader.read(static_cast<fault_kind>(kind))) {
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
    for (const detail::script_word& part :
         detail::words_of(detail::fault_syntax[static_cast<std::size_t>(kind)])) {
        // Groups, changes and "for" may be nothing, and bring their own blanks.
        switch (part.text.size() == 1 ? part.text.front() : '\0') {
            case 'G': detail::append_groups(out, groups); continue;
            case 'C': detail::append_change(out, change); continue;
            case 'F':
                if (amount.count() != 0) {
                    out.append(" for ");
                    append_duration(out, amount);
                }
                continue;
            default: break;
        }
        if (part.column > 1) out.push_back(' ');
        switch (part.text.size() == 1 ? part.text.front() : '\0') {
            case 'N': out.append(node); break;
            case 'M': out.append(to); break;
            case 'S': append_duration(out, amount); break;
            case 'D': detail::append_drift(out, rate); break;
            case 'R': detail::append_range(out, sync); break;
            case 'P': detail::append_probability(out, failing); break;
            case 'W': out.append(file); break;
            default: out.append(part.text); break;
        }
    }
}

}  // namespace coterie::inline v0::sim
