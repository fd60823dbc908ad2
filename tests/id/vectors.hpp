// SPDX-License-Identifier: BSL-1.0
#pragma once

// Test vectors as data: reads the rows of a file in the format of tests/data/id_vectors.json and holds
// the library against them. Each row of a known kind is checked in full or is a failure; what is not
// known here is reported as skipped. Messages name the row, its kind and its provenance.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <coterie/id/layouts.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>
#include <nlohmann/json.hpp>

#include "id/oracle.hpp"
#include "id/outcome.hpp"

namespace coterie::test {

/// What became of the rows of a file.
struct vector_report {
    std::size_t checked = 0;
    std::size_t skipped = 0;
    std::vector<std::string> failures;  ///< one line each
    std::vector<std::string> notes;     ///< what was skipped, and values that nothing here checks
};

namespace vectors {

using json = nlohmann::json;
using id::sys_milliseconds;

/// A row that is not what its kind says.
struct malformed {
    std::string what;
};

/// Why a row is left out.
struct unknown {
    std::string what;
};

// --- time as text ----------------------------------------------------------------------------------

[[nodiscard]] constexpr sys_milliseconds at_ms(std::int64_t unix_ms) {
    return sys_milliseconds(std::chrono::milliseconds(unix_ms));
}

/// "2022-06-28T16:07:40.105Z", with milliseconds or without.
[[nodiscard]] inline std::optional<sys_milliseconds> parse_iso(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (text.size() == 20 && text.ends_with('Z')) {
        return parse_iso(std::string(text.substr(0, 19)) + ".000Z");
    }
    if (text.size() != form.size()) return std::nullopt;
    std::array<int, 7> parts{};
    std::size_t part = 0;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == 'd') {
            if (text[i] < '0' || text[i] > '9') return std::nullopt;
            parts[part] = parts[part] * 10 + (text[i] - '0');
        } else if (text[i] != form[i]) {
            return std::nullopt;
        } else {
            ++part;
        }
    }
    using namespace std::chrono;
    const year_month_day date{year{parts[0]}, month{static_cast<unsigned>(parts[1])},
                              day{static_cast<unsigned>(parts[2])}};
    if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
    return sys_days(date) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]) +
           milliseconds(parts[6]);
}

/// The time as people and as rows write it.
[[nodiscard]] inline std::string time_text(sys_milliseconds t) {
    using namespace std::chrono;
    const auto midnight = floor<days>(t);
    const year_month_day day(midnight);
    const hh_mm_ss clock(t - midnight);
    std::array<char, 80> text{};
    std::snprintf(
        text.data(), text.size(), "%lld (%04d-%02u-%02uT%02d:%02d:%02d.%03dZ)",
        static_cast<long long>(t.time_since_epoch().count()), static_cast<int>(day.year()),
        static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text.data();
}

[[nodiscard]] inline std::string hex_text(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<std::size_t>(b) / 16];
        text += digits[std::to_integer<std::size_t>(b) % 16];
    }
    return text;
}

[[nodiscard]] inline std::string in_lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), oracle::lower);
    return out;
}

[[nodiscard]] inline std::string number_or_error(
    const std::expected<std::uint64_t, id::id_errc>& result) {
    return result.has_value() ? std::to_string(*result) : "error: " + to_string(result.error());
}

// --- a row -----------------------------------------------------------------------------------------

/// A row being checked: hands out its values, remembers which were asked for, and collects what differs.
class row {
public:
    row(const json& object, std::string title, vector_report& report)
        : object_(&object), title_(std::move(title)), report_(&report) {}

    [[nodiscard]] bool has(const std::string& key) const { return object_->contains(key); }

