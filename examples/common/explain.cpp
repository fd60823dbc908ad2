// SPDX-License-Identifier: BSL-1.0

#include "common/explain.hpp"

#include <algorithm>

#include "common/time_text.hpp"

namespace examples {
namespace {

constexpr unsigned row_bits = 64;

bool bit(const explanation& e, unsigned index) {
    const std::byte b = e.bytes[e.bytes.size() - 1 - index / 8];
    return (std::to_integer<unsigned>(b) >> index % 8 & 1) != 0;
}

/// The part of a field that stands in one row of the drawing.
struct cell {
    unsigned high;
    std::string bits;
};

std::string repeat(std::string_view what, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += what;
    return text;
}

std::string draw_row(const std::vector<cell>& row) {
    std::string numbers = " ", top, middle, bottom;
    for (const cell& c : row) {
        const std::size_t width = std::max<std::size_t>(c.bits.size(), 3);
        const bool first = top.empty();
        numbers += fmt::format(" {:<{}}", c.high, width);
        top += (first ? "┌" : "┬") + repeat("─", width);
        middle += fmt::format("│{:^{}}", c.bits, width);
        bottom += (first ? "└" : "┴") + repeat("─", width);
    }
    numbers.erase(numbers.find_last_not_of(' ') + 1);
    return fmt::format(" {}\n  {}┐\n  {}│\n  {}┘\n", numbers, top, middle, bottom);
}

unsigned total_bits(const explanation& e) {
    unsigned bits = 0;
    for (const auto& f : e.fields) bits += f.bits;
    return bits;
}

std::string draw_bits(const explanation& e) {
    std::string text;
    std::vector<cell> row;
    unsigned next = total_bits(e);  // one above the next bit to draw
    for (const auto& f : e.fields) {
        const unsigned end = next - f.bits;
        for (bool begins = true; next > end; begins = false) {
            --next;
            if (begins || row.empty()) row.push_back({next, {}});
            row.back().bits += bit(e, next) ? '1' : '0';
            if (next % row_bits == 0) {
                text += draw_row(row);
                row.clear();
            }
        }
    }
    return text;
}

std::string draw_fields(const explanation& e) {
    std::string text;
    unsigned high = total_bits(e);
    for (const auto& f : e.fields) {
        const unsigned low = high - f.bits;
        const std::string range =
            f.bits == 1 ? fmt::format("{}", low) : fmt::format("{}-{}", high - 1, low);
        std::string line =
            fmt::format("   {:<8} {:<12} {:<22} {}", range, f.name, f.value, f.meaning);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
        high = low;
    }
    return text;
}

explained_field unix_ms_field(std::string name, id::sys_milliseconds t) {
    return {std::move(name), 48, std::to_string(t.time_since_epoch().count()), "ms since 1970"};
}

std::string_view version_meaning(unsigned version) {
    switch (version) {
        case 1: return "Gregorian time, node";
        case 2: return "DCE security";
        case 3: return "MD5 of a name";
        case 4: return "random";
        case 5: return "SHA-1 of a name";
        case 6: return "Gregorian time, reordered";
        case 7: return "Unix time, random";
        case 8: return "vendor-specific";
        default: return "not assigned";
    }
}

}  // namespace

std::vector<std::string> layout_names() {
    std::vector<std::string> names;
    for_each_layout([&names]<class Layout>() { names.emplace_back(Layout::name); });
    return names;
}

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(b));
    return text;
}

explanation explain(const id::ulid& x) {
    const auto bytes = x.bytes();
    return {.kind = "ULID",
            .text = x.to_string(),
            .time = x.timestamp(),
            .fields = {unix_ms_field("timestamp", x.timestamp()),
                       {"random", 80, "0x" + hex(x.random()), {}}},
            .bytes = {bytes.begin(), bytes.end()},
            .notes = {"the same bits as a UUID: " + id::uuid::from_ulid(x).to_string()}};
}

