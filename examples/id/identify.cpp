// SPDX-License-Identifier: BSL-1.0

#include "id/identify.hpp"

#include <algorithm>
#include <expected>

#include <coterie/core/error.hpp>
#include <coterie/core/text.hpp>

namespace id_tool {
namespace {

namespace id = coterie::id;
using coterie::parse_error;

/// Adds what `parsed` is to the candidates, or says why it is nothing.
template <class Id>
std::optional<refusal> consider(verdict& v, std::string_view kind,
                                const std::expected<Id, parse_error>& parsed,
                                std::string_view note = {}) {
    if (!parsed.has_value()) {
        return refusal{std::string(kind), describe(parsed.error().code), parsed.error().position};
    }
    v.candidates.push_back(examples::explain(*parsed));
    if (!note.empty()) v.candidates.back().notes.emplace_back(note);
    return std::nullopt;
}

std::optional<refusal> consider_ulid(verdict& v, std::string_view text) {
    const auto refused = consider(v, "ULID", id::ulid::parse(text));
    if (!refused) return std::nullopt;
    const auto lenient = id::ulid::parse_lenient(text);
    if (!lenient.has_value()) return refused;
    return consider(v, "ULID", lenient,
                    "read with I and L as 1, O as 0: strict parsing refuses it");
}

std::optional<refusal> consider_uuid(verdict& v, std::string_view text) {
    const auto parsed = id::uuid::parse_lenient(text);
    const bool strict = id::uuid::parse(text).has_value();
    const auto refused =
        consider(v, "UUID", parsed,
                 strict ? "" : "read without the usual 36 characters: strict parsing refuses it");
    if (!refused && text.size() == 32) {
        // 32 digits are also how the 16 bytes of a ULID are often printed.
        v.candidates.push_back(examples::explain(parsed->to_ulid()));
    }
    return refused;
}

template <class Layout>
std::optional<refusal> consider_layout(verdict& v, std::string_view text) {
    return consider(v, fmt::format("Snowflake, {}", Layout::name),
                    id::snowflake<Layout>::parse(text));
}

/// A Snowflake of any layout; the reason is that of the layouts that refuse the fewest numbers.
std::optional<refusal> consider_snowflakes(verdict& v, std::string_view text) {
    std::optional<refusal> refused;
    examples::for_each_layout([&]<class Layout>() {
        auto reason = consider_layout<Layout>(v, text);
        if (id::snowflake<Layout>::max_value == ~std::uint64_t{0} && reason) {
            reason->kind = "Snowflake";
            refused = std::move(reason);
        }
    });
    return refused;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::vector<std::string> kinds() {
    std::vector<std::string> names = examples::layout_names();
    names.insert(names.begin(), {"ulid", "uuid"});
    return names;
}

verdict identify(std::string_view text, std::string_view kind) {
    verdict v;
    if (kind == "ulid") {
        v.refused = consider_ulid(v, text);
    } else if (kind == "uuid") {
        v.refused = consider_uuid(v, text);
    } else if (!kind.empty()) {
        examples::for_each_layout([&]<class Layout>() {
            if (Layout::name == kind) v.refused = consider_layout<Layout>(v, text);
        });
    } else {
        const auto no_ulid = consider_ulid(v, text);
        const auto no_uuid = consider_uuid(v, text);
        const auto no_snowflake = consider_snowflakes(v, text);
        if (!v.candidates.empty()) return v;
        // Say why it is not what it looks most like.
        const bool looks_hexadecimal = text.size() >= 30 || text.find('-') < text.size() ||
                                       text.starts_with('{') || text.starts_with("urn:");
        if (std::ranges::all_of(text, is_digit) && text.size() != 26) {
            v.refused = no_snowflake;
        } else if (looks_hexadecimal) {
            v.refused = no_uuid;
        } else if (text.size() >= 24) {
            v.refused = no_ulid;
        } else if (!text.empty() && is_digit(text.front())) {
            v.refused = no_snowflake;
        } else {
            v.refused = refusal{"ULID (26 characters), UUID (36) or Snowflake (up to 20 digits)",
                                "wrong length", text.size()};
        }
    }
    return v;
}

}  // namespace id_tool