    /// A value of any type. Throws malformed where there is none.
    const json& any(const std::string& key) {
        used_.insert(key);
        if (!has(key)) throw malformed{"\"" + key + "\" is missing"};
        return object_->at(key);
    }
    std::string text(const std::string& key) {
        const json& value = any(key);
        if (!value.is_string()) throw malformed{"\"" + key + "\" is no text: " + value.dump()};
        return value.get<std::string>();
    }
    std::uint64_t number(const std::string& key) {
        const json& value = any(key);
        if (!value.is_number_unsigned() &&
            !(value.is_number_integer() && value.get<std::int64_t>() >= 0)) {
            throw malformed{"\"" + key + "\" is no natural number of 64 bits: " + value.dump()};
        }
        return value.get<std::uint64_t>();
    }
    std::int64_t signed_number(const std::string& key) {
        const json& value = any(key);
        if (!value.is_number_integer() ||
            (value.is_number_unsigned() && value.get<std::uint64_t>() >> 63 != 0)) {
            throw malformed{"\"" + key + "\" is no integer of 64 bits: " + value.dump()};
        }
        return value.get<std::int64_t>();
    }
    /// A natural number, or the same as "0x17f".
    std::uint64_t number_or_hex(const std::string& key) {
        if (!any(key).is_string()) return number(key);
        const std::string value = text(key);
        std::uint64_t out = 0;
        const auto [end, error] =
            std::from_chars(value.data() + std::min<std::size_t>(2, value.size()),
                            value.data() + value.size(), out, 16);
        if (!value.starts_with("0x") || error != std::errc() ||
            end != value.data() + value.size()) {
            throw malformed{"\"" + key + "\" is no number like 0x17f: " + value};
        }
        return out;
    }
    template <std::size_t N>
    std::array<std::byte, N> bytes(const std::string& key) {
        const std::string value = text(key);
        const std::string_view digits = "0123456789abcdef";
        if (value.size() != 2 * N)
            throw malformed{"\"" + key + "\" is not " + std::to_string(2 * N) + " digits"};
        std::array<std::byte, N> out{};
        for (std::size_t i = 0; i < 2 * N; ++i) {
            const auto digit = digits.find(oracle::lower(value[i]));
            if (digit == digits.npos)
                throw malformed{"\"" + key + "\" is not hexadecimal: " + value};
            out[i / 2] = out[i / 2] << 4 | static_cast<std::byte>(digit);
        }
        return out;
    }
    sys_milliseconds unix_ms(const std::string& key) { return at_ms(signed_number(key)); }
    sys_milliseconds iso(const std::string& key) {
        const std::string value = text(key);
        const auto t = parse_iso(value);
        if (!t.has_value())
            throw malformed{"\"" + key + "\" is no time like 2022-02-22T19:22:22.000Z: " + value};
        return *t;
    }

    /// Every time of the row under these keys, which a maker may leave out or null, is `got`.
    void times(sys_milliseconds got) {
        if (has("unix_ms")) same("unix_ms", time_text(got), time_text(unix_ms("unix_ms")));
        for (const std::string key : {"iso", "expect_iso"}) {
            if (has(key) && !any(key).is_null()) same(key, time_text(got), time_text(iso(key)));
        }
    }

    void same(const std::string& what, const std::string& got, const std::string& wanted) {
        if (got != wanted) fail(what + " is " + got + ", but the row says " + wanted);
    }
    void same(const std::string& what, std::uint64_t got, std::uint64_t wanted) {
        same(what, std::to_string(got), std::to_string(wanted));
    }
    void fail(const std::string& what) { report_->failures.push_back(title_ + ": " + what); }
    void note(const std::string& what) { report_->notes.push_back(title_ + ": " + what); }

    /// Notes the values that nobody asked for, but for prose.
    void finish() {
        static const std::set<std::string> prose{"kind",   "provenance", "note", "verified",
                                                 "reason", "name",       "text", "stated_time"};
        for (const auto& [key, value] : object_->items()) {
            if (!used_.contains(key) && !prose.contains(key))
                note("\"" + key + "\" is not checked");
        }
    }

private:
    const json* object_;
    std::string title_;
    vector_report* report_;
    std::set<std::string> used_;
};