explanation explain(const id::uuid& x) {
    const auto bytes = x.bytes();
    explanation e{.kind = "UUID",
                  .text = x.to_string(),
                  .time = x.timestamp(),
                  .fields = {},
                  .bytes = {bytes.begin(), bytes.end()},
                  .notes = {}};
    if (x == id::uuid()) {
        e.kind = "UUID, nil";
        e.fields = {{"all zero", 128, "0", {}}};
        return e;
    }
    if (x == id::uuid::from_words(~std::uint64_t{0}, ~std::uint64_t{0})) {
        e.kind = "UUID, max";
        e.fields = {{"all one", 128, "0x" + hex(bytes), {}}};
        return e;
    }

    const auto variant = x.variant();
    if (variant != id::uuid_variant::rfc9562) {
        e.kind = fmt::format("UUID, {} variant", describe(variant));
        e.fields = {
            {"opaque", 128, "0x" + hex(bytes), "no version: the variant is not RFC 9562's"}};
        return e;
    }
    e.kind = fmt::format("UUID version {}", x.version());
    const explained_field version{"version", 4, std::to_string(x.version()),
                                  std::string(version_meaning(x.version()))};
    const explained_field variant_field{"variant", 2, "2", describe(variant)};
    const auto high_bits = [&x](unsigned shift, unsigned bits) {
        return fmt::format("{:#x}", x.high() >> shift & ((std::uint64_t{1} << bits) - 1));
    };
    const auto low_bits = [&x](unsigned shift, unsigned bits) {
        return fmt::format("{:#x}", x.low() >> shift & ((std::uint64_t{1} << bits) - 1));
    };
    switch (x.version()) {
        case 1:
            e.fields = {{"time_low", 32, high_bits(32, 32), "100 ns since 1582-10-15"},
                        {"time_mid", 16, high_bits(16, 16), {}},
                        version,
                        {"time_high", 12, high_bits(0, 12), {}},
                        variant_field,
                        {"clock_seq", 14, low_bits(48, 14), {}},
                        {"node", 48, low_bits(0, 48), {}}};
            break;
        case 6:
            e.fields = {{"time_high", 32, high_bits(32, 32), "100 ns since 1582-10-15"},
                        {"time_mid", 16, high_bits(16, 16), {}},
                        version,
                        {"time_low", 12, high_bits(0, 12), {}},
                        variant_field,
                        {"clock_seq", 14, low_bits(48, 14), {}},
                        {"node", 48, low_bits(0, 48), {}}};
            break;
        case 7:
            e.fields = {unix_ms_field("unix_ts_ms", *e.time),
                        version,
                        {"rand_a", 12, high_bits(0, 12), {}},
                        variant_field,
                        {"rand_b", 62, low_bits(0, 62), {}}};
            e.notes.push_back("the same bits as a ULID: " + x.to_ulid().to_string());
            break;
        default:
            e.fields = {{"a", 48, high_bits(16, 48), {}},
                        version,
                        {"b", 12, high_bits(0, 12), {}},
                        variant_field,
                        {"c", 62, low_bits(0, 62), {}}};
    }
    return e;
}

std::string draw(const explanation& e) {
    std::string text = fmt::format("{}\n{}", e.text, e.kind);
    if (e.time) text += fmt::format(", made at {}", time_text(*e.time));
    text += "\n\n" + draw_bits(e) + '\n' + draw_fields(e);
    for (const auto& note : e.notes) text += fmt::format("\n   {}\n", note);
    return text;
}

std::string summary(const explanation& e) {
    std::string text =
        fmt::format("{:<24} {:<24}", e.kind, e.time ? time_text(*e.time) : std::string("no time"));
    for (const auto& f : e.fields) {
        const bool says_nothing_new = f.name == "unused" || f.name == "version" ||
                                      f.name == "variant" || f.name == "timestamp" ||
                                      f.name == "unix_ts_ms";
        if (!says_nothing_new) text += fmt::format("  {}={}", f.name, f.value);
    }
    return text;
}

}  // namespace examples