// --- snowflakes of a layout that is known by its name ----------------------------------------------

/// An id taken apart.
struct flake_parts {
    std::uint64_t value = 0;
    std::string text;
    sys_milliseconds time;
    std::uint64_t node = 0;
    std::uint64_t sequence = 0;
    std::map<std::string, std::uint64_t> fields;  ///< through the accessors
};

/// A layout of the library behind functions that ask for no type.
struct known_layout {
    std::string_view name;
    std::int64_t unit_ms;
    sys_milliseconds epoch;
    unsigned total_bits;
    std::span<const id::layout_field> fields;
    std::expected<flake_parts, parse_error> (*read)(std::string_view text);
    std::expected<std::uint64_t, id::id_errc> (*make)(sys_milliseconds t, std::uint64_t node,
                                                      std::uint64_t sequence);
};

template <class Layout>
std::expected<flake_parts, parse_error> read_flake(std::string_view text) {
    using flake = id::snowflake<Layout>;
    const auto x = flake::parse(text);
    if (!x.has_value()) return std::unexpected(x.error());
    flake_parts parts{
        .value = x->value(), .text = x->to_string(), .time = x->timestamp(), .fields = {}};
    if constexpr (flake::node_bits > 0) parts.node = x->node();
    if constexpr (flake::sequence_bits > 0) parts.sequence = x->sequence();
    if constexpr (requires { x->datacenter(); }) parts.fields["datacenter"] = x->datacenter();
    if constexpr (requires { x->worker(); }) parts.fields["worker"] = x->worker();
    if constexpr (requires { x->process(); }) parts.fields["process"] = x->process();
    if constexpr (requires { x->increment(); }) parts.fields["increment"] = x->increment();
    if constexpr (requires { x->shard(); }) parts.fields["shard"] = x->shard();
    if constexpr (requires { x->machine(); }) parts.fields["machine"] = x->machine();
    return parts;
}

template <class Layout>
std::expected<std::uint64_t, id::id_errc> make_flake(sys_milliseconds t, std::uint64_t node,
                                                     std::uint64_t sequence) {
    const auto x = id::snowflake<Layout>::compose(t, node, sequence);
    if (!x.has_value()) return std::unexpected(x.error());
    return x->value();
}

template <class Layout>
constexpr known_layout describe_layout{
    Layout::name,       std::chrono::milliseconds(typename Layout::unit(1)).count(),
    Layout::epoch,      id::snowflake<Layout>::total_bits,
    Layout::fields,     &read_flake<Layout>,
    &make_flake<Layout>};

inline const known_layout& find_layout(const std::string& name) {
    static const std::array<known_layout, 7> all{
        describe_layout<id::layouts::twitter>,      describe_layout<id::layouts::discord>,
        describe_layout<id::layouts::instagram>,    describe_layout<id::layouts::sonyflake_v1>,
        describe_layout<id::layouts::sonyflake_v2>, describe_layout<id::layouts::mastodon>,
        describe_layout<id::layouts::js_safe53>};
    for (const known_layout& layout : all) {
        if (layout.name == name) return layout;
    }
    throw unknown{"layout \"" + name + "\" is not one of the library's"};
}

inline void check_layout(row& r) {
    const known_layout& layout = find_layout(r.text("name"));
    std::string wanted;
    const json& fields = r.any("fields");
    if (!fields.is_array()) throw malformed{"\"fields\" is no list"};
    for (const json& field : fields) {
        if (!field.is_array() || field.size() != 2 || !field[0].is_string() ||
            !field[1].is_number_unsigned()) {
            throw malformed{"a field is not [name, bits]: " + field.dump()};
        }
        wanted += field[0].get<std::string>() + ":" + field[1].dump() + " ";
    }
    std::string got;
    unsigned bits = 0;
    for (const id::layout_field& field : layout.fields) {
        got += std::string(field.name) + ":" + std::to_string(field.bits) + " ";
        bits += field.bits;
    }
    r.same("the list of fields", got, wanted);
    r.same("the sum of bits", layout.total_bits, bits);
    r.same("unit_ms", static_cast<std::uint64_t>(layout.unit_ms), r.number("unit_ms"));
    if (r.has("epoch_unix_ms")) {
        r.same("epoch_unix_ms", time_text(layout.epoch), time_text(r.unix_ms("epoch_unix_ms")));
    }
    if (r.has("epoch_iso"))
        r.same("epoch_iso", time_text(layout.epoch), time_text(r.iso("epoch_iso")));
    // The first instant that does not fit, as the row says it and as the bits do.
    unsigned timestamp_bits = 0;
    for (const id::layout_field& field : layout.fields) {
        if (field.role == id::field_role::timestamp) timestamp_bits = field.bits;
    }
    const auto end = layout.epoch + std::chrono::milliseconds((std::int64_t{1} << timestamp_bits) *
                                                              layout.unit_ms);
    if (r.has("exhausts")) r.same("exhausts", time_text(end), time_text(r.iso("exhausts")));
    if (layout.make(end, 0, 0) != std::unexpected(id::id_errc::time_exhausted)) {
        r.fail("an id can be made at " + time_text(end) + ", where the time field is exhausted");
    }
    if (!layout.make(end - std::chrono::milliseconds(1), 0, 0).has_value()) {
        r.fail("no id can be made a millisecond before " + time_text(end));
    }
    if (layout.make(layout.epoch, 0, 0) != std::uint64_t{0})
        r.fail("the first id of the epoch is not 0");
    if (layout.make(layout.epoch - std::chrono::milliseconds(1), 0, 0) !=
        std::unexpected(id::id_errc::before_epoch)) {
        r.fail("an id can be made before the epoch");
    }
}

/// Reads the id of the row; a row whose id the layout does not take has failed.
inline std::optional<flake_parts> read_id(row& r, const known_layout& layout) {
    const std::string text = r.text("id");
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos) {
        throw malformed{"\"id\" is no decimal text: \"" + text + "\""};
    }
    const auto parts = layout.read(text);
    if (!parts.has_value()) {
        r.fail("id " + text + " does not parse: " + to_string(parts.error()));
        return std::nullopt;
    }
    r.same("id, printed again,", parts->text, text);
    r.same("id, composed again,",
           number_or_error(layout.make(parts->time, parts->node, parts->sequence)), text);
    return *parts;
}

/// Checks the node, the sequence and every named field that the row has.
inline void check_fields(row& r, const known_layout& layout, const flake_parts& parts) {
    static const std::set<std::string> names{"datacenter", "worker", "process",
                                             "increment",  "shard",  "machine"};
    const bool has_node = std::ranges::any_of(
        layout.fields, [](const id::layout_field& f) { return f.role == id::field_role::node; });
    if (r.has("node")) {
        if (!has_node && r.number("node") != 0) r.fail("the layout has no node");
        r.same("node", parts.node, r.number("node"));
    }
    if (r.has("sequence")) r.same("sequence", parts.sequence, r.number("sequence"));
    for (const std::string& name : names) {
        if (!r.has(name)) continue;
        const auto field = parts.fields.find(name);
        if (field == parts.fields.end()) {
            r.fail("the layout has no " + name);
        } else {
            r.same(name, field->second, r.number(name));
        }
    }
}

inline void check_decode(row& r) {
    const known_layout& layout = find_layout(r.text("layout"));
    if (!r.has("unix_ms") && !r.has("iso")) throw malformed{"neither \"unix_ms\" nor \"iso\""};
    const auto parts = read_id(r, layout);
    if (!parts.has_value()) return;
    r.times(parts->time);
    check_fields(r, layout, *parts);
}

inline void check_bad_claim(row& r) {
    const known_layout& layout = find_layout(r.text("layout"));
    const auto claimed = r.unix_ms("claimed_ms"), correct = r.unix_ms("correct_ms");
    if (claimed == correct) throw malformed{"the claim is not wrong: both times are the same"};
    const auto parts = read_id(r, layout);
    if (!parts.has_value()) return;
    r.same("correct_ms", time_text(parts->time), time_text(correct));
    if (parts->time == claimed) r.fail("the time is the one that is known to be wrong");
}

inline void check_encode(row& r) {
    const known_layout& layout = find_layout(r.text("layout"));
    const json& object = r.any("inputs");
    if (!object.is_object()) throw malformed{"\"inputs\" is no object"};
    vector_report ignored;
    row inputs(object, "", ignored);

    const auto t =
        inputs.has("unix_ms")
            ? inputs.unix_ms("unix_ms")
            : layout.epoch + std::chrono::milliseconds(inputs.signed_number("ms_since_epoch"));
    // A shard may be worked out from a user, as in Instagram's example.
    if (inputs.has("user_id") && inputs.has("logical_shards")) {
        const std::uint64_t shards = inputs.number("logical_shards");
        if (shards == 0) throw malformed{"\"logical_shards\" is zero"};
        r.same("user_id modulo logical_shards", inputs.number("user_id") % shards,
               inputs.number("shard"));
    }
    std::uint64_t node = 0, sequence = 0;
    for (const id::layout_field& field : layout.fields) {
        const std::string name(field.name);
        if (field.role == id::field_role::node) {
            const std::uint64_t part = inputs.number(name);
            if (part >> field.bits != 0) throw malformed{"\"" + name + "\" does not fit its field"};
            node = node << field.bits | part;
        } else if (field.role == id::field_role::sequence) {
            // Where the sequence is a counter that goes on, the field is what remains of it.
            sequence = inputs.has("sequence_next")
                           ? inputs.number("sequence_next") % (1ULL << field.bits)
                           : inputs.number(name);
        }
    }
    r.same("the id", number_or_error(layout.make(t, node, sequence)), r.text("id"));
    const auto parts = read_id(r, layout);
    if (!parts.has_value()) return;
    const auto since_epoch = t - layout.epoch;
    const std::chrono::milliseconds unit(layout.unit_ms);
    r.same("the time", time_text(parts->time), time_text(layout.epoch + since_epoch / unit * unit));
    r.times(parts->time);
    check_fields(r, layout, *parts);
}

// --- ULIDs -----------------------------------------------------------------------------------------

inline void check_ulid(row& r) {
    const std::string text = r.text("text");
    if (!r.has("hex") && !r.has("unix_ms")) throw malformed{"neither \"hex\" nor \"unix_ms\""};
    const auto x = id::ulid::parse(text);
    if (!x.has_value()) return r.fail("text " + text + " does not parse: " + to_string(x.error()));
    r.same("text, printed again,", in_lower_case(x->to_string()), in_lower_case(text));
    r.same("text, parsed leniently,", outcome(id::ulid::parse_lenient(text)), x->to_string());
    if (r.has("hex")) {
        r.same("hex", hex_text(x->bytes()), in_lower_case(r.text("hex")));
        r.same("the ULID of hex", id::ulid::from_bytes(r.bytes<16>("hex")).to_string(),
               x->to_string());
    }
    r.times(x->timestamp());
    if (r.has("random_hex"))
        r.same("random_hex", hex_text(x->random()), in_lower_case(r.text("random_hex")));
    if (r.has("random_hex") && r.has("unix_ms")) {
        r.same("the ULID of unix_ms and random_hex",
               outcome(id::ulid::compose(r.unix_ms("unix_ms"), r.bytes<10>("random_hex"))),
               x->to_string());
    }
    if (r.has("next") && r.any("next").is_null()) {
        r.same("the successor", outcome(x->successor()), "error: no larger id in this millisecond");
    } else if (r.has("next")) {
        r.same("next", outcome(x->successor()), r.text("next"));
    }
}

inline void check_ulid_reject(row& r) {
    const std::string text = r.text("text");
    const auto strict = id::ulid::parse(text);
    if (strict.has_value()) {
        r.fail("text " + visible(text) + " is taken, as " + strict->to_string());
    } else if (strict.error().position > text.size()) {
        r.fail("the error's position lies outside of the text");
    }
    // Only a text with an alias may be wrong for one parser and right for the other.
    const auto lenient = id::ulid::parse_lenient(text);
    if (lenient.has_value() && text.find_first_of("iIlLoO") == text.npos) {
        r.fail("text " + visible(text) + " is taken leniently, as " + lenient->to_string());
    }
}

inline void check_ulid_lenient(row& r) {
    const std::string text = r.text("text");
    const auto check = [&r](const std::string& key,
                            const std::expected<id::ulid, parse_error>& got) {
        const std::string wanted = r.text(key);
        if (wanted == "reject") {
            if (got.has_value()) r.fail(key + ": is taken, as " + got->to_string());
        } else if (wanted.size() != 26) {
            throw malformed{"\"" + key + "\" is neither \"reject\" nor a ULID: " + wanted};
        } else {
            r.same(key, outcome(got), wanted);
        }
    };
    check("strict", id::ulid::parse(text));
    check("crockford_lenient", id::ulid::parse_lenient(text));
}

// --- UUIDs -----------------------------------------------------------------------------------------

/// Of any version, or of the one that the kind names.
inline void check_uuid(row& r, std::optional<unsigned> version) {
    const std::string text = r.text("text");
    const auto x = id::uuid::parse(text);
    if (!x.has_value()) return r.fail("text " + text + " does not parse: " + to_string(x.error()));
    r.same("text, printed again,", x->to_string(), in_lower_case(text));
    r.same("text, parsed leniently,", outcome(id::uuid::parse_lenient(text)), x->to_string());
    if (r.has("hex")) r.same("hex", hex_text(x->bytes()), in_lower_case(r.text("hex")));
    const auto rfc = id::uuid_variant::rfc9562;
    if (version.has_value()) {
        r.same("the version", x->version(), *version);
        if (x->variant() != rfc) r.fail("the variant is not that of RFC 9562");
    }
    for (const std::string key : {"ver", "version"}) {
        if (r.has(key)) r.same(key, x->version(), r.number(key));
    }
    for (const std::string key : {"var", "variant"}) {  // the two top bits of the ninth byte
        if (r.has(key)) r.same(key, x->low() >> 62, r.number(key));
    }
    const bool timed =
        x->variant() == rfc && (x->version() == 1 || x->version() == 6 || x->version() == 7);
    if (x->timestamp().has_value() != timed)
        r.fail("a timestamp is found where there is none, or the reverse");
    if (x->timestamp().has_value()) {
        r.times(*x->timestamp());
    } else if (r.has("unix_ms") || (r.has("iso") && !r.any("iso").is_null())) {
        r.fail("there is no timestamp in this UUID, but the row gives one");
    }
    const std::string name = r.has("name") ? r.text("name") : "";
    if (name == "nil") r.same("the nil UUID", id::uuid().to_string(), x->to_string());
    if (name == "max")
        r.same("the max UUID", id::uuid::from_words(~0ULL, ~0ULL).to_string(), x->to_string());
}

inline void check_uuid_v7(row& r) {
    check_uuid(r, 7);
    const auto x = id::uuid::parse(r.text("text"));
    if (!x.has_value()) return;
    const std::uint64_t rand_a = x->high() & 0xFFF, rand_b = x->low() & ~std::uint64_t{0} >> 2;
    const auto check = [&](row& part) {
        if (part.has("rand_a")) r.same("rand_a", rand_a, part.number_or_hex("rand_a"));
        if (part.has("rand_b")) r.same("rand_b", rand_b, part.number_or_hex("rand_b"));
        if (part.has("unix_ts_ms"))
            r.same("unix_ts_ms", x->high() >> 16, part.number_or_hex("unix_ts_ms"));
    };
    check(r);
    if (r.has("expect")) {
        const json& object = r.any("expect");
        if (!object.is_object()) throw malformed{"\"expect\" is no object"};
        vector_report ignored;
        row expect(object, "", ignored);
        check(expect);
    }
    if (r.has("unix_ms") && r.has("rand_a") && r.has("rand_b")) {
        const std::uint64_t a = r.number_or_hex("rand_a"), b = r.number_or_hex("rand_b");
        std::array<std::byte, 10> random{};
        for (std::size_t i = 0; i < 10; ++i) {
            random[i] = static_cast<std::byte>(i < 2 ? a >> (8 * (1 - i)) : b >> (8 * (9 - i)));
        }
        r.same("the UUID of its parts", outcome(id::uuid::compose_v7(r.unix_ms("unix_ms"), random)),
               x->to_string());
    }
}

// --- rows and files --------------------------------------------------------------------------------

inline void check_row(const std::string& kind, row& r) {
    if (kind == "layout") return check_layout(r);
    if (kind == "decode" || kind == "boundary") return check_decode(r);
    if (kind == "known_bad_web_claim") return check_bad_claim(r);
    if (kind == "encode") return check_encode(r);
    if (kind == "ulid") return check_ulid(r);
    if (kind == "ulid_reject") return check_ulid_reject(r);
    if (kind == "ulid_lenient") return check_ulid_lenient(r);
    if (kind == "uuid") return check_uuid(r, std::nullopt);
    if (kind == "uuidv7") return check_uuid_v7(r);
    for (unsigned version = 1; version <= 8; ++version) {
        if (kind == "uuidv" + std::to_string(version)) return check_uuid(r, version);
    }
    throw unknown{"kind \"" + kind + "\" is not known"};
}

}  // namespace vectors

/// Checks every row of a parsed file.
[[nodiscard]] inline vector_report check_vectors(const nlohmann::json& file) {
    vector_report report;
    if (!file.is_object() || !file.contains("rows") || !file.at("rows").is_array()) {
        report.failures.emplace_back("the file is no object with a list \"rows\"");
        return report;
    }
    std::size_t index = 0;
    for (const auto& object : file.at("rows")) {
        std::string title = "row " + std::to_string(index++);
        if (!object.is_object() || !object.contains("kind") || !object.at("kind").is_string()) {
            report.failures.push_back(title + ": malformed: no object with a text \"kind\"");
            continue;
        }
        const std::string kind = object.at("kind").get<std::string>();
        title += " (" + kind;
        if (object.contains("provenance")) {
            const auto& provenance = object.at("provenance");
            title +=
                "; " + (provenance.is_string() ? provenance.get<std::string>() : provenance.dump());
        }
        title += ")";
        vectors::row r(object, title, report);
        try {
            vectors::check_row(kind, r);
            ++report.checked;
            r.finish();
        } catch (const vectors::malformed& fault) {
            r.fail("malformed: " + fault.what);
        } catch (const vectors::unknown& reason) {
            ++report.skipped;
            r.note("skipped: " + reason.what);
        }
    }
    if (report.checked == 0 && report.failures.empty()) {
        report.failures.emplace_back("the file has no row of a known kind");
    }
    return report;
}

/// Reads and checks a file.
[[nodiscard]] inline vector_report check_vectors(const std::filesystem::path& path) {
    vector_report report;
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        report.failures.push_back("cannot read " + path.string());
        return report;
    }
    try {
        return check_vectors(nlohmann::json::parse(in));
    } catch (const nlohmann::json::parse_error& error) {
        report.failures.push_back(path.string() + " is no JSON: " + error.what());
        return report;
    }
}

}  // namespace coterie::test
